package render_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/vt"
)

// AppendANSI renders a screen with its colours.
func ExampleAppendANSI() {
	screen := vt.New(20, 3)
	screen.WriteString("\x1b[1;32mok\x1b[m 3 tests\r\n")
	fmt.Printf("%q\n", render.AppendANSI(nil, screen, render.Colors16))
	// Output: "\x1b[0;1;32mok\x1b[0m 3 tests\n"
}

// A Window shows the part of a larger screen around its cursor.
func ExampleWindow() {
	screen := vt.New(80, 24)
	screen.WriteString("\x1b[20;60Hfar right")
	window := render.NewWindow(os.Getenv)
	terminal := vt.New(30, 8) // any terminal of another size
	terminal.Write(window.Draw(screen, format.Size{Cols: 30, Rows: 8}))
	fmt.Println(strings.TrimSpace(terminal.Text()))
	fmt.Println(len(window.Draw(screen, format.Size{Cols: 30, Rows: 8})), "bytes if nothing has changed")
	// Output:
	// far right
	// 0 bytes if nothing has changed
}
