package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/play"
)

type searchOptions struct {
	in         []string // of where; none means all
	input      bool
	ignoreCase bool
	fixed      bool
	json       bool
	play       bool
	read       readOptions
	match      func(string) bool // made of the pattern
}

// where lists the values of --in.
var where = []string{"commands", "output", "screen", "input"}

func searchCommand(e *env) *command {
	var o searchOptions
	return &command{
		name:    "search",
		purpose: "find text in recordings",
		args:    "PATTERN FILE...",
		examples: []string{
			"ttydeck search 'connection refused' *.cast",
			"ttydeck search --in commands -i 'kubectl (delete|drain)' logs/*.cast",
			"ttydeck search --play panic demo.cast",
		},
		about: `Searches the commands that were run, their output, the screen at any moment, and recorded input that is
in no command for lines that match the regular expression PATTERN. Prints the file, time, place, line and command of each match. The
exit status is 1 if nothing is found.`,
		flags: append([]group{{"Search", []*flag{
			onOff(&o.ignoreCase, "ignore-case,i", "ignore case, as grep does"),
			onOff(&o.fixed, "fixed-strings,F", "take PATTERN as plain text, as grep does"),
			many(&o.in, "in", "search only `WHERE`: commands, output, screen (everything else that was shown), or input (recorded keys); repeatable", parseWhere).
				offering(func(*env) []string { return where }),
			onOff(&o.input, "input,I", "also search all lines that were typed, if the input was recorded"),
			jsonFlag(&o.json),
			onOff(&o.play, "play", "play the first recording with a match, from the match"),
		}}}, o.read.groups()...),
		run: func(ctx context.Context, args []string) error {
			if err := e.need(args, 2, -1, "the pattern", "the recording to read"); err != nil {
				return err
			}
			pattern := args[0]
			if o.fixed {
				pattern = regexp.QuoteMeta(pattern)
			}
			if o.ignoreCase {
				pattern = "(?i)" + pattern
			}
			re, err := parseRegexp(pattern)
			if err != nil {
				return withHint(usageError{err}, "-F takes the pattern as plain text")
			}
			o.match = re.MatchString
			return runSearch(ctx, e, o, args[1:])
		},
	}
}

func parseWhere(s string) (string, error) {
	if !slices.Contains(where, s) {
		return "", fmt.Errorf("invalid value %q: want one of %s", s, strings.Join(where, ", "))
	}
	return s, nil
}

// searchHit is the output of search --json for a match.
type searchHit struct {
	File    string  `json:"file"`
	Time    float64 `json:"time"` // seconds
	Where   string  `json:"where"`
	Text    string  `json:"text"`
	Index   *int    `json:"index"`             // of the command
	Command string  `json:"command,omitempty"` // its text
}

func runSearch(ctx context.Context, e *env, opts searchOptions, names []string) error {
	boundMemory(readMemory)
	defer collectLess()()
	said := &warnings{env: e}
	var errs []error
	found := false
	for _, name := range names {
		hits, err := e.search(ctx, name, opts, said)
		if err != nil {
			errs = append(errs, err)
		}
		if len(hits) == 0 {
			continue
		}
		found = true
		if opts.play {
			from := place.At(hits[0].Time)
			return runPlay(ctx, e, &play.Player{}, part{from, place.End}, edit.Recipe{}, &opts.read, name)
		}
		for _, h := range hits {
			if err := e.printHit(name, h, opts.json); err != nil {
				return err
			}
		}
	}
	said.done()
	if !found && len(errs) == 0 {
		return statusError{status: exitFailed}
	}
	return errors.Join(errs...)
}

func (e *env) search(ctx context.Context, name string, opts searchOptions, said *warnings) ([]transcript.Hit, error) {
	src, err := e.open(ctx, name, append([]format.Option{format.OnWarning(said.add)}, opts.read.list()...)...)
	if err != nil {
		return nil, err
	}
	defer src.close()
	cast := src.Cast
	cast.Events = untilCancelled(ctx, cast.Events)
	if opts.input {
		if len(opts.in) == 0 {
			opts.in = where
		}
		opts.in = append(slices.Clone(opts.in), "input")
	}
	return transcript.Search(cast, opts.match, transcript.SearchOptions{
		Commands: slices.Contains(opts.in, "commands"),
		Output:   slices.Contains(opts.in, "output"),
		Screen:   slices.Contains(opts.in, "screen"),
		Input:    slices.Contains(opts.in, "input"),
	})
}

func (e *env) printHit(name string, h transcript.Hit, asJSON bool) error {
	if asJSON {
		out := searchHit{File: name, Time: h.Time.Seconds(), Where: h.Where, Text: h.Text}
		if h.Command != nil {
			out.Index, out.Command = &h.Command.Index, h.Command.Text
		}
		enc := json.NewEncoder(e.out)
		enc.SetEscapeHTML(false)
		return enc.Encode(out)
	}
	text := printable(strings.ReplaceAll(h.Text, "\n", " ⏎ "))
	line := fmt.Sprintf("%s:%s: %s: %s", printable(name), clock(h.Time.Seconds()), h.Where, text)
	if h.Command != nil && h.Where != transcript.InCommand {
		first, _, more := strings.Cut(h.Command.Text, "\n")
		if more {
			first += " ..."
		}
		line += "  [$ " + printable(first) + "]"
	}
	_, err := fmt.Fprintln(e.out, line)
	return err
}
