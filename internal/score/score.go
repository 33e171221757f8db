// Package score compares transcripts with the known commands of their sessions.
// [Table] prints the figures for directories of sessions.
package score

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
)

// Expected is a session's NAME.expected.json.
type Expected struct {
	// Commands lists the commands in the order of entry.
	Commands []ExpectedCommand `json:"commands"`
}

// ExpectedCommand is one command of a session. Fields other than Command are
// compared only where they are known.
type ExpectedCommand struct {
	// Command is the text of the command.
	Command string `json:"command"`
	// Alt lists other correct texts.
	Alt []string `json:"alt"`
	// Exit is the exit status.
	Exit *int `json:"exit_code"`
	// Output is the output, without escape sequences.
	Output *string `json:"output_text"`
	// Start is when the line was entered, in seconds of the recording.
	Start *float64 `json:"start"`
	// Depth is the depth of shells, as in [transcript.Command]; only [Exact]
	// compares it.
	Depth int `json:"depth"`
	// Dir is the directory in which the command was started.
	Dir string `json:"cwd"`
}

// UnmarshalJSON reads alt as a list or a single string.
func (c *ExpectedCommand) UnmarshalJSON(b []byte) error {
	type plain ExpectedCommand
	var v struct {
		plain
		Alt json.RawMessage `json:"alt"`
	}
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*c = ExpectedCommand(v.plain)
	if len(v.Alt) > 0 {
		if json.Unmarshal(v.Alt, &c.Alt) != nil {
			var one string
			if err := json.Unmarshal(v.Alt, &one); err != nil {
				return err
			}
			c.Alt = []string{one}
		}
	}
	return nil
}

// Result counts the commands of one or more sessions.
type Result struct {
	// Sessions counts the sessions. Perfect counts those whose transcript has
	// all commands and no others.
	Sessions, Perfect int
	// Want counts the known commands, Got the commands read, and Match those in
	// both.
	Want, Got, Match int
	// Outputs counts matched commands with known output. OutputsGood counts
	// those whose output was read correctly.
	Outputs, OutputsGood int
	// ExitsWanted counts matched commands with a known exit status. Exits
	// counts those whose status was read, and ExitsGood those whose status was
	// read correctly.
	Exits, ExitsGood, ExitsWanted int
	// Dirs counts matched commands with a known directory. DirsGood counts
	// those whose directory was read correctly.
	Dirs, DirsGood int
	// Late lists the absolute errors of the start times.
	Late []time.Duration
}

// Add adds o to r.
func (r *Result) Add(o Result) {
	r.Sessions += o.Sessions
	r.Perfect += o.Perfect
	r.Want += o.Want
	r.Got += o.Got
	r.Match += o.Match
	r.Outputs += o.Outputs
	r.OutputsGood += o.OutputsGood
	r.Exits += o.Exits
	r.ExitsGood += o.ExitsGood
	r.ExitsWanted += o.ExitsWanted
	r.Dirs += o.Dirs
	r.DirsGood += o.DirsGood
	r.Late = append(r.Late, o.Late...)
}

// Precision returns the share of the commands read that are correct, from 0 to
// 1.
func (r Result) Precision() float64 { return ratio(r.Match, r.Got) }

// Recall returns the share of the known commands that were read, from 0 to 1.
func (r Result) Recall() float64 { return ratio(r.Match, r.Want) }

// F1 returns the harmonic mean of precision and recall.
func (r Result) F1() float64 {
	if r.Want+r.Got == 0 {
		return 1
	}
	return 2 * float64(r.Match) / float64(r.Want+r.Got)
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}

