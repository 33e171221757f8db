package glyph

import (
	"bytes"
	"image"
	"image/color"
	_ "image/jpeg" // glyphs may be JPEG files
	_ "image/png"  // or PNG files
	"unicode"

	"github.com/go-text/typesetting/font"
	xdraw "golang.org/x/image/draw"
)

// emojiRanges has the runes that are shown in colours unless a selector follows
// (Emoji_Presentation in Unicode's emoji-data.txt), and what is reserved for more of
// them.
var emojiRanges = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x231a, 0x231b, 1}, {0x23e9, 0x23ec, 1}, {0x23f0, 0x23f0, 1}, {0x23f3, 0x23f3, 1}, {0x25fd, 0x25fe, 1}, {0x2614, 0x2615, 1},
		{0x2648, 0x2653, 1}, {0x267f, 0x267f, 1}, {0x2693, 0x2693, 1}, {0x26a1, 0x26a1, 1}, {0x26aa, 0x26ab, 1}, {0x26bd, 0x26be, 1},
		{0x26c4, 0x26c5, 1}, {0x26ce, 0x26ce, 1}, {0x26d4, 0x26d4, 1}, {0x26ea, 0x26ea, 1}, {0x26f2, 0x26f3, 1}, {0x26f5, 0x26f5, 1},
		{0x26fa, 0x26fa, 1}, {0x26fd, 0x26fd, 1}, {0x2705, 0x2705, 1}, {0x270a, 0x270b, 1}, {0x2728, 0x2728, 1}, {0x274c, 0x274c, 1},
		{0x274e, 0x274e, 1}, {0x2753, 0x2755, 1}, {0x2757, 0x2757, 1}, {0x2795, 0x2797, 1}, {0x27b0, 0x27b0, 1}, {0x27bf, 0x27bf, 1},
		{0x2b1b, 0x2b1c, 1}, {0x2b50, 0x2b50, 1}, {0x2b55, 0x2b55, 1},
	},
	R32: []unicode.Range32{
		{0x1f004, 0x1f004, 1}, {0x1f0cf, 0x1f0cf, 1}, {0x1f18e, 0x1f18e, 1}, {0x1f191, 0x1f19a, 1}, {0x1f1e6, 0x1f1ff, 1},
		{0x1f201, 0x1f201, 1}, {0x1f21a, 0x1f21a, 1}, {0x1f22f, 0x1f22f, 1}, {0x1f232, 0x1f236, 1}, {0x1f238, 0x1f23a, 1},
		{0x1f250, 0x1f251, 1}, {0x1f300, 0x1f320, 1}, {0x1f32d, 0x1f335, 1}, {0x1f337, 0x1f37c, 1}, {0x1f37e, 0x1f393, 1},
		{0x1f3a0, 0x1f3ca, 1}, {0x1f3cf, 0x1f3d3, 1}, {0x1f3e0, 0x1f3f0, 1}, {0x1f3f4, 0x1f3f4, 1}, {0x1f3f8, 0x1f43e, 1},
		{0x1f440, 0x1f440, 1}, {0x1f442, 0x1f4fc, 1}, {0x1f4ff, 0x1f53d, 1}, {0x1f54b, 0x1f54e, 1}, {0x1f550, 0x1f567, 1},
		{0x1f57a, 0x1f57a, 1}, {0x1f595, 0x1f596, 1}, {0x1f5a4, 0x1f5a4, 1}, {0x1f5fb, 0x1f64f, 1}, {0x1f680, 0x1f6c5, 1},
		{0x1f6cc, 0x1f6cc, 1}, {0x1f6d0, 0x1f6d2, 1}, {0x1f6d5, 0x1f6df, 1}, {0x1f6eb, 0x1f6ec, 1}, {0x1f6f4, 0x1f6ff, 1},
		{0x1f7e0, 0x1f7eb, 1}, {0x1f7f0, 0x1f7f0, 1}, {0x1f90c, 0x1f93a, 1}, {0x1f93c, 0x1f945, 1}, {0x1f947, 0x1f9ff, 1},
		{0x1fa70, 0x1faff, 1},
	},
}

