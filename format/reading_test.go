package format

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/ttydeck/ttydeck/internal/await"
	"golang.org/x/text/encoding/charmap"
)

// ttyrecOf returns a ttyrec of records: seconds, microseconds, data.
func ttyrecOf(records ...any) string {
	var b []byte
	for i := 0; i < len(records); i += 3 {
		sec, usec, data := records[i].(int), records[i+1].(int), records[i+2].(string)
		b = binary.LittleEndian.AppendUint32(b, uint32(sec))
		b = binary.LittleEndian.AppendUint32(b, uint32(usec))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
		b = append(b, data...)
	}
	return string(b)
}

// eventsText formats events for the tables below.
func eventsText(events []Event) string {
	var b strings.Builder
	for _, ev := range events {
		fmt.Fprintf(&b, "%v %s %q\n", ev.Time, ev.Code, ev.Data)
	}
	return b.String()
}

// linesOf joins lines.
func linesOf(list ...string) string { return strings.Join(list, "\n") + "\n" }

const tlogHeadText = `{"ver":"2.3","host":"h","rec":"%s","user":"u","term":"xterm","session":1,"id":%d,"pos":%d,"time":1700000000.5,"timing":"%s","in_txt":"%s","in_bin":[%s],"out_txt":"%s","out_bin":[%s]}`

const nleName = "ttyrec of the NetHack Learning Environment"

