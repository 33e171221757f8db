package edit_test

import (
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcorpus"
	"github.com/ttydeck/ttydeck/vt"
)

// metadataCases are streams, and what RemoveMetadata leaves of each.
var metadataCases = []struct{ name, in, want string }{
	{"directory, BEL", "a\x1b]7;file://host/home/ann\ab", "ab"},
	{"directory, ST", "a\x1b]7;file://host/home/ann\x1b\\b", "ab"},
	{"directory, 8 bits", "a\u009d7;file://host/home/ann\u009cb", "ab"},
	{"directory, mixed", "a\u009d7;file://host/\x1b\\b\x1b]7;x\u009cc", "abc"},
	{"kitty's directory", "\x1b]7;kitty-shell-cwd://host/x\a$ ", "$ "},
	{"leading zeros", "\x1b]007;file:///x\a$ ", "$ "},
	{"control characters inside", "\x1b]\x0113\x003;C;cmdline_url=ls\n;\r\a$ ", "$ "},
	{"prompt and command", "\x1b]133;A;aid=1\a$ \x1b]133;B\als\r\n\x1b]133;C;aid=1;hn=12;cmdline_url=ls\a\x1b]133;D;0\a", "$ ls\r\n"},
	{"VS Code", "\x1b]633;E;ls;nonce\a\x1b]633;P;Cwd=/x\a\x1b]633;EnvSingleEntry;A;B\ax", "x"},
	{"others of shells", "\x1b]697;Dir=/x\a\x1b]777;notify;done;make\a\x1b]3008;start=1;user=ann\x1b\\x\x1b]9;9;/x\ay\x1b]9;built\az", "xyz"},
	{"iTerm2", "\x1b]1337;CurrentDir=/x\a\x1b]1337;RemoteHost=a@h\a\x1b]1337;SetUserVar=a=Yg==\ax\x1b]1337;SetMark\ay", "xy"},
	{"an image stays", "\x1b]1337;File=inline=1:QUJD\ax", "\x1b]1337;File=inline=1:QUJD\ax"},
	{"titles", "\x1b]0;a@h: x\a\x1b]1;i\a\x1b]2;t\x1b\\\x1b]lsun\x1b\\\x1b]Licon\x1b\\\x1bktmux\x1b\\x\x1b]2\ay", "xy"},
	{"clipboard and notification", "\x1b]52;c;aGk=\a\x1b]99;i=1;hi\x1b\\\x1b]6;file:///x\ax", "x"},
	{"colours and links stay", "\x1b]4;1;red\a\x1b]8;;https://h/\aL\x1b]8;;\a\x1b]10;?\a\x1b]104\a\x1b]13;x\a\x1b]P1ff0000\x1b]R", "\x1b]4;1;red\a\x1b]8;;https://h/\aL\x1b]8;;\a\x1b]10;?\a\x1b]104\a\x1b]13;x\a\x1b]P1ff0000\x1b]R"},
	{"a link to a file", "a\x1b]8;;file://host/home/ann/x\ax\x1b]8;;\ab", "a\x1b]8;;\x1b\\x\x1b]8;;\ab"},
	{"a link to a file behind another", "\x1b]8;id=1;HTTPS://h/\aa\x1b]8;id=2;FILE:E:/x\x1b\\b\x1b]8;;\x1b\\", "\x1b]8;id=1;HTTPS://h/\aa\x1b]8;;\x1b\\b\x1b]8;;\x1b\\"},
	{"a link to a program", "\x1b]08;;vscode://file/home/ann\u009cx", "\x1b]8;;\x1b\\x"},
	{"a link with a long name", "\x1b]8;id=" + strings.Repeat("n", 100) + ";http://h/\ax\x1b]8;id=" + strings.Repeat("n", 100) + ";file:/x\ay", "\x1b]8;id=" + strings.Repeat("n", 100) + ";http://h/\ax\x1b]8;;\x1b\\y"},
	{"no link", "\x1b]8\ax\x1b]8;\ay\x1b]8;;x\az", "\x1b]8\ax\x1b]8;\ay\x1b]8;;\x1b\\z"},
	{"no OSC", "\x1b[1mx\x1b(B\x1bM\x1bcé°\u00a0]7;x\ay\x1bPq#1\x1b\\", "\x1b[1mx\x1b(B\x1bM\x1bcé°\u00a0]7;x\ay\x1bPq#1\x1b\\"},
	{"ended by another sequence", "\x1b]7;file:///x\x1b[1my\x1b]2;t\u009b1mz", "\x1b[1my\u009b1mz"},
	{"in a string", "\x1b]4;1;red\x1b]2;t\ax\x1b_G\x1bPtmux;\x1b\x1b]7;x\a\x1b\\y", "\x1b]4;1;red\x1b\\x\x1b_G\x1b\\y"},
	{"cancelled", "\x1b]7;file:///x\x18y\x1b]2;t\x1az", "yz"},
	{"in a sequence", "\x1b\x1b]2;t\ax\x1b[3\x1b]2;t\ay\u009b3\u009d2;t\az", "\x1b\x1b\\x\x1b[3\x1b\\y\u009b3\x1b\\z"},
	{"never ended", "x\x1b]7;file://host/home", "x"},
	{"never ended, ESC", "x\x1b]7;file://host/home\x1b", "x"},
	{"not begun", "x\x1b]13", "x\x1b]13"},
	{"through tmux", "\x1bPtmux;\x1b\x1b]7;file://h/x\a\x1b\\$ ", "$ "},
	{"through tmux, ST", "\x1bPtmux;\x1b\x1b]7;file://h/x\x1b\x1b\\\x1b\\$ ", "$ "},
	{"through tmux twice", "\x1bPtmux;\x1b\x1bPtmux;\x1b\x1b\x1b\x1b]2;t\a\x1b\x1b\\\x1b\\x", "x"},
	{"through tmux with others", "\x1bPtmux;\x1b\x1b]4;1;red\a\x1b\x1b]2;t\a\x1b\\x", "\x1bPtmux;\x1b\x1b]4;1;red\a\x1b\\x"},
	{"through tmux, to stay", "\x1bPtmux;\x1b\x1b]4;1;red\a\x1b\\x", "\x1bPtmux;\x1b\x1b]4;1;red\a\x1b\\x"},
	{"through tmux with text", "\x1bPtmux;\x1b\x1b]2;t\ax\x1b\\y", "\x1bPtmux;\x1b\x1b\\x\x1b\\y"},
	{"in a string with BEL", "\x1bPq\a\x1b]2;t\ax\x1b]4;1;red\a\x1b]2;t\ay", "\x1bPq\a\x1b\\x\x1b]4;1;red\ay"},
	{"through screen", "\x1bP\x1b]133;A\a\x1b\\x", "\x1bP\x1b\\\x1b\\x"},
	{"other OSC", "\x1b]70;x\a\x1b]51;Aann@host:/x\a\x1b]30;tab\a\x1b]5522;x\a\x1b]x\a\x1b]\a\x1b]99999999;x\ay", "y"},
	{"systemd's context", "\x1b]3008;start=1;user=ann;hostname=h;cwd=/x;cmdline=ls\x1b\\x", "x"},
	{"APC, PM and SOS", "\x1b_title\ax\x1b\\a\x1b^message\x1b\\b\x1bXstring\x1b\\c\u009ft\u009cd\u009em\u009ce\u0098s\u009cf\x1b_\x1b\\", "abcdef"},
	{"kitty's image stays", "\x1b_Gf=24;QUJD\x1b\\x\u009fGa=d\u009c", "\x1b_Gf=24;QUJD\x1b\\x\u009fGa=d\u009c"},
	{"DCS for terminals", "\x1bP@kitty-cmd{\"cmd\":\"ls\"}\x1b\\a\x1bP$d7b22\u009cb\x1bP1000p%begin\r\n%end\a\x1b\\c", "abc"},
	{"DCS with a picture stays", "\x1bP0;1q#0\x1b\\\x1bP$q m\x1b\\\x1bP=1s\x1b\\\x1bP1p\x1b\\", "\x1bP0;1q#0\x1b\\\x1bP$q m\x1b\\\x1bP=1s\x1b\\\x1bP1p\x1b\\"},
	{"empty 1337", "\x1b]1337\aCurrentDir", "CurrentDir"},
}

