package transcript_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/edit/retell"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

func devCasts(t *testing.T) []string {
	files, _ := filepath.Glob(os.Getenv("RETELL_CASTS"))
	if len(files) == 0 {
		t.Skip("none")
	}
	return files
}

func openAll(t *testing.T, path string) (format.Header, []format.Event) {
	t.Helper()
	f, err := format.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var events []format.Event
	for ev, err := range f.Events {
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, ev)
	}
	return f.Header, events
}

func recorded(h format.Header, events []format.Event) format.Cast {
	return format.Cast{Header: h, Events: func(yield func(format.Event, error) bool) {
		for _, ev := range events {
			if !yield(ev, nil) {
				return
			}
		}
	}}
}

// markedCommands finds commands by marks.
func markedCommands(h format.Header, events []format.Event) []place.Command {
	var cmds []place.Command
	var at place.Point
	var hook vt.Mark
	got := false
	nonce := "aid=" + h.Nonce()
	s := screen.New(h, vt.WithHooks(vt.Hooks{Mark: func(m vt.Mark) {
		if m.Code == 133 && strings.Contains(m.Data, nonce) {
			hook, got = m, true
		}
	}}))
	open := false
	var paste place.Point
	var sp place.Point
	for n, ev := range events {
		at = place.Point{Time: ev.Time, Event: n}
		if ev.Code != format.Output {
			s.Feed(ev)
			continue
		}
		for i := 0; i < len(ev.Data); i++ {
			here := at
			here.Byte = i
			if strings.HasPrefix(ev.Data[i:], "\x1b[?2004h") {
				paste = here
			}
			if strings.HasPrefix(ev.Data[i:], "\x1b[1m\x1b[7m") || strings.HasPrefix(ev.Data[i:], "\x1b[2m⏎") {
				sp = here
			}
			got = false
			s.Write([]byte{ev.Data[i]})
			if open && ev.Data[i] == '\r' {
				c := &cmds[len(cmds)-1]
				if i+1 < len(ev.Data) && (ev.Data[i+1] == '\n' || ev.Data[i+1] == '\r') {
					c.Start = here
				}
			}
			if !got {
				continue
			}
			after := here
			after.Byte++
			_ = after
			switch kind, _, _ := strings.Cut(hook.Data, ";"); kind {
			case "A":
				from := here
				from.Byte = strings.LastIndexByte(ev.Data[:i], 0x1b)
				if paste.Event == n && paste.Byte < i && paste.Byte > i-150 {
					from = paste
				}
				if sp != (place.Point{}) {
					from = sp
				}
				sp = place.Point{}
				if len(cmds) > 0 {
					cmds[len(cmds)-1].End = from
				}
				cmds = append(cmds, place.Command{PromptAt: from})
				open = true
			case "C":
				open = false
				for _, f := range strings.Split(hook.Data, ";") {
					if t, ok := strings.CutPrefix(f, "cmdline_url="); ok {
						cmds[len(cmds)-1].Text = t
					}
				}
			}
		}
	}
	if len(cmds) > 0 {
		cmds = cmds[:len(cmds)-1]
	}
	return slices.DeleteFunc(cmds, func(c place.Command) bool { return c.Text == "" })
}

func tidied(t *testing.T, h format.Header, events []format.Event, inserts []retell.Insert, cmds []place.Command) []format.Event {
	var out []format.Event
	s := screen.New(h)
	r := screen.New(h)
	i := 0
	inside := false
	var shift time.Duration
	emit := func(ev format.Event) {
		if ev.Code == format.Output && ev.Data == "" {
			return
		}
		ev.Time += shift
		out = append(out, ev)
		r.Feed(ev)
	}
	for n, ev := range events {
		at := place.Point{Time: ev.Time, Event: n}
		for {
			for i < len(inserts) {
				in := inserts[i]
				if !inside && !less(at, in.From) {
					inside = true
					for _, e := range in.Events {
						e.Time += in.From.Time
						emit(e)
						if os.Getenv("RETELL_V") == "2" {
							c := r.Cursor()
							t.Logf("typed %q: row %q", e.Data, r.Row(c.Y).Text())
						}
					}
				}
				if inside && !less(at, in.To) {
					inside = false
					shift += in.Length - (in.To.Time - in.From.Time)
					d := s.AppendChange(nil, r.Screen)
					if len(d) > 0 {
						t.Logf("seam %q", d)
					}
					emit(format.Event{Time: ev.Time, Code: format.Output, Data: string(d)})
					i++
					continue
				}
				break
			}
			p := ev
			if i < len(inserts) && ev.Code == format.Output {
				next := inserts[i].From
				if inside {
					next = inserts[i].To
				}
				if next.Event == n && next.Byte-at.Byte < len(p.Data) {
					p.Data = p.Data[:next.Byte-at.Byte]
				}
			}
			s.Feed(p)
			if !inside {
				emit(p)
			}
			if len(p.Data) == len(ev.Data) {
				break
			}
			ev.Data = ev.Data[len(p.Data):]
			at.Byte += len(p.Data)
		}
	}
	return out
}

