package glyph

import (
	"fmt"
	"image"
	"math"
	"strings"
	"testing"

	"golang.org/x/text/unicode/runenames"
)

// pixels is the mask of a shape in a cell.
type pixels struct {
	image.Point
	mask []uint8
}

func shape(tb testing.TB, r rune, cell image.Point, stroke int) pixels {
	tb.Helper()
	s, ok := ShapeOf(r, cell, 1, stroke)
	if !ok {
		tb.Fatalf("%U %s has no shape", r, runenames.Name(r))
	}
	m := s.mask(cell)
	if m == nil {
		m = make([]uint8, cell.X*cell.Y)
	}
	return pixels{cell, m}
}

func (p pixels) at(x, y int) uint8 { return p.mask[y*p.X+x] }

// edge returns the coverage along a side of the cell: "up", "right", "down" or "left".
func (p pixels) edge(side string) (line []uint8) {
	switch side {
	case "up", "down":
		y := 0
		if side == "down" {
			y = p.Y - 1
		}
		for x := range p.X {
			line = append(line, p.at(x, y))
		}
	default:
		x := 0
		if side == "right" {
			x = p.X - 1
		}
		for y := range p.Y {
			line = append(line, p.at(x, y))
		}
	}
	return line
}

func (p pixels) String() string {
	var b strings.Builder
	for y := range p.Y {
		for x := range p.X {
			b.WriteByte(" .:+*#"[p.at(x, y)/51])
		}
		b.WriteString("|\n")
	}
	return b.String()
}

// shapes lists all characters that are shapes.
func shapes() (list []rune) {
	for r := range rune(0x110000) {
		if drawerOf(r) != nil {
			list = append(list, r)
		}
	}
	return list
}

var oddCells = []image.Point{{10, 22}, {1, 1}, {2, 2}, {3, 7}, {5, 11}, {7, 16}, {8, 16}, {19, 45}, {20, 8}, {200, 400}}

// armsOf reads the weights of the lines of a character from its Unicode name.
func armsOf(name string) map[string]string {
	weights := map[string]string{"LIGHT": "light", "SINGLE": "light", "HEAVY": "heavy", "DOUBLE": "double"}
	sides := map[string][]string{"UP": {"up"}, "DOWN": {"down"}, "LEFT": {"left"}, "RIGHT": {"right"}, "VERTICAL": {"up", "down"}, "HORIZONTAL": {"left", "right"}}
	words := strings.Fields(strings.ReplaceAll(strings.TrimPrefix(name, "BOX DRAWINGS "), "DOUBLE DASH", "DASH"))
	arms := map[string]string{}
	var waiting []string
	first, n := "", 0
	for _, w := range words {
		if weights[w] != "" {
			n++
		}
	}
	prefix := weights[words[0]] != "" // "LIGHT DOWN AND RIGHT", else "DOWN LIGHT AND RIGHT HEAVY"
	for _, w := range words {
		switch {
		case weights[w] != "" && prefix:
			first = weights[w]
		case weights[w] != "":
			for _, s := range waiting {
				arms[s] = weights[w]
			}
			waiting = nil
		case prefix:
			for _, s := range sides[w] {
				arms[s] = first
			}
		default:
			waiting = append(waiting, sides[w]...)
		}
	}
	return arms
}

func TestArmsOf(t *testing.T) {
	for name, want := range map[string]string{
		"BOX DRAWINGS LIGHT DOWN AND RIGHT":                  "map[down:light right:light]",
		"BOX DRAWINGS DOWN LIGHT AND RIGHT UP HEAVY":         "map[down:light right:heavy up:heavy]",
		"BOX DRAWINGS VERTICAL DOUBLE AND HORIZONTAL SINGLE": "map[down:double left:light right:light up:double]",
		"BOX DRAWINGS LIGHT LEFT AND HEAVY RIGHT":            "map[left:light right:heavy]",
		"BOX DRAWINGS LEFT HEAVY AND RIGHT VERTICAL LIGHT":   "map[down:light left:heavy right:light up:light]",
		"BOX DRAWINGS LIGHT QUADRUPLE DASH VERTICAL":         "map[down:light up:light]",
		"BOX DRAWINGS LIGHT ARC UP AND LEFT":                 "map[left:light up:light]",
	} {
		if got := fmt.Sprint(armsOf(name)); got != want {
			t.Errorf("armsOf(%q) = %s; want %s", name, got, want)
		}
	}
}

