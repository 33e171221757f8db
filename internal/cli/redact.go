package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"text/tabwriter"

	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/edit/redact"
	"github.com/ttydeck/ttydeck/format"
)

// redactOptions are the flags that choose the secrets to remove.
type redactOptions struct {
	on       bool // by --redact
	texts    []string
	patterns []*regexp.Regexp
	onlyOwn  bool
}

// group returns the flags for commands that also redact.
func (o *redactOptions) group() group {
	return group{"Secrets", append([]*flag{onOff(&o.on, "redact", "remove secrets, as ttydeck redact does")}, o.flags()...)}
}

func (o *redactOptions) flags() []*flag {
	return []*flag{
		many(&o.texts, "redact-text", "remove `TEXT` everywhere; set it in the environment to keep it out of the shell's history", asIs),
		many(&o.patterns, "redact-pattern", "remove what `REGEXP`, or its first group, matches in a line (pkg.go.dev/regexp/syntax)", parseRegexp),
		onOff(&o.onlyOwn, "redact-only-own", "use only --redact-text and --redact-pattern, not the built-in rules"),
	}
}

func (o *redactOptions) redactor() (*redact.Redactor, error) {
	if o.onlyOwn && len(o.texts)+len(o.patterns) == 0 {
		return nil, usageError{errors.New("--redact-only-own needs --redact-text or --redact-pattern")}
	}
	r, err := redact.New(redact.Options{Texts: o.texts, Patterns: o.patterns, NoRules: o.onlyOwn})
	if err != nil {
		return nil, usageError{err}
	}
	return r, nil
}

// wanted reports whether any of the flags is set.
func (o *redactOptions) wanted() bool {
	return o.on || len(o.texts)+len(o.patterns) > 0 || o.onlyOwn
}

// filter returns the Filter for the flags; nil for none. The Filter passes a
// summary of the secrets to note.
func (o *redactOptions) filter(ctx context.Context, note func(string, ...any)) (edit.Filter, error) {
	if !o.wanted() {
		return nil, nil
	}
	r, err := o.redactor()
	if err != nil {
		return nil, err
	}
	return r.Filter(ctx, func(report *redact.Report) { note("%s", redactSummary(report)) }), nil
}

type redactCommandOptions struct {
	convertOptions
	secrets redactOptions
	bare    bool // without metadata
	json    bool
}

func redactCommand(e *env) *command {
	var o redactCommandOptions
	return &command{
		name:    "redact",
		purpose: "remove passwords, tokens and keys from a recording",
		args:    "IN [OUT]",
		examples: []string{
			"ttydeck redact demo.cast              # list what would be removed",
			"ttydeck redact demo.cast clean.cast",
		},
		about: `Writes the recording IN to OUT with each character of a secret replaced by "*". Without OUT, lists
the secrets by rule, time, place and the text around them, but never shows their own text. "-" is
standard input or output.

Secrets are found by the public rules of gitleaks, by the names of variables (DB_PASSWORD=...), in
headers, cookies, URLs, SQL and configuration files, in flags of commands (docker login -p), in pipes
to programs that read a password, and after password prompts in many languages. The search reads the
screen, so it also finds secrets that were split, wrapped, coloured or corrected. A secret is removed
from output, input, titles and other control sequences, markers, comments and the header, also where
it was printed as base64, hexadecimal digits or with escapes. The header of the result says that it is
redacted; ttydeck info shows it.

No rule knows every secret. A short or common word (PASSWORD=hello) is removed only where a rule finds
it. Of a secret with several lines, only the first line is removed, unless it is a private key. Look at
the result before you publish it.`,
		flags: append([]group{
			{"Output", []*flag{targetFlag(&o.to), overwriteFlag(&o.overwrite), removeMetadataFlag(&o.bare), jsonFlag(&o.json)}},
			{"Secrets", o.secrets.flags()},
		}, o.read.groups()...),
		run: func(ctx context.Context, args []string) error {
			if err := e.need(args, 1, 2, "the recording to read"); err != nil {
				return err
			}
			out := ""
			if len(args) == 2 {
				out = args[1]
			}
			if o.json && out == "-" {
				return withHint(usageError{errors.New("--json and the recording would both go to standard output")}, "name a file for the recording")
			}
			return runRedact(ctx, e, o, args[0], out)
		},
	}
}

