package transcript_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcorpus"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/vt"
)

// tape is a recording whose output can be read between two points.
type tape struct {
	header format.Header
	events []format.Event
}

func (tp *tape) cast() format.Cast {
	return format.Cast{Header: tp.header, Events: func(yield func(format.Event, error) bool) {
		for _, ev := range tp.events {
			if !yield(ev, nil) {
				return
			}
		}
	}}
}

func (tp *tape) places(t *testing.T) []place.Command {
	t.Helper()
	var cmds []place.Command
	for c, err := range transcript.Places(tp.cast()) {
		if err != nil {
			t.Fatal(err)
		}
		cmds = append(cmds, c)
	}
	return cmds
}

// between returns the output between two points.
func (tp *tape) between(from, to place.Point) string {
	var b strings.Builder
	for i := from.Event; i <= to.Event && i < len(tp.events); i++ {
		ev := tp.events[i]
		if ev.Code != format.Output {
			continue
		}
		begin, end := 0, len(ev.Data)
		if i == from.Event {
			begin = from.Byte
		}
		if i == to.Event {
			end = to.Byte
		}
		b.WriteString(ev.Data[begin:end])
	}
	return b.String()
}

// sp is what zsh writes to begin a new line.
var sp = "\x1b[1m\x1b[7m%\x1b[27m\x1b[1m\x1b[0m" + strings.Repeat(" ", 79) + "\r \r"

