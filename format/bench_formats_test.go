package format

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// benchSession joins the output of all real recordings and repeats it up to at
// least size bytes.
func benchSession(tb *testing.B, size int) []Event {
	tb.Helper()
	text := realCast(tb, AsciicastV2, size)
	cast, _, err := Open(bytes.NewReader(text))
	if err != nil {
		tb.Fatal(err)
	}
	var events []Event
	for ev, err := range cast.Events {
		if err != nil {
			tb.Fatal(err)
		}
		events = append(events, ev)
	}
	return events
}

// BenchmarkReadFormats reads recordings of real output from files. The bytes
// per second count all files of a recording.
func BenchmarkReadFormats(b *testing.B) {
	for _, f := range []*Format{Ttyrec, ScriptClassic, Script, Tlog, BSDScript, SudoIOLog} {
		b.Run(f.Name, func(b *testing.B) {
			// Do not keep events: the garbage collector would scan them.
			events := benchSession(b, 16<<20)
			dir := b.TempDir()
			path := filepath.Join(dir, "x")
			writeTo(b, f, path, castOf(Header{Size: Size{160, 50}}, events...))
			size := int64(0)
			filepath.Walk(dir, func(_ string, info os.FileInfo, _ error) error {
				if info.Mode().IsRegular() {
					size += info.Size()
				}
				return nil
			})
			events = nil
			runtime.GC()
			b.SetBytes(size)
			b.ReportAllocs()
			before := cpuTime()
			for b.Loop() {
				file, err := OpenFile(path, As(f))
				if err != nil {
					b.Fatal(err)
				}
				n := 0
				for _, err := range file.Events {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
				file.Close()
				if n < 1000 {
					b.Fatalf("read %d events", n)
				}
			}
			reportCPU(b, size, cpuTime()-before)
		})
	}
}

// reportCPU reports bytes per second of processor time.
func reportCPU(b *testing.B, size int64, used time.Duration) {
	if used > 0 {
		b.ReportMetric(float64(size)*float64(b.N)/used.Seconds()/1e6, "MB/cpu-s")
	}
}

// BenchmarkWriteFormats writes the recordings that BenchmarkReadFormats reads.
func BenchmarkWriteFormats(b *testing.B) {
	events := benchSession(b, 16<<20)
	size := int64(0)
	for _, ev := range events {
		size += int64(len(ev.Data))
	}
	for _, f := range []*Format{Ttyrec, Script, Tlog, BSDScript, SudoIOLog} {
		b.Run(f.Name, func(b *testing.B) {
			b.SetBytes(size)
			b.ReportAllocs()
			before := cpuTime()
			for b.Loop() {
				w, err := f.NewFilesWriter(discardFiles)
				if err != nil {
					b.Fatal(err)
				}
				if err := Copy(w, castOf(Header{Size: Size{160, 50}}, events...)); err != nil {
					b.Fatal(err)
				}
			}
			reportCPU(b, size, cpuTime()-before)
		})
	}
}

var discardFiles = Files{Base: "x", Create: func(string, fs.FileMode) (io.WriteCloser, error) { return discardFile{io.Discard}, nil }}

type discardFile struct{ io.Writer }

func (discardFile) Close() error { return nil }

// repeated is a reader that returns head and then part, again and again, until
// it has returned about left bytes.
type repeated struct {
	head, part string
	at         int // offset in head, then in part
	inPart     bool
	left       int64
	next       func(n int) string // returns the next part; nil repeats part
	n          int
}

func (r *repeated) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, io.EOF
	}
	from := r.head
	if r.inPart {
		from = r.part
	}
	n := copy(p, from[r.at:])
	r.at += n
	r.left -= int64(n)
	if r.at == len(from) {
		r.at, r.inPart = 0, true
		r.n++
		if r.next != nil {
			r.part = r.next(r.n)
		}
	}
	return n, nil
}

// TestFlatMemory reads recordings of 2 GiB, or of 64 MiB unless TTYDECK_LONG is
// set, and checks that memory use stays flat.
func TestFlatMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("TestFlatMemory is skipped with -short: the race detector's own memory would count")
	}
	size := int64(2 << 30)
	if os.Getenv("TTYDECK_LONG") == "" {
		size = 64 << 20
	}
	out := strings.Repeat("some output of a program\x1b[1;31m, with colours\x1b[m\r\n", 8)
	var block []Event
	for i := range 500 {
		block = append(block, Event{Time: ms(i), Code: Output, Data: out[:20+i%300]})
	}
	for _, f := range []*Format{Ttyrec, BSDScript, Raw, Tlog} {
		t.Run(f.Name, func(t *testing.T) {
			r := &repeated{left: size}
			r.part = written(t, f, castOf(Header{Size: Size{80, 24}, Start: time.Unix(1e9, 0)}, block...))
			if f == Tlog {
				// tlog numbers its messages.
				messages := strings.SplitAfter(strings.TrimSuffix(r.part, "\n"), "\n")
				r.next = func(n int) string {
					m := messages[n%len(messages)]
					_, rest, _ := strings.Cut(m, `"timing"`)
					head, _, _ := strings.Cut(m, `"id"`)
					return strings.TrimSuffix(fmt.Sprintf(`%s"id":%d,"pos":%d,"time":1000000000.5,"timing"%s`, head, n+1, n*100, rest), "\n") + "\n"
				}
				r.part = ""
				r.head = r.next(0)
			} else {
				r.head = r.part
			}
			checkFlat(t, size, func() (Events, error) {
				cast, _, err := Open(r, As(f))
				return cast.Events, err
			})
		})
	}
	t.Run("script", func(t *testing.T) {
		// These files are on disk, so use smaller ones.
		size := min(size, 512<<20)
		path := filepath.Join(t.TempDir(), "x")
		n := size / 200
		writeTo(t, Script, path, Cast{Header: Header{Size: Size{80, 24}}, Events: func(yield func(Event, error) bool) {
			for i := range n {
				if !yield(Event{Time: time.Duration(i) * time.Millisecond, Code: Output, Data: out[:200]}, nil) {
					return
				}
			}
		}})
		f, err := OpenFile(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		checkFlat(t, size, func() (Events, error) { return f.Events, nil })
	})
}

// checkFlat reads a recording with size bytes of output to its end.
func checkFlat(t *testing.T, size int64, open func() (Events, error)) {
	t.Helper()
	const most = 24 << 20
	events, err := open()
	if err != nil {
		t.Fatal(err)
	}
	var stats runtime.MemStats
	n, bytes, highest := 0, int64(0), uint64(0)
	for ev, err := range events {
		if err != nil {
			t.Fatal(err)
		}
		bytes += int64(len(ev.Data))
		if n++; n%100_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&stats)
			highest = max(highest, stats.HeapAlloc)
		}
	}
	if highest > most {
		t.Errorf("memory in use = %d MiB; want at most %d", highest>>20, most>>20)
	}
	if bytes < size/3 {
		t.Errorf("read %d bytes of output; want about %d", bytes, size)
	}
	t.Logf("%d events, %d MiB of output, %d MiB in use", n, bytes>>20, highest>>20)
}
