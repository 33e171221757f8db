package glyph

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"
	"unicode/utf8"
)

// sheet is a picture of cells, for eyes.
type sheet struct {
	f    *Fonts
	rows [][]sheetCell
}

type sheetCell struct {
	text  string
	style Style
	cols  int
}

// line adds a line of runs, each of a style and its texts.
func (s *sheet) line(cells ...sheetCell) { s.rows = append(s.rows, cells) }

// run returns the cells of a text, a rune each.
func run(style Style, text string) (cells []sheetCell) {
	for _, r := range text {
		cells = append(cells, sheetCell{string(r), style, 1})
	}
	return cells
}

// image draws the sheet.
func (s *sheet) image() *image.NRGBA {
	cell := s.f.Cell()
	cols := 0
	for _, row := range s.rows {
		n := 0
		for _, c := range row {
			n += c.cols
		}
		cols = max(cols, n)
	}
	img := image.NewNRGBA(image.Rect(0, 0, cols*cell.X, len(s.rows)*cell.Y))
	draw.Draw(img, img.Rect, image.NewUniform(color.NRGBA{24, 24, 32, 255}), image.Point{}, draw.Src)
	for y, row := range s.rows {
		x := 0
		for _, c := range row {
			g := s.f.Glyph(c.text, c.style, c.cols)
			r := image.Rect(x*cell.X, y*cell.Y, (x+c.cols)*cell.X, (y+1)*cell.Y)
			if g.Mask != nil {
				m := &image.Alpha{Pix: g.Mask, Stride: r.Dx(), Rect: image.Rect(0, 0, r.Dx(), r.Dy())}
				draw.DrawMask(img, r, image.NewUniform(color.NRGBA{230, 230, 230, 255}), image.Point{}, m, image.Point{}, draw.Over)
			}
			if g.Color != nil {
				draw.Draw(img, r, g.Color, image.Point{}, draw.Over)
			}
			x += c.cols
		}
	}
	return img
}

// write writes the sheet to the folder that TTYDECK_SHEETS names.
func (s *sheet) write(t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("TTYDECK_SHEETS")
	if dir == "" {
		t.Skip("SKIPPED: " + t.Name() + ": TTYDECK_SHEETS, the folder for pictures to look at, is not set")
	}
	out, err := os.Create(filepath.Join(dir, name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	if err := png.Encode(out, s.image()); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
}

var sizes = map[string]float64{"8": 8, "12": 12, "16": 16, "20": 20, "32": 32}

func TestSheetText(t *testing.T) {
	for name, size := range sizes {
		s := &sheet{f: newFonts(t, size)}
		for style := range Style(4) {
			s.line(run(style, "The quick brown fox jumps over the lazy dog 0O1lI|")...)
			s.line(run(style, "func (f *Fonts) Glyph(text string) { return x[i] != 0 }")...)
			s.line(run(style, "~!@#$%^&*()_+-=<>?/\\;:'\",.` ___ éàüßñ яжд Ωλ → ✓ • …")...)
		}
		s.write(t, "text-"+name)
	}
}

var _ = utf8.RuneLen
