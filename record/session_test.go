//go:build linux || darwin

package record

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/await"
	"github.com/ttydeck/ttydeck/internal/tty"
)

func TestShells(t *testing.T) {
	t.Parallel()
	shells := map[string][]string{
		"bash": {"bash", "--norc", "--noprofile"},
		"zsh":  {"zsh", "-f"},
		"fish": {"fish", "--no-config"},
	}
	for name, args := range shells {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(name); err != nil && os.Getenv("CI") == "" {
				t.Skipf("%s is not installed", name)
			}
			path := castPath(t)
			m := open(t, helper{Path: path, Args: args}, terminalOptions{answer: answers})
			m.send("printf 'one-%d\\n' 2\r")
			at := m.waitFor(0, "one-2")
			if err := m.master.SetSize(tty.Size{Cols: 101, Rows: 33}); err != nil {
				t.Fatal(err)
			}
			// The size has arrived when the shell reports it.
			tries := 0
			await.Until(t, "the new size in the shell", func() bool {
				tries++
				m.send(fmt.Sprintf("stty size; printf 'try-%%d-%%d\\n' %d 2\r", tries))
				m.waitFor(at, fmt.Sprintf("try-%d-2", tries))
				return strings.Contains(m.shown()[at:], "33 101")
			})
			m.send("exit 3\r")
			if got := m.wait(); got != 3 {
				t.Errorf("exit status %d; want the shell's, 3", got)
			}
			m.checkRestored()
			r := read(t, path)
			if !strings.Contains(r.text(format.Output), "one-2") {
				t.Errorf("output %q; want one-2 in it", r.text(format.Output))
			}
			if got := r.text(format.Resize); got != "101x33" {
				t.Errorf("resizes %q; want 101x33", got)
			}
			if last := r.events[len(r.events)-1]; last.Code != format.Exit || last.Data != "3" {
				t.Errorf("last event %+v; want exit 3", last)
			}
			if r.text(format.Input) != "" {
				t.Error("the recording holds input; want none by default")
			}
			if r.Size != (format.Size{Cols: 80, Rows: 24}) || r.Term.Type != "xterm-256color" || r.Term.Version != "testterm(7.1)" {
				t.Errorf("header: size %v, terminal %+v; want 80x24, xterm-256color, testterm(7.1)", r.Size, r.Term)
			}
			if th := r.Term.Theme; th == nil || th.Fg.R != 255 || len(th.Palette) != 8 || th.Palette[3].R != 0x33 {
				t.Errorf("theme %+v; want the terminal's answers", r.Term.Theme)
			}
		})
	}
}

// A background job holds the terminal open. The session still ends at once,
// with all output from before the exit.
func TestTailWithBackgroundJob(t *testing.T) {
	t.Parallel()
	for range 5 {
		path := castPath(t)
		m := open(t, helper{Path: path, Args: sh("sleep 1000 & seq 1 20000; exit 7") /* no test waits so long */}, terminalOptions{answer: answers})
		if got := m.wait(); got != 7 {
			t.Fatalf("exit status %d; want 7", got)
		}
		want := new(strings.Builder)
		for i := 1; i <= 20000; i++ {
			fmt.Fprintf(want, "%d\r\n", i)
		}
		if got := read(t, path).text(format.Output); got != want.String() {
			t.Fatalf("recorded %d bytes of output, ending in %q; want %d", len(got), got[max(0, len(got)-20):], want.Len())
		}
		m.waitFor(0, "\r\n20000\r\n")
	}
}

func TestBackgroundJobThatNeverStopsWriting(t *testing.T) {
	t.Parallel()
	path := castPath(t)
	// The job ignores the hangup, and ends when its terminal is gone.
	m := open(t, helper{Path: path, Args: sh("trap '' HUP; yes & sleep 0.2; exit 0")}, terminalOptions{answer: answers})
	if got := m.wait(); got != 0 {
		t.Errorf("exit status %d; want 0", got)
	}
}

func TestWaitAll(t *testing.T) {
	t.Parallel()
	path := castPath(t)
	m := open(t, helper{Path: path, WaitAll: true, Args: sh("trap '' HUP; (sleep 0.5; echo late) & exit 4")}, terminalOptions{answer: answers})
	if got := m.wait(); got != 4 {
		t.Errorf("exit status %d; want 4", got)
	}
	if got := read(t, path).text(format.Output); got != "late\r\n" {
		t.Errorf("output %q; want the job's line", got)
	}
}