// Compare compares got with want. Commands match along the longest common
// subsequence of their texts; a run of blanks counts as one. It calls diff, if
// not nil, with a line for each difference.
func Compare(want []ExpectedCommand, got []transcript.Command, diff func(string)) Result {
	if diff == nil {
		diff = func(string) {}
	}
	r := Result{Sessions: 1, Want: len(want), Got: len(got)}
	same := func(i, j int) bool {
		text := collapse(got[j].Text)
		if text == collapse(want[i].Command) {
			return true
		}
		return slices.ContainsFunc(want[i].Alt, func(alt string) bool { return text == collapse(alt) })
	}
	best := make([][]int, len(want)+1)
	for i := range best {
		best[i] = make([]int, len(got)+1)
	}
	for i := len(want) - 1; i >= 0; i-- {
		for j := len(got) - 1; j >= 0; j-- {
			best[i][j] = max(best[i+1][j], best[i][j+1])
			if same(i, j) {
				best[i][j] = max(best[i][j], best[i+1][j+1]+1)
			}
		}
	}
	for i, j := 0, 0; i < len(want) || j < len(got); {
		switch {
		case i < len(want) && j < len(got) && same(i, j) && best[i][j] == best[i+1][j+1]+1:
			r.pair(want[i], got[j], diff)
			i++
			j++
		case j < len(got) && (i == len(want) || best[i][j] == best[i][j+1]):
			diff(fmt.Sprintf("+ %q  prompt %q kind %s", got[j].Text, got[j].Prompt, got[j].Kind))
			j++
		default:
			diff(fmt.Sprintf("- %q", want[i].Command))
			i++
		}
	}
	if r.Match == r.Want && r.Match == r.Got {
		r.Perfect = 1
	}
	return r
}

func (r *Result) pair(want ExpectedCommand, got transcript.Command, diff func(string)) {
	r.Match++
	if want.Output != nil {
		r.Outputs++
		if trimLines(*want.Output) == trimLines(got.Output) {
			r.OutputsGood++
		} else {
			diff(fmt.Sprintf("output of %q:\n   want %q\n   got  %q", got.Text, clip(*want.Output), clip(got.Output)))
		}
	}
	if want.Exit != nil {
		r.ExitsWanted++
		if got.HasExit {
			r.Exits++
			if got.Exit == *want.Exit {
				r.ExitsGood++
			} else {
				diff(fmt.Sprintf("exit of %q: want %d, got %d", got.Text, *want.Exit, got.Exit))
			}
		}
	}
	if want.Dir != "" {
		r.Dirs++
		if got.Dir == want.Dir {
			r.DirsGood++
		} else {
			diff(fmt.Sprintf("directory of %q: want %s, got %q", got.Text, want.Dir, got.Dir))
		}
	}
	if want.Start != nil {
		late := got.Start - time.Duration(*want.Start*1e9)
		r.Late = append(r.Late, late.Abs())
	}
}

// Exact returns the differences between want and got, which must have the same
// commands in the same order: their texts byte for byte, exit statuses,
// outputs, directories, depths and parents. Inside another shell, the directory may be
// unknown.
func Exact(want []ExpectedCommand, got []transcript.Command) (diffs []string) {
	for i := range max(len(want), len(got)) {
		switch {
		case i == len(got):
			return append(diffs, fmt.Sprintf("%q is missing, and what follows it", want[i].Command))
		case i == len(want):
			return append(diffs, fmt.Sprintf("%q was not run", got[i].Text))
		}
		w, g := want[i], got[i]
		if g.Text != w.Command && !slices.Contains(w.Alt, g.Text) {
			return append(diffs, fmt.Sprintf("%q, want %q, and what follows it (confidence %v)", g.Text, w.Command, g.Confidence))
		}
		if w.Exit != nil && (!g.HasExit || g.Exit != *w.Exit) {
			diffs = append(diffs, fmt.Sprintf("%q has status %d (%v), want %d", g.Text, g.Exit, g.HasExit, *w.Exit))
		}
		if w.Output != nil && trimLines(*w.Output) != trimLines(g.Output) {
			diffs = append(diffs, fmt.Sprintf("%q printed %q, want %q", g.Text, clip(g.Output), clip(*w.Output)))
		}
		if w.Dir != "" && g.Dir != w.Dir && (w.Depth == 0 || g.Dir != "") {
			diffs = append(diffs, fmt.Sprintf("%q is in %q, want %q", g.Text, g.Dir, w.Dir))
		}
		if g.Depth != w.Depth {
			diffs = append(diffs, fmt.Sprintf("%q has depth %d, want %d", g.Text, g.Depth, w.Depth))
		} else if parent := parentOf(want, i); g.Parent != parent {
			diffs = append(diffs, fmt.Sprintf("%q has parent %d, want %d", g.Text, g.Parent, parent))
		}
	}
	return diffs
}

