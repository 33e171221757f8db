package record

import (
	"strings"
	"testing"
)

// TestStrip: our marks do not reach the terminal; everything else does, however
// the output is split.
func TestStrip(t *testing.T) {
	const a = "\x1b]133;A;aid=n0nce\a"
	for _, tt := range []struct{ in, want string }{
		{"plain \x1b[1mtext\x1b[0m", "plain \x1b[1mtext\x1b[0m"},
		{"x" + a + "$ \x1b]133;B;aid=n0nce\x1b\\y", "x$ y"},
		{"\x1b]133;D;0;aid=n0nce\a\x1b]7;file://h/d\a\x1b[?2004h" + a, "\x1b[?2004h"},
		{"\x1b]133;D;0;aid=n0nce\a\x1b]7;file://h/d\a\x1b]7;file://h/d\a", "\x1b]7;file://h/d\a"},
		{a + "x\x1b]7;file://h/d\a", "x\x1b]7;file://h/d\a"},
		{"\x1b]133;A\a\x1b]133;B;aid=other\a", "\x1b]133;A\a\x1b]133;B;aid=other\a"},
		{"\x1b]133;C;aid=n0nce;hn=3;cmdline_url=a;aid\a", ""},
		{"\x1b]133;B;Nn0nce\a$ ", "$ "},
		{"\x1b]133;A;aid=n0nceX\a", "\x1b]133;A;aid=n0nceX\a"},
		{"\x1b]133;A\x1b]133;A;aid=n0nce\aab", "\x1b]133;Aab"},
		{"\x1b]133;A;aid=n0nce\x18ab", "\x1b]133;A;aid=n0nce\x18ab"},
		{"\x1b\x1b\x1b" + a + "\x1b]0;title\a", "\x1b\x1b\x1b\x1b]0;title\a"},
		{"\x1b]133;" + strings.Repeat("x", markLimit) + "end", "\x1b]133;" + strings.Repeat("x", markLimit) + "end"},
	} {
		for _, size := range []int{len(tt.in), 1, 2, 3, 7, 1000} {
			m := stripper{nonce: "n0nce", seen: func() {}}
			var got strings.Builder
			if len(tt.in) > 1000 && size < 1000 {
				continue
			}
			for in := tt.in; in != ""; {
				n := min(size, len(in))
				part := []byte(in[:n])
				got.Write(m.strip(part))
				if string(part) != in[:n] {
					t.Fatalf("strip changed its input to %q", part)
				}
				in = in[n:]
			}
			if got.String() != tt.want {
				t.Errorf("strip of %.100q by %d bytes passes %.100q; want %.100q", tt.in, size, got.String(), tt.want)
			}
		}
	}
}

// TestStripHoldsNothingBack: strip passes on at once anything that is not a
// mark.
func TestStripHoldsNothingBack(t *testing.T) {
	m := stripper{nonce: "n0nce", seen: func() {}}
	for _, part := range []string{"$ ", "a", "\x1b[A", "\x1b]0;x", "\x1b]1", "\x1b]13;"} {
		m.held = nil
		if got := string(m.strip([]byte(part))); got != part && part != "\x1b]1" {
			t.Errorf("strip(%q) = %q; want all of it", part, got)
		}
	}
	if n := testing.AllocsPerRun(100, func() { m.held = nil; m.strip([]byte("\x1b[1mplain\x1b[0m text")) }); n > 0 {
		t.Errorf("strip makes %v allocations for output without marks; want none", n)
	}
}

func BenchmarkStrip(b *testing.B) {
	data := []byte(strings.Repeat("\x1b[1mfile\x1b[0m  and some more text that is usual\r\n", 90))
	m := stripper{nonce: "n0nce", seen: func() {}}
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		m.strip(data)
	}
}

// TestStripUnmarked: the first reason of our own is told, once, and not shown.
func TestStripUnmarked(t *testing.T) {
	var got []string
	m := stripper{nonce: "n0nce", seen: func() {}, unmarked: func(why string) { got = append(got, why) }}
	out := ""
	for _, in := range []string{"a\x1b]133;W;aid=other;why=forged\ab", "\x1b]133;W;aid=n0n", "ce;why=PS1 is set\a", "\x1b]133;W;aid=n0nce;why=again\ac"} {
		out += string(m.strip([]byte(in)))
	}
	if out != "a\x1b]133;W;aid=other;why=forged\abc" || len(got) != 1 || got[0] != "PS1 is set" {
		t.Errorf("shown %q, told %q", out, got)
	}
}
