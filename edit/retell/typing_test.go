package retell

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/screen"
)

const key60 = 60 * time.Millisecond

// retyped types the commands of a session evenly. It returns what the row of the cursor
// shows after each event that is inserted, and what each seam needs.
func retyped(t *testing.T, s session) (rows, seams []string, warnings []Warning) {
	t.Helper()
	inserts, warnings, err := Tidy(s.cast, s.cmds, key60)
	if err != nil {
		t.Fatal(err)
	}
	var ranges []place.Range
	for _, in := range inserts {
		ranges = append(ranges, in.Range)
	}
	source, result := screen.New(s.cast.Header), screen.New(s.cast.Header)
	begun, ended := 0, 0
	for p := range pieces(s.cast.Events, bounds(ranges)) {
		for ended < begun && !before(p.at, inserts[ended].To) {
			change := source.AppendChange(nil, result.Screen)
			result.Write(change)
			seams = append(seams, string(change))
			ended++
		}
		for begun < len(inserts) && !before(p.at, inserts[begun].From) {
			last := time.Duration(0)
			for _, ev := range inserts[begun].Events {
				if ev.Time < last || ev.Time > inserts[begun].Length {
					t.Errorf("an event at %v, after one at %v, of %v", ev.Time, last, inserts[begun].Length)
				}
				last = ev.Time
				if result.Feed(ev) {
					rows = append(rows, result.Row(result.Cursor().Y).Text())
				}
			}
			begun++
		}
		source.Feed(p.Event)
		if ended == begun {
			result.Feed(p.Event)
		}
	}
	return rows, seams, warnings
}

