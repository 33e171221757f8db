package cli

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/atomicfile"
	"github.com/ttydeck/ttydeck/internal/timecode"
	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/render/gif"
	"github.com/ttydeck/ttydeck/render/glyph"
	"github.com/ttydeck/ttydeck/render/svg"
	"github.com/ttydeck/ttydeck/render/video"
)

// pictureOptions are the flags for pictures.
type pictureOptions struct {
	at       optional[place.Place] // of a still
	fps      int
	last     time.Duration
	loops    int
	keys     bool
	captions bool
	cursor   string
	snippet  bool
	link     string
	dryRun   bool
	secrets  secretsPolicy

	dark       string
	font       glyph.Options
	embed      bool
	scale      int
	window     string
	radius     optional[int]
	padding    int
	margin     int
	marginInk  optional[format.RGB]
	lineHeight float64
	size       int

	flags []group // all of them
}

func newPictureOptions() pictureOptions {
	return pictureOptions{fps: render.DefaultFPS, last: render.DefaultHold, scale: 1, padding: 10, lineHeight: 1.4, size: 16}
}

// cursors are the values of --cursor.
var cursors = map[string]render.CursorShape{
	"recorded": render.CursorRecorded, "block": render.CursorBlock, "underline": render.CursorUnderline, "bar": render.CursorBar, "none": render.CursorNone,
}

func (o *pictureOptions) groups() []group {
	return []group{
		{"Pictures and films", []*flag{
			valued(&o.at, "at", "write a still of the screen at `PLACE`; see PLACES", func(s string) (optional[place.Place], error) {
				p, err := place.Parse(s)
				return optional[place.Place]{p, true}, err
			}),
			between(&o.fps, 1, 60, "fps", "show at most `N` frames a second"),
			valued(&o.last, "last-frame", "show the last frame for `SECONDS`", parseLength),
			between(&o.loops, 0, 65535, "loops", "play it `N` times; 0: for ever"),
			onOff(&o.keys, "keys", "show what was typed below the screen, also where it was not echoed"),
			onOff(&o.captions, "captions", "show the markers below the screen"),
			oneOf(&o.cursor, "cursor", "draw the cursor as `SHAPE`: recorded, block, underline, bar or none", "recorded", "block", "underline", "bar", "none"),
		}},
		{"Publishing pictures", []*flag{
			secretsFlag(&o.secrets),
			onOff(&o.snippet, "snippet", "print the Markdown that shows OUT on a page"),
			word(&o.link, "link", "with --snippet, have a click lead to `URL`"),
		}},
		{"Looks of pictures", []*flag{
			word(&o.font.Font, "font", "use the font `FONT`: a file, or the name of a family (default: DejaVu Sans Mono)"),
			between(&o.size, 4, 200, "font-size", "use a font of `PIXELS`"),
			valued(&o.lineHeight, "line-height", "make lines `N` times as high as the font", parseLineHeight),
			onOff(&o.embed, "embed-font", "put the characters' shapes into the SVG"),
			between(&o.scale, 1, 8, "scale", "draw `N` pixels for each; 2 is for displays of high density"),
			valued(&o.dark, "dark-theme", "in an SVG, use `THEME` on dark pages, and --theme on light ones", func(s string) (string, error) {
				_, err := readTheme(s)
				return s, err
			}).offering(themeNames),
		}},
		{"Around pictures", []*flag{
			oneOf(&o.window, "window", "draw a window around the picture: `STYLE` is none, plain or mac", "none", "plain", "mac"),
			between(&o.padding, 0, 1000, "padding", "leave `PIXELS` around the text"),
			valued(&o.radius, "radius", "round the corners by `PIXELS` (default: 8 with a window)", func(s string) (optional[int], error) {
				n, err := parseBetween(s, 0, 1000)
				return optional[int]{n, true}, err
			}),
			between(&o.margin, 0, 1000, "margin", "leave `PIXELS` around the window"),
			valued(&o.marginInk, "margin-color", "fill the margin with `COLOR`, such as #336699 (default: transparent, or a shade of the background where the format cannot)", func(s string) (optional[format.RGB], error) {
				c, err := parseColor(s)
				return optional[format.RGB]{c, true}, err
			}),
		}},
	}
}

