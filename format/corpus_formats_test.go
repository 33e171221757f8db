package format

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/internal/testcorpus"
)

// corpusRow describes a recording by a real tool.
type corpusRow struct {
	path   string
	format string
	output int    // bytes
	input  int    // bytes
	resize string // size of the only resize
	exit   string
	events string // file of expected events, beside path; "" for none
	like   string // file with the output, in corpus/formats; "" for rec.outer.raw beside path
	warns  string // kinds of warnings, with notices
}

// corpusRows lists recordings of one session, and of small sessions. The files
// are in testdata/recordings, except those made by others, which are in the
// corpus.
var corpusRows = []corpusRow{
	{path: "script/classic/typescript", format: "script-classic", output: 4616, exit: "3", events: "expected.events.jsonl"},
	{path: "script/classic/timing", format: "script-classic", output: 4616, exit: "3", events: "expected.events.jsonl"},
	{path: "script/classic", format: "script-classic", output: 4616, exit: "3", events: "expected.events.jsonl", like: "script/classic/rec.outer.raw"},
	{path: "script/advanced-out/typescript", format: "script", output: 4616, resize: "100x30", exit: "3", events: "expected.events.jsonl"},
	{path: "script/multi-separate/timing", format: "script", output: 4616, input: 444, resize: "100x30", exit: "3", events: "expected.events.jsonl"},
	{path: "script/multi-separate/out.log", format: "script", output: 4616, input: 444, resize: "100x30", exit: "3", events: "expected.events.jsonl"},
	{path: "script/multi-separate/in.log", format: "script", output: 4616, input: 444, resize: "100x30", exit: "3", events: "expected.events.jsonl"},
	{path: "script/multi-logio/io.log", format: "script", output: 4616, input: 444, resize: "100x30", exit: "3", events: "expected.events.jsonl"},
	{path: "script/multi-logio/timing", format: "script", output: 4616, input: 444, resize: "100x30", exit: "3", events: "expected.events.jsonl"},
	{path: "script/stop/io.log", format: "script", output: 196, input: 32, exit: "0", events: "expected.events.jsonl"},
	{path: "script/raw/typescript", format: "script", output: 4616, exit: "3", warns: "typescript without timing"},
	{path: "script/append/timing", format: "script-classic", output: 79, exit: "3", like: "script/append/rec1.outer.raw", warns: "several sessions in the typescript"},
	{path: "script/append/timing2", format: "script-classic", output: 79, exit: "3", like: "script/append/rec2.outer.raw", warns: "several sessions in the typescript"},
	{path: "script/de_DE/typescript", format: "script-classic", output: 79, exit: "3"},
	{path: "script/output-limit/typescript", format: "script-classic", output: 56},
	{path: "script/echo-never/typescript", format: "script-classic", output: 63, exit: "3"},
	{path: "script/nontty/timing", format: "script", output: 25, input: 15, exit: "5", like: "script/nontty/outer.raw", warns: "size unknown"},
	{path: "script/kill9-flush/typescript", format: "script", output: 90, input: 18},
	{path: "ttyrec/debian/out.ttyrec", format: "ttyrec", output: 4616, events: "expected.events.jsonl", warns: "size inferred"},
	{path: "ttyrec/debian-append/out.ttyrec", format: "ttyrec", output: 158, like: "-", warns: "size unknown"},
	{path: "ttyrec/kill9/out.ttyrec", format: "ttyrec", output: 90, warns: "size unknown"},
	{path: "ttyrec-ovh/plain/out.ttyrec", format: "ttyrec", output: 4616, warns: "size inferred"},
	{path: "ttyrec-ovh/zst/out.ttyrec.zst.zst", format: "ttyrec", output: 4616, events: "expected.events.jsonl", warns: "size inferred"},
	{path: "ttyrec-ovh/append-zst/out.ttyrec.zst.zst", format: "ttyrec", output: 158, like: "-", warns: "size unknown"},
	{path: "ttyrec-ovh/kill9/out.ttyrec", format: "ttyrec", output: 90, warns: "size unknown"},
	{path: "ttyrec-ovh/kill9-zst/out.ttyrec.zst.zst", format: "ttyrec", output: 90, warns: "size unknown"},
	{path: "ttyrec-ovh/notty/out.ttyrec", format: "ttyrec", output: 11, like: "-", warns: "size unknown"},
	{path: "termrec/ttyrec/out.ttyrec", format: "ttyrec", output: 4616, resize: "100x30", events: "expected.events.jsonl"},
	{path: "termrec/gz/out.ttyrec.gz", format: "ttyrec", output: 4616, resize: "100x30"},
	{path: "termrec/bz2/out.ttyrec.bz2", format: "ttyrec", output: 4616, resize: "100x30"},
	{path: "termrec/xz/out.ttyrec.xz", format: "ttyrec", output: 4616, resize: "100x30"},
	{path: "termrec/zst/out.ttyrec.zst", format: "ttyrec", output: 4616, resize: "100x30"},
	{path: "termrec/raw/out.ttyrec", format: "ttyrec", output: 4616, warns: "size inferred"},
	{path: "termrec/nh/out.nh", format: "nh", output: 4616, resize: "100x30"},
	{path: "bsd-script/raw-r/typescript.bsd", format: "bsd-script", output: 4616, input: 444, events: "expected.events.jsonl", warns: "size inferred"},
	{path: "bsd-script/plain/typescript", format: "script", output: 78, exit: "3", warns: "size unknown, typescript without timing"},
	{path: "sudo-iolog/plain/iolog/00/00/01", format: "sudo", output: 4616, input: 444, resize: "100x30", events: "../../../../expected.events.jsonl", like: "sudo-iolog/plain/rec.outer.raw"},
	{path: "sudo-iolog/plain/iolog/00/00/01/timing", format: "sudo", output: 4616, input: 444, resize: "100x30", events: "../../../../expected.events.jsonl", like: "sudo-iolog/plain/rec.outer.raw"},
	{path: "sudo-iolog/compressed/iolog/00/00/01", format: "sudo", output: 4616, input: 444, resize: "100x30", events: "../../../../expected.events.jsonl", like: "sudo-iolog/compressed/rec.outer.raw"},
	{path: "sudo-iolog/compressed/iolog/00/00/01/timing", format: "sudo", output: 4616, input: 444, resize: "100x30", events: "../../../../expected.events.jsonl", like: "sudo-iolog/compressed/rec.outer.raw"},
	{path: "sudo-iolog/nopasswords/iolog/00/00/01", format: "sudo", output: 4616, input: 444, resize: "100x30", events: "../../../../expected.events.jsonl", like: "sudo-iolog/nopasswords/rec.outer.raw"},
	{path: "sudo-iolog/suspend/iolog/00/00/01", format: "sudo", output: 14, input: 1, events: "../../../../expected.events.jsonl", like: "-"},
	{path: "sudo-iolog/pipe/iolog/00/00/01", format: "sudo", output: 19, input: 12, like: "-"},
	{path: "sudo-iolog/kill9/iolog/00/00/01", format: "sudo", like: "-"},
	{path: "sudo-iolog/kill9-flush/iolog/00/00/01", format: "sudo", output: 90, input: 18, like: "sudo-iolog/kill9-flush/rec.outer.raw", warns: "damaged or cut off"},
	{path: "tlog/output-only/out.log", format: "tlog", output: 4616, resize: "100x30", events: "expected.events.jsonl"},
	{path: "tlog/input-output/out.log", format: "tlog", output: 4616, input: 444, resize: "100x30", events: "expected.events.jsonl"},
	{path: "tlog/small-payload/out.log", format: "tlog", output: 4616, input: 444, resize: "100x30", events: "expected.events.jsonl"},
	{path: "tlog/nontty/out.log", format: "tlog", input: 16, like: "-", warns: "size unknown"},
	{path: "tlog/limit-drop/out.log", format: "tlog", output: 80, resize: "100x30", like: "-", warns: "messages are missing"},
	{path: "tlog/peer-journal-export/journal-good.txt", format: "tlog", output: 9722, like: "-"},
	{path: "tlog/peer-journal-export/journal-missing-entry.txt", format: "tlog", output: 19327, like: "-", warns: "messages are missing"},
	{path: "tlog/peer-journal-export/journal-bad-timing.txt", format: "tlog", output: 1049, like: "-", warns: "malformed timing"},
	{path: "cowrie-ttylog/session.ttylog", format: "ttylog", output: 4616, input: 444, like: "script/classic/rec.outer.raw", warns: "size inferred"},
	{path: "teleport-v1-SYNTHETIC/session.tar", format: "teleport", output: 4616, resize: "100x30", like: "script/classic/rec.outer.raw"},
	{path: "terminalizer/out.yml", format: "terminalizer", output: 3528},
}

