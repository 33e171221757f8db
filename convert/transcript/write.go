package transcript

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/timecode"
	"github.com/ttydeck/ttydeck/place"
)

// A Recording is the commands of one recording, for [Write].
type Recording struct {
	// Name is the name that readers see, such as the file's.
	Name string
	// Header is the recording's header.
	Header format.Header
	// Commands are its commands, as [List.All] yields them. They may be ranged
	// over more than once; [slices.Values] makes them of a slice.
	Commands iter.Seq[Command]
	// Clock tells the time of day; nil means that it runs from the header's start,
	// as it does in a recording without pauses. See [List.Clock].
	Clock *place.Clock
	// Unseen is the number of entered lines that are in no command; see
	// [List.Unseen].
	Unseen int
	// Hidden lists when commands were hidden; see [List.Hidden].
	Hidden []Hidden
	// Markers are the headings of the styles Markdown and HTML, in order; see
	// [List.Markers].
	Markers []Marker
	// Err is the error that ended the reading, if any.
	Err error
}

// A Style is a way to write commands.
type Style struct {
	// Name is the name of the style, for [StyleByName].
	Name string
	// Also are other names.
	Also []string
	// Ext are the extensions of file names that choose the style, with the dot.
	Ext []string
	// Desc describes the style in a few words.
	Desc string
	// Loses names what a recording loses.
	Loses string

	write func(*bufio.Writer, []Recording, WriteOptions) error
}

const losesMost = "everything but the commands and their output"

// Styles lists all styles, the default first.
var Styles = []*Style{
	{Name: "text", Also: []string{"txt", "plain"}, Ext: []string{".txt"}, Desc: "times, commands, output", Loses: losesMost, write: writeText},
	{Name: "markdown", Also: []string{"md"}, Ext: []string{".md", ".markdown"}, Desc: "a fenced block for each command", Loses: losesMost, write: writeMarkdown},
	{Name: "console", Ext: []string{".console"}, Desc: "a console session with the prompts $ and >, for documentation", Loses: losesMost + ", also times", write: writeConsole},
	{Name: "html", Ext: []string{".html", ".htm"}, Desc: "one page with colours and no scripts", Loses: losesMost, write: writeHTML},
	{Name: "json", Ext: []string{".json"}, Desc: "one object with everything", Loses: losesMost, write: writeJSON},
	{Name: "jsonl", Also: []string{"ndjson"}, Ext: []string{".jsonl", ".ndjson"}, Desc: "an object for each command, one per line", Loses: losesMost, write: writeJSONL},
	{Name: "script", Also: []string{"sh"}, Ext: []string{".sh"}, Desc: "a shell script of the commands", Loses: "everything but the commands", write: writeScript},
}

// StyleByName returns the style with that name, and whether there is one.
func StyleByName(name string) (*Style, bool) {
	for _, s := range Styles {
		if s.Name == name || slices.Contains(s.Also, name) {
			return s, true
		}
	}
	return nil, false
}

// WantsStyled reports whether the style uses Command.Styled.
func (s *Style) WantsStyled() bool { return s.Name == "html" }

// WriteOptions change what [Write] writes. The zero value is ready for use.
type WriteOptions struct {
	// Absolute writes times of day where the recording's start is known.
	Absolute bool
	// Location is the time zone for Absolute; nil means UTC.
	Location *time.Location
	// Review writes only doubtful commands, with the reasons for the doubt.
	Review bool
	// Status adds a line "[STATUS]" to each command that failed in style console, as
	// cram has it. The other styles say the status anyhow.
	Status bool
	// PlayURL is the address of a player that shows the recording. With it,
	// style html links each command to its moment, by appending "#t=SECONDS".
	PlayURL string
}

// Write writes the commands of recordings to w. It returns the first error of w.
func Write(w io.Writer, style *Style, recs []Recording, opts WriteOptions) error {
	b := bufio.NewWriter(w)
	if err := style.write(b, recs, opts); err != nil {
		return err
	}
	return b.Flush()
}

// at returns the time of day at a moment, and whether it is known.
func (r *Recording) at(d time.Duration) (time.Time, bool) {
	if r.Clock == nil {
		c := place.NewClock(r.Header)
		return c.At(d)
	}
	return r.Clock.At(d)
}

// when returns the time of a command as the options ask for it.
func (o WriteOptions) when(rec *Recording, d time.Duration) string {
	if at, ok := rec.at(d); ok && o.Absolute {
		loc := o.Location
		if loc == nil {
			loc = time.UTC
		}
		return at.In(loc).Format("2006-01-02 15:04:05 -0700")
	}
	return timecode.Format(d, time.Second/10)
}

// took returns a duration for readers; "" if it is too short to mention.
func took(d time.Duration) string {
	switch {
	case d < 100*time.Millisecond:
		return ""
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	}
	d = d.Round(time.Second)
	if d < time.Hour {
		return fmt.Sprintf("%d min %02d s", d/time.Minute, d/time.Second%60)
	}
	return fmt.Sprintf("%d h %02d min", d/time.Hour, d/time.Minute%60)
}

// status describes the end of a command; "" if it succeeded or is unknown.
func status(c *Command) string {
	switch {
	case c.Kind == Cancelled:
		return "cancelled"
	case c.Failed() && c.Exit > 128 && c.Exit < 128+65:
		return fmt.Sprintf("exit %d, signal %d", c.Exit, c.Exit-128)
	case c.Failed():
		return fmt.Sprintf("exit %d", c.Exit)
	case c.Unfinished:
		return "still running at the end"
	}
	return ""
}

