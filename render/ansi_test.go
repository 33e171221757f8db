package render

import (
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

func TestAppendANSI(t *testing.T) {
	moments := []screen.Moment{screen.End, {At: 2 * time.Second}, {Event: 3}, {At: 0}, {At: 3 * time.Second}}
	got := make([]string, len(moments))
	err := screen.At(testcast.Session(), moments, func(i int, at time.Duration, s *vt.Screen) error {
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