func TestTidyDev(t *testing.T) {
	good, bad := 0, 0
	for _, path := range devCasts(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			h, events := openAll(t, path)
			cmds := markedCommands(h, events)
			all := tell(t, h, events)
			k := 0
			for i := range cmds {
				for j := k; j < len(all); j++ {
					u, _ := url.PathUnescape(cmds[i].Text)
					if all[j].Text == u {
						cmds[i].Text, cmds[i].Prompt = u, all[j].Prompt
						k = j + 1
						break
					}
				}
			}
			cmds = slices.DeleteFunc(cmds, func(c place.Command) bool { return c.Prompt == "" })
			inserts, warnings, err := retell.Tidy(recorded(h, events), cmds, 60*time.Millisecond)
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range warnings {
				t.Logf("warning: %q %s", w.Text, w.Why)
			}
			good += len(inserts)
			bad += len(warnings)
			got := tell(t, h, tidied(t, h, events, inserts, cmds))
			if !slices.Equal(got, all) {
				for i := range max(len(got), len(all)) {
					var g, w told
					if i < len(got) {
						g = got[i]
					}
					if i < len(all) {
						w = all[i]
					}
					if g != w {
						t.Errorf("command %d of %d/%d: got\n%#v\nwant\n%#v", i, len(got), len(all), g, w)
						break
					}
				}
			}
		})
	}
	t.Logf("%d typed, %d not", good, bad)
}

// forget is the least engine.
func forget(h format.Header, events []format.Event, ranges []place.Range, t *testing.T) []format.Event {
	var out []format.Event
	s := screen.New(h)
	r := screen.New(h)
	var f retell.Forgetter
	var gone time.Duration
	i := 0
	inside := false
	emit := func(ev format.Event) {
		if ev.Code == format.Output && ev.Data == "" {
			return
		}
		ev.Time -= gone
		out = append(out, ev)
		r.Feed(ev)
	}
	bytes := 0
	for n, ev := range events {
		at := place.Point{Time: ev.Time, Event: n}
		for {
			for i < len(ranges) {
				if !inside && !less(at, ranges[i].From) {
					inside = true
					f.Begin(s.Screen)
				}
				if inside && !less(at, ranges[i].To) {
					inside = false
					gone += ranges[i].To.Time - ranges[i].From.Time
					d := f.End(s.Screen)
					bytes += len(d)
					emit(format.Event{Time: ev.Time, Code: format.Output, Data: d})
					i++
					continue
				}
				break
			}
			p := ev
			if i < len(ranges) && ev.Code == format.Output {
				next := ranges[i].From
				if inside {
					next = ranges[i].To
				}
				if next.Event == n && next.Byte-at.Byte < len(p.Data) {
					p.Data = p.Data[:next.Byte-at.Byte]
				}
			}
			s.Feed(p)
			if !inside {
				for _, e := range f.Pass(s.Screen, p) {
					if e.Code == format.Output {
						bytes += len(e.Data) - len(p.Data)
					}
					emit(e)
				}
				if !f.Active() {
					if d := s.AppendChange(nil, r.Screen); len(d) > 0 && s.AtRest() {
						t.Fatalf("event %d: inactive but other: %q", n, d)
					}
				} else if d := f.Screen().AppendChange(nil, r.Screen); len(d) > 0 && s.AtRest() {
					t.Fatalf("event %d: screen is another: %q", n, d)
				}
			}
			if len(p.Data) == len(ev.Data) {
				break
			}
			ev.Data = ev.Data[len(p.Data):]
			at.Byte += len(p.Data)
		}
	}
	if bytes > 0 {
		t.Logf("added %d bytes in %d ranges", bytes, len(ranges))
	}
	return out
}

func less(a, b place.Point) bool {
	return a.Event < b.Event || a.Event == b.Event && a.Byte < b.Byte
}

type told struct {
	Text, Output, Dir, Prompt string
	Exit                      int
	HasExit                   bool
}

func tell(t *testing.T, h format.Header, events []format.Event) []told {
	var list []told
	for c, err := range transcript.Commands(recorded(h, events), transcript.Options{REPL: true, Cancelled: true}) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, told{c.Text, c.Output, c.Dir, c.Prompt, c.Exit, c.HasExit})
	}
	return list
}

func TestForgetDev(t *testing.T) {
	for _, path := range devCasts(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			h, events := openAll(t, path)
			cmds := markedCommands(h, events)
			all := tell(t, h, events)
			b, _ := json.Marshal(cmds)
			_ = b
			if len(cmds) != len(all) {
				t.Skipf("%d commands by marks, %d in the transcript", len(cmds), len(all))
			}
			for seed := range uint64(10) {
				r := rand.New(rand.NewPCG(seed, 1))
				drop := map[int]bool{}
				for i := range cmds {
					if r.IntN(4) == 0 {
						drop[i] = true
					}
				}
				ranges, err := retell.Dropped(recorded(h, events), cmds, func(i int) bool { return drop[i] })
				if err != nil {
					t.Fatal(err)
				}
				if os.Getenv("RETELL_V") != "" {
					for i, c := range cmds {
						t.Logf("%d %v %+v", i, drop[i], c)
					}
					t.Logf("ranges %+v", ranges)
				}
				got := tell(t, h, forget(h, events, ranges, t))
				var want []told
				for i, c := range all {
					if !drop[i] {
						want = append(want, c)
					}
				}
				if !slices.Equal(got, want) {
					for i := range max(len(got), len(want)) {
						if i >= len(got) || i >= len(want) || got[i] != want[i] {
							var g, w told
							if i < len(got) {
								g = got[i]
							}
							if i < len(want) {
								w = want[i]
							}
							t.Errorf("seed %d: command %d of %d/%d: got\n%#v\nwant\n%#v", seed, i, len(got), len(want), g, w)
							break
						}
					}
				}
			}
		})
	}
}

var _ = fmt.Sprint
