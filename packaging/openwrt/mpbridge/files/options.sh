# shellcheck shell=dash disable=SC2034,SC2086,SC2154,SC2317
# (lists are meant to be split into words; who calls a function may own the variables that it sets;
# some are called by config_load and config_foreach)
# SPDX-License-Identifier: GPL-3.0-or-later
# The sections and options of /etc/config/mpbridge: which there are, and what each may be.
#
# A mistake is told with the name of the option, what was found and what is allowed, and counted in
# mistakes; all of them are told. What is said here of addresses, networks and the like is about their
# form; the daemon has the last word.

MPBRIDGE_TYPES='mpbridge server peer path intercept'

# Section, option, kind of value (a * behind it: a list), key in JSON ("-": see translate.sh).
MPBRIDGE_OPTIONS='
mpbridge   enabled               bool                           -
mpbridge   user                  text                           user
mpbridge   verbose               bool                           verbose
mpbridge   workers               number:0:64                    workers
mpbridge   timeout               number:1:2592000               timeout
mpbridge   congestion            congestion                     congestion
server     enabled               bool                           -
server     listen_address        address*                       server
server     port                  number:1:65535                 server_port
server     zone                  zone*                          -
server     method                method                         method
server     key                   secret                         key
server     password              secret                         password
server     local_address         address*                       local_address
server     allow                 network*                       allow
server     deny                  network*                       deny
server     nameserver            nameserver*                    nameserver
server     transparent_source    bool                           transparent_source
server     transparent_networks  network*                       transparent_networks
server     transparent_mark      mark                           transparent_mark
peer       enabled               bool                           -
peer       address               host*                          -
peer       port                  number:1:65535                 server_port
peer       method                method                         method
peer       key                   secret                         key
peer       password              secret                         password
peer       local_address         address*                       local_address
peer       local_port            number:1:65535                 local_port
peer       on_peer_down          word:refuse|direct             on_peer_down
peer       on_peer_down_ipv6     word:refuse|direct             on_peer_down_ipv6
peer       transparent_source    bool                           transparent_source
path       interface             interface                      -
path       role                  word:primary|secondary|backup  -
path       address               address                        address
path       gateway               address                        gateway
path       congestion            congestion                     congestion
path       dscp                  word:le|cs1                    dscp
intercept  enabled               bool                           -
intercept  zone                  zone*                          -
intercept  network               interface*                     -
intercept  include               network*                       include
intercept  exclude               network*                       exclude
intercept  ports                 ports*                         ports
intercept  mode                  word:auto|tproxy|redirect      mode
intercept  local_output          bool                           local_output
intercept  mark                  mark                           mark
'

MPBRIDGE_METHODS='none|auth-only|2022-blake3-aes-256-gcm|2022-blake3-aes-128-gcm|2022-blake3-chacha20-poly1305|chacha20-ietf-poly1305|aes-256-gcm|aes-128-gcm'

# say LEVEL TEXT
say() {
    logger -s -t mpbridge -p "daemon.$1" "$2"
}

# refuse NAME FOUND ALLOWED
refuse() {
    say err "$1: found $2; allowed: $3"
    mistakes=$((mistakes + 1))
}

# in_list WORD WORDS...
in_list() {
    local word=$1 other
    shift
    for other in "$@"; do
        if [ "$word" = "$other" ]; then return 0; fi
    done
    return 1
}

# in_words WORD A|B|C
in_words() {
    case "|$2|" in *"|$1|"*) return 0 ;; esac
    return 1
}

# is_number TEXT MIN MAX; the shell cannot compare more than 18 digits.
is_number() {
    case $1 in '' | *[!0-9]* | ???????????????????*) return 1 ;; esac
    [ "$1" -ge "$2" ] && [ "$1" -le "$3" ]
}

is_ipv4() {
    local IFS=. part
    case $1 in '' | .* | *. | *..* | *[!0-9.]*) return 1 ;; esac
    set -- $1
    [ $# -eq 4 ] || return 1
    for part in "$@"; do
        is_number "$part" 0 255 || return 1
    done
}

is_ipv6() {
    case $1 in
    *[!0-9A-Fa-f:.]*) return 1 ;;
    *:*:*) return 0 ;;
    esac
    return 1
}

is_address() {
    is_ipv4 "$1" || is_ipv6 "$1"
}

is_network() {
    local address=${1%%/*} bits=128
    is_address "$address" || return 1
    if is_ipv4 "$address"; then bits=32; fi
    case $1 in */*) is_number "${1#*/}" 0 "$bits" ;; esac
}

# A name has a letter somewhere: four numbers that are no address are a slip.
is_host() {
    local address=${1#[}
    is_address "$1" && return 0
    case $1 in
    \[*\]) is_ipv6 "${address%]}" && return ;;
    -* | *[!A-Za-z0-9._-]*) return 1 ;;
    *[A-Za-z]*) return 0 ;;
    esac
    return 1
}

is_nameserver() {
    local address=${1%:*}
    is_address "$1" && return 0
    case $address in
    \[*\]) address=${address#[} && is_ipv6 "${address%]}" ;;
    *) is_ipv4 "$address" ;;
    esac && is_number "${1##*:}" 1 65535
}

