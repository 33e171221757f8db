package query

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/vt"
)

func TestSplit(t *testing.T) {
	questions := []string{"\x05", "\x1b[6n", "\x1b[?6n", "\x1b[5n", "\x1b[c", "\x1b[0c", "\x1b[>c", "\x1b[=c", "\x1b[?2026$p", "\x1b[4$p", "\x1b[>q", "\x1b[>0q", "\x1b[?u",
		"\x1b[18t", "\x1b[21t", "\x1b[?1;1;0S", "\x1b]10;?\x07", "\x1b]11;?\x1b\\", "\x1b]4;7;?\x07", "\x1b]52;c;?\x1b\\", "\x1bP$qm\x1b\\", "\x1bP+q544e\x1b\\"}
	text := []string{"plain\r\n", "\x1b[m", "\x1b[?25h", "\x1b[>4;1m", "\x1b[1;2;3;4;5n;"[:6] + "m", "\x1b[>1n", "\x1b[?62;22c", "\x1b[8;24;80t", "\x1b[22;0t", "\x1b[!p", "\x1b[2S", "\x1b[u", "\x1b[=1u",
		"\x1b]0;is it?\x07", "\x1b]8;;http://a/?\x1b\\", "\x1b]10;red\x07", "\x1bPq#0;2;0;0;0~\x1b\\", "\x1b7", "猫", "\x1b[3\x1b[1m", "\x1b]2;cut\x18", "\x1b[ q", "\x1b[2 q"}
	var all, want []string
	for i := range max(len(questions), len(text)) {
		for _, list := range [][]string{text, questions} {
			if i < len(list) {
				all = append(all, list[i])
			}
		}
	}
	for _, s := range all {
		if !strings.Contains("\x00"+strings.Join(questions, "\x00")+"\x00", "\x00"+s+"\x00") {
			want = append(want, s)
		}
	}
	stream := strings.Join(all, "")
	for size := 1; size <= len(stream); size++ {
		var q Splitter
		var shown bytes.Buffer
		var asked []string
		for rest := stream; rest != ""; {
			n := min(size, len(rest))
			q.Split([]byte(rest[:n]), func(b []byte) { shown.Write(b) }, func(b []byte) { asked = append(asked, string(b)) })
			rest = rest[n:]
		}
		var found Splitter
		var ends []string // what ends with each query that Find reports
		for at := 0; at < len(stream); at += size {
			piece := stream[at:min(at+size, len(stream))]
			found.Find([]byte(piece), func(q []byte, end int) {
				if end < 0 || end > len(piece) || end > 0 && !strings.HasSuffix(stream[:at+end], string(q)) {
					t.Errorf("in pieces of %d: Find reports the end of %q at %d of %q", size, q, end, piece)
				}
				ends = append(ends, string(q))
			})
		}
		if fmt.Sprint(ends) != fmt.Sprint(questions) {
			t.Fatalf("in pieces of %d: Find reports %q; want %q", size, ends, questions)
		}
		if shown.String() != strings.Join(want, "") || fmt.Sprint(asked) != fmt.Sprint(questions) {
			t.Fatalf("in pieces of %d: output %q\nwant %q\nqueries %q\nwant %q", size, shown.String(), strings.Join(want, ""), asked, questions)
		}
	}
	// A sequence without an end is not held forever.
	var q Splitter
	var shown bytes.Buffer
	endless := "\x1b]" + strings.Repeat("x", 3*maxHeld)
	for i := range len(endless) {
		q.Split([]byte(endless[i:i+1]), func(b []byte) { shown.Write(b) }, func([]byte) {})
	}
	if got := shown.Len() + len(q.held); got != len(endless) || len(q.held) > maxHeld {
		t.Errorf("of %d bytes, %d are shown and %d held; want all, and few held", len(endless), shown.Len(), len(q.held))
	}
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte("a\x1b[6nb\x1b]11;?\x07c\x1bP$qm\x1b\\\x1b["), uint8(3))
	f.Add([]byte("\x1b]11;?\x1b\x1b]11;?\x1bx"), uint8(6))
	f.Fuzz(func(t *testing.T, b []byte, size uint8) {
		split := func(size int) (string, string) {
			var q Splitter
			var shown, asked bytes.Buffer
			for rest := b; len(rest) > 0; {
				n := min(size, len(rest))
				q.Split(rest[:n], func(b []byte) { shown.Write(b) }, func(b []byte) { asked.Write(b) })
				rest = rest[n:]
			}
			if shown.Len()+asked.Len()+len(q.held) != len(b) {
				t.Fatalf("%d bytes shown, %d in queries, %d held; want %d in all", shown.Len(), asked.Len(), len(q.held), len(b))
			}
			shown.Write(q.held)
			return shown.String(), asked.String()
		}
		var q Splitter
		for rest := b; len(rest) > 0; {
			n := min(int(size)%17+1, len(rest))
			last := 0
			q.Find(rest[:n], func(_ []byte, end int) {
				if end < last || end > n {
					t.Fatalf("Find reports the end of a query at %d, after %d, in %d bytes", end, last, n)
				}
				last = end
			})
			rest = rest[n:]
		}
		shown, asked := split(len(b) + 1)
		if len(b) >= maxHeld {
			return
		}
		if s, a := split(int(size)%17 + 1); s != shown || a != asked {
			t.Errorf("in pieces: output %q, queries %q; at once: %q, %q", s, a, shown, asked)
		}
		for _, seq := range bytes.SplitAfter([]byte(asked), []byte("\x1b\\")) {
			if len(seq) > 0 {
				Answer(seq, format.Size{Cols: 80, Rows: 24}, vt.New(80, 24))
			}
		}
	})
}
