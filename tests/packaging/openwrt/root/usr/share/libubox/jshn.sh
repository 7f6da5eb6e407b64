# shellcheck shell=dash disable=SC2034 # JSON and its kin are between calls
# SPDX-License-Identifier: GPL-3.0-or-later
# Stands in for libubox's jshn.sh: JSON is written, not read, and there is one document at a time.

json_init() {
    JSON='{' JSON_COMMA=' ' JSON_ENDS='}'
}

json_quote() {
    printf '"%s"' "$(printf %s "$1" | sed 's/[\\"/]/\\&/g')"
}

# Elements of lists have no name.
json_put() {
    local name=''
    case $JSON_ENDS in '}'*) name="$(json_quote "$1"): " ;; esac
    JSON="$JSON$JSON_COMMA$name$2"
    JSON_COMMA=', '
}

json_open() {
    json_put "$1" "$2"
    JSON_ENDS="$3$JSON_ENDS" JSON_COMMA=' '
}

json_close() {
    JSON="$JSON ${JSON_ENDS%"${JSON_ENDS#?}"}"
    JSON_ENDS=${JSON_ENDS#?} JSON_COMMA=', '
}

json_add_object() { json_open "$1" '{' '}'; }
json_add_array() { json_open "$1" '[' ']'; }
json_close_object() { json_close; }
json_close_array() { json_close; }
json_add_string() { json_put "$1" "$(json_quote "$2")"; }
json_add_int() { json_put "$1" "$2"; }

json_add_boolean() {
    case $2 in 1) json_put "$1" true ;; *) json_put "$1" false ;; esac
}

json_dump() {
    printf '%s }\n' "$JSON"
}
