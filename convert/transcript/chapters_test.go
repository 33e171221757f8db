package transcript_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
)

// Markers with labels are headings, in the order of time.
func TestMarkersAreHeadings(t *testing.T) {
	const enter = "\r\n\x1b[?2004l\r"
	var events []format.Event
	add := func(code format.Code, data string) {
		events = append(events, format.Event{Time: time.Duration(len(events)) * 100 * time.Millisecond, Code: code, Data: data})
	}
	marker := func(label string) { add(format.Marker, label) }
	marker("One <b>")
	add(format.Output, "\x1b[?2004h$ ")
	add(format.Output, "ls")
	marker("ls") // as mark --commands adds them
	add(format.Output, enter)
	marker("Two\x1b]0;x\a")
	marker("paused")
	marker("resumed")
	marker("")
	add(format.Output, "a\r\n\x1b[?2004h$ ")
	add(format.Output, "id")
	add(format.Output, enter+"\x1b[?2004h$ ")
	marker("Three")
	cast := format.Cast{Header: format.Header{Size: format.Size{Cols: 40, Rows: 10}}, Events: func(yield func(format.Event, error) bool) {
		for _, ev := range events {
			if !yield(ev, nil) {
				return
			}
		}
	}}
	list, err := transcript.Read(cast, transcript.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer list.Close()
	for _, tt := range []struct {
		style string
		want  []string
	}{
		{"markdown", []string{"\n## One \\<b\\>\n", "ls\n", "\n## Two", "id\n", "\n## Three\n"}},
		{"html", []string{"<h2>One &lt;b&gt;</h2>", "ls</code>", "<h2>Two", "id</code>", "<h2>Three</h2>"}},
	} {
		style, _ := transcript.StyleByName(tt.style)
		write := func(f transcript.Filter) string {
			var b strings.Builder
			rec := transcript.Recording{Name: "x", Commands: f.Of(list.All()), Markers: f.Markers(list.Markers())}
			if err := transcript.Write(&b, style, []transcript.Recording{rec}, transcript.WriteOptions{}); err != nil {
				t.Fatal(err)
			}
			return b.String()
		}
		all := write(transcript.Filter{})
		rest := all
		for _, want := range tt.want {
			i := strings.Index(rest, want)
			if i < 0 {
				t.Fatalf("%s: no %q, in this order, in:\n%s", tt.style, want, all)
			}
			rest = rest[i+len(want):]
		}
		for _, bad := range []string{"paused", "resumed", "\x1b", "\a", "## ls", "<h2>ls"} {
			if strings.Contains(all, bad) {
				t.Errorf("%s: %q in:\n%s", tt.style, bad, all)
			}
		}
		if early := write(transcript.Filter{To: 450 * time.Millisecond}); strings.Contains(early, "Three") || !strings.Contains(early, "One") {
			t.Errorf("%s, until 0.45 s:\n%s", tt.style, early)
		}
	}
}

// The format console shows the statuses of commands that failed, if asked.
func TestConsoleStatus(t *testing.T) {
	cmds := []transcript.Command{{Text: "true", HasExit: true}, {Text: "false", Output: "no", Exit: 1, HasExit: true}, {Text: "x"}}
	style, _ := transcript.StyleByName("console")
	for _, status := range []bool{false, true} {
		var b strings.Builder
		rec := transcript.Recording{Commands: slices.Values(cmds)}
		if err := transcript.Write(&b, style, []transcript.Recording{rec}, transcript.WriteOptions{Status: status}); err != nil {
			t.Fatal(err)
		}
		want := "$ true\n$ false\nno\n$ x\n"
		if status {
			want = "$ true\n$ false\nno\n[1]\n$ x\n"
		}
		if b.String() != want {
			t.Errorf("Status %v: %q; want %q", status, b.String(), want)
		}
	}
}
