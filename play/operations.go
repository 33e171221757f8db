package play

import (
	"math"
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
	r.Marker = append(slices.Clip(r.Marker), at+"="+label)
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
			r.Marker[m.entry] = m.place + "=" + label
		}
		return r
	}
	old := quoted(m.was)
	r.RenameMarker = orNil(slices.DeleteFunc(slices.Clone(r.RenameMarker), func(s string) bool {
		return strings.HasPrefix(s, old+"=")
	}))
	switch {
	case label == "":
		r.RemoveMarker = withToggled(r.RemoveMarker, old)
	case label != m.was:
		r.RenameMarker = append(r.RenameMarker, old+"="+label)
	}
	return r
}

// quoted returns a label as recipes name it: in double quotes if it needs them.
func quoted(label string) string {
	if label == "all" { // RemoveMarker has a meaning for that
		return `"all"`
	}
	return place.QuoteLabel(label)
}

// nameable reports whether a label can be part of a place in a line of text.
func nameable(label string) bool {
	for _, r := range label {
		if r != ' ' && render.RuneWidth(r) == 0 {
			return false
		}
	}
	return label != ""
}

// factor parses a speed: a number above 0.
func factor(text string) (float64, bool) {
	x, err := strconv.ParseFloat(strings.TrimPrefix(strings.TrimSuffix(text, "x"), "x"), 64)
	return x, err == nil && x > 0 && x <= math.MaxInt32
}

// plain returns a number as short as it can be.
func plain(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) }
