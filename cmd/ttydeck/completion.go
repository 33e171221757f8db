package main

import (
	"fmt"

	"github.com/urfave/cli/v2"
)

// The scripts ask the program itself what may stand where: an argument of
// --generate-bash-completion at the end lists it, a word a line, with a colon
// before what zsh shows beside it. Where it lists nothing, files are completed.
// Behind "--" the program is not asked.
var completions = map[string]string{
	"bash": `_ttydeck() {
	local cur=${COMP_WORDS[COMP_CWORD]} words
	if [[ " ${COMP_WORDS[*]:0:COMP_CWORD} " == *" -- "* ]]; then
		: # the words of another program: files
	elif [[ $cur == -* ]]; then
		words=$("${COMP_WORDS[@]:0:COMP_CWORD}" "$cur" --generate-bash-completion 2>/dev/null)
	elif ((COMP_CWORD == 1)); then
		words=$("${COMP_WORDS[0]}" --generate-bash-completion 2>/dev/null)
	fi
	COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o bashdefault -o default -F _ttydeck ttydeck
`,
	"zsh": `#compdef ttydeck
_ttydeck() {
	local -a opts
	local cur=${words[CURRENT]}
	if ((${words[(I)--]} && ${words[(i)--]} < CURRENT)); then
		: # the words of another program: files
	elif [[ $cur == -* ]]; then
		opts=("${(@f)$(_CLI_ZSH_AUTOCOMPLETE_HACK=1 ${words[1,CURRENT-1]} $cur --generate-bash-completion 2>/dev/null)}")
	elif ((CURRENT == 2)); then
		opts=("${(@f)$(_CLI_ZSH_AUTOCOMPLETE_HACK=1 ${words[1]} --generate-bash-completion 2>/dev/null)}")
	fi
	if [[ -n ${opts[1]} ]]; then
		_describe ttydeck opts
	else
		_files
	fi
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
	_ttydeck "$@"
else
	compdef _ttydeck ttydeck
fi
`,
}

func completionCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "completion",
		Usage:     "print completions for a shell",
		ArgsUsage: "bash|zsh|fish",
		Description: `To have them in this shell:
   bash, zsh:  source <(ttydeck completion bash)
   fish:       ttydeck completion fish | source`,
		BashComplete: func(*cli.Context) { fmt.Fprint(e.out, "bash\nzsh\nfish\n") },
		Action: func(c *cli.Context) error {
			args, err := fileArgs(c, 1, 1, "the shell")
			if err != nil {
				return err
			}
			text, ok := completions[args[0]]
			if args[0] == "fish" {
				text, err = c.App.ToFishCompletion()
				ok = true
			}
			if err != nil {
				return err
			}
			if !ok {
				return withHint(usageError{fmt.Errorf("no completions for %q", args[0])}, "there are some for bash, zsh and fish")
			}
			_, err = fmt.Fprint(e.out, text)
			return err
		},
	}
}
