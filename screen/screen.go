// Package screen draws recordings: a [Screen] is a [vt.Screen] that is fed with
// the events of a recording.
//
//	s := screen.New(cast.Header)
//	for ev, err := range cast.Events {
//		...
//		s.Feed(ev)
//	}
//	fmt.Println(s.Text())
//
// [At] shows the screen at moments of a recording, and [Frames] what each event
// changes on it.
package screen

import (
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// Screen is the screen of a recording. It is for one goroutine at a time, as a
// [vt.Screen] is.
//
// A program may ask its terminal for another size (CSI 8 t). Few terminals
// obey, and for those that do the recording has a resize; but a recording made
// by a program that only writes has no other sign of the size it draws for. So
// the screen obeys, unless it is made with [vt.NoSizeChange].
type Screen struct {
	*vt.Screen
}

// New returns the screen at the beginning of a recording with that header. An
// unknown size is the usual one; see [format.Size.OrDefault].
func New(h format.Header, opts ...vt.Option) Screen {
	return Sized(h.Size, opts...)
}

// Sized is [New] with only the size of a recording.
func Sized(size format.Size, opts ...vt.Option) Screen {
	size = size.OrDefault()
	return Screen{vt.New(size.Cols, size.Rows, opts...)}
}

// Feed draws an event, and reports whether it is one that can change the screen:
// output, or a resize to a valid size. All others are ignored.
func (s Screen) Feed(ev format.Event) bool {
	switch ev.Code {
	case format.Output:
		s.WriteString(ev.Data)
		return true
	case format.Resize:
		size, err := ev.Size()
		if err == nil {
			s.Resize(size.Cols, size.Rows)
		}
		return err == nil
	}
	return false
}
