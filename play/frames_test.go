package play

import (
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/screen"
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

func TestAppendANSI(t *testing.T) {
	moments := []screen.Moment{screen.End, {At: 2 * time.Second}, {Marker: "here"}, {At: 0}, {At: 3 * time.Second}}
	got := make([]string, len(moments))
	err := screen.At(session(), moments, func(i int, at time.Duration, s *vt.Screen) error {
		got[i] = string(AppendANSI(nil, s, ColorsAuto))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"three\x1b[0;1m!\x1b[0m\n", "\x1b[0;31mone\x1b[0m\n", "\x1b[0;31mone\x1b[0m\n", "", "three\n"}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("AppendANSI at %+v = %q; want %q", moments[i], got[i], want[i])
		}
	}
}