// A program that echoes a paste stops reading when nobody reads its output. A
// recorder with a blocking loop then hangs.
func TestLargePaste(t *testing.T) {
	t.Parallel()
	path := castPath(t)
	m := open(t, helper{Path: path, Args: sh("stty raw -echo; echo ready; head -c 250000 | cat; echo done")}, terminalOptions{answer: answers})
	m.waitFor(0, "ready")
	m.send(strings.Repeat("0123456789", 25000))
	m.waitFor(0, "done")
	if got := m.wait(); got != 0 {
		t.Fatalf("exit status %d; want 0", got)
	}
	if got := strings.Count(read(t, path).text(format.Output), "0123456789"); got != 25000 {
		t.Errorf("recorded %d of 25000 pieces", got)
	}
}

func TestInputAndSecrets(t *testing.T) {
	t.Parallel()
	const program = `printf 'name: '; read n; stty -echo; printf 'password: '; read p; stty echo; printf 'again: '; read a; echo "$n-$p-$a."`
	for _, secrets := range []bool{false, true} {
		path := castPath(t)
		m := open(t, helper{Path: path, Input: true, InputSecrets: secrets, Args: sh(program)}, terminalOptions{answer: answers})
		at := m.waitFor(0, "name: ")
		m.send("joe\r")
		at = m.waitFor(at, "password: ")
		m.send("s3cret\r")
		at = m.waitFor(at, "again: ")
		m.send("yes\r")
		m.waitFor(at, "joe-s3cret-yes.")
		m.wait()
		want := "joe\ryes\r"
		if secrets {
			want = "joe\rs3cret\ryes\r"
		}
		if got := read(t, path).text(format.Input); got != want {
			t.Errorf("InputSecrets %v: input %q; want %q", secrets, got, want)
		}
	}
}

// TestInputOfReaders: input that a program reads without echo is not recorded,
// in any terminal mode, and not when the program prints it later. Echoed input
// is recorded.
func TestInputOfReaders(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, prompt string
		args         []string
	}{
		{"bash", "Password: ", []string{"bash", "-c", "read -s -p 'Password: ' p; echo; echo \"it was $p.\"; read -p 'shown: ' x"}},
		{"bash by the character", "PIN: ", []string{"bash", "-c", "read -s -n 9 -p 'PIN: ' p; echo; echo \"it was $p.\"; read -p 'shown: ' x"}},
		{"zsh", "Password: ", []string{"zsh", "-fc", "read -s 'p?Password: '; echo; echo \"it was $p.\"; read 'x?shown: '"}},
		{"fish", "Password: ", []string{"fish", "-c", "read -s -P 'Password: ' p; echo \"it was $p.\"; read -P 'shown: ' x"}},
		{"python", "Password: ", []string{"python3", "-c", "import getpass; print('it was', getpass.getpass() + '.'); input('shown: ')"}},
		{"ssh-keygen", "passphrase", []string{"sh", "-c", "ssh-keygen -q -t ed25519 -f $(mktemp -d)/k; echo 'it was lost.'; printf 'shown: '; read x"}},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(tt.args[0]); err != nil && os.Getenv("CI") == "" {
				t.Skipf("%s is not installed", tt.args[0])
			}
			path := castPath(t)
			m := open(t, helper{Path: path, Input: true, Args: tt.args}, terminalOptions{answer: answers, env: []string{"HOME=" + t.TempDir()}})
			at := m.waitFor(0, tt.prompt)
			m.awaitNoEcho() // echo may go off a little after the prompt
			if tt.name == "ssh-keygen" {
				m.send("hunter2pw\r")
				at = m.waitFor(at, "again")
				m.awaitNoEcho()
			}
			for _, c := range "hunter2pw" {
				m.send(string(c))
				time.Sleep(5 * time.Millisecond) // like a person: each key is a read of its own
			}
			if tt.name != "bash by the character" {
				m.send("\r")
			}
			at = m.waitFor(at, "it was")
			m.waitFor(at, "shown: ")
			m.send("bob\r")
			m.wait()
			r := read(t, path)
			if in := r.text(format.Input); strings.ContainsAny(in, "hunter2pw") || !strings.Contains(in, "bob\r") {
				t.Errorf("input %q; want bob and none of the password", in)
			}
			if out := r.text(format.Output); strings.Contains(out, "hunter2pw") {
				t.Errorf("the output contains the password: %q", out)
			}
		})
	}
}

