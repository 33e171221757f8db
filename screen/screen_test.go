package screen

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/vt"
)

var out, marker = testcast.Out, testcast.Marker

// styled returns the text of a screen with the style of each character.
func styled(s *vt.Screen) string {
	var b strings.Builder
	_, rows := s.Size()
	for y := range rows {
		for _, c := range s.Row(y).Cells() {
			if s.CellText(c) == "" {
				continue
			}
			if i, ok := c.Fg().Palette(); ok {
				fmt.Fprintf(&b, "{%d}", i)
			}
			if c.Attr().Has(vt.Bold) {
				b.WriteString("{bold}")
			}
			b.WriteString(s.CellText(c))
		}
	}
	return b.String()
}

func TestFeed(t *testing.T) {
	s := New(format.Header{})
	if cols, rows := s.Size(); cols != 80 || rows != 24 {
		t.Errorf("a screen of unknown size has %dx%d; want 80x24", cols, rows)
	}
	s = New(format.Header{Size: format.Size{Cols: 30}})
	if cols, rows := s.Size(); cols != 30 || rows != 24 {
		t.Errorf("a screen of 30 columns has %dx%d; want 30x24", cols, rows)
	}
	for _, test := range []struct {
		ev      format.Event
		changed bool
		text    string
		cols    int
	}{
		{out(0, "one"), true, "one", 30},
		{format.Event{Code: format.Input, Data: "two"}, false, "one", 30},
		{marker(0, "three"), false, "one", 30},
		{format.Event{Code: format.Resize, Data: "40x5"}, true, "one", 40},
		{format.Event{Code: format.Resize, Data: "40"}, false, "one", 40},
		{format.Event{Code: format.Exit, Data: "0"}, false, "one", 40},
		{format.Event{Code: "z", Data: "four"}, false, "one", 40},
		{out(0, "\x1b[8;7;60t!"), true, "one!", 60},
	} {
		changed := s.Feed(test.ev)
		if cols, _ := s.Size(); changed != test.changed || s.Text() != test.text || cols != test.cols {
			t.Errorf("Feed(%v) = %v, text %q, %d columns; want %v, %q, %d", test.ev, changed, s.Text(), cols, test.changed, test.text, test.cols)
		}
	}
	s = Sized(format.Size{Cols: 30, Rows: 5}, vt.NoSizeChange())
	s.Feed(out(0, "\x1b[8;7;60t!"))
	if cols, rows := s.Size(); cols != 30 || rows != 5 {
		t.Errorf("with NoSizeChange a program made it %dx%d; want 30x5", cols, rows)
	}
}

func TestFrames(t *testing.T) {
	var got []string
	for f, err := range Frames(testcast.Session()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%d %s %v +%v %d", f.Number, f.Event.Code, f.Event.Time, f.Delta, f.Cells))
	}
	want := []string{"1 o 1s +1s 3", "2 o 2s +1s 3", "3 m 3s +1s 0", "4 o 3s +0s 5", "5 r 5s +2s 0", "6 o 6s +1s 1", "7 o 7s +1s 0"}
	if !slices.Equal(got, want) {
		t.Errorf("Frames = %q; want %q", got, want)
	}
}

func TestAt(t *testing.T) {
	moments := []Moment{End, {At: 2 * time.Second}, {Event: 3}, {At: 0}, {At: 3 * time.Second}}
	got := make([]string, len(moments))
	err := At(testcast.Session(), moments, func(i int, at time.Duration, s *vt.Screen) error {
		got[i] = styled(s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"three{bold}!", "{1}o{1}n{1}e", "{1}o{1}n{1}e", "", "three"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("At %+v = %q; want %q", moments[i], got[i], want[i])
		}
	}
}

// A moment may be inside the output of an event.
func TestAtBytes(t *testing.T) {
	moments := []Moment{{Event: 1, Byte: 3}, {Byte: 2}, {Event: 1, Byte: 1}, {Event: 1}, {Event: 2, Byte: 9}, {Event: 9}, {Event: 1, Byte: 3}}
	got := make([]string, len(moments))
	cast := testcast.Of(format.Header{}, out(time.Second, "one"), out(2*time.Second, "\r\x1b[31mtwo"), out(3*time.Second, "!"))
	err := At(cast, moments, func(i int, at time.Duration, s *vt.Screen) error {
		got[i] = fmt.Sprintf("%s at %v", s.Text(), at)
		return nil
	})
	want := []string{"one at 2s", "on at 1s", "one at 2s", "one at 1s", "two! at 3s", "two! at 3s", "one at 2s"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("At %+v = %q, %v; want %q", moments, got, err, want)
	}
}
