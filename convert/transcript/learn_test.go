package transcript_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
)

// said is a command and the screen text from it to the next prompt.
type said struct{ text, out string }

// pasteShell returns a recording of a shell with bracketed paste and without
// marks; first comes before the first prompt.
func pasteShell(first string, commands []said) format.Cast {
	return format.Cast{Header: format.Header{Size: format.Size{Cols: 80, Rows: 24}}, Events: func(yield func(format.Event, error) bool) {
		at := time.Duration(0)
		put := func(s string) bool {
			at += 50 * time.Millisecond
			return yield(format.Event{Time: at, Code: format.Output, Data: strings.ReplaceAll(s, "\n", "\r\n")}, nil)
		}
		if !put(first + "\x1b[?2004h$ ") {
			return
		}
		for _, c := range commands {
			for _, key := range c.text {
				if !put(string(key)) {
					return
				}
			}
			if !put("\n\x1b[?2004l\r") || !put(c.out+"\x1b[?2004h$ ") {
				return
			}
		}
	}}
}

// Lines before every prompt belong to the prompt, not to the output, but only
// where that is certain.
func TestLinesBeforePrompts(t *testing.T) {
	for _, tt := range []struct {
		name     string
		first    string
		commands []said
		want     []string // outputs of the commands
	}{
		{"the same words", "one\ntwo\n", []said{{"echo a", "a\none\ntwo\n"}, {"cd x", "one\ntwo\n"}, {"ls", "b c\none\ntwo\n"}, {"true", "one\ntwo\n"}, {"date", "now\none\ntwo\n"}},
			[]string{"a", "", "b c", "", "now"}},
		{"the directory, behind an empty line", "\n~\n", []said{{"echo a", "a\n\n~/dev\n"}, {"cd x", "\n~/dev/x\n"}, {"ls", "b c\n\n~/dev/x main\n"}, {"mkdir y", "\n~/dev/x main\n"}, {"date", "now\n\n~/dev/x main\n"}},
			[]string{"a", "", "b c", "", "now"}},
		{"one command again and again", "vm\n", []said{{"hostname", "vm\n"}, {"hostname", "vm\n"}, {"hostname -s", "vm\n"}, {"hostname", "vm\n"}, {"uname -n", "vm\n"}}, []string{"vm", "vm", "vm", "vm", "vm"}},
		{"commands that print paths", "/root\n", []said{{"pwd", "/home\n"}, {"which ls", "/bin/ls\n"}, {"realpath .", "/home\n"}, {"ls -d /etc", "/etc\n"}, {"pwd -P", "/home\n"}}, []string{"/home", "/bin/ls", "/home", "/etc", "/home"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			i := 0
			for c, err := range transcript.Commands(pasteShell(tt.first, tt.commands), transcript.Options{}) {
				if err != nil {
					t.Fatal(err)
				}
				if i < len(tt.want) && (c.Text != tt.commands[i].text || c.Output != tt.want[i]) {
					t.Errorf("%q printed %q; want %q printed %q", c.Text, c.Output, tt.commands[i].text, tt.want[i])
				}
				i++
			}
			if i != len(tt.want) {
				t.Errorf("got %d commands; want %d", i, len(tt.want))
			}
		})
	}
}
