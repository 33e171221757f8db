package play

import (
	"context"

	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"

	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/vt"
)

// work is a recording in the making: the session of a shell that marks its
// commands.
type work struct {
	header   format.Header // a zero Size: 60x20
	now      time.Duration
	events   []format.Event
	commands []place.Command
}

func (w *work) out(data string) { w.events = append(w.events, out(w.now, data)) }

// point returns the place behind everything so far.
func (w *work) point() place.Point { return place.Point{Time: w.now, Event: len(w.events)} }

// run has a command typed in two seconds and run for a time, with an output at the
// end of each step. It fails if it is wrong.
func (w *work) run(text string, takes, step time.Duration, output ...string) *work {
	c := place.Command{Prompt: "$ ", Text: text, PromptAt: w.point(), Failed: strings.Contains(text, "wrong")}
	if n := len(w.commands); n > 0 { // a command lasts until the next prompt
		w.commands[n-1].End, w.commands[n-1].Over = c.PromptAt, c.PromptAt
	}
	w.out("\x1b]133;A\x07$ \x1b]133;B\x07")
	for _, r := range text {
		w.now += (2 * time.Second / time.Duration(len(text))).Round(time.Millisecond)
		w.out(string(r))
	}
	w.now += 500 * time.Millisecond
	c.Start = w.point()
	w.out("\r\n\x1b]133;C\x07")
	for t := step; t < takes; t += step {
		if w.now += step; len(output) > 0 {
			w.out(output[int(t/step-1)%len(output)])
		}
	}
	w.now += max(takes-takes/step*step, time.Millisecond)
	if text == "exit" {
		w.out("exit\r\n")
		c.End = w.point()
		c.Over = c.End
		w.commands = append(w.commands, c)
		return w
	}
	status := 0
	if c.Failed {
		status = 1
	}
	w.out(fmt.Sprintf("done with %s\r\n\x1b]133;D;%d\x07", text, status))
	c.End = w.point()
	c.Over = c.End
	w.commands = append(w.commands, c)
	return w
}

// cast returns the recording.
func (w *work) cast() format.Cast {
	h := w.header
	if h.Size == (format.Size{}) {
		h.Size = format.Size{Cols: 60, Rows: 20}
	}
	return castOf(h, w.events...)
}

// source returns the recording as what an editor edits.
func (w *work) source() place.Source {
	return place.Source{
		Open: func() (format.Cast, error) { return w.cast(), nil },
		Commands: func(format.Cast) iter.Seq2[place.Command, error] {
			return func(yield func(place.Command, error) bool) {
				for _, c := range w.commands {
					if !yield(c, nil) {
						return
					}
				}
			}
		},
	}
}

// wrote is what an editor has written.
type wrote struct {
	recipe          edit.Recipe
	out, recipePath string
}

// startEdit starts an editor that writes to the returned value.
func startEdit(t *testing.T, w *work, e Editor, cols, rows int) (*viewing, *wrote) {
	t.Helper()
	var got wrote
	e.Source = w.source()
	if e.Write == nil {
		e.Write = func(_ context.Context, recipe edit.Recipe, out, recipePath string) error {
			got = wrote{recipe, out, recipePath}
			return nil
		}
	}
	return startView(t, &Player{Cast: w.cast(), Edit: &e}, cols, rows), &got
}

// type_ types keys, separated by spaces; "enter" and "esc" are keys, "_" is a
// space.
func (v *viewing) typed(keys string) {
	v.t.Helper()
	for _, k := range strings.Fields(keys) {
		switch k {
		case "enter":
			k = "\r"
		case "esc":
			v.press("\x1b")
			v.wait(escapeWait)
			continue
		case "_":
			k = " "
		case "left":
			k = left
		case "right":
			k = right
		case "up":
			k = "\x1b[A"
		case "down":
			k = "\x1b[B"
		}
		v.press(k)
	}
}

// leave ends the editor by q, once or twice.
func (v *viewing) leave() {
	for range 2 {
		select {
		case v.term.keys <- "q":
			v.settle()
		case <-v.done:
		}
	}
	select {
	case <-v.done:
	default:
		v.t.Fatalf("the deck does not end; the bar shows %q", v.bar())
	}
	v.settle()
}

