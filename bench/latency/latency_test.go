//go:build linux

// Package latency measures the delays that a user notices: prompts with marks,
// output at a watcher, observed programs, lists of sessions; and the output that a
// kill of the recorder loses. Compared runs alternate, so that other load on the
// machine affects them alike:
//
//	go test -bench . ./bench/...
package latency

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/await"
	"github.com/ttydeck/ttydeck/live"
	"github.com/ttydeck/ttydeck/record"
	"github.com/ttydeck/ttydeck/record/observe"
	"github.com/ttydeck/ttydeck/record/sessions"
	"github.com/ttydeck/ttydeck/record/shellint"
)

// recorderEnv names a file; when it is set, this program records to the file a
// program that prints the time.
const recorderEnv = "TTYDECK_BENCH_RECORD"

func TestMain(m *testing.M) {
	if path := os.Getenv(recorderEnv); path != "" {
		if err := recordTime(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func recordTime(path string) error {
	f, err := record.Create(path, record.FileOptions{})
	if err != nil {
		return err
	}
	r := record.Recorder{Writer: f, FlushEvery: f.FlushEvery(), Recorded: f.Recorded(), Headless: true,
		Args: []string{"bash", "-c", "while :; do echo $EPOCHREALTIME; sleep 0.01; done"}}
	_, err = r.Run(context.Background())
	return err
}

// need skips the benchmark if program is not installed.
func need(b *testing.B, program string) {
	b.Helper()
	if _, err := exec.LookPath(program); err != nil {
		b.Skipf("SKIPPED: %s is not installed", program)
	}
}

// report reports the median and the 90th percentile of times, and returns the
// median.
func report(b *testing.B, name string, times []time.Duration) time.Duration {
	b.Helper()
	if len(times) == 0 {
		b.Fatalf("%s: no times were taken", name)
	}
	slices.Sort(times)
	us := func(part int) float64 { return float64(times[len(times)*part/100]) / 1000 }
	b.ReportMetric(us(50), name+"-µs")
	b.ReportMetric(us(90), name+"-90%-µs")
	return times[len(times)/2]
}

// shell is a shell on a terminal.
type shell struct {
	pty   *os.File
	grown chan struct{}

	mu   sync.Mutex
	out  []byte    // guarded by mu
	last time.Time // of out; guarded by mu
}

func startShell(b *testing.B, marks bool, name string, rc map[string]string) *shell {
	b.Helper()
	home := b.TempDir()
	for file, text := range rc {
		file = filepath.Join(home, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	cmd := exec.Command(name)
	cmd.Dir = home
	cmd.Env = []string{"HOME=" + home, "PATH=" + os.Getenv("PATH"), "TERM=xterm-256color", "LANG=C.UTF-8", "XDG_RUNTIME_DIR=" + home, "XDG_DATA_DIRS=/usr/share"}
	if marks {
		s, err := shellint.Prepare(cmd.Args, cmd.Env, "0123456789abcdef0123456789abcdef")
		if err != nil || s == nil {
			b.Fatalf("Prepare: %v, %v", s, err)
		}
		b.Cleanup(func() { s.Close() })
		cmd.Args, cmd.Env = s.Args, s.Env
	}
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 200})
	if err != nil {
		b.Fatal(err)
	}
	s := &shell{pty: f, grown: make(chan struct{}, 1)}
	go func() {
		buf := make([]byte, 32<<10)
		for {
			n, err := f.Read(buf)
			s.mu.Lock()
			s.out, s.last = append(s.out, buf[:n]...), time.Now()
			s.mu.Unlock()
			select {
			case s.grown <- struct{}{}:
			default:
			}
			if err != nil {
				return
			}
		}
	}()
	b.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		f.Close()
	})
	s.prompt(b, 0)
	return s
}

// prompt waits for a prompt after the byte from, and returns the time of its
// arrival.
func (s *shell) prompt(b *testing.B, from int) time.Time {
	b.Helper()
	for {
		s.mu.Lock()
		there, at := bytes.Contains(s.out[from:], []byte("P> ")), s.last
		s.mu.Unlock()
		if there {
			return at
		}
		await.Receive(b, "a prompt", s.grown)
	}
}

// enter types a command and returns the time from Enter to the next prompt.
func (s *shell) enter(b *testing.B, line string) time.Duration {
	b.Helper()
	time.Sleep(30 * time.Millisecond) // for the shell's work after its prompt
	io.WriteString(s.pty, line)
	time.Sleep(30 * time.Millisecond)
	s.mu.Lock()
	from := len(s.out)
	s.mu.Unlock()
	began := time.Now()
	io.WriteString(s.pty, "\r")
	return s.prompt(b, from).Sub(began)
}

// BenchmarkPrompt measures how long the prompt takes after a command, without
// and with our marks. We promise at most 5 ms more for bash, 1 ms for the others.
func BenchmarkPrompt(b *testing.B) {
	for name, rc := range map[string]map[string]string{
		"bash": {".bashrc": "PS1='P> '\n"}, "zsh": {".zshrc": "PS1='P> '\n"},
		"fish": {".config/fish/config.fish": "function fish_prompt; echo -n 'P> '; end\nset -g fish_greeting\n"},
	} {
		b.Run(name, func(b *testing.B) {
			need(b, name)
			shells := [2]*shell{startShell(b, false, name, rc), startShell(b, true, name, rc)}
			var times [2][]time.Duration
			for b.Loop() {
				for i, s := range shells {
					times[i] = append(times[i], s.enter(b, "true"))
				}
			}
			added := report(b, "with", times[1]) - report(b, "without", times[0])
			b.ReportMetric(float64(added)/1000, "more-µs")
		})
	}
}

// BenchmarkWatch measures the time from a program's write to a watcher. We
// promise a median of 5 ms.
func BenchmarkWatch(b *testing.B) {
	base, err := os.MkdirTemp("", "live") // a socket's path must be short
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { os.RemoveAll(base) })
	b.Setenv("XDG_RUNTIME_DIR", base)
	dir, err := live.OpenDir()
	if err != nil {
		b.Fatal(err)
	}
	server, err := dir.Serve(live.Options{Name: "s"})
	if err != nil {
		b.Fatal(err)
	}
	file, err := record.Create(filepath.Join(b.TempDir(), "x.cast"), record.FileOptions{})
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	ended := make(chan struct{})
	rec := record.Recorder{Writer: file, Headless: true, Started: server.Started,
		Args: []string{"bash", "-c", "stty -echo; echo ready; while read x; do echo $EPOCHREALTIME; done"}}
	go func() {
		defer close(ended)
		status, _ := rec.Run(ctx)
		server.Close(status)
	}()
	b.Cleanup(func() { stop(); <-ended })
	client, err := dir.Open("s")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(client.Close)
	watch, err := client.Watch(ctx)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { watch.Close() })
	shown := ""
	until := func(text string) {
		for !strings.Contains(shown, text) {
			m, err := watch.Next(ctx)
			if err != nil {
				b.Fatal(err)
			}
			shown += string(m.Screen)
			for _, ev := range m.Events {
				shown += ev.Data
			}
		}
	}
	until("ready")
	var times []time.Duration
	for b.Loop() {
		shown = ""
		if err := client.Type(ctx, []byte("\r")); err != nil {
			b.Fatal(err)
		}
		until("\n")
		now := time.Now()
		if at, ok := clock(shown); ok {
			times = append(times, now.Sub(at))
		}
		time.Sleep(5 * time.Millisecond)
	}
	report(b, "write-to-watcher", times)
}

