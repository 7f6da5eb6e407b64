# SPDX-License-Identifier: GPL-3.0-or-later
# Stands in for the luci.mk of the feed luci: where it puts what an application has.
include $(INCLUDE_DIR)/package.mk

define Package/$(PKG_NAME)
  TITLE:=$(LUCI_TITLE)
  DEPENDS:=$(LUCI_DEPENDS)
endef

define Package/$(PKG_NAME)/install
	$(INSTALL_DIR) $(1)/www
	$(CP) ./htdocs/* $(1)/www/
	$(CP) ./root/* $(1)/
endef

$(eval $(call BuildPackage,$(PKG_NAME)))