func runRedact(ctx context.Context, e *env, opts redactCommandOptions, from, name string) error {
	var report *redact.Report
	redactor, err := opts.secrets.redactor()
	if err != nil {
		return err
	}
	opts.filter = redactor.Filter(ctx, func(r *redact.Report) { report = r })
	if opts.bare {
		opts.filter = edit.Chain(opts.filter, edit.RemoveMetadata())
	}
	if name != "" {
		err = runConvert(ctx, e, opts.convertOptions, from, name)
	} else {
		err = e.findSecrets(ctx, opts, from)
	}
	if report == nil || err != nil && !errors.As(err, new(*format.SyntaxError)) {
		return err
	}
	for _, warning := range redactWarnings(report) {
		e.warnf("%s", warning)
	}
	if opts.json {
		return errors.Join(err, json.NewEncoder(e.out).Encode(redactJSON(report)))
	}
	out := e.errOut
	if name == "" {
		out = e.out
	}
	return errors.Join(err, printReport(out, report))
}

// findSecrets reads a recording for the report, and writes nothing.
func (e *env) findSecrets(ctx context.Context, opts redactCommandOptions, from string) error {
	said := &warnings{env: e}
	src, err := e.open(ctx, from, append([]format.Option{format.OnWarning(said.add)}, opts.read.list()...)...)
	if err != nil {
		return err
	}
	defer src.close()
	for _, err = range untilCancelled(ctx, opts.filter(src.Cast).Events) {
	}
	said.done()
	return err
}

// redactWarnings returns what a report says against its completeness.
func redactWarnings(report *redact.Report) (warnings []string) {
	if report.Overflow {
		warnings = append(warnings, "too many secrets: some were removed only in the places where a rule found them")
	}
	if report.Hurried {
		warnings = append(warnings, "the screen changes too often to be checked completely: some secrets may be left")
	}
	return warnings
}

func redactSummary(r *redact.Report) string {
	places := 0
	for _, f := range r.Findings {
		places += f.Count
	}
	switch {
	case r.Secrets == 0:
		return "no secrets found"
	case places == 1:
		return "1 secret redacted in 1 place"
	case r.Secrets == 1:
		return fmt.Sprintf("1 secret redacted in %d places", places)
	}
	return fmt.Sprintf("%d secrets redacted in %d places", r.Secrets, places)
}

func printReport(w io.Writer, r *redact.Report) error {
	if len(r.Findings) == 0 {
		_, err := fmt.Fprintln(w, redactSummary(r))
		return err
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	fmt.Fprintln(t, "SECRET\tRULE\tWHERE\tFIRST\tLAST\tTIMES\tCONTEXT")
	for _, f := range r.Findings {
		fmt.Fprintf(t, "%d\t%s\t%s\t%s\t%s\t%d\t%s\n", f.Secret, f.Rule, printable(f.Where), clock(f.First.Seconds()), clock(f.Last.Seconds()), f.Count, printable(f.Context))
	}
	return t.Flush()
}

// redactReport is the output of redact --json.
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
	// Context is the text around the secret, with all secrets replaced.
	Context string `json:"context"`
}

func redactJSON(r *redact.Report) redactReport {
	report := redactReport{Secrets: r.Secrets, Overflow: r.Overflow, Hurried: r.Hurried, Findings: []redactFinding{}}
	for _, f := range r.Findings {
		report.Findings = append(report.Findings, redactFinding{f.Secret, f.Rule, f.Where, f.First.Seconds(), f.Last.Seconds(), f.Count, f.Context})
	}
	return report
}
