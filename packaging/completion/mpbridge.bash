# SPDX-License-Identifier: GPL-3.0-or-later
# bash completion for mpbridge: subcommands, their flags (as --help prints them), files and values.

_mpbridge()
{
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    local subcommand=${COMP_WORDS[1]} flags methods
    methods='none auth-only 2022-blake3-aes-128-gcm 2022-blake3-aes-256-gcm
        2022-blake3-chacha20-poly1305 aes-128-gcm aes-256-gcm chacha20-ietf-poly1305'

    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        mapfile -t COMPREPLY < <(compgen -W \
            'client server status reload doctor pair keygen --help --version' -- "$word")
        return
    fi
    case $before in
    -m | --method)
        mapfile -t COMPREPLY < <(compgen -W "$methods" -- "$word")
        return
        ;;
    -c | --config | -f | --pid-file | -o | --output | --server-file)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return
        ;;
    esac
    case $word in
    -*)
        flags=$("${COMP_WORDS[0]}" "$subcommand" --help 2>/dev/null |
            grep -oE '(^|[ ,])--?[a-z][a-z0-9-]*' | tr -d ' ,')
        mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$word")
        return
        ;;
    esac
    case $subcommand in
    keygen) mapfile -t COMPREPLY < <(compgen -W "$methods" -- "$word") ;;
    status | reload | doctor) mapfile -t COMPREPLY < <(compgen -W 'client server' -- "$word") ;;
    esac
}

complete -o filenames -F _mpbridge mpbridge
