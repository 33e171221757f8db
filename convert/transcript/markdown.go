package transcript

import (
	"bufio"
	"fmt"
	"strings"
)

func writeMarkdown(w *bufio.Writer, recs []Recording, opts WriteOptions) error {
	for i, rec := range recs {
		if i > 0 {
			w.WriteByte('\n')
		}
		title := rec.Header.Title
		if title == "" {
			title = rec.Name
		}
		fmt.Fprintf(w, "# %s\n", escapeMarkdown(oneLine(title)))
		if !rec.Header.Start.IsZero() {
			fmt.Fprintf(w, "\nRecorded %s.\n", rec.Header.Start.UTC().Format("2006-01-02 15:04:05 MST"))
		}
		heading := func(m Marker) { fmt.Fprintf(w, "\n## %s\n", escapeMarkdown(m.Label)) }
		opts.chapters(&rec, heading, func(c, before *Command) {
			notes := remarks(c, before, opts)
			fmt.Fprintf(w, "\n**%s**", opts.when(&rec, c.Start))
			for _, r := range notes {
				fmt.Fprintf(w, " · %s", escapeMarkdown(r))
			}
			w.WriteString("\n\n")
			// A prompt before a command without output only hinders copying
			// (markdownlint MD014).
			body, language := console(c), "console"
			if c.Output == "" && c.Kind != REPL {
				body, language = printable(c.Text)+"\n", "sh"
			}
			fence := fenceFor(body)
			fmt.Fprintf(w, "%s%s\n%s%s\n", fence, language, body, fence)
		})
	}
	return nil
}

// fenceFor returns a fence longer than any in body.
func fenceFor(body string) string {
	longest, run := 0, 0
	for i := range len(body) {
		if body[i] == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	return strings.Repeat("`", max(3, longest+1))
}

// escapeMarkdown escapes the characters that Markdown interprets.
func escapeMarkdown(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_[]<>#|&~", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
