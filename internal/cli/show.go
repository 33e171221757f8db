package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/gif"
	"github.com/ttydeck/ttydeck/render/glyph"
	"github.com/ttydeck/ttydeck/render/svg"
)

// pictured is a recording that is ready to be drawn.
type pictured struct {
	convert.Show
	warnings, notes []string // for the user, before it is drawn
	done            func()
}

// shower prepares a recording to be shown.
type shower struct {
	env   *env
	opts  convertOptions
	from  string
	as    string // what the picture is called in messages
	to    *convert.Target
	said  *warnings
	watch func(*input) // is told what is read

	label string // of the marker at which a still is taken
	begun bool   // the recording was opened once, and its faults were said
	// inputs and markers are how many events the last pass had.
	inputs, markers int
}

// show prepares the recording from to be drawn as a target called name. Whoever is told
// of an input by watch may ask for its progress.
func (e *env) show(ctx context.Context, o convertOptions, from, name string, to *convert.Target, said *warnings, watch func(*input)) (s pictured, err error) {
	sh := &shower{env: e, opts: o, from: from, as: name, to: to, said: said, watch: watch,
		label: "\x00still " + rand.Text()} // a label that no recording can have
	if name == "-" {
		sh.as = "the " + to.Name
	}
	var undo []func()
	s.done = func() {
		for _, f := range slices.Backward(undo) {
			f()
		}
	}
	look, changes := &sh.opts.picture, o.changes
	if look.at.given {
		changes.Marker = append(slices.Clone(changes.Marker), look.at.value.String()+"="+sh.label)
	}
	path, remove, err := e.reopenable(ctx, from, &sh.opts.read)
	if err != nil {
		return s, err
	}
	undo = append(undo, remove)
	p, err := changes.of(ctx, e, path, &sh.opts.read)
	undo = append(undo, p.done)
	if err != nil {
		return s, sh.inWords(placeError(from, err))
	}
	p.warn(e)
	looked, done, err := sh.look(ctx, changes, path, p)
	undo = append(undo, done)
	if err != nil {
		return s, sh.inWords(err)
	}
	s.warnings, s.notes = looked.warnings, looked.notes
	debug.FreeOSMemory() // the search takes more than most pictures

	if to.Name == "gif" && look.fps > gif.MaxFPS {
		s.warnings = append(s.warnings, fmt.Sprintf("a GIF has at most %d frames a second", gif.MaxFPS))
		look.fps = gif.MaxFPS
	}
	s.Film = &render.Film{
		FPS: look.fps, Hold: max(look.last, 1), Cursor: cursors[look.cursor], Still: sh.still(),
		Keys: look.keys, Captions: look.captions, Open: looked.open,
	}
	if err := sh.measure(ctx, &s); err != nil {
		return s, sh.inWords(err)
	}
	if err := sh.dress(&s); err != nil {
		return s, err
	}
	return s, s.warnOfSize(ctx, to)
}

// still reports whether only one frame is shown.
func (sh *shower) still() bool { return sh.to.Picture.Still || sh.opts.picture.at.given }

// inWords returns the error of a plan in the words of the flag --at, if that has made it.
func (sh *shower) inWords(err error) error {
	text, at := message(err), sh.opts.picture.at.value.String()
	if said := strings.ReplaceAll(text, "marker "+at+"="+sh.label, "--at "+at); said != text {
		return errors.New(said)
	}
	return err
}

// edited returns a function that opens the recording with a plan applied.
func (sh *shower) edited(ctx context.Context, p planned) func() (format.Cast, error) {
	return func() (format.Cast, error) {
		opts := sh.opts.read.list()
		if !sh.begun {
			opts = append(opts, format.OnWarning(sh.said.add))
			sh.begun = true
		}
		src, err := sh.env.open(ctx, p.path, opts...)
		if err != nil {
			return format.Cast{}, err
		}
		sh.watch(src)
		cast := src.Cast
		cast.Events = closing(untilCancelled(ctx, cast.Events), src.close)
		cast = p.filter(cast)
		if limit := cast.Header.IdleLimit; limit > 0 { // as a player does
			cast = edit.LimitIdle(limit)(cast)
		}
		return cast, nil
	}
}

