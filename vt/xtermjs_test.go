package vt

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// oracle is a running xterm.js.
type oracle struct {
	in  io.WriteCloser
	out *bufio.Reader
}

type oracleStep struct {
	Data []byte `json:"data,omitempty"`
	Cols int    `json:"cols,omitempty"`
	Rows int    `json:"rows,omitempty"`
}

type oracleJob struct {
	Cols       int          `json:"cols"`
	Rows       int          `json:"rows"`
	Scrollback int          `json:"scrollback"`
	Steps      []oracleStep `json:"steps"`
}

type oracleLine struct {
	Wrapped bool
	Cells   [][5]any
}

type oracleScreen struct {
	X, Y              int
	Pending           bool
	Alternate         bool
	Crashed           bool // xterm.js threw an exception
	Title             string
	Scrollback, Lines []oracleLine
}

// startOracle starts xterm.js from node_modules in the folder TTYDECK_XTERMJS.
// If the variable is unset, it skips the test.
func startOracle(t *testing.T) *oracle {
	dir := os.Getenv("TTYDECK_XTERMJS")
	if dir == "" {
		t.Skipf("%s is skipped: TTYDECK_XTERMJS is not set (run npm ci in testdata/xtermjs and set it to that folder)", t.Name())
	}
	modules := filepath.Join(dir, "node_modules")
	if _, err := os.Stat(filepath.Join(modules, "@xterm", "headless")); err != nil {
		t.Fatal(err)
	}
	abs, err := filepath.Abs(modules)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", filepath.Join("testdata", "xtermjs", "screen.js"))
	cmd.Env = append(os.Environ(), "NODE_PATH="+abs)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	return &oracle{in, bufio.NewReaderSize(out, 1<<20)}
}

func (o *oracle) run(t *testing.T, job oracleJob) *oracleScreen {
	t.Helper()
	// Join all output up to a resize: each write is slow in xterm.js.
	joined := []oracleStep{}
	for _, st := range job.Steps {
		if n := len(joined); n > 0 && st.Cols == 0 && joined[n-1].Cols == 0 {
			joined[n-1].Data = append(joined[n-1].Data, st.Data...)
			continue
		}
		st.Data = slices.Clone(st.Data)
		joined = append(joined, st)
	}
	job.Steps = joined
	data, err := json.Marshal(job)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.in.Write(append(data, '\n')); err != nil {
		t.Fatal(err)
	}
	text, err := o.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("xterm.js: %v", err)
	}
	var s oracleScreen
	if err := json.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// dump formats an xterm.js screen like dumpLike.
func (o *oracleScreen) dump() string { return o.dumpAs(true) }

// dumpAs is like dump, with or without the colours of empty cells.
func (o *oracleScreen) dumpAs(blanks bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "cursor %d,%d pending %v alternate %v title %q\n", o.X, o.Y, o.Pending, o.Alternate, o.Title)
	line := func(name string, y int, l oracleLine) {
		fmt.Fprintf(&b, "%s %d %v", name, y, l.Wrapped)
		last := ""
		for _, c := range l.Cells {
			empty := c[0] == "" && num(c[1]) != 0 && !blanks
			if st := fmt.Sprintf("{%v %v %v}", num(c[2]), num(c[3]), num(c[4])); st != last && !empty {
				b.WriteString(st)
				last = st
			}
			switch {
			case c[0] == "" && num(c[1]) == 0:
				b.WriteByte('>')
			case c[0] == "":
				b.WriteByte('_')
			default:
				fmt.Fprintf(&b, "%q%d", c[0], num(c[1]))
			}
		}
		b.WriteByte('\n')
	}
	for y, l := range o.Scrollback {
		line("scrollback", y, l)
	}
	for y, l := range o.Lines {
		line("line", y, l)
	}
	return b.String()
}

