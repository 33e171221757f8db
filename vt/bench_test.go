package vt

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"
)

// The benchmarks report their speed as a ratio to the least that any screen
// model must do: store one cell for each byte of input. Both loops run in the
// same benchmark, so the ratio is comparable across machines.

// class is a kind of input, with its minimum ratio.
type class struct {
	name       string
	cols, rows int
	want       float64
	make       func(tb testing.TB) []byte
}

var classes = []class{
	{"log", 200, 50, 0.5, benchLog},
	{"color", 200, 50, 0.22, benchColor},
	{"cells", 200, 50, 0.28, benchCells},
	{"programs", 200, 50, 0.2, benchPrograms},
	{"unicode", 200, 50, 0.12, benchUnicode},
	{"regions", 80, 24, 0.25, benchRegions},
	{"casts", 160, 76, 0.25, benchCasts},
}

// storeCells is the reference loop: it stores one cell per byte, in a grid of
// the size of the screen.
func storeCells(cells []Cell, data []byte) {
	i := 0
	for _, c := range data {
		if i == len(cells) {
			i = 0
		}
		cells[i].lo = uint64(c)
		cells[i].hi = 7
		i++
	}
}

func sum(times []time.Duration) (seconds float64) {
	for _, d := range times {
		seconds += d.Seconds()
	}
	return seconds
}

func write(s *Screen, data []byte, piece int) {
	for len(data) > 0 {
		n := min(piece, len(data))
		s.Write(data[:n])
		data = data[n:]
	}
}

func BenchmarkWrite(b *testing.B) {
	for _, c := range classes {
		for _, piece := range []int{64 << 10, 6} {
			b.Run(fmt.Sprintf("%s/%d", c.name, piece), func(b *testing.B) {
				data := c.make(b)
				s := New(c.cols, c.rows)
				s.Write(data) // fill all tables
				cells := make([]Cell, c.cols*c.rows)
				b.SetBytes(int64(len(data)))
				b.ReportAllocs()
				// The loops take turns, and the best time of each part counts,
				// so other load on the machine matters little.
				parts := slices.Collect(slices.Chunk(data, 64<<10))
				store, ours := make([]time.Duration, len(parts)), make([]time.Duration, len(parts))
				for b.Loop() {
					for i, part := range parts {
						start := time.Now()
						storeCells(cells, part)
						mid := time.Now()
						write(s, part, piece)
						end := time.Now()
						if d := mid.Sub(start); store[i] == 0 || d < store[i] {
							store[i] = d
						}
						if d := end.Sub(mid); ours[i] == 0 || d < ours[i] {
							ours[i] = d
						}
					}
				}
				b.ReportMetric(sum(store)/sum(ours), "ratio")
				b.ReportMetric(float64(len(data))/sum(ours)/1e6, "vtMB/s")
				b.ReportMetric(c.want, "wanted")
			})
		}
	}
}

// typical fills an 80x24 screen like an ordinary session: some colour, some
// text.
func typical(s *Screen) {
	s.WriteString("\x1b[1;32muser@host\x1b[0m:\x1b[1;34m~/src/project\x1b[0m$ ls -l --color\r\n")
	for i := range 18 {
		fmt.Fprintf(s, "-rw-r--r-- 1 user user %7d Nov %2d 12:%02d \x1b[0;%dmfile-%03d.go\x1b[0m\r\n", i*977, i+1, i*3, 31+i%6, i)
	}
	s.WriteString("\x1b[1;32muser@host\x1b[0m:\x1b[1;34m~/src/project\x1b[0m$ \x1b[7msearch\x1b[0m --all | head")
}

func BenchmarkSnapshot(b *testing.B) {
	s := New(80, 24)
	typical(s)
	b.ReportAllocs()
	var n *Snapshot
	for b.Loop() {
		for _, l := range s.main.lines {
			l.touched = touchedAll // as if every line had changed
			l.packed = nil
		}
		n = s.Snapshot()
	}
	b.ReportMetric(float64(n.MemSize()), "bytes-held")
}