// In a session of TestPlaces, a line is output; a blank line is a pause before somebody
// types, and ~ stands for the keys, each an event of its own. What belongs to the prompt
// and its line stands between « and », and what the command printed between ‹ and ›.
func TestPlaces(t *testing.T) {
	for name, session := range map[string]string{
		"bash":            "hello\r\n«\x1b]0;title\a\x1b[?2004h$ |l|s»‹\r\n\x1b[?2004l\rREADME\r\n›«\x1b]7;file://x/\a\x1b[?2004h$ |i|d»‹\r\n\x1b[?2004l\rme›\x1b[?2004h$ ",
		"bash, cancelled": "«\x1b[?2004h$ |a|b|^C\x1b[?2004l»‹\r\x1b[?2004h\x1b[?2004l\r\r\n›«\x1b[?2004h$ |i|d»‹\r\n\x1b[?2004l\rme\r\n›\x1b[?2004h$ ",
		"zsh": "«" + sp + "\r\x1b[0m\x1b[27m\x1b[24m\x1b[Jbox% \x1b[K\x1b[?1h\x1b=\x1b[?2004h|l|\bls|\x1b[?1l\x1b>\x1b[?2004l»‹\r\r\nREADME\r\n›«" +
			sp + "\x1b]2;title\a\r\x1b[0m\x1b[27m\x1b[24m\x1b[Jbox% \x1b[K\x1b[?1h\x1b=\x1b[?2004h|i|d|\x1b[?1l\x1b>\x1b[?2004l»‹\r\r\nme›" +
			sp + "\r\x1b[0m\x1b[27m\x1b[24m\x1b[Jbox% \x1b[K\x1b[?1h\x1b=\x1b[?2004h",
		"fish": "Welcome\r\n«\x1b[?2004h|\x1b]0;~\a\x1b[30m\x1b(B\x1b[m\r\x1b[92mme\x1b(B\x1b[m@box> \x1b[K\r\x1b[8C|l|s|\x1b[K\r\x1b[10C»‹\r\n\x1b[30m\x1b(B\x1b[m\x1b[?2004l\x1b]0;ls\a\x1b[30m\x1b(B\x1b[m\rREADME›" +
			"«\x1b[2m⏎\x1b(B\x1b[m" + strings.Repeat(" ", 79) + "\r⏎ \r\x1b[K\x1b[?2004h|\x1b]0;~\a\x1b[30m\x1b(B\x1b[m\r\x1b[92mme\x1b(B\x1b[m@box> \x1b[K\r\x1b[8C|i|d|»‹\r\n\x1b[30m\x1b(B\x1b[m\x1b[?2004l\rme\r\n›" +
			"\x1b[2m⏎\x1b(B\x1b[m" + strings.Repeat(" ", 79) + "\r⏎ \r\x1b[K\x1b[?2004h",
		"dash":            "«# |l|s»‹\r\nREADME\r\n›«# |i|d»‹\r\nme\r\n›# ",
		"after a pause":   "«# |l|s»‹\r\n\x1b[?7h\tx\r\x1b[K›|||«# |i|d»‹\r\nme\r\n›# ",
		"after a program": "«# |l|s»‹\r\nREADME\r\n\x1b[?1049hfull\x1b[?1049l\x1b[?1l›«# |i|d»‹\r\nme\r\n›# ",
		"marks": "\x1b]133;D;0;aid=n\a«\x1b]133;A;aid=n\a$ \x1b]133;B;aid=n\a|l|s»‹\r\n\x1b]133;C;aid=n\aREADME\r\n\x1b]133;D;0;aid=n\a›" +
			"«\x1b]7;file://x/\a\x1b]133;A;aid=n\a$ \x1b]133;B;aid=n\a|i|d»‹\r\n\x1b]133;C;aid=n\ame\x1b]133;D;1;aid=n\a›\x1b]133;A;aid=n\a$ ",
		"a mark in the prompt": "\x1b[?2004h\x1b]133;D;0;aid=n\a«\x1b]133;A;aid=n\a$ \x1b]133;B;aid=n\a|l|s»‹\r\n\x1b[?2004l\rREADME\r\n\x1b[?2004h\x1b]133;D;0;aid=n\a›" +
			"«\x1b]133;A;aid=n\a$ \x1b]133;B;aid=n\a|i|d»‹\r\n\x1b[?2004l\rme\r\n\x1b[?2004h\x1b]133;D;1;aid=n\a›\x1b]133;A;aid=n\a$ ",
		"further lines": "«\x1b[?2004h$ |f|o|r| |i| |i|n| |1|\r\n\x1b[?2004l\r\x1b[?2004h> |d|o| |i|d|;| |d|o|n|e»‹\r\n\x1b[?2004l\rme\r\n›\x1b[?2004h$ ",
	} {
		nonce := format.Field{Key: format.NonceKey, JSON: `"n"`}
		header := format.Header{Size: format.Size{Cols: 80, Rows: 24}, Extra: []format.Field{nonce}}
		if !strings.Contains(name, "mark") {
			header.Extra = nil
		}
		for _, split := range []bool{false, true} {
			tp := tape{header: header}
			at := time.Duration(0)
			for data := range strings.SplitSeq(strings.NewReplacer("«", "", "»", "", "‹", "", "›", "").Replace(session), "|") {
				at += 200 * time.Millisecond
				pieces := []string{data}
				if split {
					pieces = strings.Split(data, "")
				}
				for _, p := range pieces {
					tp.events = append(tp.events, format.Event{Time: at, Code: format.Comment}, format.Event{Time: at, Code: format.Output, Data: p})
				}
			}
			tp.events = append(tp.events, format.Event{Time: at, Code: format.Exit, Data: "0"})
			var got strings.Builder
			last := place.Point{}
			for _, c := range tp.places(t) {
				fmt.Fprintf(&got, "%s«%s»‹%s›", tp.between(last, c.PromptAt), tp.between(c.PromptAt, c.Start), tp.between(c.Start, c.End))
				last = c.End
			}
			got.WriteString(tp.between(last, place.Point{Event: len(tp.events)}))
			if diff := cmp.Diff(fmt.Sprintf("%q", strings.ReplaceAll(session, "|", "")), fmt.Sprintf("%q", got.String())); diff != "" {
				t.Errorf("%s, split %v (-want +got):\n%s", name, split, diff)
			}
		}
	}
}

// sequences matches the control sequences of prompts and line editors.
var sequences = regexp.MustCompile(`\x1b\][^\x07\x1b]*(\x07|\x1b\\)|\x1b\[[0-?]*[ -/]*[@-~]|\x1b[()][0-9A-B]|\x1b[=>78]|\x1bk[^\x1b]*\x1b\\`)

