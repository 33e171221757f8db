package vt

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/internal/await"
)

// seeds are inputs for every part of the screen. The fuzzers start from them,
// and the tests run them.
var seeds = []string{
	"hello\r\nworld",
	"a\x1b[31;1mb\x1b[0mc\x1b[38;2;1;2;3;48;5;200md\x1b[4:3;58:2::9:8:7me",
	"0123456789012345678901234567890123456789 wraps \x1b[K and on",
	"\x1b[2;5r\x1b[5;1H1\n2\n3\n4\x1bM\x1b[H\x1b[2Lx\x1b[M\x1b[2S\x1b[T",
	"日本語\x1b[3G한\x1b[2Gx\x1b[1G\x1b[P\x1b[@",
	"cafe\u0301 \U0001F469\u200d\U0001F4BB \x1b[?2027h\U0001F469\u200d\U0001F4BB\U0001F1EF\U0001F1F5❤\ufe0f\x1b[?2027l",
	"\x1b[?1049h\x1b[44m\x1b[2Jalt\x1b[?1049lback",
	"\x1b[?69h\x1b[5;12s\x1b[3;3Habcdefghijklmnop\n\n\n\x1b[4L\x1b[2M\x1b[@\x1b[P\x1b['}\x1b['~",
	"\x1b[?6h\x1b[3;6r\x1b[Hx\x1b[10Ay\x1b[20Bz",
	"\x1b[4hins\x1b[1Gert\x1b[4l\x1b[20h1\n2\x1b[20l",
	"\x1b[3g\x1b[5GH\x1bH\x1b[20G\x1bH\r\tx\ty\x1b[Zz\x1b[2I",
	"\x1b(0lqqk\x1b(B\x1b)0\x0exx\x0f\x1b*0\x1bnq\x1bN~\x0f\x1b(A#",
	"\x1b]0;title\x07\x1b]2;two\x1b\\\x1b[22t\x1b]2;three\x07\x1b[23t\x1b]7;file:///tmp\x07",
	"\x1b]8;id=a;http://x/\x1b\\link\x1b]8;;\x1b\\ \x1b]4;1;rgb:ff/00/80\x07\x1b]11;#123\x07\x1b]104;1\x07",
	"\x1b]133;A\x07$ \x1b]133;B\x07ls\x1b]133;C\x07\x1b]633;E;ls\x07\x1b]1337;CurrentDir=/\x07",
	"\x1b[1\"qkeep\x1b[0\"qgone\x1b[1G\x1b[?K\x1b[?2J",
	"\x1b7\x1b[31m\x1b[5;5H\x1b8\x1b[s\x1b[u\x1b[!p\x1b#8\x1bc",
	"x\x1b[5b日\x1b[3b\x1b[?45h\r\x08\x08",
	"\x1b[?5h\x1b[?25l\x1b[?1000h\x1b[?1006h\x1b[?2004h\x1b[?2026h\x1b[3 q\x1b[>4;2m\x1b=",
	"\x1b[2*x\x1b[2;2;4;8;1;4:3;31$r\x1b[65;1;1;2;2$x\x1b[1;1;2;2;1;4;4;1$v\x1b[1;1;1;3$z",
	"\x1b[?7labcdefghijklmnopqrstuvwxyz日\x1b[?7h",
	"\x1bP1$r0m\x1b\\\x1bX ignored \x1b\\\x1b_G;x\x1b\\\x1b^pm\x1b\\",
	"\x1bP=1s\x1b\\\x1bP=2s\x1b\\\x1b[?1;2;6s\x1b[?6h\x1b[?6r",
	"\xc2\x9b31mred\xc2\x85\xc2\x9dxx\xc2\x9c\xff\xe2\x82\xf0\x9f\x98",
	"\x1b[38;5", "\x1b]2;half", "\x1b", "\x1b(", "\xf0\x9f", "\x1b[?2004", "\x1bP1;2", "\x1b[4:", "\x1b[ ",
	"\x1b[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18;19;20;21;22;23;24;25;26;27;28;29;30;31;32;33;34;35m",
	"\x1b[99999999999A\x1b[2147483647X\x1b[999999999@\x1b[99999999P\x1b[9999999L\x1b[9999999b",
	"\x1b[8;5;10t\x1b[8;30;t",
}

// corpusSeeds adds the seeds, and the inputs of the xterm.js suite if they are
// present.
func corpusSeeds(f *testing.F, add func(string)) {
	for _, s := range seeds {
		add(s)
	}
	for _, b := range behaviours {
		add(b.in)
	}
	if root := os.Getenv("TTYDECK_CORPUS"); root != "" {
		names, _ := filepath.Glob(filepath.Join(root, "vt", "xterm.js", "*.in"))
		if len(names) == 0 {
			f.Fatalf("no inputs in %s", root)
		}
		for _, name := range names {
			data, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			add(string(data[:min(len(data), 4096)]))
		}
	}
}

// size maps a number to a small screen size, and covers all of them.
func size(n uint16) (cols, rows int) { return 2 + int(n%37), 1 + int(n/37%11) }