// written types the keys that write, and returns the recipe.
func (v *viewing) written(got *wrote) edit.Recipe {
	v.t.Helper()
	v.press("w", "\x15", "x", "\r", "\r")
	v.settle()
	if got.out != "x" {
		v.t.Fatalf("the editor has not written; the bar shows %q", v.bar())
	}
	return got.recipe
}

// shortWork returns a session of five commands, of which the third is wrong. It
// takes 30 s.
func shortWork() *work {
	w := &work{}
	w.run("one", 2*time.Second, time.Second, "1\r\n")
	w.run("two", 3*time.Second, time.Second, "2\r\n")
	w.run("wrong", 500*time.Millisecond, time.Second)
	w.events = append(w.events, marker(w.now+time.Second, "half way"))
	w.now += time.Second
	w.run("four", 8*time.Second, time.Second, "4\r\n")
	w.run("five", 500*time.Millisecond, time.Second)
	return w
}

// Each key does to the recipe what the help says.
func TestEditKeys(t *testing.T) {
	tests := []struct {
		name, keys string
		want       edit.Recipe
		bar        string // parts of the bar after the keys, separated by "|"
	}{
		{"nothing", "}", edit.Recipe{}, "one"},
		{"drop", "} } } d", edit.Recipe{DropCommand: []string{"3"}}, "dropped: wrong"},
		{"restore", "} } } d d", edit.Recipe{}, "restored: wrong"},
		{"drop two", "} } } d } d { { d", edit.Recipe{DropCommand: []string{"3", "4", "2"}}, "dropped: two"},
		{"arrows", "down down up d", edit.Recipe{DropCommand: []string{"1"}}, "dropped: one"},
		{"drop by time", "right d", edit.Recipe{DropCommand: []string{"2"}}, "dropped: two"},
		{"cut commands", "} } ( } ) x", edit.Recipe{Cut: []string{"command:2.prompt..command:3.end"}}, "cut command:2.prompt..command:3.end"},
		{"cut backward", "} } } ( { ) x", edit.Recipe{Cut: []string{"command:2.prompt..command:3.end"}}, ""},
		{"cut up to here", "} ( } x", edit.Recipe{Cut: []string{"command:1.prompt..command:2.end"}}, ""},
		{"cut times", "t 5 enter ( t 7 . 2 5 enter ) x", edit.Recipe{Cut: []string{"0:05..0:07.25"}}, ""},
		{"cut an empty range", "t 5 enter ( ) x", edit.Recipe{}, "the range is empty"},
		{"cut nothing", "x", edit.Recipe{}, "mark the range first"},
		{"marks taken back", "} ( } ) esc x", edit.Recipe{}, "mark the range first"},
		{"keep", "} ( ) o } } ( ) o", edit.Recipe{Keep: []string{"command:1.prompt..command:1.end", "command:3.prompt..command:3.end"}}, "kept"},
		{"cut to the end", "} } } } ( G ) x", edit.Recipe{Cut: []string{"command:4.prompt..end"}}, ""},
		{"cut the start", "0 ( } ) x", edit.Recipe{Cut: []string{"command:1.prompt..command:1.end"}}, ""},
		{"speed of a command", "} } s 1 6 enter", edit.Recipe{Speed: []string{"16@command:2"}}, "speed of command 2: x16"},
		{"usual speed", "} } s enter", edit.Recipe{Speed: []string{"8@command:2"}}, "x8"},
		{"speed of a range", "} ( } ) s 2 . 5 enter", edit.Recipe{Speed: []string{"2.5@command:1.prompt..command:2.end"}}, ""},
		{"another speed", "} s enter s 4 x enter", edit.Recipe{Speed: []string{"4@command:1"}}, "x4"},
		{"recorded speed", "} s enter s 1 enter", edit.Recipe{}, ""},
		{"no speed", "} s 0 enter", edit.Recipe{}, "invalid speed"},
		{"hold", "} } e 3 enter", edit.Recipe{Pause: []string{"3@command:2.start"}}, "held for 3s"},
		{"hold at a time", "t 6 enter e enter", edit.Recipe{Pause: []string{"2@0:06"}}, ""},
		{"hold no more", "} e enter e 0 enter", edit.Recipe{}, "not held"},
		{"limit pauses", "I . 5 enter I enter", edit.Recipe{IdleTimeLimit: []string{"1"}}, "pauses of at most 1s"},
		{"limit pauses of a range", "I enter } ( I 2 enter", edit.Recipe{IdleTimeLimit: []string{"1", "2@command:1.prompt..command:1.end"}}, ""},
		{"marker", "} } a h i enter", edit.Recipe{Marker: []string{"command:2.start=hi"}}, "marker: hi at command:2.start"},
		{"marker renamed", "} a h i enter r ! enter", edit.Recipe{Marker: []string{"command:1.start=hi!"}}, ""},
		{"marker removed", "} a h i enter D", edit.Recipe{}, "removed marker: hi"},
		{"marker with signs", "} a \" x @ = enter r y enter", edit.Recipe{Marker: []string{`command:1.start="\"x@=y"`}}, ""},
		{"recorded marker renamed", "] r \x15 x enter", edit.Recipe{RenameMarker: []string{`"half way"=x`}}, ""},
		{"recorded marker renamed twice", "] r \x15 x enter r y enter", edit.Recipe{RenameMarker: []string{`"half way"=xy`}}, ""},
		{"recorded marker removed", "] r \x15 x enter D", edit.Recipe{RemoveMarker: []string{`"half way"`}}, ""},
		{"places as typed", "t c o m m a n d : / t w o / . e n d enter ( t e n d - 3 enter ) x", edit.Recipe{Cut: []string{"command:/two/.end..end-3"}}, ""},
		{"commands as listed", "t c o m m a n d : 3 enter d", edit.Recipe{DropCommand: []string{"3"}}, "dropped: wrong"},
		{"from a marker", "] ( } ) x", edit.Recipe{Cut: []string{`marker:"half way"..command:4.end`}}, ""},
		{"switch", "T", edit.Recipe{TidyTyping: true}, "typed evenly"},
		{"tidy commands", "} y } y", edit.Recipe{TidyCommand: []string{"1", "2"}}, "typed evenly: "},
		{"tidy and not", "} y } y y", edit.Recipe{TidyCommand: []string{"1"}}, "typed as recorded: "},
		{"switch off", "T T", edit.Recipe{}, "typed as recorded"},
		{"no exit to drop", "T E", edit.Recipe{TidyTyping: true}, "does not end with exit"},
		{"undo", "} d } d u", edit.Recipe{DropCommand: []string{"1"}}, "undone"},
		{"redo", "} d } d u u U \x12", edit.Recipe{DropCommand: []string{"1", "2"}}, "redone"},
		{"nothing to redo", "} d } d u } } T U", edit.Recipe{DropCommand: []string{"1"}, TidyTyping: true}, "nothing to redo"},
		{"marks come back", "} ( } ) x u s enter", edit.Recipe{Speed: []string{"8@command:1.prompt..command:2.end"}}, ""},
		{"a prompt given up", "} d } s esc", edit.Recipe{DropCommand: []string{"1"}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v, got := startEdit(t, shortWork(), Editor{}, 120, 24)
				v.typed(tt.keys)
				for _, want := range strings.Split(tt.bar, "|") {
					v.wantBar(want)
				}
				if r := v.written(got); !reflect.DeepEqual(r, tt.want) {
					t.Errorf("the keys %q make the recipe\n%+v; want\n%+v", tt.keys, r, tt.want)
				}
			})
		})
	}
}