// fallsShort are the commands at which a check of TestPlacesInSessions does not apply:
// the line is not on the screen as one text, or was left without a line feed.
var fallsShort = []string{
	"bash_vi: echo one: prompt",                        // it is written over
	"m_own_zsh_multiline: for i in 1 2; do: line feed", // the cursor goes down
	"m_own_zsh_default: printf partial: status",        // of a shell that ended
}

// Of every command of the sessions, the prompt and the line are before Start, and
// neither is behind it.
func TestPlacesInSessions(t *testing.T) {
	checkPlaces(t, sessions(t), 380)
}

// It is so in recordings by strangers.
func TestPlacesInRealSessions(t *testing.T) {
	checkPlaces(t, testcorpus.Files(t, "transcripts/real/*.cast", 46), 140)
}

func checkPlaces(t *testing.T, names []string, fewest int) {
	t.Helper()
	total := 0
	for _, name := range names {
		f, err := format.OpenFile(name)
		if err != nil {
			t.Fatal(err)
		}
		tp := tape{header: f.Header}
		for ev, err := range f.Events {
			if err != nil {
				break // as far as it goes
			}
			tp.events = append(tp.events, ev)
		}
		f.Close()
		session, _, _ := strings.Cut(filepath.Base(name), ".")
		cmds := tp.places(t)
		total += len(cmds)
		for i, c := range cmds {
			line, _, _ := strings.Cut(c.Text, "\n")
			fault := func(what, detail string) {
				t.Helper()
				if !slices.Contains(fallsShort, fmt.Sprintf("%s: %s: %s", session, line, what)) && !strings.Contains(line, "wwwwwwww") {
					t.Errorf("%s: %s: %s: %q", session, line, what, detail)
				}
			}
			points := []place.Point{c.PromptAt, c.Start, c.End}
			if i+1 < len(cmds) {
				points = append(points, cmds[i+1].PromptAt)
			}
			if !slices.IsSortedFunc(points, comparePoints) || comparePoints(c.Over, c.End) < 0 {
				fault("order", fmt.Sprint(c))
			}
			for _, p := range points {
				inside := p.Byte > 0
				if p.Event > len(tp.events) || p.Event < len(tp.events) && p.Time > tp.events[p.Event].Time ||
					inside && (tp.events[p.Event].Code != format.Output || p.Byte >= len(tp.events[p.Event].Data)) {
					fault("point", fmt.Sprint(p))
				}
			}
			entered, output := tp.between(c.PromptAt, c.Start), tp.between(c.Start, c.End)
			text := drawn(tp.header.Size.Cols, entered)
			if prompt := strings.TrimSpace(c.Prompt[strings.LastIndexByte(c.Prompt, '\n')+1:]); !strings.Contains(text, prompt) {
				fault("prompt", entered)
			}
			if !strings.Contains(text, strings.TrimSpace(line)) {
				fault("line", entered)
			}
			if plain := sequences.ReplaceAllString(output, ""); !strings.HasPrefix(strings.TrimLeft(plain, "\r"), "\n") {
				fault("line feed", output)
			}
			if strings.Contains(entered, "\x1b]133;C;aid=") || strings.Contains(output, "\x1b]133;A;aid=") ||
				strings.Contains(output, "\x1b]133;C;aid=") && i+1 < len(cmds) && cmds[i+1].Depth == c.Depth && !strings.Contains(output, "\x1b]133;D;") {
				fault("marks", output)
			}
			if d := strings.LastIndex(output, "\x1b]133;D;"); d >= 0 && strings.Contains(output, "133;C") && !strings.HasSuffix(output, "\a") {
				fault("end", output[d:])
			}
		}
	}
	if total < fewest {
		t.Errorf("%d commands; want at least %d", total, fewest)
	}
}

func comparePoints(a, b place.Point) int {
	if a.Event != b.Event {
		return a.Event - b.Event
	}
	return a.Byte - b.Byte
}

