package render

import (
	"errors"
	"fmt"
	"image"

	"github.com/ttydeck/ttydeck/format"
)

// Picture is what surrounds the cells of a film, and the colours of all. Lengths are in
// pixels before Scale. The zero Picture has no border.
type Picture struct {
	Theme *Theme // nil means [Themes][0]
	Dark  *Theme // for viewers who prefer dark pages, where the target can tell; nil: Theme

	Padding     int         // around the cells
	Window      Chrome      // the frame around the padding
	Title       string      // in the title bar of Window
	Radius      int         // of the window's corners; at most what Padding has room for, 3.4 times that
	Margin      int         // around the window
	MarginColor *format.RGB // nil: none, if the target has transparency; else the background
	Scale       int         // pixels for each, such as 2 for displays of high density; 0 means 1
}

// Chrome is the frame around a picture.
type Chrome string

// The frames.
const (
	ChromeNone  Chrome = "none"  // no frame
	ChromePlain Chrome = "plain" // a title bar
	ChromeMac   Chrome = "mac"   // a title bar with three buttons
)

// Limits of a picture, in pixels.
const (
	MaxSide   = 16384   // width and height
	MaxPixels = 1 << 26 // width times height
)

// Layout is where everything is in a picture, in pixels of it.
type Layout struct {
	Size   image.Point     // of the picture
	Window image.Rectangle // within the margin
	Bar    image.Rectangle // the title bar at the top of Window; empty if there is none
	Cells  image.Rectangle // of all cells
	Cell   image.Point     // the size of one
	Radius int             // of the corners of Window
	Scale  int             // of the picture; at least 1
}

// ErrTooLarge is the error for a picture of more than [MaxSide] or [MaxPixels].
var ErrTooLarge = errors.New("the picture is too large")

// Layout returns the layout for a film of that size whose cells have that size, in
// pixels after Scale. The error is [ErrTooLarge].
func (p *Picture) Layout(size format.Size, cell image.Point) (Layout, error) {
	scale := max(p.Scale, 1)
	l := Layout{Cell: cell, Radius: p.Radius * scale, Scale: scale}
	margin, padding, bar := p.Margin*scale, p.Padding*scale, 0
	if p.Window == ChromePlain || p.Window == ChromeMac {
		bar = barHeight * scale
	}
	w, h := int64(size.Cols)*int64(cell.X), int64(size.Rows)*int64(cell.Y)
	w += 2 * int64(margin+padding)
	h += 2*int64(margin+padding) + int64(bar)
	if w > MaxSide || h > MaxSide || w*h > MaxPixels {
		return l, fmt.Errorf("%w: %d by %d pixels; at most %d on a side and %d in all", ErrTooLarge, w, h, MaxSide, MaxPixels)
	}
	l.Size = image.Pt(int(w), int(h))
	l.Window = image.Rectangle{Max: l.Size}.Inset(margin)
	l.Bar = image.Rectangle{Min: l.Window.Min, Max: image.Pt(l.Window.Max.X, l.Window.Min.Y+bar)}
	at := image.Pt(l.Window.Min.X+padding, l.Bar.Max.Y+padding)
	// Neither may the cells reach into the corners, nor the corners overlap.
	l.Radius = max(min(l.Radius, padding*17/5, l.Window.Dx()/2, l.Window.Dy()/2), 0)
	l.Cells = image.Rectangle{Min: at, Max: at.Add(image.Pt(size.Cols*cell.X, size.Rows*cell.Y))}
	return l, nil
}

// barHeight is the height of a title bar.
const barHeight = 32
