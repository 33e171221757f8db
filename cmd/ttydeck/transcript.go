package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/urfave/cli/v2"
)

type transcriptOptions struct {
	read      transcript.Options
	write     transcript.WriteOptions
	style     *transcript.Style
	from, to  time.Duration // to is 0 for no end
	failed    bool
	grep      *regexp.Regexp
	name      string // of the output
	overwrite bool
	source    []format.Option // how recordings are read
	filter    edit.Filter     // nil for none
}

func transcriptCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "transcript",
		Usage:     "tell which commands were run in a recording",
		ArgsUsage: "FILE...",
		Description: `Reads each FILE and writes the commands that were run in it: when, with what text, what they printed, and, where
the recording tells, their exit status and directory. No marks are needed in the recording, but those that are there
(OSC 133 and others) are used.

FORMATS
` + styleTable(),
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "format", Aliases: []string{"f"}, Usage: "write `FORMAT`; without it, what the name of OUT says, or text"},
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to `OUT`, not to standard output", Value: "-"},
			&cli.BoolFlag{Name: "overwrite", Usage: "replace OUT if it exists"},
			durationFlag("from", nil, "commands started at `TIME` or later: seconds, or 1:23"),
			durationFlag("to", nil, "commands started before `TIME`"),
			&cli.BoolFlag{Name: "failed", Usage: "commands that are known to have failed"},
			&cli.StringFlag{Name: "grep", Aliases: []string{"g"}, Usage: "commands that match the regular expression `PATTERN`, in text or output"},
			&cli.BoolFlag{Name: "absolute", Aliases: []string{"a"}, Usage: "times of day, where the recording tells when it began"},
			&cli.BoolFlag{Name: "utc", Usage: "with --absolute: in UTC, not in the local time zone"},
			&cli.BoolFlag{Name: "repl", Usage: "also what was entered in programs such as python or sqlite3"},
			&cli.BoolFlag{Name: "cancelled", Usage: "also lines that were given up with ctrl-C"},
			&cli.BoolFlag{Name: "review", Usage: "only what is not sure, with the reason"},
			&cli.StringFlag{Name: "play-url", Usage: "html: make each time a link to `URL`#t=SECONDS"},
			&cli.IntFlag{Name: "max-output", Usage: "keep `N` bytes of what a command printed", Value: transcript.DefaultMaxOutput},
			&cli.StringFlag{Name: "input-format", Usage: "read `FORMAT`, whatever FILE looks like"},
			&cli.BoolFlag{Name: "schema", Usage: "print the JSON Schema of the formats json and jsonl"},
		}, append(redactFlags(), without(readFlags(), "from")...)...),
		Action: func(c *cli.Context) error {
			if c.Bool("schema") {
				_, err := io.WriteString(e.out, transcript.Schema)
				return err
			}
			args, err := fileArgs(c, 1, -1, "the recording to read")
			if err != nil {
				return err
			}
			opts, err := transcriptOptionsOf(c)
			if err != nil {
				return err
			}
			if opts.filter, err = redactFilter(c, c.App.ErrWriter); err != nil {
				return err
			}
			return runTranscript(c.Context, e, opts, args)
		},
	}
}

