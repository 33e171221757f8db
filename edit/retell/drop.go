package retell

import (
	"iter"
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
	var ranges []place.Range
	var heads []int // the commands whose prompts begin and end the ranges; len(cmds) for none
	for i := range cmds {
		if !drop(i) {
			continue
		}
		r := place.Range{From: cmds[i].PromptAt, To: cmds[i].End}
		next := i + 1
		for next < len(cmds) && before(cmds[next].PromptAt, r.To) {
			next++
		}
		if n := len(ranges); n > 0 && !before(ranges[n-1].To, r.From) {
			if before(ranges[n-1].To, r.To) {
				ranges[n-1].To = r.To
				heads[2*n-1] = next
			}
			continue
		}
		ranges = append(ranges, r)
		heads = append(heads, i, next)
	}
	if len(ranges) == 0 {
		return nil, nil
	}
	ends, err := reportedEnds(cast, cmds, heads)
	if err != nil {
		return nil, err
	}
	for n := range ranges {
		from, to := heads[2*n], heads[2*n+1]
		if to == len(cmds) || cmds[to].PromptAt != ranges[n].To {
			continue
		}
		// The mark of an end and what the shell reports behind it, such as its
		// directory, are the last of a command and the first of a prompt.
		a, b := ends[from], ends[to]
		switch none := (place.Range{}); {
		case b == none:
		case cmds[from].Depth > cmds[to].Depth:
			// It is the end of the shell or program in which the command was.
			if before(ranges[n].From, b.From) {
				ranges[n].To = b.From
			}
		case a != none && cmds[from].Depth == cmds[to].Depth:
			ranges[n] = place.Range{From: a.To, To: b.To}
		}
	}
	return ranges, nil
}

// reportedEnds returns, for the prompts of the commands heads, where the mark is that
// reports the end of the command before.
func reportedEnds(cast format.Cast, cmds []place.Command, heads []int) (map[int]place.Range, error) {
	var ranges []place.Range
	for _, i := range heads {
		if i < len(cmds) {
			r := place.Range{To: cmds[i].Start}
			if i > 0 {
				r.From = cmds[i-1].Start
			}
			ranges = append(ranges, r)
		}
	}
	nonce := cast.Header.Nonce()
	ended, begun := false, false
	s := screen.New(cast.Header, vt.WithHooks(vt.Hooks{Mark: func(m vt.Mark) {
		if m.Code != 133 || nonce != "" && !slices.Contains(strings.Split(m.Data, ";"), "aid="+nonce) {
			return
		}
		switch kind, _, _ := strings.Cut(m.Data, ";"); kind {
		case "A":
			begun = true
		case "D":
			ended = !begun
		}
	}}))
	ends := map[int]place.Range{}
	n := 0
	for p, err := range pieces(cast.Events, bounds(ranges)) {
		if err != nil {
			return nil, err
		}
		for n < len(ranges) && !before(p.at, ranges[n].To) {
			n++
			begun = false
		}
		if n == len(ranges) {
			break
		}
		if before(p.at, ranges[n].From) || p.Code != format.Output {
			s.Feed(p.Event)
			begun = false
			continue
		}
		for data, at := range controlStrings(p) {
			ended = false
			s.WriteString(data)
			if begins := strings.LastIndex(data, "\x1b]"); ended && begins >= 0 {
				r := place.Range{From: at, To: at}
				r.From.Byte -= len(data) - begins
				ends[heads[n]] = r
			}
		}
	}
	return ends, nil
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
