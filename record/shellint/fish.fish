# Functions whose names begin with _ are not listed. The nonce stands in them, so
# there is no variable for it.
function __ttydeck_prompt --on-event fish_prompt
    builtin printf '\e]133;D;aid=@NONCE@\a\e]7;file://%s%s\a\e]133;A;aid=@NONCE@\a' "$hostname" (builtin string escape --style=url -- "$PWD")
end

function __ttydeck_preexec --on-event fish_preexec
    builtin printf '\e]133;C;aid=@NONCE@;cmdline_url=%s\a' (builtin string escape --style=url -- "$argv[1]")
end

function __ttydeck_postexec --on-event fish_postexec
    builtin printf '\e]133;D;%s;aid=@NONCE@\a' $status
end
