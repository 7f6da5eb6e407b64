# shellcheck shell=dash disable=SC2034,SC2046,SC2086,SC2154,SC2317
# (lists are meant to be split into words; who calls a function may own the variables that it sets;
# some are called by config_load and config_foreach)
# SPDX-License-Identifier: GPL-3.0-or-later
# From /etc/config/mpbridge to the JSON that the daemon reads: mpbridge_translate FOLDER
#
# Who sources this has sourced options.sh, and OpenWrt's functions.sh, network.sh and jshn.sh.
#
# Theory of operation. UCI speaks of logical interfaces and zones, the daemon of devices. netifd says
# which device an interface has, and only while the interface is up. So what it said is kept in
# FOLDER/mpbridge.devices: an interface that goes down keeps its path, and the daemon looks after that.
# An interface of which no device is known, or whose device does not exist, is left out, with a line in
# the log; the init script comes again when netifd tells of a change.
#
# First all is read and checked, then all is looked up, then the files are written: where there is a
# mistake, none is.

MPBRIDGE_PORT=8388

# Of each of the other packages one thing is of interest. They are read by shells of their own, since
# what config_load has once read stays, for sections of the same name in other files.

# Lines "INTERFACE MULTIPATH".
read_network() {
    print_interface() {
        local multipath
        config_get multipath "$1" multipath
        echo "$1 $multipath"
    }
    config_load network
    config_foreach print_interface interface
}

# Lines "ZONE INTERFACES".
read_firewall() {
    print_zone() {
        local name networks
        config_get name "$1" name
        config_get networks "$1" network
        echo "$name $networks"
    }
    config_load firewall
    config_foreach print_zone zone
}

# field_of LINES NAME: what is behind the name.
field_of() {
    echo "$1" | awk -v name="$2" '$1 == name { $1 = ""; print substr($0, 2) }'
}

names_of() {
    echo "$1" | awk '{ print $1 }'
}

# role_of INTERFACE: what network.INTERFACE.multipath says; nothing where that is not there.
role_of() {
    case $(field_of "$networks" "$1") in
    on | master) echo primary ;;
    handover | backup) echo backup ;;
    off) echo off ;;
    esac
}

check_multipath() {
    local name word off='' is_any_on=''
    while read -r name word; do
        case $word in
        '') ;;
        on | master | handover | backup) is_any_on=1 ;;
        off) off=$name ;;
        *) refuse "network.$name.multipath" "\"$word\"" 'on, off, master, backup, handover' ;;
        esac
    done <<LINES
$networks
LINES
    if [ "$off" ] && [ -z "$is_any_on$count_path" ]; then
        refuse "network.$off.multipath" 'off, and no link that is on' \
            'one at least with on or master, or sections of type path in mpbridge'
    fi
}

# plan PATH: adds a line "INTERFACE ROLE SECTION" to planned.
plan() {
    planned="$planned$1 $2 $3
"
}

plan_section() {
    local interface role
    config_get interface "$1" interface
    require "$1" path interface
    config_get role "$1" role "$(role_of "$interface")"
    if [ "$(role_of "$interface")" = off ]; then
        refuse "$(title_of "$1").interface" "\"$interface\"" 'an interface whose multipath in network is not off'
    fi
    plan "$interface" "${role:-primary}" "$1"
}

# Paths are those of the sections; without any, those of network.*.multipath; without these the daemon
# finds them.
plan_paths() {
    local name role
    check_multipath
    config_foreach plan_section path
    if [ -z "$planned" ]; then
        for name in $interfaces; do
            role=$(role_of "$name")
            case $role in primary | backup) plan "$name" "$role" - ;; esac
        done
    fi
    if [ "$planned" ] && is_all_backup "$planned"; then
        refuse 'the roles of all paths' '"backup"' 'one at least that is another'
    fi
}

is_all_backup() {
    echo "$1" | awk 'NF && $2 != "backup" { other = 1 } END { exit other }'
}

