package format

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/internal/testcorpus"
)

// realCast joins the events of all real recordings into one cast of at least
// size bytes, in format f.
func realCast(b *testing.B, f *Format, size int) []byte {
	b.Helper()
	var events []Event
	for _, path := range testcorpus.Files(b, "casts/*.cast", 68) {
		file, err := os.Open(path)
		if err != nil {
			b.Fatal(err)
		}
		got := read(file)
		file.Close()
		events = append(events, got.Events...)
	}
	var out bytes.Buffer
	w, _ := f.NewWriter(&out)
	w.WriteHeader(Header{Size: Size{160, 50}})
	var last Event
	for out.Len() < size {
		base := last.Time
		for _, ev := range events {
			if ev.Code == Output {
				last = ev
				last.Time += base
				w.WriteEvent(last)
			}
		}
	}
	w.Close()
	return out.Bytes()
}

func BenchmarkRead(b *testing.B) {
	for _, f := range []*Format{AsciicastV1, AsciicastV2, AsciicastV3} {
		b.Run(f.Name, func(b *testing.B) {
			text := realCast(b, f, 8<<20)
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				cast, _, err := Open(bytes.NewReader(text))
				if err != nil {
					b.Fatal(err)
				}
				for _, err := range cast.Events {
					if err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

func BenchmarkConvert(b *testing.B) {
	text := realCast(b, AsciicastV2, 8<<20)
	for _, f := range []*Format{AsciicastV1, AsciicastV2, AsciicastV3, Raw} {
		b.Run("asciicast-v2 to "+f.Name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				cast, _, err := Open(bytes.NewReader(text))
				if err != nil {
					b.Fatal(err)
				}
				w, _ := f.NewWriter(io.Discard)
				if err := Copy(w, cast); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkQuote(b *testing.B) {
	for name, s := range map[string]string{
		"plain":  strings.Repeat("The quick brown fox jumps over the lazy dog. ", 100),
		"colour": strings.Repeat("\x1b[38;5;12mfox\x1b[0m jumps \x1b[1mover\x1b[0m\r\n", 100),
		"boxes":  strings.Repeat("│ ├── naïve 日本語 ", 100),
	} {
		b.Run(name, func(b *testing.B) {
			var dst []byte
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				dst, _ = appendQuoted(dst[:0], s)
			}
		})
		b.Run("un"+name, func(b *testing.B) {
			quoted, _ := appendQuoted(nil, s)
			quoted = append(quoted, '"')
			dst := make([]byte, 0, len(quoted)+8)
			b.SetBytes(int64(len(quoted)))
			for b.Loop() {
				unquote(dst, quoted, 0)
			}
		})
	}
}