is_ports() {
    is_number "${1%-*}" 1 65535 && is_number "${1#*-}" "${1%-*}" 65535
}

is_mark() {
    case $1 in
    0[xX]*) echo "$1" | grep -Eqx '0[xX]0*[1248]0{0,7}' ;;
    *) is_number "$1" 1 2147483648 && [ $(($1 & ($1 - 1))) -eq 0 ] ;;
    esac
}

is_congestion() {
    case $1 in '' | *[!a-z0-9_]* | ????????????????*) return 1 ;; esac
}

# is_value TEXT KIND; interfaces and zones are the names that there are.
is_value() {
    local bounds=${2#number:}
    case $2 in
    bool) in_words "$1" '0|1|on|off|true|false|yes|no|enabled|disabled' ;;
    number:*) is_number "$1" "${bounds%:*}" "${bounds#*:}" ;;
    word:*) in_words "$1" "${2#word:}" ;;
    method) in_words "$1" "$MPBRIDGE_METHODS" ;;
    interface) in_list "$1" $interfaces ;;
    zone) in_list "$1" $zones ;;
    text | secret) [ "$1" ] ;;
    *) "is_$2" "$1" ;;
    esac
}

words() {
    echo "$1" | sed 's/|/, /g'
}

# allowed KIND: what is_value() takes, for people.
allowed() {
    local bounds=${1#number:}
    case $1 in
    bool) echo '0 or 1' ;;
    number:*) echo "a whole number from ${bounds%:*} to ${bounds#*:}" ;;
    word:*) words "${1#word:}" ;;
    method) words "$MPBRIDGE_METHODS" ;;
    interface) echo 'an interface of network:' $interfaces ;;
    zone) echo 'a zone of firewall:' $zones ;;
    address) echo 'an IP address' ;;
    network) echo 'a network as 10.0.0.0/8 or fd00::/8' ;;
    host) echo 'an IP address or a host name' ;;
    nameserver) echo 'an IP address, with a port behind it or not' ;;
    ports) echo 'a port as 443, or several as 8000-8999' ;;
    mark) echo 'one bit of 32, as 0x40000000' ;;
    congestion) echo 'the name of a congestion control' ;;
    text | secret) echo 'a text' ;;
    esac
}

# find_row TYPE OPTION: sets kind and key; fails where there is no such option.
find_row() {
    local type option
    while read -r type option kind key; do
        if [ "$type $option" = "$1 $2" ]; then return 0; fi
    done <<ROWS
$MPBRIDGE_OPTIONS
ROWS
    return 1
}

options_of() {
    echo "$MPBRIDGE_OPTIONS" | awk -v type="$1" '$1 == type { printf "%s%s", comma, $2; comma = ", " }'
}

# title_of SECTION: as one would write it behind "uci get".
title_of() {
    eval "echo \"mpbridge.\$title_$1\""
}

# require SECTION TYPE OPTION
require() {
    local value kind key
    config_get value "$1" "$3"
    find_row "$2" "$3"
    [ "$value" ] || refuse "$(title_of "$1").$3" nothing "$(allowed "${kind%\*}")"
}

# check SECTION OPTION KIND VALUE; what may be secret is not repeated.
check() {
    local shown="\"$4\""
    is_value "$4" "$3" && return 0
    if [ "$3" = secret ]; then shown='nothing'; fi
    refuse "$(title_of "$1").$2" "$shown" "$(allowed "$3")"
}

# see_section TYPE SECTION: one without a name is called by its place.
see_section() {
    local place title=$2
    section_type=
    if ! in_list "$1" $MPBRIDGE_TYPES; then
        refuse "mpbridge.$2" "a section of type \"$1\"" "$(echo $MPBRIDGE_TYPES | sed 's/ /, /g')"
        return
    fi
    section_type=$1
    eval "place=\${count_$1:-0}"
    eval "count_$1=$((place + 1))"
    case $2 in cfg[0-9]*) title="@$1[$place]" ;; esac
    eval "title_$2=\$title"
    case $1 in
    peer | path) ;;
    *) [ "$place" -eq 0 ] || refuse "mpbridge.$title" "another section of type \"$1\"" 'one' ;;
    esac
}

# see_option OPTION VALUE: of the section seen last.
see_option() {
    local kind key value
    [ "$section_type" ] || return 0
    if ! find_row "$section_type" "$1"; then
        refuse "$(title_of "$CONFIG_SECTION").$1" 'an unknown option' "$(options_of "$section_type")"
        return
    fi
    case $kind in
    *\*) for value in $2; do check "$CONFIG_SECTION" "$1" "${kind%\*}" "$value"; done ;;
    *) check "$CONFIG_SECTION" "$1" "$kind" "$2" ;;
    esac
}

# load_checked: reads the file; config_load calls these for each section and for what is in it, and
# the first one without arguments at the end.
load_checked() {
    config_cb() {
        if [ $# -gt 0 ]; then see_section "$@"; fi
    }
    option_cb() {
        see_option "$@"
    }
    list_cb() {
        see_option "$@"
    }
    config_load mpbridge
    reset_cb
}
