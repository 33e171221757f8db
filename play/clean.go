package play

import "github.com/ttydeck/ttydeck/internal/tty"

// rawStart is written before a recording's own bytes.
const rawStart = "\x1b[22;0t" // push the title

// rawRestart returns the bytes to write between two rounds of a loop.
func rawRestart(originMode bool) string {
	return tty.Cleanup(originMode) + rawStart + "\x1b[H\x1b[2J"
}
