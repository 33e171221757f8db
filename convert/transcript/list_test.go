package transcript_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
)

// longSession is a session of bash with n commands: every tenth prints much, and
// half of them run in a shell that one of them started. The prompt has two rows.
func longSession(n int) format.Cast {
	return format.Cast{
		Header: format.Header{Size: format.Size{Cols: 80, Rows: 24}},
		Events: func(yield func(format.Event, error) bool) {
			at := time.Duration(0)
			out := func(after time.Duration, data string) bool {
				at += after
				return yield(format.Event{Time: at, Code: format.Output, Data: data}, nil)
			}
			for i := range n {
				prompt := "[u@vm ~/src]\r\n$ "
				if i > n/4 && i <= 3*n/4 {
					prompt = "[u@box ~/src]\r\nbox$ "
				}
				text, output := fmt.Sprintf("cmd %d", i), fmt.Sprintf("out %d\r\n", i)
				switch {
				case i == n/4:
					text, output = "ssh box", ""
				case i%10 == 0:
					output = strings.Repeat(output, 1000)
				}
				if !out(50*time.Millisecond, "\x1b[?2004h"+prompt) || !out(300*time.Millisecond, text) ||
					!out(100*time.Millisecond, "\r\n\x1b[?2004l\r"+output) {
					return
				}
			}
			out(50*time.Millisecond, "\x1b[?2004h$ ")
		},
	}
}

// A session of more prompts than are looked at together is read as a short one.
func TestLongSession(t *testing.T) {
	const n = 5000
	list, err := transcript.Read(longSession(n), transcript.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	cmds := slices.Collect(list.All())
	if len(cmds) != n || list.Len() != n {
		t.Fatalf("%d commands, Len %d; want %d", len(cmds), list.Len(), n)
	}
	for i, c := range cmds {
		want := transcript.Command{Index: i, Text: fmt.Sprintf("cmd %d", i), Output: fmt.Sprintf("out %d", i), Parent: -1, Prompt: "[u@vm ~/src]\n$ "}
		if i%10 == 0 {
			want.Output = strings.TrimSuffix(strings.Repeat(want.Output+"\n", 1000), "\n")
		}
		if i == n/4 {
			want.Text, want.Output = "ssh box", ""
			if c.End != cmds[3*n/4].End {
				t.Errorf("ssh ends at %v; want the end of the shell it ran, %v", c.End, cmds[3*n/4].End)
			}
		}
		if i > n/4 && i <= 3*n/4 {
			want.Parent, want.Depth, want.Prompt = n/4, 1, "[u@box ~/src]\nbox$ "
		}
		got := transcript.Command{Index: c.Index, Text: c.Text, Output: c.Output, Parent: c.Parent, Depth: c.Depth, Prompt: c.Prompt}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("command %d differs (-want +got):\n%s", i, diff)
		}
	}
	if again := slices.Collect(list.All()); !slices.Equal(again, cmds) {
		t.Error("the list yields other commands when it is read again")
	}
}
