package place_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/screen"
)

// source is a recording of which it is known how often it was read.
type source struct {
	header   format.Header
	events   []format.Event
	err      error // after the events
	commands []place.Command
	lenient  bool
	reads    int
}

func (s *source) find(t *testing.T, names ...string) (place.Found, error) {
	t.Helper()
	var places []place.Place
	for _, name := range names {
		p, err := place.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		places = append(places, p)
	}
	s.reads = 0
	return place.Find(t.Context(), place.Source{
		Open: func() (format.Cast, error) {
			s.reads++
			return format.Cast{Header: s.header, Events: func(yield func(format.Event, error) bool) {
				for _, ev := range s.events {
					if !yield(ev, nil) {
						return
					}
				}
				if s.err != nil {
					yield(format.Event{}, s.err)
				}
			}}, nil
		},
		Commands: func(cast format.Cast) iter.Seq2[place.Command, error] {
			return func(yield func(place.Command, error) bool) {
				for _, c := range s.commands {
					if !yield(c, nil) {
						return
					}
				}
			}
		},
		Lenient: s.lenient, Zone: time.UTC,
	}, places...)
}

const second = time.Second

// demo is a recording of 100 seconds with a pause in it.
func demo() *source {
	start := time.Date(2026, 11, 30, 23, 59, 0, 0, time.UTC)
	out := func(at time.Duration, data string) format.Event {
		return format.Event{Time: at, Code: format.Output, Data: data}
	}
	mark := func(at time.Duration, label string) format.Event {
		return format.Event{Time: at, Code: format.Marker, Data: label}
	}
	s := &source{
		header: format.Header{Size: format.Size{Cols: 10, Rows: 4}, Start: start},
		events: []format.Event{
			out(1*second, "$ "),
			{Time: 1 * second, Code: format.Comment, Data: "a comment"},
			mark(2*second, "intro"),
			out(3*second, "make"),
			out(3*second, "\r\n"),
			out(10*second, "all of it is "),
			out(20*second, "done\r\n$ "),
			mark(30*second, "paused"),
			mark(30*second, format.Resumed(start.Add(10*time.Minute))),
			mark(40*second, "twice"),
			mark(50*second, "twice"),
			out(100*second, "exit\r\n"),
		},
	}
	at := func(event int) place.Point { return place.Point{Time: s.events[event].Time, Event: event} }
	s.commands = []place.Command{
		{Text: "make", PromptAt: at(0), Start: at(4), End: at(5), Over: at(6)},
		{Text: "male", PromptAt: at(6), Start: at(7), End: at(7), Cancelled: true},
		{Text: "make test", PromptAt: at(7), Start: at(8), End: at(9)},
		{Text: "exit", PromptAt: at(9), Start: at(11), End: at(11)},
	}
	return s
}

