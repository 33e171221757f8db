package transcript

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/screen"
)

// What was entered is read off the keys.
func TestTypedLines(t *testing.T) {
	for _, tt := range []struct {
		name string
		keys []string
		want []string
	}{
		{"lines", []string{"ls\r", "id\n"}, []string{"ls", "id"}},
		{"key by key", []string{"l", "s", " ", "-", "l", "\r"}, []string{"ls -l"}},
		{"empty", []string{"\r", "  \r"}, nil},
		{"backspace", []string{"lx\x7fs\x08d\r", "żó\x7f\x7fab\r", "\x7f\x7fid\r"}, []string{"ld", "ab", "id"}},
		{"C-u, C-w, C-c", []string{"rm all\x15ls\r", "ls one two\x17\x17x\r", "rm\x03id\r"}, []string{"ls", "ls x", "id"}},
		{"arrows and Alt", []string{"a\x1b[D\x1b[1;5Cb\x1bOA\x1b.c\r"}, []string{"abc"}},
		{"split sequences", []string{"a\x1b", "[", "D", "b\r"}, []string{"ab"}},
		{"a paste", []string{"\x1b[200~one\rtwo\x1b[201~", "\r"}, []string{"one\ntwo"}},
		{"a paste in parts", []string{"\x1b[20", "0~one\n", "\x1b[2", "01~ two\r"}, []string{"one\n two"}},
		{"answers of the terminal", []string{"\x1b[?62;c", "\x1b]11;rgb:0/0/0\x1b\\", "\x1bP1+r\x1b\\", "\x1b[5;1R", "ls\r"}, []string{"ls"}},
		{"an endless line", []string{strings.Repeat("x", 1<<20) + "\r"}, []string{strings.Repeat("x", maxInput)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var ty typing
			tr := &tracer{screen: screen.New(format.Header{})}
			for i, k := range tt.keys {
				ty.event(format.Event{Time: time.Duration(i) * time.Second, Code: format.Input, Data: k}, tr)
			}
			var got []string
			for _, l := range ty.lines {
				got = append(got, l.text)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("lines differ (-want +got):\n%.1000s", diff)
			}
		})
	}
}

// Lines of the input that are in no command are found, and no others.
func TestUnseen(t *testing.T) {
	// keys and outputs follow each other at 100 ms; keys begin with <.
	session := func(steps ...string) format.Cast {
		return format.Cast{Events: func(yield func(format.Event, error) bool) {
			for i, s := range steps {
				ev := format.Event{Time: time.Duration(i) * 100 * time.Millisecond, Code: format.Output, Data: s}
				if keys, ok := strings.CutPrefix(s, "<"); ok {
					ev.Code, ev.Data = format.Input, keys
				}
				if !yield(ev, nil) {
					return
				}
			}
		}}
	}
	const on, off = "\x1b[?2004h", "\r\n\x1b[?2004l\r"
	for _, tt := range []struct {
		name string
		cast format.Cast
		want []string
	}{
		{"at a prompt", session(on+"$ ", "<ls\r", "ls"+off+"a\r\n"+on+"$ "), []string{"ls"}},
		{"recalled", session(on+"$ ", "<\x1b[A\r", "ls"+off+"a\r\n"+on+"$ "), []string{"ls"}},
		{"typed ahead", session(on+"$ ", "<sleep 1\r", "sleep 1"+off, "<ls\r", "ls\r\n", on+"$ ", "ls"+off+on+"$ "), []string{"sleep 1", "ls"}},
		{"cancelled", session(on+"$ ", "<rm\x03", "rm^C\x1b[?2004l\r\x1b[?2004l\r\r\n"+on+"$ ", "<ls\r", "ls"+off+on+"$ "), []string{"ls"}},
		{"a hidden shell", session(on+"$ ", "<sh 2>/dev/null\r", "sh 2>/dev/null"+off, "<touch x\r", "<echo two\r", "two\r\n", "<exit\r", on+"$ ", "<echo two\r", "echo two"+off+"two\r\n"+on+"$ "),
			[]string{"sh 2>/dev/null", "  ?touch x", "  ?echo two", "  ?exit", "echo two"}},
		{"vim", session(on+"$ ", "<vim\r", "vim"+off+"\x1b[?1049h\x1b[?2004h~", "<ihello\r", "hello\r\n", "<\x1b:wq\r", "\x1b[?2004l", "\x1b[?1049l"+on+"$ ", "<id\r", "id"+off+on+"$ "), []string{"vim", "id"}},
		{"a password", session(on+"$ ", "<su\r", "su"+off+"Password: ", "<hunter2\r", "\r\n"+on+"$ "), []string{"su"}},
		{"no prompt at all", session("<ls\r", "a b\r\n", "<id\r"), []string{"?ls", "?id"}},
		{"altscreen-evasion.cast", open(t, "altscreen-evasion.cast"), []string{`printf '\033[?1049h'`, "  ?touch /srv/h5-SECRET1", "  ?echo two", "  ?exit"}},
		{"input-only-evasion.cast", open(t, "input-only-evasion.cast"), []string{"exec bash --norc --noprofile -i 2>/dev/null", "  ?touch /srv/h5-SECRET1", "  ?echo two", "  ?exit"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list, err := Read(tt.cast, Options{Unseen: true})
			if err != nil {
				t.Fatal(err)
			}
			defer list.Close()
			var got []string
			unseen := 0
			for c := range list.All() {
				text := c.Text
				if c.Kind == Unseen {
					unseen++
					text = "?" + text
					if c.Confidence >= doubtful || c.Evidence.Bounds != FromInput || c.Evidence.Text != FromInput {
						t.Errorf("%q: confidence %v, evidence %v; want a low one, from the input", c.Text, c.Confidence, c.Evidence)
					}
				}
				got = append(got, strings.Repeat("  ", c.Depth)+text)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("lines differ (-want +got):\n%s", diff)
			}
			if list.Unseen() != unseen {
				t.Errorf("Unseen() = %d; want %d", list.Unseen(), unseen)
			}
		})
	}
}

func open(t *testing.T, name string) format.Cast {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	cast, _, err := format.Open(strings.NewReader(string(data)))
	if err != nil {
		t.Fatal(fmt.Errorf("%s: %w", name, err))
	}
	return cast
}
