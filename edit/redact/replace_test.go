package redact

import (
	"context"
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// replaced returns the recording with texts replaced.
func replaced(tb testing.TB, c *tape, list ...Replacement) *tape {
	tb.Helper()
	f, err := Replace(context.Background(), list...)
	if err != nil {
		tb.Fatal(err)
	}
	cast := f(c.cast())
	out := &tape{header: cast.Header}
	for ev, err := range cast.Events {
		if err != nil {
			tb.Fatal(err)
		}
		out.events = append(out.events, ev)
	}
	return out
}

// finalRows returns what the recording shows at its end.
func finalRows(c *tape) []string {
	s := vt.New(c.header.Size.Cols, c.header.Size.Rows)
	s.WriteString(c.stream(format.Output))
	_, rows := s.Size()
	var list []string
	for y := range rows {
		list = append(list, strings.TrimRight(s.Row(y).Text(), " "))
	}
	return list
}

var replaceCases = []struct {
	name   string
	cols   int
	output string
	list   []Replacement
	want   string // what the screen shows at the end, rows separated by |
}{
	{"plain", 40, "ssh db.example.com: ok\r\n", []Replacement{{"db.example.com", "db.internal"}}, "ssh db.internal   : ok"},
	{"at every place", 40, "ab ab abab\r\nab", []Replacement{{"ab", "x"}}, "x  x  x x|x"},
	{"nothing to find", 40, "abc", []Replacement{{"abd", "x"}}, "abc"},
	{"removed", 40, "a secret b", []Replacement{{"secret", ""}}, "a        b"},
	{"coloured", 40, "a \x1b[31mse\x1b[32mcr\x1b[0met b", []Replacement{{"secret", "public"}}, "a public b"},
	{"wrapped", 8, "1234567secret89", []Replacement{{"secret", "public"}}, "1234567p|ublic89"},
	{"wrapped, narrower", 8, "12345secret89", []Replacement{{"secret", "pub"}}, "12345pub|   89"},
	{"typed with a mistake", 40, "$ secx\b \bret\r\n", []Replacement{{"secret", "public"}}, "$ public"},
	{"drawn backwards", 40, "\x1b[1;6Ht\x1b[1;5He\x1b[1;4Hr\x1b[1;3Hc\x1b[1;2He\x1b[1;1Hs\x1b[2;1H", []Replacement{{"secret", "public"}}, "public"},
	{"inserted", 40, "sret\x1b[3D\x1b[2@ec\r\n", []Replacement{{"secret", "public"}}, "public"},
	{"scrolled", 40, "\n\n\n\n\n\n\nsecret\n\nx", []Replacement{{"secret", "public"}}, ""},
	{"a blank that was moved over", 40, "my\x1b[Csecret!", []Replacement{{"my secret", "your-code"}}, "your-code!"},
	{"blanks at the end that were moved over", 40, "a secret\x1b[3C!", []Replacement{{"secret   ", "something"}}, "a something!"},
	{"blanks that were moved over stay", 40, "my\x1b[3Csecret!", []Replacement{{"my   secret", "my   public"}}, "my   public!"},
	{"the longest first", 40, "db.example.com example.com", []Replacement{{"example.com", "home.org"}, {"db.example.com", "host"}}, "host           home.org"},
	{"of two that overlap, the longer", 40, "abcdef", []Replacement{{"abc", "1"}, {"bcde", "2"}}, "a2   f"},
	{"of two that overlap, the first", 40, "aaa", []Replacement{{"aa", "xy"}}, "xya"},
	{"the new text is not searched", 40, "ab", []Replacement{{"a", "b"}, {"b", "a"}}, "ba"},
	{"swapped", 40, "user root", []Replacement{{"user", "root"}, {"root", "user"}}, "root user"},
	{"wide for wide", 40, "a 漢字 b", []Replacement{{"漢字", "文"}}, "a 文   b"},
	{"narrow for wide", 40, "a 漢字 b", []Replacement{{"漢字", "kan"}}, "a kan  b"},
	{"wide for narrow", 40, "a kanji b", []Replacement{{"kanji", "漢字"}}, "a 漢字  b"},
	{"wide for narrow, drawn backwards", 40, "\x1b[1;2Hb\x1b[1;1Ha\x1b[1;3Hc", []Replacement{{"ab", "字"}}, "字c"},
	{"wide for narrow over an edge", 4, "123abcdef", []Replacement{{"abcd", "漢字"}}, "123| 字e|f"},
	{"narrow for wide behind an edge", 4, "123漢字x", []Replacement{{"漢字", "abcd"}}, "123|\u3000cd|x"},
	{"narrow for wide behind an edge, full", 4, "1234漢x", []Replacement{{"漢", "ab"}}, "1234|abx"},
	{"a mark without width", 40, "cafe\u0301s", []Replacement{{"cafe\u0301", "tea"}}, "tea s"},
	{"a mark without width, drawn apart", 40, "e\u0301\x1b[1mu\b\be\u0301\r\n", []Replacement{{"e\u0301u", "ab"}}, "ab"},
	{"a mark without width in the new text", 40, "cafes", []Replacement{{"cafe", "caf\u0065\u0301"}}, "cafe\u0301s"},
	{"another character set", 40, "\x1b(0qqq\x1b(B secret", []Replacement{{"───", "---"}, {"secret", "public"}}, "--- public"},
	{"on a long line", 40, strings.Repeat("x", 30000) + "secret\x1b[2J\x1b[Hsecret", []Replacement{{"secret", "public"}}, "public"},
	{"behind a broken character", 40, "\xe4secret0", []Replacement{{"secret", "public"}}, "\ufffdpublic0"},
	{"what is a line in another character set", 40, "\x1b(0qab", []Replacement{{"qab", "xyz"}}, "─▒␉"},
	{"repeated", 40, "sec\x1b[1b", []Replacement{{"ecc", "eii"}}, "seii"},
}

func TestReplaceOnScreen(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, tt := range replaceCases {
		src := newTape(tt.cols, 8).add(format.Output, tt.output)
		for i := range 4 {
			if i > 0 {
				src = newTape(tt.cols, 8).add(format.Output, tt.output).split(random)
			}
			got := strings.TrimRight(strings.Join(finalRows(replaced(t, src, tt.list...)), "|"), "|")
			if tt.name != "scrolled" && got != tt.want {
				t.Errorf("%s, in %d events: the screen shows %q; want %q", tt.name, len(src.events), got, tt.want)
			}
			for _, r := range tt.list {
				if r.Old == "secret" && strings.Contains(replaced(t, src, tt.list...).stream(format.Output), r.Old) {
					t.Errorf("%s: %q is left in the output", tt.name, r.Old)
				}
			}
		}
	}
}

// What is drawn of a text while it is typed is the start of the new one.
func TestReplaceWhileTyped(t *testing.T) {
	src := newTape(40, 4)
	for _, c := range "$ ls secret" {
		src.add(format.Output, string(c))
	}
	got := replaced(t, src, Replacement{"secret", "pub"})
	if want := "$ ls pub   "; got.stream(format.Output) != want || len(got.events) != len(src.events) {
		t.Errorf("the output is %q in %d events; want %q in %d", got.stream(format.Output), len(got.events), want, len(src.events))
	}
}

// A line editor draws the line again at each key. Each time, it shows the start of the new
// text. What only resembles the text stays.
func TestReplaceWhileDrawnAgain(t *testing.T) {
	src := newTape(40, 4).add(format.Output, "seven\r\x1b[Ksecond\r\n")
	typed := []string{"s", "se", "sec", "secx", "sec", "secr", "secre", "secret", "secret!"}
	want := []string{"p", "pu", "pub", "pubx", "pub", "publ", "publi", "public", "public!"}
	for _, line := range typed {
		src.add(format.Output, "\r\x1b[K$ ls \x1b[31m"+line+"\x1b[m")
	}
	got := replaced(t, src, Replacement{"secret", "public"})
	s := vt.New(40, 4)
	s.WriteString(got.events[0].Data)
	if row := strings.TrimRight(s.Row(0).Text(), " "); row != "second" || !strings.Contains(got.events[0].Data, "seven") {
		t.Errorf("the first line is %q, drawn by %q", row, got.events[0].Data)
	}
	for i, ev := range got.events[1:] {
		s.WriteString(ev.Data)
		if row := strings.TrimRight(s.Row(1).Text(), " "); row != "$ ls "+want[i] {
			t.Errorf("for %q, the line is %q; want %q", typed[i], row, "$ ls "+want[i])
		}
	}
}

func TestReplaceElsewhere(t *testing.T) {
	list := []Replacement{{"ann", "bo"}, {"my host", "h;o"}}
	base := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	for _, c := range []struct {
		name     string
		code     format.Code
		in, want string
	}{
		{"title", format.Output, "\x1b]0;ann@my host\a", "\x1b]0;bo@h;o\a"},
		{"directory", format.Output, "\x1b]7;file://my%20host/home/ann\x1b\\", "\x1b]7;file://h%3Bo/home/bo\x1b\\"},
		{"link", format.Output, "\x1b]8;id=ann;https://ann.org/\x1b\\x\x1b]8;;\x1b\\", "\x1b]8;id=ann;https://bo.org/\x1b\\x\x1b]8;;\x1b\\"},
		{"command line", format.Output, "\x1b]133;C;aid=ann;cmdline_url=ssh%20ann%40my%20host\a", "\x1b]133;C;aid=ann;cmdline_url=ssh%20bo%40h%3Bo\a"},
		{"status", format.Output, "\x1b]133;D;ann\a", "\x1b]133;D;ann\a"},
		{"VS Code", format.Output, "\x1b]633;E;ssh ann\\x40my host;ann\a\x1b]633;P;Cwd=/home/ann\a", "\x1b]633;E;ssh bo\\x40h\\x3bo;ann\a\x1b]633;P;Cwd=/home/bo\a"},
		{"clipboard", format.Output, "\x1b]52;c;" + base("I am ann") + "\a", "\x1b]52;c;" + base("I am bo") + "\a"},
		{"iTerm2", format.Output, "\x1b]1337;RemoteHost=ann@my host\a\x1b]1337;SetUserVar=ann=" + base("ann") + "\a", "\x1b]1337;RemoteHost=bo@h;o\a\x1b]1337;SetUserVar=ann=" + base("bo") + "\a"},
		{"through tmux", format.Output, "\x1bPtmux;\x1b\x1b]2;ann\a\x1b\\", "\x1bPtmux;\x1b\x1b]2;bo\a\x1b\\"},
		{"a picture stays", format.Output, "\x1bPq#1ann\x1b\\\x1b_Gann\x1b\\", "\x1bPq#1ann\x1b\\\x1b_Gann\x1b\\"},
		{"colours stay", format.Output, "\x1b]4;1;ann\a", "\x1b]4;1;ann\a"},
		{"input", format.Input, "ssh ann@my host\r", "ssh bo@h;o\r"},
		{"input with a correction", format.Input, "anm\x7fn!", "bom\x7f!"},
		{"keys of kitty's protocol", format.Input, "\x1b[97u\x1b[97;1:3u\x1b[110un.", "\x1b[98u\x1b[98;1:3u\x1b[111u."},
		{"marker", format.Marker, "ann logs in", "bo logs in"},
		{"comment", format.Comment, "# of ann", "# of bo"},
		{"other events", "z", "ann", "bo"},
	} {
		src := newTape(80, 8).add(c.code, c.in)
		for range 3 {
			if got := replaced(t, src, list...).stream(c.code); got != c.want {
				t.Errorf("%s: in %d events, %q became %q; want %q", c.name, len(src.events), c.in, got, c.want)
			}
			src = src.split(rand.New(rand.NewPCG(1, 2)))
		}
	}
	src := newTape(80, 8).add(format.Output, "x")
	src.header.Title, src.header.Command = "of ann", "ssh ann"
	src.header.Env = map[string]string{"HOME": "/home/ann", "TOKEN": "ann12345678"}
	src.header.Extra = []format.Field{{Key: "by", JSON: `{"names":["ann","eve"]}`}}
	h := replaced(t, src, list...).header
	if h.Title != "of bo" || h.Command != "ssh bo" || h.Env["HOME"] != "/home/bo" || h.Env["TOKEN"] != "bo12345678" || h.Extra[0].JSON != `{"names":["bo","eve"]}` {
		t.Errorf("the header is %+v", h)
	}
	if h.Redacted() {
		t.Error("the header says that secrets were removed")
	}
}

func TestReplaceRefuses(t *testing.T) {
	for _, c := range []struct{ old, new, want string }{
		{"", "x", "cannot replace the empty text"},
		{"ann", "anna", `cannot replace "ann": "anna" is wider, 4 columns and not 3 columns, and would move what stands behind it`},
		{"a", "漢", `cannot replace "a": "漢" is wider, 2 columns and not 1 column`},
		{"a\nb", "x", `cannot replace "a\nb": it has control characters`},
		{"ab", "\x1b", `cannot replace "ab": "\x1b" has control characters`},
		{"\xff", "x", "not UTF-8"},
		{"\u0301", "", "no width"},
		{"a漢b", "漢ab", "would stand across those of it"},
		{strings.Repeat("x", 2000), "", "cannot replace a text of 2000 bytes: at most 1024"},
	} {
		if _, err := Replace(context.Background(), Replacement{c.old, c.new}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Replace(%q, %q) returned the error %v; want %q", c.old, c.new, err, c.want)
		}
	}
	if _, err := Replace(context.Background(), Replacement{"a", "b"}, Replacement{"a", "c"}); err == nil {
		t.Error("Replace returned no error for two new texts in place of one")
	}
}

// A recording in which a text cannot be replaced is not written at all.
func TestReplaceFailsClosed(t *testing.T) {
	for _, c := range []struct{ name, output, old, new, want string }{
		{"one character in several cells", "a\x1b[2b", "aaa", "xyz", `cannot replace "aaa", at 0s: one character of the output drew several of it`},
		{"another character set", "\x1b(0ABC", "ABC", "abc", "it was drawn with another character set"},
		{"blanks that no byte drew", "\x1b[40Ca", strings.Repeat(" ", 8), "12345678", "a blank of it was not printed"},
	} {
		f, err := Replace(context.Background(), Replacement{c.old, c.new})
		if err != nil {
			t.Fatal(err)
		}
		src := newTape(80, 8).add(format.Output, c.output)
		src.header.Title = "a title"
		cast := f(src.cast())
		n := 0
		for ev, e := range cast.Events {
			if err = e; ev.Data != "" {
				n++
			}
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || n > 0 || cast.Header.Title != "" {
			t.Errorf("%s: %d events and the error %v; want no event and the error %q", c.name, n, err, c.want)
		}
	}
}

func TestParseReplacement(t *testing.T) {
	for _, c := range []struct{ in, old, new string }{
		{"a=b", "a", "b"}, {"a=", "a", ""}, {"ab=b=", "ab", "b="}, {`"a=b"=c`, "a=b", "c"}, {`abc="b"`, "abc", "b"},
		{`"\"a\""=b`, `"a"`, "b"}, {"ein Wort=two", "ein Wort", "two"},
	} {
		got, err := ParseReplacement(c.in)
		if err != nil || got != (Replacement{c.old, c.new}) {
			t.Errorf("ParseReplacement(%q) = %q, error %v; want %q=%q", c.in, got, err, c.old, c.new)
		}
	}
	for _, in := range []string{"", "a", "=b", `"a"b=c`, `a="b`, "a=longer"} {
		if got, err := ParseReplacement(in); err == nil {
			t.Errorf("ParseReplacement(%q) = %q, without an error", in, got)
		}
	}
}

// FuzzReplace checks that a recording of any output can be read, and that the cursor, and
// what has nothing of the text, is where it was.
func FuzzReplace(f *testing.F) {
	for _, c := range replaceCases {
		f.Add(c.output, uint8(c.cols))
	}
	f.Fuzz(func(t *testing.T, output string, cols uint8) {
		src := newTape(2+int(cols)%60, 5).add(format.Output, output).add(format.Input, output).split(rand.New(rand.NewPCG(1, uint64(len(output)))))
		// The new text has characters that nothing else draws.
		filter, err := Replace(context.Background(), Replacement{"secret", "PUBLIC"}, Replacement{"ab", "Q"})
		if err != nil {
			t.Fatal(err)
		}
		cast := filter(src.cast())
		a, b := vt.New(src.header.Size.Cols, 5), vt.New(src.header.Size.Cols, 5)
		n := 0
		for ev, err := range cast.Events {
			if err != nil {
				return // it fails closed
			}
			if was := src.events[n]; ev.Code == format.Output {
				a.WriteString(was.Data)
				b.WriteString(ev.Data)
			}
			n++
		}
		if n != len(src.events) {
			t.Fatalf("%d events; want %d", n, len(src.events))
		}
		if ac, bc := a.Cursor(), b.Cursor(); ac != bc {
			t.Fatalf("the cursor is %+v; want %+v", bc, ac)
		}
		width, rows := a.Size()
		for y := range rows {
			for x := range width {
				was, is := a.CellText(a.Cell(x, y)), b.CellText(b.Cell(x, y))
				if was != is && (!strings.Contains("secretab", was[:min(len(was), 1)]) || !strings.Contains("PUBLICQ ", is[:min(len(is), 1)])) {
					t.Fatalf("the cell at %d,%d is %q; want %q", x, y, is, was)
				}
			}
		}
	})
}
