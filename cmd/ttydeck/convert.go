package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/urfave/cli/v2"
)

type convertOptions struct {
	to        *format.Format // nil: by the output's name
	overwrite bool
	strict    bool
	read      []format.Option
	// timestamps puts the time before each line of text.
	timestamps bool
	filter     edit.Filter
}

func convertCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "convert",
		Usage:     "write a recording in another format",
		ArgsUsage: "IN OUT, or convert [flags] -o DIR IN...",
		Description: `Reads the recording IN, whatever its format, and writes it to OUT, in the format that its extension
names: .cast is asciicast v3, .v2.cast version 2, .ttyrec, .typescript and so on (see ttydeck formats), .txt the
session's text, .raw the output's bytes alone; a further .gz or .zst compresses it. "-" is standard input or output.

A typescript's timing and input are found beside it, and written beside OUT, as OUT.timing and OUT.in. A directory
of sudo's I/O log is one recording.

With -o, every IN is converted to a file of its name in DIR, below folders as theirs where they come from several, and every recording in an IN that is a directory; what
is there already is passed over, and so is, with a word, what fails. At the end stands a table.

What is wrong with IN is told and passed over, a line at a time; --strict stops there. What the format of OUT cannot
hold is told in one line.`,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "to", Aliases: []string{"f", "output-format"}, Usage: "write `FORMAT`, whatever OUT is named"},
			&cli.StringFlag{Name: "output-dir", Aliases: []string{"o"}, Usage: "convert every IN to a file in `DIR`"},
			&cli.IntFlag{Name: "jobs", Aliases: []string{"j"}, Usage: "with -o, convert `N` at a time", Value: runtime.GOMAXPROCS(0)},
			&cli.BoolFlag{Name: "overwrite", Usage: "replace OUT if it exists"},
			&cli.BoolFlag{Name: "timestamps", Usage: "put the time before each line of text (.txt)"},
		}, readFlags(), filterFlags()),
		Action: func(c *cli.Context) error {
			opts := convertOptions{overwrite: c.Bool("overwrite"), strict: c.Bool("strict")}
			var err error
			if opts.to, err = targetNamed(c.String("to")); err != nil {
				return err
			}
			opts.timestamps = c.Bool("timestamps")
			if opts.read, err = readOptions(c); err != nil {
				return err
			}
			if opts.filter, err = filterOf(c); err != nil {
				return err
			}
			if dir := c.String("output-dir"); dir != "" {
				args, err := fileArgs(c, 1, -1, "the recording to read")
				if err != nil {
					return err
				}
				if opts.to == nil {
					opts.to = format.AsciicastV3
				}
				return runBatch(c.Context, e, opts, max(c.Int("jobs"), 1), dir, args)
			}
			args, err := fileArgs(c, 2, 2, "the recording to read, or the file to write,")
			if err != nil {
				return err
			}
			return runConvert(c.Context, e, opts, args[0], args[1])
		},
	}
}

// filterFlags are the flags of what can be done to a recording on its way.
func filterFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.Float64Flag{Name: "speed", Aliases: []string{"s"}, Usage: "make it `N` times as fast", Value: 1},
		durationFlag("idle-time-limit", []string{"i"}, "shorten every pause to `SECONDS`"),
		durationFlag("shift", nil, "move every event by `SECONDS`, which may be negative"),
	}, redactFlags()...)
}

// filterOf gives the Filter that the flags ask for.
func filterOf(c *cli.Context) (edit.Filter, error) {
	var filters []edit.Filter
	if redact, err := redactFilter(c, c.App.ErrWriter); err != nil {
		return nil, err
	} else if redact != nil { // before what changes times, which it tells
		filters = append(filters, redact)
	}
	if c.IsSet("idle-time-limit") {
		limit := durationOf(c, "idle-time-limit")
		if limit <= 0 {
			return nil, usageError{errors.New("--idle-time-limit: want more than 0 seconds")}
		}
		filters = append(filters, edit.LimitIdle(limit))
	}
	if speed := c.Float64("speed"); speed != 1 {
		f, err := edit.Speed(speed)
		if err != nil {
			return nil, usageError{fmt.Errorf("--speed: %w", err)}
		}
		filters = append(filters, f)
	}
	if shift := durationOf(c, "shift"); shift != 0 {
		filters = append(filters, edit.Shift(shift))
	}
	return edit.Chain(filters...), nil
}

func runConvert(ctx context.Context, e *env, opts convertOptions, from, name string) error {
	to, err := targetFormat(opts.to, name)
	if info, statErr := os.Stat(name); statErr == nil && info.IsDir() && (err != nil || to.Layout() != format.Directory) {
		return withHint(usageError{fmt.Errorf("%s: is a directory", name)},
			"to convert into it: ttydeck convert -o "+name+" "+from)
	}
	if err != nil {
		return err
	}
	if opts.timestamps {
		if to != text {
			return usageError{fmt.Errorf("--timestamps: %s has none before its lines; txt can have", to)}
		}
		to = convert.TextFormat(convert.TextOptions{Timestamps: true})
	}
	var current atomic.Pointer[input]
	bar := startProgress(e.errOut, func() (string, int64, int64) {
		if src := current.Load(); src != nil {
			done, total := src.progress()
			return from, done, total
		}
		return from, 0, 0
	})
	defer bar.Stop()
	own := &env{in: e.in, out: e.out, errOut: bar}
	if name == "-" && tty.IsTerminal(e.out) {
		own = e // the recording goes where the bar would
	}
	said := &warnings{env: own}
	src, err := own.open(ctx, from, append([]format.Option{format.OnWarning(said.add)}, opts.read...)...)
	if err != nil {
		return err
	}
	defer src.close()
	dst, err := own.create(name, to, opts.overwrite, permOf(from))
	if err != nil {
		return err
	}
	if name != "-" {
		current.Store(src)
	}
	losses, err := copyRecording(ctx, src, dst, opts)
	said.done()
	if note := lossesNote(to.Name, losses); note != "" {
		own.notef("%s", note)
	}
	return err
}

// copyRecording copies src to dst, and completes dst or removes it.
func copyRecording(ctx context.Context, src *input, dst *output, opts convertOptions) ([]format.Loss, error) {
	cast := opts.filter(src.Cast)
	cast.Events = untilCancelled(ctx, cast.Events)
	err := format.Copy(dst.Writer, cast)
	losses := format.LossesOf(dst.Writer)
	// What could be read of a broken recording is worth keeping; what was
	// written of a good one before an interrupt or an error is not.
	var syntax *format.SyntaxError
	if err != nil && (opts.strict || !errors.As(err, &syntax)) {
		dst.discard()
		return losses, err
	}
	return losses, errors.Join(err, dst.commit())
}

// untilCancelled ends events with ctx's error when ctx ends.
func untilCancelled(ctx context.Context, events format.Events) format.Events {
	return func(yield func(format.Event, error) bool) {
		n := 0
		for ev, err := range events {
			if n++; n%1024 == 0 && ctx.Err() != nil {
				yield(format.Event{}, ctx.Err())
				return
			}
			if !yield(ev, err) {
				return
			}
		}
	}
}
