package format

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// tool returns the path of a program that a test needs. If the program is
// missing, the test is skipped; with CI=true it fails.
func tool(tb testing.TB, name, debian string) string {
	tb.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if os.Getenv("CI") == "true" {
		tb.Fatalf("%s is not installed: apt-get install %s", name, debian)
	}
	tb.Skipf("%s is skipped: %s is not installed (Debian: %s)", tb.Name(), name, debian)
	return ""
}

// playedSession returns a short session for the real players, with any bytes
// that they can play.
func playedSession(seed uint64) (Header, []Event) {
	r := rand.New(rand.NewPCG(seed, 11))
	h, events := randomSession(r, false)
	for len(events) < 8 {
		h, events = randomSession(r, false)
	}
	now := time.Duration(0)
	for i := range events {
		now += time.Duration(r.IntN(1000)) * time.Microsecond
		events[i].Time = now
		// NULs are fine. A size sequence is written as two records, which
		// players print unchanged.
		if len(events[i].Data) > 200_000 {
			events[i].Data = events[i].Data[:200_000]
		}
	}
	return h, events
}

// run runs a player and returns its output.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, errOut.String())
	}
	if errOut.Len() > 0 {
		t.Logf("%s: %s", name, errOut.String())
	}
	return out.String()
}

// sameBytes compares the output of a player with want.
func sameBytes(t *testing.T, player, got, want string) {
	t.Helper()
	if got == want {
		return
	}
	i := 0
	for i < len(got) && i < len(want) && got[i] == want[i] {
		i++
	}
	t.Fatalf("%s prints %d bytes; want %d; first difference at byte %d: %q; want %q", player, len(got), len(want), i,
		got[i:min(len(got), i+40)], want[i:min(len(want), i+40)])
}

const playedSeeds = 6

func TestScriptreplay(t *testing.T) {
	player := tool(t, "scriptreplay", "bsdutils")
	for seed := range uint64(playedSeeds) {
		h, events := playedSession(seed)
		src := recorded{events: events}
		path := filepath.Join(t.TempDir(), "session")
		writeTo(t, Script, path, castOf(h, events...))
		// scriptreplay ends its output with a line feed.
		timing := []string{"-d", "1000", "-T", path + ".timing"}
		got := run(t, player, append(timing, "-O", path)...)
		sameBytes(t, "scriptreplay", got, src.data(Output)+"\n")
		if src.data(Input) != "" {
			// scriptreplay turns each CR of the input into LF.
			got = run(t, player, append(timing, "-x", "in", "-c", "never", "-I", path+".in")...)
			sameBytes(t, "scriptreplay -x in", got, src.data(Input)+"\n")
		}
		summary := run(t, player, "--summary", "-T", path+".timing")
		for _, want := range []string{h.Command, h.Term.Type, "START_TIME:  " + h.Start.Format("2006-01-02 15:04:05")} {
			if !strings.Contains(summary, want) {
				t.Errorf("summary = %q; want %q in it", summary, want)
			}
		}

		classic := filepath.Join(t.TempDir(), "classic")
		writeTo(t, ScriptClassic, classic, castOf(h, events...))
		got = run(t, player, "-d", "1000", "-t", classic+".timing", classic)
		sameBytes(t, "scriptreplay -t", got, src.data(Output)+"\n")
	}
}

// Markers must not add to the time that scriptreplay takes.
func TestScriptreplayTime(t *testing.T) {
	player := tool(t, "scriptreplay", "bsdutils")
	path := filepath.Join(t.TempDir(), "session")
	writeTo(t, Script, path, castOf(Header{Size: Size{80, 24}},
		Event{Time: ms(100), Code: Output, Data: "a"}, Event{Time: ms(300), Code: Marker, Data: "m"},
		Event{Time: ms(350), Code: Resize, Data: "90x30"}, Event{Time: ms(400), Code: Output, Data: "b"}))
	// It must take at least until the last event. The sum of the delays,
	// checked below, shows that it does not take longer.
	begin := time.Now()
	run(t, player, "-T", path+".timing", "-O", path)
	if took := time.Since(begin); took < ms(390) {
		t.Errorf("scriptreplay took %v; want at least 400ms", took)
	}
	timing, err := os.ReadFile(path + ".timing")
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for line := range strings.Lines(string(timing)) {
		var kind string
		var delay float64
		if _, err := fmt.Sscan(line, &kind, &delay); err == nil {
			sum += delay
		}
	}
	if math.Abs(sum-0.4) > 0.0005 {
		t.Errorf("the delays add up to %v s; want 0.4:\n%s", sum, timing)
	}
	if got := run(t, player, "-d", "1000", "-x", "signal", "-T", path+".timing", "-O", path); !strings.Contains(got, "ROWS=30 COLS=90") {
		t.Errorf("signals = %q; want the resize", got)
	}
}