// clock returns the last time in text, in the form of bash's EPOCHREALTIME.
func clock(text string) (time.Time, bool) {
	fields := strings.Fields(text)
	if len(fields) == 0 {
		return time.Time{}, false
	}
	us, err := strconv.ParseInt(strings.Replace(fields[len(fields)-1], ".", "", 1), 10, 64)
	return time.UnixMicro(us), err == nil
}

// BenchmarkObserve measures the time of `cat` of 20 MB in a session, alone and
// observed by each method. We aim at a ratio of 1.1 for the methods by eBPF.
func BenchmarkObserve(b *testing.B) {
	need(b, "script")
	data := filepath.Join(b.TempDir(), "data")
	if err := os.WriteFile(data, bytes.Repeat([]byte("The quick brown fox jumps over the lazy dog, and runs away.\n"), 20<<20/60), 0o600); err != nil {
		b.Fatal(err)
	}
	// The holder is not a child of this program: ptrace would not attach to one.
	holder := exec.Command("sh", "-c", "script -q -c 'echo pid $$.; exec sh' /dev/null; exit")
	holder.Env = append(os.Environ(), "PS1=", "TERM=xterm")
	keys, err := holder.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		io.WriteString(keys, "exit\n")
		io.Copy(io.Discard, out)
		keys.Close()
		holder.Wait()
	})
	var tail []byte
	buf := make([]byte, 64<<10)
	until := func(text string) {
		for !bytes.Contains(tail, []byte(text)) {
			n, err := out.Read(buf)
			if err != nil {
				b.Fatal(err)
			}
			tail = append(tail[max(0, len(tail)-200):], buf[:n]...)
		}
	}
	until(".\r\n")
	_, digits, _ := bytes.Cut(tail, []byte("pid "))
	digits, _, _ = bytes.Cut(digits, []byte("."))
	times := map[observe.Method][]time.Duration{}
	methods := []observe.Method{"", observe.Fexit, observe.SysExit, observe.Ptrace}
	round := 0
	for b.Loop() {
		for _, m := range slices.Clone(methods) {
			round++
			stop, err := observeBy(b, string(digits), m, keys)
			if err != nil {
				b.Logf("SKIPPED: %v", err)
				methods = slices.DeleteFunc(methods, func(x observe.Method) bool { return x == m })
				continue
			}
			began := time.Now()
			fmt.Fprintf(keys, "cat %s; echo end$((%d+0)).\n", data, round) // the echo of this line does not match
			until(fmt.Sprintf("end%d.", round))
			times[m] = append(times[m], time.Since(began))
			stop()
		}
	}
	alone := report(b, "alone", times[""])
	for _, m := range methods[1:] {
		b.ReportMetric(float64(report(b, string(m), times[m]))/float64(alone), string(m)+"-ratio")
	}
}

