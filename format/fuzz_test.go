package format

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

// checkReader reads hostile bytes and checks the promises of every reader: it
// ends, times never decrease, sizes and statuses are valid, lenient reading
// warns only where strict reading fails, and strict reading returns no more
// events than lenient reading.
func checkReader(t *testing.T, open func(opts ...Option) recorded) {
	t.Helper()
	lenient := open()
	if lenient.err != nil {
		syntax, ok := errors.AsType[*SyntaxError](lenient.err)
		_, several := errors.AsType[*SeveralError](lenient.err)
		if !ok && !several && !errors.Is(lenient.err, ErrUnknownFormat) {
			t.Fatalf("error = %T %v; want a *SyntaxError", lenient.err, lenient.err)
		}
		_ = syntax
	}
	last := time.Duration(0)
	for i, ev := range lenient.events {
		if ev.Time < last || ev.Time > maxTime {
			t.Fatalf("event %d at %v comes after one at %v", i, ev.Time, last)
		}
		last = ev.Time
		switch ev.Code {
		case Resize:
			if _, err := ev.Size(); err != nil {
				t.Fatal(err)
			}
		case Exit:
			if _, err := ev.Status(); err != nil {
				t.Fatal(err)
			}
		case Output, Input:
			if ev.Data == "" {
				t.Fatalf("event %d is empty", i)
			}
		case Marker:
		default:
			t.Fatalf("event %d has code %q", i, ev.Code)
		}
	}
	strict := open(Strict())
	wrong := false
	for _, w := range lenient.warns {
		wrong = wrong || !w.Notice
	}
	if lenient.err == nil && wrong != (strict.err != nil) {
		t.Fatalf("lenient warnings = %v, but strict error = %v", lenient.warns, strict.err)
	}
	if len(strict.events) > len(lenient.events) {
		t.Fatalf("strict reading returned %d events, lenient reading %d", len(strict.events), len(lenient.events))
	}
}

// streamOf returns a function that reads b in format f, in pieces of all sizes.
func streamOf(f *Format, b []byte) func(opts ...Option) recorded {
	return func(opts ...Option) recorded {
		r := recorded{}
		cast, form, err := Open(bytes.NewReader(b), append([]Option{As(f), OnWarning(func(w Warning) { r.warns = append(r.warns, w) })}, opts...)...)
		if r.Cast, r.format, r.err = cast, form, err; err != nil {
			return r
		}
		for ev, err := range cast.Events {
			if err != nil {
				r.err = err
				break
			}
			r.events = append(r.events, ev)
		}
		return r
	}
}

// fuzzStream fuzzes the reader of a single-stream format. The seeds are valid
// and damaged recordings.
func fuzzStream(f *testing.F, form *Format, seeds ...[]byte) {
	if form.write != nil {
		for seed := range uint64(8) {
			h, events := randomSession(rand.New(rand.NewPCG(seed, 3)), false)
			if len(events) > 10 {
				events = events[:10]
			}
			for i := range events {
				events[i].Data = events[i].Data[:min(len(events[i].Data), 100)]
			}
			var b bytes.Buffer
			w, err := form.NewWriter(&b)
			if err != nil {
				f.Fatal(err)
			}
			if err := Copy(w, castOf(h, events...)); err != nil {
				f.Fatal(err)
			}
			seeds = append(seeds, b.Bytes())
		}
	}
	if len(seeds) == 0 {
		f.Fatal("no seeds")
	}
	for _, b := range seeds {
		f.Add(b)
		f.Add(b[:len(b)*2/3])
		if n := len(b); n > 40 {
			damaged := bytes.Clone(b)
			damaged[n/2] ^= 0xff
			damaged[n/3] = 0xff
			f.Add(damaged)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) { checkReader(t, streamOf(form, b)) })
}

func FuzzTtyrec(f *testing.F) {
	nle := func(channel byte, sec uint32, data string) []byte {
		b := binary.LittleEndian.AppendUint32(nil, sec)
		b = binary.LittleEndian.AppendUint32(b, 5)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
		return append(append(b, channel), data...)
	}
	fuzzStream(f, Ttyrec, bytes.Join([][]byte{nle(0, 1e9, "out"), nle(1, 1e9, "k"), nle(2, 1e9+1, "\x01\x00\x00\x00"), nle(0, 1e9+2, "more")}, nil),
		[]byte("\xff\xff\xff\xff\xff\xff\xff\xff\x05\x00\x00\x00hello"), []byte("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01hi"))
}

func FuzzBSDScript(f *testing.F) {
	fuzzStream(f, BSDScript, swapBSD([]byte(writtenF(f, BSDScript))))
}

// writtenF returns a small recording in format form.
func writtenF(tb testing.TB, form *Format) string {
	return written(tb, form, castOf(Header{Size: Size{80, 24}, Start: time.Unix(1e9, 0)},
		Event{Time: ms(10), Code: Output, Data: "out\r\n"}, Event{Time: ms(20), Code: Input, Data: "in\r"}, Event{Time: ms(30), Code: Resize, Data: "100x30"},
		Event{Time: ms(40), Code: Output, Data: "é\xff"}))
}

