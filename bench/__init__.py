# SPDX-License-Identifier: GPL-3.0-or-later
"""Measurements in the laboratory: make bench, make bench BENCH=bonding. Every figure is a ratio of
runs made in turn, or a count, because the speed of a machine at a given moment says nothing."""
