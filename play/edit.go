package play

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/replay"
)

// Editor makes a [Player] on a terminal one that edits its recording: keys cut,
// hurry and name parts of it, and show the result. The operations are a recipe;
// the recording stays as it is, and nothing is written before the user asks for
// it. [EditKeys] lists the keys.
type Editor struct {
	// Source is the recording. Its Open is called several times, also at once,
	// and what it returns may be read only in part. Its Commands, if set, finds
	// the commands that are listed beside the picture. If Open is nil, that of
	// the Player is called.
	Source place.Source
	// Recipe is what to begin with.
	Recipe edit.Recipe
	// Filter, if set, returns what a recipe changes beyond its [edit.Plan]: it is
	// applied to a result that is shown. The end of the player ends ctx.
	Filter func(ctx context.Context, recipe edit.Recipe) (edit.Filter, error)
	// Out is the file name that the user is offered for the result.
	Out string
	// Write, if set, writes the result to the file out, and the recipe to the
	// file recipePath unless that is "". It is called in a goroutine while the
	// user goes on. The end of the player ends ctx, and Run waits until Write
	// has returned. Its error is one line for the user.
	Write func(ctx context.Context, recipe edit.Recipe, out, recipePath string) error
}

// editing is the state of a deck that edits. It belongs to the goroutine of Run,
// except for tell and commands.
type editing struct {
	*Editor
	ctx  context.Context // of everything in the background
	told chan func(now time.Time) error

	history  history
	plan     *planned // of the last recipe that has one; nil: nothing is changed
	planning bool     // another plan is being made
	stopPlan func()

	commands commandList
	pane     pane
	landed   landed
	times    map[string]time.Duration // of the places that are known, on the source

	marks     []editMark    // see markers
	barMarks  []replay.Mark // the same, for the bar
	marksMade [3]int        // what they were made of; see markers

	shown      *result       // the result, while it is on the deck
	preparing  bool          // the result is to be shown when it is there
	resultFrom time.Duration // where it is to begin, in time of the source

	saved   edit.Recipe   // what was written last, or the first recipe
	writing string        // the name of the file that is being written; "": none
	wrote   chan struct{} // closed when that is over; nil at first
	leaves  bool          // the same key again leaves, whatever is not written
}

// planned is a plan with its result, as far as the deck shows it.
type planned struct {
	*edit.Measured
	filter   edit.Filter
	zones    zones
	warnings []string
}

// result is a result on the deck.
type result struct {
	plan   *planned
	source reel // what the deck goes back to
	stop   func()
}

// startEditing prepares the deck to edit, until the end of ctx.
func (d *deck) startEditing(ctx context.Context, now time.Time) {
	own := *d.p.Edit
	if own.Source.Open == nil {
		own.Source.Open = func() (format.Cast, error) { return d.p.open(1) }
	}
	d.edit = &editing{
		Editor: &own, ctx: ctx, told: make(chan func(time.Time) error),
		history: newHistory(own.Recipe), saved: own.Recipe, stopPlan: func() {},
		times: map[string]time.Duration{},
	}
	d.touched = true // it does not end by itself
	d.reach = 0      // show what is there at the start
	d.sayLong(now, "( ) x cut, d drops a command, p shows the result, w writes, h shows all keys")
	d.con.goSafely(func() { d.findCommands(ctx) })
	if len(own.Recipe.Marker) > 0 {
		d.con.goSafely(func() { d.findMarkers(ctx, own.Recipe.Marker) })
	}
	d.replan()
}

// tell has the deck's goroutine call f, unless ctx ends first.
func (e *editing) tell(ctx context.Context, f func(now time.Time) error) {
	select {
	case e.told <- func(now time.Time) error {
		if ctx.Err() != nil {
			return nil // it came too late
		}
		return f(now)
	}:
	case <-ctx.Done():
	}
}

// recipe returns the recipe in effect.
func (e *editing) recipe() edit.Recipe { return e.history.current().recipe }