func TestFind(t *testing.T) {
	s := demo()
	for name, want := range map[string]place.Point{
		"start":                      {},
		"0":                          {Event: -1},
		"12.5":                       {Time: 12500 * time.Millisecond, Event: -1},
		"1:40":                       {Time: 100 * second, Event: -1},
		"end":                        {Time: 100 * second, Event: 12},
		"100%":                       {Time: 100 * second, Event: 12},
		"end-3":                      {Time: 97 * second, Event: -1},
		"50%":                        {Time: 50 * second, Event: -1},
		"marker:intro":               {Time: 2 * second, Event: 2},
		"event:1":                    {Time: 1 * second, Event: 0},
		"event:2":                    {Time: 2 * second, Event: 2}, // the comment is not counted
		"command:1":                  {Time: 1 * second, Event: 0},
		"command:1.start":            {Time: 3 * second, Event: 4},
		"command:2.end":              {Time: 40 * second, Event: 9}, // the cancelled line is not counted
		"command:-1.prompt":          {Time: 40 * second, Event: 9},
		"command:-3":                 {Time: 1 * second, Event: 0},
		"command:/^make$/.end":       {Time: 20 * second, Event: 6},
		"command:/male/":             {Time: 20 * second, Event: 6}, // nothing else matches
		"screen:/^\\$ m/":            {Time: 3 * second, Event: 4},
		"screen:/it is done$/":       {Time: 20 * second, Event: 7}, // the line is wrapped
		"screen:/done\\s+\\$/":       {Time: 20 * second, Event: 7},
		"screen:/\\A\\$ make\\nall/": {Time: 10 * second, Event: 6},
		"screen:/^$/":                {},
		"clock:23:59:00":             {Time: 0, Event: -1},
		"clock:23:59:20.5":           {Time: 20500 * time.Millisecond, Event: -1},
		"clock:00:05":                {Time: 30 * second, Event: -1}, // in the pause
		"clock:00:09:10":             {Time: 40 * second, Event: -1},
		"clock:2026-12-01 00:09:10":  {Time: 40 * second, Event: -1},
	} {
		found, err := s.find(t, name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if found.Points[0] != want {
			t.Errorf("%s is %+v; want %+v", name, found.Points[0], want)
		}
		if want := (place.Point{Time: 100 * second, Event: 12}); name != "start" && (s.reads != 1 || !found.Read || found.End != want) {
			t.Errorf("%s: the recording was read %d times, and its end is %+v; want once, and %+v", name, s.reads, found.End, want)
		}
	}
}

// Any number of places takes one read.
func TestFindTogether(t *testing.T) {
	s := demo()
	found, err := s.find(t, "end", "command:1", "screen:/make/", "marker:intro", "marker:intro", "event:1", "1", "clock:23:59:01", "screen:/make$/", "command:/exit/")
	if err != nil || s.reads != 1 {
		t.Fatalf("%v, after %d reads; want one", err, s.reads)
	}
	var events []int
	for _, p := range found.Points {
		events = append(events, p.Event)
	}
	if got, want := fmt.Sprint(events), "[12 0 4 2 2 0 -1 -1 4 9]"; got != want {
		t.Errorf("the places are before the events %s; want %s", got, want)
	}
}

func TestFindErrors(t *testing.T) {
	s := demo()
	for name, want := range map[string]string{
		"12:00":                     "12:00 is after the end, 1:40",
		"end-1:41":                  "end-1:41 is before the start: the recording takes 1:40",
		"marker:outro":              `marker "outro": not found; the recording has the markers "intro", "twice"`,
		"marker:twice":              `marker "twice" is 2 markers: want one, or event:N as ttydeck frames counts`,
		"event:12":                  "event:12: the recording has 11 events",
		"command:12.end":            "command:12: the recording has 3 commands",
		"command:-4":                "command:-4: the recording has 3 commands",
		"command:/make/":            `command:/make/ is 2 commands: 1 "make", 2 "make test": want one`,
		"command:/vim/":             `command:/vim/: not found; the recording has 3 commands: 1 "make", 2 "make test", 3 "exit"`,
		"screen:/vim/":              "screen:/vim/: never on the screen",
		"clock:12:00":               "clock:12:00:00: the recording is from 2026-11-30 23:59:00 to 2026-12-01 00:10:10",
		"clock:2026-11-29 23:59:01": "clock:2026-11-29 23:59:01: the recording is from 2026-11-30 23:59:00 to 2026-12-01 00:10:10",
	} {
		_, err := s.find(t, "start", name)
		if fault, ok := errors.AsType[*place.Error](err); !ok || err.Error() != want || fault.Place.String() != name && fault.Place.Kind() != "clock" {
			t.Errorf("%s: %v; want %s", name, err, want)
		}
	}
	s.header.Start, s.commands = time.Time{}, nil
	for name, want := range map[string]string{
		"clock:23:59:01": "clock:23:59:01: the recording does not have the time at which it began",
		"command:1":      "command:1: the recording has no commands",
		"command:/a/":    "command:/a/: the recording has no commands",
	} {
		if _, err := s.find(t, name); err == nil || err.Error() != want {
			t.Errorf("%s: %v; want %s", name, err, want)
		}
	}
}

// An error names the first of many things, each cut to a few characters.
func TestErrorsAreShort(t *testing.T) {
	s := demo()
	s.commands, s.events = nil, nil
	for i := range 1000 {
		label := fmt.Sprint(i, strings.Repeat("long\n", 1000))
		s.events = append(s.events, format.Event{Code: format.Marker, Data: label})
		s.commands = append(s.commands, place.Command{Text: label})
	}
	for _, name := range []string{"marker:x", "command:/long/", "command:/x/"} {
		_, err := s.find(t, name)
		if text := err.Error(); len(text) > 300 || strings.Contains(text, "\n") || !strings.Contains(text, "...") {
			t.Errorf("%s: %s", name, text)
		}
	}
}

// A viewer's times may be after the end, and need no read.
func TestLenient(t *testing.T) {
	s := demo()
	s.lenient = true
	if found, err := s.find(t, "12:00", "start"); err != nil || s.reads != 0 || found.Read || found.Points[0].Time != 12*time.Minute {
		t.Errorf("12:00 is %+v, %v, after %d reads", found, err, s.reads)
	}
	if found, err := s.find(t, "marker:twice", "12:00"); err != nil || found.Points[0] != (place.Point{Time: 40 * second, Event: 9}) {
		t.Errorf("marker:twice is %+v, %v", found, err)
	}
}

// What came before an error counts as the recording.
func TestFindInDamaged(t *testing.T) {
	s := demo()
	s.events, s.err = s.events[:5], io.ErrUnexpectedEOF
	found, err := s.find(t, "end", "marker:intro")
	if err != nil || found.Err != io.ErrUnexpectedEOF || found.Points[0] != (place.Point{Time: 3 * second, Event: 5}) {
		t.Errorf("found %+v, %v", found, err)
	}
	if _, err := s.find(t, "marker:twice"); !errors.Is(err, io.ErrUnexpectedEOF) || !strings.Contains(err.Error(), `"twice": not found`) {
		t.Errorf("%v; want both why it is not found, and that the recording ended early", err)
	}
}

func TestFindIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	read := 0
	_, err := place.Find(ctx, place.Source{Open: func() (format.Cast, error) {
		return format.Cast{Events: func(yield func(format.Event, error) bool) {
			for yield(format.Event{}, nil) {
				if read++; read == 1000 {
					cancel()
				}
			}
		}}, nil
	}}, place.End)
	if !errors.Is(err, context.Canceled) || read > 2000 {
		t.Errorf("%v after %d events; want the end soon after 1000", err, read)
	}
}