func FuzzTlog(f *testing.F) {
	line := strings.TrimSpace(writtenF(f, Tlog))
	quoted, _ := appendQuoted(nil, line)
	fuzzStream(f, Tlog,
		[]byte("Nov 25 10:00:00 vm tlog-rec[1]: "+line+"\nNov 25 10:00:01 vm sshd[2]: hello\n"),
		[]byte(`{"__CURSOR":"x","MESSAGE":"`+string(quoted)+"\"}\n{\"MESSAGE\":[104,105]}\n"),
		[]byte("__CURSOR=x\nMESSAGE="+line+"\n\n"),
		append(append([]byte("MESSAGE\n"), binary.LittleEndian.AppendUint64(nil, uint64(len(line)))...), line...),
		[]byte(`{"ver":2,"host":"h","rec":"a","user":"u","term":"x","session":1,"id":1,"pos":0,"time":1.5,"timing":" =80x24 <1 [1/2+5>3]1/1","in_txt":"a\ufffd","in_bin":[255,254],"out_txt":"abc\ufffd","out_bin":[200]}`+"\n"+
			`{"ver":"2.3","rec":"b","id":1,"pos":0,"timing":">1","out_txt":"x"}`))
}

func FuzzTTYLog(f *testing.F) {
	entry := func(op, n, dir, sec uint32, data string) []byte {
		var b []byte
		for _, v := range []uint32{op, 0, n, dir, sec, 7} {
			b = binary.LittleEndian.AppendUint32(b, v)
		}
		return append(b, data...)
	}
	fuzzStream(f, TTYLog, bytes.Join([][]byte{entry(ttyOpen, 0, 0, 1e9, ""), entry(ttyWrite, 3, ttyOutput, 1e9, "out"), entry(ttyWrite, 2, ttyInput, 1e9+1, "in"), entry(ttyClose, 0, 0, 1e9+2, "")}, nil))
}

func FuzzNHRecorder(f *testing.F) {
	fuzzStream(f, NHRecorder, []byte("\x00\x00\x00\x00\x00\x1b%G\x1b[8;24;80thello\x00\x05\x00\x00\x00world\x00\x01\x00\x00\x00\x1b[8;30;100t\x00\x02"))
}

// teleportOf returns a Teleport recording with the given parts, each a list of
// events.
func teleportOf(version uint64, parts ...[]string) []byte {
	var out []byte
	for _, events := range parts {
		var body bytes.Buffer
		zip := gzip.NewWriter(&body)
		for _, ev := range events {
			zip.Write(binary.BigEndian.AppendUint32(nil, uint32(len(ev))))
			io.WriteString(zip, ev)
		}
		zip.Close()
		const padding = 3
		out = binary.BigEndian.AppendUint64(out, version)
		out = binary.BigEndian.AppendUint64(out, uint64(body.Len()))
		out = binary.BigEndian.AppendUint64(out, padding)
		if version == 2 {
			out = append(out, make([]byte, 8)...)
		}
		out = append(append(out, body.Bytes()...), make([]byte, padding)...)
	}
	return out
}

// proto encodes a protocol buffers field.
func proto(n int, value any) string {
	switch v := value.(type) {
	case int:
		return string(binary.AppendUvarint(binary.AppendUvarint(nil, uint64(n)<<3), uint64(v)))
	case string:
		return string(binary.AppendUvarint(binary.AppendUvarint(nil, uint64(n)<<3|2), uint64(len(v)))) + v
	}
	panic("no value of a field")
}

// teleportSession returns a session as Teleport events.
func teleportSession() [][]string {
	meta := func(index, sec int) string { return proto(1, proto(1, index)+proto(5, proto(1, 1_700_000_000+sec))) }
	return [][]string{
		{proto(5, meta(0, 0)+proto(6, "80:24")+proto(9, "ls")+proto(9, "-l")), proto(7, meta(1, 0)+proto(3, "one")+proto(5, 20))},
		{proto(7, meta(1, 0)+proto(3, "one")+proto(5, 20)), proto(9, meta(2, 1)+proto(6, "100:30")), proto(7, meta(3, 2)+proto(3, "two\xff")+proto(5, 2000)), proto(10, meta(4, 3))},
	}
}

func FuzzTeleport(f *testing.F) {
	fuzzStream(f, Teleport, teleportOf(1, teleportSession()...), teleportOf(2, teleportSession()...))
}

func FuzzTerminalizer(f *testing.F) {
	fuzzStream(f, Terminalizer, []byte("# c\nconfig:\n  command: bash -l\n  cols: 80\n  rows: auto\n  env:\n    recording: true\n\nrecords:\n  - delay: 10\n    content: \"\\e[1mx\"\n"+
		"  - delay: 5\n    content: '''n'''\n  - delay: 5.5\n    content: |-\n      a\n      - b\n  - content: >-\n      folded\n      text\n    delay: -1\n"),
		[]byte("config:\n  cols: &a [*a]\nrecords: []\n"))
}