// TestReadStreams checks the events and warnings of many inputs.
func TestReadStreams(t *testing.T) {
	const start = 1_700_000_000
	whole := ttyrecOf(start, 0, "\x1b%G\x1b[8;30;100t", start, 500_000, "one", start+2, 0, "two")
	for _, row := range []struct {
		name   string
		input  string
		opts   []Option
		format string
		size   Size
		events string
		kinds  string
	}{
		{name: "ttyrec with a size", input: whole, format: "ttyrec", size: Size{100, 30},
			events: linesOf(`500ms o "one"`, `2s o "two"`)},
		{name: "ttyrec cut off in a record", input: whole[:len(whole)-1], format: "ttyrec", size: Size{100, 30},
			events: linesOf(`500ms o "one"`, `2s o "tw"`), kinds: "cut off"},
		{name: "ttyrec cut off in a header", input: whole[:len(whole)-10], format: "ttyrec", size: Size{100, 30},
			events: linesOf(`500ms o "one"`), kinds: "cut off"},
		{name: "ttyrec whose clock goes back goes on from there", format: "ttyrec", kinds: "size unknown, time goes back",
			input:  ttyrecOf(start, 0, "a", start+10, 0, "b", start-3600, 0, "c", start-3599, 0, "d"),
			events: linesOf(`0s o "a"`, `10s o "b"`, `10s o "c"`, `11s o "d"`)},
		{name: "ttyrec with an empty record", format: "ttyrec", kinds: "size unknown",
			input:  ttyrecOf(start, 0, "a", start+1, 0, "", start+2, 0, "b"),
			events: linesOf(`0s o "a"`, `2s o "b"`)},
		{name: "ttyrec of OVH beyond 32 bits", format: "ttyrec", kinds: "size unknown",
			input:  ttyrecOf(5, 1<<20|250_000, "a", 6, 1<<20|250_000, "b"),
			events: linesOf(`0s o "a"`, `1s o "b"`)},
		{name: nleName, format: "ttyrec", kinds: "size unknown",
			input:  nleOf(start, 0, "a", start, 1, "k", start+1, 2, "\x05\x00\x00\x00", start+2, 0, "b"),
			events: linesOf(`0s o "a"`, `0s i "k"`, `2s o "b"`)},
		{name: "a size that is inferred", format: "ttyrec", size: Size{132, 43}, kinds: "size inferred",
			input:  ttyrecOf(start, 0, "\x1b[1;43r\x1b[999;999H\x1b[6n\x1b[20;120Hstatus to 132\x1b[1;1H"),
			events: linesOf(`0s o "\x1b[1;43r\x1b[999;999H\x1b[6n\x1b[20;120Hstatus to 132\x1b[1;1H"`)},
		{name: "a size that the user gives", format: "ttyrec", size: Size{90, 20}, opts: []Option{DefaultSize(Size{90, 20})},
			input: ttyrecOf(start, 0, "\x1b[43;120H"), events: linesOf(`0s o "\x1b[43;120H"`)},
		{name: "a number of rows that the user gives", format: "ttyrec", size: Size{120, 50}, opts: []Option{DefaultSize(Size{Rows: 50})},
			input: ttyrecOf(start, 0, "\x1b[43;120H"), events: linesOf(`0s o "\x1b[43;120H"`), kinds: "size inferred"},
		{name: "CP437 and DEC line drawing of NetHack", format: "ttyrec", kinds: "size unknown", opts: []Option{Encoding(charmap.CodePage437)},
			input:  ttyrecOf(start, 0, "\xda\xc4\xbf\xfa\xb1", start, 1, "\x1b(0lqk\x1b(B\x0elqk\x0f"),
			events: linesOf(`0s o "┌─┐·▒"`, `1µs o "\x1b(0lqk\x1b(B\x0elqk\x0f"`)},
		{name: "an encoding whose characters are split", format: "ttyrec", kinds: "size unknown", opts: []Option{encodingNamed(t, "shift_jis")},
			input:  ttyrecOf(start, 0, "\x93", start, 1, "\xfa\x96{"),
			events: linesOf(`1µs o "日本"`)},
		{name: "an encoding for what is UTF-8", format: "tlog", size: Size{80, 24}, kinds: "encoding ignored", opts: []Option{Encoding(charmap.ISO8859_1)},
			input:  linesOf(fmt.Sprintf(tlogHeadText, "a", 1, 0, "=80x24>1", "", "", "é", "")),
			events: linesOf(`0s o "é"`)},
		{name: "raw at a speed", input: "0123456789", opts: []Option{As(Raw), BytesPerSecond(100)}, format: "raw", kinds: "size unknown",
			events: linesOf(`20ms o "01"`, `40ms o "23"`, `60ms o "45"`, `80ms o "67"`, `100ms o "89"`)},
		{name: "typescript alone", format: "script", size: Size{80, 24},
			input:  "Script started on 2026-11-21 19:36:51+00:00 [COMMAND=\"echo \"a\" b\" TERM=\"xterm\" TTY=\"/dev/pts/0\" COLUMNS=\"80\" LINES=\"24\"]\nhello\r\n\nScript done on 2026-11-21 19:37:00+00:00 [COMMAND_EXIT_CODE=\"3\"]\n",
			events: linesOf(`0s o "hello\r\n"`, `0s x "3"`)},
		{name: "typescript of Guacamole", format: "script", input: "[BEGIN TYPESCRIPT]\nhello\n[END TYPESCRIPT]\n", kinds: "size unknown",
			events: linesOf(`0s o "hello"`)},
		{name: "tlog: window, text, bytes, delays", format: "tlog", size: Size{80, 24},
			input: linesOf(fmt.Sprintf(tlogHeadText, "a", 1, 0, "=80x24+5>2 <1+3]2/3>1=100x30", "i", "", "é日\ufffd\ufffdz", "255,254,195"),
				fmt.Sprintf(tlogHeadText, "a", 2, 20, "=100x30[1/1>1", "\ufffd", "200", "w", "")),
			events: linesOf(`5ms o "é日"`, `5ms i "i"`, `8ms o "\xff\xfe\xc3"`, `8ms o "z"`, `8ms r "100x30"`, `20ms i "\xc8"`, `20ms o "w"`)},
		{name: "tlog: drift ends with the next message", format: "tlog", kinds: "size unknown",
			input: linesOf(fmt.Sprintf(tlogHeadText, "a", 1, 0, ">1+1>1", "", "", "ab", ""),
				fmt.Sprintf(tlogHeadText, "a", 2, 3000, ">1", "", "", "c", "")),
			events: linesOf(`0s o "a"`, `1ms o "b"`, `3s o "c"`)},
		{name: "tlog: messages are missing", format: "tlog", kinds: "messages are missing, size unknown",
			input: linesOf(fmt.Sprintf(tlogHeadText, "a", 1, 0, ">1", "", "", "a", ""),
				fmt.Sprintf(tlogHeadText, "a", 4, 5, ">1", "", "", "b", "")),
			events: linesOf(`0s o "a"`, `5ms o "b"`)},
		{name: "tlog: more is claimed than there is", format: "tlog", kinds: "malformed timing, size unknown",
			input: linesOf(fmt.Sprintf(tlogHeadText, "a", 1, 0, ">1>5", "", "", "ab", ""),
				fmt.Sprintf(tlogHeadText, "a", 2, 5, ">1", "", "", "c", "")),
			events: linesOf(`0s o "a"`, `5ms o "c"`)},
		{name: "tlog: cut off", format: "tlog", kinds: "cut off, size unknown",
			input:  linesOf(fmt.Sprintf(tlogHeadText, "a", 1, 0, ">1", "", "", "a", "")) + `{"ver":"2.3","host":"h","rec":"a","us`,
			events: linesOf(`0s o "a"`)},
		{name: "tlog in syslog", format: "tlog", kinds: "size unknown",
			input: "Nov 25 10:00:00 vm sshd[1]: hello\nNov 25 10:00:00 vm tlog-rec-session[2]: " +
				linesOf(fmt.Sprintf(tlogHeadText, "a", 1, 0, ">1", "", "", "a", "")),
			events: linesOf(`0s o "a"`)},
		{name: "tlog in journalctl -o json", format: "tlog", kinds: "size unknown",
			input: linesOf(`{"__CURSOR":"s","MESSAGE":"other"}`, `{"__CURSOR":"t","MESSAGE":`+jsonOf(fmt.Sprintf(tlogHeadText, "a", 1, 0, ">1", "", "", "a", ""))+`,"TLOG_REC":"a"}`,
				`{"MESSAGE":`+strings.ReplaceAll(fmt.Sprint([]byte(fmt.Sprintf(tlogHeadText, "a", 2, 7, ">1", "", "", "b", ""))), " ", ",")+`}`),
			events: linesOf(`0s o "a"`, `7ms o "b"`)},
		{name: "tlog in journalctl -o export", format: "tlog", kinds: "size unknown",
			input: "__CURSOR=s\nMESSAGE=" + linesOf(fmt.Sprintf(tlogHeadText, "a", 1, 0, ">1", "", "", "a", ""), "") +
				"__CURSOR=t\nMESSAGE\n" + fieldOf(fmt.Sprintf(tlogHeadText, "a", 2, 9, ">1", "", "", "\x7f", "")),
			events: linesOf(`0s o "a"`, `9ms o "\x7f"`)},
		{name: "one of several recordings by tlog", format: "tlog", kinds: "size unknown", opts: []Option{Recording("b")},
			input: linesOf(fmt.Sprintf(tlogHeadText, "a", 1, 0, ">1", "", "", "a", ""), fmt.Sprintf(tlogHeadText, "b", 1, 0, ">1", "", "", "b", ""),
				fmt.Sprintf(tlogHeadText, "a", 2, 5, ">1", "", "", "A", ""), fmt.Sprintf(tlogHeadText, "b", 2, 6, ">1", "", "", "B", "")),
			events: linesOf(`0s o "b"`, `6ms o "B"`)},
		{name: "Teleport", input: string(teleportOf(1, teleportSession()...)), format: "teleport", size: Size{80, 24},
			events: linesOf(`20ms o "one"`, `1s r "100x30"`, `2s o "two\xff"`)},
		{name: "Teleport version 2", input: string(teleportOf(2, teleportSession()...)), format: "teleport", size: Size{80, 24},
			events: linesOf(`20ms o "one"`, `1s r "100x30"`, `2s o "two\xff"`)},
		{name: "Teleport cut off", input: string(teleportOf(1, teleportSession()...)[:200]), format: "teleport", size: Size{80, 24},
			events: linesOf(`20ms o "one"`, `1s r "100x30"`), kinds: "damaged or cut off"},
		{name: "Terminalizer", format: "terminalizer", size: Size{100, 30},
			input:  "config:\n  command: ls -l\n  cols: 100\n  rows: 30\nrecords:\n  - delay: 10\n    content: \"\\e[1m\\U0001F44D\"\n  - delay: 5\n    content: ''''\n  - delay: 5.5\n    content: \\\n  - delay: 1\n    content: |-\n      a\n      - b\n",
			events: linesOf(`10ms o "\x1b[1m👍"`, `15ms o "'"`, `20.5ms o "\\"`, `21.5ms o "a\n- b"`)},
		{name: "ttylog of User-Mode Linux, whose directions are reversed", format: "ttylog", kinds: "size unknown",
			input:  ttylogOf(ttyOpen, 0, 10, "", ttyWrite, 1, 10, "prompt", ttyWrite, 2, 11, "typed", ttyClose, 0, 12, ""),
			events: linesOf(`0s o "prompt"`, `1s i "typed"`)},
		{name: "nh_recorder", input: "\x00\x00\x00\x00\x00\x1b%G\x1b[8;24;80thello\x00\x32\x00\x00\x00world", format: "nh", size: Size{80, 24},
			events: linesOf(`0s o "hello"`, `500ms o "world"`)},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := readString(row.input, row.opts...)
			if got.Err != nil {
				t.Fatal(got.Err)
			}
			if got.Format != row.format || got.Header.Size != row.size {
				t.Errorf("format %s, size %v; want %s, %v", got.Format, got.Header.Size, row.format, row.size)
			}
			if text := eventsText(got.Events); text != row.events {
				t.Errorf("events:\n%swant\n%s", text, row.events)
			}
			if kinds := (recorded{warns: got.Warnings}).kinds(); kinds != row.kinds {
				t.Errorf("warnings = %q; want %q", kinds, row.kinds)
			}
			// Strict reading fails if there is a warning, but not for a notice.
			wrong := false
			for _, w := range got.Warnings {
				wrong = wrong || !w.Notice
			}
			if strict := readString(row.input, append(row.opts, Strict())...); wrong != (strict.Err != nil) {
				t.Errorf("strict reading = %v", strict.Err)
			}
			if row.name == nleName {
				return // detected by its second record, so not byte by byte
			}
			// Byte by byte, the output is the same.
			drops := read(iotest.OneByteReader(strings.NewReader(row.input)), append(row.opts, As(must(ByName(row.format))))...)
			if joined, want := (recorded{events: drops.Events}).data(Output), (recorded{events: got.Events}).data(Output); drops.Err != nil || joined != want {
				t.Errorf("byte by byte, output = %q, %v; want %q", joined, drops.Err, want)
			}
		})
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func encodingNamed(t *testing.T, name string) Option {
	enc, err := EncodingByName(name)
	if err != nil {
		t.Fatal(err)
	}
	return Encoding(enc)
}

