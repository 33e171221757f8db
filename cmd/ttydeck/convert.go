package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/urfave/cli/v2"
)

type convertOptions struct {
	from, to  *format.Format // nil: by content, by the output's name
	overwrite bool
	strict    bool
	filter    edit.Filter
}

func convertCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "convert",
		Usage:     "write a recording in another format",
		ArgsUsage: "IN OUT",
		Description: `Reads the recording IN, whatever its format, and writes it to OUT, in the format that its extension
names: .cast is asciicast v3, .v2.cast version 2, .v1.cast version 1, .raw the output's bytes alone; a further .gz
or .zst compresses it. "-" is standard input or output.

What is wrong with IN is told and passed over, a line at a time; --strict stops there. What the format of OUT cannot
hold is told in one line.`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "to", Aliases: []string{"f", "output-format"}, Usage: "write `FORMAT`, whatever OUT is named"},
			&cli.StringFlag{Name: "from", Usage: "read `FORMAT`, whatever IN looks like"},
			&cli.BoolFlag{Name: "overwrite", Usage: "replace OUT if it exists"},
			&cli.BoolFlag{Name: "strict", Usage: "stop at the first thing that is wrong with IN, and write nothing"},
		}, filterFlags()...),
		Action: func(c *cli.Context) error {
			args, err := fileArgs(c, 2, 2, "the recording to read, or the file to write,")
			if err != nil {
				return err
			}
			opts := convertOptions{overwrite: c.Bool("overwrite"), strict: c.Bool("strict")}
			if opts.from, err = formatNamed(c.String("from")); err != nil {
				return err
			}
			if opts.to, err = formatNamed(c.String("to")); err != nil {
				return err
			}
			if opts.filter, err = filterOf(c); err != nil {
				return err
			}
			return runConvert(c.Context, e, opts, args[0], args[1])
		},
	}
}

// filterFlags are the flags of what can be done to a recording on its way.
func filterFlags() []cli.Flag {
	return []cli.Flag{
		&cli.Float64Flag{Name: "speed", Aliases: []string{"s"}, Usage: "make it `N` times as fast", Value: 1},
		durationFlag("idle-time-limit", []string{"i"}, "shorten every pause to `SECONDS`"),
		durationFlag("shift", nil, "move every event by `SECONDS`, which may be negative"),
	}
}

// filterOf gives the Filter that the flags ask for.
func filterOf(c *cli.Context) (edit.Filter, error) {
	var filters []edit.Filter
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

// targetFormat tells which format to write name in.
func targetFormat(to *format.Format, name string) (*format.Format, error) {
	if to == nil {
		to, _ = format.ByFileName(name)
	}
	if to == nil && name == "-" {
		to = format.AsciicastV3
	}
	switch {
	case to == nil:
		return nil, withHint(usageError{fmt.Errorf("%s: its extension names no format", name)}, "name the format with --to, such as --to asciicast-v3")
	case !to.CanWrite():
		return nil, usageError{fmt.Errorf("%s cannot be written, only read", to)}
	}
	return to, nil
}

func runConvert(ctx context.Context, e *env, opts convertOptions, from, name string) error {
	to, err := targetFormat(opts.to, name)
	if err != nil {
		return err
	}
	said := &warnings{env: e}
	readOpts := []format.Option{format.OnWarning(said.add)}
	if opts.from != nil {
		readOpts = append(readOpts, format.As(opts.from))
	}
	if opts.strict {
		readOpts = append(readOpts, format.Strict())
	}
	src, err := e.open(from, readOpts...)
	if err != nil {
		return err
	}
	defer src.close()
	dst, err := e.create(name, to, opts.overwrite, permOf(from))
	if err != nil {
		return err
	}
	cast := opts.filter(src.Cast)
	cast.Events = untilCancelled(ctx, cast.Events)
	err = format.Copy(dst.Writer, cast)
	said.done()
	if note := lossesNote(to.Name, format.LossesOf(dst.Writer)); note != "" {
		e.notef("%s", note)
	}
	// What could be read of a broken recording is worth keeping; what was
	// written of a good one before an interrupt or an error is not.
	var syntax *format.SyntaxError
	if err != nil && (opts.strict || !errors.As(err, &syntax)) {
		dst.discard()
		return err
	}
	return errors.Join(err, dst.commit())
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