// broken reports whether there is half a wide character, which ICH may leave.
func (o *oracleScreen) broken() bool {
	for _, lines := range [][]oracleLine{o.Scrollback, o.Lines} {
		for _, l := range lines {
			for x, c := range l.Cells {
				if num(c[1]) == 0 && (x == 0 || num(l.Cells[x-1][1]) != 2) ||
					num(c[1]) == 2 && (x+1 == len(l.Cells) || num(l.Cells[x+1][1]) != 0) {
					return true
				}
			}
		}
	}
	return false
}

func num(v any) int { return int(v.(float64)) }

// dumpLike formats our screen like oracleScreen.dump.
func dumpLike(s *Screen) string { return dumpLikeAs(s, true) }

func dumpLikeAs(s *Screen, blanks bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, "cursor %d,%d pending %v alternate %v title %q\n", s.x, s.y, s.pend, s.onAlt, s.title)
	line := func(name string, y int, l *line) {
		fmt.Fprintf(&b, "%s %d %v", name, y, l.continued)
		last := ""
		for _, c := range l.cells {
			if st := fmt.Sprintf("{%v %v %v}", uint32(c.Fg()), uint32(c.Bg()), c.Attr()&^Protected); st != last && (blanks || !c.Empty()) {
				b.WriteString(st)
				last = st
			}
			switch {
			case c.Width() == 0:
				b.WriteByte('>')
			case c.Empty():
				b.WriteByte('_')
			default:
				fmt.Fprintf(&b, "%q%d", s.CellText(c), c.Width())
			}
		}
		b.WriteByte('\n')
	}
	if !s.onAlt {
		for i := range s.sb.n {
			line("scrollback", i, s.sb.at(i))
		}
	}
	for y, l := range s.buf.lines {
		line("line", y, l)
	}
	return b.String()
}

// TestXtermJSRandom compares screens after random valid output, with the
// scrollback and resizes. The output avoids the known differences, which the
// package doc lists.
func TestXtermJSRandom(t *testing.T) {
	if testing.Short() {
		t.Skip("TestXtermJSRandom is skipped with -short: it is long and uses one goroutine")
	}
	o := startOracle(t)
	first, n := uint64(1), 1500
	if s := os.Getenv("VT_XTERMJS_SEEDS"); s != "" {
		if _, err := fmt.Sscanf(s, "%d+%d", &first, &n); err != nil {
			t.Fatal(err)
		}
	}
	crashes := 0
	for seed := first; seed < first+uint64(n); seed++ {
		if !t.Run(fmt.Sprint(seed), func(t *testing.T) {
			job := randomJob(seed)
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("%dx%d scrollback %d", job.Cols, job.Rows, job.Scrollback)
					for _, st := range job.Steps {
						t.Logf("%dx%d %q", st.Cols, st.Rows, st.Data)
					}
				}
			})
			js := o.run(t, job)
			if js.Crashed || js.broken() {
				crashes++
				return
			}
			// After a reflow, xterm.js leaves colours after the text.
			blanks := len(job.Steps) == 1
			same(t, "random output", dumpLikeAs(replay(job.Cols, job.Rows, job.Scrollback, job.Steps), blanks), js.dumpAs(blanks))
		}) {
			return
		}
	}
	t.Logf("%d inputs; %d broke xterm.js", n, crashes)
	if crashes > n/20 {
		t.Errorf("xterm.js failed on %d of %d inputs", crashes, n)
	}
}

// narrow replaces wide characters and removes combining marks: xterm.js leaves
// their text in the old column when it moves the cell.
func narrow(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case RuneWidth(r) == 2:
			return 'w'
		case r >= 0x300 && RuneWidth(r) == 0:
			return -1
		}
		return r
	}, s)
}

// After a resize, xterm.js counts the tab stops of new columns from the last
// stop, not from column 0.
var noTabs = strings.NewReplacer("\x1bH", "", "\x1b[g", "", "\x1b[3g", "")

