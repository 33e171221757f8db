package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
)

type markOptions struct {
	commands  bool
	to        *convert.Target // nil: by the output's extension
	overwrite bool
	read      readOptions
}

func markCommand(e *env) *command {
	var o markOptions
	return &command{
		name:    "mark",
		purpose: "add a marker to a running session, or one for each command to a recording",
		args:    "SESSION LABEL | --commands IN OUT",
		examples: []string{
			"ttydeck mark deploy 'it begins'",
			"ttydeck mark --commands demo.cast chapters.cast",
		},
		about: `Adds a marker with LABEL to the recording of SESSION, a running session in the list of ttydeck ls.

With --commands, writes the recording IN to OUT with a marker at the start of each command, so that
players show commands as chapters. Markers in IN are kept.`,
		flags: append([]group{{"Output", []*flag{
			onOff(&o.commands, "commands", "add a marker for each command of a recording"),
			targetFlag(&o.to),
			overwriteFlag(&o.overwrite),
		}}}, o.read.groups()...),
		first: runningSessions,
		run: func(ctx context.Context, args []string) error {
			if !o.commands {
				return markSession(ctx, e, args)
			}
			if err := e.need(args, 2, 2, "the recording to read", "the file to write"); err != nil {
				return err
			}
			return runMark(ctx, e, o, args[0], args[1])
		},
	}
}

// markSession adds a marker to a running session.
func markSession(ctx context.Context, e *env, args []string) error {
	if err := e.need(args, 2, 2, "the session's name", "the marker's label"); err != nil {
		return err
	}
	client, _, err := openSession(ctx, args[0])
	if err != nil {
		if _, serr := os.Stat(args[0]); serr == nil {
			return withHint(usageError{fmt.Errorf("%s: a file, not a running session", args[0])},
				"to mark its commands: ttydeck mark --commands "+args[0]+" OUT.cast")
		}
		return err
	}
	defer client.Close()
	return client.Mark(ctx, args[1])
}

func runMark(ctx context.Context, e *env, opts markOptions, from, name string) error {
	// It is read twice: for the commands, and to be written.
	path, remove, err := e.reopenable(ctx, from, &opts.read)
	if err != nil {
		return err
	}
	defer remove()
	said := &warnings{env: e}
	parse := transcript.Options{MaxOutput: 1}
	rec, list, err := e.transcribe(ctx, path, transcriptOptions{source: opts.read, parse: parse}, said)
	if list == nil {
		return err
	}
	defer list.Close()
	cmdErr := err
	to, err := targetFor(opts.to, name)
	if err != nil {
		return err
	}
	src, err := e.open(ctx, path, opts.read.list()...)
	if err != nil {
		return err
	}
	defer src.close()
	dst, err := e.create(name, to, opts.overwrite, src)
	if err != nil {
		return err
	}
	cast := transcript.Markers(slices.Collect(rec.Commands))(src.Cast)
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