// nleOf returns records with headers of 13 bytes: seconds, channel, data.
func nleOf(records ...any) string {
	var b []byte
	for i := 0; i < len(records); i += 3 {
		sec, channel, data := records[i].(int), records[i+1].(int), records[i+2].(string)
		b = binary.LittleEndian.AppendUint32(b, uint32(sec))
		b = binary.LittleEndian.AppendUint32(b, 0)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
		b = append(append(b, byte(channel)), data...)
	}
	return string(b)
}

// ttylogOf returns a ttylog: operation, direction, seconds, data.
func ttylogOf(records ...any) string {
	var b []byte
	for i := 0; i < len(records); i += 4 {
		data := records[i+3].(string)
		for _, v := range []int{records[i].(int), 0, len(data), records[i+1].(int), 1_000_000_000 + records[i+2].(int), 0} {
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		}
		b = append(b, data...)
	}
	return string(b)
}

func jsonOf(s string) string {
	b, _ := appendQuoted(nil, s)
	return `"` + string(b) + `"`
}

// fieldOf encodes a binary field of the journal's export format.
func fieldOf(s string) string {
	return string(binary.LittleEndian.AppendUint64(nil, uint64(len(s)))) + s + "\n"
}

func TestEncodingByName(t *testing.T) {
	for _, name := range []string{"cp437", "CP437", "IBM437", "latin1", "iso-8859-15", "koi8-r", "cp850", "cp1252", "windows-1252", "shift_jis", "gbk", "big5", "euc-jp"} {
		if enc, err := EncodingByName(name); enc == nil || err != nil {
			t.Errorf("EncodingByName(%q) = %v, %v; want an encoding", name, enc, err)
		}
	}
	for _, name := range []string{"utf-8", "UTF8"} {
		if enc, err := EncodingByName(name); enc != nil || err != nil {
			t.Errorf("EncodingByName(%q) = %v, %v; want nil, nil", name, enc, err)
		}
	}
	if _, err := EncodingByName("nosuch"); err == nil {
		t.Error(`EncodingByName("nosuch") returned no error`)
	}
}

