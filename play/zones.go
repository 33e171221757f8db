package play

import (
	"time"

	"github.com/ttydeck/ttydeck/edit"
)

// Kinds of zones.
const (
	zoneFaster = iota // takes less time in the result
	zoneSlower        // takes more, or is held
	zoneGone          // is not in the result
	zoneKinds
)

// zone is a part of the source that the result has changed.
type zone struct{ from, to time.Duration }

// zones are the zones of each kind, in order. The later kinds are drawn over the
// others.
type zones [zoneKinds][]zone

// zoneCells is the number of parts of the source that zones tell apart: more than
// the track has columns.
const zoneCells = 2000

// zonesOf returns the zones of a plan. Small parts that are gone and places that are
// held are among its steps. For the rest, each cell is compared with the result, as
// a step may hold for all of the source and change only some of it.
func zonesOf(m *edit.Measured) (z zones) {
	cell := max(m.SourceLength()/zoneCells, 1)
	add := func(kind int, from, to time.Duration) {
		list := z[kind]
		if n := len(list); n > 0 && from-list[n-1].to <= cell && from >= list[n-1].from {
			list[n-1].to = max(list[n-1].to, to)
			return
		}
		z[kind] = append(list, zone{from, to})
	}
	for _, s := range m.Steps() {
		switch from, to := s.Source.From.Time, s.Source.To.Time; {
		case from < to && s.From == s.To:
			add(zoneGone, from, to)
		case from >= to && s.From < s.To:
			add(zoneSlower, from, from)
		}
	}
	gone := z[zoneGone]
	for from := time.Duration(0); from < m.SourceLength(); from += cell {
		to := min(from+cell, m.SourceLength())
		for len(gone) > 0 && gone[0].to <= from {
			gone = gone[1:]
		}
		if len(gone) > 0 && gone[0].from < to {
			continue
		}
		was, now := float64(to-from), float64(m.At(to)-m.At(from))
		switch {
		case now < 0.95*was:
			add(zoneFaster, from, to)
		case now > 1.05*was:
			add(zoneSlower, from, to)
		}
	}
	return z
}
