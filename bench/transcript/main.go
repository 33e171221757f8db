// Command transcript measures how well package transcript reads sessions whose
// commands are known, and prints a table:
//
//	go run ./bench/transcript DIR...
//
// Each directory holds recordings NAME.cast, each with NAME.expected.json: the
// commands that were run. -v prints what differs.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/ttydeck/ttydeck/internal/score"
)

func main() {
	verbose := flag.Bool("v", false, "print what differs")
	only := flag.String("only", "", "sessions whose name holds this alone")
	seed := flag.Int64("seed", 1, "seed of the random splits")
	nonce := flag.String("nonce", "", "the nonce of the recordings' own marks")
	all := flag.Bool("all", false, "measure the variants too: split, merged, faster")
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
