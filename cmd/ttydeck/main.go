// Ttydeck records terminal sessions, plays them, converts them and reads them.
package main

import (
	"context"
	"os"

	"github.com/ttydeck/ttydeck/internal/cli"
)

func main() {
	os.Exit(cli.Run(context.Background(), os.Args, os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}