# list_enabled SECTION VARIABLE DEFAULT
list_enabled() {
    local enabled
    config_get_bool enabled "$1" enabled "$3"
    if [ "$enabled" -eq 1 ]; then append "$2" "$1"; fi
}

check_end() {
    require "$1" "$2" method
    if [ "$2" = peer ]; then require "$1" peer address; fi
}

# Several peers are several far routers, the preferred one first. All but the address is the same for
# all, and is said with the first.
check_peers() {
    local section option value first=${peers%% *}
    check_end "$first" peer
    for section in ${peers#"$first"}; do
        require "$section" peer address
        for option in $(options_of peer | tr -d ,); do
            if in_words "$option" 'enabled|address'; then continue; fi
            config_get value "$section" "$option"
            [ -z "$value" ] ||
                refuse "$(title_of "$section").$option" 'a value' "none: that of $(title_of "$first") is for all peers"
        done
    done
}

check_intercept() {
    local zone
    config_get zones_taken "$1" zone
    config_get interfaces_taken "$1" network
    for zone in $zones_taken; do
        append interfaces_taken "$(field_of "$firewall" "$zone")"
    done
    [ "$interfaces_taken" ] ||
        refuse "$(title_of "$1")" 'no interface' 'a zone that has networks, or a network'
}

check_all() {
    config_foreach list_enabled server server 1
    config_foreach list_enabled peer peers 1
    config_foreach list_enabled intercept intercept 1
    server=${server%% *} intercept=${intercept%% *} # a second one has been refused
    [ "$server$peers" ] || refuse mpbridge 'neither server nor peer' 'one of them at least'
    if [ "$server" ]; then check_end "$server" server; fi
    if [ "$peers" ]; then check_peers; fi
    if [ "$intercept" ]; then check_intercept "$intercept"; fi
    plan_paths
}

# find_device INTERFACE: sets device, or fails.
find_device() {
    network_get_device device "$1" ||
        device=$(field_of "$(cat "$folder/mpbridge.devices" 2>/dev/null)" "$1")
    if [ -z "$device" ] || ! ip link show dev "$device" >/dev/null 2>&1; then
        say notice "interface $1 has no device now, and is left out until it has one"
        return 1
    fi
    in_list "$1" $(names_of "$devices") || devices="$devices$1 $device
"
}

# Sets found: of planned, those that there are, as lines "DEVICE ROLE SECTION". The daemon wants one
# that is no backup; while the only ones of that kind are away, backups are primary.
find_paths() {
    local name role section device
    while read -r name role section; do
        if [ "$name" ] && find_device "$name" && ! in_list "$device" $(names_of "$found"); then
            found="$found$device $role $section
"
        fi
    done <<LINES
$planned
LINES
    if is_all_backup "$found"; then found=$(echo "$found" | sed 's/ backup / primary /'); fi
}

find_intercept() {
    local name device
    for name in $interfaces_taken; do
        if find_device "$name" && ! in_list "$device" $devices_taken; then
            append devices_taken "$device"
        fi
    done
}

# put KEY KIND VALUE
put() {
    case $2 in
    bool) json_add_boolean "$1" "$(get_bool "$3")" ;;
    number:*) json_add_int "$1" "$3" ;;
    *) json_add_string "$1" "$3" ;;
    esac
}

# put_list KEY VALUE...
put_list() {
    json_add_array "$1"
    shift
    while [ $# -gt 0 ]; do
        json_add_string '' "$1"
        shift
    done
    json_close_array
}

# put_section SECTION TYPE: those of its options that the table has a key for.
put_section() {
    local type option kind key value
    while read -r type option kind key; do
        value=
        if [ "$type" = "$2" ] && [ "$key" != - ]; then config_get value "$1" "$option"; fi
        [ "$value" ] || continue
        case $kind in
        *\*) put_list "$key" $value ;;
        *) put "$key" "$kind" "$value" ;;
        esac
    done <<ROWS
$MPBRIDGE_OPTIONS
ROWS
}

put_path() {
    json_add_object ''
    json_add_string interface "$1"
    json_add_string role "$2"
    if [ "$3" != - ]; then put_section "$3" path; fi
    json_close_object
}