var noAlternate = strings.NewReplacer("\x1b[?1049h", "", "\x1b[?1047h", "", "\x1b[?47h", "")

// TestXtermJSState feeds the output of AppendState to xterm.js, which must show
// the same screen.
func TestXtermJSState(t *testing.T) {
	o := startOracle(t)
	broken := 0
	const n = 500
	for seed := uint64(1); seed <= n; seed++ {
		g := newGenerator(seed, 0, 0)
		g.hostile = false
		g.cols, g.rows = 2+g.IntN(40), 2+g.IntN(12)
		s := New(g.cols, g.rows)
		data := sanitize(g.stream(1 + g.IntN(60)))
		s.WriteString(data)
		if s.pend && s.buf.lines[s.y].cells[s.x].Empty() {
			// After an erased cell, a pending wrap is restored with DECERA,
			// which xterm.js does not support.
			continue
		}
		js := o.run(t, oracleJob{Cols: g.cols, Rows: g.rows, Steps: []oracleStep{{Data: s.AppendState(nil)}}})
		if js.Crashed || js.broken() {
			broken++
			continue
		}
		if !t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("%dx%d %q\nstate %q", g.cols, g.rows, data, s.AppendState(nil))
				}
			})
			same(t, "state", js.dumpAs(false), dumpLikeAs(s, false))
		}) {
			return
		}
	}
	if broken > n/50 {
		t.Errorf("xterm.js failed on %d of %d inputs", broken, n)
	}
}

// randomJob returns random output, with a resize in a third of the jobs.
func randomJob(seed uint64) oracleJob {
	g := newGenerator(seed, 0, 0)
	g.hostile = false
	g.cols, g.rows = 2+g.IntN(40), 2+g.IntN(12)
	job := oracleJob{Cols: g.cols, Rows: g.rows, Scrollback: pick(g, 0, 5, 100)}
	job.Steps = append(job.Steps, oracleStep{Data: []byte(sanitize(g.stream(1 + g.IntN(60))))})
	if g.IntN(3) == 0 {
		// xterm.js miscounts lines when the scrollback overflows. Its reflow
		// fails where a wide character meets the new edge, and where paragraphs
		// below the cursor grow.
		job.Scrollback = 500
		first := &job.Steps[0].Data
		// In xterm.js the alternate screen keeps the hidden columns after a
		// resize.
		*first = append([]byte(noAlternate.Replace(noTabs.Replace(narrow(string(*first))))), "\x1b[J"...)
		g.cols, g.rows = 2+g.IntN(40), 2+g.IntN(12)
		job.Steps = append(job.Steps, oracleStep{Cols: g.cols, Rows: g.rows},
			// If the alternate screen is first used after the screen shrank, it
			// has a scrollback in xterm.js.
			oracleStep{Data: []byte(noAlternate.Replace(sanitize(g.stream(1 + g.IntN(20)))))})
	}
	// ICH and insert mode leave halves of wide characters, which later text may
	// overwrite.
	noInsert := g.IntN(2) == 0
	for i := range job.Steps {
		data := string(job.Steps[i].Data)
		if noInsert {
			data = insertions.ReplaceAllString(data, "")
		} else {
			data = narrow(data)
		}
		job.Steps[i].Data = []byte(data)
	}
	if job.Scrollback > 0 || g.IntN(2) == 0 {
		// In xterm.js, a saved cursor moves with the text when lines enter the
		// scrollback, and it does not include the underline style.
		for i := range job.Steps {
			job.Steps[i].Data = []byte(noRestore.Replace(string(job.Steps[i].Data)))
		}
	} else {
		for i := range job.Steps {
			job.Steps[i].Data = []byte(noStyles.Replace(string(job.Steps[i].Data)))
		}
	}
	return job
}

var insertions = regexp.MustCompile(`\x1b\[\d*@|\x1b\[4h`)

