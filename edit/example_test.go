package edit_test

import (
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
)

func open(text string) format.Cast {
	cast, _, err := format.Open(strings.NewReader(text))
	if err != nil {
		log.Fatal(err)
	}
	return cast
}

// Shorten the pauses first, then play all of it twice as fast.
func ExampleChain() {
	cast := open(`{"version": 2, "width": 80, "height": 24, "idle_time_limit": 5}
[1.0, "o", "$ make\r\n"]
[61.0, "o", "done\r\n"]
`)
	fast, err := edit.Speed(2)
	if err != nil {
		log.Fatal(err)
	}
	filter := edit.Chain(edit.LimitIdle(3*time.Second), fast)
	w, err := format.AsciicastV2.NewWriter(os.Stdout)
	if err != nil {
		log.Fatal(err)
	}
	if err := format.Copy(w, filter(cast)); err != nil {
		log.Fatal(err)
	}
	// Output:
	// {"version":2,"width":80,"height":24}
	// [0.5, "o", "$ make\r\n"]
	// [2.0, "o", "done\r\n"]
}

func ExampleConcat() {
	all := edit.Concat(
		open(`{"version": 2, "width": 80, "height": 24}
[1.0, "o", "one"]
`),
		open(`{"version": 2, "width": 100, "height": 30}
[0.5, "o", "two"]
`))
	for ev, err := range all.Events {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%v %s %q\n", ev.Time, ev.Code, ev.Data)
	}
	// Output:
	// 1s o "one"
	// 1s m "resumed"
	// 1s r "100x30"
	// 1s o "\x1b[H\x1b[100X"
	// 1.5s o "two"
}
