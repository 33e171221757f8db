package edit

import (
	"slices"
	"strconv"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/screen"
)

// Concat joins recordings: each begins at the time of the last event of the one
// before, and the header is that of the first. If the idle limits differ, it applies
// each. The header says that secrets were removed only if those of all recordings do.
// The casts are used up.
//
// Each recording begins on the screen of a terminal in its initial state, as it would
// alone: where one begins, Concat adds an event that brings the terminal there, and a
// resize if the size differs. Before them, it adds the marker of [format.Resumed],
// where a reader of the shell's marks begins anew; without a time if the recording has
// no start.
//
// The joined recording has one nonce, the first that one of the recordings has. The
// marks with the nonce of another recording get that one, and a recording without a
// nonce has no marks with it.
func Concat(casts ...format.Cast) format.Cast {
	if len(casts) == 0 {
		return format.Cast{Events: func(func(format.Event, error) bool) {}}
	}
	parts := append([]format.Cast(nil), casts...)
	same, nonce := true, ""
	for _, c := range parts {
		same = same && c.Header.IdleLimit == parts[0].Header.IdleLimit
		if nonce == "" {
			nonce = c.Header.Nonce()
		}
	}
	if !same {
		for i, c := range parts {
			if c.Header.IdleLimit > 0 {
				parts[i] = LimitIdle(c.Header.IdleLimit)(c)
			}
		}
	}
	header := parts[0].Header
	header.Duration = 0
	if header.Redacted() && slices.ContainsFunc(parts, func(c format.Cast) bool { return !c.Header.Redacted() }) {
		header = header.SetRedacted(false)
	}
	adopted := header.Nonce() != nonce
	if adopted {
		header.Extra = append(slices.Clip(header.Extra), format.Field{Key: format.NonceKey, JSON: strconv.Quote(nonce)})
	}
	return format.Cast{Header: header, Events: func(yield func(format.Event, error) bool) {
		j := joiner{nonce: nonce, screen: screen.New(header), yield: yield}
		for i, part := range parts {
			// The marks of the first part are signed, unless it begins with
			// the marker.
			if (i > 0 || adopted) && !j.begin(part.Header, i > 0) {
				return
			}
			if !j.pass(part, i+1 < len(parts)) {
				return
			}
		}
	}}
}

// joiner passes on the parts of a joined recording.
type joiner struct {
	nonce  string
	screen screen.Screen // as the parts before have left it
	base   time.Duration // where the next part begins
	yield  func(format.Event, error) bool
}

// begin passes on what comes before a part: the marker, and, if others came before
// it, the way back to the initial state of a terminal.
func (j *joiner) begin(h format.Header, reset bool) bool {
	add := func(code format.Code, data string) bool {
		return j.yield(format.Event{Time: j.base, Code: code, Data: data}, nil)
	}
	label := "resumed"
	if !h.Start.IsZero() {
		label = format.Resumed(h.Start)
	}
	if !add(format.Marker, label) {
		return false
	}
	var data []byte
	if reset {
		fresh := screen.New(h)
		cols, rows := fresh.Size()
		if c, r := j.screen.Size(); c != cols || r != rows {
			j.screen.Resize(cols, rows)
			if !add(format.Resize, h.Size.OrDefault().String()) {
				return false
			}
		}
		data = fresh.AppendChange(nil, j.screen.Screen)
		j.screen = fresh
	}
	if j.nonce != "" && h.Nonce() != "" {
		// The end of no command: it shows that the marks of this part are signed.
		data = append(data, markStart+"D;aid="+j.nonce+"\a"...)
	}
	return len(data) == 0 || add(format.Output, string(data))
}

// pass passes on the events of a part. If another one follows it, the screen is kept.
func (j *joiner) pass(part format.Cast, more bool) bool {
	last := j.base
	marks := resigner{from: part.Header.Nonce(), to: j.nonce}
	add := func(ev format.Event) bool {
		if more {
			j.screen.Feed(ev)
		}
		return j.yield(ev, nil)
	}
	rest := func() bool {
		data := marks.rest()
		return data == "" || add(format.Event{Time: last, Code: format.Output, Data: data})
	}
	for ev, err := range part.Events {
		if err != nil {
			if rest() {
				j.yield(ev, err)
			}
			return false
		}
		ev.Time = min(ev.Time+j.base, MaxTime)
		last = ev.Time
		if ev.Code == format.Output {
			data := ev.Data
			if ev.Data = marks.sign(data); ev.Data == "" && data != "" {
				continue
			}
		}
		if !add(ev) {
			return false
		}
	}
	j.base = last
	return rest()
}
