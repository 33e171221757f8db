package retell

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/place"
)

// session is output with signs at the points of its commands: ◊ where a prompt begins, ▸
// where Enter is pressed, ◂ where the output ends, if no prompt begins there, and ▪ between
// two events. The signs are not in the recording.
type session struct {
	cast format.Cast
	cmds []place.Command
}

// newSession returns a session. Its events are a second apart. The prompts and texts of its
// commands follow the text, as "$ |ls".
func newSession(h format.Header, text string, commands ...string) session {
	var s session
	var events []format.Event
	for n, data := range strings.Split(text, "▪") {
		at := place.Point{Time: time.Duration(n) * time.Second, Event: n}
		var b strings.Builder
		for data != "" {
			i := strings.IndexAny(data, "◊▸◂")
			if i < 0 {
				b.WriteString(data)
				break
			}
			b.WriteString(data[:i])
			at.Byte = b.Len()
			if last := len(s.cmds) - 1; last >= 0 && s.cmds[last].End == (place.Point{}) && !strings.HasPrefix(data[i:], "▸") {
				s.cmds[last].End = at
			}
			switch {
			case strings.HasPrefix(data[i:], "◊"):
				s.cmds = append(s.cmds, place.Command{PromptAt: at})
			case strings.HasPrefix(data[i:], "▸"):
				s.cmds[len(s.cmds)-1].Start = at
			}
			data = data[i+len("◊"):]
		}
		events = append(events, testcast.Out(at.Time, b.String()))
	}
	s.cmds = slices.DeleteFunc(s.cmds, func(c place.Command) bool { return c.Start == place.Point{} })
	for i, c := range commands {
		s.cmds[i].Prompt, s.cmds[i].Text, _ = strings.Cut(c, "|")
	}
	if last := len(s.cmds) - 1; s.cmds[last].End == (place.Point{}) {
		s.cmds[last].End = place.Point{Time: events[len(events)-1].Time, Event: len(events)}
		s.cmds[last].Unfinished = true
	}
	s.cast = testcast.Of(h, events...)
	return s
}

// without returns the output of the session without ranges.
func (s session) without(ranges []place.Range) string {
	var b strings.Builder
	for p := range pieces(s.cast.Events, bounds(ranges)) {
		if !slices.ContainsFunc(ranges, func(r place.Range) bool { return !before(p.at, r.From) && before(p.at, r.To) }) {
			b.WriteString(p.Data)
		}
	}
	return b.String()
}

