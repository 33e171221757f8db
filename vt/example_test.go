package vt_test

import (
	"fmt"
	"log"
	"strings"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// Show the screen at the end of a recording.
func Example() {
	cast, _, err := format.Open(strings.NewReader(`{"version": 2, "width": 30, "height": 4}
[0.1, "o", "Downloading...\r\n  0%"]
[0.9, "o", "\r 50%"]
[0.9, "r", "20x4"]
[1.7, "o", "\r100%\r\n\u001b[32mdone\u001b[0m\r\n"]
`))
	if err != nil {
		log.Fatal(err)
	}
	s := vt.New(cast.Header.Size.Cols, cast.Header.Size.Rows)
	for ev, err := range cast.Events {
		if err != nil {
			log.Fatal(err)
		}
		switch ev.Code {
		case format.Output:
			s.WriteString(ev.Data)
		case format.Resize:
			if size, err := ev.Size(); err == nil {
				s.Resize(size.Cols, size.Rows)
			}
		}
	}
	fmt.Println(s.Text())
	// Output:
	// Downloading...
	// 100%
	// done
}

// Sequences and characters may be split anywhere between writes.
func ExampleScreen_Write() {
	s := vt.New(20, 2)
	for _, part := range [][]byte{[]byte("\x1b["), []byte("1mcaf\xc3"), []byte("\xa9")} {
		s.Write(part)
	}
	fmt.Println(s.Row(0).Text(), s.Cell(3, 0).Attr().Has(vt.Bold))
	// Output: café true
}

// LineLeft sees each line as it scrolls off the screen.
func ExampleHooks() {
	s := vt.New(20, 2, vt.WithHooks(vt.Hooks{
		LineLeft: func(row vt.Row, why vt.Leave) { fmt.Println("left:", row.Text()) },
	}))
	s.WriteString("one\r\ntwo\r\nthree\r\nfour")
	fmt.Println(s.Text())
	// Output:
	// left: one
	// left: two
	// three
	// four
}
