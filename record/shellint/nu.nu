# Nushell marks its prompts itself, but without a nonce. The output of a hook
# comes before those marks.
$env.config.hooks.pre_prompt = ($env.config.hooks.pre_prompt? | default [] | append {||
    print -n $"\u{1b}]133;D;($env.LAST_EXIT_CODE? | default 0);aid=@NONCE@\u{07}\u{1b}]7;file://($env.PWD | url encode)\u{07}\u{1b}]133;A;aid=@NONCE@\u{07}"
})
$env.config.hooks.pre_execution = ($env.config.hooks.pre_execution? | default [] | append {||
    let text = (commandline)
    let length = ($text | str length)
    let field = if $length > 65536 { $"len=($length)" } else { $"cmdline_url=($text | url encode --all)" }
    print -n $"\u{1b}]133;C;aid=@NONCE@;($field)\u{07}"
})
