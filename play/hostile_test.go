package play

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
)

// drawing matches all that a deck may write between its start and its end: printable
// characters and the sequences of painter.
var drawing = regexp.MustCompile(`^(?:[^\x00-\x1f\x7f-\x{9f}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}]|` +
	`\x1b\[(?:[0-9;:]*m|[0-9;]*H|2J|K|[0-9]+[ST]|[0-9;]*r|\?25[hl]|\?2026[hl]|[0-6] q))*$`)

// Whatever a recording holds, the viewer's terminal gets only drawing.
func TestHostileRecordings(t *testing.T) {
	for name, data := range testcast.Hostile {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cast := castOf(format.Header{Size: format.Size{Cols: 80, Rows: 24}, Title: data},
					out(0, "before "), out(time.Second, data), marker(time.Second, data),
					out(2*time.Second, data), out(3*time.Second, "\x1b[2;1Hdrawn"), out(time.Hour, "."))
				v := startView(t, &Player{Cast: cast}, 80, 25)
				v.wait(4 * time.Second)
				v.press(" ", "]", "0", "9", ",", "/", "a", "\r", "n", "h", "x", "2")
				v.press("q")
				v.settle()
				<-v.done
				if v.err != nil {
					t.Fatal(v.err)
				}
				onlyDrawing(t, v)
			})
		})
	}
}

func onlyDrawing(t *testing.T, v *viewing) {
	t.Helper()
	got := v.term.output()
	rest, ok := strings.CutPrefix(got, deckStart(true))
	if !ok {
		t.Fatalf("the output begins with %.80q; want the deck's start", got)
	}
	for _, shaped := range []bool{true, false} {
		if r, ok := strings.CutSuffix(rest, deckEnd(true, shaped)); ok {
			rest = r
			break
		}
	}
	if !drawing.MatchString(rest) {
		// Report the end of the shortest prefix that is not drawing.
		for i := range rest {
			if i > 0 && !drawing.MatchString(rest[:i]) && rest[i-1] != 0x1b && !regexp.MustCompile(`\x1b\[?[0-9;:?]* ?$`).MatchString(rest[:i]) {
				t.Fatalf("the terminal got %q", rest[max(i-30, 0):i])
			}
		}
		t.Fatalf("the terminal got sequences that are not drawing: %.300q", rest)
	}
}

func TestHostileSizes(t *testing.T) {
	for _, size := range []string{"65535x65535", "1x1", "65535x1", "1x65535", "0x0", "-1x5", "x", "99999999x2"} {
		synctest.Test(t, func(t *testing.T) {
			h := format.Header{}
			h.Size, _ = format.ParseSize(size)
			var events []format.Event
			for i := range 20 {
				at := time.Duration(i) * time.Second
				events = append(events, format.Event{Time: at, Code: format.Resize, Data: size},
					out(at, fmt.Sprintf("\x1b[9999;9999H%d", i)), format.Event{Time: at, Code: format.Resize, Data: "80x24"})
			}
			v := startView(t, &Player{Cast: castOf(h, events...), Resize: false}, 80, 25)
			v.press("9", "0", "5", ",", "J", "L")
			v.press("q")
			<-v.done
			onlyDrawing(t, v)
		})
	}
}

// The deck's output is only drawing, whatever the screen model holds.
func FuzzDeckDraws(f *testing.F) {
	for _, data := range testcast.Hostile {
		if len(data) < 1000 {
			f.Add(data, uint8(80), uint8(24), uint8(60), uint8(10))
		}
	}
	f.Fuzz(func(t *testing.T, data string, cols, rows, termCols, termRows uint8) {
		if termCols == 0 || termRows == 0 || len(data) > 4096 {
			return
		}
		synctest.Test(t, func(t *testing.T) {
			h := format.Header{Size: format.Size{Cols: int(cols), Rows: int(rows)}}
			third := len(data) / 3
			cast := castOf(h, out(0, data[:third]), out(time.Second, data[third:2*third]), out(2*time.Second, data[2*third:]), out(time.Hour, ""))
			v := startView(t, &Player{Cast: cast}, int(termCols), int(termRows))
			v.wait(3 * time.Second)
			v.press(" ", "0", "/", "e", "\r", "q")
			<-v.done
			onlyDrawing(t, v)
		})
	})
}
