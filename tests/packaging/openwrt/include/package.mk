# SPDX-License-Identifier: GPL-3.0-or-later
# Stands in for OpenWrt's package.mk: make prepare, make install DESTDIR=..., make show.
define BuildPackage
$(eval $(call Package/$(1)))
.PHONY: prepare install show
prepare:
	$(call Build/Prepare)
install:
	$(call Package/$(1)/install,$(DESTDIR))
show:
	@$(foreach name,PKG_NAME PKG_VERSION PKG_BUILD_DIR PKG_INSTALL_DIR PKG_FILE_DEPENDS MESON_ARGS SECTION CATEGORY TITLE DEPENDS USERID,echo '$(name)=$(strip $($(name)))';)
	@echo 'conffiles=$(strip $(Package/$(1)/conffiles))'
endef
