package transcript

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ttydeck/ttydeck/format"
)

func TestMultiplexerIn(t *testing.T) {
	for line, want := range map[string]string{
		"tmux": "tmux", "/usr/bin/tmux attach -t x": "tmux", "cd x && screen -r": "screen", "sudo zellij": "zellij", "exec byobu": "byobu",
		"TERM=xterm tmux": "tmux", "ssh host -t tmux attach": "tmux", "ssh -t host 'tmux new'": "tmux", "docker exec -it box tmux": "tmux",
		"vim tmux.conf": "", "man tmux": "", "less screen": "", "ls": "", "": "", "ssh tmux-host": "",
	} {
		if got := multiplexerIn(line); got != want {
			t.Errorf("multiplexerIn(%q) = %q; want %q", line, got, want)
		}
	}
}

// A multiplexer is found by its command, also by an alias of it, and where the
// recording begins in it.
func TestHidden(t *testing.T) {
	const (
		on, off = "\x1b[?2004h$ ", "\r\n\x1b[?2004l\r"
		in      = "\x1b[?1049h\x1b[H\x1b[2J$ ls\x1b[5;1H[0] 0:bash*      \"vm\" 12:00\x1b[2;1H"
		out     = "\x1b[?1049l[exited]\r\n"
	)
	// One output each second.
	session := func(outputs ...string) format.Cast {
		return format.Cast{Header: format.Header{Size: format.Size{Cols: 40, Rows: 5}}, Events: func(yield func(format.Event, error) bool) {
			for i, s := range outputs {
				if !yield(format.Event{Time: time.Duration(i) * time.Second, Code: format.Output, Data: s}, nil) {
					return
				}
			}
		}}
	}
	for _, tt := range []struct {
		name string
		cast format.Cast
		want []Hidden
	}{
		{"tmux", session(on, "tmux"+off, in, "a\r\n", out+on, "ls"+off+on), []Hidden{{"tmux", time.Second, 4 * time.Second}}},
		{"screen", session(on, "screen"+off, "\x1b[?1049h\x1b[H$ ", "ls\r\n", out+on, "ls"+off+on), []Hidden{{"screen", time.Second, 4 * time.Second}}},
		{"an alias", session(on, "t"+off, in, "a\r\n", out+on, "ls"+off+on), []Hidden{{"tmux", 2 * time.Second, 3 * time.Second}}},
		{"from the start", session(in, "a\r\n", "b\r\n"), []Hidden{{"tmux", 0, 2 * time.Second}}},
		{"zellij", session("\x1b[?1049h\x1b[H Zellij (calm-cat)  Tab #1 ", "b\r\n"), []Hidden{{"zellij", 0, 1 * time.Second}}},
		{"not in it", session(on, "tmux ls"+off+"no server\r\n"+on, "ls"+off+on), nil},
		{"another program", session(on, "vim"+off, "\x1b[?1049h~", "[0] a\r\n", out+on), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list, err := Read(tt.cast, Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer list.Close()
			if diff := cmp.Diff(tt.want, list.Hidden()); diff != "" {
				t.Errorf("hidden times differ (-want +got):\n%s", diff)
			}
		})
	}
}
