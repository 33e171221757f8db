package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"text/tabwriter"

	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/edit/redact"
	"github.com/ttydeck/ttydeck/format"
	"github.com/urfave/cli/v2"
)

type redactOptions struct {
	convertOptions
	redactor *redact.Redactor
	asJSON   bool
}

func redactCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "redact",
		Usage:     "take passwords, tokens and keys out of a recording",
		ArgsUsage: "IN [OUT]",
		Description: `Reads the recording IN and writes it to OUT, in the format that the extension of OUT names, with each character of
a secret replaced by "*". Without OUT it only tells what it would replace. "-" is standard input or output.

Secrets are found by the public rules of gitleaks, by names (DB_PASSWORD=...), in Authorization headers, URLs and
options of commands, and where a program asked for a password; on the screen, so also those that were split, wrapped,
coloured or corrected while they were typed. They go from output, input, titles and other control sequences, markers,
comments and the header. What was found is told by rule, time and place, never the secret.

No rule knows every secret: look at the result before you publish it.`,
		Flags: slices.Concat([]cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print what was found as a JSON object"},
			&cli.StringFlag{Name: "to", Aliases: []string{"f", "output-format"}, Usage: "write `FORMAT`, whatever OUT is named"},
			&cli.BoolFlag{Name: "overwrite", Usage: "replace OUT if it exists; it may be IN"},
		}, redactPatternFlags(), readFlags()),
		Action: func(c *cli.Context) error {
			args, err := fileArgs(c, 1, 2, "the recording to read")
			if err != nil {
				return err
			}
			opts := redactOptions{asJSON: c.Bool("json")}
			opts.overwrite, opts.strict = c.Bool("overwrite"), c.Bool("strict")
			if opts.read, err = readOptions(c); err != nil {
				return err
			}
			if opts.to, err = formatNamed(c.String("to")); err != nil {
				return err
			}
			if opts.redactor, err = redactorOf(c); err != nil {
				return err
			}
			out := ""
			if len(args) == 2 {
				out = args[1]
			}
			if opts.asJSON && out == "-" {
				return withHint(usageError{errors.New("--json and the recording both want standard output")}, "name a file to write the recording to")
			}
			return runRedact(c.Context, e, opts, args[0], out)
		},
	}
}

// redactFlags are the flags of commands that redact on the way.
func redactFlags() []cli.Flag {
	return append([]cli.Flag{
		&cli.BoolFlag{Name: "redact", Usage: "take out secrets, as ttydeck redact does"},
	}, redactPatternFlags()...)
}

func redactPatternFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "redact-text", Usage: "take out `TEXT` wherever it stands; it would be in your shell's history, so rather give it in the environment"},
		&cli.StringSliceFlag{Name: "redact-pattern", Usage: "take out what `REGEXP` matches in a line, or its first group (https://pkg.go.dev/regexp/syntax)"},
		&cli.BoolFlag{Name: "redact-only-own", Usage: "leave the public rules out: only --redact-text and --redact-pattern"},
	}
}

func redactorOf(c *cli.Context) (*redact.Redactor, error) {
	opts := redact.Options{Texts: c.StringSlice("redact-text"), NoRules: c.Bool("redact-only-own")}
	for _, expr := range c.StringSlice("redact-pattern") {
		re, err := regexp.Compile(expr)
		if err != nil {
			return nil, usageError{fmt.Errorf("--redact-pattern: %w", err)}
		}
		opts.Patterns = append(opts.Patterns, re)
	}
	if opts.NoRules && len(opts.Texts)+len(opts.Patterns) == 0 {
		return nil, usageError{errors.New("--redact-only-own: nothing to take out")}
	}
	r, err := redact.New(opts)
	if err != nil {
		return nil, usageError{err}
	}
	return r, nil
}

// redactFilter gives the Filter that the flags of redactFlags ask for, nil for
// none. What it found is told to w.
func redactFilter(c *cli.Context, w io.Writer) (edit.Filter, error) {
	own := c.IsSet("redact-text") || c.IsSet("redact-pattern")
	if !c.Bool("redact") && !own {
		return nil, nil
	}
	r, err := redactorOf(c)
	if err != nil {
		return nil, err
	}
	return r.Filter(c.Context, func(report *redact.Report) {
		(&env{errOut: w}).notef("%s", redactSummary(report))
	}), nil
}

func runRedact(ctx context.Context, e *env, opts redactOptions, from, name string) error {
	var report *redact.Report
	opts.filter = opts.redactor.Filter(ctx, func(r *redact.Report) { report = r })
	var err error
	if name != "" {
		err = runConvert(ctx, e, opts.convertOptions, from, name)
	} else {
		err = e.findSecrets(ctx, opts, from)
	}
	if report == nil || err != nil && !errors.As(err, new(*format.SyntaxError)) {
		return err
	}
	if report.Overflow {
		e.warnf("too many secrets to look for each everywhere: some are only redacted where a rule sees them")
	}
	if report.Hurried {
		e.warnf("the screen changes too often to look at all of it: some secrets may be left")
	}
	if opts.asJSON {
		return errors.Join(err, json.NewEncoder(e.out).Encode(redactJSON(report)))
	}
	out := e.errOut
	if name == "" {
		out = e.out
	}
	return errors.Join(err, printReport(out, report))
}

// findSecrets reads the recording for the report alone.
func (e *env) findSecrets(ctx context.Context, opts redactOptions, from string) error {
	said := &warnings{env: e}
	src, err := e.open(ctx, from, append([]format.Option{format.OnWarning(said.add)}, opts.read...)...)
	if err != nil {
		return err
	}
	defer src.close()
	for _, err = range untilCancelled(ctx, opts.filter(src.Cast).Events) {
	}
	said.done()
	return err
}

func redactSummary(r *redact.Report) string {
	places := 0
	for _, f := range r.Findings {
		places += f.Count
	}
	switch {
	case r.Secrets == 0:
		return "no secrets found"
	case r.Secrets == 1:
		return fmt.Sprintf("1 secret redacted, %d times", places)
	}
	return fmt.Sprintf("%d secrets redacted, %d times", r.Secrets, places)
}

func printReport(w io.Writer, r *redact.Report) error {
	if len(r.Findings) == 0 {
		_, err := fmt.Fprintln(w, redactSummary(r))
		return err
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "SECRET\tRULE\tWHERE\tFIRST\tLAST\tTIMES")
	for _, f := range r.Findings {
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%d\n", f.Secret, f.Rule, printable(f.Where), clock(f.First.Seconds()), clock(f.Last.Seconds()), f.Count)
	}
	return t.Flush()
}

// redactReport is the documented JSON of redact --json.
type redactReport struct {
	Secrets  int             `json:"secrets"`
	Overflow bool            `json:"overflow,omitempty"`
	Hurried  bool            `json:"hurried,omitempty"`
	Findings []redactFinding `json:"findings"`
}

type redactFinding struct {
	Secret int     `json:"secret"` // numbered from 1; the same number is the same text
	Rule   string  `json:"rule"`
	Where  string  `json:"where"`
	First  float64 `json:"first"` // seconds since the start
	Last   float64 `json:"last"`
	Times  int     `json:"times"`
}

func redactJSON(r *redact.Report) redactReport {
	report := redactReport{Secrets: r.Secrets, Overflow: r.Overflow, Hurried: r.Hurried, Findings: []redactFinding{}}
	for _, f := range r.Findings {
		report.Findings = append(report.Findings, redactFinding{f.Secret, f.Rule, f.Where, f.First.Seconds(), f.Last.Seconds(), f.Count})
	}
	return report
}