func TestSelector(t *testing.T) {
	cmds := demo().commands
	for text, want := range map[string]string{
		"1": "[0]", "2": "[2]", "3": "[3]", "4": "[]", "-1": "[3]", "-3": "[0]", "-4": "[]", "-2147483647": "[]",
		"/make/": "[0 2]", "/^m/": "[0 2]", "/male/": "[1]", "/vim/": "[]",
	} {
		sel, err := place.ParseSelector(text)
		if err != nil || sel.String() != text {
			t.Errorf("ParseSelector(%q) = %v, %v", text, sel, err)
		}
		if got := fmt.Sprint(sel.Match(cmds)); got != want {
			t.Errorf("%s matches %s; want %s", text, got, want)
		}
	}
	for _, text := range []string{"0", "", "+1", "make", "-2147483648", "99999999999", "/a", "1.end"} {
		if _, err := place.ParseSelector(text); err == nil {
			t.Errorf("ParseSelector(%q) succeeded", text)
		}
	}
}

// The points of long lists of commands count from the end as well.
func TestCommandsFromTheEnd(t *testing.T) {
	s := demo()
	s.commands = nil
	for i := range 1000 {
		s.commands = append(s.commands, place.Command{PromptAt: place.Point{Event: i}})
	}
	for _, n := range []int{1, 2, 31, 32, 33, 63, 64, 65, 500, 999, 1000} {
		found, err := s.find(t, fmt.Sprintf("command:-%d", n))
		if err != nil || found.Points[0].Event != 1000-n {
			t.Errorf("command:-%d is before event %v, %v; want %d", n, found.Points, err, 1000-n)
		}
	}
	if _, err := s.find(t, "command:-1001"); err == nil {
		t.Error("command:-1001 of 1000 is found")
	}
}

// FuzzFind checks that a place on the screen is where a search of all of it finds it
// first, and that no place makes Find panic.
func FuzzFind(f *testing.F) {
	f.Add("$ \xffmake\xff\r\nall of it is \xffdone\r\n$ ", `it is done$`, "50%")
	f.Add("a\xff\x1b[2J\xff\x1b[10;1Hlong line that wraps around\x1b[2;3H\xffx\r\n\n\n", `l.*\sw|^x$`, "end-0.2")
	f.Add("\x1b[?1049h\xffon\xff\x1b[?1049loff", `^off|\Aon\z`, "command:-1.end")
	f.Add("ab\x1b[1;1H\x1b[2L\xffc\x1b[1M", `[^x]b|(?s:a.*c)`, "clock:12:00")
	f.Fuzz(func(t *testing.T, data, re, other string) {
		pattern, err := place.Parse("screen:/" + strings.ReplaceAll(re, "/", "") + "/")
		if err != nil {
			return
		}
		s := &source{header: format.Header{Size: format.Size{Cols: 12, Rows: 4}}, lenient: true}
		for i, piece := range strings.Split(data, "\xff") {
			s.events = append(s.events, format.Event{Time: time.Duration(i) * 100 * time.Millisecond, Code: format.Output, Data: piece})
		}
		want := -1
		whole := regexp.MustCompile("(?m)" + strings.ReplaceAll(re, "/", ""))
		shown := screen.New(s.header)
		for n := 0; want < 0; n++ {
			var text strings.Builder
			_, rows := shown.Size()
			for y := range rows {
				text.WriteString(shown.Row(y).Text())
				if !shown.Row(y).Wrapped() {
					kept := strings.TrimRight(text.String(), " ")
					text.Reset()
					text.WriteString(kept + "\n")
				}
			}
			if whole.MatchString(strings.TrimSuffix(text.String(), "\n")) {
				want = n
			} else if n == len(s.events) {
				break
			} else {
				shown.Feed(s.events[n])
			}
		}
		found, err := s.find(t, pattern.String())
		switch {
		case want < 0 && err == nil:
			t.Errorf("%s: %v, but it is never on the screen", pattern, found.Points[0])
		case want >= 0 && (err != nil || found.Points[0].Event != want):
			t.Errorf("%s: %v, %v; want %d events", pattern, found.Points, err, want)
		}
		if _, err := place.Parse(other); err == nil {
			s.commands = demo().commands
			_, _ = s.find(t, other)
		}
	})
}