// Keys typed during the probe go to the program; the terminal's answers do not.
func TestKeysDuringTheProbe(t *testing.T) {
	t.Parallel()
	path := castPath(t)
	answer := "ab" + answers[:30] + answers[30:] + "cd\r"
	m := open(t, helper{Path: path, Args: sh("read line; echo got:$line.")}, terminalOptions{answer: answer})
	m.waitFor(0, "got:abcd.")
	if got := m.wait(); got != 0 {
		t.Errorf("exit status %d; want 0", got)
	}
	if v := read(t, path).Term.Version; v != "testterm(7.1)" {
		t.Errorf("Term.Version = %q; want testterm(7.1)", v)
	}
}

// A terminal that does not answer delays the header, not the session.
func TestSilentTerminal(t *testing.T) {
	t.Parallel()
	path := castPath(t)
	m := open(t, helper{Path: path, Args: sh("echo started; read x")}, terminalOptions{})
	m.waitFor(0, "started")
	m.send("\r")
	if got := m.wait(); got != 0 {
		t.Errorf("exit status %d; want 0", got)
	}
	m.checkRestored()
	if got := read(t, path).text(format.Output); !strings.HasPrefix(got, "started\r\n") {
		t.Errorf("output %q; want started first", got)
	}
}

// Answers that arrive after the program's end do not become input of the shell
// outside.
func TestLateAnswers(t *testing.T) {
	t.Parallel()
	path := castPath(t)
	m := open(t, helper{Path: path, Args: sh("echo bye")}, terminalOptions{
		answer: answers, after: "bye",
		args: []string{"sh", "-c", `"$0"; echo outside; read -r line; printf '[%s]' "$line"`, os.Args[0]},
	})
	m.waitFor(0, "outside")
	m.send("typed\r")
	if got := m.wait(); got != 0 || !strings.HasSuffix(m.all(), "[typed]") {
		t.Errorf("exit status %d, terminal %q; want 0, and [typed] at the end", got, m.all())
	}
	if got := read(t, path).Term.Version; got != "testterm(7.1)" {
		t.Errorf("Term.Version = %q; want testterm(7.1)", got)
	}
}

func TestNoProbeWhereItWouldShow(t *testing.T) {
	t.Parallel()
	for _, env := range [][]string{{"TERM=dumb"}, {"TERM=linux"}, {"TERM=screen", "STY=1.pts"}, {"TERM="}} {
		m := open(t, helper{Path: castPath(t), Args: sh("echo hi")}, terminalOptions{env: env})
		m.wait()
		if got := m.all(); got != "hi\r\n" {
			t.Errorf("%v: the terminal shows %q; want the output alone", env, got)
		}
	}
}

func TestPauseResumeAndMarker(t *testing.T) {
	t.Parallel()
	path := castPath(t)
	m := open(t, helper{Path: path, Keys: true, Args: []string{"bash", "--norc", "--noprofile"}}, terminalOptions{answer: answers})
	m.send("echo before-$((1+1))\r")
	at := m.waitFor(0, "before-2")
	m.send("\x1cm")
	at = m.waitFor(at, "marker set")
	m.send("\x1cp")
	at = m.waitFor(at, "recording paused")
	m.send("clear; echo hidden-$((1+1))\r")
	at = m.waitFor(at, "hidden-2")
	m.send("\x1b[92;5u\x1b[112u") // the same keys in kitty's encoding
	at = m.waitFor(at, "\x1b[23;2t")
	m.send("echo after-$((1+1))\r")
	m.waitFor(at, "after-2")
	m.send("exit\r")
	if got := m.wait(); got != 0 {
		t.Fatalf("exit status %d; want 0", got)
	}
	r := read(t, path)
	var kinds []string
	for _, ev := range r.events {
		if ev.Code == format.Marker {
			label := ev.Data
			if _, ok := format.ResumedAt(label); ok {
				label = "resumed"
			}
			kinds = append(kinds, label)
		}
	}
	if got := fmt.Sprintf("%q", kinds); got != `["" "paused" "resumed"]` {
		t.Errorf("markers %s; want an empty one, paused, resumed", got)
	}
	// The resumed recording begins with the screen, which shows the hidden
	// line. The hidden events themselves are not recorded.
	out := r.text(format.Output)
	if !strings.Contains(out, "before-2") || !strings.Contains(out, "after-2") || strings.Count(out, "hidden-2") != 1 {
		t.Errorf("output %q; want before-2, the screen with hidden-2 once, after-2", out)
	}
	screen := screenOf(r)
	if got := screen.Text(); !strings.HasPrefix(got, "$ ") && !strings.HasPrefix(got, "hidden-2") || strings.Contains(got, "before") {
		t.Errorf("last screen %q; want the terminal's, which was cleared", got)
	}
}

