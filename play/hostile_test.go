package play

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// drawing matches all that a deck may write between its start and its end: printable
// characters and the sequences of painter.
var drawing = regexp.MustCompile(`^(?:[^\x00-\x1f\x7f-\x{9f}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}]|` +
	`\x1b\[(?:[0-9;:]*m|[0-9;]*H|2J|K|[0-9]+[ST]|[0-9;]*r|\?25[hl]|\?2026[hl]|[0-6] q))*$`)

var hostile = map[string]string{
	"OSC 52":                 "\x1b]52;c;cm0gLXJmIH4K\x07\x1b]52;c;?\x1b\\",
	"DECRQSS":                "\x1bP$qm\x1b\\\x1bP$q\"p\x1b\\",
	"title report":           "\x1b]0;rm -rf ~\x07\x1b[21t",
	"icon report":            "\x1b]1;evil\x07\x1b[20t",
	"answerback":             "\x05\x05",
	"DA":                     "\x1b[c\x1b[>c\x1b[=c\x1bZ\x1b[0c",
	"DSR":                    "\x1b[5n\x1b[6n\x1b[?6n\x1b[?15n",
	"DECRQM":                 "\x1b[?2026$p\x1b[4$p",
	"checksum":               "\x1b[1;1;1;1;24;80*y",
	"XTVERSION":              "\x1b[>q",
	"XTGETTCAP":              "\x1bP+q544e\x1b\\",
	"colour queries":         "\x1b]4;0;?\x07\x1b]10;?\x07\x1b]11;?\x1b\\",
	"window operations":      "\x1b[3;0;0t\x1b[8;500;500t\x1b[14t\x1b[18t\x1b[2t\x1b[9;1t",
	"kitty graphics":         "\x1b_Ga=T,f=100,t=f;L2V0Yy9wYXNzd2Q=\x1b\\",
	"iTerm2 file":            "\x1b]1337;File=name=eA==;size=4;inline=0:AAAA\x07\x1b]1337;CopyToClipboard=\x07",
	"sixel":                  "\x1bPq#0;2;0;0;0#0~~@@vv\x1b\\",
	"tmux tunnel":            "\x1bPtmux;\x1b\x1b]52;c;eA==\x07\x1b\\",
	"screen tunnel":          "\x1bP\x1b]52;c;eA==\x07\x1b\\",
	"PM and SOS":             "\x1b^hidden\x1b\\\x1bXhidden\x1b\\",
	"printing":               "\x1b[5i secret \x1b[4i\x1b[i\x1b[?5i",
	"key remaps":             "\x1bP1;1|17/63616c\x1b\\\x1b[>4;2m\x1b[>1u\x1b[=31u\x1b=\x1b[?1h",
	"mouse":                  "\x1b[?9h\x1b[?1000h\x1b[?1002h\x1b[?1003h\x1b[?1006h\x1b[?1004h\x1b[?2004h",
	"C1 in UTF-8":            "\u009b5n\u009d52;c;eA==\u009c\u0090q\u009c\u0085",
	"C1 bytes":               "\x9b5n\x9d52;c;eA==\x9c",
	"endless parameters":     "\x1b[" + strings.Repeat("1;", 100_000) + "m after",
	"endless number":         "\x1b[" + strings.Repeat("9", 100_000) + "C after",
	"endless string":         "\x1b]0;" + strings.Repeat("x", 300_000),
	"BEL flood":              strings.Repeat("\x07", 100_000),
	"REP flood":              "x\x1b[99999999b\x1b[99999999@\x1b[99999999L",
	"hyperlink":              "\x1b]8;;file:///etc/passwd\x1b\\click\x1b]8;;\x1b\\",
	"palette":                "\x1b]4;1;#000000\x07\x1b]10;#000000\x07\x1b]11;#000000\x07\x1b[31mtext",
	"modes":                  "\x1b[?1049h\x1b[?5h\x1b[?3h\x1b[?7l\x1b[4h\x1b[20h\x1b[2h\x1b[12l\x1b[?69h\x1b[5;10s",
	"charsets":               "\x1b(0lqqk\x1b)0\x0e\x1b%@\x1b%G",
	"reset":                  "\x1bc\x1b[!p\x1b#8",
	"notifications":          "\x1b]9;evil\x07\x1b]777;notify;a;b\x07\x1b]99;;x\x1b\\",
	"direction":              "abc\u202edef\u2066ghi\u2069\u200f",
	"combining flood":        "a" + strings.Repeat("\u0301", 5000),
	"invalid UTF-8":          "\xff\xfe\xc0\x80\xed\xa0\x80\xf5\x80\x80\x80",
	"title with sequences":   "\x1b]2;a\u009b31mb\x1b[31m\x07",
	"unfinished":             "text\x1b[3",
	"shell integration":      "\x1b]633;E;rm \\x1b[31m \x07\x1b]133;C;cmdline_url=%1b%5b5n\x07",
	"synchronized for ever":  "\x1b[?2026hnever ends",
	"wide at every position": strings.Repeat("漢\x1b[1D", 300) + "\x1b[;80H漢",
}

// Whatever a recording holds, the viewer's terminal gets only drawing.
func TestHostileRecordings(t *testing.T) {
	for name, data := range hostile {
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
	for _, data := range hostile {
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
