package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/tty"
)

type convertOptions struct {
	output     string
	to         *convert.Target // nil: by the output's extension
	pictures   bool            // the output may be a picture
	json       bool            // of a dry run
	overwrite  bool
	timestamps bool // put the time before each line of text
	jobs       int  // number of recordings to convert at once
	read       readOptions
	changes    filterOptions
	picture    pictureOptions
	// filter, unless it is nil, replaces changes.
	filter edit.Filter
	// before, unless it is nil, is called when the output is complete, before it gets
	// its name.
	before func() error
}

func convertCommand(e *env) *command {
	o := convertOptions{pictures: true, jobs: runtime.GOMAXPROCS(0), picture: newPictureOptions()}
	o.picture.flags = o.picture.groups()
	return &command{
		name:    "convert",
		purpose: "convert a recording to another format",
		args:    "IN OUT | IN... -o DIR/",
		examples: []string{
			"ttydeck convert old.ttyrec.gz new.cast",
			"ttydeck convert demo.cast demo.txt --timestamps",
			"ttydeck convert demo.cast demo.svg --window mac --theme nord -i 1",
			"ttydeck convert demo.cast demo.png --at command:3.end",
			"ttydeck convert -o out/ recordings/",
		},
		about: `Reads the recording IN, in any format that ttydeck reads, and writes it to OUT. OUT's extension
sets the format: .cast is asciicast version 3, .v2.cast version 2, .txt the session's text, .raw the
plain output, .svg an animated picture, .gif, .apng, .mp4 and .webm the same in pixels, .png a still;
ttydeck formats lists them all. An additional .gz or .zst compresses it. "-" is standard input or
output.

The timing and input files of a typescript are found next to IN, and written next to OUT as
OUT.timing and OUT.in. A directory that is an I/O log of sudo is one recording.

With -o DIR/, each IN, or each recording in an IN that is a directory, is converted to a file in DIR.
Files keep their paths below the directory that all INs have in common. Outputs that exist are
skipped, and an IN that fails does not stop the others. At the end, a table lists the results.

Faults in IN are reported and skipped; --strict stops at the first. Anything that the target format
cannot store is reported on one line.

Films are as large as the largest screen of the recording, in its own colours or those of --theme:
a theme file of a terminal emulator, a recording, or one of

` + themeList() + `

` + placesHelp,
		flags: slices.Concat([]group{{"Output", []*flag{
			outputFlag(&o.output), formatFlag(&o.to, showable, func(t *convert.Target) *convert.Target { return t }), overwriteFlag(&o.overwrite),
			onOff(&o.timestamps, "timestamps", "put the time before each line of text (.txt)"),
			number(&o.jobs, 1, "jobs,j", "convert `N` recordings at a time"),
			onOff(&o.picture.dryRun, "dry-run", "print what would be done, and the new length"),
			jsonFlag(&o.json),
		}}}, o.picture.flags, o.changes.groups(), o.read.croppedGroups(&o.changes.recipeFlags)),
		run: func(ctx context.Context, args []string) error {
			if _, err := o.changes.recipe(); err != nil {
				return err
			}
			if o.json && !o.picture.dryRun {
				return usageError{errors.New("--json needs --dry-run")}
			}
			if o.output == "" {
				if err := e.need(args, 2, 2, "the recording to read", "the file to write"); err != nil {
					return err
				}
				return runConvert(ctx, e, o, args[0], args[1])
			}
			if err := e.need(args, 1, -1, "the recording to read"); err != nil {
				return err
			}
			if len(args) == 1 && !strings.HasSuffix(o.output, string(filepath.Separator)) && !holdsRecordings(args[0]) {
				return runConvert(ctx, e, o, args[0], o.output)
			}
			if o.json {
				return usageError{errors.New("--json is for one recording")}
			}
			if o.picture.snippet {
				return usageError{errors.New("--snippet needs one recording and the file to write")}
			}
			if o.to == nil {
				o.to = targets.ByFormat(format.AsciicastV3)
			}
			return runBatch(ctx, e, o, o.output, args)
		},
	}
}

// holdsRecordings reports whether name is a directory, but not a recording.
func holdsRecordings(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir() && !isRecordingDir(name)
}

// runConvert converts one recording.
func runConvert(ctx context.Context, e *env, opts convertOptions, from, name string) error {
	table := targets
	if opts.pictures {
		table = showable
	}
	to, err := targetFor(table, opts.to, name)
	if info, statErr := os.Stat(name); statErr == nil && info.IsDir() && (err != nil || !to.Folder()) {
		return withHint(usageError{fmt.Errorf("%s: is a directory", name)},
			"to convert into it: ttydeck convert -o "+strings.TrimSuffix(name, "/")+"/ "+from)
	}
	if err != nil {
		return err
	}
	if to.Picture != nil {
		return runPicture(ctx, e, opts, from, name, to)
	}
	if given := givenIn(opts.picture.flags); len(given) > 0 {
		e.warnf("%s: only for pictures, not %s", strings.Join(given, ", "), to.Name)
	}
	if opts.timestamps {
		if to.Kind != convert.KindText {
			return usageError{fmt.Errorf("--timestamps needs the format txt, not %s", to.Name)}
		}
		timed := *to
		timed.Format = convert.TextFormat(convert.TextOptions{Timestamps: true})
		to = &timed
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
	own := e.with(bar)
	if name == "-" && tty.IsTerminal(e.out) {
		own = e // the terminal shows the recording, not the bar
	}
	if opts.filter == nil {
		p, err := opts.changes.of(ctx, own, from, &opts.read)
		if err != nil {
			return err
		}
		defer p.done()
		p.warn(own)
		if opts.picture.dryRun {
			return e.printPlan(ctx, p.Plan, opts.json)
		}
		opts.filter, from = p.filter, p.path
	}
	said := &warnings{env: own}
	src, err := own.open(ctx, from, append([]format.Option{format.OnWarning(said.add)}, opts.read.list()...)...)
	if err != nil {
		return err
	}
	defer src.close()
	dst, err := own.create(name, to, opts.overwrite, src)
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
	// The readable part of a damaged recording is kept. An output that an interrupt
	// or a write error has cut short is not.
	var syntax *format.SyntaxError
	if err != nil && (opts.read.strict || !errors.As(err, &syntax)) {
		dst.discard()
		return losses, err
	}
	if opts.before != nil {
		if err := opts.before(); err != nil {
			dst.discard()
			return losses, err
		}
	}
	return losses, errors.Join(err, dst.commit())
}

// untilCancelled ends events with the error of ctx once ctx has ended.
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
