package play_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/play"
	"github.com/ttydeck/ttydeck/vt"
)

const recording = `{"version":2,"width":20,"height":3}
[0.5, "o", "hello "]
[1.0, "m", "halfway"]
[1.5, "o", "world\r\n"]
`

// Without a terminal, a Player plays to any writer.
func ExamplePlayer() {
	cast, _, err := format.Open(strings.NewReader(recording))
	if err != nil {
		fmt.Println(err)
		return
	}
	p := &play.Player{Cast: cast, Output: os.Stdout, Speed: play.Unpaced}
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output: hello world
}

func ExampleScreens() {
	cast, _, err := format.Open(strings.NewReader(recording))
	if err != nil {
		fmt.Println(err)
		return
	}
	moments := []play.Moment{{Marker: "halfway"}, play.End}
	err = play.Screens(cast, moments, func(i int, at time.Duration, s *vt.Screen) error {
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

func ExampleFrames() {
	cast, _, err := format.Open(strings.NewReader(recording))
	if err != nil {
		fmt.Println(err)
		return
	}
	for f, err := range play.Frames(cast) {
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