// remarks returns the notes on a command; before is the command written before
// it, or nil.
func remarks(c, before *Command, opts WriteOptions) []string {
	var list []string
	if s := status(c); s != "" {
		list = append(list, s)
	}
	if s := took(c.Duration()); s != "" && c.Kind != Cancelled {
		list = append(list, s)
	}
	if c.Dir != "" && (before == nil || before.Dir != c.Dir) {
		list = append(list, "in "+printable(c.Dir))
	}
	if c.Depth > 0 {
		list = append(list, strings.TrimSpace("nested "+printable(c.Host)))
	}
	if c.FullScreen {
		list = append(list, "full screen")
	}
	if c.Expanded != "" {
		list = append(list, "ran "+oneLine(c.Expanded))
	}
	if !c.Trusted {
		list = append(list, "marks not signed")
	}
	if opts.Review || c.Confidence < 0.5 {
		list = append(list, fmt.Sprintf("confidence %.2f: %s", c.Confidence, doubt(c)))
	}
	return list
}

// doubt returns the reason for a low confidence.
func doubt(c *Command) string {
	switch {
	case c.Kind == Unseen:
		return "in the recorded input, but at no prompt that was seen"
	case c.Evidence.Bounds == FromTyping && c.Confidence < 0.7:
		return "the line appeared after a prompt all at once"
	case c.Evidence.Bounds == FromTyping:
		return "found only by what was typed after a prompt"
	case c.Evidence.Text == FromPrompt:
		return "prompt and text were split by comparison with other prompts"
	case c.Confidence <= 0.5:
		return "the line is too long to be read whole"
	}
	return "no reason known"
}

// doubtful is the confidence below which Review writes a command.
const doubtful = 0.9

// each calls f for each command to be written, with the one before it.
func (o WriteOptions) each(cmds iter.Seq[Command], f func(c, before *Command)) {
	var before *Command
	for c := range cmds {
		if o.Review && c.Confidence >= doubtful {
			continue
		}
		f(&c, before)
		before = &c
	}
}

// chapters is each for the commands of rec. It calls heading with the markers that
// come before a command was entered, also with those inside the command before, and
// with the rest at the end. Markers that only name a command are none.
func (o WriteOptions) chapters(rec *Recording, heading func(m Marker), f func(c, before *Command)) {
	left := rec.Markers
	o.each(rec.Commands, func(c, before *Command) {
		for len(left) > 0 && left[0].At <= c.Start {
			if left[0].Label != label(c) {
				heading(left[0])
			}
			left = left[1:]
		}
		f(c, before)
	})
	for _, m := range left {
		heading(m)
	}
}

// printable makes text from a recording safe to print: it replaces control
// characters other than line feed and tab with U+FFFD.
func printable(s string) string {
	plain := utf8.ValidString(s)
	for i := 0; plain && i < len(s); i++ {
		c := s[i]
		plain = c >= ' ' && c != 0x7f && c != 0xc2 || c == '\n' || c == '\t' // U+0080 to U+009F begin with C2
	}
	if plain {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0) {
			return '\uFFFD'
		}
		return r
	}, s)
}

func oneLine(s string) string { return strings.Join(strings.Fields(printable(s)), " ") }

// sign returns the plain prompt of a command: # for the superuser, else $.
func sign(c *Command) string {
	if strings.HasSuffix(strings.TrimRight(c.Prompt, " "), "#") {
		return "# "
	}
	return "$ "
}

// console returns a command as it looks in a terminal with plain prompts.
func console(c *Command) string {
	var b strings.Builder
	before := sign(c)
	if c.Kind == REPL {
		before = oneLine(lastOf(c.Prompt)) + " "
	}
	for line := range strings.SplitSeq(printable(c.Text), "\n") {
		b.WriteString(before)
		b.WriteString(line)
		b.WriteByte('\n')
		if c.Kind != REPL {
			before = "> "
		}
	}
	if c.Output != "" {
		b.WriteString(printable(c.Output))
		b.WriteByte('\n')
	}
	return b.String()
}

func lastOf(prompt string) string { return prompt[strings.LastIndexByte(prompt, '\n')+1:] }

func writeConsole(w *bufio.Writer, recs []Recording, opts WriteOptions) error {
	for i, rec := range recs {
		if len(recs) > 1 {
			if i > 0 {
				w.WriteByte('\n')
			}
			fmt.Fprintf(w, "# %s\n", printable(rec.Name))
		}
		opts.each(rec.Commands, func(c, _ *Command) {
			w.WriteString(console(c))
			if opts.Status && c.Failed() {
				fmt.Fprintf(w, "[%d]\n", c.Exit)
			}
		})
	}
	return nil
}

func writeText(w *bufio.Writer, recs []Recording, opts WriteOptions) error {
	for i, rec := range recs {
		if len(recs) > 1 {
			if i > 0 {
				w.WriteByte('\n')
			}
			fmt.Fprintf(w, "==> %s <==\n", printable(rec.Name))
		}
		opts.each(rec.Commands, func(c, before *Command) {
			if before != nil {
				w.WriteByte('\n')
			}
			w.WriteString("[" + opts.when(&rec, c.Start))
			for _, r := range remarks(c, before, opts) {
				w.WriteString(", " + r)
			}
			w.WriteString("]\n")
			w.WriteString(console(c))
		})
	}
	return nil
}
