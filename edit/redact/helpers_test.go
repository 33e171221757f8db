package redact

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// tape is a recording in memory.
type tape struct {
	header format.Header
	events []format.Event
}

func (c tape) cast() format.Cast {
	return format.Cast{Header: c.header, Events: func(yield func(format.Event, error) bool) {
		for _, ev := range c.events {
			if !yield(ev, nil) {
				return
			}
		}
	}}
}

func newTape(cols, rows int) *tape {
	return &tape{header: format.Header{Size: format.Size{Cols: cols, Rows: rows}}}
}

// add appends an event, one second after the last.
func (c *tape) add(code format.Code, data string) *tape {
	var at time.Duration
	if n := len(c.events); n > 0 {
		at = c.events[n-1].Time + time.Second
	}
	c.events = append(c.events, format.Event{Time: at, Code: code, Data: data})
	return c
}

// split cuts output and input at random, down to single bytes.
func (c *tape) split(r *rand.Rand) *tape {
	cut := &tape{header: c.header}
	for _, ev := range c.events {
		if ev.Code != format.Output && ev.Code != format.Input {
			cut.events = append(cut.events, ev)
			continue
		}
		longest := 1 + r.IntN(40)
		for data := ev.Data; len(data) > 0; {
			n := min(1+r.IntN(longest), len(data))
			part := ev
			part.Data = data[:n]
			data = data[n:]
			cut.events = append(cut.events, part)
		}
	}
	return cut
}

// stream joins the data of all events with a code.
func (c tape) stream(code format.Code) string {
	var b strings.Builder
	for _, ev := range c.events {
		if ev.Code == code {
			b.WriteString(ev.Data)
		}
	}
	return b.String()
}

func mustNew(tb testing.TB, opts Options) *Redactor {
	tb.Helper()
	r, err := New(opts)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// redacted returns the recording as redacted by r.
func redacted(tb testing.TB, r *Redactor, c *tape) (*tape, *Report) {
	tb.Helper()
	cast, report, err := r.Cast(context.Background(), c.cast())
	if err != nil {
		tb.Fatal(err)
	}
	out := &tape{header: cast.Header}
	for ev, err := range cast.Events {
		if err != nil {
			tb.Fatal(err)
		}
		out.events = append(out.events, ev)
	}
	return out, report
}

// leak reports where gram consecutive bytes of a secret remain: in the output
// or input, in another event, on the screen, or in the header. It returns "" if
// nothing remains.
func leak(c *tape, gram int, secrets ...string) string {
	grams := map[string]bool{}
	for _, secret := range secrets {
		for i := 0; i+gram <= len(secret); i++ {
			grams[secret[i:i+gram]] = true
		}
	}
	find := func(s string) int {
		for i := 0; i+gram <= len(s); i++ {
			if grams[s[i:i+gram]] {
				return i
			}
		}
		return -1
	}
	has := func(s string) bool { return find(s) >= 0 }
	if has(fmt.Sprintf("%+v", c.header)) {
		return fmt.Sprintf("header: %+v", c.header)
	}
	for _, code := range []format.Code{format.Output, format.Input} {
		s := c.stream(code)
		if i := find(s); i >= 0 {
			return fmt.Sprintf("stream %q, byte %d, in %q", code, i, s[max(0, i-500):min(len(s), i+500)])
		}
	}
	s := vt.New(c.header.Size.Cols, c.header.Size.Rows)
	for i, ev := range c.events {
		switch ev.Code {
		case format.Output:
			s.WriteString(ev.Data)
			if text := s.Text(); i%8 == 0 && has(strings.ReplaceAll(text, "\n", "")) {
				return fmt.Sprintf("screen:\n%s", text)
			}
		case format.Resize:
			if size, err := ev.Size(); err == nil {
				s.Resize(size.Cols, size.Rows)
			}
		case format.Input:
		default:
			if has(ev.Data) {
				return fmt.Sprintf("event %q: %q", ev.Code, ev.Data)
			}
		}
	}
	return ""
}

// sameBut compares a recording with its redacted copy, event by event and cell
// by cell: only characters of the secrets may be replaced. It returns the
// number of replaced cells on the last screen.
func sameBut(tb testing.TB, of, got *tape, secrets ...string) int {
	tb.Helper()
	if len(of.events) != len(got.events) {
		tb.Fatalf("%d events; want %d", len(got.events), len(of.events))
	}
	letters := strings.Join(secrets, "")
	cols, rows := of.header.Size.Cols, of.header.Size.Rows
	a, b := vt.New(cols, rows), vt.New(cols, rows)
	stars := 0
	for i, ev := range of.events {
		now := got.events[i]
		if now.Code != ev.Code || now.Time != ev.Time {
			tb.Fatalf("event %d = %v %q; want %v %q", i, now.Time, now.Code, ev.Time, ev.Code)
		}
		switch ev.Code {
		case format.Output:
			a.WriteString(ev.Data)
			b.WriteString(now.Data)
		case format.Resize:
			size, _ := ev.Size()
			a.Resize(size.Cols, size.Rows)
			b.Resize(size.Cols, size.Rows)
		default:
			continue
		}
		if a.Cursor() != b.Cursor() {
			tb.Fatalf("event %d: cursor = %+v; want %+v", i, b.Cursor(), a.Cursor())
		}
		stars = 0
		_, rows := a.Size()
		for y := range rows {
			ra, rb := a.Row(y), b.Row(y)
			if ra.Continued() != rb.Continued() {
				tb.Fatalf("event %d: row %d continued = %v; want %v", i, y, rb.Continued(), ra.Continued())
			}
			for x, c := range ra.Cells() {
				d := rb.Cell(x)
				was, is := a.CellText(c), b.CellText(d)
				if (is == "*" || is == "\uff0a") && is != was && was != "" && strings.Contains(letters, was) && c.Width() == d.Width() {
					stars++
				} else if was != is {
					tb.Fatalf("event %d: row %d column %d = %q; want %q\n%s\nwant\n%s", i, y, x, is, was, b.Text(), a.Text())
				}
				if c.Fg() != d.Fg() || c.Bg() != d.Bg() || c.Attr() != d.Attr() {
					tb.Fatalf("event %d: row %d column %d has another style", i, y, x)
				}
			}
		}
	}
	return stars
}