func TestTidy(t *testing.T) {
	h := format.Header{Size: format.Size{Cols: 12, Rows: 5}}
	for _, test := range []struct {
		name  string
		text  string
		cmd   string
		rows  []string
		seams []string
	}{
		{"a word", "◊$ ▪l▪s▪▸\r\n", "$ |ls", []string{"$ l", "$ ls"}, []string{""}},
		{"at once", "◊$ ▪ls▪▸\r\n", "$ |ls", []string{"$ l", "$ ls"}, []string{""}},
		{"corrected", "◊$ ▪x▪\b \bl▪s▪▸\r\n", "$ |ls", []string{"$ l", "$ ls"}, []string{""}},
		{"begun again", "◊$ ▪rm -rf /▪\r$ \x1b[K▪l▪s▪▸\r\n", "$ |ls", []string{"$ l", "$ ls"}, []string{""}},
		{"searched", "◊$ ▪\r(s)`': \x1b[K▪\b\b\bl': ls▪\r\x1b[K$ ls▪▸\r\n", "$ |ls", []string{"$ l", "$ ls"}, []string{""}},
		{"in colours", "◊$ ▪\x1b[31ml▪\b\x1b[32mls\x1b[m -l▪▸\r\n", "$ |ls -l", []string{"$ l", "$ ls", "$ ls ", "$ ls -", "$ ls -l"}, []string{""}},
		{"with a suggestion", "◊$ ▪l\x1b[2ms -l\x1b[m\r\x1b[3C▪s\x1b[K▪▸\r\n", "$ |ls", []string{"$ l", "$ ls"}, []string{"\x1b[1;5H"}},
		{"with the cursor inside", "◊$ ▪s▪\bls\b▪▸\n\r", "$ |ls", []string{"$ l", "$ ls"}, []string{"\x1b[1;4H"}},
		{"with a blank behind", "◊$ ▪ls ▪▸\r\n", "$ |ls", []string{"$ l", "$ ls", "$ ls "}, []string{""}},
		{"wrapped", "◊$ ▪echo 1234567▪▸\r\n", "$ |echo 1234567", []string{"$ e", "$ ec", "$ ech", "$ echo", "$ echo ", "$ echo 1", "$ echo 12", "$ echo 123", "$ echo 1234", "$ echo 12345", "6", "67"}, []string{""}},
		{"to the last column", "◊$ ▪echo 1234▪5 \r▪▸\r\n", "$ |echo 12345", []string{"$ e", "$ ec", "$ ech", "$ echo", "$ echo ", "$ echo 1", "$ echo 12", "$ echo 123", "$ echo 1234", " "}, []string{""}},
		{"wide", "◊$ ▪日本日本日本▪▸\r\n", "$ |日本日本日本", []string{"$ 日", "$ 日本", "$ 日本日", "$ 日本日本", "$ 日本日本日", "本"}, []string{""}},
		{"combined", "◊$ ▪e\u0301x▪▸\r\n", "$ |e\u0301x", []string{"$ e\u0301", "$ e\u0301x"}, []string{""}},
		{"at the bottom", "\n\n\n\n◊$ ▪1234567890▪12▪▸\r\n", "$ |123456789012", []string{"$ 1", "$ 12", "$ 123", "$ 1234", "$ 12345", "$ 123456", "$ 1234567", "$ 12345678", "$ 123456789", "$ 1234567890", "1", "12"}, []string{""}},
		{"below a search that scrolled", "\n\n\n\n◊$ ▪\r\n(search)\x1b[A\r$ ▪ls\r\n\x1b[K\x1b[A\x1b[4C▪▸\x1b[B\r", "$ |ls", []string{"$ l", "$ ls", "$ ls"}, []string{""}},
		{"below a new prompt", "◊~ $ ▪l▪s▪\r\x1b[J$ ls▪▸\r\n", "~ $ |ls", []string{"~ $ l", "~ $ ls"}, []string{"\x1b[H$ ls\x1b[8X\x1b[1;4Hs"}},
		{"above a list", "◊$ ▪l▪\r\nls lz\r\n$ l▪s▪▸\r\n", "$ |ls", []string{"$ l", "$ ls"}, []string{"\x1b[1;4H\x1b[9X\x1b[2Hls lz\x1b[3H$ ls"}},
		{"above a list that scrolled", "\n\n\n\n◊$ ▪l▪\r\nls lz\r\n$ l▪s▪▸\r\n", "$ |ls", []string{"$ l", "$ ls", "$ ls"}, []string{"\x1b[3;4H\x1b[9X\x1b[4Hls lz\x1b[5H$ ls"}},
		{"line by line", "◊$ ▪a\\▪\r\n▪> ▪x▪\bb▪▸\r\n", "$ |a\\\nb", []string{"$ a", "$ a\\", "> b"}, []string{"", ""}},
		{"two lines at once", "◊$ ▪a\\\r\n  b▪▸\r\n", "$ |a\\\nb", []string{"$ a", "$ a\\", "  ", "  b"}, []string{""}},
		{"behind output", "no end◊$ ▪l▪s▪▸\r\n", "$ |ls", []string{"no end$ l", "no end$ ls"}, []string{""}},
		{"behind a prompt of two lines", "◊~\r\n$ ▪l▪s▪▸\r\n", "~\n$ |ls", []string{"$ l", "$ ls"}, []string{""}},
		{"when the screen was cleared", "\n\n◊$ ▪\x1b[H\x1b[2J$ ▪l▪s▪▸\r\n", "$ |ls", []string{"$ l", "$ ls"}, []string{""}},
		{"when it was cleared, with a prompt of two lines", "\n\n◊~\r\n$ ▪\x1b[H\x1b[2J~\r\n$ ▪l▪s▪▸\r\n", "~\n$ |ls", []string{"$ l", "$ ls"}, []string{""}},
		{"beside a prompt", "◊$ \x1b[10G#3\x1b[3G▪l▪s▪▸\r\n", "$ |ls", []string{"$ l      #3", "$ ls     #3"}, []string{""}},
		{"over the prompt beside it", "◊$ \x1b[10G#3\x1b[3G▪1234\x1b[K5678▪▸\r\n", "$ |12345678", []string{"$ 1      #3", "$ 12     #3", "$ 123    #3", "$ 1234   #3", "$ 12345  #3", "$ 123456 #3", "$ 1234567", "$ 12345678"}, []string{""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := newSession(h, test.text, test.cmd)
			rows, seams, warnings := retyped(t, s)
			if !slices.Equal(rows, test.rows) || !slices.Equal(seams, test.seams) || len(warnings) > 0 {
				t.Errorf("rows %q, seams %q, warnings %v; want %q, %q", rows, seams, warnings, test.rows, test.seams)
			}
		})
	}
}

