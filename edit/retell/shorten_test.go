package retell

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// printed returns lines that come one by one.
func printed(from, to int) string {
	var b strings.Builder
	for i := from; i <= to; i++ {
		fmt.Fprintf(&b, "%d\r\n▪", i)
	}
	return b.String()
}

func TestShorten(t *testing.T) {
	h := format.Header{Size: format.Size{Cols: 20, Rows: 5}}
	for _, test := range []struct {
		name     string
		text     string
		rows     int
		from, to time.Duration // in seconds; 0 if nothing is hurried
	}{
		// The events are a second apart; Enter is at 1s, and line n at 1s + n.
		{"a long output", "◊$ ▪▸\r\n▪" + printed(1, 40) + "◊$ ▸", 10, 6, 36},
		{"an odd number of rows", "◊$ ▪▸\r\n▪" + printed(1, 40) + "◊$ ▸", 5, 4, 39},
		{"two outputs", "◊$ ▪▸\r\n▪" + printed(1, 3) + "◊$ ▪▸\r\n▪" + printed(1, 40) + "◊$ ▸", 10, 11, 41},
		{"a short one", "◊$ ▪▸\r\n▪" + printed(1, 9) + "◊$ ▸", 10, 0, 0},
		{"just as long", "◊$ ▪▸\r\n▪" + printed(1, 10) + "◊$ ▸", 10, 0, 0},
		{"all at once", "◊$ ▪▸\r\n" + strings.ReplaceAll(printed(1, 40), "▪", "") + "▪◊$ ▸", 10, 0, 0},
		{"rows that are drawn again", "◊$ ▪▸\r\n▪" + strings.Repeat("1\r\n2\r\n\x1b[2A▪", 40) + "◊$ ▸", 10, 0, 0},
		{"a full-screen program", "◊$ ▪▸\r\n▪\x1b[?1049h" + printed(1, 40) + "\x1b[?1049l◊$ ▸", 10, 0, 0},
		{"the prompts of a shell inside", "◊$ ▪▸\r\n▪" + strings.Repeat("◊# ▪▸\r\n▪", 20) + "◊$ ▸", 10, 0, 0},
		{"more rows than there are", "◊$ ▪▸\r\n▪" + printed(1, 40) + "◊$ ▸", 1 << 40, 0, 0},
	} {
		s := newSession(h, test.text)
		if strings.Contains(test.name, "inside") {
			s.cmds[0].End = s.cmds[len(s.cmds)-1].PromptAt
		}
		hurries, err := Shorten(s.cast, s.cmds, test.rows)
		if err != nil {
			t.Fatal(err)
		}
		if test.to == 0 {
			if len(hurries) > 0 {
				t.Errorf("%s: %+v; want nothing", test.name, hurries)
			}
			continue
		}
		if len(hurries) != 1 || hurries[0].From.Time != test.from*time.Second || hurries[0].To.Time != test.to*time.Second || hurries[0].Length != hurried {
			t.Errorf("%s: %+v; want %v to %v", test.name, hurries, test.from, test.to)
		}
	}
}
