package transcript

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

// loads returns recordings of about n bytes each. The difference between
// Commands and Screen is the cost on top of the screen model.
func loads(n int) map[string][]format.Event {
	r := rand.New(rand.NewPCG(1, 2))
	words := make([]string, 500)
	for i := range words {
		b := make([]byte, 2+r.IntN(9))
		for j := range b {
			b[j] = byte('a' + r.IntN(16))
		}
		words[i] = string(b)
	}
	line := func() string {
		var b strings.Builder
		for range 12 {
			b.WriteString(words[r.IntN(len(words))])
			b.WriteByte(' ')
		}
		return b.String()
	}
	all := map[string][]format.Event{}
	build := func(name string, gen func(put func(string))) {
		var events []format.Event
		size := 0
		for size < n {
			gen(func(s string) {
				size += len(s)
				events = append(events, format.Event{Time: time.Duration(len(events)) * 10 * time.Millisecond, Code: format.Output, Data: s})
			})
		}
		all[name] = events
	}
	build("colours", func(put func(string)) {
		put("\x1b[?2004hme@box:~$ ")
		put("make all")
		put("\r\n\x1b[?2004l\r")
		for range 200 {
			var b strings.Builder
			for range 20 {
				fmt.Fprintf(&b, "\x1b[3%dm%s\x1b[0m\r\n", r.IntN(8), line())
			}
			put(b.String())
		}
	})
	build("plain", func(put func(string)) {
		for range 200 {
			var b strings.Builder
			for range 20 {
				b.WriteString(line() + "\r\n")
			}
			put(b.String())
		}
	})
	build("full screen", func(put func(string)) {
		put("\x1b[?2004hme@box:~$ ")
		put("htop\r\n\x1b[?2004l\r\x1b[?1049h")
		for range 200 {
			var b strings.Builder
			for range 120 {
				fmt.Fprintf(&b, "\x1b[%d;%dH\x1b[3%dm%s", 1+r.IntN(40), 1+r.IntN(100), r.IntN(8), words[r.IntN(len(words))])
			}
			put(b.String())
		}
		put("\x1b[?1049l")
	})
	build("prompts", func(put func(string)) {
		put("\x1b[?2004hme@box:~$ ")
		for _, c := range line()[:20] {
			put(string(c))
		}
		put("\r\n\x1b[?2004l\r")
		put(line() + "\r\n" + line() + "\r\n")
	})
	build("typing", func(put func(string)) {
		put("me@box:~$ ")
		for _, c := range line()[:20] {
			put(string(c))
		}
		put("\r\n")
		put(line() + "\r\n" + line() + "\r\n")
	})
	return all
}

func benchSize() int {
	if testing.Short() {
		return 1 << 20
	}
	return 8 << 20
}

func BenchmarkTranscript(b *testing.B) {
	for name, events := range loads(benchSize()) {
		size := 0
		for _, ev := range events {
			size += len(ev.Data)
		}
		header := format.Header{Size: format.Size{Cols: 120, Rows: 40}}
		b.Run(name+"/screen", func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				s := vt.New(120, 40)
				for _, ev := range events {
					s.WriteString(ev.Data)
				}
			}
		})
		b.Run(name+"/commands", func(b *testing.B) {
			b.SetBytes(int64(size))
			for b.Loop() {
				seq := func(yield func(format.Event, error) bool) {
					for _, ev := range events {
						if !yield(ev, nil) {
							return
						}
					}
				}
				for _, err := range Commands(format.Cast{Header: header, Events: seq}, Options{}) {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}
