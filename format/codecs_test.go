package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ttydeck/ttydeck/internal/testcorpus"
)

// writeTo writes src to path in format f and returns the losses.
func writeTo(tb testing.TB, f *Format, path string, src Cast) []Loss {
	tb.Helper()
	w, err := f.NewFilesWriter(testFiles(f, path))
	if err != nil {
		tb.Fatal(err)
	}
	if err := Copy(w, src); err != nil {
		tb.Fatalf("write %s: %v", f, err)
	}
	return LossesOf(w)
}

// testFiles creates files on disk.
func testFiles(f *Format, path string) Files {
	return Files{Base: filepath.Base(path), Create: func(suffix string, perm fs.FileMode) (io.WriteCloser, error) {
		name := path + suffix
		if f.Layout() == Directory {
			if err := os.MkdirAll(path, 0o700); err != nil {
				return nil, err
			}
			name = filepath.Join(path, suffix)
		}
		file, err := os.Create(name)
		if err == nil && perm != 0 {
			err = file.Chmod(perm)
		}
		return file, err
	}}
}

// randomSession returns a session that mixes ordinary and odd events: text of
// all widths, split characters, invalid UTF-8, escape sequences, empty and huge
// events, pauses from zero to hours. With text, the output is valid UTF-8.
func randomSession(r *rand.Rand, text bool) (Header, []Event) {
	h := Header{
		Size:    Size{20 + r.IntN(200), 10 + r.IntN(90)},
		Start:   time.Unix(1_700_000_000+r.Int64N(1<<28), r.Int64N(1e9)).UTC(),
		Command: "bash -c 'echo \"hi\" there'",
		Term:    Term{Type: "xterm-256color"},
	}
	var events []Event
	now := time.Duration(0)
	for range r.IntN(60) {
		switch r.IntN(6) {
		case 0: // simultaneous
		case 1:
			now += time.Duration(r.Int64N(int64(3 * time.Hour)))
		default:
			now += time.Duration(r.Int64N(int64(time.Second)))
		}
		ev := Event{Time: now, Code: Output}
		switch r.IntN(12) {
		case 0:
			ev.Code, ev.Data = Resize, Size{1 + r.IntN(300), 1 + r.IntN(100)}.String()
		case 1:
			ev.Code, ev.Data = Marker, []string{"", "a label", "ünïcode 漢字"}[r.IntN(3)]
		case 2, 3, 4:
			ev.Code, ev.Data = Input, randomData(r, text)
		case 5:
			ev.Data = "\x1b[8;40;132t" // output that looks like ttyrec's size sequence
		default:
			ev.Data = randomData(r, text)
		}
		events = append(events, ev)
	}
	if r.IntN(2) == 0 {
		events = append(events, Event{Time: now, Code: Exit, Data: fmt.Sprint(r.IntN(256))})
	}
	return h, events
}