// drawn returns what is on a screen after output, with wrapped lines joined.
func drawn(cols int, output string) string {
	s := vt.New(max(cols, 20), 200)
	s.WriteString(output)
	var b strings.Builder
	_, rows := s.Size()
	for y := range rows {
		b.WriteString(s.Row(y).Text())
		if !s.Row(y).Wrapped() {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// What is entered in a shell inside another is over when that is.
func TestPlacesInside(t *testing.T) {
	tp := tape{header: format.Header{Size: format.Size{Cols: 80, Rows: 24}}}
	for i, data := range []string{"\x1b[?2004h$ ", "bash", "\r\n\x1b[?2004l\r\x1b[?2004hbash-5.2$ ", "id", "\r\n\x1b[?2004l\rme\r\n\x1b[?2004hbash-5.2$ ", "exit", "\r\n\x1b[?2004l\rexit\r\n\x1b[?2004h$ ", "ls", "\r\n\x1b[?2004l\r\x1b[?2004h$ "} {
		tp.events = append(tp.events, format.Event{Time: time.Duration(i) * time.Second, Code: format.Output, Data: data})
	}
	cmds := tp.places(t)
	if len(cmds) != 4 || cmds[1].Depth != 1 {
		t.Fatalf("commands: %+v", cmds)
	}
	if got, want := tp.between(cmds[0].Start, cmds[0].End), "\r\n\x1b[?2004l\r"; got != want {
		t.Errorf("bash printed %q; want %q", got, want)
	}
	if cmds[0].Over != cmds[3].PromptAt || cmds[0].Over != cmds[2].End || cmds[1].Over != cmds[1].End {
		t.Errorf("bash is over at %v, exit at %v; want both at the next prompt, %v", cmds[0].Over, cmds[2].End, cmds[3].PromptAt)
	}
	tp.events = tp.events[:5] // it runs on
	if cmds = tp.places(t); cmds[0].Over != (place.Point{Time: 4 * time.Second, Event: 5}) {
		t.Errorf("bash is over at %v; want the end", cmds[0].Over)
	}
}

// FuzzPlaces checks that points are in order, and do not depend on how the output is
// split.
func FuzzPlaces(f *testing.F) {
	f.Add("hello\r\n\x1b]0;t\a\x1b[?2004h$ \xffls\xff\r\n\x1b[?2004l\rREADME\r\n\x1b[?2004h$ ", uint8(80))
	f.Add(sp+"\r\x1b[0m\x1b[27m\x1b[24m\x1b[Jbox% \x1b[K\x1b[?1h\x1b=\x1b[?2004h\xffls\xff\x1b[?1l\x1b>\x1b[?2004l\r\r\nme"+sp, uint8(80))
	f.Add("# \xffls\xff\r\nme\r\n# \xffpwd\r\n/\r\n# \xff", uint8(9))
	f.Add("$ \xffpython3\xff\r\n>>> \xff1\xff\r\n1\r\n>>> \xff\r\n$ \xffls\xff\r\n$ ", uint8(40))
	f.Fuzz(func(t *testing.T, data string, cols uint8) {
		whole := tape{header: format.Header{Size: format.Size{Cols: int(cols%100) + 1, Rows: 10}}}
		split := tape{header: whole.header}
		for i, piece := range strings.Split(data, "\xff") {
			at := time.Duration(i) * 100 * time.Millisecond
			whole.events = append(whole.events, format.Event{Time: at, Code: format.Output, Data: piece})
			for j := range len(piece) {
				split.events = append(split.events, format.Event{Time: at, Code: format.Output, Data: piece[j : j+1]})
			}
		}
		a, b := whole.places(t), split.places(t)
		if len(a) != len(b) {
			t.Fatalf("%d commands, and %d byte by byte", len(a), len(b))
		}
		last := place.Point{}
		for i, c := range a {
			if points := []place.Point{last, c.PromptAt, c.Start, c.End, c.Over}; !slices.IsSortedFunc(points, comparePoints) {
				t.Fatalf("command %d, %q: %v is not in order", i, c.Text, points)
			}
			last = c.End
			for _, p := range [][2]place.Point{{c.PromptAt, b[i].PromptAt}, {c.Start, b[i].Start}, {c.End, b[i].End}, {c.Over, b[i].Over}} {
				if got, want := split.between(place.Point{}, p[1]), whole.between(place.Point{}, p[0]); got != want {
					t.Fatalf("command %d, %q: %q is before a point, and %q byte by byte", i, c.Text, want, got)
				}
			}
		}
	})
}