put_paths() {
    local device role section
    [ "$found" ] || return 0
    json_add_array paths
    while read -r device role section; do
        if [ "$device" ]; then put_path "$device" "$role" "$section"; fi
    done <<LINES
$found
LINES
    json_close_array
}

# put_common SECTION TYPE
put_common() {
    local port
    config_get port "$1" port
    [ "$port" ] || json_add_int server_port "$MPBRIDGE_PORT"
    put_section "$1" "$2"
    put_section "$main" mpbridge
    put_paths
}

put_peers() {
    local section addresses
    for section in "$@"; do
        config_get addresses "$section" address
        if [ $# -eq 1 ]; then put_list server $addresses; else put_list '' $addresses; fi
    done
}

put_client() {
    case $peers in
    *' '*) json_add_array server && put_peers $peers && json_close_array ;;
    *) put_peers $peers ;;
    esac
    put_common "${peers%% *}" peer
    [ "$intercept" ] || return 0
    json_add_object intercept
    put_list interfaces $devices_taken
    put_section "$intercept" intercept
    json_close_object
}

put_server() {
    put_common "$server" server
}

# write_file ROLE: for root alone, and never half.
write_file() {
    local file="$folder/mpbridge-$1.json"
    json_init
    "put_$1"
    if (umask 077 && json_dump -i >"$file.new") && mv "$file.new" "$file"; then
        append mpbridge_roles "$1"
    else
        rm -f "$file.new"
        say err "cannot write $file"
        mistakes=$((mistakes + 1))
    fi
}

# leave_as_is WHAT ROLE...: there is nothing that the file of this end could be made of now. If it runs, it
# goes on with the one it has: what is away may come back, and a stop would let connections go around the
# bridge.
leave_as_is() {
    local what=$1 role
    shift
    for role in "$@"; do
        if [ -e "$folder/mpbridge-$role.json" ]; then
            say notice "$what has a device now; the $role is left as it is"
            append mpbridge_roles "$role"
        else
            say notice "$what has a device now; the $role waits for one"
        fi
    done
}

# A file has a key in it: none is left that is not used.
remove_unused() {
    local role
    for role in client server; do
        in_list "$role" $mpbridge_roles || rm -f "$folder/mpbridge-$role.json"
    done
}

# write_files: of the ends that are wanted, and can start now.
write_files() {
    find_paths
    find_intercept
    if [ "$planned" ] && [ -z "$found" ]; then
        leave_as_is 'no path' ${server:+server} ${peers:+client}
        return
    fi
    if [ "$server" ]; then write_file server; fi
    if [ "$peers" ] && [ "$intercept" ] && [ -z "$devices_taken" ]; then
        leave_as_is 'nothing that is to be intercepted' client
    elif [ "$peers" ]; then
        write_file client
    fi
    echo "$devices" >"$folder/mpbridge.devices"
}

# mpbridge_translate FOLDER: writes mpbridge-client.json and mpbridge-server.json there, and sets
# mpbridge_roles to those that are to run, which may be none. If there is a mistake it fails, and has
# changed nothing; what is not enabled has none.
mpbridge_translate() {
    local folder=$1 mistakes=0 section_type='' networks firewall interfaces zones
    local count_mpbridge='' count_server='' count_peer='' count_path='' count_intercept=''
    local main='' server='' peers='' intercept='' zones_taken='' interfaces_taken=''
    local planned='' found='' devices='' devices_taken=''

    set -f # a value may look like a pattern of file names
    mpbridge_roles=
    networks=$(read_network) firewall=$(read_firewall)
    interfaces=$(names_of "$networks") zones=$(names_of "$firewall")
    load_checked
    config_foreach list_enabled mpbridge main 0
    main=${main%% *}
    if [ -z "$main" ]; then
        mistakes=0
    else
        check_all
        if [ "$mistakes" -eq 0 ]; then write_files; fi
    fi
    if [ "$mistakes" -eq 0 ]; then remove_unused; fi
    set +f
    [ "$mistakes" -eq 0 ]
}
