package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
)

type transcriptOptions struct {
	output    string
	target    *convert.Target // nil: by the output's extension, else text
	overwrite bool
	only      transcript.Filter
	part      part
	utc       bool
	schema    bool
	parse     transcript.Options
	write     transcript.WriteOptions
	source    readOptions
	redact    redactOptions
	filter    edit.Filter // made of redact; nil for none
}

func transcriptCommand(e *env) *command {
	o := transcriptOptions{output: "-", part: wholeRecording, parse: transcript.Options{MaxOutput: transcript.DefaultMaxOutput}}
	return &command{
		name:    "transcript",
		purpose: "list the commands that were run in a recording",
		args:    "FILE...",
		examples: []string{
			"ttydeck transcript demo.cast",
			"ttydeck transcript demo.cast -o demo.md",
			"ttydeck transcript --failed --grep docker *.cast",
		},
		about: `Lists each command with its time, text and output, and with its exit status and directory if they
were recorded. Commands are found by the shell's marks (OSC 133 and others) in the recording or,
if there are none, by the prompts.

FORMATS
` + transcriptTable() + "\n\n" + placesHelp,
		flags: slices.Concat([]group{
			{"Output", []*flag{
				outputFlag(&o.output),
				formatFlag(&o.target, transcripts, func(t *convert.Target) *convert.Target { return t }),
				overwriteFlag(&o.overwrite),
				word(&o.write.PlayURL, "play-url", "in HTML, make each time a link to `URL`#t=SECONDS"),
				number(&o.parse.MaxOutput, 1, "max-output", "keep at most `N` bytes of a command's output"),
				onOff(&o.schema, "schema", "print the JSON Schema of the formats json and jsonl, and exit"),
			}},
			{"Times and statuses", []*flag{
				onOff(&o.write.Absolute, "absolute", "show the time of day, if the recording has its start time"),
				onOff(&o.utc, "utc", "with --absolute, show UTC, not the local time"),
				onOff(&o.write.Status, "status", "in the format console, print [STATUS] behind a command that failed"),
			}},
			{"Which commands", append(o.part.flags(),
				onOff(&o.only.Failed, "failed", "only commands that failed"),
				valued(&o.only.Pattern, "grep,g", "only commands whose text or output matches the regular expression `PATTERN`", parseRegexp),
				onOff(&o.write.Review, "review", "only commands that are uncertain, with the reason"),
				onOff(&o.parse.REPL, "repl", "also lines entered in programs such as python or sqlite3"),
				onOff(&o.parse.Cancelled, "cancelled", "also command lines cancelled with ctrl-C"),
			)},
			o.redact.group(),
		}, o.source.groups()),
		run: func(ctx context.Context, args []string) error {
			if o.schema {
				_, err := io.WriteString(e.out, transcript.Schema)
				return err
			}
			if err := e.need(args, 1, -1, "the recording to read"); err != nil {
				return err
			}
			if o.write.Location = time.Local; o.utc {
				o.write.Location = time.UTC
			}
			var err error
			if o.target, err = transcriptFor(o.target, o.output); err != nil {
				return err
			}
			o.parse.Unseen = o.write.Review
			o.parse.Styled = o.target.Style.WantsStyled()
			if o.filter, err = o.redact.filter(ctx, e.notef); err != nil {
				return err
			}
			return runTranscript(ctx, e, o, args)
		},
	}
}