// corpusEmpty lists empty recordings: the recorder was killed before its first
// write.
var corpusEmpty = []string{"script/kill9/typescript", "termrec/kill9/out.ttyrec", "tlog/kill9/out.log"}

// corpusOthers lists the folders outside this table, with the reason.
var corpusOthers = map[string]string{
	"asciinema-2.2": "asciicast, tested there", "termtosvg": "asciicast", "termrec/ansi": "bytes alone, never guessed",
	"termrec/cast": "asciicast", "termrec/cast-v1": "asciicast", "termdebug": "its recorder dies on ^C; not read",
	"vhs": "an input script, only written", "tools": "how they were made",
}

// recorded is a recording as read.
type recorded struct {
	Cast
	format *Format
	events []Event
	warns  []Warning
	parts  []string
	err    error
}

func readAll(path string, opts ...Option) recorded {
	r := recorded{}
	f, err := OpenFile(path, append([]Option{OnWarning(func(w Warning) { r.warns = append(r.warns, w) })}, opts...)...)
	if err != nil {
		r.err = err
		return r
	}
	defer f.Close()
	r.Cast, r.format, r.parts = f.Cast, f.Format, f.Parts
	for ev, err := range f.Events {
		if err != nil {
			r.err = err
			break
		}
		r.events = append(r.events, ev)
	}
	return r
}

