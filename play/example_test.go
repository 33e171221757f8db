package play_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/play"
)

const recording = `{"version":2,"width":20,"height":3}
[0.5, "o", "hello "]
[1.0, "m", "halfway"]
[1.5, "o", "world\r\n"]
`

// With an Editor, a Player edits on the terminal, and hands over what the user wants
// to be written.
func ExampleEditor() {
	open := func() (format.Cast, error) {
		cast, _, err := format.Open(strings.NewReader(recording))
		return cast, err
	}
	p := &play.Player{Open: open, Edit: &play.Editor{
		// Commands may be those of package transcript: transcript.Places(...).
		Source: place.Source{Open: open},
		Out:    "take.cast",
		Write: func(ctx context.Context, recipe edit.Recipe, out, recipePath string) error {
			plan, err := recipe.Plan(ctx, place.Source{Open: open})
			if err != nil {
				return err
			}
			cast, err := open()
			if err != nil {
				return err
			}
			file, err := os.Create(out)
			if err != nil {
				return err
			}
			defer file.Close()
			w, err := format.AsciicastV3.NewWriter(file)
			if err != nil {
				return err
			}
			return format.Copy(w, plan.Filter()(cast))
		},
	}}
	if err := p.Run(context.Background()); err != nil {
		fmt.Println(err)
	}
}

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
