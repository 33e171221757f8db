// Command transcript measures how well package transcript finds the commands of
// sessions whose commands are known, and prints a table:
//
//	go run ./bench/transcript DIR...
//
// Each directory holds recordings NAME.cast, each with NAME.expected.json, which
// lists the commands that were run. -v prints the differences.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/ttydeck/ttydeck/internal/score"
)

func main() {
	verbose := flag.Bool("v", false, "print the differences")
	only := flag.String("only", "", "measure only sessions whose name contains `text`")
	seed := flag.Int64("seed", 1, "seed of the random splits")
	nonce := flag.String("nonce", "", "nonce of the recordings' own marks (default the header's)")
	all := flag.Bool("all", false, "measure variants too: split, merged, faster")
	flag.Parse()
	variants := score.Variants(*seed)
	if !*all {
		variants = variants[:1]
	}
	if err := score.Table(os.Stdout, flag.Args(), variants, score.Options{Verbose: *verbose, Only: *only, Nonce: *nonce}); err != nil {
		fmt.Fprintln(os.Stderr, "transcript:", err)
		os.Exit(1)
	}
}
