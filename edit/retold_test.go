package edit_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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
		for _, char := range c.Text {
			c.Start = out(string(char))
		}
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

// A shell that ends with the status of the last command in it is not dropped with the
// commands that failed.
func TestFailedShell(t *testing.T) {
	src := session(5)
	all := src.Commands
	src.Commands = func(c format.Cast) iter.Seq2[place.Command, error] {
		return func(yield func(place.Command, error) bool) {
			i := 0
			for c, err := range all(c) {
				if i == 2 || i == 3 { // in a shell, which is command 2
					c.Depth = 1
				}
				c.Failed = i == 1 || i == 3
				if i++; !yield(c, err) {
					return
				}
			}
		}
	}
	got := strings.Join(steps(t, edit.Recipe{DropCommand: []string{"failed"}}, src), "|")
	if want := `|drop "do 3"|`; got != want {
		t.Errorf("drop-command failed: %s; want %s", got, want)
	}
}

// A place inside a line that is typed anew is where its typing begins; one at Enter is
// behind it.
func TestPlacesInTyping(t *testing.T) {
	r := edit.Recipe{TidyTyping: true, TypingSpeed: "100ms", Pause: []string{"2@command:1.start"}, Marker: []string{"command:1.start=enter", "2.5=inside"}}
	src := session(1)
	plan, err := r.Plan(context.Background(), src)
	if err != nil {
		t.Fatal(err)
	}
	m, err := plan.Measure(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var steps, events []string
	for _, s := range m.Steps() {
		steps = append(steps, fmt.Sprintf("%v-%v %s", s.From, s.To, s.What))
	}
	want := []string{"0s-2s ", "2s-2.5s typed evenly", `2s-2s marker "inside"`, "2.5s-4.5s pause of 2s", `2.5s-2.5s marker "enter"`, "4.5s-6.5s "}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("steps (-want +got)\n%s", diff)
	}
	cast, err := src.Open()
	if err != nil {
		t.Fatal(err)
	}
	for ev, err := range plan.Filter()(cast).Events {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, fmt.Sprintf("%v %s", ev.Time, strings.TrimPrefix(ev.Data, "\x1b]133;D;1\a\x1b]133;A\a")))
	}
	want = []string{"1s $ ", "2s inside", "2.1s d", "2.2s o", "2.3s  ", "2.4s 0", "2.5s enter", "4.5s \r\n", "5.5s done 0\r\n", "6.5s $ "}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got)\n%s", diff)
	}
}

// A line of which a part is cut, with more than the line, stays as it was typed; all cuts
// in it are made.
func TestTypedAndCut(t *testing.T) {
	length := func(cut ...string) time.Duration {
		plan, err := edit.Recipe{TidyTyping: true, Cut: cut}.Plan(context.Background(), session(1))
		if err != nil {
			t.Fatal(err)
		}
		m, err := plan.Measure(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return m.SourceLength() - m.Length()
	}
	tidied := length()
	for _, test := range []struct {
		cut  []string
		want time.Duration // that is gone
	}{
		{[]string{"2.5..3.5"}, tidied},
		{[]string{"4.5..6.5"}, 2 * second},
		{[]string{"2.5..3.5", "4.5..6.5"}, 3 * second},
		{[]string{"6.5..7"}, tidied + second/2},
		{[]string{"0.5..7"}, 7*second - second/2},
	} {
		if got := length(test.cut...); got != test.want {
			t.Errorf("cut %v: %v gone; want %v", test.cut, got, test.want)
		}
	}
	if tidied <= 0 {
		t.Errorf("tidied, the line takes %v less", tidied)
	}
}

// Many cuts are compared with those beside them only, in whatever order they come.
func TestManyRanges(t *testing.T) {
	var recipe edit.Recipe
	for i := range 50000 {
		at := float64((i*7919)%50000) / 10000
		recipe.Cut = append(recipe.Cut, fmt.Sprintf("%.5f..%.5f", at, at+0.00005))
	}
	plan := func() error {
		_, err := recipe.Plan(context.Background(), source(lines()))
		return err
	}
	if err := plan(); err != nil {
		t.Error(err)
	}
	recipe.Cut[40000] = "2.1..2.10006"
	if err := plan(); err == nil || !strings.Contains(err.Error(), " overlaps ") {
		t.Errorf("%v; want an overlap", err)
	}
}

// tidy-command types the commands that it names, and no others.
func TestTidyCommand(t *testing.T) {
	for _, test := range []struct {
		recipe edit.Recipe
		typed  int
	}{
		{edit.Recipe{TidyCommand: []string{"2"}}, 1},
		{edit.Recipe{TidyCommand: []string{"2", "/do [13]/"}}, 2},
		{edit.Recipe{TidyCommand: []string{"2"}, TidyTyping: true}, 4},
	} {
		typed := 0
		for _, what := range steps(t, test.recipe, session(4)) {
			if what == "typed evenly" {
				typed++
			}
		}
		if typed != test.typed {
			t.Errorf("%v %v: %d commands are typed; want %d", test.recipe.TidyCommand, test.recipe.TidyTyping, typed, test.typed)
		}
	}
	_, err := edit.Recipe{TidyCommand: []string{"9"}}.Plan(context.Background(), session(4))
	if err == nil || !strings.HasPrefix(err.Error(), "tidy-command 9: no such command; the recording has \"do 0\"") {
		t.Errorf("command 9: %v; want what there is", err)
	}
}
