package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
	"github.com/urfave/cli/v2"
)

type markOptions struct {
	to        *format.Format
	read      []format.Option
	overwrite bool
}

func markCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "mark",
		Usage:     "put markers into a recording, or into one that is being made",
		ArgsUsage: "SESSION LABEL | --commands IN OUT",
		Description: `Sets a marker with LABEL in the recording of SESSION, one that ttydeck ls lists, now.

With --commands, writes the recording IN to OUT with a marker at the start of each command that was run in it, so that
players show them as chapters and can go from one to the next. Markers that are there stay.`,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "commands", Usage: "a marker for each command"},
			&cli.StringFlag{Name: "to", Aliases: []string{"f", "output-format"}, Usage: "write `FORMAT`, whatever OUT is named"},
			&cli.BoolFlag{Name: "overwrite", Usage: "replace OUT if it exists"},
		}, readFlags()...),
		Action: func(c *cli.Context) error {
			if !c.Bool("commands") {
				return markSession(c)
			}
			args, err := fileArgs(c, 2, 2, "the recording to read, or the file to write,")
			if err != nil {
				return err
			}
			opts := markOptions{overwrite: c.Bool("overwrite")}
			if opts.read, err = readOptions(c); err != nil {
				return err
			}
			if opts.to, err = formatNamed(c.String("to")); err != nil {
				return err
			}
			return runMark(c.Context, e, opts, args[0], args[1])
		},
	}
}

// markSession sets a marker in a session that runs.
func markSession(c *cli.Context) error {
	args, err := fileArgs(c, 2, 2, "the session, or the marker's label,")
	if err != nil {
		return err
	}
	client, _, err := openSession(c.Context, args[0])
	if err != nil {
		if _, serr := os.Stat(args[0]); serr == nil {
			return withHint(usageError{fmt.Errorf("%s is a file, not a session", args[0])}, "ttydeck mark --commands "+args[0]+" "+args[1])
		}
		return err
	}
	defer client.Close()
	return client.Mark(c.Context, args[1])
}

func runMark(ctx context.Context, e *env, opts markOptions, from, name string) error {
	path := from
	if from == "-" {
		// It is read twice: once for the commands, once to be written.
		spool, err := os.CreateTemp("", "ttydeck-mark-*")
		if err != nil {
			return err
		}
		defer os.Remove(spool.Name())
		_, err = io.Copy(spool, e.in)
		if err = errors.Join(err, spool.Close()); err != nil {
			return err
		}
		path = spool.Name()
	}
	said := &warnings{env: e}
	rec, err := e.transcribe(ctx, path, transcriptOptions{source: opts.read}, said)
	if rec == nil {
		return err
	}
	cmdErr := err
	to, err := targetFormat(opts.to, name)
	if err != nil {
		return err
	}
	src, err := e.open(ctx, path, opts.read...)
	if err != nil {
		return err
	}
	defer src.close()
	dst, err := e.create(name, to, opts.overwrite, permOf(from))
	if err != nil {
		return err
	}
	cast := transcript.Markers(rec.Commands)(src.Cast)
	cast.Events = untilCancelled(ctx, cast.Events)
	err = format.Copy(dst.Writer, cast)
	said.done()
	if note := lossesNote(to.Name, format.LossesOf(dst.Writer)); note != "" {
		e.notef("%s", note)
	}
	var syntax *format.SyntaxError
	if err != nil && !errors.As(err, &syntax) {
		dst.discard()
		return err
	}
	if err == nil {
		err = cmdErr
	}
	return errors.Join(err, dst.commit())
}