// BenchmarkSnapshotCasts takes a snapshot after every 4 KiB of real recordings
// and reports the memory of each. Shared lines count once.
func BenchmarkSnapshotCasts(b *testing.B) {
	data := benchCasts(b)
	var sizes, count int
	var spent time.Duration
	for b.Loop() {
		s := New(80, 24)
		var prev *Snapshot
		for from := 0; from < len(data); from += 4096 {
			s.Write(data[from:min(from+4096, len(data))])
			start := time.Now()
			n := s.Snapshot()
			spent += time.Since(start)
			if prev != nil {
				sizes += n.MemSize(prev)
			} else {
				sizes += n.MemSize()
			}
			prev = n
			count++
		}
	}
	b.ReportMetric(float64(sizes)/float64(count), "bytes-held")
	b.ReportMetric(float64(spent.Microseconds())/float64(count), "µs/snapshot")
}

func BenchmarkRestore(b *testing.B) {
	s := New(80, 24)
	typical(s)
	n := s.Snapshot()
	b.ReportAllocs()
	for b.Loop() {
		s.Restore(n)
	}
}

func BenchmarkAppendState(b *testing.B) {
	s := New(80, 24)
	typical(s)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		buf = s.AppendState(buf[:0])
	}
	b.ReportMetric(float64(len(buf)), "bytes")
}

func BenchmarkAppendChange(b *testing.B) {
	for _, c := range []struct{ name, next string }{
		{"nothing", ""},
		{"one cell", "\x1b[7;9H#"},
		{"a line scrolls", "\x1b[24Hnext\r\n"},
		{"another screen", "\x1b[H\x1b[2Jone line"},
	} {
		b.Run(c.name, func(b *testing.B) {
			from, s := New(80, 24), New(80, 24)
			typical(from)
			typical(s)
			s.WriteString(c.next)
			var buf []byte
			b.SetBytes(80 * 24 * int64(unsafe.Sizeof(Cell{})))
			b.ReportAllocs()
			for b.Loop() {
				buf = s.AppendChange(buf[:0], from)
			}
			b.ReportMetric(float64(len(buf)), "bytes")
		})
	}
}

// Once the tables are filled, bytes and lines need no allocations.
func TestNoAllocations(t *testing.T) {
	for _, c := range classes {
		if c.name == "casts" || c.name == "programs" {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			data := c.make(t)[:200_000]
			s := New(c.cols, c.rows, Scrollback(100))
			s.Write(data)
			str := string(data)
			if n := testing.AllocsPerRun(3, func() { s.Write(data); s.WriteString(str) }); n > 0 {
				t.Errorf("%v allocations for %d bytes; want 0", n, 2*len(data))
			}
		})
	}
}

func upTo(size int, part func() string) []byte {
	var b bytes.Buffer
	for b.Len() < size {
		b.WriteString(part())
	}
	return b.Bytes()
}

const benchSize = 2 << 20

func benchRand() *rand.Rand { return rand.New(rand.NewPCG(7, 7)) }

// benchLog returns plain text, like the output of find -ls.
func benchLog(testing.TB) []byte {
	r := benchRand()
	dirs := strings.Fields("usr lib share doc python3 site-packages x86_64-linux-gnu include linux modules kernel drivers net")
	return upTo(benchSize, func() string {
		path := ""
		for range 3 + r.IntN(7) {
			path += "/" + dirs[r.IntN(len(dirs))]
		}
		return fmt.Sprintf("%9d %6d -rw-r--r--   1 root     root     %9d Mar %2d  2026 %s/file%d.h\r\n",
			r.IntN(1<<23), r.IntN(4096), r.IntN(1<<22), 1+r.IntN(28), path, r.IntN(9999))
	})
}

// benchColor returns source code with a style for each word.
func benchColor(testing.TB) []byte {
	r := benchRand()
	words := strings.Fields("func return if err != nil { } := range s . Write ( data ) for i < len [ ] string byte ReadAll request response")
	return upTo(benchSize, func() string {
		w := words[r.IntN(len(words))]
		if r.IntN(11) == 0 {
			return "\x1b[0m\x1b[K\r\n" + strings.Repeat(" ", 4*r.IntN(4))
		}
		switch r.IntN(4) {
		case 0:
			return fmt.Sprintf("\x1b[38;5;%dm%s\x1b[39m", 16+r.IntN(216), w)
		case 1:
			return fmt.Sprintf("\x1b[38;2;%d;%d;%d;48;2;%d;%d;%dm%s\x1b[m", r.IntN(256), r.IntN(256), r.IntN(256), r.IntN(60), r.IntN(60), r.IntN(60), w)
		case 2:
			return "\x1b[1;35m" + w + "\x1b[0m "
		}
		return fmt.Sprintf("\x1b[%dm%s\x1b[0m ", 31+r.IntN(6), w)
	})
}

