//go:build linux || darwin

package record

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/await"
	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/screen"
)

// helperEnv turns this test binary into a recorder; its value is a helper as
// JSON. A recorder needs a process of its own to have a terminal, and to be
// killed.
const helperEnv = "TTYDECK_RECORD_HELPER"

type helper struct {
	Path        string
	Args        []string
	FileOptions FileOptions
	V2          bool

	Input, InputSecrets, Headless, WaitAll, Stdin, Keys, Integrate bool
	Size                                                           format.Size
	Fail                                                           string // "panic" or "error": how the Writer fails at an event with the data "fail"
	ProbeWait, HangupWait                                          time.Duration
}

// tickerEnv turns this test binary into a program that counts a hundred times a
// second.
const tickerEnv = "TTYDECK_RECORD_TICKER"

func tick() {
	for n := 1; ; n++ {
		fmt.Println(n)
		time.Sleep(10 * time.Millisecond)
	}
}

func TestMain(m *testing.M) {
	if text := os.Getenv(helperEnv); text != "" {
		var h helper
		if err := json.Unmarshal([]byte(text), &h); err != nil {
			panic(err)
		}
		os.Unsetenv(helperEnv)
		os.Exit(h.run())
	}
	if os.Getenv(tickerEnv) != "" {
		tick()
	}
	os.Exit(m.Run())
}

// run records and returns the exit status: the program's, 128 plus the number
// of the signal that ended the session, or 98 or 99 after an error.
func (h helper) run() int {
	if h.V2 {
		h.FileOptions.Format = format.AsciicastV2
	}
	f, err := Create(h.Path, h.FileOptions)
	if err != nil {
		fmt.Fprintln(os.Stderr, "create:", err)
		return 98
	}
	r := Recorder{
		Writer: f, FlushEvery: f.FlushEvery(), Recorded: f.Recorded(), Args: h.Args,
		Input: h.Input, InputSecrets: h.InputSecrets, Headless: h.Headless, WaitAll: h.WaitAll, Size: h.Size,
		Integrate: h.Integrate,
	}
	if h.Fail != "" {
		r.Writer = &failingWriter{f, h.Fail}
	}
	if h.Keys {
		r.Keys = DefaultKeys
	}
	if h.Stdin {
		r.Stdin = os.Stdin
	}
	if h.ProbeWait > 0 {
		probeWait = h.ProbeWait
	}
	if h.HangupWait > 0 {
		hangupWait = h.HangupWait
	}
	// As rec does: a SIGQUIT behind the recorder's end would end this process too.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGQUIT)
	status, err := r.Run(context.Background())
	if s, ok := errors.AsType[*SignalError](err); ok {
		return 128 + s.Number
	}
	if err != nil {
		f.Discard()
		fmt.Fprintln(os.Stderr, "run:", err)
		return 99
	}
	return status
}

// failingWriter fails at an event whose data contains "fail".
type failingWriter struct {
	*File
	how string
}

func (w *failingWriter) WriteEvent(ev format.Event) error {
	if strings.Contains(ev.Data, "fail") {
		if w.how == "panic" {
			panic("the writer panics")
		}
		return errors.New("the disk is on fire")
	}
	return w.File.WriteEvent(ev)
}

// terminal is a user's terminal in which a recorder runs.
type terminal struct {
	t      *testing.T
	master *tty.Conn
	cmd    *exec.Cmd

	mu    sync.Mutex
	grown sync.Cond
	out   []byte
	eof   bool
}

// answers are a terminal's replies to probeQuery.
const answers = "\x1bP>|testterm(7.1)\x1b\\\x1b]10;rgb:ffff/ffff/ffff\x1b\\\x1b]11;rgb:0000/0000/0000\x07" +
	"\x1b]4;0;rgb:00/00/00\x1b\\\x1b]4;1;rgb:11/00/00\x1b\\\x1b]4;2;rgb:22/00/00\x1b\\\x1b]4;3;rgb:33/00/00\x1b\\" +
	"\x1b]4;4;rgb:44/00/00\x1b\\\x1b]4;5;rgb:55/00/00\x1b\\\x1b]4;6;rgb:66/00/00\x1b\\\x1b]4;7;rgb:77/00/00\x1b\\\x1b[?62;22c"

type terminalOptions struct {
	answer string // the reply to the probe
	after  string // the terminal shows this before it replies
	env    []string
	args   []string // runs instead of the recorder
	drain  func(read int)
}

