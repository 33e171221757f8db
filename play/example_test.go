package play_test

import (
	"context"
	"fmt"
	"os"
	"strings"

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

// AppendANSI renders a screen with its colours.
func ExampleAppendANSI() {
	screen := vt.New(20, 3)
	screen.WriteString("\x1b[1;32mok\x1b[m 3 tests\r\n")
	fmt.Printf("%q\n", play.AppendANSI(nil, screen, play.Colors16))
	// Output: "\x1b[0;1;32mok\x1b[0m 3 tests\n"
}

// A Window shows the part of a larger screen around its cursor.
func ExampleWindow() {
	screen := vt.New(80, 24)
	screen.WriteString("\x1b[20;60Hfar right")
	window := play.NewWindow(os.Getenv)
	terminal := vt.New(30, 8) // any terminal of another size
	terminal.Write(window.Draw(screen, format.Size{Cols: 30, Rows: 8}))
	fmt.Println(strings.TrimSpace(terminal.Text()))
	fmt.Println(len(window.Draw(screen, format.Size{Cols: 30, Rows: 8})), "bytes if nothing has changed")
	// Output:
	// far right
	// 0 bytes if nothing has changed
}
