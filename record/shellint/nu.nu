# Nushell marks its prompts itself, but without a nonce. The output of a hook
# comes before those marks. The mark of an end has a status if something was run;
# children do not inherit variables that are records.
$env.config.hooks.pre_prompt = ($env.config.hooks.pre_prompt? | default [] | append {||
    let status = if $env.__ttydeck?.ran? == true { $";($env.LAST_EXIT_CODE? | default 0)" } else { "" }
    $env.__ttydeck = {ran: false}
    print -n $"\u{1b}]133;D($status);aid=@NONCE@\u{07}\u{1b}]7;file://($env.PWD | url encode)\u{07}\u{1b}]133;A;aid=@NONCE@\u{07}"
})
$env.config.hooks.pre_execution = ($env.config.hooks.pre_execution? | default [] | append {||
    $env.__ttydeck = {ran: true}
    let text = (commandline)
    let length = ($text | str length)
    let field = if $length > 65536 { $"len=($length)" } else { $"cmdline_url=($text | url encode --all)" }
    print -n $"\u{1b}]133;C;aid=@NONCE@;($field)\u{07}"
})
