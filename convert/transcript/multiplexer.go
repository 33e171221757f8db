package transcript

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// Hidden is a time in which a terminal multiplexer filled the screen. What was run
// in its panes is not among the commands.
type Hidden struct {
	// By is the name of the program, such as tmux.
	By string
	// From and To count from the start of the recording.
	From, To time.Duration
}

// multiplexerNames are the programs that show other programs in panes.
var multiplexerNames = []string{"tmux", "screen", "zellij", "byobu", "tmate", "dvtm", "abduco", "mtm"}

// remoteShells run the program in their arguments.
var remoteShells = []string{"ssh", "mosh", "docker", "podman", "kubectl", "su", "script", "doas", "nohup", "command", "tsh", "et"}

// multiplexerIn returns the name of the multiplexer that a command line runs; "" if
// it runs none.
func multiplexerIn(line string) string {
	words := firstWords(line)
	for _, w := range words {
		if slices.Contains(multiplexerNames, w) {
			return w
		}
	}
	if len(words) > 0 && slices.Contains(remoteShells, words[0]) {
		for _, f := range strings.Fields(line) {
			if name := strings.Trim(f, `'";`); slices.Contains(multiplexerNames, name) {
				return name
			}
		}
	}
	return ""
}

// statusLines match rows that multiplexers draw at the top or the bottom.
var statusLines = []struct {
	by  string
	row *regexp.Regexp
}{
	{"tmux", regexp.MustCompile(`^\[[^\]\s][^\]]{0,60}\] ?\d+:\S+[*!#~Z-]?(\s|$)`)},
	{"zellij", regexp.MustCompile(`^ ?Zellij \([^)]*\)\s`)},
	{"dvtm", regexp.MustCompile(`^\[\d\](\[\d\]){2,}\s*\[\]=`)},
}

// lookEvery is the time between looks at the rows of a full-screen program.
const lookEvery = time.Second

// maxHidden is the most times that are listed.
const maxHidden = 1000

// multiplexers finds the times in which a multiplexer filled the screen.
type multiplexers struct {
	run    []*segment // the commands that ran one; they may not have ended
	seen   []Hidden   // by their status lines
	looked time.Duration
	begun  time.Duration // when the program filled the screen
	full   bool
}

// commands finds the multiplexers among lines.
func (m *multiplexers) commands(lines []*segment) {
	for _, s := range lines {
		if s.screens > 0 && len(m.run) < maxHidden && multiplexerIn(s.text) != "" {
			m.run = append(m.run, s)
		}
	}
}

// event looks at the screen behind an event that t has read.
func (m *multiplexers) event(ev format.Event, t *tracer) {
	full := t.screen.OnAlternate()
	if full && !m.full {
		m.begun, m.looked = ev.Time, 0
	}
	if m.full = full; !full || ev.Code != format.Output || ev.Time < m.looked {
		return
	}
	m.looked = ev.Time + lookEvery
	_, rows := t.screen.Size()
	for _, y := range []int{rows - 1, 0} {
		row := strings.TrimRight(string(t.screen.Row(y).AppendText(nil)), " ")
		for _, s := range statusLines {
			if !s.row.MatchString(row) {
				continue
			}
			if n := len(m.seen); n > 0 && m.seen[n-1].By == s.by && m.seen[n-1].From == m.begun {
				m.seen[n-1].To = ev.Time
			} else if n < maxHidden {
				m.seen = append(m.seen, Hidden{s.by, m.begun, ev.Time})
			}
			return
		}
	}
}

// list returns all times in order. It is called at the end.
func (m *multiplexers) list() []Hidden {
	var list []Hidden
	for _, s := range m.run {
		list = append(list, Hidden{multiplexerIn(s.text), s.start, s.end.value})
	}
	for _, h := range m.seen {
		if !slices.ContainsFunc(list, func(o Hidden) bool { return o.From <= h.To && h.From <= o.To }) {
			list = append(list, h)
		}
	}
	slices.SortFunc(list, func(a, b Hidden) int { return cmp.Compare(a.From, b.From) })
	return list
}