// FuzzChunks checks that the screen does not depend on how the input is cut:
// whole, byte by byte, or in odd pieces.
func FuzzChunks(f *testing.F) {
	corpusSeeds(f, func(s string) { f.Add([]byte(s), uint16(20+37*6), uint8(3)) })
	f.Fuzz(func(t *testing.T, data []byte, dim uint16, piece uint8) {
		cols, rows := size(dim)
		opts := []Option{Scrollback(int(piece) % 5)}
		whole := New(cols, rows, opts...)
		whole.Write(data)
		check(t, whole)
		want := dump(whole, true)

		single := New(cols, rows, opts...)
		for i := range data {
			single.Write(data[i : i+1])
		}
		same(t, "byte by byte", dump(single, true), want)

		n := int(piece)%13 + 2
		pieces := New(cols, rows, opts...)
		for i := 0; i < len(data); i += n {
			pieces.WriteString(string(data[i:min(i+n, len(data))]))
		}
		same(t, "in pieces", dump(pieces, true), want)
	})
}

// FuzzState checks that the output of AppendState restores the screen, on a
// blank screen and on a used one.
func FuzzState(f *testing.F) {
	corpusSeeds(f, func(s string) { f.Add([]byte(s), []byte("\x1b[?1049h\x1b[5;6rjunk\x1b["), uint16(20+37*6)) })
	f.Fuzz(func(t *testing.T, data, other []byte, dim uint16) {
		cols, rows := size(dim)
		s := New(cols, rows, NoSizeChange())
		s.Write(data)
		want := dump(s, false)
		state := s.AppendState(nil)
		same(t, "AppendState changed the screen", dump(s, false), want)

		blank := New(cols, rows, NoSizeChange())
		blank.Write(state)
		check(t, blank)
		same(t, "into a blank screen", dump(blank, false), want)

		used := New(cols, rows, NoSizeChange())
		used.Write(other)
		// AppendState does not know what was on the stacks of titles, or saved by
		// XTSAVE.
		used.titles, used.icons, used.savedModes = nil, nil, modeDefaults
		used.Write(state)
		check(t, used)
		same(t, "into a used screen", dump(used, false), want)
	})
}

// FuzzSnapshot checks that a restored screen equals the original, now and after
// further input.
func FuzzSnapshot(f *testing.F) {
	corpusSeeds(f, func(s string) {
		f.Add([]byte(s), []byte("more\r\n\x1b[Atext\u0301\x1b[1049l"), uint16(20+37*6), uint16(31+37*2))
	})
	f.Fuzz(func(t *testing.T, past, future []byte, dim, dim2 uint16) {
		cols, rows := size(dim)
		s := New(cols, rows, Scrollback(int(dim)%150))
		s.Write(past)
		want := dump(s, true)
		n := s.Snapshot()
		same(t, "Snapshot changed the screen", dump(s, true), want)
		again := s.Snapshot()

		cols2, rows2 := size(dim2)
		fresh := New(cols2, rows2, Scrollback(int(dim)%150))
		fresh.WriteString("something e\u0301lse \x1b[?1049h\x1b]8;;u\x07")
		fresh.Restore(n)
		check(t, fresh)
		same(t, "restored elsewhere", dump(fresh, true), want)

		s.Write(future)
		s.Resize(cols2, rows2)
		s.Write(past)
		check(t, s)
		end := dump(s, true)

		fresh.Write(future)
		fresh.Resize(cols2, rows2)
		fresh.Write(past)
		same(t, "future elsewhere", dump(fresh, true), end)

		s.Restore(again)
		check(t, s)
		same(t, "restored in place", dump(s, true), want)
		s.Write(future)
		s.Resize(cols2, rows2)
		s.Write(past)
		same(t, "future in place", dump(s, true), end)
	})
}

// FuzzAny checks that no input and no resize panics, hangs or exceeds the
// bounds.
func FuzzAny(f *testing.F) {
	corpusSeeds(f, func(s string) { f.Add([]byte(s), uint16(80), uint16(25), uint16(60000), uint16(3)) })
	f.Fuzz(func(t *testing.T, data []byte, c1, r1, c2, r2 uint16) {
		start := time.Now()
		s := New(int(c1)-100, int(r1)-100, Scrollback(50), WithHooks(Hooks{
			LineLeft: func(r Row, _ Leave) { _ = r.Wrapped() },
			Mark:     func(Mark) {},
		}))
		half := len(data) / 2
		s.Write(data[:half])
		s.Resize(int(c2), int(r2))
		s.Write(data[half:])
		s.Resize(int(c1), int(r2))
		cols, rows := s.Size()
		if cols*rows > MaxCells {
			t.Fatalf("size = %dx%d; want at most MaxCells", cols, rows)
		}
		if cols*rows < 20000 {
			check(t, s)
		}
		s.Snapshot()
		// A byte may cost at most one screenful; this limit is far higher.
		if limit := await.Patience + time.Duration(len(data)*cols*rows)*10*time.Nanosecond; time.Since(start) > limit {
			t.Fatalf("%d bytes took %v", len(data), time.Since(start))
		}
	})
}