// random returns a key for an operation or a move, with what it asks for.
func randomKeys(r *rand.Rand) []string {
	moves := []string{"}", "{", "}", "]", "[", left, right, "g", "G", "."}
	operations := [][]string{
		{"("}, {")"}, {"x"}, {"o"}, {"d"}, {"E"}, {"T"}, {"s", "2", "\r"}, {"s", "\r"}, {"s", "1", "\r"}, {"e", "\r"}, {"e", "0", "\r"},
		{"I", "\r"}, {"I", "0", "\r"}, {"a", "y", "\r"}, {"a", "z", "=", "\r"}, {"r", "@", "\r"}, {"D"}, {"s", "bad", "\r"}, {"u"}, {"U"}, {"p"},
	}
	if r.IntN(2) == 0 {
		return []string{moves[r.IntN(len(moves))]}
	}
	return operations[r.IntN(len(operations))]
}

// Any operations, all undone, leave the recipe of the start, and all redone the last
// one.
func TestEditUndoesAll(t *testing.T) {
	title := "kept"
	start := edit.Recipe{Title: &title, Marker: []string{"command:1=there", "2=at two"}, Speed: []string{"2@command:5"}}
	for seed := range uint64(10) {
		synctest.Test(t, func(t *testing.T) {
			r := rand.New(rand.NewPCG(seed, 1))
			v, got := startEdit(t, shortWork(), Editor{Recipe: start}, 80, 24)
			var keys []string
			for range 60 {
				next := randomKeys(r)
				v.press(next...)
				keys = append(keys, next...)
			}
			repeat := func(key, until string) {
				for range 200 {
					if v.press(key); strings.Contains(v.bar(), until) {
						return
					}
				}
				t.Fatalf("seed %d: %q never ends", seed, key)
			}
			repeat("U", "nothing to redo")
			last := v.written(got)
			repeat("u", "nothing to undo")
			if r := v.written(got); !reflect.DeepEqual(r, start) {
				t.Errorf("seed %d: the keys %q, undone, leave %+v; want %+v", seed, keys, r, start)
			}
			repeat("U", "nothing to redo")
			if r := v.written(got); !reflect.DeepEqual(r, last) {
				t.Errorf("seed %d: the keys %q, undone and redone, leave %+v; want %+v", seed, keys, r, last)
			}
			v.leave()
			onlyDrawing(t, v)
		})
	}
}

