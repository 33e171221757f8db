package edit

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// labels is what happens to the markers of a recording.
type labels struct {
	rename []renaming
	remove []removal
}

type renaming struct{ from, to string }

// removal selects markers: by a label, by a pattern, or all.
type removal struct {
	name    string // as it was written
	label   string
	pattern *regexp.Regexp // replaces label, if not nil
	all     bool           // replaces both
}

func (m removal) match(label string) bool {
	switch {
	case m.all:
		return true
	case m.pattern != nil:
		return m.pattern.MatchString(label)
	}
	return label == m.label
}

func (l *labels) none() bool { return len(l.rename)+len(l.remove) == 0 }

// labelRun applies labels to one recording.
type labelRun struct {
	*labels
	renamed, removed []bool   // which of them were needed
	seen             []string // labels, for messages
}

func (l *labels) run() *labelRun {
	return &labelRun{labels: l, renamed: make([]bool, len(l.rename)), removed: make([]bool, len(l.remove))}
}

// maxSeen is the most labels that a message lists.
const maxSeen = 8

// of returns the new label of a marker, and whether it stays.
func (r *labelRun) of(label string) (string, bool) {
	if r.none() {
		return label, true
	}
	if len(r.seen) <= maxSeen && !slices.Contains(r.seen, label) {
		r.seen = append(r.seen, label)
	}
	keep := true
	for i, m := range r.remove {
		if m.match(label) {
			keep, r.removed[i] = false, true
		}
	}
	for i, m := range r.rename {
		if m.from == label {
			r.renamed[i] = true
			return m.to, keep
		}
	}
	return label, keep
}

// missed returns an error for a label that no marker has.
func (r *labelRun) missed() error {
	has := "the recording has no markers"
	if n := len(r.seen); n > 0 {
		var quoted []string
		for _, label := range r.seen[:min(n, maxSeen)] {
			quoted = append(quoted, short(label))
		}
		if has = "the recording has " + strings.Join(quoted, ", "); n > maxSeen {
			has += " and more"
		}
	}
	var errs []error
	for i, m := range r.rename {
		if !r.renamed[i] {
			errs = append(errs, fmt.Errorf("marker %q: not found; %s", m.from, has))
		}
	}
	for i, m := range r.remove {
		if !r.removed[i] && !m.all {
			errs = append(errs, fmt.Errorf("marker %s: not found; %s", m.name, has))
		}
	}
	return errors.Join(errs...)
}
