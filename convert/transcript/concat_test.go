package transcript_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/internal/testcorpus"
	"github.com/ttydeck/ttydeck/place"
)

// commandsRead is the commands of a recording, as a transcript and as package place
// have them, and where the recording ends.
type commandsRead struct {
	commands []transcript.Command
	places   []place.Command
	end      place.Point
}

func readCommands(t *testing.T, cast format.Cast) (r commandsRead) {
	t.Helper()
	events := cast.Events
	cast.Events = func(yield func(format.Event, error) bool) {
		for ev, err := range events {
			r.end = place.Point{Time: max(r.end.Time, ev.Time), Event: r.end.Event + 1}
			if !yield(ev, err) {
				return
			}
		}
	}
	list, err := transcript.Read(cast, transcript.Options{REPL: true, Cancelled: true, Unseen: true})
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	r.commands, r.places = slices.Collect(list.All()), slices.Collect(list.Places())
	return r
}

// eachPoint calls do for each point of the places.
func (r *commandsRead) eachPoint(do func(*place.Point)) {
	for i := range r.places {
		c := &r.places[i]
		do(&c.PromptAt)
		do(&c.Start)
		do(&c.End)
		do(&c.Over)
	}
}

// forgetBytes drops the bytes of all points, but not their events.
func (r *commandsRead) forgetBytes() { r.eachPoint(func(p *place.Point) { p.Byte = 0 }) }

// join appends the commands of a recording that begins at a point.
func (r *commandsRead) join(next commandsRead, at place.Point) {
	n := len(r.commands)
	for _, c := range next.commands {
		if c.Index += n; c.Parent >= 0 {
			c.Parent += n
		}
		c.PromptAt, c.Start, c.End = c.PromptAt+at.Time, c.Start+at.Time, c.End+at.Time
		r.commands = append(r.commands, c)
	}
	next.eachPoint(func(p *place.Point) { p.Time, p.Event = p.Time+at.Time, p.Event+at.Event })
	r.places = append(r.places, next.places...)
}

// TestConcatKeepsCommands joins recordings, each with a few others: the commands of
// the joined one are those of the parts.
func TestConcatKeepsCommands(t *testing.T) {
	if testing.Short() {
		t.Skip("TestConcatKeepsCommands is skipped with -short: it is long and uses one goroutine")
	}
	names, err := filepath.Glob("testdata/cases/*.cast.gz")
	if err != nil || len(names) == 0 {
		t.Fatal("no cases", err)
	}
	names = append(names, testcorpus.Glob(t, "testdata/*.cast", 4)...)
	names = append(names, testcorpus.Glob(t, "../../testdata/sessions/*.cast.gz", 44)...)
	open := func(name string) format.Cast {
		f, err := format.OpenFile(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { f.Close() })
		return f.Cast
	}
	total, differ := 0, 0
	for i, a := range names {
		for _, step := range []int{0, 1, 7, 23} {
			b := names[(i+step)%len(names)]
			first, second := readCommands(t, open(a)), readCommands(t, open(b))
			got := readCommands(t, edit.Concat(open(a), open(b)))
			var want commandsRead
			var begin place.Point
			one, other := open(a).Header.Nonce(), open(b).Header.Nonce()
			if one == "" && other != "" {
				begin.Event = 1 // behind a marker
			}
			if one != "" && other != "" && len(one) != len(other) {
				second.forgetBytes() // the nonces are in the output
				got.forgetBytes()
				first.forgetBytes()
			}
			want.join(first, begin)
			want.join(second, place.Point{Time: first.end.Time, Event: got.end.Event - second.end.Event})
			total += len(want.commands)
			for j := range max(len(want.commands), len(got.commands)) {
				if j >= len(want.commands) || j >= len(got.commands) || !cmp.Equal(want.commands[j], got.commands[j]) {
					differ++
				}
			}
			if diff := cmp.Diff(want.commands, got.commands); diff != "" {
				t.Errorf("%s and %s: commands (-want +got)\n%s", filepath.Base(a), filepath.Base(b), diff)
			}
			if diff := cmp.Diff(want.places, got.places); diff != "" {
				t.Errorf("%s and %s: places (-want +got)\n%s", filepath.Base(a), filepath.Base(b), diff)
			}
		}
	}
	t.Logf("%d of %d commands differ", differ, total)
}