// data joins the data of all events with a code.
func (r recorded) data(code Code) string {
	var b strings.Builder
	for _, ev := range r.events {
		if ev.Code == code {
			b.WriteString(ev.Data)
		}
	}
	return b.String()
}

func (r recorded) kinds() string {
	var kinds []string
	for _, w := range r.warns {
		if len(kinds) == 0 || kinds[len(kinds)-1] != w.Kind {
			kinds = append(kinds, w.Kind)
		}
	}
	for i := range kinds {
		for j := i + 1; j < len(kinds); j++ {
			if kinds[j] < kinds[i] {
				kinds[i], kinds[j] = kinds[j], kinds[i]
			}
		}
	}
	return strings.Join(kinds, ", ")
}

const recordings = "testdata/recordings"

func TestRecordings(t *testing.T) {
	for _, row := range corpusRows {
		if !strings.Contains(row.path, "/peer-") {
			t.Run(row.path, func(t *testing.T) { row.check(t, recordings) })
		}
	}
	for _, name := range corpusEmpty {
		if r := readAll(filepath.Join(recordings, name)); r.err == nil || !strings.Contains(r.err.Error(), "the input is empty") {
			t.Errorf(`%s: error = %v; want "the input is empty"`, name, r.err)
		}
	}
	counted(t, recordings, 55)
}

// TestCorpus checks the same recordings in the corpus, and those made by
// others.
func TestCorpus(t *testing.T) {
	root := testcorpus.Dir(t, "formats")
	for _, row := range corpusRows {
		t.Run(row.path, func(t *testing.T) { row.check(t, root) })
	}
	counted(t, root, 64)
}

func (row corpusRow) check(t *testing.T, root string) {
	path := filepath.Join(root, row.path)
	r := readAll(path, KeepSuspend())
	if r.err != nil {
		t.Fatal(r.err)
	}
	if r.format.Name != row.format {
		t.Errorf("format = %s; want %s", r.format, row.format)
	}
	output := r.data(Output)
	if len(output) != row.output || len(r.data(Input)) != row.input {
		t.Errorf("read %d bytes of output and %d of input; want %d and %d", len(output), len(r.data(Input)), row.output, row.input)
	}
	if got := r.data(Resize); got != row.resize {
		t.Errorf("resizes = %q; want %q", got, row.resize)
	}
	if got := r.data(Exit); got != row.exit {
		t.Errorf("exit status = %q; want %q", got, row.exit)
	}
	if got := r.kinds(); got != row.warns {
		t.Errorf("warnings = %q; want %q", got, row.warns)
	}
	for i := 1; i < len(r.events); i++ {
		if r.events[i].Time < r.events[i-1].Time {
			t.Fatalf("event %d at %v comes after one at %v", i, r.events[i].Time, r.events[i-1].Time)
		}
	}
	if row.like != "-" {
		like := filepath.Join(filepath.Dir(path), "rec.outer.raw")
		if row.like != "" {
			like = filepath.Join(root, row.like)
		}
		seen, err := os.ReadFile(like)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(normal(seen), normal([]byte(output))) {
			t.Errorf("output differs from what the terminal received: %s", like)
		}
	}
	if row.events != "" {
		dir := path
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			dir = filepath.Dir(path)
		}
		checkEvents(t, filepath.Join(corpusBase(dir), filepath.Base(row.events)), r)
	}
}

