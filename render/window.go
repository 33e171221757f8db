package render

import (
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// Window shows a changing screen on a terminal of another size: the part around
// the cursor of a larger screen, or a smaller screen in a frame. Only one
// goroutine may use it at a time.
type Window struct {
	view    View
	painter *Painter
	picture Canvas
}

// NewWindow returns a Window for the terminal that the variables of getenv, such
// as [os.Getenv], describe.
func NewWindow(getenv func(string) string) *Window {
	return &Window{painter: NewPainter(getenv, ColorsAuto)}
}

// Draw returns the bytes that bring the current screen onto a terminal of that
// size; nil if it is there already. They position the cursor, set colours, print
// and erase, and do nothing else. They are valid until the next call.
func (w *Window) Draw(s *vt.Screen, size format.Size) []byte {
	w.picture.Reset(size.Cols, size.Rows)
	w.view.Draw(&w.picture, s, size.Rows)
	return w.painter.Paint(&w.picture)
}

// Forget makes the next Draw return the whole screen. Call it when the terminal
// shows anything else.
func (w *Window) Forget() { w.painter.Forget() }
