package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ttydeck/ttydeck/live"
)

// completeName is the hidden command that the completion scripts call with the
// words of the command line up to the cursor. It prints the words that can stand
// there, one a line, each followed by a tab and an explanation. If it prints
// nothing, the shell completes files. It runs no other command.
const completeName = "__complete"

// completions holds the completion scripts by shell.
var completions = map[string]string{
	"bash": `_ttydeck() {
	local word
	COMPREPLY=()
	while IFS=$'\t' read -r word _; do
		[[ $word == "${COMP_WORDS[COMP_CWORD]}"* ]] && COMPREPLY+=("$word")
	done < <("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o bashdefault -o default -F _ttydeck ttydeck
`,
	"zsh": `#compdef ttydeck
_ttydeck() {
	local -a found
	local word text
	while IFS=$'\t' read -r word text; do
		found+=("${word//:/\\:}:$text")
	done < <("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
	if (($#found)); then
		_describe ttydeck found
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
	"fish": `function __ttydeck_complete
	set -l words (commandline -opc)
	set -l word (commandline -ct)
	set -l found (ttydeck __complete $words[2..-1] "$word" 2>/dev/null)
	if set -q found[1]
		printf '%s\n' $found
	else
		__fish_complete_path "$word"
	end
end
complete -c ttydeck -f -a '(__ttydeck_complete)'
`,
}

var completionShells = []string{"bash", "zsh", "fish"}

func completionCommand(e *env) *command {
	return &command{
		name:    "completion",
		purpose: "print completions for a shell",
		args:    "bash|zsh|fish",
		examples: []string{
			"source <(ttydeck completion bash)     # or zsh",
			"ttydeck completion fish | source",
		},
		first: func(*env) []string { return completionShells },
		run: func(ctx context.Context, args []string) error {
			if err := e.need(args, 1, 1, "the shell"); err != nil {
				return err
			}
			script, ok := completions[args[0]]
			if !ok {
				return withHint(usageError{fmt.Errorf("no completions for shell %q", args[0])}, "shells: "+strings.Join(completionShells, ", "))
			}
			_, err := fmt.Fprint(e.out, script)
			return err
		},
	}
}

// complete prints the words that the last of words can become.
func (e *env) complete(words []string) error {
	if len(words) == 0 {
		return nil
	}
	before, word := words[:len(words)-1], words[len(words)-1]
	for _, c := range e.candidates(before, word) {
		if strings.HasPrefix(c[0], word) {
			if _, err := fmt.Fprintf(e.out, "%s\t%s\n", printable(c[0]), printable(c[1])); err != nil {
				return err
			}
		}
	}
	return nil
}

// candidates returns the words that can follow before, with their explanations.
// word is the beginning that is typed already.
func (e *env) candidates(before []string, word string) (list [][2]string) {
	plain := func(words []string) (list [][2]string) {
		for _, w := range words {
			list = append(list, [2]string{w, ""})
		}
		return list
	}
	if len(before) == 0 || len(before) == 1 && before[0] == "help" {
		for _, c := range e.commands {
			if !c.hidden {
				list = append(list, [2]string{c.name, c.purpose})
			}
		}
		return list
	}
	c := e.command(before[0])
	if c == nil || slices.Contains(before, "--") {
		return nil // the words of another program
	}
	if last := before[len(before)-1]; len(before) > 1 && strings.HasPrefix(last, "-") {
		if f := c.flag(strings.TrimLeft(last, "-")); f != nil && f.on == nil {
			if f.values == nil {
				return nil
			}
			return plain(f.values(e))
		}
	}
	if strings.HasPrefix(word, "-") {
		for _, f := range c.allFlags() {
			list = append(list, [2]string{"--" + f.name, strings.ReplaceAll(f.usage, "`", "")})
		}
		return list
	}
	if c.first != nil && len(before) == 1 {
		return plain(c.first(e))
	}
	return nil
}

// runningSessions lists the names of this user's sessions.
func runningSessions(*env) []string {
	dir, err := live.OpenDir()
	if err != nil {
		return nil
	}
	names, err := dir.Names()
	if errors.Is(err, live.ErrUnsafe) {
		return nil
	}
	return names
}