// The result is shown from the place in view, and the deck comes back to the place of
// the source that the result has reached.
func TestEditShowsResult(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, _ := startEdit(t, shortWork(), Editor{}, 80, 24)
		v.typed("p")
		v.wantBar("nothing is changed yet")
		v.typed("} } s 4 enter } d { {")
		v.wantBar("⏸ 0:02.5/0:24 → ")
		v.typed("p")
		v.wantBar("▶ 0:02", "result")
		v.wait(12 * time.Second)
		v.wantBar("result")
		if strings.Contains(v.vt.Text(), "with wrong") || !strings.Contains(v.vt.Text(), "done with two") {
			t.Errorf("the result shows the command that was dropped:\n%s", v.vt.Text())
		}
		v.typed("_ 9 p")
		v.wantBar("→", "⏸ 0:22")
		v.typed("} { p")
		v.wantBar("result")
		v.wait(3 * time.Second)
		v.typed("esc")
		v.wantBar("→", "⏸ 0:14")
		v.typed("d")
		v.wantBar("dropped: four")
		// An operation leaves the result, too.
		v.typed("p T")
		v.wantBar("typed evenly")
		v.typed("p p")
		v.wantBar("→")
	})
}

// What cannot be done is reported and taken back.
func TestEditTakesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, got := startEdit(t, shortWork(), Editor{}, 100, 24)
		v.typed("} d 0 ( G ) x")
		v.wantBar("nothing is left")
		if r := v.written(got); !reflect.DeepEqual(r, edit.Recipe{DropCommand: []string{"1"}}) {
			t.Errorf("the recipe is %+v; want the last that could be done", r)
		}
	})
	// What is left undone is told once.
	synctest.Test(t, func(t *testing.T) {
		w := shortWork()
		w.commands[1].Text = "another"
		v, _ := startEdit(t, w, Editor{}, 100, 24)
		v.typed("T")
		v.wantBar("another")
		v.typed("} d")
		v.wantBar("dropped: one")
	})
	// The reason is readable where there is little room for it.
	synctest.Test(t, func(t *testing.T) {
		v, _ := startEdit(t, shortWork(), Editor{}, 70, 24)
		v.typed("} } ( ) s 2 enter } ( { ) s 4 enter")
		v.wantBar("speed 4@command:2.prompt..command:3.end overlaps")
	})
}

