//go:build unix

package transcript_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/edit/retell"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcorpus"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

// told is what a transcript tells of a command, without its time.
type told struct {
	kind                      transcript.Kind
	prompt, text, output, dir string
	exit                      string
	depth                     int
}

// toldBy returns what the transcript of a recording tells, and its commands with their
// places. drop leaves out those of some commands.
func toldBy(t *testing.T, cast format.Cast) (all []told, cmds []place.Command) {
	t.Helper()
	list, err := transcript.Read(cast, transcript.Options{Cancelled: true})
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	for c := range list.All() {
		exit := ""
		if c.HasExit && c.Kind != transcript.Cancelled { // marks tell of the command before, too
			exit = fmt.Sprint(c.Exit)
		}
		all = append(all, told{c.Kind, c.Prompt, c.Text, c.Output, c.Dir, exit, c.Depth})
	}
	cmds = slices.Collect(list.Places())
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
	return all, cmds
}

// reader applies what package retell finds to a recording, and checks what is shown.
type reader struct {
	t       *testing.T
	inserts []retell.Insert
	gaps    []place.Range
	cmds    []place.Command
	// Of the source and the result so far.
	source, result screen.Screen
	forget         retell.Forgetter
	events         []format.Event
	now            time.Duration
}

func (r *reader) emit(ev format.Event, at time.Duration) {
	if ev.Code == format.Output && ev.Data == "" {
		return
	}
	ev.Time = at
	r.result.Feed(ev)
	r.events = append(r.events, ev)
}

// edge returns the next point at which something begins or ends.
func (r *reader) edge(inside bool) (at place.Point, insert, ok bool) {
	switch {
	case len(r.inserts) > 0 && (len(r.gaps) == 0 || less(r.inserts[0].From, r.gaps[0].From)):
		at, insert, ok = r.inserts[0].From, true, true
		if inside {
			at = r.inserts[0].To
		}
	case len(r.gaps) > 0:
		at, ok = r.gaps[0].From, true
		if inside {
			at = r.gaps[0].To
		}
	}
	return at, insert, ok
}

// read returns the recording as it is told anew.
func (r *reader) read(cast format.Cast) format.Cast {
	r.source, r.result = screen.New(cast.Header), screen.New(cast.Header)
	n, inside := 0, false
	var was time.Duration
	for ev, err := range cast.Events {
		if err != nil {
			r.t.Fatal(err)
		}
		if !inside {
			r.now += ev.Time - was
		}
		was = ev.Time
		at := place.Point{Time: ev.Time, Event: n}
		n++
		for {
			edge, insert, ok := r.edge(inside)
			for ok && !less(at, edge) {
				if inside = !inside; inside {
					r.begin(insert)
				} else {
					r.end(insert)
				}
				edge, insert, ok = r.edge(inside)
			}
			p := ev
			if ok && ev.Code == format.Output && edge.Event == at.Event && edge.Byte-at.Byte < len(p.Data) {
				p.Data = p.Data[:edge.Byte-at.Byte]
			}
			r.source.Feed(p)
			if !inside {
				for _, e := range r.forget.Pass(r.source.Screen, p) {
					r.emit(e, r.now)
				}
				r.check(p)
			}
			if len(p.Data) == len(ev.Data) {
				break
			}
			ev.Data = ev.Data[len(p.Data):]
			at.Byte += len(p.Data)
		}
	}
	if edge, insert, ok := r.edge(inside); inside && ok && edge.Event == n {
		r.end(insert)
	}
	return castOfEvents(cast.Header, r.events)
}

func (r *reader) begin(insert bool) {
	if !insert {
		r.forget.Begin(r.source.Screen)
		return
	}
	in := r.inserts[0]
	text := ""
	for _, c := range r.cmds {
		if !less(in.From, c.PromptAt) && less(in.From, c.Start) {
			text = c.Text
		}
	}
	if text == "" {
		r.t.Fatalf("at %v, no command is typed", in.From)
	}
	begin := r.result.Cursor()
	line := r.result.Scrolled() + uint64(begin.Y)
	row := strings.TrimRight(r.result.Row(begin.Y).Text(), " ")
	for _, ev := range in.Events {
		r.emit(ev, r.now+ev.Time)
		if ev.Code != format.Output {
			continue
		}
		r.forget.Insert(ev.Data)
		if line < r.result.Scrolled() || strings.HasPrefix(ev.Data, "\n") {
			continue // it has scrolled away, or is complete
		}
		typed, rest := typedFrom(r.result.Screen, begin.X, int(line-r.result.Scrolled()))
		ok := strings.HasPrefix(unindented(text)+" ", unindented(typed))
		for _, line := range strings.Split(text, "\n") { // one of those that are entered one by one
			ok = ok || strings.HasPrefix(line+" ", typed)
		}
		if !ok || !strings.HasSuffix(row, strings.TrimSpace(rest)) {
			r.t.Errorf("%q is typed, and the line shows %q, then %q", text, typed, rest)
		}
	}
	r.now += in.Length
}