// Each of the 128 box drawing characters meets the sides that its name says, where the
// straight line of that weight does, and no others.
func TestBoxJoins(t *testing.T) {
	lines := map[string]map[string]rune{
		"light":  {"up": 0x2502, "down": 0x2502, "left": 0x2500, "right": 0x2500},
		"heavy":  {"up": 0x2503, "down": 0x2503, "left": 0x2501, "right": 0x2501},
		"double": {"up": 0x2551, "down": 0x2551, "left": 0x2550, "right": 0x2550},
	}
	checked := 0
	for _, cell := range oddCells {
		for _, stroke := range []int{1, 2, 3} {
			if cell.X < 3*stroke+2 || cell.Y < 3*stroke+2 {
				continue // no room to tell the weights apart
			}
			for r := rune(0x2500); r <= 0x257f; r++ {
				name := runenames.Name(r)
				if strings.Contains(name, "DIAGONAL") {
					continue
				}
				p := shape(t, r, cell, stroke)
				arms := armsOf(name)
				for _, side := range []string{"up", "right", "down", "left"} {
					got := p.edge(side)
					want := make([]uint8, len(got))
					if arms[side] != "" {
						want = shape(t, lines[arms[side]][side], cell, stroke).edge(side)
					}
					if strings.Contains(name, "DASH") && (side == "right" || side == "down") {
						want = make([]uint8, len(got)) // a gap
						if n := p.X; strings.Contains(name, "HORIZONTAL") && n < 8 || strings.Contains(name, "VERTICAL") && p.Y < 8 {
							continue
						}
					}
					if strings.Contains(name, "DASH") && arms[side] == "" {
						want = make([]uint8, len(got))
					}
					if string(got) != string(want) {
						t.Errorf("%U %s, %v, stroke %d: the %s side is %v; want %v\n%v", r, name, cell, stroke, side, got, want, p)
					}
				}
				checked++
			}
		}
	}
	if checked < 1250 {
		t.Errorf("checked %d shapes", checked)
	}
}

// What is drawn hangs together: the lines of a character meet in its middle.
func TestBoxConnected(t *testing.T) {
	for _, cell := range []image.Point{{10, 22}, {19, 45}, {8, 16}, {200, 400}} {
		for r := rune(0x2500); r <= 0x257f; r++ {
			name := runenames.Name(r)
			if strings.Contains(name, "DASH") {
				continue
			}
			want := 1
			switch r {
			case 0x2550, 0x2551, 0x2554, 0x2557, 0x255a, 0x255d:
				want = 2 // lines side by side
			case 0x2560, 0x2563, 0x2566, 0x2569:
				want = 3 // a line and two corners
			case 0x255f, 0x2562, 0x2564, 0x2567:
				want = 2 // a line, and another with a branch
			case 0x256c:
				want = 4 // corners
			}
			p := shape(t, r, cell, max(cell.Y/20, 1))
			if n := p.pieces(); n != want {
				t.Errorf("%U %s, %v: %d pieces; want %d\n%v", r, name, cell, n, want, p)
			}
		}
	}
}

// pieces counts the areas of ink that do not touch.
func (p pixels) pieces() (n int) {
	seen := make([]bool, len(p.mask))
	var fill func(x, y int)
	fill = func(x, y int) {
		if x < 0 || y < 0 || x >= p.X || y >= p.Y || seen[y*p.X+x] || p.at(x, y) == 0 {
			return
		}
		seen[y*p.X+x] = true
		for dx := -1; dx <= 1; dx++ {
			for dy := -1; dy <= 1; dy++ {
				fill(x+dx, y+dy)
			}
		}
	}
	for y := range p.Y {
		for x := range p.X {
			if !seen[y*p.X+x] && p.at(x, y) != 0 {
				n++
				fill(x, y)
			}
		}
	}
	return n
}

// area returns how much of the cell is covered.
func (p pixels) area() float64 {
	sum := 0
	for _, v := range p.mask {
		sum += int(v)
	}
	return float64(sum) / 255 / float64(p.X*p.Y)
}

