package play

import (
	"reflect"

	"github.com/ttydeck/ttydeck/edit"
)

// history holds the states of an edit: the one in effect, those before it, to
// which undo goes back, and those behind it, which have been undone.
type history struct {
	states []state // never empty
	now    int     // the index of the one in effect
	// version is another after each change of the state in effect, marks aside.
	version int
}

// state is a recipe, and the range that is marked for the next operation.
type state struct {
	recipe  edit.Recipe // never changed: the next state has another
	in, out *edge       // nil: not marked
}

func newHistory(r edit.Recipe) history { return history{states: []state{{recipe: r}}} }

// current returns the state in effect. Its marks may be changed.
func (h *history) current() *state { return &h.states[h.now] }

// do puts a recipe into effect, without marks; states that were undone are gone.
// It reports whether the recipe is another one.
func (h *history) do(r edit.Recipe) bool {
	if reflect.DeepEqual(r, h.current().recipe) {
		return false
	}
	h.states = append(h.states[:h.now+1], state{recipe: r})
	h.now++
	h.version++
	return true
}

// undo goes back to the state before, if there is one.
func (h *history) undo() bool {
	if h.now == 0 {
		return false
	}
	h.now--
	h.version++
	return true
}

// redo goes forward to the state that was undone last, if there is one.
func (h *history) redo() bool {
	if h.now+1 == len(h.states) {
		return false
	}
	h.now++
	h.version++
	return true
}

// takeBack goes back like undo, and forgets the state.
func (h *history) takeBack() bool {
	if h.now == 0 {
		return false
	}
	h.states = h.states[:h.now]
	h.now--
	h.version++
	return true
}