// The recipe to begin with is not taken back, even if it cannot be carried out.
func TestEditBadRecipe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := edit.Recipe{Cut: []string{"command:99..end"}}
		v, got := startEdit(t, shortWork(), Editor{Recipe: bad}, 100, 24)
		for _, keys := range []string{"", "} p", "u", "d", "p p"} {
			v.typed(keys)
			if keys != "u" {
				v.wantBar("command:99")
			}
		}
		if r := v.written(got); !reflect.DeepEqual(r, bad) {
			t.Errorf("the recipe is %+v; want %+v", r, bad)
		}
	})
}

// Nothing is written before w, and nothing that was done is lost by one key.
func TestEditWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, got := startEdit(t, shortWork(), Editor{Out: "demo-edited.cast"}, 100, 24)
		v.typed("} d")
		v.wantBar("*")
		v.typed("q")
		v.wantBar("q again leaves")
		v.typed("}")
		v.press("\x03")
		v.wantBar("ctrl-C again leaves")
		if got.out != "" {
			t.Fatalf("the editor wrote %+v before w", got)
		}
		v.typed("w")
		v.wantBar("write the result to: demo-edited.cast")
		v.typed("enter e d i t s . t o m l enter")
		v.wantBar("wrote demo-edited.cast")
		if want := (wrote{edit.Recipe{DropCommand: []string{"1"}}, "demo-edited.cast", "edits.toml"}); !reflect.DeepEqual(*got, want) {
			t.Errorf("the editor wrote %+v; want %+v", *got, want)
		}
		v.leave()
	})
	// The deck goes on while the file is written, and after an error.
	synctest.Test(t, func(t *testing.T) {
		write := make(chan error)
		v, _ := startEdit(t, shortWork(), Editor{Write: func(ctx context.Context, _ edit.Recipe, _, _ string) error {
			select {
			case err := <-write:
				return err
			case <-ctx.Done():
				return ctx.Err()
			}
		}}, 100, 24)
		v.typed("} d w o enter enter")
		v.wantBar("writing o...")
		v.typed("} w")
		v.wantBar("still writing o")
		v.typed("q }")
		v.wait(barFor)
		v.wantBar("writing o...")
		write <- errors.New("no space left")
		v.settle()
		v.wantBar("no space left")
		v.typed("q")
		v.wantBar("q again leaves")
		v.typed("w enter enter")
		v.leave()
		if v.err != nil {
			t.Error(v.err)
		}
	})
}

func TestEditDropsExit(t *testing.T) {
	for keys, want := range map[string]edit.Recipe{"E": {DropExit: true}, "E E": {}} {
		synctest.Test(t, func(t *testing.T) {
			v, got := startEdit(t, shortWork().run("exit", time.Millisecond, time.Second), Editor{}, 100, 24)
			v.typed(keys)
			if r := v.written(got); !reflect.DeepEqual(r, want) {
				t.Errorf("the keys %q make the recipe %+v; want %+v", keys, r, want)
			}
		})
	}
}

