package play

import (
	"fmt"
	"time"
)

// openFind opens the prompt of a search, which starts from here.
func (d *deck) openFind(now time.Time, backward bool) {
	d.backward = backward
	label := "/"
	if backward {
		label = "?"
	}
	d.found.end()
	d.found = nil
	d.wanted = nil
	d.prompt = &prompt{
		kind: promptFind, label: label,
		number: d.pos.rd.pos.number, at: d.at(now), running: d.clock.running,
	}
	d.pause(now, d.at(now)) // so that "here" stays where it is
}

// wanted is a place that a search is to go to as soon as it is found.
type wanted struct {
	number   int // beyond this piece
	backward bool
	wrapped  bool // having begun anew from the other end
	again    bool // say so when there is nothing
}

// findTyped searches for what stands in the prompt so far.
func (d *deck) findTyped(now time.Time) error {
	d.found.end()
	d.found, d.wanted = nil, nil
	if len(d.prompt.text) == 0 {
		return d.goBack(now, d.prompt, false)
	}
	d.startFind(newPattern(string(d.prompt.text)), d.prompt.number-1)
	return nil
}

func (d *deck) startFind(p *pattern, from int) {
	d.found = search(d.index, p, from, d.backward, d.con.goSafely)
	d.lastFind = p
	d.wanted = &wanted{number: from, backward: d.backward}
}

// findEntered keeps what was found; without a pattern the last one is searched
// for again.
func (d *deck) findEntered(now time.Time, p *prompt) error {
	if len(p.text) > 0 {
		if d.found != nil && d.found.done && len(d.found.list) == 0 {
			return d.nothing(now, p)
		}
		if d.wanted != nil {
			d.wanted.again = true
			d.before = p
		} else if d.found != nil {
			d.sayFound(now, hit{number: d.pos.rd.pos.number - 1}, false)
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

// nothing goes back to where a search that found nothing began.
func (d *deck) nothing(now time.Time, p *prompt) error {
	d.found.end()
	d.found, d.wanted, d.before = nil, nil, nil
	err := d.goBack(now, p, p.running)
	d.say(now, "not found: "+string(p.text))
	return err
}

// findNext goes to the next match, which may not be found yet.
func (d *deck) findNext(now time.Time, backward bool) error {
	if d.found == nil {
		if d.lastFind == nil {
			d.say(now, "nothing was searched for: / searches")
			return nil
		}
		d.startFind(d.lastFind, d.pos.rd.pos.number-1)
	}
	d.wanted = &wanted{number: d.pos.rd.pos.number - 1, backward: backward, again: true}
	return d.goWanted(now)
}

// took takes in what a search has found.
func (d *deck) took(b batch) error {
	d.found.add(b)
	d.stale = true
	return d.goWanted(time.Now())
}

// goWanted goes to the wanted match once it is known.
func (d *deck) goWanted(now time.Time) error {
	w := d.wanted
	if w == nil {
		return nil
	}
	h, ok := d.found.next(w.number, w.backward)
	if ok && !d.found.done && w.backward != d.backward {
		// The search goes the other way: there may be a nearer one.
		ok = false
	}
	if !ok && d.found.done && len(d.found.list) > 0 {
		h = d.found.list[0]
		if w.backward {
			h = d.found.list[len(d.found.list)-1]
		}
		w.wrapped, ok = true, true
	}
	if !ok {
		if d.found.done {
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
	// The piece that brought it tells it from the matches that were there.
	if err := d.pos.seekNumber(h.number); err != nil {
		return err
	}
	before := matchingLines(d.pos.screen, d.found.pattern)
	if err := d.pos.seekNumber(h.number + 1); err != nil {
		return err
	}
	if m, ok := newMatch(d.pos.screen, d.found.pattern, before); ok {
		m.number = d.pos.rd.pos.number
		d.view.show(m)
	} else {
		d.view.leave() // it was there for no moment that can be shown
	}
	d.pause(now, h.at)
	if d.prompt == nil {
		d.sayFound(now, h, w.wrapped)
	}
	return nil
}

func (d *deck) sayFound(now time.Time, h hit, wrapped bool) {
	text := d.found.count()
	if i := d.found.after(h.number - 1); i < len(d.found.list) {
		text = fmt.Sprintf("match %d of %s", i+1, text)
	}
	if wrapped {
		text += ", begun anew"
	}
	d.say(now, text)
}

// count tells how much was found.
func (h *hits) count() string {
	text := fmt.Sprint(len(h.list))
	if h.more {
		return "more than " + text
	}
	if !h.done {
		text += " so far"
	}
	return text
}