// withSizes returns the output of a ttyrec player that does not know sizes.
func withSizes(h Header, events []Event) string {
	var b strings.Builder
	size := func(s Size) {
		b.WriteString("\x1b[8;" + itoa(s.Rows) + ";" + itoa(s.Cols) + "t")
	}
	b.WriteString(utf8On)
	size(h.Size)
	for _, ev := range events {
		switch ev.Code {
		case Output:
			b.WriteString(ev.Data)
		case Resize:
			s, _ := ev.Size()
			size(s)
		}
	}
	return b.String()
}

func itoa(n int) string { return strconv.Itoa(n) }

func TestTtyplay(t *testing.T) {
	player := tool(t, "ttyplay", "ttyrec")
	for seed := range uint64(playedSeeds) {
		h, events := playedSession(seed)
		path := filepath.Join(t.TempDir(), "session.ttyrec")
		writeTo(t, Ttyrec, path, castOf(h, events...))
		sameBytes(t, "ttyplay", run(t, player, "-n", path), withSizes(h, events))
	}
}

func TestTermcat(t *testing.T) {
	player := tool(t, "termcat", "termrec")
	for seed := range uint64(playedSeeds) {
		h, events := playedSession(seed)
		path := filepath.Join(t.TempDir(), "session.ttyrec")
		writeTo(t, Ttyrec, path, castOf(h, events...))
		// Convert with termrec's reader and writer, and read the result.
		again := filepath.Join(t.TempDir(), "again.ttyrec.gz")
		run(t, player, path, again)
		r := readAll(again)
		if r.err != nil {
			t.Fatal(r.err)
		}
		if r.Header.Size != h.Size {
			t.Errorf("after termcat, size = %v; want %v", r.Header.Size, h.Size)
		}
		// termcat decodes UTF-8 and drops NULs and invalid bytes. The remaining
		// text must be the same.
		src := recorded{events: events}
		if got, want := plainText(r.data(Output)), plainText(src.data(Output)); got != want {
			t.Errorf("seed %d: termcat keeps %d bytes of text; want %d", seed, len(got), len(want))
		}
	}
}

func plainText(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 0x20 && r < 0x7f {
			return r
		}
		return -1
	}, s)
}

func TestSudoreplay(t *testing.T) {
	player := tool(t, "sudoreplay", "sudo")
	for seed := range uint64(playedSeeds) {
		h, events := playedSession(seed)
		h.Size = Size{20, 10} // sudoreplay warns if its own terminal is smaller
		src := recorded{events: events}
		path := filepath.Join(t.TempDir(), "session.sudo")
		writeTo(t, SudoIOLog, path, castOf(h, events...))
		if info, err := os.Stat(filepath.Join(path, "timing")); err != nil || info.Mode().Perm() != 0o400 {
			t.Errorf("mode of timing = %v, %v; want 0400, which marks a complete session", info.Mode(), err)
		}
		// sudoreplay buffers the banner apart, so the end of its line comes
		// last.
		banner := "Replaying sudo session: " + h.Command
		for _, row := range []struct{ streams, want string }{{"ttyout", src.data(Output)}, {"ttyin", src.data(Input)}} {
			got := run(t, player, "-n", "-m", "0", "-s", "1000", "-f", row.streams, path)
			got, ok1 := strings.CutPrefix(got, banner)
			got, ok2 := strings.CutSuffix(got, "\r\n")
			if !ok1 || !ok2 {
				t.Fatalf("sudoreplay prints %.100q; want the banner for %q", got, h.Command)
			}
			sameBytes(t, "sudoreplay -f "+row.streams, got, row.want)
		}
		list := run(t, player, "-d", filepath.Dir(path), "-l", "command", "bash")
		if !strings.Contains(list, "COMMAND=bash -c") {
			t.Errorf("sudoreplay -l prints %q; want the command in it", list)
		}
	}
}

