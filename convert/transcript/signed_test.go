package transcript

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ttydeck/ttydeck/format"
)

// The marks of a shell with our integration; N is the nonce.
const (
	ownD  = "\x1b]133;D;0;aid=N\a\x1b]7;file:///top\a"
	ownA  = "\x1b]133;A;aid=N\a"
	ownB  = "\x1b]133;B;aid=N\a"
	ownPS = ownD + pasteOn + ownA + "$ " + ownB // bash's prompt
	enter = "\r\n" + pasteOff
)

func ownC(text string) string { return "\x1b]133;C;aid=N;cmdline_url=" + text + "\a" }

// ran is a line that bash was given and runs.
func ranLine(text string) string { return text + enter + ownC(text) }

// TestSignedMarks reads sessions of shells with signed marks. The pieces of output
// come every 100 ms. A command is "kind depth parent status directory: text".
func TestSignedMarks(t *testing.T) {
	inner := func(p string) string { return pasteOn + p } // of a shell without marks
	for _, tt := range []struct {
		name   string
		output []string
		want   []string
	}{
		{"two commands", []string{ownPS, ranLine("ls"), "a\r\n" + ownPS, ranLine("id"), ownPS}, []string{
			"command 0 -1 0 /top: ls", "command 0 -1 0 /top: id",
		}},
		{"no mark says that it was run", []string{ownPS, ranLine("ls"), "a\r\n" + ownPS, "id", "^C" + pasteOff + "\r\n" + ownPS}, []string{
			"command 0 -1 0 /top: ls", "cancelled 0 -1 0 /top: id",
		}},
		{"bash ends its editor twice", []string{ownPS, ranLine("ls"), "a\r\n" + ownPS, "id ", "^C" + pasteOff + pasteOn + pasteOff + "\r\n\x1b]133;D;130;aid=N\a" + pasteOn + ownA + "$ " + ownB}, []string{
			"command 0 -1 0 /top: ls", "cancelled 0 -1 130 /top: id ",
		}},
		{"a comment, and what the shell cannot parse", []string{ownPS, ranLine("ls"), "a\r\n" + ownPS, "# id" + enter, ownPS, "a)" + enter + "syntax error\r\n\x1b]133;D;2;aid=N\a" + pasteOn + ownA + "$ " + ownB}, []string{
			"command 0 -1 0 /top: ls", "comment 0 -1 - /top: # id", "command 0 -1 2 /top: a)",
		}},
		{"fish leaves its editor without a word", []string{
			ownD + pasteOn + ownA + "> ", "ls\r\n" + ownC("ls") + pasteOff, ownD + "\x1b]133;D;aid=N\a" + ownA + pasteOn + "> ",
			"id", "\r\n\x1b]133;D;aid=N\a" + ownA + "> ", "pwd", "\r\n" + ownC("pwd") + pasteOff, ownD,
		}, []string{"command 0 -1 0 /top: ls", "cancelled 0 -1 - /top: id", "command 0 -1 0 /top: pwd"}},
		{"a shell in a command, with the same prompt", []string{
			ownPS, ranLine("ssh box"), inner("$ "), "rm x", enter, inner("$ "), "exit", enter, ownPS, ranLine("id"), ownPS,
		}, []string{"command 0 -1 0 /top: ssh box", "command 1 0 - : rm x", "command 1 0 - : exit", "command 0 -1 0 /top: id"}},
		{"a shell in a command that reports its directory", []string{
			ownPS, ranLine("ssh box"), "\x1b]7;file://box/home\a" + inner("$ "), "id", enter, inner("$ "), "exit", enter, ownPS, ranLine("id"), ownPS,
		}, []string{"command 0 -1 0 /top: ssh box", "command 1 0 - box:/home: id", "command 1 0 - box:/home: exit", "command 0 -1 0 /top: id"}},
		{"a command that prints a directory", []string{ownPS, ranLine("cat x"), "\x1b]7;file://evil/x\a\r\n", ownPS, ranLine("id"), ownPS}, []string{
			"command 0 -1 0 /top: cat x", "command 0 -1 0 /top: id",
		}},
		{"a shell in a shell in a command", []string{
			ownPS, ranLine("ssh box"), inner("me@box:~$ "), "sudo -i", enter, inner("root@box:~# "), "id", enter, inner("root@box:~# "), "exit", enter,
			inner("me@box:~$ "), "pwd", enter, ownPS,
		}, []string{"command 0 -1 0 /top: ssh box", "command 1 0 - : sudo -i", "command 2 1 - : id", "command 2 1 - : exit", "command 1 0 - : pwd"}},
		{"a script that starts a shell", []string{ownPS, ranLine("./enter"), inner("# "), "id", enter, ownPS}, []string{
			"command 0 -1 0 /top: ./enter", "command 1 0 - : id",
		}},
		{"a program that reads a line", []string{ownPS, ranLine("ask"), inner("name: "), "bob", enter, "hi\r\n" + ownPS}, []string{
			"command 0 -1 0 /top: ask", "repl 1 0 - : bob",
		}},
		{"a program that is killed while it reads a line", []string{ownPS, ranLine("ask"), inner("name: "), "bo", "Killed\r\n" + ownPS, ranLine("id"), ownPS}, []string{
			"command 0 -1 0 /top: ask", "command 0 -1 0 /top: id",
		}},
		{"a program that enables bracketed paste", []string{ownPS, ranLine("nano"), pasteOn + "\x1b[?1049h", "~", "\x1b[?1049l" + pasteOff + ownPS}, []string{
			"command 0 -1 0 /top full: nano",
		}},
		{"one that draws first", []string{ownPS, ranLine("nano"), "wait " + pasteOn + "\x1b[?1049h", "~", "\x1b[?1049l" + pasteOff + ownPS, ranLine("id"), ownPS}, []string{
			"command 0 -1 0 /top full: nano", "command 0 -1 0 /top: id",
		}},
		{"the editor's own full-screen program", []string{ownPS, "l", "\x1b[?1049hls\x1b[?1049l", "s", enter + ownC("ls"), ownPS}, []string{"command 0 -1 0 /top: ls"}},
		{"a shell of a full-screen program", []string{
			ownPS, ranLine("vim"), "\x1b[?1049h~", ":sh\x1b[?1049l\r\n", "# ", "i", "d", "\r\nuid\r\n# ", "e", "xit", "\r\n\x1b[?1049h~", "\x1b[?1049l" + ownPS, ranLine("ls"), ownPS,
		}, []string{"command 0 -1 0 /top full: vim", "command 1 0 - : id", "command 1 0 -  full: exit", "command 0 -1 0 /top: ls"}},
		{"commands that were pasted together", []string{ownPS, "ls\r\nid" + enter + ownC("ls"), "a\r\n" + ownC("id") + "b\r\n", ownPS}, []string{
			"command 0 -1 - /top: ls", "command 0 -1 0 : id",
		}},
		{"a command that ended without a mark", []string{ownPS, ranLine("ls"), "a\r\n" + pasteOn + ownA + "$ " + ownB, ranLine("id"), ownPS}, []string{
			"command 0 -1 - /top: ls", "command 0 -1 0 /top: id",
		}},
		{"the shell is slow to run a line of two", []string{
			ownD + ownA + "$ " + ownB, "ls", "\r\n", ownC("ls"), ownD + ownA + "$ " + ownB, "i", "f\r\n\x1b]133;A;k=s;aid=N\a> " + ownB, "f", "i\r\n",
			"\x1b]133;C;aid=N;hn=2;cmdline_url=if%3B fi\a", ownD,
		}, []string{"command 0 -1 0 /top: ls", "command 0 -1 0 /top: if\nfi"}},
		{"only prompts have marks", []string{ownD + ownA + "$ " + ownB, "ls", "\r\n", "a\r\n" + ownD + ownA + "$ " + ownB}, []string{"command 0 -1 0 /top: ls"}},
		{"the mark of an end has the text", []string{
			ownD + ownA + "$ " + ownB, "for", "\r\n> ", "do x", "\r\n", "a\r\n\x1b]133;D;2;aid=N;hn=3;cmdline_url=for%0Ado%09x\a" + ownA + "$ " + ownB,
		}, []string{"command 0 -1 2 /top: for\ndo\tx"}},
		{"the mark of an end says that nothing was run", []string{ownD + ownA + "$ " + ownB, "ls", "\r\n\x1b]133;D;aid=N\a" + ownA + "$ " + ownB}, []string{
			"cancelled 0 -1 - /top: ls",
		}},
		{"fish is slow to run a shell", []string{
			ownD + pasteOn + ownA + "> ", "ls\r\n" + ownC("ls") + pasteOff, ownD + ownA + pasteOn + "> ", "dash", "\r\n", ownC("dash") + pasteOff, "# ", "i", "d", "\r\nuid\r\n# ",
			"e", "xit", "\r\n" + ownD,
		}, []string{"command 0 -1 0 /top: ls", "command 0 -1 0 /top: dash", "command 1 1 - : id", "command 1 1 - : exit"}},
		{"fish is killed before its prompt has rested", []string{
			ownD + pasteOn + ownA + "> ", "ls\r\n" + ownC("ls") + pasteOff, ownD + ownA + pasteOn + "me ~> \r\n" + pasteOff, "exit 1",
		}, []string{"command 0 -1 0 /top: ls"}},
		{"nushell leaves its editor, and runs nothing", []string{
			ownD + ownA + pasteOn + "> ", "ls\r\n" + pasteOff + ownC("ls"), ownD + ownA + pasteOn + "> ",
			"rm x", "\r\n" + pasteOff + "\x1b]133;D;0\a\x1b]133;D;aid=N\a" + ownA + pasteOn + "> ", "id\r\n" + pasteOff + ownC("id"), ownD,
		}, []string{"command 0 -1 0 /top: ls", "cancelled 0 -1 - /top: rm x", "command 0 -1 0 /top: id"}},
		{"busybox interrupts a line in its middle, then a command", []string{
			ownD + ownA + "$ " + ownB, "rm x\b\b", "^C\r\n", "\x1b]133;D;130;aid=N\a" + ownA + "$ " + ownB,
			"sleep 9\r\n", "^C\r\n\x1b]133;D;130;aid=N\a" + ownA + "$ " + ownB,
		}, []string{"cancelled 0 -1 130 /top: rm", "command 0 -1 130 /top: sleep 9"}},
		{"mksh adds a line that was interrupted to its history", []string{
			ownD + ownA + "$ " + ownB, "rm x", "^C\r\n", "\x1b]133;D;130;aid=N;hn=2;cmdline_url=rm x\a" + ownA + "$ " + ownB,
			"kill -2 $$ # ^C\r\n", "\x1b]133;D;130;aid=N;hn=3;cmdline_url=kill -2 $$ # ^C\a" + ownA + "$ " + ownB,
		}, []string{"cancelled 0 -1 130 /top: rm x", "command 0 -1 130 /top: kill -2 $$ # ^C"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, readSigned(t, tt.output)); diff != "" {
				t.Errorf("commands differ (-want +got):\n%s", diff)
			}
			// Where output is cut makes no difference.
			var bytes []string
			for _, data := range tt.output {
				if strings.HasPrefix(data, "exit ") {
					bytes = append(bytes, data)
				} else {
					bytes = append(bytes, strings.Split(data, "")...)
				}
				bytes = append(bytes, "")
			}
			if diff := cmp.Diff(tt.want, readSigned(t, bytes)); diff != "" {
				t.Errorf("commands differ, byte by byte (-want +got):\n%s", diff)
			}
		})
	}
}

