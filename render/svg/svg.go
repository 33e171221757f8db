package svg

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"regexp"
	"slices"
	"strconv"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/glyph"
)

// DefaultMaxBytes is the usual limit of a picture's size.
const DefaultMaxBytes = 64 << 20

// DefaultFamily is the usual font: that of the viewer's system for text of fixed width.
const DefaultFamily = `ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace`

// ErrTooLarge is the error for a film whose picture would exceed [Writer.MaxBytes].
var ErrTooLarge = errors.New("the picture would be too large")

// Writer writes a film as SVG.
type Writer struct {
	Film *render.Film // what is shown
	// Picture is the colours and what surrounds the cells; nil means the zero Picture.
	// Its Scale enlarges the picture, whose coordinates stay the same.
	Picture *render.Picture

	FontSize   float64 // in pixels; 0 means 16
	LineHeight float64 // in sizes of the font; 0 means 1.4
	// FontFamily is the font as CSS has it, a list of families; "" means
	// [DefaultFamily].
	FontFamily string
	// Font is the font that the picture is measured for, as [glyph.Options] has it; ""
	// means DejaVu Sans Mono. Name it in FontFamily, too.
	Font string
	// Embed puts the characters of Font that the picture has into it, in front of
	// FontFamily.
	Embed bool

	// Still has only the last frame written.
	Still bool
	// Loops is how often the film is shown; 0 means for ever.
	Loops int
	// ID begins the ids of the elements: a letter, and further letters or digits. That
	// of another picture in the same page must not begin with it. "" means one that is
	// derived from the content.
	ID string
	// Title and Desc say what the picture shows to those who do not see it; "" means
	// the title of the recording, and the text of the last frame.
	Title, Desc string
	// MaxBytes limits the size of the picture, within a sixth, and so the memory, of
	// which there is at most three times that; 0 means [DefaultMaxBytes].
	MaxBytes int
}

// Write writes the picture to w. It runs through the film twice, for a still three times,
// and nothing is written before its end. If the recording ends in an error, the picture is
// that of what comes before, and the error is returned. Otherwise it is [ErrTooLarge],
// [render.ErrTooLarge], that of ctx, or of w.
func (s *Writer) Write(ctx context.Context, w io.Writer) error {
	m, err := s.Film.Measure(ctx)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if m.Frames == 0 {
		if err == nil {
			err = errors.New("svg: the film has no frames")
		}
		return err
	}
	d, err := s.newDrawing(m)
	if err != nil {
		return err
	}
	first := 0
	if s.Still {
		// Frames of another size may be fewer than those measured.
		for fr := range s.Film.Frames(ctx, m.Size) {
			first = max(first, fr.Number)
		}
	}
	var broken error
	for fr, err := range s.Film.Frames(ctx, m.Size) {
		if err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			broken = err
			break
		}
		if fr.Number < first {
			continue
		}
		if err := d.add(fr); err != nil {
			return err
		}
	}
	if len(d.final) == 0 {
		return broken
	}
	if err := d.write(w); err != nil {
		return err
	}
	return broken
}

// drawing is a picture in the making.
type drawing struct {
	*Writer
	picture render.Picture // with a theme, of scale 1
	scale   int
	layout  render.Layout
	title   string
	max     int // bytes

	rows   rows
	lines  []track // of each row of the picture: its rows as ids
	cursor cursorTracks
	till   int64
	final  []string // the text of the last frame
	size   int      // of the tracks, in bytes, roughly
}

// change is what is shown from a tick on.
type change struct {
	tick  int64
	value int
}

// track is what one attribute is, as time passes.
type track []change

// set sets the value from a tick on, and reports whether it is another.
func (t *track) set(tick int64, value int) bool {
	n := len(*t)
	if n > 0 && (*t)[n-1].value == value {
		return false
	}
	if n > 0 && (*t)[n-1].tick == tick {
		(*t)[n-1].value = value
		return false
	}
	*t = append(*t, change{tick, value})
	return true
}

