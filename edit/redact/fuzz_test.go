package redact

import (
	"context"
	"math/rand/v2"
	"slices"
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
// numbers in place of colours leaves the text of the screen unchanged.
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

		r := &run{m: newMatcher(newRuleSet(nil)), findings: map[findingKey]*finding{}, keep: func(oddLine) bool { return true }}
		r.out = newScreen(r, format.Size{Cols: 20, Rows: 6})
		r.event(format.Event{Code: format.Output, Data: string(data[:n])})
		r.event(format.Event{Code: format.Output, Data: string(data[n:])})
		r.out.draw()
		r.out.tok.finish()
		plain := vt.New(20, 6)
		plain.Write(data)
		plain.WriteString("\x00") // ends a character that is cut off, as finish does
		// The tokenizer still holds a sequence that is cut off.
		if got, want := r.out.vt.Text(), plain.Text(); got != want && r.out.tok.state == inGround {
			t.Fatalf("screen shows\n%q\nwant\n%q", got, want)
		}
	})
}

// FuzzPrefilter checks that a prefilter passes each text that its rule's expression
// matches.
func FuzzPrefilter(f *testing.F) {
	for _, seed := range fuzzSeeds {
		f.Add(seed)
	}
	for _, seed := range []string{
		"password = \"correct horse battery\"", "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYzEXAMPLEKEY",
		"Authorization: Bearer abcdefghijkl0123456789", "https://user:pa55w0rd@example.com/", "curl -u me:s3cret https://x",
		"\u212aEY to\u017fecret: x", "api_key \xff\x80\x80 = 'aBcDeF0123456789aBcD'", token,
		"setenv API_TOKEN x", "set -gx API_TOKEN a b", "mysql -uroot -phunter2", "sk_live_0123456789abcdefghijklmn",
	} {
		f.Add(seed)
	}
	rules, err := publicRules()
	if err != nil {
		f.Fatal(err)
	}
	rules = slices.DeleteFunc(slices.Clone(rules), func(r *rule) bool { return r.locate != nil })
	filters := make([]*prefilter, len(rules))
	for i, r := range rules {
		filters[i] = newPrefilter(newAutomaton(r.compiled().String()))
	}
	for _, line := range []string{"Enter PIN: 1234", "mot de passe : x", "pin", "[sudo] password for bob:", "PUK? Key: ſecret", "パスワード:", "2fa code> 1"} {
		f.Add(line)
	}
	prompts := newPrefilter(promptFilter())
	f.Fuzz(func(t *testing.T, text string) {
		if locatePrompts([]byte(text)) != nil && !prompts.may(beforePrompt([]byte(text))) {
			t.Errorf("the prefilter of prompts does not pass %q", text)
		}
		for i, r := range rules {
			if r.compiled().MatchString(text) && !filters[i].may([]byte(text)) {
				t.Errorf("the prefilter of %q does not pass %q", r.compiled(), text)
			}
		}
	})
}

// FuzzFlow checks that searching the flow alone where it is enough leaves the same
// result as searching every line again.
func FuzzFlow(f *testing.F) {
	for i, seed := range fuzzSeeds {
		f.Add(seed, fuzzSeeds[(i*5+1)%len(fuzzSeeds)], uint64(i))
	}
	r, err := New(Options{Texts: []string{"b c", "a"}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, before, behind string, seed uint64) {
		if len(before)+len(behind) > 4096 {
			return
		}
		rng := rand.New(rand.NewPCG(seed, 7))
		size := format.Size{Cols: 2 + rng.IntN(60), Rows: 1 + rng.IntN(12)}
		half := token[:8+rng.IntN(len(token)-8)]
		text := before + "GH_TOKEN=" + half + "\b \b" + token + "\r\n" + behind + token[4:30] + "\r\n" + "GH_TOKEN=" + half + "x " + before
		var results [2]string
		for i := range results {
			scan := r.Scan(format.Header{Size: size})
			scan.least = 1
			rng := rand.New(rand.NewPCG(seed, 8))
			for rest := text; len(rest) > 0; {
				n := min(1+rng.IntN(40), len(rest))
				if err := scan.Event(format.Event{Code: format.Output, Data: rest[:n]}); err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
				if i == 1 {
					scan.run.out.plain = false
				}
			}
			cast, _, err := scan.Finish(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			for ev, err := range cast.Events {
				if err != nil {
					t.Fatal(err)
				}
				results[i] += ev.Data
			}
		}
		if results[0] != results[1] {
			t.Errorf("%v: the flow alone leaves\n%q\nall lines leave\n%q\nof\n%q", size, results[0], results[1], text)
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
