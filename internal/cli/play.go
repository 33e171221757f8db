package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"math"
	"os"
	"os/signal"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/fetch"
	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/play"
	"github.com/ttydeck/ttydeck/render"
)

func playCommand(e *env) *command {
	p := &play.Player{Speed: 1}
	var idle optional[time.Duration]
	var theme playTheme
	var o recipeFlags
	var read readOptions
	only := wholeRecording
	return &command{
		name:    "play",
		purpose: "play a recording in the terminal",
		args:    "FILE|URL|-",
		examples: []string{
			"ttydeck play demo.cast                # h shows the keys",
			"ttydeck play -s 2 -i 1 demo.cast",
			"ttydeck play --follow running.cast",
			"ttydeck play https://asciinema.org/a/335480",
		},
		about: `Plays a recording, in any format that ttydeck reads. A URL may be that of a recording or of its page,
as on asciinema.org. "-" is standard input; keys are still read from the terminal. If standard output
is not a terminal, the recorded output is written to it.

The player draws the recorded screen itself: no escape sequence of the recording reaches your
terminal, and you can go to any moment. At the end the player exits, unless you have pressed a key.
Times are those of the recording; they jump where a pause is shortened.

` + placesHelp + "\n\n" + keyTable("KEYS", play.Keys()),
		flags: append([]group{
			{"Playback", append([]*flag{
				ranged(valued(&p.Speed, "speed,s", "play `N` times as fast, or only a range: N@A..B; max does not wait", parsePlaySpeed), o.speedFlags()[0]),
				ranged(idleLimitFlag(&idle, ",max-idle"), o.speedFlags()[1]),
				onOff(&p.Loop, "loop,l", "start over at the end"),
				onOff(&p.PauseOnMarkers, "pause-on-markers,m", "pause at each marker"),
				onOff(&p.Follow, "follow,F", "start at the end, and continue as the recording grows"),
			}, only.flags()...)},
			{"Display", []*flag{
				noUIFlag(&p.NoUI),
				onOff(&p.Resize, "resize,r", "resize the terminal to the recording's size"),
				onOff(&p.Clip, "clip", "if the recording is larger than the terminal, show its upper left corner, not the part around the cursor"),
				onOff(&p.Titles, "titles", "let the recording set the terminal's title"),
				valued(&theme, "theme", "use these `COLOURS`: mine, those of the recording's terminal (recording), or a theme: its name, or a file", parseTheme).offering(func(e *env) []string { return append([]string{"mine", "recording"}, themeNames(e)...) }),
				onOff(&p.Raw, "raw", "write the recorded bytes to the terminal; untrusted ones can set the clipboard, type or print"),
			}},
			o.cuts(),
			o.paces(),
			o.looks(o.recipeFlag()),
		}, read.croppedGroups(&o)...),
		signals: true,
		run: func(ctx context.Context, args []string) error {
			if err := e.need(args, 1, 1, "the recording to play"); err != nil {
				return err
			}
			p.RecordedTheme, p.Theme = theme.recorded, theme.file
			if p.IdleLimit = idle.value; idle.given && idle.value == 0 {
				p.IdleLimit = -1
			}
			recipe, err := o.recipe()
			if err != nil {
				return err
			}
			return runPlay(ctx, e, p, only, recipe, &read, args[0])
		},
	}
}

// playTheme is the value of play's --theme.
type playTheme struct {
	recorded bool          // of the recording's terminal
	file     *format.Theme // of a file; nil for none
}

func parseTheme(s string) (playTheme, error) {
	switch s {
	case "mine":
		return playTheme{}, nil
	case "recording":
		return playTheme{recorded: true}, nil
	}
	theme, err := readTheme(s)
	return playTheme{file: theme}, err
}

// readTheme returns a built-in theme, or that in a file.
func readTheme(name string) (*format.Theme, error) {
	theme, err := render.OpenTheme(name)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("there is no theme, and no file with one, called %q", name)
		near := render.ThemesNear(name)
		if len(near) == 0 {
			for _, t := range render.Themes {
				near = append(near, t.Name)
			}
		}
		return nil, withHint(err, "themes: "+strings.Join(near, ", "))
	}
	return theme, err
}

