package play

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

func session() format.Cast {
	return castOf(format.Header{Size: format.Size{Cols: 20, Rows: 3}},
		out(time.Second, "one"),
		out(2*time.Second, "\r\x1b[31mone\x1b[m"),
		marker(3*time.Second, "here"),
		out(3*time.Second, "\r\x1b[Kthree"),
		format.Event{Time: 4 * time.Second, Code: format.Comment, Data: "no frame"},
		format.Event{Time: 5 * time.Second, Code: format.Resize, Data: "30x3"},
		out(6*time.Second, "\x1b[1m!\x1b[m"),
		out(7*time.Second, "\x1b]0;title\x07"),
	)
}

func TestFrames(t *testing.T) {
	var got []string
	for f, err := range Frames(session()) {
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

func TestScreens(t *testing.T) {
	moments := []Moment{End, {At: 2 * time.Second}, {Marker: "here"}, {At: 0}, {At: 3 * time.Second}}
	got := make([]string, len(moments))
	err := Screens(session(), moments, func(i int, at time.Duration, s *vt.Screen) error {
		got[i] = string(AppendANSI(nil, s, ColorsAuto))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"three\x1b[0;1m!\x1b[0m\n", "\x1b[0;31mone\x1b[0m\n", "\x1b[0;31mone\x1b[0m\n", "", "three\n"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("Screens at %+v = %q; want %q", moments[i], got[i], want[i])
		}
	}
	err = Screens(session(), []Moment{{Marker: "nowhere"}}, func(int, time.Duration, *vt.Screen) error { return nil })
	if !errors.Is(err, ErrNoMarker) {
		t.Errorf("Screens at an unknown marker: %v; want ErrNoMarker", err)
	}
}