func TestSeveralRecordings(t *testing.T) {
	one := func(rec string, id, pos int) string {
		return fmt.Sprintf(tlogHeadText, rec, id, pos, ">1", "", "", "x", "")
	}
	padding := strings.Repeat(`{"MESSAGE":"some other program wrote this"}`+"\n", 3000)
	for name, text := range map[string]string{
		"at once": linesOf(one("a", 1, 0), one("b", 1, 0)),
		"later":   linesOf(one("a", 1, 0)) + padding + linesOf(one("b", 1, 0), one("a", 2, 5)),
	} {
		got := readString(text)
		several, ok := errors.AsType[*SeveralError](got.Err)
		if !ok {
			t.Fatalf("%s: error = %v; want a *SeveralError", name, got.Err)
		}
		if len(several.Recordings) != 2 || several.Recordings[0].ID != "a" || several.Recordings[1].ID != "b" || several.Recordings[1].User != "u" {
			t.Errorf("%s: recordings = %+v; want a and b", name, several.Recordings)
		}
		if text := several.Error(); !strings.Contains(text, "\n  b  u@h  2023-11-14T22:13:20Z") {
			t.Errorf("%s: error = %q; want a line for b", name, text)
		}
	}
	if got := readString(linesOf(one("a", 1, 0)), Recording("c")); got.Err == nil || !strings.Contains(got.Err.Error(), `no recording "c"`) {
		t.Errorf("error = %v; want one that reports no recording c", got.Err)
	}
}

