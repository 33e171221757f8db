package edit

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcorpus"
	"github.com/ttydeck/ttydeck/screen"
)

func resize(seconds float64, size string) format.Event {
	return format.Event{Time: time.Duration(seconds * float64(time.Second)), Code: format.Resize, Data: size}
}

// checkWindow applies WindowSize to a recording and fails the test unless the result
// shows, after each event of the source, the upper left corner of what that shows. It
// returns the events of the result.
func checkWindow(t *testing.T, src format.Cast, size format.Size) []format.Event {
	t.Helper()
	from := screen.New(src.Header)
	if src.Header.Size == (format.Size{}) {
		from = screen.Sized(size)
	}
	var got screen.Screen
	n := 0
	events := src.Events
	src.Events = func(yield func(format.Event, error) bool) {
		for ev, err := range events {
			if !yield(ev, err) || err != nil {
				return
			}
			if n++; from.Feed(ev) { // the filter has drawn it now
				if diff := cornerDiff(from, got); diff != "" {
					t.Fatalf("at %v, after event %d, %q: %s", size, n, ev.Data, diff)
				}
			}
		}
	}
	cast := WindowSize(size)(src)
	if size.Cols > 0 && cast.Header.Size.Cols != size.Cols || size.Rows > 0 && cast.Header.Size.Rows != size.Rows {
		t.Fatalf("the size is %v; want %v", cast.Header.Size, size)
	}
	got = screen.New(cast.Header)
	var list []format.Event
	for ev, err := range cast.Events {
		if err != nil {
			break // the corpus has broken recordings
		}
		got.Feed(ev)
		list = append(list, ev)
	}
	return list
}

// cornerDiff returns how got differs from the upper left corner of s.
func cornerDiff(s, got screen.Screen) string {
	cols, rows := got.Size()
	for y := range rows {
		for x := range cols {
			c, d := s.Cell(x, y), got.Cell(x, y)
			if c.Width() == 2 && x == cols-1 {
				continue // cut
			}
			if a, b := s.CellText(c), got.CellText(d); a != b || c.Fg() != d.Fg() || c.Bg() != d.Bg() || c.Attr() != d.Attr() || link(s, x, y) != link(got, x, y) {
				return fmt.Sprintf("the cell at %d,%d is %q %v; want %q %v", x, y, b, d.Attr(), a, c.Attr())
			}
		}
	}
	c, d := s.Cursor(), got.Cursor()
	if inside := c.X < cols && c.Y < rows; d.Visible != (c.Visible && inside) || inside && (c.X != d.X || c.Y != d.Y) {
		return fmt.Sprintf("the cursor is %+v; want %+v", d, c)
	}
	if s.Title() != got.Title() {
		return fmt.Sprintf("the title is %q; want %q", got.Title(), s.Title())
	}
	return ""
}

// link returns the link of a cell.
func link(s screen.Screen, x, y int) string {
	_, uri := s.CellLink(s.Cell(x, y))
	return uri
}

func TestWindowSize(t *testing.T) {
	header := format.Header{Size: format.Size{Cols: 20, Rows: 4}}
	text := out(1, "0123456789abcdefghij\r\nsecond 漢字\r\n\r\nfourth")
	for _, tt := range []struct {
		name   string
		header format.Header
		size   string
		src    []format.Event
		want   []string // rows at the end
	}{
		{"cropped", header, "10x2", []format.Event{text}, []string{"0123456789", "second 漢"}},
		{"cropped in a wide character", header, "8x2", []format.Event{text}, []string{"01234567", "second"}},
		{"padded", header, "30x6", []format.Event{text, out(2, "\x1b[4;20Hx\x1b[Hy\x1b[r\x1b[99;99Hz")}, []string{"y123456789abcdefghij", "second 漢字", "", "fourth             z", "", ""}},
		{"one side", header, "x2", []format.Event{text}, []string{"0123456789abcdefghij", "second 漢字"}},
		{"a resize that is undone", header, "20x4", []format.Event{text, resize(2, "10x3"), out(3, "\x1b[Hx"), resize(4, "20x4"), out(5, "\x1b[Hy")}, nil},
		{"resizes only", header, "5x2", []format.Event{text, resize(2, "10x3"), resize(3, "40x10"), out(4, "\x1b[Hx")}, nil},
		{"an unknown size", format.Header{}, "20x4", []format.Event{text}, nil},
		{"a program asks for a size", header, "20x4", []format.Event{text, out(2, "a\x1b[8;6;30t\x1b[6;1Hb"), out(3, "\x1b[3;1Hc")}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			size, err := format.ParseSize(strings.TrimPrefix(tt.size, "x"))
			if strings.HasPrefix(tt.size, "x") {
				_, err = fmt.Sscanf(tt.size, "x%d", &size.Rows)
			}
			if err != nil {
				t.Fatal(err)
			}
			list := checkWindow(t, cast(tt.header, tt.src...), size)
			got := screen.Sized(format.Size{Cols: max(size.Cols, 20), Rows: size.Rows})
			if size.Cols > 0 {
				got = screen.Sized(size)
			}
			for _, ev := range list {
				if ev.Code == format.Resize {
					t.Errorf("the result has a resize: %v", ev)
				}
				got.Feed(ev)
			}
			for y, want := range tt.want {
				if row := strings.TrimRight(got.Row(y).Text(), " "); row != want {
					t.Errorf("row %d is %q; want %q", y, row, want)
				}
			}
		})
	}
}

