//go:build linux || darwin

package record_test

import (
	"bytes"
	"context"
	"fmt"
	"log"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/record"
)

// Record a program into memory, without a terminal, and read the recording.
func ExampleRecorder() {
	var buf bytes.Buffer
	w, err := record.NewStream(&buf, format.AsciicastV3)
	if err != nil {
		log.Fatal(err)
	}
	r := record.Recorder{
		Args:     []string{"sh", "-c", "printf hello; exit 3"},
		Writer:   w,
		Headless: true,
	}
	status, err := r.Run(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("status", status)

	cast, _, err := format.Open(&buf)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("size", cast.Header.Size)
	for ev, err := range cast.Events {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%s %q\n", ev.Code, ev.Data)
	}
	// Output:
	// status 3
	// size 80x24
	// o "hello"
	// x "3"
}

// Find the default keys in input: C-\ m, written as the bytes 0x1c and m, sets
// a marker.
func ExampleFilterKeys() {
	feed := record.FilterKeys(record.DefaultKeys,
		func(p []byte) {
			if len(p) > 0 {
				fmt.Printf("input %q\n", p)
			}
		},
		func(a record.Action) { fmt.Println("marker:", a == record.MarkerAction) },
	)
	feed([]byte("ls\x1cmpwd"))
	// Output:
	// input "ls"
	// marker: true
	// input "pwd"
}