// givenIn lists the flags that were given, as they are written.
func givenIn(groups []group) (names []string) {
	for _, g := range groups {
		for _, f := range g.flags {
			if f.given {
				names = append(names, "--"+f.name)
			}
		}
	}
	return names
}

// themeNames lists the built-in themes, for completion.
func themeNames(*env) (names []string) {
	for _, t := range render.Themes {
		names = append(names, t.Name)
	}
	return names
}

// themeList lists the built-in themes, for the help.
func themeList() string {
	var b strings.Builder
	width := 0
	for i, t := range render.Themes {
		if width += len(t.Name) + 2; i == 0 || width > 96 {
			b.WriteString("\n   ")
			width = 3 + len(t.Name) + 2
		} else {
			b.WriteString(", ")
		}
		b.WriteString(t.Name)
	}
	return b.String()[1:]
}

// between returns a flag whose value is a whole number in a range.
func between(p *int, least, most int, names, usage string) *flag {
	return valued(p, names, usage, func(s string) (int, error) { return parseBetween(s, least, most) })
}

func parseBetween(s string, least, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("invalid number %q: want a whole number from %d to %d", s, least, most)
	}
	return n, nil
}

// parseColor parses a colour as pages have it: #336699 or #369.
func parseColor(s string) (format.RGB, error) {
	if digits := strings.TrimPrefix(s, "#"); len(digits) == 3 {
		s = "#" + string([]byte{digits[0], digits[0], digits[1], digits[1], digits[2], digits[2]})
	}
	return format.ParseRGB(s)
}

func parseLineHeight(s string) (float64, error) {
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || !(x >= 1 && x <= 4) {
		return 0, fmt.Errorf("invalid line height %q: want a number from 1 to 4", s)
	}
	return x, nil
}

// parseLength parses a length of time that is not negative.
func parseLength(s string) (time.Duration, error) {
	d, err := parseDuration(s)
	if err == nil && d < 0 {
		err = fmt.Errorf("invalid time %q: want 0 or more", s)
	}
	return d, err
}

// pictured is a recording that is ready to be drawn.
type pictured struct {
	convert.Show
	warnings, notes []string // for the user, before it is drawn
	done            func()
}

