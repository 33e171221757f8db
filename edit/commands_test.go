package edit_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/place"
)

// session is a recording of n commands: a prompt and the mark of the last end, the
// command, an output. All commands failed, and are known.
func session(n int) place.Source {
	var events []format.Event
	var cmds []place.Command
	out := func(data string) place.Point {
		events = append(events, testcast.Out(time.Duration(len(events)+1)*second, data))
		return place.Point{Time: time.Duration(len(events)+1) * second, Event: len(events)}
	}
	at := place.Point{}
	for i := range n {
		c := place.Command{Prompt: "$ ", Text: fmt.Sprint("do ", i), PromptAt: at, Failed: true}
		out("\x1b]133;D;1\a\x1b]133;A\a$ ")
		c.Start = out(c.Text)
		out("\r\n")
		at = out(fmt.Sprint("done ", i, "\r\n"))
		c.End, c.Over = at, at
		cmds = append(cmds, c)
	}
	out("\x1b]133;D;1\a\x1b]133;A\a$ ")
	return place.Source{
		Open: func() (format.Cast, error) {
			return testcast.Of(format.Header{Size: format.Size{Cols: 20, Rows: 6}}, events...), nil
		},
		Commands: func(format.Cast) iter.Seq2[place.Command, error] {
			return func(yield func(place.Command, error) bool) {
				for _, c := range cmds {
					if !yield(c, nil) {
						return
					}
				}
			}
		},
	}
}

// steps returns what a recipe does to the parts of a recording.
func steps(t *testing.T, r edit.Recipe, src place.Source) []string {
	t.Helper()
	plan, err := r.Plan(context.Background(), src)
	if err != nil {
		t.Fatal(err)
	}
	m, err := plan.Measure(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, s := range m.Steps() {
		list = append(list, s.What)
	}
	return list
}

// The plan names the commands that it drops, also where the mark of an end has moved the
// range behind the start of the prompt; of many, the first.
func TestDroppedNames(t *testing.T) {
	for _, test := range []struct{ drop, want string }{
		{"2", `|drop "do 1"|`},
		{"/do [13]/", `|drop "do 1"||drop "do 3"|`},
		{"failed", `|drop "do 0", "do 1", "do 2", "do 3", "do 4", and 3 more`},
	} {
		got := strings.Join(steps(t, edit.Recipe{DropCommand: []string{test.drop}}, session(8)), "|")
		if got != test.want {
			t.Errorf("drop-command %s: %s; want %s", test.drop, got, test.want)
		}
	}
}
