package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/play"
	"github.com/urfave/cli/v2"
)

type searchOptions struct {
	search transcript.SearchOptions
	match  func(string) bool
	json   bool
	play   bool
	source []format.Option // how recordings are read
}

func searchCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "search",
		Usage:     "find a text in recordings",
		ArgsUsage: "PATTERN FILE...",
		Description: `Prints each line that matches the regular expression PATTERN in the commands that were run in FILE, in what they
printed, or on the screen at any moment: the file, the time, where it is, the line, and the command it belongs to.
Exits with 1 if nothing is found.`,
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "ignore-case", Aliases: []string{"i"}, Usage: "take capitals and small letters for the same"},
			&cli.BoolFlag{Name: "fixed-strings", Aliases: []string{"F"}, Usage: "PATTERN is a text, not a regular expression"},
			&cli.BoolFlag{Name: "commands", Usage: "look at commands"},
			&cli.BoolFlag{Name: "output", Usage: "look at what commands printed"},
			&cli.BoolFlag{Name: "screen", Usage: "look at what else was on the screen, as in full-screen programs"},
			&cli.BoolFlag{Name: "json", Usage: "print a JSON object for each line found"},
			&cli.BoolFlag{Name: "play", Usage: "play the first recording with a match, from there"},
			&cli.StringFlag{Name: "input-format", Usage: "read `FORMAT`, whatever FILE looks like"},
		}, without(readFlags(), "from")...),
		Action: func(c *cli.Context) error {
			args, err := fileArgs(c, 2, -1, "the pattern, or the recording to read,")
			if err != nil {
				return err
			}
			opts := searchOptions{json: c.Bool("json"), play: c.Bool("play")}
			opts.search.Commands, opts.search.Output, opts.search.Screen = c.Bool("commands"), c.Bool("output"), c.Bool("screen")
			if opts.source, err = readOptions(c); err != nil {
				return err
			}
			pattern := args[0]
			if c.Bool("fixed-strings") {
				pattern = regexp.QuoteMeta(pattern)
			}
			if c.Bool("ignore-case") {
				pattern = "(?i)" + pattern
			}
			re, err := regexp.Compile(pattern)
			if err != nil {
				return usageError{err}
			}
			opts.match = re.MatchString
			return runSearch(c.Context, e, opts, args[1:])
		},
	}
}

// searchHit is what search tells; its JSON is the documented output.
type searchHit struct {
	File    string  `json:"file"`
	Time    float64 `json:"time"` // seconds
	Where   string  `json:"where"`
	Text    string  `json:"text"`
	Index   *int    `json:"index"`             // of the command
	Command string  `json:"command,omitempty"` // its text
}

func runSearch(ctx context.Context, e *env, opts searchOptions, names []string) error {
	said := &warnings{env: e}
	var errs []error
	found := false
	for _, name := range names {
		hits, err := e.search(ctx, name, opts, said)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", name, err))
		}
		if len(hits) == 0 {
			continue
		}
		found = true
		if opts.play {
			at := hits[0].Time
			return runPlay(ctx, e, &play.Player{Start: at}, opts.source, name)
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
	src, err := e.open(ctx, name, append([]format.Option{format.OnWarning(said.add)}, opts.source...)...)
	if err != nil {
		return nil, err
	}
	defer src.close()
	cast := src.Cast
	cast.Events = untilCancelled(ctx, cast.Events)
	hits, _, err := transcript.Search(cast, opts.match, opts.search)
	return hits, err
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
	line := fmt.Sprintf("%s:%s: %s: %s", printable(name), convert.Clock(h.Time), h.Where, text)
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