// show prepares the recording from to be drawn as a target called name.
func (e *env) show(ctx context.Context, o convertOptions, from, name string, to *convert.Target, said *warnings, watch func(*input)) (s pictured, err error) {
	s.done = func() {}
	look := o.picture
	still := to.Picture.Still || look.at.given
	changes := o.changes
	label := "\x00still " + rand.Text() // that no recording can have
	if look.at.given {
		changes.Marker = append(slices.Clone(changes.Marker), look.at.value.String()+"="+label)
	}
	// The error of a plan, in the words of the flag --at if that has made it.
	inWords := func(err error) error {
		text := message(err)
		if said := strings.ReplaceAll(text, "marker "+look.at.value.String()+"="+label, "--at "+look.at.value.String()); said != text {
			return errors.New(said)
		}
		return err
	}
	path, remove, err := e.reopenable(ctx, from, &o.read)
	if err != nil {
		return s, err
	}
	p, err := changes.of(ctx, e, path, &o.read)
	looked := looked{done: func() {}}
	hidden := func() {}
	s.done = func() { looked.done(); hidden(); p.done(); remove() }
	if err != nil {
		return s, inWords(placeError(from, err))
	}
	p.warn(e)
	first := true
	// with returns a function that opens the recording with a plan applied.
	with := func(p planned) func() (format.Cast, error) {
		return func() (format.Cast, error) {
			opts := o.read.list()
			if first {
				opts = append(opts, format.OnWarning(said.add))
				first = false
			}
			src, err := e.open(ctx, p.path, opts...)
			if err != nil {
				return format.Cast{}, err
			}
			watch(src)
			cast := src.Cast
			cast.Events = closing(untilCancelled(ctx, cast.Events), src.close)
			cast = p.filter(cast)
			if limit := cast.Header.IdleLimit; limit > 0 { // as a player does
				cast = edit.LimitIdle(limit)(cast)
			}
			return cast, nil
		}
	}
	edited := with(p)
	typed := edit.Chain()
	if look.keys {
		cmds, err := shownCommands(edited)
		if err != nil {
			return s, inWords(err)
		}
		typed = transcript.Typed(cmds)
	}
	var inputs, markers int // of the last pass
	finished := func(edited func() (format.Cast, error)) (format.Cast, error) {
		cast, err := edited()
		if err != nil {
			return cast, err
		}
		cast = typed(cast)
		inputs, markers = 0, 0
		cast.Events = seeing(cast.Events, func(ev format.Event) {
			switch ev.Code {
			case format.Input:
				inputs++
			case format.Marker:
				if ev.Data != label {
					markers++
				}
			}
		})
		if still {
			cast.Events = stillOf(cast.Events, label, look.at)
		}
		return cast, nil
	}
	shownAs := name
	if name == "-" {
		shownAs = "the " + to.Name
	}
	open := func() (format.Cast, error) { return finished(edited) }
	what := shownParts{
		still: still, title: to.Name == "svg" || look.window != "none", links: to.Name == "svg", captions: look.captions, keys: look.keys,
	}
	var cutFree []string
	var refused error
	if look.secrets != secretsAllow && !changes.redact.wanted() && (look.at.given || changes.removes()) {
		// An edit may remove what shows that something is a secret, and leave the secret.
		whole := changes
		whole.redact.on = true
		clean, err := whole.of(ctx, &env{out: io.Discard, errOut: io.Discard}, path, &o.read)
		defer clean.done()
		var opened func() (format.Cast, error)
		if err == nil {
			opened, hidden, cutFree, err = hiddenByEdit(ctx, look.secrets, shownAs, what, open, func() (format.Cast, error) { return finished(with(clean)) })
		}
		if ctx.Err() != nil {
			return s, context.Cause(ctx)
		} else if err != nil && look.secrets != secretsWarn {
			refused = err
		} else if err != nil {
			cutFree = append(cutFree, shownAs+": cannot look for secrets: "+message(err))
		}
		if opened != nil {
			open = opened
		}
	}
	// It says more of what it finds, so it comes first.
	if looked, err = lookAt(ctx, look.secrets, shownAs, what, open); err == nil {
		err = refused
	}
	if err != nil {
		return s, inWords(err)
	}
	if len(looked.warnings) == 0 {
		looked.warnings = cutFree
	}
	s.warnings, s.notes = looked.warnings, looked.notes
	debug.FreeOSMemory() // the search takes more than most pictures
	if to.Name == "gif" && look.fps > gif.MaxFPS {
		s.warnings = append(s.warnings, fmt.Sprintf("a GIF has at most %d frames a second", gif.MaxFPS))
		look.fps = gif.MaxFPS
	}
	film := &render.Film{
		FPS: look.fps, Hold: max(look.last, 1), Cursor: cursors[look.cursor], Still: still, Keys: look.keys, Captions: look.captions, Open: looked.open,
	}
	m, err := film.Measure(ctx)
	if err != nil && (o.read.strict || m.Frames == 0 || !errors.As(err, new(*format.SyntaxError))) {
		return s, inWords(err)
	}
	// Of a still, all of the recording has not been read.
	if !look.at.given && (film.Keys && inputs == 0 || film.Captions && markers == 0) {
		if film.Keys && inputs == 0 {
			film.Keys = false
			s.warnings = append(s.warnings, "--keys: "+from+" has neither input nor commands; ttydeck rec --input records what is typed")
		}
		if film.Captions && markers == 0 {
			film.Captions = false
			s.warnings = append(s.warnings, "--captions: "+from+" has no markers; --marker PLACE=LABEL sets one")
		}
		if m, err = film.Measure(ctx); err != nil && !errors.As(err, new(*format.SyntaxError)) {
			return s, err
		}
	}
	picture := &render.Picture{
		Padding: look.padding, Window: render.Chrome(look.window), Title: m.Title, Radius: look.radius.value,
		Margin: look.margin, Scale: look.scale,
	}
	if m.Theme != nil {
		picture.Theme = render.ThemeOf(m.Theme)
	}
	if look.dark != "" {
		dark, err := readTheme(look.dark)
		if err != nil {
			return s, err
		}
		picture.Dark = render.ThemeOf(dark)
	}
	if look.marginInk.given {
		picture.MarginColor = &look.marginInk.value
	}
	if to.Picture.Opaque && !look.marginInk.given && look.margin > 0 { // or the window had no edge
		theme := picture.Theme
		if theme == nil {
			theme = render.Themes[0]
		}
		shade := render.Mix(theme.Fg, theme.Bg, 60)
		picture.MarginColor = &shade
	}
	if !look.radius.given && picture.Window != render.ChromeNone {
		picture.Radius = 8
	}
	font := look.font
	if strings.EqualFold(font.Font, "monospace") { // as fontconfig has it; no family
		font.Font = ""
	}
	font.LineHeight = look.lineHeight
	font.Size, font.Scale = float64(look.size), look.scale
	fonts, err := glyph.New(font)
	if err != nil {
		return s, err
	}
	if !fonts.Monospaced() && to.Name != "ascii" {
		s.warnings = append(s.warnings, fmt.Sprintf("--font %s: its characters differ in width, and stand in columns all the same; a monospaced font looks better", look.font.Font))
	}
	s.Show = convert.Show{Film: film, Measured: m, Picture: picture, Fonts: fonts, FontSize: float64(look.size), LineHeight: look.lineHeight, Font: look.font.Font, Loops: look.loops, Embed: look.embed}
	if name := look.font.Font; name != "" && !strings.ContainsAny(name, "/.") {
		s.FontFamily = strconv.Quote(name) + "," + svg.DefaultFamily
	}
	_, err = picture.Layout(m.Size, fonts.Cell())
	if errors.Is(err, render.ErrTooLarge) {
		err = withHint(err, "--window-size 120x40 shows a part; --font-size and --scale make all smaller")
	}
	if err == nil {
		err = s.warnOfSize(ctx, to)
	}
	return s, err
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

// runPicture writes a recording as a picture.
func runPicture(ctx context.Context, e *env, opts convertOptions, from, name string, to *convert.Target) error {
	switch {
	case opts.picture.link != "" && !opts.picture.snippet:
		return usageError{errors.New("--link needs --snippet")}
	case opts.picture.snippet && (name == "-" || snippet(to, name, "", "", 0) == ""):
		return usageError{errors.New("--snippet needs a file that a page can show: .svg, .gif, .png, .apng, .mp4, .webm")}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(6)) // what is kept is little
	var current atomic.Pointer[input]
	var pass atomic.Int32
	bar := startProgress(e.errOut, func() (string, int64, int64) {
		src := current.Load()
		if src == nil {
			return from, 0, 0
		}
		done, total := src.progress()
		if pass.Load() < 2 {
			return from + ": measuring", done, total
		}
		return from, done, total
	})
	defer bar.Stop()
	own := e.with(bar)
	if name == "-" && tty.IsTerminal(e.out) {
		if to.Binary {
			return withHint(usageError{fmt.Errorf("refusing to write %s output to the terminal, as it is not text", to.Name)}, "name a file: ttydeck convert "+from+" OUT"+to.Ext[0])
		}
		own = e
	}
	if name != "-" && sameFile(from, name) {
		return usageError{fmt.Errorf("%s: a picture cannot replace its recording", name)}
	}
	if to.Picture.Check != nil {
		if err := to.Picture.Check(); err != nil {
			return pictureError(err)
		}
	}
	e.warnIdle(&opts.picture, to)
	if !opts.picture.dryRun {
		if err := checkOutput(name, opts.overwrite); err != nil {
			return err
		}
	}
	said := &warnings{env: own}
	s, err := own.show(ctx, opts, from, name, to, said, func(src *input) {
		pass.Add(1)
		current.Store(src)
	})
	defer s.done()
	if err != nil {
		return err
	}
	for _, text := range s.warnings {
		own.warnf("%s", text)
	}
	for _, text := range s.notes {
		own.notef("%s", text)
	}
	if opts.picture.dryRun {
		said.done()
		is, err := estimate(ctx, to, &s.Show)
		switch {
		case err != nil:
		case opts.json:
			err = json.NewEncoder(e.out).Encode(is)
		default:
			_, err = fmt.Fprintln(e.out, is)
		}
		return err
	}
	err = own.draw(ctx, opts, name, to, &s.Show)
	said.done()
	for _, text := range missingGlyphs(s.Fonts) {
		own.warnf("%s", text)
	}
	if err == nil && opts.picture.snippet {
		err = e.printSnippet(ctx, name, opts.picture.link, to, &s.Show)
	}
	return pictureError(err)
}

// pictureError adds a hint to an error of a writer.
func pictureError(err error) error {
	switch {
	case errors.Is(err, video.ErrNoFFmpeg):
		return withHint(err, "apt install ffmpeg; or write another format: .svg, .gif")
	case errors.Is(err, svg.ErrTooLarge), errors.Is(err, convert.ErrTooMuch):
		return withHint(err, "a part of it, --keep A..B, or fewer frames, --fps 5, make less")
	}
	return err
}

// warnIdle warns of flags that have no effect on a target.
func (e *env) warnIdle(o *pictureOptions, to *convert.Target) {
	if idle := o.idle(to); len(idle) > 0 {
		e.warnf("%s: without effect on %s", strings.Join(idle, ", "), to.Name)
	}
}

// idle lists the flags that were given, and have no effect on a target.
func (o *pictureOptions) idle(to *convert.Target) (names []string) {
	still := to.Picture.Still || o.at.given
	idle := map[string]bool{
		"embed-font": to.Name != "svg", "dark-theme": to.Name != "svg",
		"fps": still, "last-frame": still, "loops": still || !slices.Contains([]string{"gif", "apng", "svg"}, to.Name),
	}
	for _, g := range o.flags {
		look := strings.Contains(g.title, "ooks of") || strings.HasPrefix(g.title, "Around")
		for _, f := range g.flags {
			if f.given && (idle[f.name] || to.Name == "ascii" && (look || f.name == "cursor")) {
				names = append(names, "--"+f.name)
			}
		}
	}
	return names
}

// missingGlyphs returns what to say of characters that no font has.
func missingGlyphs(fonts *glyph.Fonts) (texts []string) {
	for _, m := range fonts.Missing() {
		n := "1 character has"
		if m.Texts != 1 {
			n = fmt.Sprintf("%d characters have", m.Texts)
		}
		texts = append(texts, fmt.Sprintf("%s no glyph, such as %s (%s): install %s, or name a font that has it with --font", n, m, m.Script, m.Remedy()))
	}
	return texts
}

// checkOutput returns the error that an output would get when it is complete, where that is
// known before.
func checkOutput(name string, overwrite bool) error {
	if name == "-" {
		return nil
	}
	name = filepath.Clean(name)
	if _, err := os.Stat(filepath.Dir(name)); err != nil {
		return createError(name, &fs.PathError{Op: "open", Path: name, Err: errors.Unwrap(err)})
	}
	if info, err := os.Lstat(name); err == nil && !overwrite && (info.Mode().IsRegular() || info.IsDir()) {
		if entries, err := os.ReadDir(name); err == nil && len(entries) == 0 {
			return nil // for a folder
		}
		return createError(name, fs.ErrExist)
	}
	return nil
}

// printSnippet prints the Markdown that shows a picture.
func (e *env) printSnippet(ctx context.Context, name, link string, to *convert.Target, s *convert.Show) error {
	var texts []string
	if s.Measured.Title == "" {
		cmds, err := shownCommands(s.Film.Open) // without what was redacted
		if err != nil && !errors.As(err, new(*format.SyntaxError)) {
			return err
		}
		for _, c := range cmds {
			texts = append(texts, c.Text)
		}
	}
	width := 0
	if l, err := s.Picture.Layout(s.Measured.Size, s.Fonts.Cell()); err == nil && l.Scale > 1 && to.Name != "svg" {
		width = l.Size.X / l.Scale
	}
	alt, err := withoutSecrets(ctx, altText(s.Measured.Title, texts))
	if err != nil {
		return err
	}
	_, err = io.WriteString(e.out, snippet(to, name, alt, link, width))
	return err
}

// drawTo writes a recording as a picture, and returns what a user should know.
func (e *env) drawTo(ctx context.Context, opts convertOptions, from, name string, said *warnings) ([]string, error) {
	s, err := e.show(ctx, opts, from, name, opts.to, said, func(*input) {})
	defer s.done()
	if err != nil {
		return nil, err
	}
	if opts.picture.dryRun {
		is, err := estimate(ctx, opts.to, &s.Show)
		return slices.Concat([]string{is.String()}, s.warnings, s.notes), err
	}
	err = e.draw(ctx, opts, name, opts.to, &s.Show)
	return slices.Concat(s.warnings, s.notes, missingGlyphs(s.Fonts)), err
}

// draw writes a picture. What could be read of a damaged recording is kept.
func (e *env) draw(ctx context.Context, opts convertOptions, name string, to *convert.Target, s *convert.Show) error {
	var damage error
	keep := func(err error) error {
		if err != nil && !opts.read.strict && errors.As(err, new(*format.SyntaxError)) {
			damage, err = err, nil
		}
		return err
	}
	var err error
	if to.Folder() {
		err = e.writeFolder(name, opts.overwrite, func(create func(string) (io.WriteCloser, error)) error {
			return keep(to.Picture.WriteFolder(ctx, create, s))
		})
	} else {
		err = e.writeFile(name, opts.overwrite, func(w io.Writer) error { return keep(to.Picture.Write(ctx, w, s)) })
	}
	return errors.Join(err, damage)
}

// frameFiles are the names of the files in a folder of frames.
var frameFiles = regexp.MustCompile(`^(frame-[0-9]+\.png|frames\.ffconcat)$`)

// writeFolder writes files into a directory that gets its name when all are complete.
func (e *env) writeFolder(name string, overwrite bool, write func(create func(string) (io.WriteCloser, error)) error) error {
	if name == "-" {
		return usageError{errors.New("a folder cannot go to standard output")}
	}
	name = filepath.Clean(name)
	var members []string
	entries, err := os.ReadDir(name)
	if err == nil && len(entries) == 0 {
		overwrite = true
	}
	if overwrite { // only what was written before is replaced
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, f := range entries {
			if frameFiles.MatchString(f.Name()) {
				members = append(members, f.Name())
			}
		}
	}
	dir, err := atomicfile.CreateDir(name, members, overwrite)
	if err != nil {
		return createError(name, err)
	}
	if err := dir.Share(); err != nil {
		dir.Discard()
		return err
	}
	err = write(func(file string) (io.WriteCloser, error) {
		f, err := dir.Create(file, 0)
		if err != nil {
			return nil, err
		}
		return member{dir, f}, nil
	})
	if err != nil {
		dir.Discard()
		return err
	}
	return dir.Commit()
}

// member is a file of a folder.
type member struct {
	dir *atomicfile.Dir
	*atomicfile.File
}

// Close completes the file.
func (m member) Close() error { return m.dir.Finish(m.File) }

// estimated is what a picture will be like: the output of --dry-run --json.
type estimated struct {
	Width    int     `json:"width"` // in pixels
	Height   int     `json:"height"`
	Frames   int     `json:"frames"`
	Duration float64 `json:"duration"`        // in seconds; 0 for a still
	Bytes    int64   `json:"bytes,omitempty"` // about
}

// estimate returns what a picture will be like.
func estimate(ctx context.Context, to *convert.Target, s *convert.Show) (estimated, error) {
	l, err := s.Picture.Layout(s.Measured.Size, s.Fonts.Cell())
	if err != nil {
		return estimated{}, err
	}
	is := estimated{Width: l.Size.X, Height: l.Size.Y, Frames: s.Measured.Frames}
	if is.Frames > 1 {
		is.Duration = s.Measured.Length.Seconds()
	}
	if to.Picture.Estimate == nil {
		cell := s.Fonts.Cell()
		is.Bytes = int64(to.Picture.BytesPerPixel * float64(s.Measured.Cells) * float64(cell.X*cell.Y))
	} else if is.Bytes, err = to.Picture.Estimate(ctx, s); errors.As(err, new(*format.SyntaxError)) {
		err = nil
	}
	return is, err
}

// String returns the estimate for people.
func (is estimated) String() string {
	text := fmt.Sprintf("%d by %d pixels, 1 frame", is.Width, is.Height)
	if is.Frames > 1 {
		text = fmt.Sprintf("%d by %d pixels, %d frames, %s", is.Width, is.Height, is.Frames, timecode.Format(time.Duration(is.Duration*float64(time.Second)), time.Second/10))
	}
	if is.Bytes > 0 {
		text += ", about " + bytesText(is.Bytes)
	}
	return text
}

// bytesText returns a number of bytes for people.
func bytesText(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1000_000:
		return fmt.Sprintf("%d KB", (n+500)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(n)/1e6)
}