// keyTable returns a table of the player's keys, for the help.
func keyTable(title string, keys [][2]string) string {
	var b strings.Builder
	b.WriteString(title + "\n")
	for _, k := range keys {
		fmt.Fprintf(&b, "   %-17s %s\n", k[0], k[1])
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// orEnd returns the result of open, or the cause of ctx's end if that comes first:
// opening a pipe can take long.
func orEnd(ctx context.Context, open func() (*input, error)) (*input, error) {
	type opened struct {
		src *input
		err error
	}
	done := make(chan opened, 1)
	go func() {
		src, err := open()
		done <- opened{src, err}
	}()
	select {
	case o := <-done:
		return o.src, o.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// ranged returns f, with values for a range passed to another flag.
func ranged(f, of *flag) *flag {
	whole := f.set
	f.set = func(s string) error {
		if _, _, found := place.Cut(s, "@"); found {
			return of.set(s)
		}
		return whole(s)
	}
	return f
}

// runPlay plays a part of a recording, as a recipe changes it.
func runPlay(ctx context.Context, e *env, p *play.Player, only part, recipe edit.Recipe, readOpts *readOptions, name string) error {
	boundMemory(playMemory)
	ctx, stop := untilSignal(ctx)
	defer stop()
	points, path, remove, err := e.find(ctx, name, readOpts, only.from, only.to)
	if err != nil {
		return err
	}
	defer remove()
	p.Start, p.End = only.times(points)
	name = path
	read := *readOpts
	// The reader's warnings are printed when the player has left the terminal.
	said := &lateWarnings{}
	defer said.tell(e)
	change := edit.Chain()
	if !reflect.ValueOf(recipe).IsZero() {
		if p.Follow {
			return usageError{errors.New("--follow plays a recording as it grows, without changes")}
		}
		plan, err := e.plan(ctx, recipe, name, &read, nil)
		if err != nil {
			return err
		}
		defer plan.done()
		plan.warn(e)
		if name, change = plan.path, plan.filter; p.Start > 0 || p.End > 0 {
			m, err := plan.Measure(ctx)
			if err != nil {
				return err
			}
			if p.Start = m.At(p.Start); p.End > 0 {
				p.End = m.At(p.End)
			}
		}
	}
	opts := append([]format.Option{format.OnWarning(said.add)}, read.list()...)
	open := func() (*input, error) { return e.open(ctx, name, opts...) }
	if p.Follow && name != "-" && !fetch.IsURL(name) {
		open = func() (*input, error) { return openGrowing(ctx, name, opts...) }
	}
	src, err := orEnd(ctx, open)
	if err != nil {
		return err
	}
	defer src.close()
	p.Cast = change(src.Cast)
	if !p.Follow && name != "-" && !fetch.IsURL(name) {
		first := true
		var again *input
		defer func() {
			if again != nil {
				again.close()
			}
		}()
		p.Open = func() (format.Cast, error) {
			if first {
				first = false
				return p.Cast, nil
			}
			if again != nil {
				again.close()
			}
			var err error
			if again, err = e.open(ctx, name, opts...); err != nil {
				return format.Cast{}, err
			}
			return change(again.Cast), nil
		}
	}
	if !tty.IsTerminal(e.out) {
		p.Output = e.out
		if f, ok := e.out.(*os.File); ok {
			p.Output = fileWriter{f}
		}
	}
	p.Commands = commandsIn
	p.Warn = func(msg string) { e.notef("%s", msg) }
	err = p.Run(ctx)
	if errors.Is(err, play.ErrInterrupted) {
		return statusError{status: exitInterrupted}
	}
	return err
}

// commandsIn returns the commands of a recording with their times.
func commandsIn(cast format.Cast) iter.Seq2[time.Duration, string] {
	return func(yield func(time.Duration, string) bool) {
		for c, err := range transcript.Commands(cast, transcript.Options{MaxOutput: 1}) {
			if err != nil || !yield(c.Start, c.Text) {
				return
			}
		}
	}
}

// Soft limits for the memory of commands that promise to stay below a total.
const (
	playMemory = 140 << 20
	readMemory = 32 << 20 // of 64 MiB
)

// boundMemory sets a soft limit for the process's memory, unless the user has set
// one: the garbage collector works harder near the limit.
func boundMemory(limit int64) {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(limit)
	}
}

// fileWriter writes to a file that another program may have made
// non-blocking.
type fileWriter struct{ *os.File }

func (f fileWriter) Write(p []byte) (int, error) { return tty.WriteFile(f.File, p) }

// openGrowing opens a file that is still being written. Its events wait for more
// output until ctx ends.
func openGrowing(ctx context.Context, name string, opts ...format.Option) (*input, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	cast, f, err := format.Open(play.Follow(ctx, file), append([]format.Option{format.Name(name)}, opts...)...)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	cast.Events = untilExit(cast.Events)
	return &input{Cast: cast, format: f, name: name, close: file.Close}, nil
}

// untilExit ends events after the session's exit status, which is the end of a
// recording.
func untilExit(events format.Events) format.Events {
	return func(yield func(format.Event, error) bool) {
		for ev, err := range events {
			if !yield(ev, err) || ev.Code == format.Exit {
				return
			}
		}
	}
}

// untilSignal returns a context that ends at a signal that asks the program to
// end. The cause is a statusError with the exit status of a program that the
// signal killed.
func untilSignal(ctx context.Context) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	done := make(chan struct{})
	go func() {
		select {
		case s := <-signals:
			n, _ := s.(syscall.Signal)
			cancel(statusError{status: 128 + int(n)})
		case <-done:
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		close(done)
		cancel(nil)
	}
}

// lateWarnings keeps a reader's warnings until they can be printed. Its methods
// may be called by several goroutines at once.
type lateWarnings struct {
	mu   sync.Mutex
	said warnings // guarded by mu
}

func (l *lateWarnings) add(w format.Warning) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.said.add(w)
}

func (l *lateWarnings) tell(e *env) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range l.said.all {
		e.warnf("%s", w)
	}
	l.said.env = e
	l.said.done()
}