// changes reports whether the recipe in effect does anything.
func (e *editing) changes() bool { return !reflect.DeepEqual(e.recipe(), edit.Recipe{}) }

// unsaved reports whether there is anything that was not written.
func (e *editing) unsaved() bool { return !reflect.DeepEqual(e.recipe(), e.saved) }

// replan makes the plan of the recipe in effect, in the background. Of several
// under way only the latest counts.
func (d *deck) replan() {
	e := d.edit
	e.stopPlan()
	e.stopPlan, e.planning = func() {}, false
	if !e.changes() {
		e.plan, e.preparing = nil, false
		return
	}
	ctx, stop := context.WithCancel(e.ctx)
	e.stopPlan, e.planning = stop, true
	recipe := e.recipe()
	d.con.goSafely(func() {
		plan, err := e.makePlan(ctx, recipe)
		e.tell(ctx, func(now time.Time) error { return d.takePlan(now, plan, err) })
	})
}

// makePlan makes a plan, and measures it.
func (e *editing) makePlan(ctx context.Context, recipe edit.Recipe) (*planned, error) {
	src := e.Source
	src.Commands = e.commands.finder(src.Commands)
	plan, err := recipe.Plan(ctx, src)
	if err != nil {
		return nil, err
	}
	p := &planned{filter: plan.Filter(), warnings: plan.Warnings()}
	if e.Filter != nil {
		more, err := e.Filter(ctx, recipe)
		if err != nil {
			return nil, err
		}
		p.filter = plan.FilterWith(more)
	}
	if p.Measured, err = plan.Measure(ctx); err != nil {
		return nil, err
	}
	if p.Length() == 0 && p.SourceLength() > 0 {
		return nil, edit.ErrNothingLeft
	}
	p.zones = zonesOf(p.Measured)
	return p, nil
}

// takePlan takes a plan. A recipe that has none is taken back.
func (d *deck) takePlan(now time.Time, plan *planned, err error) error {
	e := d.edit
	e.planning, d.stale = false, true
	if err != nil {
		e.preparing = false
		if e.history.takeBack() {
			d.replan()
		}
		return d.sayLong(now, strings.ReplaceAll(err.Error(), "\n", "; "))
	}
	if n := len(plan.warnings); n > 0 && (e.plan == nil || !slices.Equal(plan.warnings, e.plan.warnings)) {
		text := plan.warnings[0]
		if n > 1 {
			text += fmt.Sprintf("; and %d more", n-1)
		}
		d.sayLong(now, text)
	}
	e.plan = plan
	if e.preparing {
		d.openResult()
	}
	return nil
}

// sayLong shows a message for as long as it takes to read an error.
func (d *deck) sayLong(now time.Time, message string) error {
	d.say(now, message)
	d.until = now.Add(3 * barFor)
	return nil
}

// showResult shows the result, from the place that the deck shows.
func (d *deck) showResult(now time.Time) {
	e := d.edit
	if !e.changes() {
		d.say(now, "nothing is changed yet")
		return
	}
	e.preparing, e.resultFrom = true, d.at(now)
	switch {
	case e.planning:
	case e.plan == nil:
		d.replan() // the first recipe could not be planned: say so again
	default:
		d.openResult()
	}
}

// openResult opens the recording once more, for the result, in the background.
func (d *deck) openResult() {
	e := d.edit
	ctx, stop := context.WithCancel(e.ctx)
	plan := e.plan
	d.con.goSafely(func() {
		cast, err := e.Source.Open()
		if err == nil {
			cast.Events = untilDone(ctx, cast.Events)
			cast = plan.filter(cast) // may read up to the end of what is cut off
		}
		e.tell(ctx, func(now time.Time) error {
			if !e.preparing || plan != e.plan {
				stop()
				if err == nil {
					d.con.goSafely(func() { discard(cast) })
				}
				return nil
			}
			e.preparing = false
			if err != nil {
				stop()
				return d.sayLong(now, err.Error())
			}
			r := newReel(d.p, cast)
			d.load(ctx, &r)
			d.con.goSafely(func() { d.watchResult(ctx, r.tape, r.ran) })
			e.shown = &result{plan: plan, source: d.reel, stop: stop}
			d.swap(r)
			d.clock.run(now)
			return d.goTo(now, plan.At(e.resultFrom))
		})
	})
}

