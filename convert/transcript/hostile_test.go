package transcript_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/await"
)

// castOf returns a recording of pieces of output, 100 ms apart.
func castOf(header format.Header, pieces ...string) format.Cast {
	if header.Size == (format.Size{}) {
		header.Size = format.Size{Cols: 80, Rows: 24}
	}
	return format.Cast{Header: header, Events: func(yield func(format.Event, error) bool) {
		for i, p := range pieces {
			if !yield(format.Event{Time: time.Duration(i) * 100 * time.Millisecond, Code: format.Output, Data: p}, nil) {
				return
			}
		}
	}}
}

func commandsOf(t *testing.T, cast format.Cast, opts transcript.Options) []transcript.Command {
	t.Helper()
	var cmds []transcript.Command
	for c, err := range transcript.Commands(cast, opts) {
		if err != nil {
			t.Fatal(err)
		}
		cmds = append(cmds, c)
	}
	return cmds
}

func texts(cmds []transcript.Command) []string {
	var list []string
	for _, c := range cmds {
		list = append(list, c.Text)
	}
	return list
}

// forged is a file with marks, to be printed in a session.
const forged = "\x1b]133;D;0\x07\x1b]133;A\x07$ \x1b]133;B\x07rm -rf /\r\n\x1b]133;C;cmdline_url=rm%20-rf%20/\x07gone\r\n\x1b]133;D;0\x07" +
	"\x1b]133;A;aid=guess\x07$ \x1b]133;B;aid=guess\x07curl evil\r\n\x1b]133;C;aid=guess;cmdline_url=curl%20evil\x07\x1b]133;D;7;aid=guess\x07" +
	"\x1b]633;E;evil\x07\x1b]633;C\x07\x1b]633;D;1\x07"

// Marks that a program prints create no command, with or without a nonce in the
// recording.
func TestForgedMarks(t *testing.T) {
	const aid = ";aid=0123456789abcdef"
	signed := func(text string) string { return strings.ReplaceAll(text, "@", aid) }
	own := []string{
		signed("\x1b]133;A@\x07$ \x1b]133;B@\x07"), "cat evil",
		signed("\r\n\x1b]133;C@;hn=1;cmdline_url=cat%20evil\x07") + forged,
		signed("\x1b]133;D;3@\x07\x1b]133;A@\x07$ \x1b]133;B@\x07"), "echo ok",
		signed("\r\n\x1b]133;C@;hn=2;cmdline_url=echo%20ok\x07ok\r\n\x1b]133;D;0@\x07\x1b]133;A@\x07$ \x1b]133;B@\x07"),
	}
	header := format.Header{Extra: []format.Field{{Key: format.NonceKey, JSON: `"0123456789abcdef"`}}}
	cmds := commandsOf(t, castOf(header, own...), transcript.Options{})
	if diff := cmp.Diff([]string{"cat evil", "echo ok"}, texts(cmds)); diff != "" {
		t.Fatalf("with a nonce (-want +got):\n%s", diff)
	}
	if cmds[0].Exit != 3 || !cmds[0].HasExit || cmds[1].Exit != 0 || !cmds[0].Trusted {
		t.Errorf("with a nonce: exit %d, %d, trusted %v; want 3, 0, true", cmds[0].Exit, cmds[1].Exit, cmds[0].Trusted)
	}

	pasted := []string{
		"\x1b[?2004hme@box:~$ ", "cat evil", "\r\n\x1b[?2004l\r" + forged + "\x1b[?2004hme@box:~$ ",
		"echo ok", "\r\n\x1b[?2004l\rok\r\n\x1b[?2004hme@box:~$ ",
	}
	cmds = commandsOf(t, castOf(format.Header{}, pasted...), transcript.Options{})
	if diff := cmp.Diff([]string{"cat evil", "echo ok"}, texts(cmds)); diff != "" {
		t.Errorf("without a nonce (-want +got):\n%s", diff)
	}
	if cmds[0].Trusted {
		t.Errorf("without a nonce: %q with exit %d is trusted", cmds[0].Text, cmds[0].Exit)
	}
}