func TestEncryptedTeleport(t *testing.T) {
	b := teleportOf(2, teleportSession()...)
	b[24] = 1
	if got := readString(string(b)); got.Err == nil || !strings.Contains(got.Err.Error(), "encrypted") {
		t.Errorf("error = %v; want one that reports encryption", got.Err)
	}
}

// TestScriptFiles checks which files are joined to one recording, and how they
// read.
func TestScriptFiles(t *testing.T) {
	const head = "Script started on 2026-11-21 19:36:51+00:00 [TERM=\"xterm\" COLUMNS=\"80\" LINES=\"24\"]\n"
	const foot = "\nScript done on 2026-11-21 19:37:00+00:00 [COMMAND_EXIT_CODE=\"3\"]\n"
	for _, row := range []struct {
		name   string
		files  map[string]string
		open   string
		opts   []Option
		events string
		kinds  string
		parts  string
	}{
		{name: "names without a pattern, found by their lengths", open: "session1",
			files:  map[string]string{"session1": head + "abcde" + foot, "when": "0.100000 3\n0.200000 2\n", "notes": "other\n", "other": "0.5 7\n"},
			events: linesOf(`100ms o "abc"`, `300ms o "de"`, `300ms x "3"`), parts: "session1 when"},
		{name: "from the timing", open: "when",
			files:  map[string]string{"session1": head + "abcde" + foot, "when": "0.100000 3\n0.200000 2\n", "s2": head + "abcdef" + foot},
			events: linesOf(`100ms o "abc"`, `300ms o "de"`, `300ms x "3"`), parts: "session1 when"},
		{name: "of busybox, without a first line", open: "log",
			files:  map[string]string{"log": "abcde", "log.timing": "0.1 3\n0.2 2\n"},
			events: linesOf(`100ms o "abc"`, `300ms o "de"`), kinds: "size unknown"},
		{name: "old, in another language", open: "typescript",
			files:  map[string]string{"typescript": "Skript gestartet auf Di 24 Nov 2015 10:00:00 CET\nabcde\nSkript beendet\n", "timing": "0.1 3\n0.2 2\n"},
			events: linesOf(`100ms o "abc"`, `300ms o "de"`), kinds: "size unknown"},
		{name: "of util-linux 2.24, whose times are one late", open: "timing", opts: []Option{LegacyShift()},
			files:  map[string]string{"typescript": head + "abcde" + foot, "timing": "0.5 3\n2 1\n3 1\n"},
			events: linesOf(`2.5s o "abc"`, `5.5s o "d"`, `5.5s o "e"`, `5.5s x "3"`)},
		{name: "killed: more output than timing", open: "typescript",
			files:  map[string]string{"typescript": head + "abcdefg", "typescript.timing": "0.1 3\n0.2 2\n"},
			events: linesOf(`100ms o "abc"`, `300ms o "de"`, `300ms o "fg"`), kinds: "output after the end of the timing"},
		{name: "killed: less output than timing", open: "typescript",
			files:  map[string]string{"typescript": head + "abcd", "typescript.timing": "0.1 3\n0.2 2\n0.2 5\n"},
			events: linesOf(`100ms o "abc"`, `300ms o "d"`), kinds: "cut off"},
		{name: "killed: timing cut off", open: "typescript",
			files:  map[string]string{"typescript": head + "abcde", "typescript.timing": "0.1 3\n0.2 2"},
			events: linesOf(`100ms o "abc"`, `100ms o "de"`), kinds: "not a timing entry, output after the end of the timing"},
		{name: "markers and unknown entries", open: "out",
			files:  map[string]string{"out": head + "ab" + foot, "t": "H 0.000000 OUTPUT_LOG out\nO 0.100000 1\nH 0.000000 MARKER a b\nX 0.300000 what\nS 0.100000 SIGTERM\nS 0.100000 SIGWINCH ROWS=30 COLS=100\nO 0.000000 1\nH 0.000000 EXIT_CODE 7\n"},
			events: linesOf(`100ms o "a"`, `100ms m "a b"`, `600ms r "100x30"`, `600ms o "b"`, `600ms x "7"`), kinds: "not a timing entry"},
		{name: "the log of the input is missing", open: "t",
			files:  map[string]string{"out": head + "ab" + foot, "t": "H 0.000000 OUTPUT_LOG out\nH 0.000000 INPUT_LOG in\nO 0.100000 1\nI 0.100000 1\nO 0.1 1\n"},
			events: linesOf(`100ms o "a"`, `300ms o "b"`, `300ms x "3"`), kinds: "input log is missing"},
		{name: "a recording does not make us read other files", open: "sub/t",
			files:  map[string]string{"secret": "abcdefgh", "sub/secret2": "x", "sub/t": "H 0.000000 OUTPUT_LOG ../secret\nO 0.100000 8\n"},
			events: "", kinds: "error"},
		{name: "the timing is named", open: "a", opts: []Option{func(o *options) { o.timing = filepath.Join(filepath.Dir(o.name), "elsewhere/t") }},
			files:  map[string]string{"a": head + "ab" + foot, "elsewhere/t": "0.1 2\n"},
			events: linesOf(`100ms o "ab"`, `100ms x "3"`)},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range row.files {
				path := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			r := readAll(filepath.Join(dir, row.open), row.opts...)
			if r.err != nil {
				if row.kinds != "error" {
					t.Fatal(r.err)
				}
				return
			}
			if text := eventsText(r.events); text != row.events {
				t.Errorf("events:\n%swant\n%s", text, row.events)
			}
			if kinds := r.kinds(); kinds != row.kinds {
				t.Errorf("warnings = %q; want %q\n%v", kinds, row.kinds, r.warns)
			}
			if row.parts != "" {
				var parts []string
				for _, p := range r.parts {
					parts = append(parts, filepath.Base(p))
				}
				if got := strings.Join(parts, " "); got != row.parts {
					t.Errorf("parts = %q; want %q", got, row.parts)
				}
			}
		})
	}
}

