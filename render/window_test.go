package render

import (
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// A window shows the part of a larger screen around the cursor, and all of a smaller
// screen.
func TestWindow(t *testing.T) {
	env := map[string]string{"TERM": "xterm-256color", "LANG": "C.UTF-8"}
	w := NewWindow(func(name string) string { return env[name] })
	s := vt.New(100, 40)
	terminal := vt.New(40, 10)
	shown := func(size format.Size) string {
		terminal.Write(w.Draw(s, size))
		return terminal.Text()
	}
	small := format.Size{Cols: 40, Rows: 10}
	s.WriteString("\x1b[35;90Hdown here")
	if got := shown(small); !strings.Contains(got, "down here") {
		t.Errorf("the terminal shows\n%s", got)
	}
	if x, y := terminal.Cursor().X, terminal.Cursor().Y; terminal.Row(y).Cell(x-1).Rune() != 'e' {
		t.Errorf("the cursor is at %d, %d of\n%s", x, y, terminal.Text())
	}
	s.WriteString("\x1b[1;1Hup here\r\n")
	if got := shown(small); !strings.HasPrefix(got, "up here") || strings.Contains(got, "down") {
		t.Errorf("the terminal shows\n%s", got)
	}
	if got := w.Draw(s, small); len(got) > 0 {
		t.Errorf("Draw of the same screen = %q; want nothing", got)
	}
	s.Resize(30, 5)
	if got := shown(small); !strings.HasPrefix(got, "up here") || !strings.Contains(got, "│\n") || !strings.Contains(got, "──┘") {
		t.Errorf("the terminal shows\n%s", got)
	}
	// Whatever the program does, the window only draws on the terminal.
	s.WriteString("\x1b[?1049h\x1b[?1000h\x1b]0;title\x07\x1b[?1h\x1b=\x1b(0")
	shown(small)
	if m := terminal.Modes(); m.Mouse != 0 || m.AppCursor || m.AppKeypad || terminal.OnAlternate() || terminal.Title() != "" {
		t.Errorf("the terminal has the modes %+v and the title %q; want the defaults", m, terminal.Title())
	}
	w.Forget()
	terminal.WriteString("\x1b[2J\x1b[Hother")
	if got := shown(small); strings.Contains(got, "other") {
		t.Errorf("the terminal shows\n%s", got)
	}
}