// parentOf returns the index of the command that started the shell of command i:
// the last one before it that is less deep; -1 at depth 0.
func parentOf(want []ExpectedCommand, i int) int {
	parent := i - 1
	for parent >= 0 && want[parent].Depth >= want[i].Depth {
		parent--
	}
	return parent
}

// Overconfident returns the texts that were never entered, but have a confidence
// of 1.
func Overconfident(want []ExpectedCommand, got []transcript.Command) (texts []string) {
	for _, g := range got {
		if g.Confidence == 1 && !slices.ContainsFunc(want, func(w ExpectedCommand) bool {
			return w.Command == g.Text || slices.Contains(w.Alt, g.Text)
		}) {
			texts = append(texts, g.Text)
		}
	}
	return texts
}

func clip(s string) string {
	if len(s) > 300 {
		return s[:300] + "..."
	}
	return s
}

func collapse(s string) string { return strings.Join(strings.Fields(s), " ") }

func trimLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " \t\r")
	}
	return strings.Trim(strings.Join(lines, "\n"), "\n")
}

// A Variant changes the events of a recording in a way that should hardly change
// its transcript.
type Variant struct {
	// Name is the name in the table.
	Name string
	// Apply returns the changed events.
	Apply func(format.Events) format.Events
}

// Variants returns the variants to measure; the first changes nothing. seed
// seeds the random splits.
func Variants(seed int64) []Variant {
	return []Variant{
		{"as recorded", func(e format.Events) format.Events { return e }},
		{"one byte per event", func(e format.Events) format.Events { return resplit(e, func() int { return 1 }) }},
		{"random splits", func(e format.Events) format.Events {
			r := rand.New(rand.NewPCG(uint64(seed), 0))
			return resplit(e, func() int { return 1 + r.IntN(20) })
		}},
		{"merged 33 ms", func(e format.Events) format.Events { return merge(e, 33*time.Millisecond) }},
		{"merged 100 ms", func(e format.Events) format.Events { return merge(e, 100*time.Millisecond) }},
		{"merged 500 ms", func(e format.Events) format.Events { return merge(e, 500*time.Millisecond) }},
		{"10 times faster", func(e format.Events) format.Events { return faster(e, 10) }},
		{"idle cut to 0.1 s", idle},
		{"all at once", func(e format.Events) format.Events { return faster(e, 1<<40) }},
	}
}

func resplit(events format.Events, next func() int) format.Events {
	return func(yield func(format.Event, error) bool) {
		for ev, err := range events {
			if err != nil || ev.Code != format.Output {
				if !yield(ev, err) {
					return
				}
				continue
			}
			for data := ev.Data; len(data) > 0; {
				n := min(next(), len(data))
				ev.Data, data = data[:n], data[n:]
				if !yield(ev, nil) {
					return
				}
			}
		}
	}
}

// merge joins the output of each span of time into one event at the start of
// the span.
func merge(events format.Events, span time.Duration) format.Events {
	return func(yield func(format.Event, error) bool) {
		var held format.Event
		for ev, err := range events {
			if err == nil && ev.Code == format.Output {
				if held.Data != "" && ev.Time/span == held.Time/span {
					held.Data += ev.Data
					continue
				}
				if held.Data != "" && !yield(held, nil) {
					return
				}
				held = ev
				continue
			}
			if err == nil && ev.Code == format.Input {
				continue // the keys would come after their echo
			}
			if held.Data != "" && !yield(held, nil) {
				return
			}
			held = format.Event{}
			if !yield(ev, err) {
				return
			}
		}
		if held.Data != "" {
			yield(held, nil)
		}
	}
}

func faster(events format.Events, by time.Duration) format.Events {
	return func(yield func(format.Event, error) bool) {
		for ev, err := range events {
			ev.Time /= by
			if !yield(ev, err) {
				return
			}
		}
	}
}

func idle(events format.Events) format.Events {
	return func(yield func(format.Event, error) bool) {
		var last, cut time.Duration
		for ev, err := range events {
			if gap := ev.Time - last; gap > 100*time.Millisecond {
				cut += gap - 100*time.Millisecond
			}
			last = ev.Time
			ev.Time -= cut
			if !yield(ev, err) {
				return
			}
		}
	}
}