// readSigned reads a session; "" stands for 100 ms, if there is one.
func readSigned(t *testing.T, output []string) []string {
	t.Helper()
	var events []format.Event
	var now time.Duration
	pauses := strings.Join(output, "") != "" && len(output) > 0 && output[len(output)-1] == ""
	for _, data := range output {
		if data == "" || !pauses {
			now += 100 * ms
		}
		if status, ok := strings.CutPrefix(data, "exit "); ok {
			events = append(events, format.Event{Time: now, Code: format.Exit, Data: status})
		} else if data != "" {
			events = append(events, format.Event{Time: now, Code: format.Output, Data: data})
		}
	}
	cast := format.Cast{Header: format.Header{Size: format.Size{Cols: 40, Rows: 10}}, Events: func(yield func(format.Event, error) bool) {
		for _, ev := range events {
			if !yield(ev, nil) {
				return
			}
		}
	}}
	var got []string
	for c, err := range Commands(cast, Options{Nonce: "N", REPL: true, Cancelled: true}) {
		if err != nil {
			t.Fatal(err)
		}
		status := "-"
		if c.HasExit {
			status = fmt.Sprint(c.Exit)
		}
		at := c.Dir
		if c.Host != "" {
			at = c.Host + ":" + c.Dir
		}
		if c.FullScreen {
			at += " full"
		}
		got = append(got, fmt.Sprintf("%s %d %d %s %s: %s", c.Kind, c.Depth, c.Parent, status, at, c.Text))
	}
	return got
}
