package play

import (
	"fmt"
	"time"

	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/replay"
)

// openFind opens the prompt of a search from the current place.
func (d *deck) openFind(now time.Time, backward bool) {
	d.backward = backward
	label := "/"
	if backward {
		label = "?"
	}
	d.found.Close()
	d.found = nil
	d.wanted = nil
	d.prompt = &prompt{
		kind: promptFind, label: label,
		number: d.pos.Point().Number, at: d.at(now), running: d.clock.running,
	}
	d.pause(now, d.at(now)) // so that the place stays the same
}

// wanted is a match to go to as soon as it is found.
type wanted struct {
	number   int // the match is behind this piece, or before it if backward
	backward bool
	wrapped  bool // the search went on from the other end
	again    bool // report if there is no match
}

// findTyped searches for the text of the prompt so far.
func (d *deck) findTyped(now time.Time) error {
	d.found.Close()
	d.found, d.wanted = nil, nil
	if len(d.prompt.text) == 0 {
		return d.goBack(now, d.prompt, false)
	}
	d.startFind(replay.NewPattern(string(d.prompt.text)), d.prompt.number-1)
	return nil
}

func (d *deck) startFind(p *replay.Pattern, from int) {
	d.found = d.tape.Search(p, from, d.backward)
	d.con.goSafely(d.found.Run)
	d.lastFind = p
	d.wanted = &wanted{number: from, backward: d.backward}
}

// findEntered keeps the match; if the prompt is empty, it repeats the last
// search.
func (d *deck) findEntered(now time.Time, p *prompt) error {
	if len(p.text) > 0 {
		if d.found != nil && d.found.Done && len(d.found.Hits) == 0 {
			return d.nothing(now, p)
		}
		if d.wanted != nil {
			d.wanted.again = true
			d.before = p
		} else if d.found != nil {
			d.sayFound(now, replay.Hit{Number: d.pos.Point().Number - 1}, false)
		}
		return nil
	}
	if d.lastFind == nil {
		return d.goBack(now, p, p.running)
	}
	d.startFind(d.lastFind, p.number-1)
	d.wanted.again = true
	d.before = p
	return nil
}

// nothing goes back to where a search without matches began.
func (d *deck) nothing(now time.Time, p *prompt) error {
	d.found.Close()
	d.found, d.wanted, d.before = nil, nil, nil
	err := d.goBack(now, p, p.running)
	d.say(now, "not found: "+string(p.text))
	return err
}

// findNext goes to the next match, as soon as it is found.
func (d *deck) findNext(now time.Time, backward bool) error {
	if d.found == nil {
		if d.lastFind == nil {
			d.say(now, "no search yet: press /")
			return nil
		}
		d.startFind(d.lastFind, d.pos.Point().Number-1)
	}
	d.wanted = &wanted{number: d.pos.Point().Number - 1, backward: backward, again: true}
	return d.goWanted(now)
}

// took adds matches of a search.
func (d *deck) took(b replay.Batch) error {
	d.found.Take(b)
	d.stale = true
	return d.goWanted(time.Now())
}

// goWanted goes to the wanted match if it is known.
func (d *deck) goWanted(now time.Time) error {
	w := d.wanted
	if w == nil {
		return nil
	}
	h, ok := d.found.Next(w.number, w.backward)
	if ok && !d.found.Done && w.backward != d.backward {
		// The search goes the other way: it may yet find a nearer one.
		ok = false
	}
	if !ok && d.found.Done && len(d.found.Hits) > 0 {
		h = d.found.Hits[0]
		if w.backward {
			h = d.found.Hits[len(d.found.Hits)-1]
		}
		w.wrapped, ok = true, true
	}
	if !ok {
		if d.found.Done {
			d.wanted = nil
			if w.again {
				if p := d.before; p != nil {
					return d.nothing(now, p)
				}
				d.say(now, "not found")
			}
		}
		return nil
	}
	d.wanted, d.before = nil, nil
	m, shown, err := d.pos.SeekHit(h, d.found.Pattern)
	if err != nil {
		return err
	}
	if shown {
		d.matchAt = d.pos.Point().Number
		d.view.Show(render.Span(m))
	} else {
		d.view.Leave() // it came and went within the piece
	}
	d.pause(now, h.Time)
	if d.prompt == nil {
		d.sayFound(now, h, w.wrapped)
	}
	return nil
}

func (d *deck) sayFound(now time.Time, h replay.Hit, wrapped bool) {
	text := countOf(d.found)
	if i := d.found.After(h.Number - 1); i < len(d.found.Hits) {
		text = fmt.Sprintf("match %d of %s", i+1, text)
	}
	if wrapped {
		text += ", wrapped"
	}
	d.say(now, text)
}

// countOf returns the number of matches, in words.
func countOf(h *replay.Search) string {
	text := fmt.Sprint(len(h.Hits))
	if h.More {
		return "more than " + text
	}
	if !h.Done {
		text += " so far"
	}
	return text
}