// typedFrom returns the text from a place on the screen to the cursor, and what follows in
// its row.
func typedFrom(s *vt.Screen, x, y int) (typed, rest string) {
	c := s.Cursor()
	if c.Pending {
		c.X++
	}
	for ; y <= c.Y; y++ {
		row := s.Row(y)
		for col, cell := range row.Cells() {
			switch {
			case y == c.Y && col >= c.X:
				rest += cmp.Or(s.CellText(cell), " ")
			case col == row.Len()-1 && cell.Empty() && row.Wrapped(): // a wide character did not fit
			case col >= x && cell.Width() > 0:
				typed += cmp.Or(s.CellText(cell), " ")
			}
		}
		x = 0
		if y < c.Y && !row.Wrapped() {
			typed = strings.TrimRight(typed, " ") + "\n"
		}
	}
	return typed, rest
}

// unindented returns text without the blanks around its line feeds.
func unindented(text string) string {
	lines := strings.Split(text, "\n")
	for i := range lines {
		if i > 0 {
			lines[i] = strings.TrimLeft(lines[i], " ")
		}
		if i+1 < len(lines) {
			lines[i] = strings.TrimRight(lines[i], " ")
		}
	}
	return strings.Join(lines, "\n")
}

func (r *reader) end(insert bool) {
	change := ""
	switch {
	case !insert:
		change = r.forget.End(r.source.Screen)
		r.gaps = r.gaps[1:]
	case r.forget.Active():
		change = r.forget.Seam(r.source.Screen)
		r.inserts = r.inserts[1:]
	default:
		change = string(r.source.AppendChange(nil, r.result.Screen))
		r.inserts = r.inserts[1:]
	}
	cols, rows := r.source.Size()
	if c, l := r.result.Size(); c != cols || l != rows {
		r.emit(format.Event{Code: format.Resize, Data: format.Size{Cols: cols, Rows: rows}.String()}, r.now)
	}
	r.emit(format.Event{Code: format.Output, Data: change}, r.now)
	r.check(format.Event{})
}

// check fails the test if the screen of the result is not what it is to be.
func (r *reader) check(ev format.Event) {
	want := r.source.Screen
	if r.forget.Active() {
		want = r.forget.Screen()
	}
	if change := want.AppendChange(nil, r.result.Screen); len(change) > 0 && string(change) != string(want.AppendChange(nil, want)) {
		r.t.Fatalf("after %q, the screen is another: %q", ev.Data, change)
	}
}

func less(a, b place.Point) bool {
	return cmp.Or(cmp.Compare(a.Event, b.Event), cmp.Compare(a.Byte, b.Byte)) < 0
}

func castOfEvents(h format.Header, events []format.Event) format.Cast {
	return format.Cast{Header: h, Events: func(yield func(format.Event, error) bool) {
		for _, ev := range events {
			if !yield(ev, nil) {
				return
			}
		}
	}}
}

// retelling counts what [checkRetelling] found.
type retelling struct {
	typed, left, dropped int
	why                  map[string]int
}

func (r retelling) String() string {
	return fmt.Sprintf("%d lines typed, %d left as they were (%v), %d commands dropped", r.typed, r.left, r.why, r.dropped)
}

// checkRetelling tells a recording anew: with all lines typed evenly, and for each seed
// without some commands. The transcript must be that of the recording. The cast is read
// many times.
func checkRetelling(t *testing.T, cast format.Cast, seeds uint64, count *retelling) {
	t.Helper()
	all, cmds := toldBy(t, cast)
	if len(cmds) != len(all) {
		t.Fatalf("%d places of commands; want %d", len(cmds), len(all))
	}
	inserts, warnings, err := retell.Tidy(cast, cmds, 60*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	count.typed += len(inserts)
	count.left += len(warnings)
	for _, w := range warnings {
		if count.why == nil {
			count.why = map[string]int{}
		}
		count.why[w.Why]++
		t.Logf("left as it was: %q: %s", w.Text, w.Why)
	}
	tidied := &reader{t: t, inserts: inserts, cmds: cmds}
	compareTold(t, "typed evenly", first(toldBy(t, tidied.read(cast))), all)

	for seed := range seeds {
		r := rand.New(rand.NewPCG(seed, uint64(len(cmds))))
		drop := make([]bool, len(cmds))
		for i := range cmds {
			drop[i] = r.IntN(4) == 0 || i > 0 && drop[i-1] && cmds[i].Depth > cmds[i-1].Depth
		}
		gaps, err := retell.Dropped(cast, cmds, func(i int) bool { return drop[i] })
		if err != nil {
			t.Fatal(err)
		}
		var want []told
		var until place.Point // all before it is dropped
		for i, c := range all {
			if drop[i] && less(until, cmds[i].Over) {
				until = cmds[i].Over
			}
			if !less(cmds[i].PromptAt, until) {
				want = append(want, c)
			} else {
				count.dropped++
			}
		}
		shorter := &reader{t: t, gaps: gaps, cmds: cmds}
		if seed%2 == 1 {
			shorter.inserts = slices.DeleteFunc(slices.Clone(inserts), func(in retell.Insert) bool {
				return slices.ContainsFunc(gaps, func(g place.Range) bool { return less(in.From, g.To) && less(g.From, in.To) })
			})
		}
		compareTold(t, fmt.Sprintf("without the commands of seed %d", seed), first(toldBy(t, shorter.read(cast))), want)
	}
}

func first[A, B any](a A, _ B) A { return a }

func compareTold(t *testing.T, what string, got, want []told) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		var g, w told
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		// A prompt behind output without a line feed gets a row of its own, blanks at the
		// end of a line are lost where rows are full, and a list of completions that was
		// taken for a part of a prompt is not there.
		g.text = strings.TrimRight(g.text, " ")
		if list := strings.Contains(w.prompt, "  "); g.prompt == "\n"+w.prompt || list && strings.HasSuffix(w.prompt, "\n"+g.prompt) {
			g.prompt = w.prompt
		}
		if g != w {
			t.Errorf("%s: command %d of %d, want %d:\n got %+q\nwant %+q", what, i, len(got), len(want), fmt.Sprint(g), fmt.Sprint(w))
			return
		}
	}
}

