package convert_test

import (
	"log"
	"os"
	"strings"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/format"
)

// The text shows each line as it ended, not every byte.
func ExampleNewText() {
	cast, _, err := format.Open(strings.NewReader(`{"version": 3, "term": {"cols": 80, "rows": 24}}
[0.5, "o", "$ wget x\r\n"]
[1.0, "o", " 50% [====>     ]"]
[1.0, "o", "\r100% [=========>]\r\n"]
[0.1, "o", "\u001b[32mx saved\u001b[0m\r\n"]
`))
	if err != nil {
		log.Fatal(err)
	}
	w := convert.NewText(os.Stdout, convert.TextOptions{})
	if err := format.Copy(w, cast); err != nil {
		log.Fatal(err)
	}
	// Output:
	// $ wget x
	// 100% [=========>]
	// x saved
}