func TestTlogPlay(t *testing.T) {
	player := tool(t, "tlog-play", "tlog")
	for seed := range uint64(playedSeeds) {
		h, events := playedSession(seed)
		src := recorded{events: events}
		path := filepath.Join(t.TempDir(), "session.tlog")
		writeTo(t, Tlog, path, castOf(h, events...))
		// tlog-play needs a terminal, and sets it to raw mode.
		cmd := exec.CommandContext(t.Context(), player, "-g", "end", "-i", path)
		var errOut bytes.Buffer
		cmd.Stderr = &errOut
		terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
		if err != nil {
			t.Fatal(err)
		}
		out, readErr := io.ReadAll(terminal)
		terminal.Close()
		if err := cmd.Wait(); err != nil {
			t.Fatalf("seed %d: tlog-play: %v (%v)\n%s\n%q", seed, err, readErr, errOut.String(), out[max(0, len(out)-300):])
		}
		got := strings.TrimRight(string(out), "\x00")
		got, ok := strings.CutSuffix(got, "\x1b[0m\x1b[?25h\r\n")
		if !ok {
			t.Fatalf("output of tlog-play ends in %q; want the sequence that restores the terminal", got[max(0, len(got)-60):])
		}
		sameBytes(t, "tlog-play", strings.TrimRight(got, "\x00"), strings.TrimRight(src.data(Output), "\x00"))
	}
}

// bsdPlay plays a recording like `script -p`. FreeBSD's playback in script.c
// reads a stamp, swaps it if the direction is above 0xff, and writes the data
// if the direction is 'o'. It stops at an incomplete chunk.
func bsdPlay(b []byte) (string, error) {
	var out strings.Builder
	for len(b) > 0 {
		if len(b) < 24 {
			return out.String(), errors.New("reading playback header")
		}
		n, sec := binary.LittleEndian.Uint64(b), binary.LittleEndian.Uint64(b[8:])
		usec, kind := binary.LittleEndian.Uint32(b[16:]), binary.LittleEndian.Uint32(b[20:])
		if kind > 0xff {
			return out.String(), errors.New("the other byte order")
		}
		if b = b[24:]; uint64(len(b)) < n {
			return out.String(), errors.New("file too small")
		}
		if usec >= 1e6 || sec > 1<<34 {
			return out.String(), errors.New("no time")
		}
		switch kind {
		case 's', 'e', 'i':
		case 'o':
			out.Write(b[:n])
		default:
			return out.String(), errors.New("invalid direction")
		}
		b = b[n:]
	}
	return out.String(), nil
}

func TestBSDPlay(t *testing.T) {
	for seed := range uint64(playedSeeds) {
		h, events := playedSession(seed)
		b := written(t, BSDScript, castOf(h, events...))
		got, err := bsdPlay([]byte(b))
		if err != nil {
			t.Fatal(err)
		}
		sameBytes(t, "script -p", got, recorded{events: events}.data(Output))

		// A file from a big-endian machine reads the same.
		swapped := swapBSD([]byte(b))
		little, big := readString(b), readString(string(swapped))
		if big.Err != nil || !sameReading(little, big) {
			t.Errorf("big-endian: %v, read %d events; want %d", big.Err, len(big.Events), len(little.Events))
		}
	}
}

// swapBSD swaps the byte order of the stamps of a little-endian recording.
func swapBSD(b []byte) []byte {
	var out []byte
	for len(b) >= 24 {
		n := binary.LittleEndian.Uint64(b)
		out = binary.BigEndian.AppendUint64(out, n)
		out = binary.BigEndian.AppendUint64(out, binary.LittleEndian.Uint64(b[8:]))
		out = binary.BigEndian.AppendUint32(out, binary.LittleEndian.Uint32(b[16:]))
		out = binary.BigEndian.AppendUint32(out, binary.LittleEndian.Uint32(b[20:]))
		out = append(out, b[24:24+n]...)
		b = b[24+n:]
	}
	return out
}