// fractionOf reads from a name how much of the cell a block covers.
func fractionOf(name string) (float64, bool) {
	for words, f := range map[string]float64{
		"FULL BLOCK": 1, "HALF BLOCK": .5, "ONE EIGHTH BLOCK": 1. / 8, "ONE QUARTER BLOCK": 1. / 4, "THREE EIGHTHS BLOCK": 3. / 8,
		"FIVE EIGHTHS BLOCK": 5. / 8, "THREE QUARTERS BLOCK": 3. / 4, "SEVEN EIGHTHS BLOCK": 7. / 8,
		"ONE THIRD BLOCK": 1. / 3, "TWO THIRDS BLOCK": 2. / 3, "ONE SIXTEENTH BLOCK": 1. / 16,
	} {
		if strings.HasSuffix(name, words) {
			return f, true
		}
	}
	return 0, false
}

// Blocks cover exactly what their names say, on the side that their names say.
func TestBlocks(t *testing.T) {
	cell := image.Pt(24, 48)
	n := 0
	for r := rune(0x2580); r <= 0x1fb8b; r++ {
		if r == 0x25a0 {
			r = 0x1fb70
		}
		name := runenames.Name(r)
		words := strings.Fields(name)
		want, ok := fractionOf(name)
		if !ok || strings.Contains(name, "TRIANGULAR") || len(words) > 4 || drawerOf(r) == nil || strings.Contains(name, "HALF") && words[0] == "MIDDLE" {
			continue
		}
		if words[0] == "MIDDLE" || words[1] == "CENTRE" {
			continue // a quarter that touches two sides; the octants check those
		}
		n++
		p := shape(t, r, cell, 2)
		if got := p.area(); math.Abs(got-want) > 1e-9 {
			t.Errorf("%U %s covers %v; want %v\n%v", r, name, got, want, p)
		}
		side := map[string]string{"UPPER": "up", "LOWER": "down", "LEFT": "left", "RIGHT": "right", "FULL": "up"}[words[0]]
		for _, v := range p.edge(side) {
			if side != "" && v != 255 {
				t.Errorf("%U %s does not fill its side\n%v", r, name, p)
				break
			}
		}
	}
	if n != 19+10 {
		t.Errorf("checked %d blocks", n)
	}
	// Halves meet at any size.
	for _, cell := range oddCells {
		for _, pair := range [][2]rune{{'▀', '▄'}, {'▌', '▐'}, {'▘', '▟'}, {'▚', '▞'}, {'▇', '▔'}, {'▉', '▕'}, {0x1fb86, '▁'}, {0x1fb8b, '▏'}, {0x1fb02, 0x1fb39}} {
			a, b := shape(t, pair[0], cell, 1), shape(t, pair[1], cell, 1)
			for i := range a.mask {
				if int(a.mask[i])+int(b.mask[i]) != 255 {
					t.Errorf("%v: %c and %c do not fill the cell\n%v%v", cell, pair[0], pair[1], a, b)
					break
				}
			}
		}
	}
}

func TestShades(t *testing.T) {
	last := uint8(0)
	for _, r := range "░▒▓█" {
		p := shape(t, r, image.Pt(10, 22), 1)
		for _, v := range p.mask {
			if v != p.mask[0] || v <= last {
				t.Fatalf("%c is not even, or not stronger than %d\n%v", r, last, p)
			}
		}
		last = p.mask[0]
	}
}

// partsOf returns which parts of a grid a shape fills; the whole grid must be filled
// evenly.
func partsOf(tb testing.TB, r rune, cols, rows int) (parts string) {
	cell := image.Pt(8*cols, 6*rows)
	p := shape(tb, r, cell, 1)
	for i := range cols * rows {
		x0, y0 := i%cols*8, i/cols*6
		v := p.at(x0, y0)
		for y := range 6 {
			for x := range 8 {
				if p.at(x0+x, y0+y) != v || v != 0 && v != 255 {
					tb.Fatalf("%U: part %d is not even\n%v", r, i+1, p)
				}
			}
		}
		if v != 0 {
			parts += fmt.Sprint(i + 1)
		}
	}
	return parts
}