// A recording that has the size keeps its bytes; others keep their other events, marks,
// times and length.
func TestWindowSizeKeeps(t *testing.T) {
	header := format.Header{Size: format.Size{Cols: 20, Rows: 4}, Title: "t"}
	other := []format.Event{
		out(0, "\x1b]133;A;aid=1\a$ \x1b]133;B\a"), {Time: time.Second, Code: format.Input, Data: "x"}, {Time: time.Second, Code: format.Marker, Data: "m"},
		out(2, "\x1b[?1h\a\x1b]1337;RemoteHost=h\ax\x1b]2;title\a\x1b]8;;https://h/\aL\x1b]8;;\a"), resize(3, "20x4"), out(4, "\x1b[?2004h"), out(5, "\x1b[5n"),
	}
	src := cast(header, other...)
	same := WindowSize(header.Size)(src)
	if diff := cmp.Diff(other, events(t, same)); diff != "" || !cmp.Equal(same.Header, header, ignoreSource) {
		t.Errorf("with the size that it has, the recording changes (-want +got):\n%s", diff)
	}
	got := checkWindow(t, cast(header, other...), format.Size{Cols: 10, Rows: 3})
	var b strings.Builder
	for _, ev := range got {
		b.WriteString(string(ev.Code) + ev.Data)
	}
	last := 0
	for _, want := range []string{"\x1b]133;A;aid=1\x1b\\", "$ ", "\x1b]133;B\x1b\\", "ix", "mm", "\x1b]1337;RemoteHost=h\x1b\\", "\x1b]2;title\x1b\\", "\x1b]8;;https://h/\x1b\\", "\x1b[?2004h"} {
		i := strings.Index(b.String()[last:], want)
		if i < 0 {
			t.Fatalf("the result has no %q in its place: %q", want, b.String())
		}
		last += i
	}
	if n := len(got); got[n-1].Time != 5*time.Second || got[n-1].Data != "" {
		t.Errorf("the last event is %v; want an empty one, so that the length is the same", got[n-1])
	}
}

// Lines that were on the screen only inside of an event are drawn too, and go on by line
// feeds, so that the output of commands can be read from the result.
func TestWindowSizeKeepsOutput(t *testing.T) {
	long, want := "\x1b[?2004h$ seq 40\r\n\x1b[?2004l\r", "\x1b[?2004h$ seq 40\r\n\x1b[?2004l"
	for i := range 40 {
		long += fmt.Sprintf("line %d\r\n", i)
		want += fmt.Sprintf("line %d\r\n", i)
	}
	long, want = long+"\x1b[?2004h$ ", want+"\x1b[?2004h$ "
	for _, size := range []format.Size{{Cols: 30, Rows: 4}, {Cols: 10, Rows: 4}} {
		src := cast(format.Header{Size: format.Size{Cols: 20, Rows: 4}}, out(1, long))
		if got := checkWindow(t, src, size); len(got) != 1 || got[0].Data != want {
			t.Errorf("at %v, the output is %q; want %q", size, got[0].Data, want)
		}
	}
}

func TestWindowSizeCorpus(t *testing.T) {
	n := 0
	for _, path := range testcorpus.Files(t, "casts/*.cast*", 69) {
		for i, size := range []format.Size{{Cols: 40, Rows: 10}, {Cols: 250, Rows: 70}, {Cols: 80}, {Rows: 24}} {
			if (len(path)+i)%4 != 0 {
				continue
			}
			f, err := format.OpenFile(path)
			if err != nil {
				t.Fatal(err)
			}
			events, bytes := f.Events, 0
			f.Cast.Events = func(yield func(format.Event, error) bool) {
				for ev, err := range events {
					if bytes += len(ev.Data); bytes > 200<<10 || !yield(ev, err) {
						return
					}
				}
			}
			t.Run(filepath.Base(path), func(t *testing.T) { n += len(checkWindow(t, f.Cast, size)) })
			f.Close()
		}
	}
	t.Logf("%d events", n)
}

// BenchmarkWindowSize crops recordings: of lines that scroll, and of a program that
// draws all of its screen. It reports how much longer the output becomes.
func BenchmarkWindowSize(b *testing.B) {
	for _, bb := range []struct{ name, output string }{
		{"lines", strings.Repeat("\x1b[32mdrwxr-xr-x\x1b[m 2 user group 4096 Nov 30 12:34 file # with a name that is long enough.go\r\n", 50)},
		{"screens", "\x1b[H" + strings.Repeat("\x1b[1;33m0123456789 \x1b[mabcdefghij # klmnop", 90)},
		{"keys", "#"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			n, out := 20000, 0
			if len(bb.output) > 1000 {
				n = 500
			}
			b.SetBytes(int64(n * len(bb.output)))
			for b.Loop() {
				out = 0
				src := format.Cast{Header: format.Header{Size: format.Size{Cols: 120, Rows: 30}}, Events: func(yield func(format.Event, error) bool) {
					for i := range n {
						data := strings.ReplaceAll(bb.output, "#", strconv.Itoa(i))
						if !yield(format.Event{Time: time.Duration(i), Code: format.Output, Data: data}, nil) {
							return
						}
					}
				}}
				for ev := range WindowSize(format.Size{Cols: 80, Rows: 24})(src).Events {
					out += len(ev.Data)
				}
			}
			b.ReportMetric(float64(out)/float64(n*len(bb.output)), "out/in")
		})
	}
}