// TestSudoOldLog reads a log of sudo before 1.9 that is cut off.
func TestSudoOldLog(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"log": "1795290491:nobody:root::/dev/pts/1:24:80\n/\nls -l\n", "ttyout": "hello, w", "ttyin": "x", "stdout": "a\nb\r\n",
		"timing": "4 0.5 5\n3 0,25 1\n1 0.25 5\n5 1.0 30 100\n4 0.000000001 8\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := readAll(dir)
	if r.err != nil {
		t.Fatal(r.err)
	}
	want := linesOf(`500ms o "hello"`, `750ms i "x"`, `1s o "a\r\nb\r\n"`, `2s r "100x30"`, `2.000000001s o ", w"`)
	if got := eventsText(r.events); got != want {
		t.Errorf("events:\n%swant\n%s", got, want)
	}
	if r.kinds() != "cut off" || r.Header.Size != (Size{80, 24}) || r.Header.Command != "ls -l" || !r.Header.Start.Equal(time.Unix(1795290491, 0)) {
		t.Errorf("warnings = %q, header = %+v", r.kinds(), r.Header)
	}
	if f := DetectDir(dir); f != SudoIOLog {
		t.Errorf("DetectDir = %v; want %v", f, SudoIOLog)
	}
}

// Data from a pipe is returned at once, before more arrives, even where the
// size has to be inferred.
func TestFollowsAPipe(t *testing.T) {
	for _, f := range []*Format{Ttyrec, BSDScript, Raw} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		text := written(t, f, castOf(Header{Start: time.Unix(1_700_000_000, 0)}, Event{Time: ms(10), Code: Output, Data: "first, and a line of more than a little\r\n"}))
		w.WriteString(text)
		first := make(chan string)
		go func() {
			cast, _, err := Open(r, As(f))
			if err != nil {
				first <- err.Error()
				return
			}
			for ev, err := range cast.Events {
				first <- fmt.Sprint(ev.Data, err)
				break
			}
		}()
		select {
		case got := <-first:
			if !strings.HasPrefix(got, "first") {
				t.Errorf("%s: first event = %q", f, got)
			}
		case <-time.After(await.Patience):
			t.Errorf("%s: no event arrived while the pipe was open", f)
		}
		w.Close()
		r.Close()
	}
}