// shown returns a function that opens what is shown of a recording that edited opens.
func (sh *shower) shown(edited func() (format.Cast, error)) func() (format.Cast, error) {
	var typed edit.Filter // adds the commands as input, where it is shown and missing
	return func() (format.Cast, error) {
		if typed == nil {
			typed = edit.Chain()
			if sh.opts.picture.keys { // those of this very recording, which may be without secrets
				cmds, err := shownCommands(edited)
				if err != nil {
					return format.Cast{}, err
				}
				typed = transcript.Typed(cmds)
			}
		}
		cast, err := edited()
		if err != nil {
			return cast, err
		}
		cast = typed(cast)
		if sh.still() {
			cast.Events = stillOf(cast.Events, sh.label, sh.opts.picture.at)
		}
		sh.inputs, sh.markers = 0, 0
		cast.Events = seeing(cast.Events, func(ev format.Event) {
			switch ev.Code {
			case format.Input:
				sh.inputs++
			case format.Marker:
				sh.markers++
			}
		})
		return cast, nil
	}
}

// look looks for secrets, and does as the policy says. done removes what the result reads.
func (sh *shower) look(ctx context.Context, changes filterOptions, path string, p planned) (l looked, done func(), err error) {
	look := &sh.opts.picture
	what := shownParts{
		still: sh.still(), title: sh.to.Name == "svg" || look.window != "none", links: sh.to.Name == "svg",
		captions: look.captions, keys: look.keys,
	}
	open := sh.shown(sh.edited(ctx, p))
	hidden := func() {}
	var found []string
	var refused error
	if look.secrets != secretsAllow && !changes.redact.wanted() && (look.at.given || changes.removes()) {
		// An edit may remove what shows that something is a secret, and leave the secret.
		whole := changes
		whole.redact.on = true
		clean, err := whole.of(ctx, &env{out: io.Discard, errOut: io.Discard}, path, &sh.opts.read)
		defer clean.done()
		var opened func() (format.Cast, error)
		if err == nil {
			opened, hidden, found, err = hiddenByEdit(ctx, look.secrets, sh.as, what, open, sh.shown(sh.edited(ctx, clean)))
		}
		switch {
		case ctx.Err() != nil:
			return l, hidden, context.Cause(ctx)
		case err != nil && look.secrets != secretsWarn:
			refused = err
		case err != nil:
			found = append(found, sh.as+": cannot look for secrets: "+message(err))
		case opened != nil:
			open = opened
		}
	}
	// It says more of what it finds, so it comes first.
	if l, err = lookAt(ctx, look.secrets, sh.as, what, open); err == nil {
		err = refused
	}
	if len(l.warnings) == 0 {
		l.warnings = found
	}
	return l, func() { l.done(); hidden() }, err
}

// measure measures the film, without overlays that have nothing to show.
func (sh *shower) measure(ctx context.Context, s *pictured) (err error) {
	read := func() error {
		if s.Measured, err = s.Film.Measure(ctx); s.Measured.Frames > 0 && !sh.opts.read.strict && errors.As(err, new(*format.SyntaxError)) {
			return nil // what could be read is shown
		}
		return err
	}
	if err := read(); err != nil {
		return err
	}
	noKeys, noCaptions := s.Film.Keys && sh.inputs == 0, s.Film.Captions && sh.markers == 0
	if !noKeys && !noCaptions {
		return nil
	}
	keys, captions := sh.from+" has neither input nor commands; ttydeck rec --input records what is typed", sh.from+" has no markers; --marker PLACE=LABEL sets one"
	if at := sh.opts.picture.at; at.given {
		keys, captions = "nothing is typed before "+at.value.String(), "there is no marker before "+at.value.String()
	}
	if noKeys {
		s.Film.Keys = false
		s.warnings = append(s.warnings, "--keys: "+keys)
	}
	if noCaptions {
		s.Film.Captions = false
		s.warnings = append(s.warnings, "--captions: "+captions)
	}
	return read()
}

// dress chooses what is around the film, its colours and its fonts.
func (sh *shower) dress(s *pictured) (err error) {
	look := &sh.opts.picture
	p := &render.Picture{
		Theme: render.Themes[0], Padding: look.padding, Window: render.Chrome(look.window), Title: s.Measured.Title,
		Radius: look.radius.value, Margin: look.margin, Scale: look.scale,
	}
	if s.Measured.Theme != nil {
		p.Theme = render.ThemeOf(s.Measured.Theme)
	}
	if look.dark != "" {
		dark, err := readTheme(look.dark)
		if err != nil {
			return err
		}
		p.Dark = render.ThemeOf(dark)
	}
	switch {
	case look.marginInk.given:
		p.MarginColor = &look.marginInk.value
	case sh.to.Picture.Opaque && look.margin > 0: // or the window had no edge
		shade := render.Mix(p.Theme.Fg, p.Theme.Bg, 60)
		p.MarginColor = &shade
	}
	if !look.radius.given && p.Window != render.ChromeNone {
		p.Radius = 8
	}
	font := look.font
	if strings.EqualFold(font.Font, "monospace") { // as fontconfig has it; no family
		font.Font = ""
	}
	font.LineHeight, font.Size, font.Scale = look.lineHeight, float64(look.size), look.scale
	fonts, err := glyph.New(font)
	if err != nil {
		return err
	}
	if !fonts.Monospaced() && sh.to.Name != "ascii" {
		s.warnings = append(s.warnings, fmt.Sprintf("--font %s: its characters differ in width, and stand in columns all the same; a monospaced font looks better", font.Font))
	}
	s.Picture, s.Fonts, s.Loops, s.Embed = p, fonts, look.loops, look.embed
	s.FontSize, s.LineHeight, s.Font = font.Size, font.LineHeight, font.Font
	if font.Font != "" && !strings.ContainsAny(font.Font, "/.") {
		s.FontFamily = strconv.Quote(font.Font) + "," + svg.DefaultFamily
	}
	if _, err := p.Layout(s.Measured.Size, fonts.Cell()); errors.Is(err, render.ErrTooLarge) {
		return withHint(err, "--window-size 120x40 shows a part; --font-size and --scale make all smaller")
	} else if err != nil {
		return err
	}
	return nil
}

