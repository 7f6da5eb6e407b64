# SPDX-License-Identifier: GPL-3.0-or-later
# Stands in for OpenWrt's rules.mk: where things are, and how they are copied.
INCLUDE_DIR := $(TOPDIR)/include
PKG_BUILD_DIR = $(BUILD_DIR)/$(PKG_NAME)-$(PKG_VERSION)
PKG_INSTALL_DIR = $(PKG_BUILD_DIR)/ipkg-install
CP := cp -fpR
INSTALL_DIR := install -d -m 0755
INSTALL_BIN := install -m 0755
INSTALL_DATA := install -m 0644
INSTALL_CONF := install -m 0600
