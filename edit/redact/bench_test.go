package redact

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// BenchmarkCast reads recordings of a screen with 0 to 1000 secrets in it, each also once
// where no rule sees it: of text that looks like source code, of Go's own source code
// (which has more that looks like a secret), of a coloured list of files, and of a log of
// a compiler. peak-MB is the heap at its largest, without the recording.
func BenchmarkCast(b *testing.B) {
	for _, c := range []struct {
		kind               string
		text               func(n, secrets int) string
		megabytes, secrets int
	}{
		{"source", sourceCode, 1, 0}, {"source", sourceCode, 1, 100}, {"source", sourceCode, 10, 0}, {"source", sourceCode, 10, 1},
		{"source", sourceCode, 10, 10}, {"source", sourceCode, 10, 100}, {"source", sourceCode, 10, 1000},
		{"source", sourceCode, 100, 0}, {"source", sourceCode, 100, 100},
		{"go", goSource, 10, 0}, {"go", goSource, 10, 100}, {"go", goSource, 40, 100},
		{"files", listOfFiles, 10, 0}, {"files", listOfFiles, 10, 100}, {"log", compilerLog, 10, 0}, {"log", compilerLog, 10, 100},
	} {
		b.Run(fmt.Sprintf("%s/%dMB/%d", c.kind, c.megabytes, c.secrets), func(b *testing.B) {
			text := c.text(c.megabytes<<20, c.secrets)
			r := mustNew(b, Options{})
			runtime.GC()
			var before runtime.MemStats
			runtime.ReadMemStats(&before)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			peak := watchHeap(b)
			for b.Loop() {
				cast, report, err := r.Cast(context.Background(), chunks(text))
				if err != nil {
					b.Fatal(err)
				}
				if report.Secrets < c.secrets || report.Secrets > c.secrets && c.kind != "go" {
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

// BenchmarkManyNames reads lines of many names, each of which has the rest of its line as
// its value.
func BenchmarkManyNames(b *testing.B) {
	for _, name := range []string{"X_TOKEN=(", `"X_TOKEN=`, "Authorization:("} {
		b.Run(name, func(b *testing.B) {
			text := strings.Repeat(name, 3000) + "\r\n"
			r := mustNew(b, Options{})
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, _, err := r.Cast(context.Background(), chunks(text)); err != nil {
					b.Fatal(err)
				}
			}
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

// withSecrets returns the lines that next returns, up to n bytes, with secrets spread
// over them.
func withSecrets(n, secrets int, next func(rnd *rand.Rand) string) string {
	rnd := rand.New(rand.NewPCG(1, 2))
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
		b.WriteString(next(rnd))
		b.WriteString("\r\n")
	}
	return b.String()
}

// goSource is Go's own source code, as cat shows it.
func goSource(n, secrets int) string {
	var files []string
	root, _ := exec.Command("go", "env", "GOROOT").Output()
	for _, dir := range []string{"cmd", "net", "go", "crypto", "runtime", "encoding", "os", "text"} {
		filepath.WalkDir(filepath.Join(strings.TrimSpace(string(root)), "src", dir), func(path string, d fs.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") {
				files = append(files, path)
			}
			return nil
		})
	}
	var lines []string
	return withSecrets(n, secrets, func(rnd *rand.Rand) string {
		for len(lines) == 0 && len(files) > 0 {
			text, _ := os.ReadFile(files[rnd.IntN(len(files))])
			lines = strings.Split(string(text), "\n")
		}
		if len(lines) == 0 {
			return "package none // Go's source code is not installed"
		}
		line := lines[0]
		lines = lines[1:]
		return line
	})
}

// listOfFiles is a long list of files, as ls --color shows it.
func listOfFiles(n, secrets int) string {
	kinds := strings.Fields("01;34m 01;32m 00m 01;31m 40;33;01m")
	return withSecrets(n, secrets, func(rnd *rand.Rand) string {
		return fmt.Sprintf("-rw-r--r-- 1 jane users %8d Nov %2d %02d:%02d \x1b[0m\x1b[%sfile-%x.tar.gz\x1b[0m",
			rnd.IntN(1<<24), 1+rnd.IntN(30), rnd.IntN(24), rnd.IntN(60), kinds[rnd.IntN(len(kinds))], rnd.Uint32())
	})
}

// compilerLog is the log of a compiler.
func compilerLog(n, secrets int) string {
	return withSecrets(n, secrets, func(rnd *rand.Rand) string {
		if rnd.IntN(3) > 0 {
			return fmt.Sprintf("[%3d%%] \x1b[32mBuilding C object src/part%d/file%d.c.o\x1b[0m", rnd.IntN(100), rnd.IntN(20), rnd.IntN(1000))
		}
		return fmt.Sprintf("gcc -O2 -Wall -DKEY_SIZE=%d -I../include -c -o obj/file%d.o src/file%d.c", rnd.IntN(64), rnd.IntN(1000), rnd.IntN(1000))
	})
}

// sourceCode returns n bytes that look like source code, with secrets spread over
// it. It has the words that rules look for as often as real code has.
func sourceCode(n, secrets int) string {
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
	return withSecrets(n, secrets, func(rnd *rand.Rand) string {
		var b strings.Builder
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
		return b.String()
	})
}
