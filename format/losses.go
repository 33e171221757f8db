package format

import "strings"

// losses counts what a Writer cannot store.
type losses []Loss

func (l *losses) add(what string, n int) {
	if n == 0 {
		return
	}
	for i := range *l {
		if (*l)[i].What == what {
			(*l)[i].N += n
			return
		}
	}
	*l = append(*l, Loss{what, n})
}

// event counts an event that is not written.
func (l *losses) event(ev Event) {
	switch ev.Code {
	case Output:
		l.add("output events", 1)
	case Input:
		l.add("input events", 1)
	case Resize:
		l.add("resizes", 1)
	case Marker:
		l.add("markers", 1)
	case Exit:
		l.add("exit statuses", 1)
	case Comment:
		l.add("comments", 1)
	default:
		l.add("events of code "+quote(strings.ToValidUTF8(string(ev.Code), "\uFFFD")), 1)
	}
}

func (l losses) list() []Loss { return l }

// holds is a set of the header fields that a format can store, beside the size.
type holds uint

const (
	holdsStart holds = 1 << iota
	holdsCommand
	holdsTermType
)

// header counts the fields of h that are not written. It is for formats with
// few fields: all but asciicast.
func (l *losses) header(h Header, can holds) {
	var names []string
	name := func(there bool, what string) {
		if there {
			names = append(names, what)
		}
	}
	name(!h.Start.IsZero() && can&holdsStart == 0, "start time")
	name(h.Command != "" && can&holdsCommand == 0, "command")
	name(h.Title != "", "title")
	name(h.Term.Type != "" && can&holdsTermType == 0, "terminal type")
	name(h.Term.Version != "", "terminal version")
	name(h.Term.Theme != nil, "theme")
	name(h.IdleLimit > 0, "idle limit")
	name(len(h.Env) > 0, "environment")
	name(len(h.Tags) > 0, "tags")
	name(len(h.Extra)+len(h.Term.Extra) > 0, "unknown fields")
	if len(names) > 0 {
		l.add("header fields ("+strings.Join(names, ", ")+")", len(names))
	}
}
