//go:build unix

package redact

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/await"
)

// session records a program on a terminal, with its input.
type session struct {
	t      *testing.T
	f      *os.File
	cmd    *exec.Cmd
	mu     sync.Mutex // guards tape and last
	tape   *tape
	last   time.Time
	prompt string // ends each prompt of the shell, and nothing else that it draws
	done   chan struct{}
}

func startSession(t *testing.T, cols, rows int, name string, args ...string) *session {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = t.TempDir() // fish suggests file names
	home := t.TempDir()
	// Without this directory, fish reads all manual pages in the background.
	if err := os.MkdirAll(filepath.Join(home, ".local/share/fish/generated_completions"), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), "TERM=xterm-256color", "PS1=$ ", "HISTFILE=", "LC_ALL=C.UTF-8", "HOME="+home, "XDG_CONFIG_HOME=", "XDG_DATA_HOME=")
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Cols: uint16(cols), Rows: uint16(rows)})
	if err != nil {
		t.Fatal(err)
	}
	s := &session{t: t, f: f, cmd: cmd, tape: newTape(cols, rows), last: time.Now(), done: make(chan struct{})}
	go func() {
		defer close(s.done)
		buf := make([]byte, 4096)
		for {
			n, err := f.Read(buf)
			if n > 0 {
				s.mu.Lock()
				s.tape.add(format.Output, string(buf[:n]))
				s.last = time.Now()
				s.mu.Unlock()
			}
			if err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		f.Close()
		cmd.Wait()
	})
	return s
}

// settle waits until the program has been quiet for a moment.
func (s *session) settle(quiet time.Duration) {
	for end := time.Now().Add(await.Patience); time.Now().Before(end); time.Sleep(quiet / 4) {
		s.mu.Lock()
		since := time.Since(s.last)
		s.mu.Unlock()
		if since >= quiet {
			return
		}
	}
}

// keys types keys one by one; an escape sequence counts as one key.
func (s *session) keys(keys ...string) {
	s.t.Helper()
	for _, key := range keys {
		whole := key[0] == 0x1b
		for len(key) > 0 {
			k := key[:1]
			if whole {
				k = key
			}
			key = key[len(k):]
			s.mu.Lock()
			s.tape.add(format.Input, k)
			s.last = time.Now()
			s.mu.Unlock()
			if _, err := s.f.WriteString(k); err != nil {
				s.t.Fatal(err)
			}
			quiet := 4 * time.Millisecond
			if k == "\r" || whole {
				quiet = 80 * time.Millisecond
			}
			s.settle(quiet)
		}
	}
}

// prompts waits until the shell has drawn its nth prompt. What is typed before is
// echoed into the output of the command that still runs.
func (s *session) prompts(n int) {
	s.t.Helper()
	await.Until(s.t, fmt.Sprintf("%d prompts", n), func() bool { return s.drawn() >= n })
}

// drawn counts the prompts so far.
func (s *session) drawn() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Count(s.tape.stream(format.Output), s.prompt)
}

// enter types keys and Enter, and waits for the next prompt.
func (s *session) enter(keys ...string) {
	s.t.Helper()
	s.keys(keys...)
	n := s.drawn()
	s.keys("\r")
	s.prompts(n + 1)
	s.settle(80 * time.Millisecond)
}

// wait waits until the output contains text.
func (s *session) wait(text string) {
	s.t.Helper()
	var out string
	await.Until(s.t, fmt.Sprintf("%q %s:", text, "in the output"), func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		out = s.tape.stream(format.Output)
		return strings.Contains(out, text)
	}, &out)
}

// prompted waits until the output ends in text.
func (s *session) prompted(text string) {
	s.t.Helper()
	var out string
	await.Until(s.t, fmt.Sprintf("%q %s:", text, "at the end of the output"), func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		out = s.tape.stream(format.Output)
		return strings.HasSuffix(out, text)
	}, &out)
}