// octantNames has the numbers in the names of U+1CD00 to U+1CDE5, BLOCK OCTANT-3 and so
// on, in Unicode 17.
const octantNames = "" +
	"3 23 123 4 14 124 34 134 234 5 15 25 125 135 235 1235 45 145 245 1245 345 1345 2345 12345 6 16 26 " +
	"126 36 136 236 1236 146 246 1246 346 1346 2346 12346 56 156 256 1256 356 1356 2356 12356 456 1456 " +
	"2456 12456 3456 13456 23456 17 27 127 37 137 237 1237 47 147 247 1247 347 1347 2347 12347 157 257 " +
	"1257 357 2357 12357 457 1457 12457 3457 13457 23457 67 167 267 1267 367 1367 2367 12367 467 1467 " +
	"2467 12467 3467 13467 23467 123467 567 1567 2567 12567 3567 13567 23567 123567 4567 14567 24567 " +
	"124567 34567 134567 234567 1234567 18 28 128 38 138 238 1238 48 148 248 1248 348 1348 2348 12348 58 " +
	"158 258 1258 358 1358 2358 12358 458 1458 2458 12458 3458 13458 23458 123458 168 268 1268 368 2368 " +
	"12368 468 1468 12468 3468 13468 23468 568 1568 2568 12568 3568 13568 23568 123568 4568 14568 24568 " +
	"124568 34568 134568 234568 1234568 178 278 1278 378 1378 2378 12378 478 1478 2478 12478 3478 13478 " +
	"23478 123478 578 1578 2578 12578 3578 13578 23578 123578 4578 14578 24578 124578 34578 134578 234578 " +
	"1234578 678 1678 2678 12678 3678 13678 23678 123678 4678 14678 24678 124678 34678 134678 234678 " +
	"1234678 15678 25678 125678 35678 235678 1235678 45678 145678 1245678 1345678 2345678 "

func TestGrids(t *testing.T) {
	names := strings.Fields(octantNames)
	if len(names) != 230 {
		t.Fatalf("%d names", len(names))
	}
	for i, want := range names {
		if got := partsOf(t, rune(0x1cd00+i), 2, 4); got != want {
			t.Errorf("octant %U fills %s; want %s", 0x1cd00+i, got, want)
		}
	}
	for r := rune(0x1fb00); r <= 0x1fb3b; r++ {
		if got, want := partsOf(t, r, 2, 3), strings.TrimPrefix(runenames.Name(r), "BLOCK SEXTANT-"); got != want {
			t.Errorf("sextant %U fills %s; want %s", r, got, want)
		}
	}
	for r := rune(0x2596); r <= 0x259f; r++ {
		var want string
		for i, q := range []string{"UPPER LEFT", "UPPER RIGHT", "LOWER LEFT", "LOWER RIGHT"} {
			if strings.Contains(runenames.Name(r), q) {
				want += fmt.Sprint(i + 1)
			}
		}
		if got := partsOf(t, r, 2, 2); got != want {
			t.Errorf("quadrant %U fills %s; want %s", r, got, want)
		}
	}
	for r, want := range map[rune]string{ // what the octants leave out
		' ': "", '█': "12345678", 0x1cea8: "1", 0x1ceab: "2", 0x1cea3: "7", 0x1cea0: "8", 0x1fbe6: "35", 0x1fbe7: "46",
		0x1fb82: "12", 0x1fb85: "123456", '▂': "78", '▆': "345678", '▘': "13", '▟': "245678",
	} {
		if r == ' ' {
			continue
		}
		if got := partsOf(t, r, 2, 4); got != want {
			t.Errorf("%U fills %s of 8 parts; want %s", r, got, want)
		}
	}
}

// Braille has a dot where the number has a bit.
func TestBraille(t *testing.T) {
	at := [8][2]int{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}, {0, 3}, {1, 3}}
	for _, cell := range []image.Point{{10, 22}, {8, 16}, {19, 45}, {5, 11}, {64, 128}} {
		dot := shape(t, 0x2801, cell, 1).area()
		for r := rune(0x2800); r <= 0x28ff; r++ {
			p := shape(t, r, cell, 1)
			n := 0
			for i, c := range at {
				want := r>>i&1 != 0
				if want {
					n++
				}
				if got := p.at((2*c[0]+1)*cell.X/4, (2*c[1]+1)*cell.Y/8) != 0; got != want && cell.X >= 8 {
					t.Errorf("%U, %v: dot %d: %v; want %v\n%v", r, cell, i+1, got, want, p)
				}
			}
			if got := p.area(); math.Abs(got-float64(n)*dot) > 1e-9 {
				t.Errorf("%U, %v: the dots cover %v; want %d times %v\n%v", r, cell, got, n, dot, p)
			}
			if n > 1 && p.pieces() != n && cell.X >= 8 {
				t.Errorf("%U, %v: dots touch\n%v", r, cell, p)
			}
		}
	}
}