// A marker begins another session, whose commands are not those of the program that ran
// before; but not at the end of a pause.
func TestSessionsBeginAnew(t *testing.T) {
	at := 0
	out := func(data string) format.Event {
		at++
		return testcast.Out(time.Duration(at)*time.Second, data)
	}
	marker := func(label string) format.Event { return testcast.Marker(time.Duration(at)*time.Second, label) }
	resumed := format.Resumed(time.Unix(1e9, 0))
	for _, c := range []struct {
		name   string
		labels []string
		output string // of the first command
		second string // the text of the second one
	}{
		{"a pause", []string{"paused", resumed}, "one\ntwo", "ls"},
		{"a pause in an old recording", []string{"paused", "resumed"}, "one\ntwo", "ls"},
		{"another session", []string{resumed}, "one", "ls"},
		{"another session, without a start", []string{"resumed"}, "one", "ls"},
		{"another session after a pause", []string{"paused", resumed, resumed}, "one", "ls"},
		{"a label", []string{"resumed shortly"}, "one\ntwo", "ls"},
	} {
		at = 0
		events := []format.Event{out("\x1b[?2004h$ "), out("make"), out("\r\n\x1b[?2004l\r"), out("one\r\n")}
		for _, label := range c.labels {
			events = append(events, marker(label))
		}
		events = append(events, out("two\r\n"), out("\x1b[?2004h$ "), out("ls"), out("\r\n\x1b[?2004l\r"), out("three\r\n"), out("\x1b[?2004h$ "))
		got := readCommands(t, testcast.Of(format.Header{Size: format.Size{Cols: 80, Rows: 24}}, events...)).commands
		if len(got) != 2 || got[0].Output != c.output || got[1].Text != c.second || got[1].Output != "three" {
			t.Errorf("%s: commands = %+v; want make with the output %q, and %s with three", c.name, got, c.output, c.second)
		}
		if begun := c.output == "one"; len(got) > 0 && got[0].Unfinished != begun {
			t.Errorf("%s: make is unfinished: %v; want %v", c.name, got[0].Unfinished, begun)
		}
	}
}

// The marks of a session that is not the first count as in a recording without a nonce,
// until one has the nonce.
func TestSessionsAreSignedOrNot(t *testing.T) {
	session := func(aid string) string {
		return "\x1b]133;A" + aid + "\a$ \x1b]133;B" + aid + "\als\r\n\x1b]133;C" + aid + "\aout\r\n\x1b]133;D;3" + aid + "\a"
	}
	h := format.Header{Size: format.Size{Cols: 80, Rows: 24}, Extra: []format.Field{{Key: format.NonceKey, JSON: `"77"`}}}
	for _, c := range []struct {
		name, first, second string
		trusted             []bool
	}{
		{"signed and signed", ";aid=77", ";aid=77", []bool{true, true}},
		{"signed and not", ";aid=77", "", []bool{true, false}},
		{"not signed", "", ";aid=77", []bool{true}},
	} {
		got := readCommands(t, testcast.Of(h, testcast.Out(time.Second, session(c.first)), testcast.Marker(2*time.Second, "resumed"),
			testcast.Out(3*time.Second, session(c.second)+session("")))).commands
		var trusted []bool
		for _, cmd := range got {
			if trusted = append(trusted, cmd.Trusted); cmd.Exit != 3 {
				t.Errorf("%s: the status of %q is %d; want 3", c.name, cmd.Text, cmd.Exit)
			}
		}
		if c.second == "" {
			c.trusted = append(c.trusted, false)
		}
		if !slices.Equal(trusted, c.trusted) {
			t.Errorf("%s: trusted = %v; want %v", c.name, trusted, c.trusted)
		}
	}
}

// Each session takes a screen of its own, but a recording of nothing but sessions does
// not take many large ones.
func TestManySessions(t *testing.T) {
	h := format.Header{Size: format.Size{Cols: 4096, Rows: 128}}
	cast := format.Cast{Header: h, Events: func(yield func(format.Event, error) bool) {
		for i := range 200_000 {
			if !yield(testcast.Marker(time.Duration(i), "resumed"), nil) {
				return
			}
		}
	}}
	if got := readCommands(t, cast).commands; len(got) > 0 {
		t.Errorf("commands = %v; want none", got)
	}
}
