package transcript_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
)

// twoCommands is a recording of bash, which enables bracketed paste before it
// reads a line and disables it after.
const twoCommands = `{"version":2,"width":40,"height":5,"title":"Two commands"}
[0.2, "o", "\u001b[?2004h$ "]
[1.0, "o", "echo hi"]
[1.5, "o", "\r\n\u001b[?2004l\rhi\r\n\u001b[?2004h$ "]
[3.0, "o", "rm nothing"]
[3.5, "o", "\r\n\u001b[?2004l\rrm: cannot remove 'nothing'\r\n\u001b[?2004h$ "]
`

func openExample() format.Cast {
	cast, _, err := format.Open(strings.NewReader(twoCommands))
	if err != nil {
		panic(err)
	}
	return cast
}

func ExampleCommands() {
	for cmd, err := range transcript.Commands(openExample(), transcript.Options{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%v %q printed %q\n", cmd.Start, cmd.Text, cmd.Output)
	}
	// Output:
	// 1.5s "echo hi" printed "hi"
	// 3.5s "rm nothing" printed "rm: cannot remove 'nothing'"
}

func ExampleFilter() {
	deletes := transcript.Filter{From: 2 * time.Second, Pattern: regexp.MustCompile(`^rm `)}
	for cmd, err := range transcript.Commands(openExample(), transcript.Options{}) {
		if err == nil && deletes.Match(&cmd) {
			fmt.Println(cmd.Text)
		}
	}
	// Output:
	// rm nothing
}

func ExampleWrite() {
	cast := openExample()
	list, err := transcript.Read(cast, transcript.Options{})
	defer func() { list.Close() }()
	// The commands before an error are still written.
	rec := transcript.Recording{Name: "session.cast", Header: cast.Header, Commands: list.All(), Err: err}
	style, _ := transcript.StyleByName("text")
	if err := transcript.Write(os.Stdout, style, []transcript.Recording{rec}, transcript.WriteOptions{}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// [0:01.5]
	// $ echo hi
	// hi
	//
	// [0:03.5]
	// $ rm nothing
	// rm: cannot remove 'nothing'
}

func ExampleSearch() {
	match := func(line string) bool { return strings.Contains(line, "nothing") }
	hits, err := transcript.Search(openExample(), match, transcript.SearchOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, hit := range hits {
		fmt.Printf("%v %s: %s\n", hit.Time, hit.Where, hit.Text)
	}
	// Output:
	// 3.5s command: rm nothing
	// 3.5s output: rm: cannot remove 'nothing'
}

func ExampleMarkers() {
	var cmds []transcript.Command
	for cmd, err := range transcript.Commands(openExample(), transcript.Options{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		cmds = append(cmds, cmd)
	}
	marked := transcript.Markers(cmds)(openExample())
	for ev, err := range marked.Events {
		if err != nil {
			fmt.Println(err)
			return
		}
		if ev.Code == format.Marker {
			fmt.Println(ev.Time, ev.Data)
		}
	}
	// Output:
	// 1.5s echo hi
	// 3.5s rm nothing
}
