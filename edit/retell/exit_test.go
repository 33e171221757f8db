package retell

import (
	"errors"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/place"
)

func TestExit(t *testing.T) {
	for _, test := range []struct {
		name string
		text string
		cmds []string
		left string // "-" if nothing is dropped
	}{
		{"exit", "◊$ ▪ls▪▸\r\n▪◊$ ▪exit▪▸\r\n▪exit\r\n", []string{"$ |ls", "$ |exit"}, "$ ls\r\n$ "},
		{"exit 1", "◊$ ▪ls▪▸\r\n▪◊$ ▪exit 1▪▸\r\n", []string{"$ |ls", "$ |exit 1"}, "$ ls\r\n$ "},
		{"logout", "◊$ ▪ls▪▸\r\n▪◊$ ▪logout▪▸\r\n", []string{"$ |ls", "$ |logout"}, "$ ls\r\n$ "},
		{"nothing but exit", "◊$ ▪exit▪▸\r\n", []string{"$ |exit"}, "$ "},
		{"exit, typed with mistakes", "◊$ ▪ls▪▸\r\n▪◊$ ▪ext▪\bit▪▸\r\n", []string{"$ |ls", "$ |exit"}, "$ ls\r\n$ "},
		{"two shells", "◊$ ▪bash▪▸\r\n▪◊# ▪exit▪▸\r\n▪exit\r\n▪◊$ ▪exit▪▸\r\n▪exit\r\n", []string{"$ |bash", "# |exit", "$ |exit"}, "$ bash\r\n# "},
		{"ctrl-D in bash", "◊$ ▪ls▪▸\r\n▪◂\x1b[?2004h$ ▪\x1b[?2004l\r\r\n▪exit\r\n", []string{"$ |ls"}, "$ ls\r\n\x1b[?2004h$ "},
		{"in a login shell", "◊$ ▪ls▪▸\r\n▪◂\x1b[?2004h$ ▪\x1b[?2004l\r\r\nlogout\r\n", []string{"$ |ls"}, "$ ls\r\n\x1b[?2004h$ "},
		{"in zsh", "◊$ ▪ls▪▸\r\n▪◂$ ▪\x1b[?1h\x1b=▪\x1b[?2004h▪\x1b[?2004l\r\r\n", []string{"$ |ls"}, "$ ls\r\n$ \x1b[?1h\x1b=\x1b[?2004h"},
		{"in fish", "◊$ ▪ls▪▸\r\n▪◂$ ▪\r\n\x1b[30m\x1b(B\x1b[m\x1b[30m\x1b(B\x1b[m", []string{"$ |ls"}, "$ ls\r\n$ "},
		{"in mksh", "◊# ▪ls▪▸\r\n▪◂# ▪^D\r\r\n", []string{"# |ls"}, "# ls\r\n# "},
		{"behind an empty line", "◊$ ▪ls▪▸\r\n▪◂$ ▪\r\n▪$ ▪\r\n", []string{"$ |ls"}, "$ ls\r\n$ \r\n$ "},
		{"in two shells", "◊$ ▪bash▪▸\r\n▪◂$ ▪\r\n▪exit\r\n▪$ ▪\r\n▪exit\r\n", []string{"$ |bash"}, "$ bash\r\n$ "},
		{"and exit in the outer shell", "◊$ ▪bash▪▸\r\n▪◂$ ▪\r\n▪exit\r\n▪◊$ ▪exit▪▸\r\n", []string{"$ |bash", "$ |exit"}, "$ bash\r\n$ "},
		{"behind exit in the inner shell", "◊$ ▪bash▪▸\r\n▪◊# ▪exit▪▸\r\nexit\r\n▪◂$ ▪\r\nexit\r\n", []string{"$ |bash", "# |exit"}, "$ bash\r\n# "},
		{"no exit", "◊$ ▪ls▪▸\r\n▪◂$ ", []string{"$ |ls"}, "-"},
		{"a command that did not end", "◊$ ▪sleep 9▪▸\r\n", []string{"$ |sleep 9"}, "-"},
		{"exit that did not", "◊$ ▪exit▪▸\r\nThere are stopped jobs.\r\n▪◂$ ", []string{"$ |exit"}, "-"},
		{"exit of the inner shell only", "◊$ ▪bash▪▸\r\n▪◊# ▪exit▪▸\r\nexit\r\n▪◂$ ", []string{"$ |bash", "# |exit"}, "-"},
		{"exit in another word", "◊$ ▪exit_status▪▸\r\n", []string{"$ |exit_status"}, "-"},
		{"exit, later", "◊$ ▪exit || true▪▸\r\n", []string{"$ |exit || true"}, "-"},
	} {
		s := newSession(format.Header{}, test.text, test.cmds...)
		r, err := Exit(s.cast, s.cmds)
		got := "-"
		if err == nil {
			got = s.without([]place.Range{r})
		} else if !errors.Is(err, ErrNoExit) {
			t.Errorf("%s: %v", test.name, err)
		}
		if got != test.left {
			t.Errorf("%s: %q is left; want %q", test.name, got, test.left)
		}
		if err == nil && r.From.Time > r.To.Time {
			t.Errorf("%s: from %v to %v", test.name, r.From, r.To)
		}
	}
	if _, err := Exit(testcast.Of(format.Header{}, testcast.Out(0, "$ "), testcast.Out(1, "x")), nil); !errors.Is(err, ErrNoExit) {
		t.Errorf("without commands: %v; want %v", err, ErrNoExit)
	}
}

// TestExitLong has much output where there is a prompt.
func TestExitLong(t *testing.T) {
	s := newSession(format.Header{}, "◊$ ls▸\r\n▪◂"+strings.Repeat("\x1b[", 1<<20)+"▪$ ▪"+strings.Repeat("\r", 1<<20)+"\n", "$ |ls")
	if _, err := Exit(s.cast, s.cmds); err != nil && !errors.Is(err, ErrNoExit) {
		t.Error(err)
	}
}