// warnOfSize adds a warning of a picture that nobody wants to load or to wait for.
func (s *pictured) warnOfSize(ctx context.Context, to *convert.Target) error {
	m, cell := s.Measured, s.Fonts.Cell()
	pixels := int64(m.Size.Cols*cell.X) * int64(m.Size.Rows*cell.Y)
	ticks := s.Film.Tick(m.Length)
	expected := int64(to.Picture.BytesPerPixel * float64(m.Cells) * float64(cell.X*cell.Y))
	switch {
	case expected > largePicture/2 && !to.Picture.Video:
		if to.Picture.Estimate != nil {
			bytes, err := to.Picture.Estimate(ctx, &s.Show)
			if err != nil && !errors.As(err, new(*format.SyntaxError)) {
				return err
			}
			expected = bytes
		}
		if expected > largePicture {
			s.warnings = append(s.warnings, fmt.Sprintf("this %s will be large, about %s: %d frames change most of the screen; an SVG, or --fps 5, --speed and --cut, make less",
				strings.ToUpper(to.Name), bytesText(expected), m.Frames))
		}
	case to.Picture.Video && ticks > longVideo/max(pixels, 1):
		s.warnings = append(s.warnings, fmt.Sprintf("this video will take long: it has %d frames of %d by %d pixels; --fps 10, --speed and -i make less",
			ticks, m.Size.Cols*cell.X, m.Size.Rows*cell.Y))
	}
	return nil
}

// largePicture is the size from which a picture is too large to be sent to a browser.
const largePicture = 20_000_000

// longVideo is the number of pixels of a video that takes some minutes.
const longVideo = 20_000_000_000

// removes reports whether a recipe may remove or change what shows that something is a
// secret.
func (o *filterOptions) removes() bool {
	r, err := o.recipe()
	r.Theme, r.Title, r.Marker, r.RenameMarker, r.RemoveMarker = "", nil, nil, nil, nil
	r.Speed, r.IdleTimeLimit, r.Pause = nil, nil, nil
	return err != nil || !reflect.ValueOf(r).IsZero()
}

// shownCommands returns the commands of a recording, without their output.
func shownCommands(open func() (format.Cast, error)) ([]transcript.Command, error) {
	cast, err := open()
	if err != nil {
		return nil, err
	}
	var cmds []transcript.Command
	for cmd, err := range transcript.Commands(cast, transcript.Options{Nonce: cast.Header.Nonce()}) {
		if errors.As(err, new(*format.SyntaxError)) {
			break // what could be read is shown
		} else if err != nil {
			return nil, err
		}
		cmd.Output = ""
		cmds = append(cmds, cmd)
	}
	return cmds, nil
}

// errNoStill is the error for a still of a place that is cut out.
var errNoStill = errors.New("--at: the place is cut out")

// stillOf returns the events up to the marker with that label and those that belong to the
// place, as in ttydeck screen: all of that time, or the event that the place names. Without
// a place, it returns all events.
func stillOf(events format.Events, label string, at optional[place.Place]) format.Events {
	if !at.given {
		return events
	}
	timed := slices.Contains([]string{"time", "start", "end", "percent", "clock"}, at.value.Kind())
	return func(yield func(format.Event, error) bool) {
		found := false
		var when time.Duration
		for ev, err := range events {
			if err == nil && !found && ev.Code == format.Marker && ev.Data == label {
				found, when = true, ev.Time
				if !timed && !at.value.IsEvent() {
					return
				}
				continue
			}
			if err == nil && found && timed && ev.Time > when {
				return
			}
			if !yield(ev, err) || found && !timed {
				return
			}
		}
		if !found {
			yield(format.Event{}, errNoStill)
		}
	}
}