// benchCells returns text with an SGR for every cell, like dense_cells in
// vtebench.
func benchCells(testing.TB) []byte {
	ch := 0
	return upTo(benchSize, func() string {
		var b strings.Builder
		b.WriteString("\x1b[H")
		for y := range 50 {
			for x := range 200 {
				n := (y+x+ch)%156 + 100
				fmt.Fprintf(&b, "\x1b[38;5;%d;48;5;%d;1;3;4m%c", n, 255-n, 'A'+ch%26)
			}
		}
		ch++
		return b.String()
	})
}

// benchUnicode returns wide and accented characters, emoji and box drawing.
func benchUnicode(testing.TB) []byte {
	r := benchRand()
	kinds := [][]string{
		{"端末に文字を表示する速さを測る。", "屏幕上显示文字的速度测试。", "화면에 글자를 그리는 속도.", "螢幕文字顯示測試，第二行。"},
		{"naïve façade, “quoted” — 100 €", "Съешь ещё этих мягких булок.", "Ξεσκεπάζω την ψυχοφθόρα.", "e\u0301te\u0301 a\u0300 la plage"},
		{"┌────┬────┐ │ ok │ ▓▒░ └────┴────┘", "⠋⠙⠹⠸⠼⠴ ▁▂▃▄▅▆▇█ ● ○ ▶"},
		{"🚀 sent ✅ done ❌ lost 🔥", "👩‍💻 👨‍👩‍👧 🏳️‍🌈 👍🏽 🇯🇵 ❤️", "📦 pkg 🐳 box 🦀 crab"},
	}
	weights := []int{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3}
	return upTo(benchSize, func() string {
		kind := kinds[weights[r.IntN(len(weights))]]
		line := ""
		for range 1 + r.IntN(3) {
			line += kind[r.IntN(len(kind))] + " "
		}
		return line + "\r\n"
	})
}

// benchRegions scrolls in regions, and inserts and deletes lines and
// characters.
func benchRegions(testing.TB) []byte {
	r := benchRand()
	line := func() string { return strings.Repeat("func (c *conn) serve() ", 1+r.IntN(3))[:20+r.IntN(3)] }
	return upTo(benchSize, func() string {
		var b strings.Builder
		top := 1 + r.IntN(10)
		bottom := top + 4 + r.IntN(21-top)
		fmt.Fprintf(&b, "\x1b[%d;%dr\x1b[%d;1H", top, bottom, bottom)
		for range 30 {
			b.WriteString(line() + line() + line() + "\r\n")
		}
		fmt.Fprintf(&b, "\x1b[%d;1H", top)
		for range 6 {
			b.WriteString("\x1bM" + line() + "\r")
		}
		fmt.Fprintf(&b, "\x1b[%d;5H\x1b[%dL%s\x1b[%d;1H\x1b[%dM", (top+bottom)/2, 1+r.IntN(3), line(), top+1, 1+r.IntN(3))
		fmt.Fprintf(&b, "\x1b[%d;10H\x1b[5@abc\x1b[3P\x1b[4X\x1b[2S\x1b[1T\x1b[r", top)
		return b.String()
	})
}

// benchCasts returns the output of the largest real recordings.
func benchCasts(tb testing.TB) []byte {
	files, err := filepath.Glob(filepath.Join(corpus(tb, "casts"), "*.cast"))
	if err != nil {
		tb.Fatal(err)
	}
	var out []byte
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Size() < 100_000 {
			continue
		}
		_, _, steps := castOutput(tb, f)
		for _, st := range steps {
			out = append(out, st.Data...)
		}
		out = append(out, "\x1b[?1049l\x1b[!p\x1b[r\x1b[0m"...)
	}
	if len(out) < 1<<20 {
		tb.Fatalf("recordings have only %d bytes", len(out))
	}
	return out
}
