package cli

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"slices"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/edit"
)

type markOptions struct {
	recipeFlags
	commands  bool
	to        *convert.Target // nil: by the output's extension
	overwrite bool
	read      readOptions
}

func markCommand(e *env) *command {
	var o markOptions
	return &command{
		name:    "mark",
		purpose: "set markers: in a running session, or in a recording",
		args:    "SESSION LABEL | FLAGS IN OUT",
		examples: []string{
			"ttydeck mark deploy 'it begins'",
			"ttydeck mark --commands demo.cast chapters.cast",
			"ttydeck mark --marker 1:20=build --remove-marker /test/ demo.cast marked.cast",
		},
		about: `Adds a marker with LABEL to the recording of SESSION, a running session in the list of ttydeck ls.

With flags, writes the recording IN to OUT with markers set, renamed or removed. --commands sets a
marker at the start of each command, so that players show commands as chapters. Markers of IN that no
flag names are kept.

` + placesHelp,
		flags: append([]group{
			o.looks(onOff(&o.commands, "commands", "add a marker for each command of a recording")),
			{"Output", []*flag{targetFlag(&o.to), overwriteFlag(&o.overwrite)}},
		}, o.read.groups()...),
		first: runningSessions,
		run: func(ctx context.Context, args []string) error {
			recipe, err := o.recipe()
			if err != nil {
				return err
			}
			if !o.commands && reflect.ValueOf(recipe).IsZero() {
				return markSession(ctx, e, args)
			}
			if err := e.need(args, 2, 2, "the recording to read", "the file to write"); err != nil {
				return err
			}
			return runMark(ctx, e, o, recipe, args[0], args[1])
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

// runMark writes a recording with other markers.
func runMark(ctx context.Context, e *env, opts markOptions, recipe edit.Recipe, from, name string) error {
	if !opts.commands {
		p, err := e.plan(ctx, recipe, from, &opts.read, nil)
		if err != nil {
			return err
		}
		defer p.done()
		return runConvert(ctx, e, convertOptions{to: opts.to, overwrite: opts.overwrite, read: opts.read, filter: p.filter}, p.path, name)
	}
	// It is read twice: for the commands, and to be written.
	path, remove, err := e.reopenable(ctx, from, &opts.read)
	if err != nil {
		return err
	}
	defer remove()
	p, err := e.plan(ctx, recipe, path, &opts.read, nil)
	if err != nil {
		return err
	}
	counted := &warnings{} // runConvert prints them
	rec, list, cmdErr := e.transcribe(ctx, path, transcriptOptions{part: wholeRecording, source: opts.read, parse: transcript.Options{MaxOutput: 1}}, counted)
	if list == nil {
		return cmdErr
	}
	defer list.Close()
	filter := edit.Chain(p.filter, transcript.Markers(slices.Collect(rec.Commands)))
	if err := runConvert(ctx, e, convertOptions{to: opts.to, overwrite: opts.overwrite, read: opts.read, filter: filter}, path, name); err != nil {
		return err
	}
	return cmdErr
}