// A program that exits right after a resume is recorded to its end, even if the
// screen has much output to process first.
func TestResumeThenExit(t *testing.T) {
	t.Parallel()
	path := castPath(t)
	m := open(t, helper{Path: path, Keys: true, Args: sh("seq 200000; read x; echo hidden; read y; echo after; exit 3")}, terminalOptions{answer: answers})
	at := m.waitFor(0, "200000\r\n")
	m.send("\x1cp")
	at = m.waitFor(at, "recording paused")
	m.send("\r")
	at = m.waitFor(at, "hidden")
	m.send("\x1cp\r")
	m.waitFor(at, "after")
	if got := m.wait(); got != 3 {
		t.Fatalf("exit status %d; want 3", got)
	}
	r := read(t, path)
	label, told := strings.CutPrefix(r.text(format.Marker), "paused ")
	_, ok := format.ResumedAt(label)
	if screen := screenOf(r); !strings.HasSuffix(strings.TrimSpace(screen.Text()), "after") || !told || !ok || r.text(format.Exit) != "3" {
		t.Errorf("markers %q, exit %q, last screen %q; want paused resumed, 3, and after at the end", r.text(format.Marker), r.text(format.Exit), screen.Text())
	}
}

// The prefix pressed twice goes to the program once.
func TestPrefixTwice(t *testing.T) {
	t.Parallel()
	path := castPath(t)
	m := open(t, helper{Path: path, Keys: true, Args: sh("stty raw -echo; echo ready; head -c 3 | od -An -tx1")}, terminalOptions{answer: answers})
	m.waitFor(0, "ready")
	m.send("a\x1c\x1cb")
	m.waitFor(0, "61 1c 62")
	m.wait()
}

func TestStdinIsTyped(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, stdin string
		args        []string
		status      int
		want        string
	}{
		{"shell with exit", "echo $((40+2))\nexit 5\n", []string{"bash", "--norc"}, 5, "42"},
		{"shell without exit", "echo $((40+2))\n", []string{"bash", "--norc"}, 0, "42"},
		{"zsh", "echo $((40+2))\n", []string{"zsh", "-f"}, 0, "42"},
		{"slow command last", "sleep 0.3\necho $((40+2))\n", []string{"bash", "--norc"}, 0, "42"},
		{"nothing", "", []string{"bash", "--norc"}, 0, "exit"},
		{"line reader", "one\ntwo\n", []string{"sort", "-r"}, 0, "two\r\none"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(tt.args[0]); err != nil && os.Getenv("CI") == "" {
				t.Skipf("%s is not installed", tt.args[0])
			}
			path := castPath(t)
			r := Recorder{Args: tt.args, Headless: true, Stdin: strings.NewReader(tt.stdin), Env: append(os.Environ(), "PS1=$ ", "HISTFILE=")}
			f, err := Create(path, FileOptions{})
			if err != nil {
				t.Fatal(err)
			}
			r.Writer = f
			status, err := r.Run(t.Context())
			if status != tt.status || err != nil {
				t.Errorf("Run = %d, %v; want %d", status, err, tt.status)
			}
			if got := read(t, path).text(format.Output); !strings.Contains(got, tt.want) {
				t.Errorf("output %q; want %q in it", got, tt.want)
			}
		})
	}
}