func randomData(r *rand.Rand, text bool) string {
	var b strings.Builder
	pieces := []string{"hello", "\r\n", "\x1b[1;31m", "漢字", "👍🏽", "e\u0301", "\\", `"`, "\t", "\x00", "\x7f", "\u2028", "\ufffd", "\x1b]0;title\x07"}
	if !text {
		pieces = append(pieces, "\xff\xfe", "\xc3", "\xe6\xbc", "\xa2", "\x80", "\xf0\x9f\x91")
	}
	n := r.IntN(6)
	if r.IntN(100) == 0 {
		n = 30_000 // longer than a record of ttyrec, tlog or sudo
	}
	for range n {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

// holding describes what a format can store of a session.
type holding struct {
	format       *Format
	unit         time.Duration // precision of times
	codes        []Code
	size, start  bool
	command      bool
	joinsText    bool          // split characters are joined at their last byte
	startUnit    time.Duration // precision of the start time, if coarser than unit
	exitIsAtLast bool
}

var holdings = []holding{
	{format: Script, unit: time.Microsecond, codes: []Code{Output, Input, Resize, Marker, Exit}, size: true, start: true, startUnit: time.Second, command: true},
	{format: ScriptClassic, unit: time.Microsecond, codes: []Code{Output, Exit}, size: true, start: true, startUnit: time.Second, command: true, exitIsAtLast: true},
	{format: Ttyrec, unit: time.Microsecond, codes: []Code{Output, Resize}, size: true, start: true},
	{format: SudoIOLog, unit: 1, codes: []Code{Output, Input, Resize}, size: true, start: true},
	{format: Tlog, unit: time.Millisecond, codes: []Code{Output, Input, Resize}, size: true, start: true, joinsText: true},
	{format: BSDScript, unit: time.Microsecond, codes: []Code{Output, Input}, start: true},
	{format: Raw, unit: maxTime, codes: []Code{Output}},
}

// held returns the events that x's format stores.
func (x holding) held(events []Event) []Event {
	var split splitText
	var list []Event
	for _, ev := range events {
		if !slices.Contains(x.codes, ev.Code) || ev.JSON || ev.Data == "" && ev.Code != Marker {
			continue
		}
		if x.joinsText && (ev.Code == Output || ev.Code == Input) {
			data, ok := split.join(ev.Code, ev.Data)
			if !ok {
				continue
			}
			ev.Data = data
		}
		list = append(list, ev)
	}
	last := time.Duration(0)
	if n := len(events); n > 0 {
		last = events[n-1].Time
	}
	for ev := range split.rest() {
		ev.Time = last
		list = append(list, ev)
	}
	return list
}

// checkRoundTrip writes a session in x's format, reads it back and compares
// everything that the format can store.
func (x holding) checkRoundTrip(t *testing.T, h Header, events []Event) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "session"+x.format.Ext[0])
	lost := writeTo(t, x.format, path, castOf(h, events...))
	var opts []Option
	if x.format == Raw {
		opts = append(opts, As(Raw))
	}
	r := readAll(path, append(opts, Strict())...)
	if r.err != nil {
		t.Fatalf("%s: %v", x.format, r.err)
	}
	if r.format != x.format {
		t.Fatalf("%s was detected as %s", x.format, r.format)
	}
	if x.size && r.Header.Size != h.Size {
		t.Errorf("%s: size = %v; want %v", x.format, r.Header.Size, h.Size)
	}
	if unit := max(x.startUnit, x.unit); x.start && r.Header.Start.Sub(h.Start).Abs() >= max(unit, 2) {
		t.Errorf("%s: start = %v; want %v", x.format, r.Header.Start, h.Start)
	}
	if x.command && r.Header.Command != h.Command {
		t.Errorf("%s: command = %q; want %q", x.format, r.Header.Command, h.Command)
	}
	// Compare the streams of bytes first, then the events one by one.
	for _, code := range []Code{Output, Input} {
		if !slices.Contains(x.codes, code) {
			continue
		}
		want := recorded{events: events}.data(code)
		if got := r.data(code); got != want {
			t.Fatalf("%s: %s has %d bytes, %.200q; want %d, %.200q", x.format, code, len(got), got, len(want), want)
		}
	}
	if x.format == Raw {
		return
	}
	for _, code := range []Code{Output, Input} {
		got, want := byteTimes(r.events, code), byteTimes(x.held(events), code)
		for i := range got {
			if (got[i] - want[i]).Abs() > x.unit {
				t.Fatalf("%s: byte %d of %s is at %v; want %v", x.format, i, code, got[i], want[i])
			}
		}
	}
	got, want := x.marks(r.events), x.marks(x.held(events))
	if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b Event) bool {
		return a.Code == b.Code && a.Data == b.Data && (a.Time-b.Time).Abs() <= x.unit
	})); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", x.format, diff)
	}
	// Losses must be reported.
	for _, code := range []Code{Input, Resize, Marker, Exit} {
		n := 0
		for _, ev := range events {
			if ev.Code == code {
				n++
			}
		}
		var l losses
		l.event(Event{Code: code})
		told := 0
		for _, loss := range lost {
			if loss.What == l[0].What {
				told = loss.N
			}
		}
		if held := slices.Contains(x.codes, code); held && told != 0 || !held && told != n {
			t.Errorf("%s: reported %d lost %s; want %d", x.format, told, l[0].What, n)
		}
	}
}

// byteTimes returns the time of each byte of a stream, however the stream is
// cut into events.
func byteTimes(events []Event, code Code) []time.Duration {
	var times []time.Duration
	for _, ev := range events {
		if ev.Code == code {
			times = append(times, slices.Repeat([]time.Duration{ev.Time}, len(ev.Data))...)
		}
	}
	return times
}

// marks returns the events other than output and input.
func (x holding) marks(events []Event) []Event {
	var list []Event
	last := time.Duration(0)
	for _, ev := range events {
		if ev.Code == Exit && x.exitIsAtLast {
			ev.Time = last
		}
		if last = ev.Time; ev.Code != Output && ev.Code != Input {
			list = append(list, ev)
		}
	}
	return list
}