// transcriptTable returns the table of formats, for the help.
func transcriptTable() string {
	var b strings.Builder
	for _, t := range transcripts {
		fmt.Fprintf(&b, "   %-9s %s (%s)\n", t.Name, t.Desc, strings.Join(t.Ext, ", "))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func runTranscript(ctx context.Context, e *env, opts transcriptOptions, names []string) error {
	boundMemory(readMemory)
	defer collectLess()()
	said := &warnings{env: e}
	var recs []transcript.Recording
	var lists []*transcript.List
	var errs []error
	for _, name := range names {
		rec, list, err := e.transcribe(ctx, name, opts, said)
		if err != nil {
			errs = append(errs, err)
		}
		if list != nil {
			defer list.Close()
			lists = append(lists, list)
			recs = append(recs, rec)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	said.done()
	hidden := false
	for _, rec := range recs {
		e.noteHidden(rec, opts)
		e.noteMultiplexers(rec)
		hidden = hidden || len(rec.Hidden) > 0
	}
	if hidden {
		e.notef("hint: record in its panes: ttydeck rec NEW.cast, or start the program with ttydeck run")
	}
	if len(recs) == 0 {
		return errors.Join(errs...)
	}
	errs = append(errs, e.writeFile(opts.output, opts.overwrite, func(w io.Writer) error {
		err := transcript.Write(w, opts.target.Style, recs, opts.write)
		for _, list := range lists {
			err = errors.Join(err, list.Err())
		}
		return err
	}))
	return errors.Join(errs...)
}

// noteHidden says what a transcript does not list.
func (e *env) noteHidden(rec transcript.Recording, opts transcriptOptions) {
	if n := rec.Unseen; n > 0 && !opts.write.Review {
		what := "entered lines are"
		if n == 1 {
			what = "entered line is"
		}
		e.warnf("%s: %d %s in no command; --review lists them", rec.Name, n, what)
	}
}

// noteMultiplexers says which multiplexers hid commands.
func (e *env) noteMultiplexers(rec transcript.Recording) {
	const most = 3
	for i, h := range rec.Hidden {
		if i == most {
			e.warnf("%s: and %d times more", rec.Name, len(rec.Hidden)-most)
			return
		}
		e.warnf("%s: %s hid the commands run in it from %s to %s", rec.Name, h.By, clock(h.From.Seconds()), clock(h.To.Seconds()))
	}
}

// transcribe reads the commands of a recording. The list is nil if the recording
// cannot be opened. If an error ends the recording, it returns both the error and
// the commands before it.
func (e *env) transcribe(ctx context.Context, name string, opts transcriptOptions, said *warnings) (transcript.Recording, *transcript.List, error) {
	src, points, err := e.openAt(ctx, name, &opts.source, said, opts.part.from, opts.part.to)
	if err != nil {
		return transcript.Recording{}, nil, err
	}
	defer src.close()
	cast := src.Cast
	if opts.filter != nil {
		cast = opts.filter(cast)
	}
	rec := transcript.Recording{Name: name, Header: cast.Header}
	if name == "-" {
		rec.Name = "standard input"
	}
	output := false
	cast.Events = untilCancelled(ctx, seeing(cast.Events, func(ev format.Event) {
		output = output || ev.Code == format.Output && ev.Data != ""
	}))
	list, err := transcript.Read(cast, opts.parse)
	rec.Commands, rec.Err, rec.Unseen = opts.only.Of(list.Between(points[0], points[1])), err, list.Unseen()
	var only transcript.Filter
	only.From, only.To = opts.part.times(points)
	rec.Hidden, rec.Clock, rec.Markers = list.Hidden(), list.Clock(), only.Markers(list.Markers())
	if at, ok := rec.Clock.Unsure(); ok && opts.write.Absolute {
		e.warnf("%s: times of day from %s on are too early: the recording was paused, and does not hold for how long", rec.Name, clock(at.Seconds()))
	}
	if why := list.Unmarked(); why != "" {
		e.warnf("%s: exit statuses are not known: %s", rec.Name, why)
	}
	if cast.Header.Unsigned() {
		e.warnf("%s: the signed marks were removed with other metadata, so commands are found by their prompts", rec.Name)
	}
	if list.Len() == 0 && output && err == nil {
		e.warnf("%s: no command was found: it has no marks, and no prompt that is known as one", rec.Name)
	}
	return rec, list, err
}

// seeing returns events, and calls see for each when it is read.
func seeing(events format.Events, see func(format.Event)) format.Events {
	return func(yield func(format.Event, error) bool) {
		for ev, err := range events {
			if err == nil {
				see(ev)
			}
			if !yield(ev, err) {
				return
			}
		}
	}
}

// collectMore has garbage collected twice as often until the function that it returns
// is called: the memory of an edit is to be small, and what it needs is short-lived.
func collectMore() (restore func()) {
	before := debug.SetGCPercent(50)
	return func() { debug.SetGCPercent(before) }
}

// collectLess has garbage collected half as often until the function that it
// returns is called. Little is kept of a recording of any length, so to collect
// it often takes time and saves little.
func collectLess() (restore func()) {
	before := debug.SetGCPercent(200)
	return func() { debug.SetGCPercent(before) }
}