// observeBy observes a session until stop is called. Without a method it does
// nothing.
func observeBy(b *testing.B, pid string, m observe.Method, keys io.Writer) (stop func(), err error) {
	if m == "" {
		return func() {}, nil
	}
	list, err := sessions.List()
	if err != nil {
		return nil, err
	}
	s, err := list.Find(pid)
	if err != nil {
		return nil, err
	}
	file, err := record.Create(filepath.Join(b.TempDir(), "x.cast"), record.FileOptions{})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(b.Context())
	began, ended := make(chan struct{}), make(chan error, 1)
	o := observe.Observer{Session: *s, Writer: file, Method: m, Began: func(observe.Method, []error) { close(began) }}
	go func() {
		_, err := o.Run(ctx)
		ended <- err
	}()
	select {
	case <-began:
		return func() {
			cancel()
			// script blocks all signals: ptrace stops it at its next system call.
			io.WriteString(keys, "\n")
			<-ended
		}, nil
	case err := <-ended:
		cancel()
		return nil, cmp.Or(err, io.ErrUnexpectedEOF)
	}
}

// BenchmarkList measures the time to list 300 sessions. We promise 100 ms.
func BenchmarkList(b *testing.B) {
	const count = 300
	for range count {
		cmd := exec.Command("sleep", "10000")
		f, err := pty.Start(cmd)
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			cmd.Process.Kill()
			cmd.Wait()
			f.Close()
		})
	}
	var times []time.Duration
	for b.Loop() {
		began := time.Now()
		list, err := new(sessions.Lister).List()
		if err != nil {
			b.Fatal(err)
		}
		times = append(times, time.Since(began))
		if len(list.Sessions) < count {
			b.Fatalf("List returned %d sessions; want at least %d", len(list.Sessions), count)
		}
	}
	report(b, "list", times)
}

// BenchmarkKill measures how much of the output a kill of the recorder loses.
// We promise no more than the last second.
func BenchmarkKill(b *testing.B) {
	for _, ext := range []string{".cast", ".cast.zst", ".cast.gz"} {
		b.Run(strings.TrimPrefix(ext, "."), func(b *testing.B) {
			need(b, "bash")
			var lost []time.Duration
			for i := 0; b.Loop(); i++ {
				path := filepath.Join(b.TempDir(), "x"+ext)
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), recorderEnv+"="+path)
				if err := cmd.Start(); err != nil {
					b.Fatal(err)
				}
				await.Until(b, "a recording", func() bool { _, ok := lastClock(path); return ok })
				time.Sleep(time.Duration(i*370%1000) * time.Millisecond)
				now := time.Now()
				cmd.Process.Kill()
				cmd.Wait()
				at, ok := lastClock(path)
				if !ok {
					b.Fatal("the recording is empty after the kill")
				}
				lost = append(lost, now.Sub(at))
			}
			report(b, "lost", lost)
			b.ReportMetric(float64(slices.Max(lost))/1000, "most-µs")
		})
	}
}

// lastClock returns the last time in a recording.
func lastClock(path string) (time.Time, bool) {
	in, err := format.OpenFile(path)
	if err != nil {
		return time.Time{}, false
	}
	defer in.Close()
	out := ""
	for ev, err := range in.Events {
		if err != nil {
			return time.Time{}, false
		}
		if ev.Code == format.Output {
			out += ev.Data
		}
	}
	whole, _, _ := cutLast(out, "\n")
	return clock(whole)
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
