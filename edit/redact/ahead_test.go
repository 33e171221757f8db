package redact

import (
	"context"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ttydeck/ttydeck/format"
)

// Lines that were looked at ahead have the same secrets as those that were not: a Scan
// gets event by event.
func TestScout(t *testing.T) {
	if newScout(newMatcher(mustNew(t, Options{}).rules)) == nil {
		t.Skip("SKIPPED: TestScout with one processor: there is no scout")
	}
	r := mustNew(t, Options{})
	rng := rand.New(rand.NewPCG(4, 4))
	var lines []string
	for _, f := range forms {
		for _, line := range f.lines {
			plain, _, _ := marked(line)
			lines = append(lines, plain)
		}
	}
	lines = append(lines, cleanLines...)
	lines = append(lines, "- name: DB_PASSWORD", "  value: Heron42Flux", "}", "", "\tindented", "\x1b[32mgreen\x1b[0m line", "$ openssl rand -hex 16", "9f86d081884c7d659a2feaa0c55ad015", "data:", "  pw: UGViYmxlNjRXYXZl")
	for range 2 {
		var text strings.Builder
		for text.Len() < 600<<10 { // more than a batch
			text.WriteString(lines[rng.IntN(len(lines))] + "\r\n")
		}
		in := newTape(100, 24).add(format.Output, strings.Repeat("\r\n", 30)+text.String()).split(rng)
		cast, report, err := r.Cast(context.Background(), in.cast())
		if err != nil {
			t.Fatal(err)
		}
		scan := r.Scan(in.header)
		for _, ev := range in.events {
			if err := scan.Event(ev); err != nil {
				t.Fatal(err)
			}
		}
		cast2, report2, err := scan.Finish(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		read := func(cast format.Cast) string {
			var b strings.Builder
			for ev, err := range cast.Events {
				if err != nil {
					t.Fatal(err)
				}
				b.WriteString(ev.Data)
			}
			return b.String()
		}
		if got, want := read(cast), read(cast2); got != want {
			t.Fatal(cmp.Diff(strings.Split(want, "\n"), strings.Split(got, "\n")))
		}
		if diff := cmp.Diff(report2.Findings, report.Findings); diff != "" || report.Secrets < 100 {
			t.Errorf("the report differs (-alone +ahead):\n%s", diff)
		}
	}
}