// stripped returns what RemoveMetadata leaves of the output, given in pieces.
func stripped(t *testing.T, pieces ...string) string {
	t.Helper()
	var b strings.Builder
	for ev, err := range edit.RemoveMetadata()(outputOf(pieces...)).Events {
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(ev.Data)
	}
	return b.String()
}

func outputOf(pieces ...string) format.Cast {
	return format.Cast{Events: func(yield func(format.Event, error) bool) {
		for i, data := range pieces {
			if !yield(format.Event{Time: time.Duration(i), Code: format.Output, Data: data}, nil) {
				return
			}
		}
	}}
}

func TestRemoveMetadata(t *testing.T) {
	for _, c := range metadataCases {
		if got := stripped(t, c.in); got != c.want {
			t.Errorf("%s: %q leaves %q; want %q", c.name, c.in, got, c.want)
		}
		for i := range c.in {
			if got := stripped(t, c.in[:i], c.in[i:]); got != c.want {
				t.Errorf("%s: %q and %q leave %q; want %q", c.name, c.in[:i], c.in[i:], got, c.want)
			}
		}
		if got := stripped(t, strings.Split(c.in, "")...); got != c.want {
			t.Errorf("%s: byte by byte, %q leaves %q; want %q", c.name, c.in, got, c.want)
		}
	}
}