func styleTable() string {
	var b strings.Builder
	for _, s := range transcript.Styles {
		fmt.Fprintf(&b, "   %-9s %s (%s)\n", s.Name, s.Desc, strings.Join(s.Ext, ", "))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func transcriptOptionsOf(c *cli.Context) (opts transcriptOptions, err error) {
	opts = transcriptOptions{
		read: transcript.Options{
			REPL: c.Bool("repl"), Cancelled: c.Bool("cancelled"), MaxOutput: c.Int("max-output"),
		},
		write: transcript.WriteOptions{
			Absolute: c.Bool("absolute"), Review: c.Bool("review"), PlayURL: c.String("play-url"), Location: time.Local,
		},
		from: durationOf(c, "from"), to: durationOf(c, "to"),
		failed: c.Bool("failed"), name: c.String("output"), overwrite: c.Bool("overwrite"),
	}
	if c.Bool("utc") {
		opts.write.Location = time.UTC
	}
	if opts.read.MaxOutput <= 0 {
		return opts, usageError{errors.New("--max-output: want more than 0 bytes")}
	}
	if pattern := c.String("grep"); pattern != "" {
		if opts.grep, err = regexp.Compile(pattern); err != nil {
			return opts, usageError{fmt.Errorf("--grep: %w", err)}
		}
	}
	if opts.source, err = readOptions(c); err != nil {
		return opts, err
	}
	opts.style = transcript.Styles[0]
	if name := c.String("format"); name != "" {
		style, ok := transcript.StyleByName(name)
		if !ok {
			var names []string
			for _, s := range transcript.Styles {
				names = append(names, s.Name)
			}
			return opts, withHint(usageError{fmt.Errorf("--format: unknown format %q", name)}, "formats: "+strings.Join(names, ", "))
		}
		opts.style = style
	} else if style, ok := transcript.StyleByFileName(opts.name); ok {
		opts.style = style
	}
	opts.read.Styled = opts.style.WantsStyled()
	return opts, nil
}

// wants tells whether the options ask for a command.
func (o *transcriptOptions) wants(c *transcript.Command) bool {
	switch {
	case c.Start < o.from, o.to > 0 && c.Start >= o.to, o.failed && !c.Failed():
		return false
	case o.grep != nil && !o.grep.MatchString(c.Text) && !o.grep.MatchString(c.Output):
		return false
	}
	return true
}

func runTranscript(ctx context.Context, e *env, opts transcriptOptions, names []string) error {
	said := &warnings{env: e}
	var recs []transcript.Recording
	var errs []error
	for _, name := range names {
		rec, err := e.transcribe(ctx, name, opts, said)
		if err != nil {
			errs = append(errs, err)
		}
		if rec != nil {
			recs = append(recs, *rec)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	said.done()
	if len(recs) == 0 {
		return errors.Join(errs...)
	}
	err := e.writeFile(opts.name, opts.overwrite, permOf(names[0]), func(w io.Writer) error {
		return transcript.Write(w, opts.style, recs, opts.write)
	})
	return errors.Join(append(errs, err)...)
}

// transcribe reads the commands of a recording; nil if it cannot be opened.
func (e *env) transcribe(ctx context.Context, name string, opts transcriptOptions, said *warnings) (*transcript.Recording, error) {
	src, err := e.open(ctx, name, append([]format.Option{format.OnWarning(said.add)}, opts.source...)...)
	if err != nil {
		return nil, err
	}
	defer src.close()
	cast := src.Cast
	if opts.filter != nil {
		cast = opts.filter(cast)
	}
	rec := &transcript.Recording{Name: name, Header: cast.Header}
	if name == "-" {
		rec.Name = "standard input"
	}
	cast.Events = untilCancelled(ctx, cast.Events)
	for c, err := range transcript.Commands(cast, opts.read) {
		if err != nil {
			rec.Err = err
			break
		}
		if opts.wants(&c) {
			rec.Commands = append(rec.Commands, c)
		}
	}
	return rec, rec.Err
}

// writeFile writes a file by way of a temporary one; "-" is standard output.
func (e *env) writeFile(name string, overwrite bool, perm fs.FileMode, write func(io.Writer) error) error {
	if name == "-" {
		return write(e.out)
	}
	if info, err := os.Stat(name); err == nil {
		switch {
		case info.IsDir():
			return fmt.Errorf("%s: is a directory", name)
		case !info.Mode().IsRegular():
			f, err := os.OpenFile(name, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			return errors.Join(write(f), f.Close())
		case !overwrite:
			return withHint(fmt.Errorf("%s: %w", name, errExists), "--overwrite replaces it")
		}
	}
	temp, err := os.CreateTemp(filepath.Dir(name), "."+filepath.Base(name)+".*")
	if err != nil {
		return err
	}
	err = temp.Chmod(perm)
	if err == nil {
		err = write(temp)
	}
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		os.Remove(temp.Name())
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}