// TestBounded checks that recordings built to be expensive are cheap to read.
func TestBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("TestBounded is skipped with -short: it limits the time, and the race detector is slow")
	}
	repeat := func(s string, n int) string { return strings.Repeat(s, n/len(s)) }
	for name, data := range map[string]string{
		"switches":         repeat("\x1b[?2004h\x1b[?2004l", 2<<20),
		"prompts":          repeat("\x1b[?2004h$ x\r\n\x1b[?2004l", 2<<20),
		"whole screens":    repeat("\x1b[H\x1b[?2004hx\x1b[999B\r\n\x1b[?2004l", 2<<20),
		"clears":           repeat("x\x1b[H\x1b[2J", 2<<20),
		"marks":            repeat("\x1b]133;A\x07\x1b]133;B\x07x\n\x1b]133;C\x07\x1b]133;D\x07", 2<<20),
		"zsh":              repeat("\r\x1b[0m\x1b[27m\x1b[24m\x1b[J% \x1b[K\x1b[?2004h\x1b[?2004l\r\r\n", 2<<20),
		"redrawn":          "\x1b[?2004h$ " + repeat("\r\x1b[0m\x1b[27m\x1b[24mxx", 2<<20),
		"dollars":          repeat("\x1b[?2004h"+strings.Repeat("$ ", 2000)+"\r\n\x1b[?2004l", 2<<20),
		"an endless line":  "\x1b[?2004h$ " + repeat("abc", 2<<20),
		"endless output":   "\x1b[?2004h$ yes\r\n\x1b[?2004l" + repeat("y\r\n", 2<<20),
		"alternate":        repeat("\x1b[?1049hx\x1b[?1049l", 2<<20),
		"quotes":           repeat("\x1b[?2004h$ echo '\"(\r\n\x1b[?2004l\x1b[?2004h> ", 1<<19),
		"unfinished names": repeat("\x1b]133;C;cmdline_url=%", 1<<19),
	} {
		for _, size := range []format.Size{{Cols: 80, Rows: 24}, {Cols: 1000, Rows: 1000}} {
			t.Run(fmt.Sprintf("%s/%s", strings.ReplaceAll(name, " ", "_"), size), func(t *testing.T) {
				t.Parallel()
				// Quadratic work would take hours.
				guard := time.AfterFunc(await.Patience, func() { panic(t.Name() + " does not end") })
				defer guard.Stop()
				var pieces []string
				for at := 0; at < len(data); at += 1000 {
					pieces = append(pieces, data[at:min(at+1000, len(data))])
				}
				out := 0
				for c := range transcript.Commands(castOf(format.Header{Size: size}, pieces...), transcript.Options{Cancelled: true, REPL: true}) {
					out += len(c.Output) + len(c.Text)
					if len(c.Output) > 2*transcript.DefaultMaxOutput {
						t.Fatalf("output has %d bytes; the limit is %d", len(c.Output), transcript.DefaultMaxOutput)
					}
				}
				t.Logf("read %d bytes of commands and output", out)
			})
		}
	}
}

// FuzzCommands checks that the commands do not depend on how the bytes are
// split, and that nothing panics.
func FuzzCommands(f *testing.F) {
	casts, err := filepath.Glob("../../testdata/sessions/*.cast.gz")
	if err != nil || len(casts) == 0 {
		f.Fatalf("no seeds: %v", err)
	}
	for i, name := range casts {
		if i%5 != 0 {
			continue
		}
		file, err := format.OpenFile(name)
		if err != nil {
			f.Fatal(err)
		}
		var b strings.Builder
		for ev := range file.Events {
			if ev.Code == format.Output && b.Len() < 4000 {
				b.WriteString(ev.Data)
				b.WriteByte(0xff) // a pause
			}
		}
		file.Close()
		f.Add(b.String(), uint8(80), uint8(24))
	}
	f.Add(forged, uint8(20), uint8(3))
	f.Add(strings.Repeat("0", 32)+"# \xff0\n\x1b[A000\xff\n", uint8(53), uint8(24))
	f.Add("\x1b[?2004h$ a\xff\r\n\x1b[?2004lb\xff\x1b[?2004h$ \xff", uint8(2), uint8(1))
	f.Fuzz(func(t *testing.T, data string, cols, rows uint8) {
		header := format.Header{Size: format.Size{Cols: int(cols%100) + 1, Rows: int(rows%40) + 1}}
		opts := transcript.Options{REPL: true, Cancelled: true, Styled: true}
		pieces := strings.Split(data, "\xff")
		whole := commandsOf(t, castOf(header, pieces...), opts)
		var split []format.Event
		for i, p := range pieces {
			for j := range len(p) {
				split = append(split, format.Event{Time: time.Duration(i) * 100 * time.Millisecond, Code: format.Output, Data: p[j : j+1]})
			}
		}
		bytes := commandsOf(t, format.Cast{Header: header, Events: func(yield func(format.Event, error) bool) {
			for _, ev := range split {
				if !yield(ev, nil) {
					return
				}
			}
		}}, opts)
		if diff := cmp.Diff(whole, bytes); diff != "" {
			t.Errorf("byte by byte, the commands differ (-whole +bytes):\n%s", diff)
		}
		for _, style := range transcript.Styles {
			if err := transcript.Write(discard{}, style, []transcript.Recording{{Name: "x", Header: header, Commands: slices.Values(whole)}}, transcript.WriteOptions{}); err != nil {
				t.Errorf("%s: %v", style.Name, err)
			}
		}
	})
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }
