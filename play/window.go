package play

import (
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// Window shows a changing screen on a terminal of another size: the part around
// the cursor of a larger screen, or a smaller screen in a frame. Only one
// goroutine may use it at a time.
type Window struct {
	view    view
	painter painter
	picture canvas
}

// NewWindow returns a Window for the terminal that the variables of getenv, such
// as [os.Getenv], describe.
func NewWindow(getenv func(string) string) *Window {
	w := &Window{}
	w.painter.know(getenv, ColorsAuto)
	return w
}

// Draw returns the bytes that bring the current screen onto a terminal of that
// size; nil if it is there already. They position the cursor, set colours, print
// and erase, and do nothing else. They are valid until the next call.
func (w *Window) Draw(s *vt.Screen, size format.Size) []byte {
	w.picture.reset(size.Cols, size.Rows)
	w.view.draw(&w.picture, s, size.Rows)
	return w.painter.paint(&w.picture)
}

// Forget makes the next Draw return the whole screen. Call it when the terminal
// shows anything else.
func (w *Window) Forget() { w.painter.forget() }
