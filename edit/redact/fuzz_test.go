package redact

import (
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

var fuzzSeeds = []string{
	"", "plain text\r\n", "\x1b[31mred\x1b[m", "\x1b]0;title\x07", "\x1b]8;;https://x\x1b\\link\x1b]8;;\x1b\\", "\x1bPq#0\x1b\\x", "\x1b_Gx\x1b\\",
	"\xc2\x9b1m\xc2\x9d0;x\xc2\x9cy", "\xe2\x82", "\xe2\x82A\xff\xfe", "\x1b[1\n;2H", "\x1b[?1049hX\x1b[?1049l", "a\x1b[5b", "\x1b[4habc\x1b[4l",
	"\x1b[2;3r\n\n\n\x1b[r", "\x1b[3;1H\x1b[2L\x1b[M", "\x1b(0qqq\x1b(B", "\x1bN\x1bO", "\x1b[?7lxxxxxxxxxxxxxxxxxxxxxxxxxxxx\x1b[?7h", "\x1b[?2027h\U0001f468\u200d\U0001f469",
	"漢字漢字漢字", "e\u0301", "\x1b[1;1;2;2;5;5;1$v", "\x1b[65;1;1;3;3$x", "\x1b[8;5;20t", "\x18\x1a\x1b\x1b[", "\x1b[?69h\x1b[3;8s", "\x1b#8",
	"\t\t\x1b[3g", "\x1b[999999999999b", "\x1b7\x1b8\x1bc", "\x1b]52;c;Z2hw\x07", strings.Repeat("\x1b[", 50), "\x1bP\x1b\\\x1b]\x1b\\",
}

// tagged records what the tokenizer calls text, and checks its offsets.
type tagged struct {
	printed []byte
	raw     []byte
	at      int64
	t       *testing.T
}

func (c *tagged) ascii(run string, pos int64) {
	c.place(pos)
	c.printed = append(c.printed, run...)
	c.all(run)
}

func (c *tagged) char(r rune, raw string, pos int64) {
	c.place(pos)
	c.printed = utf8.AppendRune(c.printed, r)
	c.all(raw)
}

func (c *tagged) place(pos int64) {
	if pos != c.at {
		c.t.Fatalf("text at offset %d; want %d", pos, c.at)
	}
}
func (c *tagged) all(s string)       { c.raw = append(c.raw, s...); c.at += int64(len(s)) }
func (c *tagged) control(seq []byte) { c.all(string(seq)) }
func (c *tagged) passed(raw string)  { c.all(raw) }
func (c *tagged) payload(kind byte, text []byte, at []int64, first, last bool) {
	if len(text) != len(at) {
		c.t.Fatalf("%d offsets for %d bytes", len(at), len(text))
	}
}

// FuzzTokens checks that the tokens join to the stream, and that drawing with
// offsets as colours leaves the text of the screen unchanged.
func FuzzTokens(f *testing.F) {
	for i, seed := range fuzzSeeds {
		f.Add([]byte(seed), uint16(i))
		f.Add([]byte(strings.Join(fuzzSeeds[:i], "x")), uint16(i))
	}
	f.Fuzz(func(t *testing.T, data []byte, cut uint16) {
		c := &tagged{t: t}
		tok := tokenizer{sink: c}
		n := int(cut) % (len(data) + 1)
		tok.feed(string(data[:n]))
		tok.feed(string(data[n:]))
		tok.finish()
		if string(c.raw) != string(data) {
			t.Fatalf("tokens join to %q; want %q", c.raw, data)
		}

		r := &run{m: newMatcher(newRuleSet(nil)), findings: map[findingKey]*finding{}}
		r.begin(format.Size{Cols: 20, Rows: 6}, true)
		r.event(format.Event{Code: format.Output, Data: string(data[:n])})
		r.event(format.Event{Code: format.Output, Data: string(data[n:])})
		r.out.tok.finish()
		plain := vt.New(20, 6)
		plain.Write(data)
		if plain.Modes().Graphemes || strings.Contains(string(data), "2027") {
			return // a colour may split a cluster
		}
		// The tokenizer still holds a sequence that is cut off.
		if got, want := r.out.vt.Text(), plain.Text(); got != want && r.out.tok.state == inGround {
			t.Fatalf("screen shows\n%q\nwant\n%q", got, want)
		}
	})
}

// FuzzRedact prints a secret among any other data, cut anywhere. The secret is
// replaced, and nothing panics.
func FuzzRedact(f *testing.F) {
	for i, seed := range fuzzSeeds {
		f.Add(seed, fuzzSeeds[(i*7+3)%len(fuzzSeeds)], seed, uint64(i))
	}
	r, err := New(Options{Texts: []string{"tr0ub4dor&3"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, before, between, input string, seed uint64) {
		if len(before)+len(between) > 4096 {
			return
		}
		rng := rand.New(rand.NewPCG(seed, 5))
		in := newTape(2+rng.IntN(60), 1+rng.IntN(12))
		in.add(format.Output, before)
		// Start from a clean screen. From here on, the secret is known.
		in.add(format.Output, "\x18\x1b[!p\x1bc\r\nGH_TOKEN="+token+" tr0ub4dor&3\r\n")
		in.add(format.Output, between+"\x18")
		in.add(format.Input, input).add(format.Input, "\x18\r"+token+"\r")
		in.add(format.Marker, before+" "+token+" "+between)
		in = in.split(rng)
		out, _ := redacted(t, r, in)
		if strings.Contains(before+between+input, "ghp") || strings.Contains(before+between+input, "tr0") {
			return
		}
		for _, secret := range []string{token, "tr0ub4dor&3"} {
			for _, s := range []string{out.stream(format.Output), out.stream(format.Input), out.stream(format.Marker)} {
				if strings.Contains(s, secret) {
					t.Fatalf("%q remains in %q", secret, s)
				}
			}
		}
	})
}

// FuzzFind checks that each finding lies inside its line and splits no
// character, and that the parts of a word lie inside the word.
func FuzzFind(f *testing.F) {
	for _, tt := range wordCases {
		f.Add(tt.line)
	}
	for _, seed := range fuzzSeeds {
		f.Add("DB_PASSWORD=" + seed + " password: '" + seed)
	}
	r, err := New(Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 {
			return
		}
		m := newMatcher(r.rules)
		for range 2 {
			for _, sp := range m.find([]byte(text), true) {
				if sp.from < 0 || sp.from >= sp.to || sp.to > len(text) {
					t.Fatalf("%q: found bytes %d to %d", text, sp.from, sp.to)
				}
				if !utf8.ValidString(text) {
					continue
				}
				if s := text[sp.from:sp.to]; !sp.part && !utf8.ValidString(s) {
					t.Fatalf("%q: found %q, which splits a character", text, s)
				}
			}
			m.freeze()
		}
		for _, s := range []style{{}, {config: true}, {loose: true}, {spaced: true}, {fish: true}, {powershell: true, strict: true}} {
			w := line{text: []byte(text)}.word(0, s)
			at := 0
			for _, part := range w.parts() {
				if part.from < at || part.from >= part.to || part.to > w.end {
					t.Fatalf("%q: part %v lies outside the word, which ends at %d", text, part, w.end)
				}
				at = part.to
			}
			if len(w.text) != len(w.extents) || len(w.text) != len(w.literal) || w.end > len(text) {
				t.Fatalf("%q: inconsistent word %+v", text, w)
			}
		}
	})
}
