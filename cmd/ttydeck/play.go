package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/fetch"
	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/play"
	"github.com/urfave/cli/v2"
)

func playCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "play",
		Usage:     "play a recording in the terminal",
		ArgsUsage: "FILE|URL|-",
		Description: `Plays the recording FILE, whatever its format, in the terminal, or, when standard output is none, its output's bytes
to standard output. "-" is a recording on standard input; keys are read from the terminal all the same. Of a web page,
such as one of asciinema.org, the recording that it names is played.

What is shown is drawn anew from a model of the recorded screen: nothing of the recording's own escape sequences
reaches your terminal, and you can go to any moment of it. At the end it exits by itself, unless you have pressed a
key; q quits. Times are those of the recording: where a pause is shortened, they jump.

` + keyTable(),
		Flags: append([]cli.Flag{
			&cli.GenericFlag{Name: "speed", Aliases: []string{"s"}, Usage: "play `N` times as fast; max: without waiting", Value: new(speedValue)},
			durationFlag("idle-time-limit", []string{"i", "max-idle"}, "shorten every pause to `SECONDS`; 0: none, whatever the recording asks for"),
			&cli.BoolFlag{Name: "loop", Aliases: []string{"l"}, Usage: "start over at the end"},
			&cli.BoolFlag{Name: "pause-on-markers", Aliases: []string{"m"}, Usage: "pause at each marker"},
			&cli.BoolFlag{Name: "resize", Aliases: []string{"r"}, Usage: "ask the terminal to take the recording's size"},
			durationFlag("start", nil, "begin at `TIME`: seconds, or 1:23"),
			durationFlag("end", nil, "stop at `TIME`"),
			&cli.BoolFlag{Name: "follow", Aliases: []string{"f"}, Usage: "begin at the end, and go on as the recording is written"},
			&cli.BoolFlag{Name: "no-ui", Usage: "show the recording alone: no bar, no messages, no mouse"},
			&cli.BoolFlag{Name: "clip", Usage: "of a recording that is too large show the upper left corner, not what is around the cursor"},
			&cli.BoolFlag{Name: "titles", Usage: "let the recording set the terminal's title"},
			&cli.StringFlag{Name: "theme", Usage: "show the colours of `WHOSE` terminal: mine, or recording for the recorded one's", Value: "mine"},
			&cli.BoolFlag{Name: "raw", Usage: "write the recording's bytes as they are, with every escape sequence in them: " +
				"those of a recording that you do not trust can set the clipboard, type, or print"},
		}, readFlags()...),
		Action: func(c *cli.Context) error {
			args, err := fileArgs(c, 1, 1, "the recording to play")
			if err != nil {
				return err
			}
			read, err := readOptions(c)
			if err != nil {
				return err
			}
			p := &play.Player{
				Speed: float64(*c.Generic("speed").(*speedValue)),
				Loop:  c.Bool("loop"), PauseOnMarkers: c.Bool("pause-on-markers"),
				Resize: c.Bool("resize"), Raw: c.Bool("raw"), NoUI: c.Bool("no-ui"),
				Clip: c.Bool("clip"), Titles: c.Bool("titles"),
				Follow: c.Bool("follow"),
				Start:  durationOf(c, "start"), End: durationOf(c, "end"),
			}
			switch theme := c.String("theme"); theme {
			case "recording":
				p.RecordedTheme = true
			case "mine":
			default:
				return usageError{fmt.Errorf("--theme: %q is neither mine nor recording", theme)}
			}
			if c.IsSet("idle-time-limit") {
				if p.IdleLimit = durationOf(c, "idle-time-limit"); p.IdleLimit <= 0 {
					p.IdleLimit = -1
				}
			}
			return runPlay(c.Context, e, p, read, args[0])
		},
	}
}

// keyTable is the list of keys for the help.
func keyTable() string {
	var b strings.Builder
	b.WriteString("KEYS\n")
	for _, k := range play.Keys() {
		fmt.Fprintf(&b, "   %-17s %s\n", k[0], k[1])
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// speedValue is a flag's speed: a number, or "max". The zero value is the
// player's default.
type speedValue float64

func (v *speedValue) Set(s string) error {
	if s == "max" {
		*v = play.Unpaced
		return nil
	}
	x, err := strconv.ParseFloat(strings.TrimSuffix(s, "x"), 64)
	if err != nil || !(x > 0) || math.IsInf(x, 1) {
		return fmt.Errorf("%q is no speed: want a number above 0, or max", s)
	}
	*v = speedValue(x)
	return nil
}

func (v *speedValue) String() string {
	if v == nil || *v == 0 {
		return "1"
	}
	return strconv.FormatFloat(float64(*v), 'g', -1, 64)
}

// orEnd gives what open gives, or the cause of ctx's end if that comes first: a
// pipe may be silent for long.
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

func runPlay(ctx context.Context, e *env, p *play.Player, read []format.Option, name string) error {
	boundMemory()
	ctx, stop := untilSignal(ctx)
	defer stop()
	// What the reader tolerates is told when the terminal is free again.
	said := &lateWarnings{}
	defer said.tell(e)
	opts := append([]format.Option{format.OnWarning(said.add)}, read...)
	open := func() (*input, error) { return e.open(ctx, name, opts...) }
	if p.Follow && name != "-" && !fetch.IsURL(name) {
		open = func() (*input, error) { return openGrowing(ctx, name, opts...) }
	}
	src, err := orEnd(ctx, open)
	if err != nil {
		return err
	}
	defer src.close()
	p.Cast = src.Cast
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
				return src.Cast, nil
			}
			if again != nil {
				again.close()
			}
			var err error
			if again, err = e.open(ctx, name, opts...); err != nil {
				return format.Cast{}, err
			}
			return again.Cast, nil
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

// commandsIn finds the commands of a recording by its prompts.
func commandsIn(cast format.Cast) iter.Seq2[time.Duration, string] {
	return func(yield func(time.Duration, string) bool) {
		for c, err := range transcript.Commands(cast, transcript.Options{MaxOutput: 1}) {
			if err != nil || !yield(c.Start, c.Text) {
				return
			}
		}
	}
}

// boundMemory makes the collector of garbage work harder before the process
// grows beyond what the player promises, unless the user has set a limit.
func boundMemory() {
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(140 << 20)
	}
}

// fileWriter writes to a file that another program may have made
// non-blocking.
type fileWriter struct{ *os.File }

func (f fileWriter) Write(p []byte) (int, error) { return tty.WriteFile(f.File, p) }

// openGrowing opens a file that is still being written; its events wait for
// more until ctx ends.
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

// untilExit ends events behind the session's exit status: a recording that has
// one does not grow any more.
func untilExit(events format.Events) format.Events {
	return func(yield func(format.Event, error) bool) {
		for ev, err := range events {
			if !yield(ev, err) || ev.Code == format.Exit {
				return
			}
		}
	}
}

// untilSignal ends ctx at a signal that asks the program to end; the cause is
// the exit status of a program that died of it.
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

// lateWarnings keeps a reader's warnings until they can be shown. Its methods
// may be called by several goroutines.
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