// The header keeps what the picture needs; events keep their times, and the recording
// its length.
func TestRemoveMetadataHeader(t *testing.T) {
	src := outputOf("$ ", "\x1b]2;t\a", "x", "\x1b]133;D\a")
	events := src.Events
	src.Events = func(yield func(format.Event, error) bool) {
		for ev, err := range events {
			if !yield(ev, err) {
				return
			}
		}
		yield(format.Event{Time: 9, Code: "z", Data: "unknown"}, nil)
	}
	src.Header = format.Header{
		Size: format.Size{Cols: 80, Rows: 24}, Title: "demo", Command: "ssh ann@host", Env: map[string]string{"SHELL": "/home/ann/bin/zsh"},
		Term:  format.Term{Type: "xterm", Extra: []format.Field{{Key: "k", JSON: "1"}}},
		Extra: []format.Field{{Key: format.NonceKey, JSON: `"1"`}, {Key: "user", JSON: `"ann"`}, {Key: format.RedactedKey, JSON: "true"}},
	}
	got := edit.RemoveMetadata()(src)
	h := got.Header
	if h.Command != "" || h.Env != nil || h.Nonce() != "" || !h.Unsigned() || len(h.Extra) != 2 || h.Term.Extra != nil {
		t.Errorf("the header still says %+v", h)
	}
	if h.Size.Cols != 80 || h.Title != "demo" || h.Term.Type != "xterm" || !h.Redacted() {
		t.Errorf("the header lost something: %+v", h)
	}
	var list []string
	for ev := range got.Events {
		list = append(list, ev.Time.String()+" "+ev.Data)
	}
	if want := []string{"0s $ ", "2ns x", "3ns "}; !slices.Equal(list, want) {
		t.Errorf("the events are %q; want %q", list, want)
	}
}

func TestMetadata(t *testing.T) {
	var m edit.Metadata
	m.AddHeader(format.Header{Command: "x", Env: map[string]string{"SHELL": "sh"}, Extra: []format.Field{{Key: format.NonceKey, JSON: `"1"`}, {Key: "user", JSON: `"ann"`}}})
	for _, c := range metadataCases {
		m.Add(format.Event{Code: format.Output, Data: c.in + "\x18"})
	}
	m.Add(format.Event{Code: format.Input, Data: "x"})
	m.Add(format.Event{Code: "z", Data: "x"})
	got := m
	got.Environment, got.Keys = nil, nil
	want := edit.Metadata{
		Commands: 4, Directories: 26, Hosts: 13, Marks: 10, HistoryNumbers: 1, Titles: 19, Notifications: 3, Clipboard: 2,
		Variables: 2, Contexts: 2, Strings: 16, Inputs: 1, Others: 1, Nonce: true, Command: true,
	}
	if !edit.SameMetadata(got, want) || !slices.Equal(m.Environment, []string{"SHELL"}) || !slices.Equal(m.Keys, []string{"user"}) {
		t.Errorf("got %+v; want %+v", m, want)
	}
}