func TestHeadless(t *testing.T) {
	t.Parallel()
	path := castPath(t)
	f, err := Create(path, FileOptions{})
	if err != nil {
		t.Fatal(err)
	}
	r := Recorder{Writer: f, Args: sh("stty size; tty; exit 9"), Headless: true, Size: format.Size{Cols: 100, Rows: 30}}
	status, err := r.Run(t.Context())
	if status != 9 || err != nil {
		t.Errorf("Run = %d, %v; want 9", status, err)
	}
	rec := read(t, path)
	if got := rec.text(format.Output); !strings.HasPrefix(got, "30 100\r\n/dev/") {
		t.Errorf("output %q; want a terminal of 30 rows and 100 columns", got)
	}
	if rec.Size != (format.Size{Cols: 100, Rows: 30}) {
		t.Errorf("header size %v; want 100x30", rec.Size)
	}
}

func TestProgramNotFound(t *testing.T) {
	t.Parallel()
	path := castPath(t)
	m := open(t, helper{Path: path, Args: []string{"/nowhere/program"}}, terminalOptions{})
	if got := m.wait(); got != 99 {
		t.Errorf("exit status %d; want 99, an error", got)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Stat of the recording: %v; want no file", err)
	}
	m.checkRestored()
}

// Whatever signal ends the recorder, the user's terminal is restored, the
// program gets a hangup, and the recording is complete.
func TestSignalsEndTheSession(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGHUP, syscall.SIGINT, syscall.SIGQUIT} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			path := castPath(t)
			m := open(t, helper{Path: path, HangupWait: patience, Args: sh("trap 'echo bye; exit 3' HUP; echo started; while :; do sleep 0.05; done")}, terminalOptions{answer: answers})
			m.waitFor(0, "started")
			if err := m.cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			if sig == syscall.SIGQUIT { // until quitWait has passed it is a key
				again := time.NewTicker(quitWait / 2)
				defer again.Stop()
				go func() {
					for range again.C {
						if m.cmd.Process.Signal(sig) != nil {
							return
						}
					}
				}()
			}
			if got := m.wait(); got != 128+int(sig) {
				t.Errorf("exit status %d; want %d", got, 128+int(sig))
			}
			m.checkRestored()
			r := read(t, path)
			if got := r.text(format.Output); !strings.HasSuffix(got, "bye\r\n") {
				t.Errorf("output %q; want bye at the end", got)
			}
			if got := r.text(format.Exit); got != "3" {
				t.Errorf("exit event %q; want 3", got)
			}
		})
	}
}

