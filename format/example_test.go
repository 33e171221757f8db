package format_test

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/ttydeck/ttydeck/format"
)

const session = `{"version": 3, "term": {"cols": 80, "rows": 24}, "title": "Hello"}
[0.5, "o", "$ "]
[1.0, "i", "exit\r"]
[0.2, "o", "exit\r\n"]
[0.1, "x", "0"]
`

// Open detects the format; events are read as they are ranged over.
func ExampleOpen() {
	cast, f, err := format.Open(strings.NewReader(session))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(f, cast.Header.Size, cast.Header.Title)
	for ev, err := range cast.Events {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Printf("%v %s %q\n", ev.Time, ev.Code, ev.Data)
	}
	// Output:
	// asciicast-v3 80x24 Hello
	// 500ms o "$ "
	// 1.5s i "exit\r"
	// 1.7s o "exit\r\n"
	// 1.8s x "0"
}

// A reader reports a malformed line and continues.
func ExampleOnWarning() {
	damaged := strings.Replace(session, `[1.0, "i"`, `[?.?, "i"`, 1)
	cast, _, err := format.Open(strings.NewReader(damaged), format.Name("demo.cast"),
		format.OnWarning(func(w format.Warning) { fmt.Println(w) }))
	if err != nil {
		log.Fatal(err)
	}
	events := 0
	for _, err := range cast.Events {
		if err != nil {
			log.Fatal(err)
		}
		events++
	}
	fmt.Println(events, "events")
	// Output:
	// demo.cast: line 3: not an event: "[?.?, \"i\", \"exit\\r\"]"; skipped
	// 3 events
}

// Copy converts a recording to another format.
func ExampleCopy() {
	cast, _, err := format.Open(strings.NewReader(session))
	if err != nil {
		log.Fatal(err)
	}
	w, err := format.AsciicastV2.NewWriter(os.Stdout)
	if err != nil {
		log.Fatal(err)
	}
	if err := format.Copy(w, cast); err != nil {
		log.Fatal(err)
	}
	// Output:
	// {"version":2,"width":80,"height":24,"title":"Hello"}
	// [0.5, "o", "$ "]
	// [1.5, "i", "exit\r"]
	// [1.7, "o", "exit\r\n"]
	// [1.8, "x", "0"]
}

// Close the Writer first, then the Compressor under it, then the file.
func ExampleCompression_NewWriter() {
	cast, _, err := format.Open(strings.NewReader(session))
	if err != nil {
		log.Fatal(err)
	}
	var file bytes.Buffer
	zip, err := format.Gzip.NewWriter(&file)
	if err != nil {
		log.Fatal(err)
	}
	w, err := format.AsciicastV3.NewWriter(zip)
	if err != nil {
		log.Fatal(err)
	}
	if err := format.Copy(w, cast); err != nil { // closes w
		log.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		log.Fatal(err)
	}

	again, _, err := format.Open(&file)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(again.Header.Title)
	// Output: Hello
}

// Tee writes a recording in several formats at once.
func ExampleTee() {
	cast, _, err := format.Open(strings.NewReader(session))
	if err != nil {
		log.Fatal(err)
	}
	var v2, raw bytes.Buffer
	toV2, err := format.AsciicastV2.NewWriter(&v2)
	if err != nil {
		log.Fatal(err)
	}
	toRaw, err := format.Raw.NewWriter(&raw)
	if err != nil {
		log.Fatal(err)
	}
	w := format.Tee(toV2, toRaw)
	if err := format.Copy(w, cast); err != nil {
		log.Fatal(err)
	}
	fmt.Println(strings.Count(v2.String(), "\n"), "lines of asciicast")
	fmt.Printf("%q\n", raw.String())
	fmt.Println("lost:", format.LossesOf(w))
	// Output:
	// 5 lines of asciicast
	// "$ exit\r\n"
	// lost: [{input events 1} {exit statuses 1}]
}
