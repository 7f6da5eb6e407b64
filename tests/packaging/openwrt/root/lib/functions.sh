# shellcheck shell=dash
# SPDX-License-Identifier: GPL-3.0-or-later
# Stands in for OpenWrt's functions.sh and uci: the part that the package uses. A UCI file is read as
# the shell script that it nearly is, so values have to be quoted in it; staged changes are not seen.

config() {
    sections_seen=$((sections_seen + 1))
    CONFIG_SECTION=${2:-cfg0$sections_seen}
    CONFIG_SECTIONS="$CONFIG_SECTIONS $CONFIG_SECTION"
    config_set "$CONFIG_SECTION" TYPE "$1"
    config_cb "$1" "$CONFIG_SECTION"
}

option() {
    config_set "$CONFIG_SECTION" "$1" "$2"
    option_cb "$1" "$2"
}

list() {
    append "CONFIG_${CONFIG_SECTION}_$1" "$2"
    list_cb "$1" "$2"
}

reset_cb() {
    config_cb() { :; }
    option_cb() { :; }
    list_cb() { :; }
}
reset_cb

# The real one, too, ends with a call of config_cb without arguments.
config_load() {
    sections_seen=0 CONFIG_SECTIONS=
    [ -f "/etc/config/$1" ] || return 1
    # shellcheck disable=SC1090
    . "/etc/config/$1"
    config_cb
}

config_set() {
    eval "CONFIG_$1_$2=\$3"
}

config_get() {
    eval "$1=\${CONFIG_$2_$3:-\$4}"
}

get_bool() {
    case $1 in
    1 | on | true | yes | enabled) printf 1 ;;
    0 | off | false | no | disabled) printf 0 ;;
    *) printf %s "$2" ;;
    esac
}

config_get_bool() {
    config_get "$1" "$2" "$3" "$4"
    eval "$1=\$(get_bool \"\$$1\" \"$4\")"
}

config_foreach() {
    local section type callback=$1 wanted=$2
    shift 2
    for section in $CONFIG_SECTIONS; do
        config_get type "$section" TYPE
        if [ "$type" = "$wanted" ]; then "$callback" "$section" "$@"; fi
    done
}

append() {
    eval "$1=\"\${$1:+\$$1 }\$2\""
}
