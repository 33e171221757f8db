# fish does not list functions whose names begin with _. The nonce is part of
# them, so it needs no variable. A command substitution costs as much as all the
# rest, so it is used only where necessary.
function __ttydeck_prompt --on-event fish_prompt
    builtin printf '\e]133;D;aid=@NONCE@\a\e]7;file://%s\a\e]133;A;aid=@NONCE@\a' "$__ttydeck_dir"
end

function __ttydeck_moved --on-variable PWD
    builtin set -g __ttydeck_dir (builtin string escape --style=url -- "$PWD")
end

function __ttydeck_preexec --on-event fish_preexec
    builtin set -l text "$argv[1]"
    if not builtin string match -qr '^[ -$&-:<-~]{0,65535}\z' -- "$text"
        builtin set text (builtin string escape --style=url -- "$text")
        builtin set -l length (builtin string length -- "$text")
        if builtin test $length -gt 196608
            builtin printf '\e]133;C;aid=@NONCE@;len=%s\a' $length
            return
        end
    end
    builtin printf '\e]133;C;aid=@NONCE@;cmdline_url=%s\a' "$text"
end

function __ttydeck_postexec --on-event fish_postexec
    builtin printf '\e]133;D;%s;aid=@NONCE@\a' $status
end

__ttydeck_moved