func TestDropped(t *testing.T) {
	const (
		d0, d1, d2 = "\x1b]133;D;0\a", "\x1b]133;D;1\a", "\x1b]133;D;2\x1b\\"
		a          = "\x1b]133;A\a"
		dir        = "\x1b]7;file:///new\a"
	)
	for _, test := range []struct {
		name string
		text string
		drop string // the numbers of the commands
		want string
	}{
		{"one", "◊$ a▸\r\nA\r\n◊$ b▸\r\nB\r\n◊$ c▸\r\n", "1", "$ a\r\nA\r\n$ c\r\n"},
		{"the first", "hi ◊$ a▸\r\nA\r\n◊$ b▸\r\nB\r\n", "0", "hi $ b\r\nB\r\n"},
		{"the last", "◊$ a▸\r\nA\r\n◊$ b▸\r\nB\r\n◂$ ", "1", "$ a\r\nA\r\n$ "},
		{"the last, which did not end", "◊$ a▸\r\nA\r\n◊$ b▸\r\nB\r\n", "1", "$ a\r\nA\r\n"},
		{"two", "◊$ a▸\r\nA\r\n◊$ b▸\r\nB\r\n◊$ c▸\r\n", "01", "$ c\r\n"},
		{"two, apart", "◊$ a▸\r\nA\r\n◊$ b▸\r\nB\r\n◊$ c▸\r\n", "02", "$ b\r\nB\r\n"},
		{"all", "◊$ a▸\r\n◊$ b▸\r\n", "01", ""},
		{"the statuses of others stay", a + "◊$ a▸\r\n" + d1 + "◊" + a + "$ b▸\r\n" + d2 + "◊" + a + "$ c▸\r\n", "1", a + "$ a\r\n" + d1 + a + "$ c\r\n"},
		{"also if they come behind the beginning of a prompt", "◊% " + a + "$ a▸\r\n◊% " + d1 + a + "$ b▸\r\n◊% " + d2 + a + "$ c▸\r\n", "1", "% " + a + "$ a\r\n% " + d1 + a + "$ c\r\n"},
		{"what is reported with the prompt counts", d0 + "◊" + a + "$ a▸\r\n" + d1 + dir + "◊" + a + "$ b▸\r\n", "0", d0 + dir + a + "$ b\r\n"},
		{"before a line that was empty", "◊" + a + "$ a▸\r\n" + d1 + "◊" + a + "$ b▸\r\n" + d2 + "◂" + a + "$ \r\n" + d0 + "◊" + a + "$ c▸\r\n", "1", a + "$ a\r\n" + d1 + a + "$ \r\n" + d0 + a + "$ c\r\n"},
		{"in several events", "◊$▪ a▪▸\r\nA▪\r\n◊$ ▪b▸\r\nB\r▪\n▪◊$ c▸\r\n", "1", "$ a\r\nA\r\n$ c\r\n"},
	} {
		s := newSession(format.Header{}, test.text)
		ranges, err := Dropped(s.cast, s.cmds, func(i int) bool { return strings.Contains(test.drop, string(rune('0'+i))) })
		if got := s.without(ranges); err != nil || got != test.want {
			t.Errorf("%s: %q, %v; want %q", test.name, got, err, test.want)
		}
	}
}

// TestDroppedInside drops the last command of a shell inside another: the status of the
// command that ran the shell stays.
func TestDroppedInside(t *testing.T) {
	s := newSession(format.Header{}, "◊\x1b]133;A\a$ sh▸\r\n◊# exit▸\r\n\x1b]133;D;3\a◊\x1b]133;A\a$ c▸\r\n")
	s.cmds[1].Depth = 1
	ranges, err := Dropped(s.cast, s.cmds, func(i int) bool { return i == 1 })
	if got, want := s.without(ranges), "\x1b]133;A\a$ sh\r\n\x1b]133;D;3\a\x1b]133;A\a$ c\r\n"; err != nil || got != want {
		t.Errorf("without the last command of the inner shell: %q, %v; want %q", got, err, want)
	}
	// Dropping the outer one drops what was entered inside it.
	s.cmds[0].End = s.cmds[2].PromptAt
	ranges, err = Dropped(s.cast, s.cmds, func(i int) bool { return i == 0 })
	if got, want := s.without(ranges), "\x1b]133;A\a$ c\r\n"; err != nil || !strings.HasSuffix(got, want) || strings.Contains(got, "exit") {
		t.Errorf("without the inner shell: %q, %v; want %q", got, err, want)
	}
}

func TestDroppedNonce(t *testing.T) {
	h := format.Header{Extra: []format.Field{{Key: format.NonceKey, JSON: `"me"`}}}
	s := newSession(h, "◊\x1b]133;A;aid=me\a$ a▸\r\n\x1b]133;D;1;aid=me\a◊\x1b]133;A;aid=me\a$ b▸\r\n\x1b]133;D;2;aid=me\a\x1b]133;D;7\a◊\x1b]133;A;aid=me\a$ c▸\r\n")
	ranges, err := Dropped(s.cast, s.cmds, func(i int) bool { return i == 1 })
	if got := s.without(ranges); err != nil || strings.Contains(got, "D;2") || !strings.Contains(got, "D;1") || !strings.Contains(got, "D;7") {
		t.Errorf("without b: %q, %v; want the mark of a's end, and what is no mark of the shell", got, err)
	}
}