// TestRetellCorpus tells sessions anew that were driven elsewhere, with marks and without.
func TestRetellCorpus(t *testing.T) {
	files := testcorpus.Files(t, "transcripts/generated/*.cast", 46)
	var count retelling
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".cast")
		t.Run(name, func(t *testing.T) {
			f, err := format.OpenFile(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			var events []format.Event
			for ev, err := range f.Events {
				if err != nil {
					t.Fatal(err)
				}
				events = append(events, ev)
			}
			seeds := uint64(4)
			if name == "bash_nobp" {
				// Without marks, transcripts learn from all prompts what a list of
				// completions is.
				seeds = 0
			}
			checkRetelling(t, castOfEvents(f.Header, events), seeds, &count)
		})
	}
	t.Log(count)
	if count.left*10 > count.typed {
		t.Error("want at most one line in ten left as it was")
	}
}

// highlighted is a zsh that colours the line and has a prompt at the right.
const highlighted = "zle-line-pre-redraw() { region_highlight=(\"0 ${#${BUFFER%% *}} fg=green,bold\" \"${#${BUFFER%% *}} ${#BUFFER} fg=yellow\") }\n" +
	"zle -N zle-line-pre-redraw\nPROMPT='%F{blue}%1~%f %# '\nRPROMPT='%D{%H:%M:%S}'\n"

// slips types lines with mistakes, second thoughts and pauses.
func slips(d *driver) {
	d.text("ecko")
	d.press(bs, bs)
	d.settle(4 * quiet)
	d.text("ho one")
	d.enter()
	d.text("rm -rf alpha.txt")
	d.press(ctrl('U'))
	d.run("cat al*.txt", "alpha")
	d.text("ecohing two")
	d.press(ctrl('A'), right, right, ctrl('K'))
	d.text("ho two")
	d.enter()
}

// retold are sessions whose lines are typed anew.
var retold = []session{
	{name: "bash", argv: []string{"bash"}, rc: map[string]string{".bashrc": debianBash}, do: all(slips, editing, multiline, programs)},
	{name: "bash two lines", argv: []string{"bash"}, rc: map[string]string{".bashrc": twoLines}, do: all(slips, lists, nesting)},
	{name: "bash small", argv: []string{"bash"}, rc: map[string]string{".bashrc": "PS1='\\u:\\w\\$ '\n"}, size: format.Size{Cols: 30, Rows: 6}, do: all(slips, basics, multiline)},
	{name: "zsh highlighted", argv: []string{"zsh"}, rc: map[string]string{".zshrc": highlighted}, do: all(slips, basics, editing, multiline)},
	{name: "zsh menu", argv: []string{"zsh"}, rc: map[string]string{".zshrc": menuZsh}, do: all(menu, slips, lists, programs)},
	{name: "fish", argv: []string{"fish"}, do: all(menu, slips, basics, editing)},
	{name: "fish two lines", argv: []string{"fish"}, rc: map[string]string{".config/fish/config.fish": fishTwo}, do: all(menu, slips, basics)},
}

// TestRetell drives shells in our recorder, and tells the sessions anew.
func TestRetell(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: TestRetell with -short: it drives shells for half a minute")
	}
	t.Parallel()
	results := drive(t, retold, true)
	var count retelling
	for i, s := range retold {
		t.Run(s.id(), func(t *testing.T) {
			if _, err := exec.LookPath(s.argv[0]); err != nil && os.Getenv("CI") == "" {
				t.Skipf("SKIPPED: %s: %s is not installed", t.Name(), s.argv[0])
			}
			d := results[i]()
			if d.err != nil {
				t.Fatal(d.err)
			}
			keep(t, "retold "+s.name, d.cast, d.want)
			checkRetelling(t, d.cast, 4, &count)
		})
	}
	t.Log(count)
	if count.left*20 > count.typed {
		t.Error("want at most one line in twenty left as it was")
	}
}
