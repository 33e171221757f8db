package record

import (
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

const testAnswers = "\x1bP>|kitty(0.35)\x1b\\\x1b]10;rgb:dddd/dddd/dddd\x1b\\\x1b]11;rgb:1a/1b/1c\x07\x1b]4;0;rgb:0/8/f\x1b\\\x1b[?62;22c"

// The program receives exactly the keys typed, wherever the terminal's answers
// are cut and whatever keys come between.
func TestProbeAtEveryCut(t *testing.T) {
	in := "a\x1b[A" + testAnswers[:15] + testAnswers[15:] + "b\x1b[?1;2c"
	want := "a\x1b[Ab\x1b[?1;2c" // the last sequence answers the program's own query
	for cut := range len(in) {
		p := &probe{answered: make(chan struct{})}
		got := string(p.feed([]byte(in[:cut])))
		got += string(p.feed([]byte(in[cut:])))
		got += string(p.flush())
		if got != want {
			t.Fatalf("cut at %d: input %q; want %q", cut, got, want)
		}
		select {
		case <-p.answered:
		default:
			t.Fatalf("cut at %d: the probe is not answered", cut)
		}
		var term format.Term
		p.describe(&term)
		if term.Version != "kitty(0.35)" || term.Theme != nil {
			t.Fatalf("cut at %d: %+v; want the version, and no theme: 15 colours are missing", cut, term)
		}
		if *p.bg != (format.RGB{R: 0x1a, G: 0x1b, B: 0x1c}) || *p.palette[0] != (format.RGB{R: 0, G: 0x88, B: 0xff}) {
			t.Fatalf("cut at %d: background %v, colour 0 %v; want #1a1b1c, #0088ff", cut, p.bg, p.palette[0])
		}
	}
}

// Escape is a key: the probe does not hold it forever.
func TestProbeGivesEscapeBack(t *testing.T) {
	p := &probe{answered: make(chan struct{})}
	if got := p.feed([]byte("\x1b")); len(got) != 0 {
		t.Errorf("feed of Escape passes %q; want it held, as an answer may begin with it", got)
	}
	if got := p.flush(); string(got) != "\x1b" {
		t.Errorf("flush() = %q; want Escape", got)
	}
	p.giveUp()
	if got := p.feed([]byte("\x1b]10;rgb:")); string(got) != "\x1b]10;rgb:" {
		t.Errorf("feed after the probe passes %q; want everything", got)
	}
}

func FuzzProbe(f *testing.F) {
	f.Add([]byte(testAnswers), 5)
	f.Add([]byte("\x1b]4;99;rgb:\x1b]\x1b\\\x1bP\x18"), 3)
	f.Fuzz(func(t *testing.T, in []byte, cut int) {
		cut = min(max(cut, 0), len(in))
		p := &probe{answered: make(chan struct{})}
		n := len(p.feed(in[:cut])) + len(p.feed(in[cut:])) + len(p.flush())
		if n > len(in) {
			t.Errorf("feed of %d bytes passes %d; want no more", len(in), n)
		}
		var term format.Term
		p.describe(&term)
	})
}

func TestIsWhole(t *testing.T) {
	for s, want := range map[string]bool{
		"": true, "abc": true, "\x1b": false, "a\x1b[": false, "\x1b[1;3": false, "\x1b[1;31m": true, "\x1b[0mx": true,
		"\x1b]0;tit": false, "\x1b]0;tit\x07": true, "\x1b]0;tit\x1b\\": true, "\x1bP1;2q": false, "\x1b(": false, "\x1b(B": true,
		"\x1b7": true, "é": true, "\xc3": false, "\xf0\x9f\x98": false, "\xf0\x9f\x98\x80": true, "\x80\x80\x80\x80": true,
	} {
		if got := isWhole([]byte(s)); got != want {
			t.Errorf("isWhole(%q) = %v; want %v", s, got, want)
		}
	}
}

func TestMayProbe(t *testing.T) {
	tests := []struct {
		term   string
		screen bool
		want   bool
	}{
		{"xterm-256color", false, true}, {"tmux-256color", false, true}, {"screen", false, true}, {"screen", true, false},
		{"screen.xterm-256color", true, false}, {"tmux-256color", true, true}, {"dumb", false, false}, {"linux", false, false},
		{"", false, false}, {"eterm-color", false, false}, {"vt52", false, false}, {"alacritty", false, true},
	}
	for _, tt := range tests {
		if got := mayProbe(tt.term, tt.screen); got != tt.want {
			t.Errorf("mayProbe(%q, %v) = %v; want %v", tt.term, tt.screen, got, tt.want)
		}
	}
	if probeWait > time.Second {
		t.Error("probeWait exceeds a second: a killed recorder would lose that much")
	}
}
