# SPDX-License-Identifier: GPL-3.0-or-later
# Stands in for OpenWrt's meson.mk, which calls meson with MESON_ARGS.
MESON_ARGS :=
