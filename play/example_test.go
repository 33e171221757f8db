package play_test

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/play"
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