func (s *session) end() *tape {
	await.Receive(s.t, "the shell's end", s.done)
	return s.tape
}

const (
	left, up, home, end = "\x1b[D", "\x1b[A", "\x01", "\x05"
	backspace           = "\x7f"
)

// TestShells types secrets in real shells: with corrected mistakes, from the
// history, and wider than the window. The shells print them, put them into
// titles and ask for them.
func TestShells(t *testing.T) {
	shells := map[string][]string{
		"bash": {"--norc", "--noprofile", "-i"},
		"zsh":  {"-f", "-i"},
		"fish": {"--no-config", "-i"},
	}
	for name, args := range shells {
		t.Run(name, func(t *testing.T) {
			path, err := exec.LookPath(name)
			if err != nil && os.Getenv("CI") == "" {
				t.Skipf("%s is skipped: %s is not installed", t.Name(), name)
			}
			t.Parallel()
			token := "ghp_Zk3vT9wLq2Xn7RbY5sMd8HfGc4PjAe6UiO1t"
			urlPassword := "Tr0ub4dor-and-3"
			typed := "Sup3r-S3cret-w0rd"
			quoted := "Zwölf Boxkämpfer; j4gen & \"Viktor\""
			s := startSession(t, 44, 12, path, args...)
			s.prompt = "\x1b[?2004h"
			if name == "fish" {
				s.prompt = "\x1b(B\x1b[m# \x1b[K" // fish pastes plainly until it knows its terminal
			}
			s.prompts(1)
			s.settle(500 * time.Millisecond)
			assign := "export GH_TOKEN="
			// Type a wrong character and leave one out, then correct both.
			s.keys(assign, token[:7], "Q", backspace, token[7:20], token[21:], strings.Repeat("x", 3), backspace, backspace, backspace)
			for range len(token) - 21 {
				s.keys(left)
			}
			s.enter(token[20:21], end)
			s.enter("echo $GH_TOKEN | cat")
			s.enter(up, up, home, "true; ", end) // go through the whole line again
			s.enter("env | grep TOKEN")
			s.enter(": https://bob:" + urlPassword + "@db.example/x")
			s.enter(up, left, left, left, "y")
			// In quotes, across the edge of the window, and as the value of an
			// argument.
			s.enter("export DB_PASSWORD='"+quoted[:9]+"x", backspace, quoted[9:], "'; true")
			s.enter(up, left, left, backspace, "tr")
			s.enter("env 'DB_PASSWORD=" + quoted + "' true")
			s.enter(`echo "$DB_PASSWORD"`)
			s.enter(`printf '\033]0;%s\007\033]2;%%s\007' $GH_TOKEN`)
			s.keys("bash -c 'read -s -p \"Password: \" p; echo; echo got $p'", "\r")
			s.prompted("Password: ")
			s.enter(typed)
			s.wait("got " + typed)
			s.keys("exit", "\r")
			full := s.end()
			if out := full.stream(format.Output); strings.Count(out, "GH_TOKEN=") < 3 {
				t.Fatalf("the shell did not print the secrets: %q", out)
			}

			r := mustNew(t, Options{})
			for round := range 3 {
				in := full
				if round > 0 {
					in = full.split(rand.New(rand.NewPCG(uint64(round), 1)))
				}
				out, report := redacted(t, r, in)
				for _, secret := range []string{token, urlPassword, typed, quoted} {
					if where := leak(out, 4, secret); where != "" {
						t.Errorf("round %d: %s remains in %s", round, secret, where)
					}
				}
				if t.Failed() {
					t.Logf("%q", in.stream(format.Output))
					return
				}
				sameBut(t, in, out, token, urlPassword, typed, quoted, "Qx…") // fish shortens its suggestions
				if report.Secrets < 4 {
					t.Errorf("round %d: report = %+v; want at least four secrets", round, report)
				}
				if round == 0 {
					t.Logf("%+v", report)
				}
			}
		})
	}
}
