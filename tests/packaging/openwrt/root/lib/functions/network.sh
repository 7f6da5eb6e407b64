# shellcheck shell=dash
# SPDX-License-Identifier: GPL-3.0-or-later
# Stands in for OpenWrt's network.sh and netifd: /etc/devices has lines "INTERFACE DEVICE", those that
# are up.

network_get_device() {
    local found
    found=$(awk -v name="$2" '$1 == name { print $2 }' /etc/devices)
    eval "$1=\$found"
    [ "$found" ]
}