// The screen is the same at each time, with and without metadata.
func TestRemoveMetadataKeepsThePicture(t *testing.T) {
	dir := testcorpus.Dir(t, "")
	n, removed := 0, 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := d.Info(); err != nil || info.Size() > 400<<10 {
			return err
		}
		read := func() *format.File {
			f, err := format.OpenFile(path)
			if err != nil {
				return nil
			}
			return f
		}
		with, without := read(), read()
		if with == nil {
			return nil
		}
		defer with.Close()
		defer without.Close()
		n++
		a, b := pictures(with.Cast), pictures(edit.RemoveMetadata()(without.Cast))
		for at, text := range a {
			if got, ok := b[at]; ok && got != text {
				t.Errorf("%s: at %s the screen is\n%s\nwant\n%s", path, at, got, text)
				break
			}
		}
		if len(b) < len(a) {
			removed++
		}
		return nil
	})
	if err != nil || n < 100 || removed == 0 {
		t.Errorf("%v: %d recordings, %d of them with metadata alone in an event", err, n, removed)
	}
}

// pictures returns the screen after the last event of each time.
func pictures(c format.Cast) map[time.Duration]string {
	size := c.Header.Size.OrDefault()
	s := vt.New(size.Cols, size.Rows)
	all := map[time.Duration]string{}
	for ev, err := range c.Events {
		if err != nil {
			break
		}
		switch ev.Code {
		case format.Output:
			s.WriteString(ev.Data)
		case format.Resize:
			if size, err := ev.Size(); err == nil {
				s.Resize(size.Cols, size.Rows)
			}
		default:
			continue
		}
		cur := s.Cursor()
		all[ev.Time] = s.Text() + string(rune('0'+cur.X%64)) + string(rune('0'+cur.Y%64))
	}
	return all
}

// FuzzRemoveMetadata checks that the screen stays the same, and that it does not matter
// how the output is cut.
func FuzzRemoveMetadata(f *testing.F) {
	for i, c := range metadataCases {
		f.Add(c.in, uint16(i))
	}
	f.Fuzz(func(t *testing.T, in string, cut uint16) {
		n := int(cut) % (len(in) + 1)
		whole, cutUp := stripped(t, in), stripped(t, in[:n], in[n:])
		if whole != cutUp {
			t.Fatalf("%q leaves %q; cut at %d, %q", in, whole, n, cutUp)
		}
		if again := stripped(t, whole); strings.Count(whole, "\x1b") == 0 && again != whole {
			t.Fatalf("%q leaves %q, and that %q", in, whole, again)
		}
		if strings.Contains(in, "\x1bk") {
			return // some terminals print the title
		}
		with, without := vt.New(20, 5), vt.New(20, 5)
		with.WriteString(in)
		without.WriteString(whole)
		if with.Text() != without.Text() {
			t.Fatalf("%q shows %q; without metadata, %q, it shows %q", in, with.Text(), whole, without.Text())
		}
	})
}

// BenchmarkRemoveMetadata removes the marks of prompts between lines of output.
func BenchmarkRemoveMetadata(b *testing.B) {
	text := strings.Repeat("\x1b]133;D;0\a\x1b]7;file://host/home/ann\a\x1b]133;A\a$ \x1b]133;B\amake\r\n"+strings.Repeat("gcc -O2 -c file.c \x1b[32mok\x1b[0m\r\n", 40), 800)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		for range edit.RemoveMetadata()(outputOf(text[:len(text)/2], text[len(text)/2:])).Events {
		}
	}
}