// Options change what [Table] measures.
type Options struct {
	// Verbose prints each difference.
	Verbose bool
	// Only limits the sessions to those whose name contains it.
	Only string
	// Nonce is the nonce of the recordings' own marks; empty means the
	// header's.
	Nonce string
}

// Session reads the variant v of the recording at path cast and compares it
// with its NAME.expected.json, like [Compare]. It also returns the commands
// read.
func Session(cast string, v Variant, opts Options, diff func(string)) (Result, []transcript.Command, error) {
	b, err := os.ReadFile(filepath.Join(filepath.Dir(cast), baseName(cast)+".expected.json"))
	if err != nil {
		return Result{}, nil, err
	}
	var want Expected
	if err := json.Unmarshal(b, &want); err != nil {
		return Result{}, nil, fmt.Errorf("%s: %w", cast, err)
	}
	f, err := format.OpenFile(cast)
	if err != nil {
		return Result{}, nil, err
	}
	defer f.Close()
	src := f.Cast
	src.Events = v.Apply(src.Events)
	var got []transcript.Command
	for c, err := range transcript.Commands(src, transcript.Options{Nonce: opts.Nonce}) {
		if err != nil {
			return Result{}, nil, fmt.Errorf("%s: %w", cast, err)
		}
		got = append(got, c)
	}
	return Compare(want.Commands, got, diff), got, nil
}

// setOf returns the kind of a session, from its directory and the prefix of its
// name.
func setOf(dir, name string) string {
	base := filepath.Base(dir)
	for _, p := range []struct{ prefix, set string }{
		{"m_own_", "own marks"}, {"m_", "other marks"},
	} {
		if strings.HasPrefix(name, p.prefix) {
			return base + ", " + p.set
		}
	}
	if base == "generated" {
		return base + ", no marks"
	}
	return base
}

// Table measures the recordings in dirs. For each kind of session and variant,
// it prints a line to w. It returns the first error in a recording.
func Table(w io.Writer, dirs []string, variants []Variant, opts Options) error {
	fmt.Fprintf(w, "%-24s %-20s %9s %9s %9s %7s %7s %7s %12s %12s %10s\n", "sessions", "variant", "perfect", "commands", "found", "P", "R", "F1", "output", "exit", "start p95")
	for _, v := range variants {
		sets := map[string]*Result{}
		var order []string
		for _, dir := range dirs {
			casts, err := filepath.Glob(filepath.Join(dir, "*.cast*"))
			if err != nil {
				return err
			}
			if len(casts) == 0 {
				return fmt.Errorf("%s: no recordings", dir)
			}
			for _, cast := range casts {
				name := baseName(cast)
				if !strings.Contains(name, opts.Only) {
					continue
				}
				var diffs []string
				r, _, err := Session(cast, v, opts, func(s string) { diffs = append(diffs, s) })
				if err != nil {
					return err
				}
				if opts.Verbose && len(diffs) > 0 {
					fmt.Fprintf(w, "%s (%s):\n  %s\n", name, v.Name, strings.Join(diffs, "\n  "))
				}
				set := setOf(dir, name)
				if sets[set] == nil {
					sets[set] = &Result{}
					order = append(order, set)
				}
				sets[set].Add(r)
			}
		}
		slices.Sort(order)
		for _, set := range order {
			r := sets[set]
			fmt.Fprintf(w, "%-24s %-20s %9s %9d %9d %7.3f %7.3f %7.3f %12s %12s %10s\n", set, v.Name,
				fmt.Sprintf("%d/%d", r.Perfect, r.Sessions), r.Want, r.Got, r.Precision(), r.Recall(), r.F1(),
				fmt.Sprintf("%d/%d", r.OutputsGood, r.Outputs), fmt.Sprintf("%d/%d", r.ExitsGood, r.ExitsWanted), percentile(r.Late, 95))
		}
	}
	return nil
}

func percentile(d []time.Duration, p int) string {
	if len(d) == 0 {
		return "-"
	}
	slices.Sort(d)
	return d[(len(d)-1)*p/100].Round(100 * time.Microsecond).String()
}

// baseName returns the file name of a recording without its extensions.
func baseName(cast string) string {
	name, _, _ := strings.Cut(filepath.Base(cast), ".cast")
	return name
}
