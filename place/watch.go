package place

import (
	"bytes"
	"regexp"
	"regexp/syntax"
	"slices"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/screen"
)

// watcher looks for patterns in the text of a screen: its rows, joined by \n, without
// blanks at their ends. Rows that wrap are one line, and ^ and $ match at each line.
type watcher struct {
	screen screen.Screen
	seeks  []seek // patterns that have not matched yet
	rows   []int  // rows that changed with the last event
	text   []byte // of a line, or of the screen
}

// seek is a pattern that is looked for.
type seek struct {
	index int // of the place
	re    *regexp.Regexp
	// local means that a match is within a line: only lines that changed are
	// looked at. A shell echoes each key in an event of its own.
	local bool
}

func newSeek(index int, p pattern) seek {
	const flags = "(?m)"
	re := regexp.MustCompile(flags + p.Regexp.String())
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	return seek{index, re, err == nil && isLocal(tree)}
}

// isLocal reports whether no match of re has a line feed in it or depends on where
// the text begins or ends.
func isLocal(re *syntax.Regexp) bool {
	switch re.Op {
	case syntax.OpBeginText, syntax.OpEndText, syntax.OpAnyChar:
		return false
	case syntax.OpLiteral:
		return !slices.Contains(re.Rune, '\n')
	case syntax.OpCharClass:
		for i := 0; i+1 < len(re.Rune); i += 2 {
			if re.Rune[i] <= '\n' && '\n' <= re.Rune[i+1] {
				return false
			}
		}
	}
	return !slices.ContainsFunc(re.Sub, func(sub *syntax.Regexp) bool { return !isLocal(sub) })
}

// feed draws an event, and calls found for each place whose pattern matches for the
// first time.
func (w *watcher) feed(ev format.Event, found func(index int)) {
	if len(w.seeks) == 0 || !w.screen.Feed(ev) {
		return
	}
	w.rows = slices.AppendSeq(w.rows[:0], w.screen.Dirty)
	if len(w.rows) > 0 {
		w.look(found)
	}
}

// look looks for the patterns: for local ones in the lines of w.rows, for the others
// on the whole screen.
func (w *watcher) look(found func(index int)) {
	matched := make([]bool, len(w.seeks))
	match := func(local bool) {
		for i, s := range w.seeks {
			if s.local == local && !matched[i] && s.re.Match(w.text) {
				matched[i] = true
				found(s.index)
			}
		}
	}
	next := 0 // rows above it have been read
	for _, y := range w.rows {
		if y < next {
			continue
		}
		for y > 0 && w.screen.Row(y).Continued() {
			y--
		}
		w.text = w.text[:0]
		next = w.line(y)
		match(true)
	}
	if slices.ContainsFunc(w.seeks, func(s seek) bool { return !s.local }) {
		w.text = w.text[:0]
		_, rows := w.screen.Size()
		for y := 0; y < rows; {
			if y > 0 {
				w.text = append(w.text, '\n')
			}
			y = w.line(y)
		}
		match(false)
	}
	i := -1
	w.seeks = slices.DeleteFunc(w.seeks, func(seek) bool { i++; return matched[i] })
}

// line appends the line that begins in row y to w.text, and returns the row after
// it.
func (w *watcher) line(y int) int {
	begin := len(w.text)
	for {
		row := w.screen.Row(y)
		w.text = row.AppendText(w.text)
		if y++; !row.Wrapped() {
			break
		}
	}
	w.text = w.text[:begin+len(bytes.TrimRight(w.text[begin:], " "))]
	return y
}
