package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/visible"
	"github.com/ttydeck/ttydeck/live"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

type screenOptions struct {
	read   readOptions
	places []place.Place
	ansi   bool
	json   bool
	force  format.Size // replaces the recording's size
	// stranger means that the screen may be another user's.
	stranger bool
}

func screenCommand(e *env) *command {
	var o screenOptions
	return &command{
		name:    "screen",
		purpose: "print the screen of a recording or a session",
		args:    "FILE|URL|-|SESSION",
		examples: []string{
			"ttydeck screen demo.cast --at 12.5",
			"ttydeck screen deploy",
			"ttydeck screen --input-format raw --window-size 80x25 output.log",
		},
		about: `Prints the screen of a recording at each --at and --at-marker, in the order of the flags, or at the
end. For a SESSION in the list of ttydeck ls, prints the current screen. A place that names an event or
a marker is after it.

--json prints an object for each screen, with the text, colours and attributes of every cell that is
not blank.

` + placesHelp,
		flags: append([]group{{"Output", []*flag{
			many(&o.places, "at", "print the screen at `PLACE`: 12.5, 1:23, end, marker:intro, command:3.end; repeatable; see PLACES", place.Parse),
			many(&o.places, "at-marker", "print the screen at the marker `LABEL`, as --at marker:LABEL does; repeatable", parseMarker),
			onOff(&o.ansi, "ansi", "print colours and attributes too, as escape sequences"),
			jsonFlag(&o.json),
			sizeFlag(&o.force, "force-size", "draw on a screen of `COLSxROWS`, whatever size the recording has"),
		}}}, o.read.groups()...),
		first: runningSessions,
		run: func(ctx context.Context, args []string) error {
			if err := e.need(args, 1, 1, "the recording to read"); err != nil {
				return err
			}
			if o.ansi && o.json {
				return errExclude("--ansi", "--json")
			}
			if len(o.places) == 0 {
				if done, err := runScreenNow(ctx, e, o, args[0]); done || err != nil {
					return err
				}
				o.places = []place.Place{place.End}
			}
			return runScreen(ctx, e, o, args[0])
		},
	}
}

func parseMarker(label string) (place.Place, error) {
	if label == "" {
		return place.Place{}, errors.New("want a marker's label")
	}
	return place.Marker(label), nil
}

// moments returns the moments of places, from their points.
func moments(places []place.Place, points []place.Point) []screen.Moment {
	var list []screen.Moment
	for i, p := range points {
		switch {
		case p.Event < 0:
			list = append(list, screen.Moment{At: p.Time})
		case places[i].IsEvent():
			list = append(list, screen.Moment{Event: p.Event + 1})
		case p == place.Point{}: // before the first event
			list = append(list, screen.Moment{At: -1})
		default:
			list = append(list, screen.Moment{Event: p.Event, Byte: p.Byte})
		}
	}
	return list
}

func runScreen(ctx context.Context, e *env, opts screenOptions, name string) error {
	said := &warnings{env: e}
	src, found, err := e.openAt(ctx, name, &opts.read, said, opts.places...)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) && live.CheckName(name) == nil && !hasRecordingName(name) {
			err = withHint(fmt.Errorf("%w, and no running session", err), "ttydeck ls lists the running sessions")
		}
		return err
	}
	defer src.close()
	cast := src.Cast
	if opts.force.Cols > 0 {
		cast.Header.Size.Cols = opts.force.Cols
	}
	if opts.force.Rows > 0 {
		cast.Header.Size.Rows = opts.force.Rows
	}
	cast.Events = untilCancelled(ctx, cast.Events)
	pictures := make([][]byte, len(opts.places))
	err = screen.At(cast, moments(opts.places, found), func(i int, at time.Duration, s *vt.Screen) (err error) {
		pictures[i], err = opts.picture(at, s)
		return err
	})
	said.done()
	for _, p := range pictures {
		if _, werr := e.out.Write(p); werr != nil {
			return werr
		}
	}
	return err
}

// screenPiece is how many bytes of a session's screen are drawn at once: another
// user's may be made to take long, and ctrl-C must work meanwhile.
const screenPiece = 1 << 8

// runScreenNow prints the screen of the running session name. It reports false if
// there is none, or a file of that name.
func runScreenNow(ctx context.Context, e *env, opts screenOptions, name string) (bool, error) {
	own, _, host := strings.Cut(name, "@")
	if _, err := os.Stat(name); err == nil || live.CheckName(own) != nil {
		return false, nil
	}
	client, _, err := openSession(ctx, name)
	if !host && (errors.Is(err, live.ErrNoSession) || errors.Is(err, live.ErrUnsafe)) {
		return false, nil
	} else if err != nil {
		return false, err
	}
	defer client.Close()
	now, err := client.Screen(ctx)
	if err != nil {
		return false, err
	}
	s := screen.Sized(format.Size{Cols: now.Cols, Rows: now.Rows})
	for piece := range slices.Chunk([]byte(now.ANSI), screenPiece) {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		s.Write(piece)
	}
	opts.stranger = !client.Own()
	picture, err := opts.picture(0, s.Screen)
	if err != nil {
		return false, err
	}
	_, err = e.out.Write(picture)
	return true, err
}