// isEmoji reports whether a cluster is shown in colours (Unicode TR 51): by a selector,
// or else by its first rune or what joins it.
func isEmoji(runes []rune) bool {
	for _, r := range runes[1:] {
		switch {
		case r == 0x20e3, r >= 0x1f3fb && r <= 0x1f3ff:
			return true
		case r == 0xfe0f:
			if runes[0] > 0x7f {
				return true
			}
		case r == 0xfe0e:
			return false
		}
	}
	return unicode.Is(emojiRanges, runes[0])
}

// drawEmoji draws a cluster in the colours of a font of the system; nil if none has it.
func (f *Fonts) drawEmoji(c cluster, size image.Point) *Glyph {
	for face := range f.system.emoji(c) {
		if g := f.drawColor(face, c, size); g != nil {
			return g
		}
	}
	return nil
}

// drawColor draws a cluster in the colours of a face, as large as it fits the columns;
// nil if the face has no colours for it.
func (f *Fonts) drawColor(face *face, c cluster, size image.Point) (g *Glyph) {
	defer func() {
		if recover() != nil {
			g = nil // the font is malformed
		}
	}()
	glyphs, _ := f.shape(face, c)
	if len(glyphs) == 0 || len(glyphs) > 16 {
		return nil
	}
	box := image.Rectangle{Max: size}
	dst := image.NewRGBA(box)
	if h := int(f.size*1.25 + .5); h < size.Y {
		// Not much larger than the text around it.
		top := min(max(f.baseline-int(f.size*.95+.5), 0), size.Y-h)
		box.Min.Y, box.Max.Y = top, top+h
	}
	// What the font cannot draw as one is drawn side by side.
	for i, p := range glyphs {
		at := box
		at.Min.X, at.Max.X = box.Dx()*i/len(glyphs), box.Dx()*(i+1)/len(glyphs)
		if !f.paintColor(dst, at, face, p.id) {
			return nil
		}
	}
	return &Glyph{Color: nrgba(dst)}
}

// paintColor draws a glyph in its colours, as large as it fits the box.
func (f *Fonts) paintColor(dst *image.RGBA, box image.Rectangle, face *face, id font.GID) bool {
	face.SetPpem(0, 0) // the largest bitmaps
	switch d := face.GlyphData(id).(type) {
	case font.GlyphBitmap:
		img, ok := bitmap(d)
		if !ok {
			return false
		}
		r := inside(img.Bounds().Size(), box)
		xdraw.CatmullRom.Scale(dst, r, img, img.Bounds(), xdraw.Over, nil)
		return true
	case font.GlyphColor:
		return f.paintLayers(dst, box, face, id, d)
	}
	return false
}

// bitmap decodes the picture of a glyph.
func bitmap(b font.GlyphBitmap) (image.Image, bool) {
	if b.Format != font.PNG && b.Format != font.JPG {
		return nil, false
	}
	const most = 1024
	c, _, err := image.DecodeConfig(bytes.NewReader(b.Data))
	if err != nil || c.Width <= 0 || c.Height <= 0 || c.Width > most || c.Height > most {
		return nil, false
	}
	img, _, err := image.Decode(bytes.NewReader(b.Data))
	return img, err == nil
}

// inside returns the largest rectangle of the form of size in the middle of box.
func inside(size image.Point, box image.Rectangle) image.Rectangle {
	w, h := box.Dx(), max(box.Dx()*size.Y/size.X, 1)
	if h > box.Dy() {
		w, h = max(box.Dy()*size.X/size.Y, 1), box.Dy()
	}
	at := box.Min.Add(image.Pt((box.Dx()-w)/2, (box.Dy()-h)/2))
	return image.Rectangle{Min: at, Max: at.Add(image.Pt(w, h))}
}

// nrgba returns the picture with straight alpha.
func nrgba(img *image.RGBA) *image.NRGBA {
	out := image.NewNRGBA(img.Rect)
	for y := img.Rect.Min.Y; y < img.Rect.Max.Y; y++ {
		for x := img.Rect.Min.X; x < img.Rect.Max.X; x++ {
			out.SetNRGBA(x, y, color.NRGBAModel.Convert(img.RGBAAt(x, y)).(color.NRGBA))
		}
	}
	return out
}
