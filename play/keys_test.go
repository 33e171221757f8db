package play

import (
	"slices"
	"testing"
)

var keyTests = []struct {
	in   string
	want []key
}{
	{"q", []key{{name: "q"}}},
	{" .]", []key{{name: " "}, {name: "."}, {name: "]"}}},
	{"\x03", []key{{name: "ctrl-c"}}},
	{"\x1a", []key{{name: "ctrl-z"}}},
	{"\x1c", []key{{name: "ctrl-\\"}}},
	{"\r\t\x7f\x08", []key{{name: "enter"}, {name: "tab"}, {name: "backspace"}, {name: "backspace"}}},
	{"\x1b[A\x1bOB\x1b[1;2C\x1b[1;3D", []key{{name: "up"}, {name: "down"}, {name: "shift-right"}, {name: "alt-left"}}},
	{"\x1b[1;5C", []key{{name: "ctrl-right"}}},
	{"\x1b[H\x1b[4~\x1b[5~\x1b[7~", []key{{name: "home"}, {name: "end"}, {name: "pgup"}, {name: "home"}}},
	{"\x1bOP\x1b[11~\x1b[[A", []key{{name: "f1"}, {name: "f1"}, {name: "f1"}}},
	{"\x1bh", []key{{name: "alt-h"}}},
	{"ż漢", []key{{name: "ż"}, {name: "漢"}}},
	{"\xff" + "a", []key{{name: "a"}}},
	// kitty's protocol and xterm's modifyOtherKeys, which may still be on.
	{"\x1b[99;5u\x1b[27;5;99~", []key{{name: "ctrl-c"}, {name: "ctrl-c"}}},
	{"\x1b[27u\x1b[113u", []key{{name: "esc"}, {name: "q"}}},
	{"\x1b[Z", []key{{name: "shift-tab"}}},
	{"\x1b[<0;10;24M\x1b[<32;11;24M\x1b[<0;11;24m\x1b[<65;1;1M", []key{
		{name: "mouse", x: 9, y: 23}, {name: "mouse", x: 10, y: 23, drag: true},
		{name: "mouse", x: 10, y: 23, up: true}, {name: "mouse", button: 65}}},
	{"\x1b[200~q\x1b[Aq\x1b[201~x", []key{{name: "paste", text: "q\x1b[Aq"}, {name: "x"}}},
	// Answers to queries of an earlier program.
	{"\x1b]11;rgb:0000/0000/0000\x1b\\q", []key{{name: "q"}}},
	{"\x1bP>|tmux 3.3a\x1b\\\x1b[?62;4c\x1b[I\x1b[Oq", []key{{name: "q"}}},
	{"\x1b\x1b[A", []key{{name: "esc"}, {name: "up"}}},
}

func TestKeys(t *testing.T) {
	for _, tt := range keyTests {
		var whole keyReader
		if got := whole.feed([]byte(tt.in)); !slices.Equal(got, tt.want) {
			t.Errorf("feed(%q) = %+v; want %+v", tt.in, got, tt.want)
		}
		if whole.pending() {
			t.Errorf("feed(%q) left %q", tt.in, whole.buf)
		}
		var bytewise keyReader
		var got []key
		for i := range len(tt.in) {
			got = append(got, bytewise.feed([]byte{tt.in[i]})...)
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%q byte by byte = %+v; want %+v", tt.in, got, tt.want)
		}
	}
}

func TestLoneEscape(t *testing.T) {
	var k keyReader
	if got := k.feed([]byte("\x1b")); got != nil || !k.pending() {
		t.Fatalf("feed(ESC) = %v; want nil, and pending", got)
	}
	if got := k.flush(); !slices.Equal(got, []key{{name: "esc"}}) {
		t.Errorf("flush = %v; want esc", got)
	}
	if k.pending() {
		t.Error("the reader is still pending after flush")
	}
}

func FuzzKeys(f *testing.F) {
	for _, tt := range keyTests {
		f.Add([]byte(tt.in))
	}
	f.Add([]byte("\x1b[200~never ends"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var whole, bytewise keyReader
		a := whole.feed(in)
		var b []key
		for i := range in {
			b = append(b, bytewise.feed(in[i:i+1])...)
			if len(bytewise.buf) > maxSequence+1 {
				t.Fatalf("the reader keeps %d bytes; want at most maxSequence+1", len(bytewise.buf))
			}
		}
		if len(in) < maxSequence && !slices.Equal(a, b) {
			t.Errorf("feed of the whole = %+v; byte by byte = %+v", a, b)
		}
	})
}