// point returns a named place of a cell of 24 by 24 pixels, as in "UPPER MIDDLE LEFT".
func point(name string) (x, y float64) {
	switch {
	case strings.HasSuffix(name, "CENTRE"):
		x = 12
	case strings.HasSuffix(name, "RIGHT"):
		x = 24
	}
	switch {
	case strings.HasPrefix(name, "UPPER MIDDLE"):
		y = 8
	case strings.HasPrefix(name, "LOWER MIDDLE"):
		y = 16
	case strings.HasPrefix(name, "LOWER"):
		y = 24
	}
	return x, y
}

// Wedges fill the side of the line that their names say.
func TestWedges(t *testing.T) {
	for r := rune(0x1fb3c); r <= 0x1fb67; r++ {
		corner, line, ok := strings.Cut(runenames.Name(r), " BLOCK DIAGONAL ")
		from, to, ok2 := strings.Cut(line, " TO ")
		if !ok || !ok2 {
			t.Fatalf("%U is %s", r, runenames.Name(r))
		}
		cx, cy := point(corner)
		ax, ay := point(from)
		bx, by := point(to)
		side := func(x, y float64) float64 { return (bx-ax)*(y-ay) - (by-ay)*(x-ax) }
		p := shape(t, r, image.Pt(24, 24), 1)
		for y := range 24 {
			for x := range 24 {
				fx, fy := float64(x)+.5, float64(y)+.5
				d := side(fx, fy) / math.Hypot(bx-ax, by-ay)
				want := uint8(0)
				if d*side(cx, cy) > 0 {
					want = 255
				}
				if math.Abs(d) > 1 && p.at(x, y) != want {
					t.Fatalf("%U %s: %d,%d has %d; want %d\n%v", r, runenames.Name(r), x, y, p.at(x, y), want, p)
				}
			}
		}
	}
}

// Triangles fill the sides that their names say, and a quarter of the cell for each.
func TestTriangles(t *testing.T) {
	for r := rune(0x1fb68); r <= 0x1fb6f; r++ {
		name := runenames.Name(r)
		p := shape(t, r, image.Pt(24, 48), 1)
		n := 0
		for word, at := range map[string]image.Point{"LEFT": {2, 24}, "UPPER": {12, 4}, "RIGHT": {21, 24}, "LOWER": {12, 43}} {
			want := strings.Contains(name, word)
			if want {
				n++
			}
			if got := p.at(at.X, at.Y) != 0; got != want {
				t.Errorf("%U %s: %s: %v; want %v\n%v", r, name, word, got, want, p)
			}
		}
		if got, want := p.area(), float64(n)/4; math.Abs(got-want) > .02 {
			t.Errorf("%U %s covers %v; want %v", r, name, got, want)
		}
	}
	for r, at := range map[rune]image.Point{0x25e2: {23, 47}, 0x25e3: {0, 47}, 0x25e4: {0, 0}, 0x25e5: {23, 0}} {
		p := shape(t, r, image.Pt(24, 48), 1)
		if p.at(at.X, at.Y) != 255 || p.at(23-at.X, 47-at.Y) != 0 || math.Abs(p.area()-.5) > .02 {
			t.Errorf("%U %s is wrong\n%v", r, runenames.Name(r), p)
		}
	}
}

