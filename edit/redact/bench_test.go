package redact

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// BenchmarkCast reads recordings of source code on a screen, with 0 to 1000
// secrets in it, each also once where no rule sees it. peak-MB is the heap at its
// largest, without the recording.
func BenchmarkCast(b *testing.B) {
	for _, c := range []struct{ megabytes, secrets int }{
		{1, 0}, {10, 0}, {100, 0}, {10, 1}, {10, 10}, {10, 1000}, {1, 100}, {10, 100}, {100, 100},
	} {
		b.Run(fmt.Sprintf("%dMB/%d", c.megabytes, c.secrets), func(b *testing.B) {
			text := sourceCode(c.megabytes<<20, c.secrets)
			r, err := New(Options{})
			if err != nil {
				b.Fatal(err)
			}
			runtime.GC()
			var before runtime.MemStats
			runtime.ReadMemStats(&before)
			b.SetBytes(int64(len(text)))
			peak := watchHeap(b)
			for b.Loop() {
				cast, report, err := r.Cast(context.Background(), chunks(text))
				if err != nil {
					b.Fatal(err)
				}
				if report.Secrets != c.secrets {
					b.Fatalf("%d secrets found; want %d", report.Secrets, c.secrets)
				}
				for _, err := range cast.Events {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(peak()-int64(before.HeapAlloc))/1e6, "peak-MB")
		})
	}
}

// watchHeap returns a function that returns the largest size of the heap since.
func watchHeap(b *testing.B) func() int64 {
	var largest atomic.Int64
	done := make(chan struct{})
	look := func() {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		largest.Store(max(largest.Load(), int64(m.HeapAlloc)))
	}
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				look()
			}
		}
	}()
	return func() int64 {
		close(done)
		look()
		return largest.Load()
	}
}

// chunks returns a recording of text on a screen of 120 columns, in reads of 4 KB.
func chunks(text string) format.Cast {
	return format.Cast{
		Header: format.Header{Size: format.Size{Cols: 120, Rows: 30}},
		Events: func(yield func(format.Event, error) bool) {
			for i := 0; i < len(text); i += 4 << 10 {
				ev := format.Event{Time: time.Duration(i), Code: format.Output, Data: text[i:min(i+4<<10, len(text))]}
				if !yield(ev, nil) {
					return
				}
			}
		},
	}
}

// sourceCode returns n bytes that look like source code, with secrets spread over
// it. It has the words that rules look for as often as real code has.
func sourceCode(n, secrets int) string {
	rnd := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields(`parse reader writer buffer index value error result name count state event line
		column field offset length header writer path node left right table entry begin end next
		size limit config option client server request response handler context cancel timer queue stack frame input
		output source target match group rule list keep drop first last format encode decode fields`)
	rare := strings.Fields("token author key passing secretary access signedKey")
	shapes := strings.Split("\tif # := #.#(#); # != nil {|\t\treturn #, fmt.Errorf(\"cannot # the #: %w\", #)|\t}|func (# *#) #(# int, # string) (#, error) {|"+
		"// # returns the # of the #, or the # if there is none. The # must not be nil.|\t# := make(map[string]#, len(#))|"+
		"\tfor _, # := range #.# {|\t\t#.#[#] = append(#.#[#], #)|}||\tcase #.#, #.#:|type # struct {|\t#  # // the # of each #|"+
		"\t\t#.# = #{#: #, #: #.#, Size: 0x%x}|#(#, %d, # + #, func(# #) bool { return #.# < #.# })|"+
		"\tlog.Printf(\"# %%d: # took %%s, # is %%q\", #, #, #)", "|")
	var b strings.Builder
	done := 0
	for b.Len() < n {
		if done < secrets && b.Len() >= done*(n/secrets) {
			secret := ""
			for range 24 {
				secret += string("abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"[rnd.IntN(57)])
			}
			fmt.Fprintf(&b, "export DEPLOY_TOKEN=%s\r\necho %s\r\n", secret, secret)
			done++
		}
		shape := shapes[rnd.IntN(len(shapes))]
		if strings.Contains(shape, "%x") || strings.Contains(shape, "%d,") {
			shape = fmt.Sprintf(shape, rnd.IntN(1<<20))
		}
		for part := range strings.SplitSeq(shape, "#") {
			b.WriteString(part)
			word := words[rnd.IntN(len(words))]
			if rnd.IntN(60) == 0 {
				word = rare[rnd.IntN(len(rare))]
			}
			if rnd.IntN(3) == 0 {
				word = strings.ToUpper(word[:1]) + word[1:] + words[rnd.IntN(len(words))]
			}
			b.WriteString(word)
		}
		b.WriteString("\r\n")
	}
	return b.String()
}
