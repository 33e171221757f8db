package screen_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

const recording = `{"version":2,"width":20,"height":3}
[0.5, "o", "hello "]
[1.0, "m", "halfway"]
[1.5, "o", "world\r\n"]
`

// At shows the screen after two events and at the end.
func ExampleAt() {
	cast, _, err := format.Open(strings.NewReader(recording))
	if err != nil {
		fmt.Println(err)
		return
	}
	moments := []screen.Moment{{Event: 2}, screen.End}
	err = screen.At(cast, moments, func(i int, at time.Duration, s *vt.Screen) error {
		fmt.Printf("%v: %q\n", at, s.Text())
		return nil
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// 1s: "hello"
	// 1.5s: "hello world"
}

// Frames lists the events with the number of cells that each changes.
func ExampleFrames() {
	cast, _, err := format.Open(strings.NewReader(recording))
	if err != nil {
		fmt.Println(err)
		return
	}
	for f, err := range screen.Frames(cast) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(f.Number, f.Event.Time, f.Event.Code, f.Cells)
	}
	// Output:
	// 1 500ms o 5
	// 2 1s m 0
	// 3 1.5s o 5
}