// Powerline's segments fill the side that joins their text.
func TestPowerline(t *testing.T) {
	for _, tt := range []struct {
		r    rune
		side string
		area float64
	}{{0xe0b0, "left", .5}, {0xe0b2, "right", .5}, {0xe0b4, "left", math.Pi / 4}, {0xe0b6, "right", math.Pi / 4}} {
		p := shape(t, tt.r, image.Pt(20, 40), 2)
		for i, v := range p.edge(tt.side) {
			if i > 1 && i < 38 && v < 204 {
				t.Errorf("%U: the %s side has a gap\n%v", tt.r, tt.side, p)
				break
			}
		}
		if math.Abs(p.area()-tt.area) > .02 {
			t.Errorf("%U covers %v; want %v\n%v", tt.r, p.area(), tt.area, p)
		}
	}
	for r := rune(0xe0b0); r <= 0xe0bf; r += 2 {
		if solid, line := shape(t, r, image.Pt(20, 40), 2), shape(t, r+1, image.Pt(20, 40), 2); line.area() >= solid.area() || line.area() == 0 {
			t.Errorf("%U is no line", r+1)
		}
	}
}

// Diagonals go on in the cells that they lead to.
func TestDiagonalsJoin(t *testing.T) {
	for _, cell := range []image.Point{{10, 22}, {19, 45}, {8, 16}} {
		for r, corners := range map[rune][][2]int{'╱': {{0, 1}, {1, 0}}, '╲': {{0, 0}, {1, 1}}, '╳': {{0, 0}, {1, 0}, {0, 1}, {1, 1}}} {
			p := shape(t, r, cell, 1)
			for _, c := range corners {
				if p.at(c[0]*(cell.X-1), c[1]*(cell.Y-1)) == 0 {
					t.Errorf("%c, %v: nothing at the corner %v\n%v", r, cell, c, p)
				}
			}
		}
	}
}

// Nothing is outside the cell, and all have ink, at any size.
func TestShapesAtOddSizes(t *testing.T) {
	all := shapes()
	if len(all) < 900 {
		t.Fatalf("%d shapes", len(all))
	}
	for _, cell := range oddCells {
		for _, stroke := range []int{1, 2, 9} {
			if cell.X > 100 && (stroke != 9 || testing.Short()) {
				continue
			}
			for _, r := range all {
				for cols := 1; cols <= 2; cols++ {
					s, _ := ShapeOf(r, cell, cols, stroke)
					check(t, r, s, image.Pt(cell.X*cols, cell.Y))
				}
				if p := shape(t, r, cell, stroke); r != 0x2800 && cell.X >= 5 && stroke < 3 && p.area() == 0 {
					t.Errorf("%U, %v: no ink", r, cell)
				}
			}
		}
	}
	for _, bad := range []image.Point{{}, {-5, -5}, {0, 10}} {
		for _, r := range all {
			s, _ := ShapeOf(r, bad, -1, -1)
			check(t, r, s, image.Pt(max(bad.X, 1), max(bad.Y, 1)))
		}
	}
}

// check checks the form of a shape.
func check(t *testing.T, r rune, s Shape, size image.Point) {
	t.Helper()
	for _, part := range s {
		if part.Coverage == 0 || part.Coverage != quantise(part.Coverage) {
			t.Fatalf("%U: coverage %d", r, part.Coverage)
		}
		open := false
		for i, g := range part.Path {
			if (g.Op == MoveTo) == open || g.Op == Close && !open || i == len(part.Path)-1 && g.Op != Close {
				t.Fatalf("%U: the path is malformed: %+v", r, part.Path)
			}
			open = g.Op != Close
			for _, a := range g.P {
				const e = 1e-6
				if !(a.X >= -e && a.Y >= -e && a.X <= float64(size.X)+e && a.Y <= float64(size.Y)+e) {
					t.Fatalf("%U: %v is outside of %v", r, a, size)
				}
			}
		}
	}
}

// Other characters are no shapes.
func TestNoShape(t *testing.T) {
	for _, r := range []rune{-1, 0, 'A', '─' - 1, 0x25a0, 0x27ff, 0x2900, 0xe0a4, 0xe0c0, 0x1cde6, 0x1fb93, 0x10ffff, math.MaxInt32} {
		if _, ok := ShapeOf(r, image.Pt(10, 22), 1, 1); ok {
			t.Errorf("%U is a shape", r)
		}
	}
}

func BenchmarkShape(b *testing.B) {
	b.ReportAllocs()
	cell := image.Pt(10, 22)
	for b.Loop() {
		s, _ := ShapeOf('┼', cell, 1, 1)
		s.mask(cell)
	}
}
