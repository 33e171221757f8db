package format

import (
	"bytes"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

const someEvents = v3 + "[1.000, \"o\", \"hello \"]\n[1.000, \"o\", \"world\"]\n"

// Each compression is detected by content and decompressed. The input comes
// from the usual program, as two files joined.
func TestCompression(t *testing.T) {
	for _, tt := range []struct {
		c       Compression
		program []string
	}{
		{Gzip, []string{"gzip", "-c"}}, {Zstd, []string{"zstd", "-qc"}}, {Zstd, []string{"zstd", "-qc", "--ultra", "-22"}},
		{Bzip2, []string{"bzip2", "-c"}}, {XZ, []string{"xz", "-c"}}, {XZ, []string{"xz", "-9c"}},
	} {
		t.Run(strings.Join(tt.program, " "), func(t *testing.T) {
			if testing.Short() && slices.Contains(tt.program, "--ultra") {
				t.Skip("skipped with -short: it needs a window of 128 MB")
			}
			half := len(someEvents) / 2
			text := compressWith(t, tt.program, someEvents[:half]) + compressWith(t, tt.program, someEvents[half:])
			br, c, err := unwrap(strings.NewReader(text), func(err error) { t.Error(err) })
			if err != nil || c != tt.c {
				t.Fatalf("unwrap = %s, %v; want %s", c, err, tt.c)
			}
			if got, err := io.ReadAll(br); string(got) != someEvents || err != nil {
				t.Errorf("ReadAll = %q, %v", got, err)
			}
			// A .zst file that was compressed once more.
			twice := compressWith(t, tt.program, compressWith(t, tt.program, someEvents))
			if got := readString(twice); len(got.Events) != 2 || got.Warnings != nil {
				t.Errorf("compressed twice, it reads as %+v", got)
			}
		})
	}
}

func compressWith(t *testing.T, program []string, text string) string {
	t.Helper()
	cmd := exec.Command(program[0], program[1:]...)
	cmd.Stdin = strings.NewReader(text)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %v", program, err)
	}
	return string(out)
}

// Flushed data can be read, whatever happens to the rest, so a recorder that is
// killed loses only what it has not flushed.
func TestCutOffAfterFlush(t *testing.T) {
	for _, c := range []Compression{Gzip, Zstd} {
		t.Run(string(c), func(t *testing.T) {
			var b bytes.Buffer
			comp, err := c.NewWriter(&b)
			if err != nil {
				t.Fatal(err)
			}
			w, _ := AsciicastV3.NewWriter(comp)
			var marks []int // length of b after each flush
			events := 0
			w.WriteHeader(Header{Size: Size{80, 24}})
			for i := range 50 {
				w.WriteEvent(Event{Time: time.Duration(i) * time.Second, Code: Output, Data: fmt.Sprint("event ", i, strings.Repeat(" x", i*37%101))})
				Flush(w)
				if err := comp.Flush(); err != nil {
					t.Fatal(err)
				}
				marks = append(marks, b.Len())
			}
			for cut := range b.Len() {
				for events < len(marks) && marks[events] <= cut {
					events++
				}
				got := read(bytes.NewReader(b.Bytes()[:cut]))
				if events == 0 {
					continue
				}
				if got.Err != nil || len(got.Events) < events {
					t.Fatalf("cut at byte %d: read %d events, %v; want at least %d", cut, len(got.Events), got.Err, events)
				}
			}
			// The stream never ended, so all events come with a warning.
			got := read(bytes.NewReader(b.Bytes()))
			if len(got.Events) != 50 || len(got.Warnings) != 1 || got.Warnings[0].Kind != "damaged or cut off" {
				t.Errorf("read %d events, warnings %v; want 50 and one warning", len(got.Events), got.Warnings)
			}
		})
	}
}

func TestByFileName(t *testing.T) {
	for name, want := range map[string]string{
		"demo.cast": "asciicast-v3", "demo.v2.cast": "asciicast-v2", "DEMO.CAST.GZ": "asciicast-v3", "a/b.v1.cast.zst": "asciicast-v1",
		"x.raw": "raw", "old.json": "asciicast-v1", "cast": "", "x.unknown": "", "dir.cast/x": "",
	} {
		f, ok := ByFileName(name)
		if got := fmt.Sprint(f); ok != (want != "") || ok && got != want {
			t.Errorf("ByFileName(%q) = %v, %v; want %q", name, f, ok, want)
		}
	}
}

func FuzzCompression(f *testing.F) {
	for _, c := range []Compression{Gzip, Zstd} {
		var b bytes.Buffer
		w, _ := c.NewWriter(&b)
		io.WriteString(w, someEvents)
		w.Close()
		f.Add(b.Bytes())
	}
	for _, program := range []string{"bzip2", "xz"} {
		cmd := exec.Command(program, "-c")
		cmd.Stdin = strings.NewReader(someEvents)
		out, err := cmd.Output()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(out)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		br, _, err := unwrap(bytes.NewReader(text), func(error) {})
		if err == nil {
			io.Copy(io.Discard, io.LimitReader(br, 64<<20))
		}
	})
}