// A program that ignores the hangup keeps running.
func TestHangupIgnored(t *testing.T) {
	t.Parallel()
	path := castPath(t)
	m := open(t, helper{Path: path, HangupWait: 100 * time.Millisecond, Args: sh("trap '' HUP; echo $$ started; sleep 1000; echo no")}, terminalOptions{answer: answers})
	m.waitFor(0, "started")
	m.cmd.Process.Signal(syscall.SIGTERM)
	if got := m.wait(); got != 128+15 {
		t.Errorf("exit status %d; want 143", got)
	}
	r := read(t, path)
	if got := r.text(format.Exit); got != "" {
		t.Errorf("exit event %q; want none, as the program has not ended", got)
	}
	pid, err := strconv.Atoi(strings.Fields(r.text(format.Output))[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); err != nil {
		t.Errorf("the program has ended: %v", err)
	}
	syscall.Kill(-pid, syscall.SIGKILL)
}

// The window closes: the kernel hangs up the terminal.
func TestTerminalGone(t *testing.T) {
	t.Parallel()
	path := castPath(t)
	// bash misses a SIGHUP that comes just before it reads the next line: it ends when
	// its terminal is closed too, after HangupWait.
	m := open(t, helper{Path: path, HangupWait: patience / 24, Args: []string{"bash", "--norc"}}, terminalOptions{answer: answers})
	m.send("echo up-$((1+1))\r")
	m.waitFor(0, "up-2")
	m.master.Close()
	if got := m.wait(); got != 128+1 {
		t.Errorf("exit status %d; want 129", got)
	}
	if got := read(t, path).text(format.Exit); got == "" {
		t.Error("no exit event; want one for the hung-up shell")
	}
}

func TestChildKilled(t *testing.T) {
	t.Parallel()
	path := castPath(t)
	m := open(t, helper{Path: path, Args: sh("echo last words; kill -9 $$")}, terminalOptions{answer: answers})
	if got := m.wait(); got != 128+9 {
		t.Errorf("exit status %d; want 137", got)
	}
	m.checkRestored()
	r := read(t, path)
	if got := r.text(format.Output) + r.text(format.Exit); got != "last words\r\n137" {
		t.Errorf("recorded %q; want last words and exit 137", got)
	}
}

func TestExec(t *testing.T) {
	t.Parallel()
	path := castPath(t)
	m := open(t, helper{Path: path, Args: []string{"bash", "--norc"}}, terminalOptions{answer: answers})
	m.send("exec sh -c 'echo now-$((1+1)); exit 6'\r")
	m.waitFor(0, "now-2")
	if got := m.wait(); got != 6 {
		t.Errorf("exit status %d; want the new program's, 6", got)
	}
}

// Ctrl-Z inside the session stops the job there; the recorder does not notice.
func TestCtrlZInside(t *testing.T) {
	t.Parallel()
	path := castPath(t)
	m := open(t, helper{Path: path, Args: []string{"bash", "--norc"}}, terminalOptions{answer: answers})
	m.send("sh -c 'echo go-$((1+1)); exec sleep 50'\r")
	at := m.waitFor(0, "go-2")
	m.send("\x1a")
	at = m.waitFor(at, "Stopped")
	m.send("kill -9 %1; echo alive-$((1+1))\r")
	m.waitFor(at, "alive-2")
	// Exit twice: the first time, bash warns of the stopped job.
	m.send("exit 2\rexit 2\r")
	if got := m.wait(); got != 2 {
		t.Errorf("exit status %d; want 2", got)
	}
}

// SIGTSTP from outside restores the terminal and stops the recorder; fg resumes
// the session.
func TestStopAndContinue(t *testing.T) {
	t.Parallel()
	path := castPath(t)
	m := open(t, helper{Path: path, Args: []string{"bash", "--norc"}}, terminalOptions{
		answer: answers,
		args:   []string{"bash", "--norc", "--noprofile"},
		env:    []string{"PS1=outer$ "},
	})
	m.waitFor(0, "outer$ ")
	m.send("PS1=inn''er'$ ' " + os.Args[0] + "\r")
	at := m.waitFor(0, "inner$ ")
	m.send("kill -TSTP $PPID\r")
	at = m.waitFor(at, "Stopped")
	at = m.waitFor(at, "outer$ ")
	m.send("stty -a | grep -o ' -*icanon'; fg\r")
	at = m.waitFor(at, " icanon")
	at = m.waitFor(at, os.Args[0])
	m.send("echo back-$((1+1))\r")
	at = m.waitFor(at, "back-2")
	m.send("exit 3\r")
	at = m.waitFor(at, "outer$ ")
	m.send("echo status=$?\r")
	m.waitFor(at, "status=3")
	m.send("exit\r")
	m.wait()
	if got := read(t, path).text(format.Output); !strings.Contains(got, "back-2") {
		t.Errorf("output %q; want back-2, typed after fg", got)
	}
}

// A shell that suspends itself, with no process inside to continue it, also
// stops the recorder.
func TestProgramSuspendsItself(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux reports a stopped program")
	}
	path := castPath(t)
	m := open(t, helper{Path: path, Args: []string{"bash", "--norc"}}, terminalOptions{
		answer: answers,
		args:   []string{"bash", "--norc", "--noprofile"},
		env:    []string{"PS1=outer$ "},
	})
	m.waitFor(0, "outer$ ")
	m.send("PS1=inn''er'$ ' " + os.Args[0] + "\r")
	at := m.waitFor(0, "inner$ ")
	m.send("kill -STOP $$\r")
	at = m.waitFor(at, "Stopped")
	at = m.waitFor(at, "outer$ ")
	m.send("fg\r")
	at = m.waitFor(at, os.Args[0])
	m.send("echo back-$((1+1))\r")
	at = m.waitFor(at, "back-2")
	m.send("exit 3\r")
	m.waitFor(at, "outer$ ")
	m.send("exit\r")
	m.wait()
	if got := read(t, path).text(format.Exit); got != "3" {
		t.Errorf("exit event %q; want 3", got)
	}
}

