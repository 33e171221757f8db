package play

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// The colours shown are those that the viewer asks for: a theme of its own before that
// of the recording.
func TestDeckTheme(t *testing.T) {
	red := &format.Theme{Fg: format.RGB{R: 255}, Palette: make([]format.RGB, 8)}
	blue := &format.Theme{Fg: format.RGB{B: 255}, Palette: make([]format.RGB, 8)}
	for _, tt := range []struct {
		name     string
		recorded bool
		theme    *format.Theme
		want     vt.Color
	}{
		{"mine", false, nil, 0},
		{"that of the recording", true, nil, vt.RGBColor(255, 0, 0)},
		{"another", true, blue, vt.RGBColor(0, 0, 255)},
	} {
		synctest.Test(t, func(t *testing.T) {
			cast := castOf(format.Header{Size: format.Size{Cols: 40, Rows: 5}, Term: format.Term{Theme: red}}, out(time.Second, "text"), out(time.Minute, "."))
			v := startView(t, &Player{Cast: cast, RecordedTheme: tt.recorded, Theme: tt.theme}, 40, 6)
			v.wait(2 * time.Second)
			v.wantRow(0, "text")
			if got := v.vt.Cell(0, 0).Fg(); got != tt.want {
				t.Errorf("%s: the text is drawn with %v; want %v", tt.name, got, tt.want)
			}
		})
	}
}
