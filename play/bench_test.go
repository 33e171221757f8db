package play

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// work returns a recording of that length with about size bytes of output, as a
// user's work makes it: coloured logs, typing, and full-screen programs.
func work(size int, length time.Duration) format.Cast {
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
				if i%20000 == 10000 && !yield(marker(at, fmt.Sprint("chapter ", i/20000)), nil) {
					return
				}
				if !yield(out(at, data), nil) {
					return
				}
			}
		},
	}
}

func BenchmarkLoad(b *testing.B) {
	const size = 10 << 20
	for b.Loop() {
		tp, err := newTape()
		if err != nil {
			b.Fatal(err)
		}
		l := newLoader(tp)
		l.run(work(size, time.Hour), nil)
		tp.close()
	}
	b.SetBytes(size)
}

func BenchmarkIndex(b *testing.B) {
	const size = 10 << 20
	tp, err := newTape()
	if err != nil {
		b.Fatal(err)
	}
	defer tp.close()
	l := newLoader(tp)
	cast := work(size, time.Hour)
	l.run(cast, nil)
	for b.Loop() {
		x, err := newIndex(tp)
		if err != nil {
			b.Fatal(err)
		}
		if err := x.run(l, cast.Header, nil); err != nil {
			b.Fatal(err)
		}
		x.close()
	}
	b.SetBytes(size)
}