// open starts a recorder in a terminal of 80x24.
func open(t *testing.T, h helper, o terminalOptions) *terminal {
	t.Helper()
	master, slave, err := tty.OpenPTY(tty.Size{Cols: 80, Rows: 24})
	if err != nil {
		t.Fatal(err)
	}
	if o.answer != "" {
		h.ProbeWait = patience // the reply comes, however busy the machine is
	}
	m := &terminal{t: t, master: master}
	m.grown.L = &m.mu
	if o.args == nil {
		o.args = []string{os.Args[0]}
	}
	m.cmd = exec.Command(o.args[0], o.args[1:]...)
	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	m.cmd.Env = append(os.Environ(), helperEnv+"="+string(text), "TERM=xterm-256color", "PS1=$ ", "HISTFILE=")
	m.cmd.Env = append(m.cmd.Env, o.env...)
	m.cmd.Stdin, m.cmd.Stdout, m.cmd.Stderr = slave, slave, slave
	m.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	drained := make(chan struct{})
	go func() { defer close(drained); m.read(o) }()
	t.Cleanup(func() {
		m.cmd.Process.Kill()
		m.cmd.Wait()
		master.Close()
		<-drained
	})
	return m
}

func (m *terminal) read(o terminalOptions) {
	buf := make([]byte, 32<<10)
	asked := false
	for {
		n, err := m.master.Read(buf)
		m.mu.Lock()
		m.out = append(m.out, buf[:n]...)
		m.eof = err != nil
		if !asked && o.answer != "" && bytes.Contains(m.out, []byte("\x1b[c")) && bytes.Contains(m.out, []byte(o.after)) {
			asked = true
			io.WriteString(m.master, o.answer)
		}
		m.grown.Broadcast()
		m.mu.Unlock()
		if err != nil {
			return
		}
		if o.drain != nil {
			o.drain(n)
		}
	}
}

// patience is how long a test waits before it fails.
const patience = await.Patience

// waitFor waits until the output from offset from contains want, and returns
// the offset after want.
func (m *terminal) waitFor(from int, want string) int {
	m.t.Helper()
	late := false
	timer := time.AfterFunc(patience, func() {
		m.mu.Lock()
		late = true
		m.grown.Broadcast()
		m.mu.Unlock()
	})
	defer timer.Stop()
	m.mu.Lock()
	defer m.mu.Unlock()
	for {
		if at := bytes.Index(m.out[from:], []byte(want)); at >= 0 {
			return from + at + len(want)
		}
		if late || m.eof {
			m.t.Fatalf("the terminal shows %q; want %q in it", m.out[from:], want)
		}
		m.grown.Wait()
	}
}

func (m *terminal) shown() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return string(m.out)
}

// all returns the complete output. It waits until no process has the terminal
// open.
func (m *terminal) all() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	for !m.eof {
		m.grown.Wait()
	}
	return string(m.out)
}

func (m *terminal) send(s string) {
	m.t.Helper()
	if _, err := io.WriteString(m.master, s); err != nil {
		m.t.Fatal(err)
	}
}

// wait waits for the recorder and returns its exit status.
func (m *terminal) wait() int {
	m.t.Helper()
	timer := time.AfterFunc(patience, func() { m.cmd.Process.Kill() })
	defer timer.Stop()
	m.cmd.Wait()
	return m.cmd.ProcessState.ExitCode()
}

// checkRestored checks that the terminal is in line mode again.
func (m *terminal) checkRestored() {
	m.t.Helper()
	if mode, err := m.master.Mode(); err != nil || !mode.Echo || !mode.Canonical {
		m.t.Errorf("terminal mode %+v, %v; want echo and line mode", mode, err)
	}
}

// recording is a complete recording.
type recording struct {
	format.Header
	events []format.Event
}

func read(t *testing.T, path string) recording {
	t.Helper()
	r, err := tryRead(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func tryRead(path string) (recording, error) {
	f, err := format.OpenFile(path)
	if err != nil {
		return recording{}, err
	}
	defer f.Close()
	r := recording{Header: f.Header}
	for ev, err := range f.Events {
		if err != nil {
			return r, err
		}
		r.events = append(r.events, ev)
	}
	return r, nil
}

// text joins the data of all events that have the code.
func (r recording) text(code format.Code) string {
	var b strings.Builder
	for _, ev := range r.events {
		if ev.Code == code {
			b.WriteString(ev.Data)
			if code != format.Output && code != format.Input {
				b.WriteByte(' ')
			}
		}
	}
	return strings.TrimSuffix(b.String(), " ")
}

func castPath(t *testing.T) string { return filepath.Join(t.TempDir(), "session.cast") }

func sh(line string) []string { return []string{"sh", "-c", line} }

// screenOf returns the last screen of a recording.
func screenOf(r recording) picture {
	s := screen.New(r.Header)
	for _, ev := range r.events {
		s.Feed(ev)
	}
	_, rows := s.Size()
	var lines picture
	for y := range rows {
		lines = append(lines, strings.TrimRight(s.Row(y).Text(), " "))
	}
	return lines
}

type picture []string

func (s picture) Text() string { return strings.TrimRight(strings.Join(s, "\n"), "\n") }
