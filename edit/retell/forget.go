package retell

import (
	"strings"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// A Forgetter keeps the screen of a result in which parts of the source are left out as
// if they had never been: the output after such a part is passed on as it is, and goes on
// where the part began. So the screen of the result is another than that of the source,
// whose rows come further up or down in it, until those of the part have scrolled away or
// are erased.
//
// Programs move the cursor to rows by number, redraw when the size changes, and erase
// what is above. Where the output therefore draws something else in the result, the
// Forgetter repairs it. A program that draws in the rows of the part, in the source, has
// the result show what the source shows.
//
// The caller draws the source on a screen and calls the methods with it; the tags of its
// rows belong to the Forgetter. The zero value is ready for use: as long as nothing is
// forgotten, both screens are the same, and it costs nothing.
type Forgetter struct {
	// result is the screen of the result; nil while it is that of the source.
	result *vt.Screen
	// splice shows the screen of the source as it is to be in the result, and top is
	// its row From, as a line of the source counted from its start.
	splice vt.Splice
	top    uint64
	// tag is the last tag that a row got. The rows of the source above From have those
	// from forgotten on, as long as nothing is drawn there.
	tag, forgotten uint64
	joint          [2]uint64 // of the row that is joined, and of its part in the source
	repairs        int
	events         [2]format.Event // buffer of Pass
}

// maxRepairs is the most repairs of a result whose rows are not at the place of those
// of the source. A program that needs more of them counts its rows from the top.
const maxRepairs = 16

// Active reports whether the screens of source and result differ.
func (f *Forgetter) Active() bool { return f.result != nil }

// Screen returns the screen of the result, nil unless the Forgetter is active. The
// caller must not change it.
func (f *Forgetter) Screen() *vt.Screen { return f.result }

// Begin begins a part that is left out. Its events are drawn on the screen of the source
// only.
func (f *Forgetter) Begin(source *vt.Screen) {
	if f.result == nil {
		f.result = source.Copy()
	}
}

// End ends the part. It returns output for the result; if the sizes differ, a resize must
// come before it.
func (f *Forgetter) End(source *vt.Screen) string {
	if source.OnAlternate() || f.result.OnAlternate() {
		return f.end(source)
	}
	f.result.Resize(source.Size())
	out := ""
	from, to := source.Cursor(), f.result.Cursor()
	if to.X > from.X || to.Pending {
		// Output without a line feed at its end comes before. The line that is entered
		// at the next prompt would wrap elsewhere.
		out = "\r\n"
		f.write(out)
		to = f.result.Cursor()
	}
	f.repairs = 0
	f.continueAt(source, from.Y, to.Y)
	f.splice.Keep, f.splice.Skip = to.X, from.X
	return out + f.repair(source)
}

// continueAt makes row from of the source come next in row n of the result.
func (f *Forgetter) continueAt(source *vt.Screen, from, n int) {
	f.splice = vt.Splice{Above: f.result.Copy(), Rows: n, N: n, From: from}
	f.top = source.Scrolled() + uint64(from)
	f.forgotten = f.tag + 1
	for y := range from {
		f.tag++
		source.Row(y).SetTag(f.tag)
	}
}

func (f *Forgetter) sameSize(source *vt.Screen) bool {
	cols, rows := source.Size()
	c, r := f.result.Size()
	return c == cols && r == rows
}

// Pass takes an event of the source that is not left out, after it was drawn on the
// screen of the source. It returns the events of the result, which are valid until the
// next call.
func (f *Forgetter) Pass(source *vt.Screen, ev format.Event) []format.Event {
	events := append(f.events[:0], ev)
	if f.result == nil {
		return events
	}
	switch ev.Code {
	case format.Output:
		clean := f.result.AtRest() && !f.result.Modes().Sync
		f.write(ev.Data)
		change := f.settle(source)
		if clean && strings.HasPrefix(change, syncOn) {
			// Nobody is to see what the event draws.
			change = change[len(syncOn):]
			ev.Data = syncOn + ev.Data
		}
		events[0].Data = ev.Data + change
	case format.Resize:
		if change := f.resize(source); change != "" {
			events = append(events, format.Event{Time: ev.Time, Code: format.Output, Data: change})
		}
	}
	return events
}

// syncOn begins a synchronized update.
const syncOn = "\x1b[?2026h"

// Insert takes output of the result that is not in the source.
func (f *Forgetter) Insert(data string) {
	if f.result != nil {
		f.write(data)
	}
}

// Seam brings the screen of the result to where it would be if the source had been
// passed on, after events were drawn on the screen of the source only. It returns what End
// returns.
func (f *Forgetter) Seam(source *vt.Screen) string {
	if f.result == nil {
		return ""
	}
	if !f.sameSize(source) {
		return f.end(source)
	}
	f.locate(source)
	if f.redrawn(source) {
		return f.end(source)
	}
	// Most often nothing is left to do, and finding that out by a change takes long.
	if t := f.result; t.AtRest() && source.AtRest() && t.Pen() == source.Pen() && t.Modes() == source.Modes() &&
		t.Title() == source.Title() && f.splice.N+f.splice.From > 0 && f.holds(source, f.splice) {
		return ""
	}
	return f.repair(source)
}

// write draws output on the screen of the result, whose older rows may scroll away.
func (f *Forgetter) write(data string) {
	scrolled := f.result.Scrolled()
	f.result.WriteString(data)
	f.splice.N -= int(f.result.Scrolled() - scrolled)
}

// locate finds the rows on the screen of the source again after it has scrolled.
func (f *Forgetter) locate(source *vt.Screen) {
	p := &f.splice
	p.From = int(int64(f.top) - int64(source.Scrolled()))
	// Rows that left the result at its top matter no more.
	if p.N < 0 {
		f.top += uint64(-p.N)
		p.From, p.N = p.From-p.N, 0
		p.Keep, p.Skip = 0, 0
	}
	if p.From < 0 && p.N > 0 {
		// The source has no longer what the result still shows above: both go on
		// from the top.
		*p = vt.Splice{Above: p.Above}
	}
	if p.From < 0 {
		f.top += uint64(-p.From)
		p.From = 0
	}
}

// settle checks the screen of the result after output, and returns what repairs it.
func (f *Forgetter) settle(source *vt.Screen) string {
	if !f.sameSize(source) {
		return f.end(source)
	}
	if !source.AtRest() {
		return "" // nothing can be inserted
	}
	f.locate(source)
	if f.holds(source, f.splice) {
		if f.splice.N == 0 && f.splice.From == 0 {
			return f.end(source)
		}
		return ""
	}
	if !source.OnAlternate() && f.holds(source, vt.Splice{}) {
		return f.end(source)
	}
	if f.realign(source) {
		return ""
	}
	if f.redrawn(source) {
		return f.end(source)
	}
	if f.repairs++; f.repairs > maxRepairs || f.absolute(source) {
		f.splice.N = f.splice.From
	}
	return f.repair(source)
}

// absolute reports whether a program has divided the screen by the numbers of rows.
func (f *Forgetter) absolute(source *vt.Screen) bool {
	_, rows := source.Size()
	top, bottom, _, _ := source.Margins()
	return !source.OnAlternate() && (top != 0 || bottom != rows-1)
}

// holds reports whether the result shows the source as p describes.
func (f *Forgetter) holds(source *vt.Screen, p vt.Splice) bool {
	from, to := source.Cursor(), f.result.Cursor()
	_, rows := source.Size()
	alt := source.OnAlternate()
	if alt != f.result.OnAlternate() {
		return false
	}
	if alt {
		p = vt.Splice{}
	}
	if from.Y == p.From {
		from.X -= p.Skip - p.Keep
	}
	if from.X != to.X || from.Y-p.From != to.Y-p.N || from.Pending != to.Pending {
		return false
	}
	for y := range rows {
		row, ok := f.result.Row(y), false
		switch is := y - p.N + p.From; {
		case y < p.N:
			if was := p.Rows - p.N + y; was >= 0 {
				ok = f.same(row, p.Above.Row(was))
			} else {
				ok = empty(row)
			}
		case y == p.N && p.Keep+p.Skip > 0:
			ok = f.joined(row, source, p)
		case is < rows:
			ok = f.same(row, source.Row(is))
		default:
			ok = empty(row)
		}
		if !ok {
			return false
		}
	}
	return true
}

// same is [vt.Row.Same]. It looks at rows that did not change since only at their tags.
func (f *Forgetter) same(a, b vt.Row) bool {
	if a.Tag() != 0 && a.Tag() == b.Tag() {
		return true
	}
	if !a.Same(b) {
		return false
	}
	if b.Tag() == 0 {
		f.tag++
		b.SetTag(f.tag)
	}
	a.SetTag(b.Tag())
	return true
}

// joined reports whether row shows the row of p that is joined of two.
func (f *Forgetter) joined(row vt.Row, source *vt.Screen, p vt.Splice) bool {
	part := source.Row(p.From)
	if joint := [2]uint64{row.Tag(), part.Tag()}; joint[0] != 0 && joint == f.joint {
		return true
	}
	if !row.Same(source.Spliced(p, f.result).Row(p.N)) {
		return false
	}
	f.joint = [2]uint64{f.tag + 1, f.tag + 2}
	f.tag += 2
	row.SetTag(f.joint[0])
	part.SetTag(f.joint[1])
	return true
}

// realign reports whether the result is right if the source goes on in the row of its
// cursor: zsh and fish begin a new row for a prompt behind output without a line feed,
// and where that output is left out, they need none.
func (f *Forgetter) realign(source *vt.Screen) bool {
	from, to, p := source.Cursor(), f.result.Cursor(), f.splice
	if p.Skip == p.Keep || to.Y != p.N || from.Y <= p.From {
		return false
	}
	p.From, p.Keep, p.Skip = from.Y, 0, 0
	if !f.holds(source, p) {
		return false
	}
	f.continueAt(source, p.From, p.N)
	return true
}

// redrawn reports whether a program has drawn in the rows that the result does not show.
func (f *Forgetter) redrawn(source *vt.Screen) bool {
	if source.OnAlternate() {
		return false
	}
	for y := range f.splice.From {
		if source.Row(y).Tag() < f.forgotten {
			return true
		}
	}
	return false
}

// resize follows a resize of the source. Lines wrap anew, so the row where the source
// goes on is found by the number of lines from there to the cursor.
func (f *Forgetter) resize(source *vt.Screen) string {
	t := f.result
	alt := t.OnAlternate()
	lines := 0
	for y := t.Cursor().Y; y > f.splice.N && !alt; y-- {
		if !t.Row(y).Continued() {
			lines++
		}
	}
	t.Resize(source.Size())
	if alt || source.OnAlternate() {
		return f.end(source)
	}
	f.continueAt(source, linesUp(source, lines), linesUp(t, lines))
	return f.settle(source)
}

// linesUp returns the row in which the line begins that is n lines above the cursor.
func linesUp(s *vt.Screen, n int) int {
	for y := s.Cursor().Y; y > 0; y-- {
		if s.Row(y).Continued() {
			continue
		}
		if n == 0 {
			return y
		}
		n--
	}
	return 0
}

// repair returns what brings the result to where it is to be.
func (f *Forgetter) repair(source *vt.Screen) string {
	p := &f.splice
	if !source.OnAlternate() {
		_, rows := source.Size()
		last := rows - 1
		for last > source.Cursor().Y && empty(source.Row(last)) {
			last--
		}
		p.N = max(0, min(p.N, rows-1-last+p.From))
	}
	if p.N == 0 && p.From == 0 {
		return f.end(source)
	}
	out := f.change(source.Spliced(*p, f.result))
	if !source.OnAlternate() && f.holds(source, vt.Splice{}) {
		out += f.end(source)
	}
	return out
}

// end makes the screens equal, and ends the difference.
func (f *Forgetter) end(source *vt.Screen) string {
	if !f.sameSize(source) {
		f.result.Resize(source.Size())
	}
	out := f.change(source)
	f.result, f.splice = nil, vt.Splice{}
	return out
}

// change returns what makes the screen of the result equal to want.
func (f *Forgetter) change(want *vt.Screen) string {
	change := want.AppendChange(nil, f.result)
	if len(change) > 0 && !f.result.Modes().Sync {
		f.result.WriteString(syncOn)
		change = want.AppendChange([]byte(syncOn), f.result)
	}
	f.result.Write(change[:])
	return string(change)
}

func empty(r vt.Row) bool {
	for _, c := range r.Cells() {
		if c != (vt.Cell{}) {
			return false
		}
	}
	return !r.Continued()
}