// A typescript and its timing may both be compressed.
func TestScriptCompressed(t *testing.T) {
	const head = "Script started on 2026-11-21 19:36:51+00:00 [TERM=\"xterm\" COLUMNS=\"80\" LINES=\"24\"]\n"
	for _, c := range []Compression{Gzip, Zstd} {
		dir := t.TempDir()
		for name, text := range map[string]string{"old": head + "abcde\nScript done on x [COMMAND_EXIT_CODE=\"3\"]\n", "when": "0.100000 3\n0.200000 2\n", "other": head + "abc\n"} {
			file := must(os.Create(filepath.Join(dir, name+c.Ext())))
			w := must(c.NewWriter(file))
			w.Write([]byte(text))
			w.Close()
			file.Close()
		}
		for _, name := range []string{"old", "when"} {
			r := readAll(filepath.Join(dir, name+c.Ext()), Strict())
			if got, want := eventsText(r.events), linesOf(`100ms o "abc"`, `300ms o "de"`, `300ms x "3"`); r.err != nil || got != want {
				t.Errorf("%s, %s: %v, events:\n%swant\n%s", name, c, r.err, got, want)
			}
			if r.Header.Size != (Size{80, 24}) {
				t.Errorf("size = %v; want 80x24", r.Header.Size)
			}
		}
	}
}

// A recording that is cut off, compressed or not, returns everything before the
// cut and one warning.
func TestCutOffIsSaidOnce(t *testing.T) {
	session := castOf(Header{Size: Size{80, 24}, Start: time.Unix(1_700_000_000, 0)},
		Event{Time: ms(1), Code: Output, Data: strings.Repeat("first ", 200)}, Event{Time: ms(200), Code: Output, Data: strings.Repeat("second 漢 ", 2000)},
		Event{Time: ms(20_000), Code: Output, Data: "third"}, Event{Time: ms(40_000), Code: Output, Data: "fourth"})
	for _, f := range []*Format{Ttyrec, BSDScript, Tlog} {
		text := written(t, f, session)
		for _, c := range []Compression{Uncompressed, Gzip, Zstd} {
			var b strings.Builder
			w := must(c.NewWriter(&b))
			w.Write([]byte(text[:len(text)/2]))
			w.Flush()
			w.Write([]byte(text[len(text)/2:]))
			w.Close()
			got := readString(b.String()[:b.Len()-11], DefaultSize(Size{80, 24}))
			if got.Err != nil || len(got.Warnings) != 1 {
				t.Errorf("%s, %s: %v, %d warnings, %v; want one", f, c, got.Err, len(got.Warnings), got.Warnings)
			}
			if !strings.HasPrefix(recorded{events: got.Events}.data(Output), strings.Repeat("first ", 200)) {
				t.Errorf("%s, %s: output before the cut is lost", f, c)
			}
		}
	}
}