// picture returns the output for a screen.
func (opts screenOptions) picture(at time.Duration, s *vt.Screen) ([]byte, error) {
	if opts.json {
		line, err := json.Marshal(newScreenInfo(at, s))
		return append(visible.JSON(line), '\n'), err
	}
	var b bytes.Buffer
	if len(opts.places) > 1 {
		fmt.Fprintf(&b, "# %s\n", clock(at.Seconds()))
	}
	if opts.ansi {
		return render.AppendANSI(b.Bytes(), s, render.ColorsRGB), nil
	}
	text := s.Text()
	if opts.stranger {
		text = strings.Map(func(r rune) rune {
			if unicode.Is(unicode.Bidi_Control, r) {
				return -1 // it would change the order of the text
			}
			return r
		}, text)
	}
	if text != "" {
		b.WriteString(text)
		b.WriteByte('\n')
	}
	return b.Bytes(), nil
}

// screenInfo is the output of screen --json for a screen.
type screenInfo struct {
	Time      float64    `json:"time"` // seconds; that of the last event before the moment
	Cols      int        `json:"cols"`
	Rows      int        `json:"rows"`
	Title     string     `json:"title,omitempty"`
	Cwd       string     `json:"cwd,omitempty"`
	Alternate bool       `json:"alternate_screen"`
	Reverse   bool       `json:"reverse_video,omitempty"`
	Cursor    cursorInfo `json:"cursor"`
	Lines     []lineInfo `json:"lines"` // one for each row
}

type cursorInfo struct {
	X       int  `json:"x"` // from 0
	Y       int  `json:"y"`
	Visible bool `json:"visible"`
	Shape   int  `json:"shape"` // as DECSCUSR numbers it
}

type lineInfo struct {
	Text    string     `json:"text"`
	Wrapped bool       `json:"wrapped,omitempty"` // the line continues in the next row
	Cells   []cellInfo `json:"cells"`             // the cells that are not blank
}

// cellInfo is a cell. A colour is a number of the palette or "#rrggbb"; the default
// colour is omitted.
type cellInfo struct {
	X              int    `json:"x"` // from 0
	Text           string `json:"text"`
	Width          int    `json:"width,omitempty"` // 2 for a wide character
	Fg             any    `json:"fg,omitempty"`
	Bg             any    `json:"bg,omitempty"`
	Bold           bool   `json:"bold,omitempty"`
	Faint          bool   `json:"faint,omitempty"`
	Italic         bool   `json:"italic,omitempty"`
	Blink          bool   `json:"blink,omitempty"`
	Inverse        bool   `json:"inverse,omitempty"`
	Conceal        bool   `json:"conceal,omitempty"`
	Strike         bool   `json:"strike,omitempty"`
	Overline       bool   `json:"overline,omitempty"`
	Underline      string `json:"underline,omitempty"`
	UnderlineColor any    `json:"underline_color,omitempty"`
	Link           string `json:"link,omitempty"`
}

var underlineNames = map[vt.Underline]string{
	vt.SingleUnderline: "single", vt.DoubleUnderline: "double", vt.CurlyUnderline: "curly",
	vt.DottedUnderline: "dotted", vt.DashedUnderline: "dashed",
}

func newScreenInfo(at time.Duration, s *vt.Screen) screenInfo {
	cols, rows := s.Size()
	cursor := s.Cursor()
	info := screenInfo{
		Time: at.Seconds(), Cols: cols, Rows: rows, Title: s.Title(), Cwd: s.Cwd(),
		Alternate: s.OnAlternate(), Reverse: s.Modes().ReverseVideo,
		Cursor: cursorInfo{cursor.X, cursor.Y, cursor.Visible, cursor.Shape},
		Lines:  make([]lineInfo, rows),
	}
	for y := range rows {
		row := s.Row(y)
		line := lineInfo{Text: row.Text(), Wrapped: row.Wrapped(), Cells: []cellInfo{}}
		for x, c := range row.Cells() {
			if c == (vt.Cell{}) || c.Width() == 0 {
				continue
			}
			line.Cells = append(line.Cells, newCellInfo(s, x, c))
		}
		info.Lines[y] = line
	}
	return info
}

func newCellInfo(s *vt.Screen, x int, c vt.Cell) cellInfo {
	attr := c.Attr()
	_, link := s.CellLink(c)
	info := cellInfo{
		X: x, Text: s.CellText(c), Fg: colorInfo(c.Fg()), Bg: colorInfo(c.Bg()),
		Bold: attr.Has(vt.Bold), Faint: attr.Has(vt.Faint), Italic: attr.Has(vt.Italic), Blink: attr.Has(vt.Blink),
		Inverse: attr.Has(vt.Inverse), Conceal: attr.Has(vt.Conceal), Strike: attr.Has(vt.Strike), Overline: attr.Has(vt.Overline),
		Underline: underlineNames[attr.Underline()], UnderlineColor: colorInfo(s.CellUnderlineColor(c)), Link: link,
	}
	if c.Width() == 2 {
		info.Width = 2
	}
	return info
}

func colorInfo(c vt.Color) any {
	if i, ok := c.Palette(); ok {
		return int(i)
	}
	if r, g, b, ok := c.RGB(); ok {
		return fmt.Sprintf("#%02x%02x%02x", r, g, b)
	}
	return nil
}
