package vt

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/internal/await"
)

// A tmux is a private tmux server with one pane.
type tmux struct {
	t      *testing.T
	socket string
	dir    string
	runs   int
}

const tmuxCols, tmuxRows = 40, 12

func startTmux(t *testing.T) *tmux {
	if _, err := exec.LookPath("tmux"); err != nil {
		t.Skipf("%s is skipped: %v", t.Name(), err)
	}
	dir := t.TempDir()
	m := &tmux{t: t, dir: dir, socket: filepath.Join(dir, "s")}
	m.do("new-session", "-d", "-x", strconv.Itoa(tmuxCols), "-y", strconv.Itoa(tmuxRows), "sleep 1000")
	t.Cleanup(func() { m.do("kill-server") })
	m.do("set-option", "-g", "status", "off")
	m.do("resize-window", "-x", strconv.Itoa(tmuxCols), "-y", strconv.Itoa(tmuxRows))
	return m
}

func (m *tmux) do(args ...string) string {
	m.t.Helper()
	cmd := exec.Command("tmux", append([]string{"-S", m.socket, "-f", "/dev/null"}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TMUX=", "TERM=xterm-256color")
	out, err := cmd.CombinedOutput()
	if err != nil {
		m.t.Fatalf("tmux %q: %v: %s", args, err, out)
	}
	return string(out)
}

// show writes data to the pane. It returns a screen with the cells that tmux
// reports, and the cursor.
func (m *tmux) show(data string) (*Screen, string) {
	m.t.Helper()
	m.runs++
	mark := fmt.Sprintf("shown-%d", m.runs)
	file := filepath.Join(m.dir, "data")
	if err := os.WriteFile(file, []byte(data+"\x1b]2;"+mark+"\x1b\\"), 0o600); err != nil {
		m.t.Fatal(err)
	}
	m.do("respawn-pane", "-k", "stty raw -echo; cat "+file+"; exec sleep 1000")
	for start := time.Now(); ; time.Sleep(2 * time.Millisecond) {
		state := strings.TrimSpace(m.do("display-message", "-p", "#{pane_title} #{cursor_x},#{cursor_y} #{alternate_on}"))
		if rest, ok := strings.CutPrefix(state, mark+" "); ok {
			// The capture is text with SGR. Our own parser reads it; other
			// tests compare this part with xterm.js.
			s := New(tmuxCols, tmuxRows)
			text := strings.TrimSuffix(m.do("capture-pane", "-e", "-p", "-N"), "\n")
			s.WriteString("\x1b)0\x1b[?7l" + strings.ReplaceAll(text, "\n", "\r\n"))
			// A cursor past the last column is a pending wrap.
			return s, strings.Replace(rest, strconv.Itoa(tmuxCols)+",", strconv.Itoa(tmuxCols-1)+",", 1)
		}
		if time.Since(start) > await.Patience {
			m.t.Fatalf("tmux is not done; state = %q", state)
		}
	}
}

// lastText returns the column after the last cell of l that is not blank: tmux
// reports nothing past it.
func lastText(l *line) int {
	x := l.content()
	for x > 0 && (l.cells[x-1].Empty() || l.cells[x-1].lo&chBits == ' ') {
		x--
	}
	return x
}

// tmuxView formats the part of a screen that tmux reports: a space for an empty
// cell, and only the background as the style of a blank.
func tmuxView(s *Screen, cursor string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "cursor %s\n", cursor)
	for y, l := range s.buf.lines {
		fmt.Fprintf(&b, "line %d ", y)
		last := ""
		for _, c := range l.cells[:lastText(l)] {
			if c.lo&chSpacer != 0 {
				continue
			}
			text := string(s.appendCell(nil, c))
			if c.Empty() {
				c.lo = 0 // half of an overwritten wide character
			}
			st := fmt.Sprintf("{%x %x %x}", uint32(c.Fg()), uint32(c.Bg()), uint16(c.Attr()&^Protected))
			if text == " " {
				st = fmt.Sprintf("{_ %x %x}", uint32(c.Bg()), uint16(c.Attr()&(Inverse|Strike|underlineMask|Overline)))
			}
			if st != last {
				b.WriteString(st)
				last = st
			}
			b.WriteString(text)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// TestTmux compares screens after random valid output with those of tmux. The
// output avoids the known differences, which the package doc lists.
func TestTmux(t *testing.T) {
	m := startTmux(t)
	first, n := uint64(1), 40
	if s := os.Getenv("VT_TMUX_SEEDS"); s != "" {
		if _, err := fmt.Sscanf(s, "%d+%d", &first, &n); err != nil {
			t.Fatal(err)
		}
	}
	for seed := first; seed < first+uint64(n); seed++ {
		g := newGenerator(seed, tmuxCols, tmuxRows)
		g.hostile = false
		data := forTmux(g.stream(1 + g.IntN(12)))
		if seed%2 == 0 {
			data = tmuxRegion.ReplaceAllString(data, "")
		} else {
			data = tmuxLines.ReplaceAllString(data, "")
		}
		ours := New(tmuxCols, tmuxRows)
		ours.WriteString(data)
		alt := 0
		if ours.onAlt {
			alt = 1
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Cleanup(func() {
				if t.Failed() {
					t.Logf("%q", data)
				}
			})
			got := tmuxView(ours, fmt.Sprintf("%d,%d %d", ours.x, ours.y, alt))
			var want string
			for range 3 {
				// Once in several hundred runs, tmux clears its pane late.
				if want = tmuxView(m.show(data)); want == got {
					break
				}
			}
			same(t, "random output", got, want)
		})
	}
}

// forTmux changes random output so that the known differences do not show.
func forTmux(s string) string {
	for _, r := range tmuxRules {
		s = r.find.ReplaceAllString(s, r.put)
	}
	return s
}

// tmux applies IL and DL outside the scrolling region too.
var (
	tmuxRegion = regexp.MustCompile(`\x1b\[\d*;\d*r`)
	tmuxLines  = regexp.MustCompile(`\x1b\[\d*[LM]`)
)

var tmuxRules = []struct {
	find *regexp.Regexp
	put  string
}{
	{regexp.MustCompile(`[\x{600}\x{200d}\x{fe0f}\x{1f1e6}-\x{1f1ff}\x{300}-\x{36f}\x{94d}\x{1100}-\x{11ff}]`), ""}, // joins characters by its own rules
	{regexp.MustCompile(`\x1b\[\d*[aeI]`), ""},             // no HPR, VPR and CHT
	{regexp.MustCompile(`(\x1b\[\d*[LM])`), "$1\r"},        // IL and DL keep the column of the cursor
	{regexp.MustCompile(`\x1b\[\?\d*[JK]|\x1b\[.\"q`), ""}, // no DECSED, DECSEL and DECSCA
	{regexp.MustCompile(`\x1b\[6m`), ""},                   // SGR 6 is blink
	{regexp.MustCompile(`\x1b\[\?104[89][hl]`), ""},        // ignores 1048, and 1049 off on the primary screen
	{regexp.MustCompile(`\x1b\[[4-9]\d@`), ""},             // ICH of a whole line does nothing
	{regexp.MustCompile(`;(1[3-9]|2\d)r`), ";12r"},         // treats a region past the last line differently
	{regexp.MustCompile(`\x08`), ""},                       // BS crosses wraps
	{regexp.MustCompile(`\x1b\[\d*b`), ""},                 // REP stops at the end of the line
	{regexp.MustCompile(`(\x1b\[\?1?0?47h)`), "\x1b[m$1"},  // clears the alternate screen in default colours
	// Only a move of the cursor ends a pending wrap.
	{regexp.MustCompile(`([^H])([\n\v\t\x08]|\x1b[DM78]|\x1b\[\d*[ABCDFXP@JKZSTsu])`), "$1\r$2"},
	{regexp.MustCompile(`5[35]([;m])`), "1$1"}, // captures overline as blink
}