// TestTidyLeaves lists commands that stay as they were.
func TestTidyLeaves(t *testing.T) {
	h := format.Header{Size: format.Size{Cols: 20, Rows: 5}}
	for _, test := range []struct{ name, text, cmd, why string }{
		{"another text", "◊$ ▪l▪s▪▸\r\n", "$ |dir", "its text was not on the screen"},
		{"only a part of it", "◊$ ▪l▪s▪▸\r\n", "$ |l", "its text was not on the screen"},
		{"above", "$ ls\r\n◊$ ▪x▸\r\n", "$ |ls", "its text was not on the screen"},
		{"with the prompt", "◊$ ls▪▸\r\n", "$ |ls", "its prompt came with text"},
		{"on a clear screen", "\n\n◊$ ▪l▪\x1b[H\x1b[2J$ l▪s▪▸\r\n", "$ |ls", "its prompt came with text"},
		{"given before the screen was cleared", "\n\n◊$ ▪ls▪\x1b[H\x1b[2J$ ls▸\r\n", "$ |ls", "nothing was typed"},
	} {
		s := newSession(h, test.text, test.cmd)
		rows, _, warnings := retyped(t, s)
		if len(rows) > 0 || len(warnings) != 1 || warnings[0].Command != 0 || warnings[0].Why != test.why {
			t.Errorf("%s: rows %q, warnings %v; want %q", test.name, rows, warnings, test.why)
		}
	}
	s := newSession(h, "◊$ ▸\r\n", "$ |")
	if rows, _, warnings := retyped(t, s); len(rows)+len(warnings) > 0 {
		t.Errorf("an empty line: rows %q, warnings %v", rows, warnings)
	}
}

func TestTidyTimes(t *testing.T) {
	s := newSession(format.Header{}, "◊$ ▪l▪s▪▸\r\n▪file\r\n▪◊$ ▪pwd▪▸\r\n", "$ |ls", "$ |pwd")
	inserts, _, err := Tidy(s.cast, s.cmds, time.Second)
	if err != nil || len(inserts) != 2 {
		t.Fatalf("%v, %v; want two inserts", inserts, err)
	}
	in := inserts[0]
	if want := (place.Range{From: place.Point{Time: time.Second, Event: 1}, To: s.cmds[0].Start}); in.Range != want || in.Length != 3*time.Second {
		t.Errorf("ls takes %v from %+v; want 3s from %+v, after the pause at the prompt", in.Length, in.Range, want)
	}
	for i, ev := range inserts[1].Events {
		if ev.Time != time.Duration(i+1)*time.Second {
			t.Errorf("character %d of pwd comes at %v", i, ev.Time)
		}
	}
}

// TestTidyEvents keeps what is no typing.
func TestTidyEvents(t *testing.T) {
	at := func(n int, code format.Code, data string) format.Event {
		return format.Event{Time: time.Duration(n) * time.Second, Code: code, Data: data}
	}
	cast := testcast.Of(format.Header{}, at(0, "o", "$ "), at(1, "i", "x"), at(1, "o", "x"), at(2, "m", "here"), at(3, "i", "\x7f"), at(3, "o", "\b \b\x1b]7;file:///a\a"),
		at(4, "#", "note"), at(5, "i", "l"), at(5, "o", "ls"), at(6, "z", "1"), at(7, "i", "\r"), at(7, "o", "\r\n"))
	cmds := []place.Command{{Prompt: "$ ", Text: "ls", Start: place.Point{Time: 7 * time.Second, Event: 11}, End: place.Point{Time: 7 * time.Second, Event: 12}}}
	inserts, warnings, err := Tidy(cast, cmds, time.Second)
	if err != nil || len(inserts) != 1 {
		t.Fatalf("%v, %v, %v; want an insert", inserts, warnings, err)
	}
	var got []string
	for _, ev := range inserts[0].Events {
		got = append(got, ev.Time.String()+" "+string(ev.Code)+" "+ev.Data)
	}
	want := []string{"0s o \x1b]7;file:///a\x1b\\", "1s i l", "1s o l", "1s m here", "2s i s", "2s o s", "3s i \r", "3s # note", "3s z 1"}
	if !slices.Equal(got, want) {
		t.Errorf("inserted %q; want %q", got, want)
	}
	for _, ev := range []format.Event{at(2, "r", "100x30"), at(2, "o", "\x1b]133;C\a")} {
		cast := testcast.Of(format.Header{}, at(0, "o", "$ "), at(1, "o", "l"), ev, at(3, "o", "s"), at(4, "o", "\r\n"))
		cmds[0].Start = place.Point{Time: 4 * time.Second, Event: 4}
		if inserts, warnings, err := Tidy(cast, cmds, time.Second); err != nil || len(inserts) > 0 || len(warnings) != 1 {
			t.Errorf("%v, %v, %v, with %q inside; want a warning", inserts, warnings, err, ev.Data)
		}
	}
}

// TestTidyLong has a line with more typing than is kept.
func TestTidyLong(t *testing.T) {
	s := newSession(format.Header{}, "◊$ ▪"+strings.Repeat("x\b \b", maxTyping/4)+"▪ls▪▸\r\n", "$ |ls")
	if rows, _, warnings := retyped(t, s); len(rows) > 0 || len(warnings) != 1 {
		t.Errorf("rows %q, warnings %v; want a warning", rows, warnings)
	}
}
