// Ttydeck records terminal sessions, plays them, converts them and reads them.
// This package is wiring: each command has a file, and what they do is in the
// packages beside it.
package main

import (
	"context"
	"os"

	"github.com/ttydeck/ttydeck/record/login"
)

func main() {
	if login.As(os.Args[0]) {
		os.Exit(loginShell(context.Background(), os.Args, os.Stderr))
	}
	os.Exit(run(context.Background(), os.Args, os.Stdin, os.Stdout, os.Stderr))
}