func TestPanicRestoresTheTerminal(t *testing.T) {
	t.Parallel()
	m := open(t, helper{Path: castPath(t), Fail: "panic", Args: sh("echo on; read x; echo fail; sleep 5")}, terminalOptions{answer: answers})
	m.waitFor(0, "on")
	m.send("\r")
	m.waitFor(0, "the writer panics")
	if got := m.wait(); got != 2 {
		t.Errorf("exit status %d; want 2, that of a panic", got)
	}
	m.checkRestored()
}

// After a write error the session goes on, the user is notified at once, and
// Run returns the error at the end.
func TestWriteErrorLeavesTheSession(t *testing.T) {
	t.Parallel()
	path := castPath(t)
	m := open(t, helper{Path: path, Fail: "error", Args: sh("echo on; read x; sleep 0.1; echo fail; read y; echo still here")}, terminalOptions{answer: answers})
	m.waitFor(0, "on")
	m.send("\r")
	at := m.waitFor(0, "recording stopped: the disk is on fire")
	m.waitFor(0, "\x1b]2;✖ recording stopped")
	m.send("\r")
	m.waitFor(at, "still here")
	if got := m.wait(); got != 99 {
		t.Errorf("exit status %d; want 99, an error", got)
	}
	m.checkRestored()
	if got := read(t, path).text(format.Output); !strings.HasPrefix(got, "on\r\n") {
		t.Errorf("output %q; want the part before the error", got)
	}
}

// A slow terminal slows the program down; its output does not pile up in
// memory.
func TestSlowTerminal(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped with -short: the test limits memory, and the race detector needs memory of its own")
	}
	const step, takes = 64 << 10, 1 << 20 // bytes
	path := castPath(t)
	var taken atomic.Int64
	slow := make(chan struct{})
	m := open(t, helper{Path: path, Args: sh("head -c 200000000 /dev/zero | tr '\\0' x | fold -w 79")}, terminalOptions{
		answer: answers,
		drain: func(n int) {
			// Each step takes a sixteenth of a second: this terminal is slow.
			if at := taken.Add(int64(n)); at%step < int64(n) {
				time.Sleep(time.Second / 16)
			}
			if taken.Load() > takes {
				<-slow
			}
		},
	})
	defer close(slow)
	await.Until(t, "a megabyte of output in the terminal", func() bool { return taken.Load() > takes })
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if peak := peakMemory(t, m.cmd.Process.Pid); peak > 32<<20 {
		t.Errorf("peak memory of %d bytes; want at most 32 MiB", peak)
	}
	// The recording may be ahead by the buffers of the kernel and the recorder.
	if ahead := info.Size() - taken.Load(); ahead > 1<<20 {
		t.Errorf("the recording is %d bytes ahead of the terminal; want the program slowed down", ahead)
	}
	// A signal still gets through.
	m.cmd.Process.Signal(syscall.SIGTERM)
	if got := m.wait(); got != 128+15 {
		t.Errorf("exit status %d; want 143", got)
	}
}

// awaitNoEcho waits until the recorded program's terminal does not echo.
func (m *terminal) awaitNoEcho() {
	m.t.Helper()
	if runtime.GOOS != "linux" {
		time.Sleep(time.Second / 2) // only /proc leads to that terminal
		return
	}
	await.Until(m.t, "a terminal without echo", func() bool {
		lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", m.cmd.Process.Pid))
		for _, list := range lists {
			children, _ := os.ReadFile(list)
			for pid := range strings.FieldsSeq(string(children)) {
				f, err := os.OpenFile("/proc/"+pid+"/fd/0", os.O_RDWR|syscall.O_NOCTTY, 0)
				if err != nil {
					continue
				}
				stty := exec.Command("stty", "-a")
				stty.Stdin = f
				out, err := stty.Output()
				f.Close()
				if err == nil && strings.Contains(string(out), " -echo ") {
					return true
				}
			}
		}
		return false
	})
}

// peakMemory returns a process's peak resident size in bytes.
func peakMemory(t *testing.T, pid int) int {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Skipf("no peak memory in /proc: %v", err)
	}
	_, after, _ := bytes.Cut(text, []byte("VmHWM:"))
	var kib int
	if _, err := fmt.Sscan(string(after), &kib); err != nil {
		t.Fatal(err)
	}
	return kib << 10
}