// corpusBase returns the folder of a recording's expected files.
func corpusBase(dir string) string {
	if i := strings.Index(dir, "/iolog/"); i >= 0 {
		return dir[:i]
	}
	return dir
}

// normal removes every CR: terminal drivers add them differently to recordings
// of the same session.
func normal(b []byte) []byte { return bytes.ReplaceAll(b, []byte{'\r'}, nil) }

// counted fails the test for each folder of the corpus that has no row.
func counted(t *testing.T, root string, want int) {
	t.Helper()
	known := map[string]bool{}
	for _, row := range corpusRows {
		known[strings.Join(strings.SplitN(row.path, "/", 3)[:2], "/")] = true
		known[strings.SplitN(row.path, "/", 2)[0]] = true
	}
	for _, name := range corpusEmpty {
		known[filepath.Dir(name)] = true
	}
	for name := range corpusOthers {
		known[name] = true
	}
	n := 0
	filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			t.Fatal(err)
		}
		rel, _ := filepath.Rel(root, path)
		if !d.IsDir() || rel == "." {
			return nil
		}
		n++
		if !known[rel] {
			t.Errorf("corpus folder %s has no row", rel)
		}
		if corpusOthers[rel] != "" || strings.Count(rel, "/") >= 1 {
			return fs.SkipDir
		}
		return nil
	})
	if n != want {
		t.Errorf("%s has %d folders; want %d", root, n, want)
	}
}

// checkEvents compares a recording with the events in the output of the real
// player.
func checkEvents(t *testing.T, path string, r recorded) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var got []Event
	for _, ev := range r.events {
		if ev.Code != Marker {
			got = append(got, ev)
		}
	}
	size := r.Header.Size.String()
	n, i := 0, 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var row []any
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil {
			t.Fatal(err)
		}
		at, kind, data := row[0].(float64), Code(row[1].(string)), row[2].(string)
		if r.format.Name != "tlog" && kind != Resize {
			data = latin1(data)
		}
		if seq, ok := sizeSequence(strings.TrimPrefix(data, utf8On)); ok && r.format.Name == "ttyrec" {
			kind, data = Resize, seq.String()
		}
		switch kind {
		case Resize:
			if data == size && i == 0 {
				continue // the size in the header
			}
		case Output, Input, Exit:
			if data == "" {
				continue
			}
		default:
			continue
		}
		if n++; i >= len(got) {
			t.Fatalf("event %d of %s is missing: %v %s %q", n, path, at, kind, data)
		}
		ev := got[i]
		i++
		if ev.Code != kind || kind != Exit && math.Abs(ev.Time.Seconds()-at) > 0.000_001 {
			t.Fatalf("event %d = %v %s %q; want %v %s %q", n, ev.Time, ev.Code, ev.Data, at, kind, data)
		}
		if ev.Data != data && !(r.format.Name == "tlog" && strings.ContainsRune(data, '\uFFFD')) && !hasSurrogate(data) {
			t.Fatalf("event %d = %q; want %q", n, ev.Data, data)
		}
	}
	if rest := len(got) - i; rest > 0 && !(rest == 1 && got[i].Code == Exit) {
		t.Errorf("%d events more than in %s; the first is %v", rest, path, got[i])
	}
	if n == 0 {
		t.Errorf("%s has no events", path)
	}
}

// latin1 turns each character of an expected file into one byte.
func latin1(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		b = append(b, byte(r))
	}
	return string(b)
}

func hasSurrogate(s string) bool { return strings.ContainsRune(s, '\uFFFD') }

func TestSuspendIsCut(t *testing.T) {
	path := filepath.Join(recordings, "sudo-iolog/suspend/iolog/00/00/01")
	cut, kept := readAll(path), readAll(path, KeepSuspend())
	if cut.err != nil || kept.err != nil {
		t.Fatal(cut.err, kept.err)
	}
	const suspended = 1828435207 * time.Nanosecond // the delay on its CONT line
	last := func(r recorded) time.Duration { return r.events[len(r.events)-1].Time }
	if got := last(kept) - last(cut); got != suspended {
		t.Errorf("cut %v; want %v", got, suspended)
	}
}