var noStyles = strings.NewReplacer("4:3", "4", "4:5", "4", "[21m", "[4m", ";21", ";4", "[21;", "[4;",
	// Nor does it include the character sets, only which one is in use.
	"\x1b(0", "", "\x1b)0", "")

var noRestore = strings.NewReplacer("\x1b8", "", "\x1b[u", "", "\x1b[?1048l", "", "\x1b[?1049l", "",
	// In xterm.js, ED 1 clears the wrap of a line in the scrollback, not of the
	// next line.
	"\x1b[1J", "", "\x1b[?1J", "")

// sanitize removes known differences from random output.
func sanitize(s string) string {
	return strings.NewReplacer(
		"\x1b[?K", "", "\x1b[?1J", "", // SGR 0 ends protection
		"\x1b[?6h", "", // relative moves count the top margin twice
		"\x1b[?7l", "", // leaves half a wide character in the last column
	).Replace(s)
}

// castOutput returns the size and the steps of an asciicast.
func castOutput(t testing.TB, file string) (cols, rows int, steps []oracleStep) {
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := bufio.NewReader(f)
	var head struct {
		Version, Width, Height int
		Term                   struct{ Cols, Rows int }
	}
	for first := true; ; first = false {
		text, err := r.ReadBytes('\n')
		switch {
		case first:
			if json.Unmarshal(text, &head) != nil {
				return 0, 0, nil
			}
		case len(bytes.TrimSpace(text)) > 0 && text[0] == '[':
			var ev []any
			if json.Unmarshal(text, &ev) != nil || len(ev) < 3 {
				break
			}
			data, _ := ev[2].(string)
			switch ev[1] {
			case "o":
				steps = append(steps, oracleStep{Data: []byte(data)})
			case "r":
				var c, r int
				if n, _ := fmt.Sscanf(data, "%dx%d", &c, &r); n == 2 {
					steps = append(steps, oracleStep{Cols: c, Rows: r})
				}
			}
		}
		if err != nil {
			break
		}
	}
	if head.Width == 0 {
		return head.Term.Cols, head.Term.Rows, steps
	}
	return head.Width, head.Height, steps
}

func replay(cols, rows, scrollback int, steps []oracleStep) *Screen {
	s := New(cols, rows, Scrollback(scrollback), NoSizeChange())
	for _, st := range steps {
		if st.Cols > 0 {
			s.Resize(st.Cols, st.Rows)
		} else {
			s.Write(st.Data)
		}
	}
	return s
}

// TestXtermJSCasts compares the screens of real recordings with those of
// xterm.js, at ten points of each.
func TestXtermJSCasts(t *testing.T) {
	if testing.Short() {
		t.Skip("TestXtermJSCasts is skipped with -short: it is long and uses one goroutine")
	}
	dir := corpus(t, "casts")
	o := startOracle(t)
	files, err := filepath.Glob(filepath.Join(dir, "*.cast"))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatalf("no recordings in %s", dir)
	}
	screens := 0
	for _, file := range files {
		cols, rows, steps := castOutput(t, file)
		if cols < MinCols || rows < 1 || len(steps) == 0 {
			continue // version 1, or broken
		}
		size := 0
		for _, st := range steps {
			size += len(st.Data)
		}
		if testing.Short() && size > 1<<20 {
			continue
		}
		t.Run(filepath.Base(file), func(t *testing.T) {
			points := 10
			if size > 4<<20 {
				points = 2 // xterm.js is slow
			}
			for i := 1; i <= points; i++ {
				part := steps[:len(steps)*i/points]
				want := o.run(t, oracleJob{cols, rows, 0, part}).dump()
				same(t, fmt.Sprintf("after %d of %d events", len(part), len(steps)),
					dumpLike(replay(cols, rows, 0, part)), want)
				screens++
			}
		})
	}
	t.Logf("compared %d screens of %d recordings", screens, len(files))
	if screens == 0 {
		t.Error("compared no screens")
	}
}