// The list of commands follows the picture, and leads it.
func TestEditPane(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, _ := startEdit(t, shortWork(), Editor{}, 100, 24)
		if !strings.Contains(v.row(0), "5 commands") || !strings.Contains(v.row(3), "3 0:10 ✗ wrong") {
			t.Errorf("the list is not beside the picture:\n%s", v.vt.Text())
		}
		marked := func() (rows []int) {
			for y := 1; y < 23; y++ {
				if v.vt.Cell(70, y).Attr()&vt.Inverse != 0 {
					rows = append(rows, y)
				}
			}
			return rows
		}
		v.typed("} }")
		if got := marked(); !slices.Equal(got, []int{2}) {
			t.Errorf("after two moves the rows %v are marked; want 2", got)
		}
		v.typed("_")
		v.wait(16 * time.Second)
		if got := marked(); !slices.Equal(got, []int{5}) {
			t.Errorf("after 16 s the rows %v are marked; want 5", got)
		}
		v.press("\x1b[<0;80;4M", "\x1b[<0;80;4m")
		v.wantBar("⏸ 0:10", "wrong")
		v.typed("d")
		if v.vt.Cell(73, 3).Attr()&vt.Strike == 0 || !strings.Contains(v.row(3), "3 0:10 - wrong") {
			t.Errorf("the dropped command is not struck out: %q", v.row(3))
		}
		v.typed("C")
		if strings.Contains(v.vt.Text(), "5 commands") {
			t.Errorf("C does not hide the list:\n%s", v.vt.Text())
		}
	})
	// On a small terminal it is over the picture, on demand.
	synctest.Test(t, func(t *testing.T) {
		v, _ := startEdit(t, shortWork(), Editor{}, 60, 12)
		if strings.Contains(v.vt.Text(), "commands") {
			t.Errorf("the list covers the picture:\n%s", v.vt.Text())
		}
		v.typed("C G")
		if !strings.Contains(v.row(2), "│2 0:06   two") {
			t.Errorf("C does not show the list:\n%s", v.vt.Text())
		}
		v.typed("C")
		if strings.Contains(v.vt.Text(), "│2 0:06") {
			t.Errorf("C does not hide the list:\n%s", v.vt.Text())
		}
	})
}

// A line that was cancelled has no number: it is marked by its times, and dropped with
// all others.
func TestEditCancelled(t *testing.T) {
	for keys, want := range map[string]edit.Recipe{
		"} } d":     {DropCommand: []string{"cancelled"}},
		"} } } d":   {DropCommand: []string{"2"}},
		"} } ( ) x": {Cut: []string{"0:03.502..0:08.004"}},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := shortWork()
			w.commands[1].Cancelled = true
			v, got := startEdit(t, w, Editor{}, 100, 24)
			if !strings.Contains(v.row(2), "│  0:06 ^ two") || !strings.Contains(v.row(3), "│2 0:10 ✗ wrong") {
				t.Errorf("the list numbers a line that was cancelled:\n%s", v.vt.Text())
			}
			v.typed(keys)
			if r := v.written(got); !reflect.DeepEqual(r, want) {
				t.Errorf("the keys %q make the recipe %+v; want %+v", keys, r, want)
			}
		})
	}
}

// The track shows what the result lacks, hurries through and holds, its markers, and
// the range that is marked.
func TestEditTrack(t *testing.T) {
	track := func(v *viewing) string {
		var b strings.Builder
		for _, r := range v.bar() {
			if strings.ContainsRune("━─●┃═╳╪()", r) {
				b.WriteRune(r)
			}
		}
		return b.String()
	}
	// squeezed leaves one of each run of equal characters.
	squeezed := func(s string) string { return string(slices.Compact([]rune(s))) }
	synctest.Test(t, func(t *testing.T) {
		v, _ := startEdit(t, shortWork(), Editor{Recipe: edit.Recipe{
			Cut: []string{"command:2"}, Speed: []string{"2@command:5.prompt..end"}, Pause: []string{"2@2"}, Marker: []string{"command:4.start=here"},
		}}, 200, 24)
		v.wait(3 * barFor)
		if got, want := squeezed(track(v)), "●─╪─╳─┃─┃─═"; got != want {
			t.Errorf("the track is %q; want %q", got, want)
		}
		v.typed("} ( } )")
		v.wait(barFor)
		if got, want := squeezed(track(v)), "(━╪━●╳)─┃─┃─═"; got != want {
			t.Errorf("with a marked range, the track is %q; want %q", got, want)
		}
	})
}

