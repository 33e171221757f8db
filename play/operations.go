package play

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/render"
)

// The functions below return a recipe with one operation more, or changed; they
// leave the lists of their argument alone, which other states share.

// withEntry returns a list with a value for a range or a place, in place of the
// one that it had; an empty value only removes that.
func withEntry(list []string, value, where string) []string {
	suffix := "@" + where
	if where == "" {
		suffix = ""
	}
	list = slices.DeleteFunc(slices.Clone(list), func(s string) bool {
		_, of, _ := strings.Cut(s, "@")
		return of == where
	})
	if value != "" {
		list = append(list, value+suffix)
	}
	return orNil(list)
}

// orNil returns nil for an empty list, so that equal recipes are equal values.
func orNil(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}

// withToggled returns a list with s, or without it if it was there.
func withToggled(list []string, s string) []string {
	if i := slices.Index(list, s); i >= 0 {
		return orNil(slices.Delete(slices.Clone(list), i, i+1))
	}
	return append(slices.Clip(list), s)
}

// withMarker returns r with a marker at a place.
func withMarker(r edit.Recipe, at, label string) edit.Recipe {
	r.Marker = append(slices.Clip(r.Marker), at+"="+newLabel(label))
	return r
}

// withRenamed returns r with another label for a marker; an empty one removes
// it.
func withRenamed(r edit.Recipe, m editMark, label string) edit.Recipe {
	if m.entry >= 0 { // one that the recipe sets
		r.Marker = slices.Clone(r.Marker)
		if label == "" {
			r.Marker = orNil(slices.Delete(r.Marker, m.entry, m.entry+1))
		} else {
			r.Marker[m.entry] = m.place + "=" + newLabel(label)
		}
		return r
	}
	r.RenameMarker = orNil(slices.DeleteFunc(slices.Clone(r.RenameMarker), func(s string) bool {
		old, _, _ := cutLabels(s)
		return old == m.was
	}))
	switch {
	case label == "":
		r.RemoveMarker = withToggled(r.RemoveMarker, quoted(m.was))
	case label != m.was:
		r.RenameMarker = append(r.RenameMarker, quoted(m.was)+"="+newLabel(label))
	}
	return r
}

// newLabel returns a label as recipes write a new one: in quotes if it would be
// taken for one in quotes.
func newLabel(label string) string {
	if strings.HasPrefix(label, `"`) {
		return place.QuoteLabel(label)
	}
	return label
}

// cutLabels returns the two labels of OLD=NEW.
func cutLabels(s string) (before, label string, ok bool) {
	before, label, ok = place.Cut(s, "=")
	before, err := place.ParseLabel(before)
	label, err2 := place.ParseLabel(label)
	return before, label, ok && err == nil && err2 == nil
}

// removes returns a function that reports whether a recipe removes a recorded
// marker.
func removes(r edit.Recipe) func(label string) bool {
	labels := map[string]bool{}
	var patterns []*regexp.Regexp
	all := false
	for _, s := range r.RemoveMarker {
		if s == "all" {
			all = true
		} else if p, err := place.ParsePattern(s); err == nil {
			patterns = append(patterns, p)
		} else if label, err := place.ParseLabel(s); err == nil {
			labels[label] = true
		}
	}
	return func(label string) bool {
		return all || labels[label] || slices.ContainsFunc(patterns, func(p *regexp.Regexp) bool { return p.MatchString(label) })
	}
}

// quoted returns a label as recipes name it: in double quotes if it needs them.
func quoted(label string) string {
	if label == "all" { // RemoveMarker has a meaning for that
		return `"all"`
	}
	return place.QuoteLabel(label)
}

// nameable reports whether a text is one line that shows all that is in it.
func nameable(text string) bool {
	for _, r := range text {
		if render.RuneWidth(r) == 0 {
			return false
		}
	}
	return text != ""
}

// factor parses a speed: a number above 0.
func factor(text string) (float64, bool) {
	x, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSuffix(text, "x"), "x"), 64)
	return x, err == nil && x > 0 && x <= math.MaxInt32
}

// plain returns a number as short as it can be.
func plain(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
