package play

import (
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// Window shows a screen that goes on on a terminal of any other size: of a
// larger screen the part where its cursor is, a smaller one in a frame. One
// goroutine may use it.
type Window struct {
	view    view
	painter painter
	picture canvas
}

// NewWindow gives a Window for a terminal that getenv, such as [os.Getenv],
// tells about.
func NewWindow(getenv func(string) string) *Window {
	w := &Window{}
	w.painter.know(getenv, ColorsAuto)
	return w
}

// Draw gives the bytes that bring the screen as it is now onto a terminal of
// that size: they position the cursor, colour, print and erase, and nothing
// else. They are valid until the next call; none: it is there.
func (w *Window) Draw(s *vt.Screen, size format.Size) []byte {
	w.picture.reset(size.Cols, size.Rows)
	w.view.draw(&w.picture, s, size.Rows)
	return w.painter.paint(&w.picture)
}

// Forget says that the terminal shows something else now.
func (w *Window) Forget() { w.painter.forget() }