// The place of a picture is a time behind its last event, and not behind the next.
func TestTimeBetween(t *testing.T) {
	const us, ms = time.Microsecond, time.Millisecond
	for _, tt := range []struct {
		at, event, next time.Duration
		want            string
	}{
		{0, -1, time.Second, "0:00"},
		{1500 * ms, 1 * time.Second, 2 * time.Second, "0:01.5"},
		{1500*ms + 400*us, 1 * time.Second, 2 * time.Second, "0:01.5"},
		{1500 * ms, 1500 * ms, 2 * time.Second, "0:01.501"},
		{1500 * ms, 1500 * ms, 1500*ms + 300*us, "0:01.500001"},
		{1500*ms + 200*us, 1500*ms + 100*us, 1500*ms + 300*us, "0:01.5002"},
		{1500 * ms, 1500 * ms, 1500*ms + 5, "0:01.500000001"},
		{1500 * ms, 1500 * ms, 1500 * ms, "0:01.5"},
		{90 * time.Second, 80 * time.Second, endOfTime, "1:30"},
	} {
		if got := timeBetween(tt.at, tt.event, tt.next); got != tt.want {
			t.Errorf("timeBetween(%v, %v, %v) = %s; want %s", tt.at, tt.event, tt.next, got, tt.want)
		}
	}
}

// The help has the keys of the editor, and only there.
func TestEditHelp(t *testing.T) {
	for _, e := range []*Editor{nil, {}} {
		synctest.Test(t, func(t *testing.T) {
			v := startView(t, &Player{Cast: countdown(9), Edit: e}, 80, 60)
			v.press("h")
			for _, line := range EditKeys()[1:] { // the first is in both
				if got := strings.Contains(v.vt.Text(), line[1]); got != (e != nil) {
					t.Errorf("editor %v: the help shows %q: %v", e != nil, line[1], got)
				}
			}
		})
	}
}

// Whatever a recording and its commands hold, the viewer's terminal gets only drawing.
func TestEditHostile(t *testing.T) {
	for name, data := range testcast.Hostile {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &work{}
				w.run("x"+data[:min(len(data), 200)], time.Second, time.Second)
				w.commands[0].Text = data
				w.events = append(w.events, marker(w.now, data))
				w.run("last", time.Second, time.Second)
				v, _ := startEdit(t, w, Editor{Out: data, Recipe: edit.Recipe{Title: &data}}, 100, 21)
				v.press("}", "d", "(", "}", ")", "x", "]", "r", "\r", "[", "a", "x", "\r", "e", "\r", "D", "u", "p", "C", "C", "p", "h", "x", "G", "w", "\r", "\r")
				v.leave()
				v.settle()
				onlyDrawing(t, v)
			})
		})
	}
}

// A hundred thousand commands are no burden.
func TestEditManyCommands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &work{}
		w.run("one", time.Second, time.Second)
		c := w.commands[0]
		for i := range 110_000 {
			c.Text = strings.Repeat("long ", 200)
			if i%2 == 0 {
				c.Cancelled = true
			}
			w.commands = append(w.commands, c)
		}
		v, _ := startEdit(t, w, Editor{}, 100, 24)
		if !strings.Contains(v.row(0), "100000 commands") {
			t.Errorf("row 0 shows %q", v.row(0))
		}
		v.press("}", "}", "d", "G", "{", "(", "}", "g", "\x1b[<65;80;4M", "u")
	})
}