// discard releases a recording that nobody wants to see.
func discard(cast format.Cast) {
	for range cast.Events {
		return
	}
}

// watchResult reports the error that ends a result, and closes its tape at the end of
// ctx.
func (d *deck) watchResult(ctx context.Context, tape *replay.Tape, ran <-chan struct{}) {
	<-ran
	if _, err := tape.Loaded(); err != nil {
		d.edit.tell(ctx, func(now time.Time) error { return d.sayLong(now, err.Error()) })
	}
	<-ctx.Done()
	tape.Close()
}

// leaveResult goes back to the source, to the place that the result has shown, or with
// back to where it was left.
func (d *deck) leaveResult(now time.Time, back bool) error {
	e := d.edit
	e.preparing = false
	if e.shown == nil {
		return nil
	}
	at := e.resultFrom
	if !back {
		at = e.shown.plan.SourceAt(d.at(now))
	}
	d.swap(e.shown.source)
	e.shown.stop()
	e.shown = nil
	d.pause(now, at)
	return d.goTo(now, at)
}

// swap puts another recording on the deck.
func (d *deck) swap(r reel) {
	d.found.Close()
	d.found, d.wanted, d.before, d.matchAt = nil, nil, nil, -1
	d.reel = r
	d.stale = true
}

// write writes the result, in the background.
func (d *deck) write(out, recipePath string) {
	e := d.edit
	recipe := e.recipe()
	wrote := make(chan struct{})
	e.writing, e.wrote = out, wrote
	d.con.goSafely(func() {
		err := func() error {
			defer close(wrote) // also if it panics
			return e.Write(e.ctx, recipe, out, recipePath)
		}()
		e.tell(e.ctx, func(now time.Time) error {
			e.writing = ""
			if err != nil {
				return d.sayLong(now, err.Error())
			}
			e.saved = recipe
			return d.sayLong(now, "wrote "+out)
		})
	})
}

// wait waits until nothing is being written.
func (e *editing) wait() {
	if e != nil && e.wrote != nil {
		<-e.wrote
	}
}

// mayLeave reports whether a key may end the deck. If that would lose anything,
// it says so at first.
func (d *deck) mayLeave(now time.Time, key string) bool {
	e := d.edit
	if e == nil || e.leaves {
		return true
	}
	switch {
	case e.writing != "":
		d.say(now, "still writing "+e.writing+": "+key+" again stops it")
	case e.unsaved():
		d.say(now, "w writes your changes: "+key+" again leaves without them")
	default:
		return true
	}
	e.leaves = true
	return false
}

// fillEdit adds to the bar what an editor shows there.
func (d *deck) fillEdit(now time.Time) {
	e, b := d.edit, &d.bar
	b.zones, b.in, b.out, b.edited, b.wide = zones{}, nil, nil, "", true
	if b.message == "" && e.writing != "" {
		b.message = "writing " + e.writing + "..."
	}
	if list, _ := e.commands.all(); len(list) > 0 {
		b.command = ""
		if i := d.command(now); i >= 0 {
			b.command = list[i].text
		}
	}
	arrow := "→ "
	if b.ascii {
		arrow = "-> "
	}
	switch {
	case e.shown != nil:
		b.edited = "result"
		return
	case e.planning || e.preparing:
		b.edited = arrow + "..."
	case e.plan != nil:
		b.edited = arrow + timeText(e.plan.Length(), false)
	}
	if e.unsaved() {
		b.edited += "*"
	}
	d.markers()
	b.marks = e.barMarks
	b.in, b.out = e.history.current().in, e.history.current().out
	if e.plan != nil {
		b.zones = e.plan.zones
	}
}