func FuzzRaw(f *testing.F) { fuzzStream(f, Raw, []byte("any\x1b[999;999Hbytes")) }

// FuzzTypescript fuzzes a typescript without timing.
func FuzzTypescript(f *testing.F) {
	fuzzStream(f, Script, []byte("Script started on 2026-11-21 19:37:00+00:00 [COMMAND=\"ls \" TERM=\"\" TERM=\"xterm\" COLUMNS=\"80\" LINES=\"24\"]\nhello\r\n\nScript done on 2026-11-21 19:38:00+00:00 [COMMAND_EXIT_CODE=\"3\"]\n"),
		[]byte("Script started on Sat Nov 21 20:06:52 2026\nCommand: ls\nhi\n\nCommand exit status: 3\nScript done on Sat\n"), []byte("[BEGIN TYPESCRIPT]\nx\n[END TYPESCRIPT]\n"), []byte("\n\n"))
}

// FuzzScript fuzzes a timing file with its logs.
func FuzzScript(f *testing.F) {
	head := "Script started on 2026-11-21 19:37:00+00:00 [TERM=\"xterm\" COLUMNS=\"80\" LINES=\"24\"]\n"
	f.Add("0.1 3\n0.2 2\n", head+"abcde\nScript done\n", head+"typed\n")
	f.Add("H 0.000000 START_TIME 2026-11-21 19:37:00+00:00\nH 0.0 OUTPUT_LOG out\nH 0.0 INPUT_LOG in\nO 0.1 3\nI 0.1 2\nS 0.1 SIGWINCH ROWS=30 COLS=100\nH 0.0 MARKER m\nO 0.1 2\nH 0.0 EXIT_CODE 3\n", head+"abcde", head+"in")
	f.Add("H 0.0 OUTPUT_LOG out\nH 0.0 INPUT_LOG out\nO 0.1 3\nI 0.1 2\nO 0.1 99999999999\n", head+"abcde", "")
	f.Add("0,5 1\r\n9999999999.999999 1\n0.1 0\n-1 2\nX 0.1 HELLO\n0.1 4", "abcdefgh", "")
	f.Add("0.000001 5000000\n", head+strings.Repeat("x", 1000), "")
	f.Fuzz(func(t *testing.T, timing, out, in string) {
		dir := t.TempDir()
		for name, text := range map[string]string{"timing": timing, "out": out, "in": in} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range []string{"timing", "out"} {
			checkReader(t, func(opts ...Option) recorded {
				return readAll(filepath.Join(dir, name), append(opts, As(Script))...)
			})
		}
		checkReader(t, func(opts ...Option) recorded {
			return readAll(filepath.Join(dir, "out"), append(opts, As(Script), TimingFile(filepath.Join(dir, "timing")), InputLog(filepath.Join(dir, "in")), LegacyShift())...)
		})
	})
}

// FuzzSudo fuzzes an I/O log.
func FuzzSudo(f *testing.F) {
	f.Add("4 0.023510682 5\n3 0.1 2\n5 0.1 30 100\n7 0.0 TSTP\n7 1.5 CONT\n1 0.0 3\n", "1795290491:u:root::/dev/pts/1:24:80\n/\nls -l\n", `{"timestamp":{"seconds":1795290554,"nanoseconds":5},"columns":80,"lines":24,"runargv":["ls","-l"],"runenv":["TERM=xterm"]}`, "hello and more", "in")
	f.Add("4 9999999999.0 99999999999999\n6 0.1 3\n9 0.1 3\n5 0.1 0 0\n4 0.1 -3\n", "x:y\n", "{", "\x1f\x8b\x08", "")
	f.Fuzz(func(t *testing.T, timing, log, logJSON, out, in string) {
		dir := t.TempDir()
		for name, text := range map[string]string{"timing": timing, "log": log, "log.json": logJSON, "ttyout": out, "ttyin": in, "stdout": out} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		checkReader(t, func(opts ...Option) recorded { return readAll(dir, append(opts, As(SudoIOLog))...) })
		checkReader(t, func(opts ...Option) recorded { return readAll(dir, append(opts, As(SudoIOLog), KeepSuspend())...) })
	})
}

// FuzzSniff checks that detection of any input ends in a recording or in one of
// the documented errors.
func FuzzSniff(f *testing.F) {
	for _, form := range []*Format{Ttyrec, Tlog, BSDScript, AsciicastV2} {
		f.Add([]byte(writtenF(f, form)))
	}
	f.Add(teleportOf(1, teleportSession()...))
	f.Add([]byte("0.1 3\n"))
	f.Add([]byte("4 0.1 3\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := readString(string(b))
		if r.Err == nil || errors.Is(r.Err, ErrUnknownFormat) {
			return
		}
		_, syntax := errors.AsType[*SyntaxError](r.Err)
		_, several := errors.AsType[*SeveralError](r.Err)
		if !syntax && !several && sniffCompression(bufio.NewReader(bytes.NewReader(b))) == Uncompressed {
			t.Fatalf("error = %T: %v", r.Err, r.Err)
		}
	})
}
