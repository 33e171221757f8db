package glyph

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"testing"
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

func TestSheetShapes(t *testing.T) {
	for name, size := range sizes {
		s := &sheet{f: newFonts(t, size)}
		ranges := func(from, to rune) {
			for r := from; r <= to; r += 32 {
				var b []rune
				for c := r; c < r+32 && c <= to; c++ {
					b = append(b, c, ' ')
				}
				s.line(run(Regular, string(b))...)
			}
		}
		for _, r := range [][2]rune{
			{0x2500, 0x257f}, {0x2580, 0x259f}, {0x25e2, 0x25e5}, {0x23ba, 0x23bd}, {0xe0a0, 0xe0bf}, {0x2800, 0x28ff}, {0x1fb00, 0x1fbaf},
			{0x1fbce, 0x1fbe7}, {0x1cc21, 0x1cc2f}, {0x1cd00, 0x1cde5}, {0x1ce51, 0x1ceaf},
		} {
			ranges(r[0], r[1])
		}
		for _, text := range []string{
			"┌─┬┐ ┏━┳┓ ╔═╦╗ ╭─┬╮ ┍━┯┑ ┎─┰┒ ╒═╤╕ ╓─╥╖ ╱╲╱╲ ┌┄┄┐ ┏┉┉┓ ╭╮╭╮  ⎺⎻─⎼⎽ ",
			"│ ││ ┃ ┃┃ ║ ║║ │ ││ │ ││ ┃ ┃┃ │ ││ ║ ║║ ╲╱╲╱ ┆  ┆ ┋  ┋ │╰╯│  ◢█◣ ◢◣",
			"├─┼┤ ┣━╋┫ ╠═╬╣ ├─┼┤ ┝━┿┥ ┠─╂┨ ╞═╪╡ ╟─╫╢ ╱╳╳╲ ┊  ┊ ┇  ┇ ╰──╯  ███ ◥◤",
			"└─┴┘ ┗━┻┛ ╚═╩╝ ╰─┴╯ ┕━┷┙ ┖─┸┚ ╘═╧╛ ╙─╨╜ ╲╳╳╱ └╌╌┘ ┗╍╍┛       ◥█◤",
			"╼━╾─╼━ ╽╿ ░░▒▒▓▓██▓▓▒▒░░ ▁▂▃▄▅▆▇█▇▆▅▄▃▂▁ ▏▎▍▌▋▊▉█▐▕ ▀▄▀▄ ▚▚▞▞ 🬀🬁🬂🬃🬄🬅",
			"█\ue0b0 main \ue0b1 src \ue0b0  \ue0b2 x \ue0b3 y \ue0b2██ █\ue0b4 a \ue0b5 b \ue0b6██ \ue0b8 \ue0b9 \ue0ba \ue0bb \ue0bc \ue0bd \ue0be \ue0bf \ue0a0master \ue0a112 \ue0a2ro \ue0a33",
			"⣀⣤⣶⣿⣿⣷⣦⣄⡀ ⢀⣠⣴⣾⣿ ⡇⢸ ⠁⠂⠄⡀ ⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏",
			"\U0001FB3C\U0001FB3D\U0001FB46\U0001FB4A \U0001FB6C\U0001FB6D\U0001FB6E\U0001FB6F \U0001FBA3\U0001FBA8\U0001FBA2 \U0001FBA4\U0001FBA5 \U0001FBD8\U0001FBDA \U0001FBAE\U0001FBAE",
		} {
			s.line(run(Regular, text)...)
		}
		s.write(t, "shapes-"+name)
	}
}

// Text of all kinds, with the fonts of this system.
func TestSheetFallback(t *testing.T) {
	wide := func(style Style, texts ...string) (cells []sheetCell) {
		for _, s := range texts {
			cells = append(cells, sheetCell{s, style, 2})
		}
		return cells
	}
	narrow := func(style Style, texts ...string) (cells []sheetCell) {
		for _, s := range texts {
			cells = append(cells, sheetCell{s, style, 1})
		}
		return cells
	}
	for name, size := range sizes {
		f, err := New(Options{Size: size})
		if err != nil {
			t.Fatal(err)
		}
		s := &sheet{f: f}
		add := func(lists ...[]sheetCell) {
			var all []sheetCell
			for _, l := range lists {
				all = append(append(all, l...), sheetCell{"|", Regular, 1})
			}
			s.line(all...)
		}
		add(run(Regular, "abc"), wide(Regular, "漢", "字", "か", "な", "カ", "ナ", "한", "글", "，", "。", "Ａ", "Ｗ"), run(Regular, "xyz"))
		add(run(Bold, "abc"), wide(Bold, "漢", "字", "か", "な", "カ", "ナ", "한", "글", "，", "。", "Ａ", "Ｗ"), run(Bold, "xyz"))
		add(run(Italic, "abc"), wide(Italic, "漢", "字", "か", "な", "カ", "ナ", "한", "글", "，", "。", "Ａ", "Ｗ"), run(Italic, "xyz"))
		add(wide(Regular, "😀", "🎉", "👩\u200d💻", "👨\u200d👩\u200d👧\u200d👦", "👍🏽", "🇯🇵", "🇩🇪", "❤\ufe0f", "1\ufe0f\u20e3", "⚡", "✅", "🚀", "🏴\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F"))
		add(narrow(Regular, "❤", "❤\ufe0f", "✓", "☃", "☃\ufe0f", "→", "⚠", "⚠\ufe0f", "★", "♥", "✈", "⏏", "™", "©", "⚡\ufe0e", "😀\ufe0e", "⌘", "⎋"))
		add(narrow(Regular, "e\u0301", "a\u0308", "o\u0302\u0301", "n\u0303", "x\u0304", "q\u0307\u0323", "Z\u0351\u036b", "ก\u0e49", "ก\u0e33", "क\u093f", "क\u094dष"), run(Regular, "ไทยสวัสดี"))
		add(run(Regular, "שלום עולם"), run(Bold, "שלום"), run(Regular, "مرحبا بالعالم"), run(Italic, "مرحبا"))
		add(run(Regular, "ąćęłńóśźż ΑΒΓαβγ АБВабв ႠႡ ԱԲ ∀∃∈∑∫√∞≠≤≥ ⟨⟩ ①②③ ⅓½ ℃ № ℵ"))
		add(run(Regular, "\uf001\uf07b\ue706\U000f0a0a\U00012000\U0001f12f\u0e00\u1780\U0010fffd\U000e1000"), wide(Regular, "\U00020000", "\U00020bb7", "\U0002f800", "\U00031350", "\U0001faea", "\U0001f9ff"))
		add(run(Regular, "₀₁₂ ⁰¹² ←↑→↓↔⇒⇔ ♠♣♥♦ ☐☑☒ ●○◉◎ ■□▪▫ ▲△▶▷ ◆◇ ⌂ ⏎ ⌫ ␣ ␀ ⍟ ⣿ ⠿ ﬁ ﬂ"))
		s.write(t, "fallback-"+name)
		for _, m := range f.Missing() {
			t.Logf("%s px: %d texts of %s, such as %v: %s", name, m.Texts, m.Script, m, m.Remedy())
		}
	}
}