func (t track) final() int { return t[len(t)-1].value }

// changeBytes is about what a change takes in the file.
const changeBytes = 13

var validID = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*$`)

func (s *Writer) newDrawing(m render.Measured) (*drawing, error) {
	if s.ID != "" && !validID.MatchString(s.ID) {
		return nil, fmt.Errorf("svg: the id %q is not a letter and further letters or digits", s.ID)
	}
	d := &drawing{Writer: s, title: s.Title, max: s.MaxBytes}
	if s.Picture != nil {
		d.picture = *s.Picture
	}
	if d.picture.Theme == nil {
		d.picture.Theme = render.Themes[0]
	}
	d.scale = max(d.picture.Scale, 1)
	d.picture.Scale = 1
	if d.title == "" {
		d.title = m.Title
	}
	if d.max <= 0 {
		d.max = DefaultMaxBytes
	}
	fonts, err := glyph.New(glyph.Options{Size: s.FontSize, LineHeight: s.LineHeight, Font: s.Font})
	if err != nil {
		return nil, err
	}
	if d.layout, err = d.picture.Layout(m.Size, fonts.Cell()); err != nil {
		return nil, err
	}
	d.rows.init(fonts, m.Size.Cols)
	if d.rows.embed = s.Embed; d.rows.embed && !d.layout.Bar.Empty() {
		d.rows.note(d.picture.Title+"…", render.Look{})
	}
	d.lines = make([]track, m.Size.Rows)
	return d, nil
}

func (d *drawing) fontSize() float64 {
	if d.FontSize == 0 {
		return 16
	}
	return d.FontSize
}

// add adds a frame.
func (d *drawing) add(fr render.Frame) error {
	c := fr.Canvas
	first := len(d.final) == 0
	tick := fr.Tick
	if first {
		tick, d.final = 0, make([]string, c.Rows)
	}
	d.till = fr.Till
	changes := d.addCursor(tick, c)
	for y := range d.lines {
		if !first && !fr.Dirty[y] {
			continue
		}
		row := c.Row(y)
		d.final[y] = rowText(row)
		if d.lines[y].set(tick, d.rows.row(c, row)) {
			changes++
		}
	}
	d.size += changes * changeBytes
	if d.size+d.rows.bytes > d.max {
		return fmt.Errorf("svg: %w: more than %d bytes", ErrTooLarge, d.max)
	}
	return nil
}

// cursorTracks is the look and the place of the cursor.
type cursorTracks struct {
	look, x, y track
}

// addCursor adds the cursor of a frame, and returns the number of changes.
func (d *drawing) addCursor(tick int64, c *render.Canvas) int {
	t := &d.cursor
	cur := c.Cursor
	if !cur.Visible || cur.Y < 0 || cur.Y >= c.Rows || cur.X < 0 || cur.X >= c.Cols {
		if len(t.look) == 0 {
			t.x.set(tick, 0)
			t.y.set(tick, 0)
		}
		if t.look.set(tick, 0) {
			return 1
		}
		return 0
	}
	row := c.Row(cur.Y)
	x := cur.X
	if row[x].Rest && x > 0 {
		x--
	}
	n := 0
	if t.look.set(tick, d.rows.cursor(c, row[x:], cur.Shape)) {
		n++
	}
	if cur.Shape >= 5 {
		x = cur.X
	}
	if t.x.set(tick, x) {
		n++
	}
	if t.y.set(tick, cur.Y) {
		n++
	}
	return n
}

// write writes the whole picture.
func (d *drawing) write(to io.Writer) error {
	names := d.name()
	w := &out{w: bufio.NewWriter(to)}
	d.document(w, names)
	if w.err == nil {
		w.err = w.w.Flush()
	}
	return w.err
}

// out writes, and keeps the first error.
type out struct {
	w   *bufio.Writer
	err error
	b   []byte
}

func (w *out) str(parts ...string) {
	for _, p := range parts {
		if w.err == nil {
			_, w.err = w.w.WriteString(p)
		}
	}
}

func (w *out) num(n int) { w.b = strconv.AppendInt(w.b[:0], int64(n), 10); w.bytes(w.b) }

func (w *out) bytes(b []byte) {
	if w.err == nil {
		_, w.err = w.w.Write(b)
	}
}

// names are the ids of the rows, the most used ones the shortest.
type names struct {
	prefix string
	of     []string // by the number of the row, without prefix
	order  []int    // rows as they are defined
	used   []int    // how often each is shown
}

// name names the rows.
func (d *drawing) name() *names {
	used := make([]int, len(d.rows.defs))
	count := func(t track) {
		for _, c := range t {
			used[c.value]++
		}
	}
	for _, t := range d.lines {
		count(t)
	}
	count(d.cursor.look)
	n := &names{prefix: d.ID, used: used, of: make([]string, len(used))}
	for i := range used {
		if used[i] > 0 || i == 0 {
			n.order = append(n.order, i)
		}
	}
	slices.SortStableFunc(n.order, func(a, b int) int { return used[b] - used[a] })
	for i, row := range n.order {
		n.of[row] = shortName(i)
	}
	if n.prefix == "" {
		n.prefix = d.hash(n)
	}
	return n
}

// hash returns a prefix that other pictures are unlikely to have.
func (d *drawing) hash(n *names) string {
	h := fnv.New64a()
	for _, row := range n.order {
		io.WriteString(h, d.rows.defs[row])
	}
	var b []byte
	add := func(t track) {
		for _, c := range t {
			b = strconv.AppendInt(b, c.tick, 10)
			b = append(b, ' ')
			b = strconv.AppendInt(b, int64(c.value), 10)
			b = append(b, ' ')
		}
		b = append(b, '\n')
		h.Write(b)
		b = b[:0]
	}
	for _, t := range d.lines {
		add(t)
	}
	add(d.cursor.look)
	add(d.cursor.x)
	add(d.cursor.y)
	fmt.Fprintln(h, d.title, d.layout, d.till, d.Loops, d.Still)
	// Pointers within a struct would be printed as addresses.
	p := d.picture
	fmt.Fprintln(h, *p.Theme, p.Dark, p.Window, p.Title, p.MarginColor)
	// Three characters differ for 200,000 pictures, and each id of a film of ten
	// minutes is written 100,000 times.
	v := h.Sum64()
	id := []byte{nameLetters[v%52]}
	v /= 52
	for range 2 {
		id = append(id, nameLetters[v%62])
		v /= 62
	}
	return string(id)
}

// nameLetters are the characters of ids: letters, digits, and two more.
const nameLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

// shortName returns the nth name, of which the first are the shortest.
func shortName(n int) string {
	var b []byte
	for {
		b = append(b, nameLetters[n%64])
		n = n/64 - 1
		if n < 0 {
			slices.Reverse(b)
			return string(b)
		}
	}
}

// appendRGB appends a colour as CSS has it.
func appendRGB(b []byte, c format.RGB) []byte {
	const digits = "0123456789abcdef"
	if c.R%17 == 0 && c.G%17 == 0 && c.B%17 == 0 {
		return append(b, '#', digits[c.R&15], digits[c.G&15], digits[c.B&15])
	}
	return append(b, '#', digits[c.R>>4], digits[c.R&15], digits[c.G>>4], digits[c.G&15], digits[c.B>>4], digits[c.B&15])
}

func rgb(c format.RGB) string { return string(appendRGB(nil, c)) }

// direct returns the colour of a direct Ink.
func direct(i render.Ink) format.RGB {
	return format.RGB{R: uint8(i >> 16), G: uint8(i >> 8), B: uint8(i)}
}
