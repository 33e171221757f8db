package retell

import (
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

// Dropped returns the parts of a recording that a [Forgetter] leaves out so that some of
// its commands were never run: each from its prompt to the next, with all commands that
// were entered inside it. The commands must be in order; drop reports which of them are
// dropped. The parts are in order and do not overlap. Numbers of commands and statuses in
// later prompts stay what they were.
func Dropped(cast format.Cast, cmds []place.Command, drop func(i int) bool) ([]place.Range, error) {
	var gaps []gap
	for i := 0; i < len(cmds); i++ {
		if !drop(i) {
			continue
		}
		g := gap{Range: place.Range{From: cmds[i].PromptAt, To: over(cmds[i])}, first: i}
		// Between a shell inside another and the next prompt is the end of the command
		// that ran it.
		for i+1 < len(cmds) && (before(cmds[i+1].PromptAt, g.To) ||
			cmds[i+1].PromptAt == g.To && drop(i+1) && cmds[i+1].Depth >= cmds[g.first].Depth) {
			i++
			if end := over(cmds[i]); before(g.To, end) {
				g.To = end
			}
		}
		g.last = i
		gaps = append(gaps, g)
	}
	if len(gaps) == 0 {
		return nil, nil
	}
	if err := findEnds(cast, cmds, gaps); err != nil {
		return nil, err
	}
	ranges := make([]place.Range, len(gaps))
	for n, g := range gaps {
		ranges[n] = g.Range
		// The mark of an end and what the shell reports behind it, such as its
		// directory, are the last of a command and the first of a prompt.
		none := place.Range{}
		switch {
		case g.endTo == none:
		case g.last+1 < len(cmds) && cmds[g.last+1].Depth < cmds[g.first].Depth:
			// It is the end of the shell or program in which the command was.
			if before(g.From, g.endTo.From) {
				ranges[n].To = g.endTo.From
			}
		case g.endFrom != none:
			ranges[n] = place.Range{From: g.endFrom.To, To: g.endTo.To}
		}
	}
	return ranges, nil
}

// over returns where a command was over, with what was entered inside it.
func over(c place.Command) place.Point {
	if before(c.Over, c.End) {
		return c.End
	}
	return c.Over
}

// gap is a part that is left out, with the commands first to last.
type gap struct {
	place.Range
	first, last int
	// endFrom and endTo are from the first mark to the last that report the ends of the
	// command before, and of the last one, if there are such marks.
	endFrom, endTo place.Range
}

// findEnds finds the marks of ends around gaps: each is the last one before the mark that
// begins the prompt there.
func findEnds(cast format.Cast, cmds []place.Command, gaps []gap) error {
	type search struct {
		from, to place.Point // from the last Enter to the prompt
		until    place.Point // to the next Enter
		found    *place.Range
	}
	var searches []search
	var points []place.Point
	for i := range gaps {
		g := &gaps[i]
		a := search{to: g.From, until: cmds[g.first].Start, found: &g.endFrom}
		if g.first > 0 {
			a.from = cmds[g.first-1].Start
		}
		b := search{from: cmds[g.last].Start, to: g.To, until: place.Point{Event: math.MaxInt}, found: &g.endTo}
		if next := g.last + 1; next < len(cmds) {
			if b.until = cmds[next].PromptAt; b.until == g.To {
				b.until = cmds[next].Start
			}
		}
		searches = append(searches, a, b)
		points = append(points, a.from, b.from)
	}
	nonce := cast.Header.Nonce()
	mark := ""
	s := screen.New(cast.Header, vt.WithHooks(vt.Hooks{Mark: func(m vt.Mark) {
		if m.Code == 133 && (nonce == "" || slices.Contains(strings.Split(m.Data, ";"), "aid="+nonce)) {
			mark, _, _ = strings.Cut(m.Data, ";")
		}
	}}))
	var last place.Range // from the first mark of an end to the last one; fish has two
	for p, err := range pieces(cast.Events, points) {
		if err != nil {
			return err
		}
		if len(searches) == 0 {
			return nil
		}
		if before(p.at, searches[0].from) || p.Code != format.Output {
			s.Feed(p.Event)
			continue
		}
		for data, at := range controlStrings(p) {
			mark = ""
			if s.WriteString(data); len(searches) == 0 {
				break
			}
			switch begins := strings.LastIndex(data, "\x1b]"); {
			case mark == "D" && begins >= 0:
				if last.To = at; before(last.From, searches[0].from) || last.From == (place.Point{}) {
					last.From = at
					last.From.Byte -= len(data) - begins
				}
			case mark == "A":
				for len(searches) > 0 && before(searches[0].to, at) {
					if last != (place.Range{}) && !before(last.From, searches[0].from) && !before(searches[0].until, at) {
						*searches[0].found = last
					}
					searches = searches[1:]
				}
			}
		}
	}
	return nil
}

// controlStrings returns the output of p, cut behind the ends of control strings, with
// the points behind.
func controlStrings(p piece) iter.Seq2[string, place.Point] {
	return func(yield func(string, place.Point) bool) {
		at := p.at
		for data := p.Data; data != ""; {
			n := len(data)
			if end := strings.IndexAny(data, "\a\\"); end >= 0 {
				n = end + 1
			}
			at.Byte += n
			if !yield(data[:n], at) {
				return
			}
			data = data[n:]
		}
	}
}
