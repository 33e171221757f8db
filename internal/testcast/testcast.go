// Package testcast makes recordings for tests.
package testcast

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// Of returns a Cast of events, which can be read any number of times.
func Of(h format.Header, events ...format.Event) format.Cast {
	return format.Cast{Header: h, Events: func(yield func(format.Event, error) bool) {
		for _, ev := range events {
			if !yield(ev, nil) {
				return
			}
		}
	}}
}

// Out returns an event of output.
func Out(at time.Duration, data string) format.Event {
	return format.Event{Time: at, Code: format.Output, Data: data}
}

// Marker returns a marker.
func Marker(at time.Duration, label string) format.Event {
	return format.Event{Time: at, Code: format.Marker, Data: label}
}

// Session returns a short recording with every kind of event.
func Session() format.Cast {
	return Of(format.Header{Size: format.Size{Cols: 20, Rows: 3}},
		Out(time.Second, "one"),
		Out(2*time.Second, "\r\x1b[31mone\x1b[m"),
		Marker(3*time.Second, "here"),
		Out(3*time.Second, "\r\x1b[Kthree"),
		format.Event{Time: 4 * time.Second, Code: format.Comment, Data: "no frame"},
		format.Event{Time: 5 * time.Second, Code: format.Resize, Data: "30x3"},
		Out(6*time.Second, "\x1b[1m!\x1b[m"),
		Out(7*time.Second, "\x1b]0;title\x07"),
	)
}

// Work returns a recording of that length with about size bytes of output, as a
// user's work makes it: coloured logs, typing, and full-screen programs.
func Work(size int, length time.Duration) format.Cast {
	return format.Cast{
		Header: format.Header{Size: format.Size{Cols: 120, Rows: 40}, Title: "work"},
		Events: func(yield func(format.Event, error) bool) {
			const mean = 190 // bytes per event
			words := strings.Fields("error warning build test package func return value index module commit branch merge server client socket buffer")
			r := rand.New(rand.NewPCG(1, 2))
			line := func() string {
				var b strings.Builder
				for range 3 + r.IntN(10) {
					b.WriteString(words[r.IntN(len(words))])
					b.WriteByte(' ')
				}
				return b.String()
			}
			alt := false
			for done, i := 0, 0; done < size; i++ {
				at := time.Duration(float64(length) * float64(done) / float64(size))
				var data string
				switch {
				case r.IntN(5000) == 0:
					alt = !alt
					data = "\x1b[?1049l"
					if alt {
						data = "\x1b[?1049h\x1b[2J"
					}
				case alt:
					for range 1 + r.IntN(4) {
						data += fmt.Sprintf("\x1b[%d;%dH\x1b[%d;38;5;%dm%s\x1b[0m\x1b[K", 1+r.IntN(40), 1+r.IntN(60), r.IntN(5), r.IntN(256), line())
					}
				case r.IntN(5) == 0:
					data = string(rune('a' + r.IntN(26)))
				default:
					for range 1 + r.IntN(4) {
						data += fmt.Sprintf("\x1b[%dm%s\x1b[0m item %d\r\n", 30+r.IntN(8), line(), i)
					}
				}
				done += len(data) + mean/10
				if i%20000 == 10000 && !yield(Marker(at, fmt.Sprint("chapter ", i/20000)), nil) {
					return
				}
				if !yield(Out(at, data), nil) {
					return
				}
			}
		},
	}
}

// WithResizes adds resizes to a recording, and splits events within sequences.
func WithResizes(cast format.Cast) format.Cast {
	events := cast.Events
	cast.Events = func(yield func(format.Event, error) bool) {
		n := 0
		for ev, err := range events {
			n++
			if n%3000 == 0 {
				size := format.Size{Cols: 60 + n/100%90, Rows: 20 + n/1000%30}
				if !yield(format.Event{Time: ev.Time, Code: format.Resize, Data: size.String()}, nil) {
					return
				}
			}
			if n%7 == 0 && ev.Code == format.Output && len(ev.Data) > 8 {
				half := ev
				half.Data, ev.Data = ev.Data[:3], ev.Data[3:]
				if !yield(half, nil) {
					return
				}
			}
			if !yield(ev, err) {
				return
			}
		}
	}
	return cast
}

// Hostile holds output that tries to do more than draw, by name.
var Hostile = map[string]string{
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

// File returns a recording in a file, which can be read any number of times: the part
// before an error, if it has one.
func File(tb testing.TB, path string) func() format.Cast {
	tb.Helper()
	f, err := format.OpenFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var events []format.Event
	for ev, err := range f.Events {
		if err != nil {
			break
		}
		events = append(events, ev)
	}
	header := f.Header
	return func() format.Cast { return Of(header, events...) }
}
