package replay_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/replay"
)

const recording = `{"version":2,"width":20,"height":3}
[0.5, "o", "hello "]
[1.0, "m", "halfway"]
[1.5, "o", "world\r\n"]
`

// A Position goes to a time, and to a marker.
func Example() {
	cast, _, err := format.Open(strings.NewReader(recording))
	if err != nil {
		fmt.Println(err)
		return
	}
	tape := replay.New(cast)
	defer tape.Close()
	// A viewer would load the tape in a goroutine, and show what there is.
	if err := tape.Run(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	pos := tape.Position()
	if err := pos.SeekTime(1700 * time.Millisecond); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%q\n", pos.Screen().Text())
	for _, m := range tape.Markers() {
		if err := pos.SeekMark(m); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%v %s: %q\n", m.Time, m.Label, pos.Screen().Text())
	}
	// Output:
	// "hello world"
	// 1s halfway: "hello"
}

// A search finds each moment at which a text appeared on the screen.
func ExampleTape_Search() {
	cast, _, err := format.Open(strings.NewReader(recording))
	if err != nil {
		fmt.Println(err)
		return
	}
	tape := replay.New(cast)
	defer tape.Close()
	if err := tape.Run(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	search := tape.Search(replay.NewPattern("o w"), 0, false)
	defer search.Close()
	go search.Run()
	for !search.Done {
		search.Take(<-search.Batches())
	}
	for _, hit := range search.Hits {
		fmt.Println(hit.Time)
	}
	// Output: 1.5s
}