func TestRoundTrips(t *testing.T) {
	for _, x := range holdings {
		t.Run(x.format.Name, func(t *testing.T) {
			for seed := range uint64(50) {
				r := rand.New(rand.NewPCG(seed, 5))
				h, events := randomSession(r, seed%2 == 0)
				x.checkRoundTrip(t, h, events)
				if t.Failed() {
					t.Fatalf("seed %d", seed)
				}
			}
		})
	}
	// Every writable format is in the table above or has its own tests.
	elsewhere := []*Format{AsciicastV1, AsciicastV2, AsciicastV3, VHS}
	for _, f := range Formats {
		if f.CanWrite() && !slices.Contains(elsewhere, f) && !slices.ContainsFunc(holdings, func(x holding) bool { return x.format == f }) {
			t.Errorf("%s has no round trip test", f)
		}
	}
}

func TestRoundTripsOfRealCasts(t *testing.T) {
	files := append(testcorpus.Files(t, "casts/*.cast", 68), testcorpus.Files(t, "casts/*.cast.gz", 1)...)
	n := 0
	for _, path := range files {
		if info, err := os.Stat(path); err != nil || testing.Short() && info.Size() > 64<<10 {
			continue // the small files find most bugs
		}
		src := readAll(path)
		if src.err != nil || len(src.events) == 0 {
			continue
		}
		for _, x := range holdings {
			t.Run(filepath.Base(path)+"/"+x.format.Name, func(t *testing.T) {
				// Leave out what is lost by design: all but the first line of a
				// marker, and unknown codes.
				events := slices.DeleteFunc(slices.Clone(src.events), func(ev Event) bool {
					return ev.JSON || ev.Code == Marker && ev.Data != oneLine(ev.Data) || ev.Code == Exit && ev != src.events[len(src.events)-1]
				})
				h := src.Header
				h.Size = h.Size.OrDefault()
				if h.Start.Unix() <= 365*24*3600 {
					h.Start = time.Unix(1_700_000_000, 0).UTC()
				}
				h.Command = oneLine(h.Command)
				x.checkRoundTrip(t, h, events)
			})
		}
		n++
	}
	want := len(files) - 10 // some are empty or broken
	if testing.Short() {
		want = 40
	}
	if n < want {
		t.Errorf("converted %d recordings; want at least %d", n, want)
	}
}

// Each format reports the parts of a header that it cannot store.
func TestHeaderIsTold(t *testing.T) {
	h := Header{Size: Size{80, 24}, Start: time.Unix(1_700_000_000, 0), Title: "t", Command: "c", Env: map[string]string{"SHELL": "/bin/sh"}, Tags: []string{"x"}}
	for _, x := range holdings {
		if x.format == Raw {
			continue
		}
		lost := writeTo(t, x.format, filepath.Join(t.TempDir(), "x"+x.format.Ext[0]), castOf(h))
		text := fmt.Sprint(lost)
		for word, want := range map[string]bool{"title": true, "environment": true, "tags": true, "start time": !x.start, "command": !x.command && x.format != SudoIOLog} {
			if got := strings.Contains(text, word); got != want {
				t.Errorf("%s: losses = %s; mention of %s is %v, want %v", x.format, text, word, got, want)
			}
		}
	}
}

// Once a write fails, every later call returns the same error, and so does
// Close.
func TestWriteErrors(t *testing.T) {
	full := errors.New("disk full")
	for _, x := range holdings {
		w, err := x.format.NewFilesWriter(Files{Base: "x", Create: func(string, fs.FileMode) (io.WriteCloser, error) {
			return brokenFile{full}, nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		err = w.WriteHeader(Header{Size: Size{80, 24}})
		for range 100 {
			if err == nil {
				err = w.WriteEvent(Event{Code: Output, Data: strings.Repeat("x", 1<<12)})
			}
		}
		if x.format == Tlog && err == nil {
			err = Flush(w)
		}
		if !errors.Is(err, full) {
			t.Errorf("%s: write = %v; want %v", x.format, err, full)
		}
		if err := w.Close(); !errors.Is(err, full) {
			t.Errorf("%s: Close = %v; want %v", x.format, err, full)
		}
	}
}

type brokenFile struct{ err error }

func (f brokenFile) Write(p []byte) (int, error) { return 0, f.err }
func (f brokenFile) Close() error                { return nil }

// NewWriter refuses formats of several files: they cannot be written to a
// stream.
func TestNewWriterOfSeveralFiles(t *testing.T) {
	for _, f := range []*Format{Script, ScriptClassic, SudoIOLog} {
		if _, err := f.NewWriter(io.Discard); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("NewWriter(%s) = %v; want %v", f, err, errors.ErrUnsupported)
		}
	}
	var b bytes.Buffer
	if _, err := Ttyrec.NewWriter(&b); err != nil {
		t.Error(err)
	}
}
