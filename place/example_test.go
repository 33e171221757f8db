package place_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
)

const recording = `{"version":2,"width":20,"height":3}
[0.5, "o", "$ make"]
[1.0, "m", "build"]
[1.5, "o", "\r\nit is done\r\n"]
`

// Find finds any number of places in one read.
func ExampleFind() {
	src := place.Source{Open: func() (format.Cast, error) {
		cast, _, err := format.Open(strings.NewReader(recording))
		return cast, err
	}}
	span, err := place.ParseRange("marker:build..screen:/done$/")
	if err != nil {
		fmt.Println(err)
		return
	}
	found, err := place.Find(context.Background(), src, span.From, span.To, place.End)
	for _, p := range found.Points {
		fmt.Println(p.Time, "after event", p.Event)
	}
	fmt.Println(err)

	_, err = place.Find(context.Background(), src, place.Marker("test"))
	fmt.Println(err)
	// Output:
	// 1s after event 1
	// 1.5s after event 3
	// 1.5s after event 3
	// <nil>
	// marker "test": not found; the recording has the marker "build"
}