// A five-minute session with two mistakes, a long build and a full-screen editor
// becomes a clean take of 90 seconds in at most 25 keys.
func TestEditFiveMinutes(t *testing.T) {
	w := &work{}
	w.now = 8 * time.Second // of hesitation
	w.run("git clone example.org/demo", 9*time.Second, 500*time.Millisecond, "Receiving objects...\r\n")
	w.now += 15 * time.Second
	w.run("wrong make", 4*time.Second, time.Second)
	w.now += 5 * time.Second
	w.run("make", 150*time.Second, 250*time.Millisecond, "CC main.c\r\n", "CC util.c\r\n")
	w.now += 10 * time.Second
	w.run("vim main.c", 50500*time.Millisecond, 500*time.Millisecond, "\x1b[?1049h\x1b[2Jint main", "(void)", "\x1b[2;1H{", "\x1b[3;1H}\x1b[?1049l")
	w.now += 4 * time.Second
	w.run("wrong test", 3*time.Second, time.Second)
	w.now += 12 * time.Second
	w.run("make test", 6*time.Second, 500*time.Millisecond, "ok\r\n")
	w.now += 6 * time.Second
	w.run("exit", 10*time.Millisecond, time.Second)
	if w.now < 290*time.Second || w.now > 310*time.Second {
		t.Fatalf("the session takes %v; want five minutes", w.now)
	}
	keys := strings.Fields("} } d } s 1 6 enter } s enter } d I enter E T w enter enter")
	if len(keys) > 25 {
		t.Errorf("the take needs %d keys; want at most 25", len(keys))
	}
	var recipe edit.Recipe
	synctest.Test(t, func(t *testing.T) {
		v, got := startEdit(t, w, Editor{Out: "take.cast"}, 120, 24)
		v.typed(strings.Join(keys, " "))
		v.wantBar("wrote take.cast")
		recipe = got.recipe
	})
	plan, err := recipe.Plan(t.Context(), w.source())
	if err != nil {
		t.Fatal(err)
	}
	take, err := plan.Measure(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n := take.Length(); n < 30*time.Second || n > 90*time.Second {
		t.Errorf("the take is %v long; want at most 90s", n)
	}
	if want := (edit.Recipe{
		DropCommand: []string{"2", "5"}, DropExit: true, TidyTyping: true,
		Speed: []string{"16@command:3", "8@command:4"}, IdleTimeLimit: []string{"1"},
	}); !reflect.DeepEqual(recipe, want) {
		t.Errorf("the recipe is %+v; want %+v", recipe, want)
	}
	// What a viewer of the take sees: all but the mistakes and the exit.
	seen := map[string]bool{}
	s := vt.New(60, 20)
	for ev, err := range plan.Filter()(w.cast()).Events {
		if err != nil {
			t.Fatal(err)
		}
		if ev.Code == format.Output {
			s.WriteString(ev.Data)
		}
		for _, text := range []string{"git clone", "CC util.c", "int main", "make test", "done with make test", "wrong", "exit"} {
			seen[text] = seen[text] || strings.Contains(s.Text(), text)
		}
	}
	for text, got := range seen {
		if want := text != "wrong" && text != "exit"; got != want {
			t.Errorf("the take shows %q: %v; want %v", text, got, want)
		}
	}
}

// An ASCII terminal gets only ASCII.
func TestEditASCII(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := shortWork()
		e := &Editor{Source: w.source(), Recipe: edit.Recipe{Cut: []string{"command:1"}, Pause: []string{"2@command:4.start"}, Speed: []string{"2@command:4"}}}
		v := startView(t, &Player{Cast: w.cast(), Edit: e, Getenv: getenv(map[string]string{"TERM": "xterm", "LANG": "C"})}, 100, 24)
		v.typed("} d } } C C p p h x")
		v.wait(3 * barFor)
		v.wantBar("-> 0:", "x", "+", ">")
		if !strings.Contains(v.row(3), "3 0:10 x wrong") {
			t.Errorf("row 3 shows %q; want the failed command", v.row(3))
		}
		for _, c := range v.term.output() {
			if c >= 0x80 {
				t.Fatalf("the terminal got %q", c)
			}
		}
	})
}

// A terminal may be of any size, and change it.
func TestEditSizes(t *testing.T) {
	for _, size := range []format.Size{{Cols: 1, Rows: 1}, {Cols: 3, Rows: 2}, {Cols: 29, Rows: 3}, {Cols: 61, Rows: 21}, {Cols: 91, Rows: 2}, {Cols: 400, Rows: 100}} {
		synctest.Test(t, func(t *testing.T) {
			v, _ := startEdit(t, shortWork(), Editor{}, size.Cols, size.Rows)
			v.typed("C } d ( } ) C C s enter p p G w esc h x")
			v.term.resize(size.Rows, size.Cols)
			v.settle()
			v.press("\x1b[<0;1;1M", "\x1b[<65;2;2M", "C", "\x1b[<0;80;4M")
			v.typed("C } u U I enter")
			v.leave()
			onlyDrawing(t, v)
		})
	}
}
