//go:build unix

package transcript_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/await"
	"github.com/ttydeck/ttydeck/internal/query"
	"github.com/ttydeck/ttydeck/internal/score"
	"github.com/ttydeck/ttydeck/screen"
)

// A driver types into a shell through a pseudo-terminal, like a user at a
// keyboard, and records its output.
type driver struct {
	pty    *os.File
	pid    int // of the shell, or of the recorder that it runs in
	start  time.Time
	rand   *rand.Rand
	size   format.Size
	mu     sync.Mutex
	events []format.Event // guarded by mu
	last   time.Time      // time of the last output; guarded by mu
	sent   time.Time      // time of the last key
	mark   int            // index of the first event that wait reads
	prompt string
	want   []score.ExpectedCommand
	clock  *recorderClock // clock of our recorder; nil without one
	dir    string         // the shell's directory
	speed  time.Duration  // average time between keys
	keys   bool           // record input too
	menu   bool           // completion uses a menu
	ascii  bool           // the editor supports only ASCII and scrolls long lines sideways
	fails  string         // a command that fails
	runsOn string         // a command that prints begun, and runs on
	late   string         // the first text that timed out
	depth  int            // of the shell that is typed into
}

// session is a row of the table below.
type session struct {
	name string
	// argv starts the shell, after the files of rc are written to HOME.
	argv []string
	rc   map[string]string
	env  []string
	size format.Size
	// prompt is part of each prompt. If empty, it is the sequence that enables
	// bracketed paste.
	prompt string
	// fails and runsOn are commands that a driver uses, if the usual ones do not suit.
	fails, runsOn string
	// asks: the shell waits for answers of its terminal.
	asks bool
	// prepare, if not nil, writes further files.
	prepare func(home string) error
	do      func(*driver)
}

// driven is a session that was driven, with the commands that were entered.
type driven struct {
	cast format.Cast
	want []score.ExpectedCommand
	err  error
}

// driving holds a place for each session that may run at once. They wait most of
// the time, so there are more than processors.
var driving = make(chan struct{}, 32)

// drive returns functions that wait for the sessions of list, driven in our recorder
// if own is set. Those that -run selects begin at once.
func drive(t *testing.T, list []session, own bool) []func() driven {
	t.Helper()
	_, pattern, _ := strings.Cut(flag.Lookup("test.run").Value.String(), "/")
	results := make([]func() driven, len(list))
	for i, s := range list {
		home, err := os.MkdirTemp("", "own") // short: some shells scroll sideways
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(home) })
		results[i] = sync.OnceValue(func() (d driven) {
			driving <- struct{}{}
			defer func() { <-driving }()
			d.cast, d.want, d.err = s.run(home, own)
			return d
		})
		if selected, _ := regexp.MatchString(pattern, s.id()); !selected {
			continue
		}
		if _, err := exec.LookPath(s.argv[0]); err == nil {
			go results[i]()
		}
	}
	return results
}

// id is the name of the session's test.
func (s session) id() string { return strings.ReplaceAll(s.name, " ", "_") }

// run drives the session, in our recorder if own is set. It retries once if a
// busy machine times out.
func (s session) run(home string, own bool) (cast format.Cast, want []score.ExpectedCommand, err error) {
	for range 2 {
		if cast, want, err = s.runOnce(home, own); !errors.Is(err, errLate) {
			break
		}
		os.RemoveAll(home)
		os.Mkdir(home, 0o700)
	}
	return cast, want, err
}

var errLate = errors.New("timed out")

func (s session) runOnce(home string, own bool) (format.Cast, []score.ExpectedCommand, error) {
	none := format.Cast{}
	for name, text := range s.rc {
		file := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return none, nil, err
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return none, nil, err
		}
	}
	for name, text := range map[string]string{
		"work/alpha.txt": "alpha\n", "work/beta.txt": "beta\n", "work/sub/gamma.txt": "gamma\n",
	} {
		file := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return none, nil, err
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return none, nil, err
		}
	}
	// Without this directory, fish reads all manual pages in the background.
	if err := os.MkdirAll(filepath.Join(home, ".local/share/fish/generated_completions"), 0o755); err != nil {
		return none, nil, err
	}
	if s.prepare != nil {
		if err := s.prepare(home); err != nil {
			return none, nil, err
		}
	}
	size := s.size
	if size == (format.Size{}) {
		size = format.Size{Cols: 80, Rows: 24}
	}
	cmd := exec.Command(s.argv[0], s.argv[1:]...)
	cmd.Dir = filepath.Join(home, "work")
	cmd.Env = append([]string{
		"HOME=" + home, "PATH=" + os.Getenv("PATH"), "TERM=xterm-256color", "LANG=C.UTF-8", "USER=me", "LOGNAME=me",
		"HISTFILE=" + filepath.Join(home, ".history"), "PAGER=cat", "PYENV_VERSION=" + os.Getenv("PYENV_VERSION"),
		"ZDOTDIR=" + home, "SHELL=/bin/" + s.argv[0], "XDG_CONFIG_HOME=" + filepath.Join(home, ".config"),
		"TMUX_TMPDIR=" + home,
	}, s.env...)
	var clock *recorderClock
	if own {
		clock = &recorderClock{path: filepath.Join(home, "session.cast")}
		clock.wrap(cmd)
	}
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: uint16(size.Rows), Cols: uint16(size.Cols)})
	if err != nil {
		return none, nil, err
	}
	d := &driver{pty: f, pid: cmd.Process.Pid, start: time.Now(), size: size, rand: rand.New(rand.NewPCG(1, uint64(len(s.name)))), speed: 14 * time.Millisecond, prompt: s.prompt,
		clock: clock, dir: cmd.Dir, fails: cmp.Or(s.fails, "false"), runsOn: cmp.Or(s.runsOn, "echo beg''un; sleep 100")}
	if d.prompt == "" {
		d.prompt = "\x1b[?2004h"
	}

	answer := func([]byte) {}
	if s.asks {
		var queries query.Splitter
		screen := screen.New(format.Header{Size: size})
		answer = func(b []byte) {
			queries.Split(b, func(b []byte) { screen.Write(b) }, func(q []byte) {
				answer, _ := query.Answer(q, size, screen.Screen)
				f.WriteString(answer)
			})
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 32<<10)
		for {
			n, err := f.Read(buf)
			if n > 0 {
				d.event(format.Output, string(buf[:n]))
				answer(buf[:n])
			}
			if err != nil {
				return
			}
		}
	}()
	d.settle(400 * time.Millisecond)
	if own && s.prompt == "" {
		d.wait(d.prompt)
	}
	s.do(d)
	if own {
		cmd.Process.Signal(syscall.SIGHUP)
	}
	exited := make(chan struct{})
	go func() { cmd.Wait(); close(exited) }()
	select {
	case <-exited:
	case <-time.After(map[bool]time.Duration{false: 500 * time.Millisecond, true: await.Patience}[own]): // some shells do not exit on their own
		cmd.Process.Kill()
		<-exited
	}
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	select {
	case <-done:
	case <-time.After(time.Second): // a process still has the terminal open
	}
	go f.Close()
	if d.late != "" {
		tail := d.output(0)
		return none, nil, fmt.Errorf("waiting for %s behind %q: %w", d.late, tail[max(0, len(tail)-400):], errLate)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	recorded := d.events
	if own {
		cast, err := clock.read(d.want)
		return cast, d.want, err
	}
	events := func(yield func(format.Event, error) bool) {
		for _, ev := range recorded {
			if !yield(ev, nil) {
				return
			}
		}
	}
	return format.Cast{Header: format.Header{Size: size}, Events: events}, d.want, nil
}

func (d *driver) event(code format.Code, data string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	now := time.Now()
	d.events = append(d.events, format.Event{Time: now.Sub(d.start), Code: code, Data: data})
	if code == format.Output {
		d.last = now
	}
}

// settle waits until there was new output, none has come for a while, and the
// program in the foreground has nothing to compute. A program may write nothing at
// all, or compute for long: settle gives up after some seconds.
func (d *driver) settle(quiet time.Duration) {
	from := time.Now()
	for {
		time.Sleep(5 * time.Millisecond)
		d.mu.Lock()
		since := time.Since(d.last)
		fresh := d.last.After(d.sent)
		d.mu.Unlock()
		most := 2 * time.Second
		if fresh && since > quiet || time.Since(from) > most {
			if d.foreground() != computing || time.Since(from) > 5*most {
				return
			}
		}
	}
}

// press sends each key and pauses like a user at a keyboard.
func (d *driver) press(keys ...string) {
	for _, k := range keys {
		d.sent = time.Now()
		if _, err := d.pty.WriteString(k); err != nil {
			return
		}
		if d.keys {
			d.event(format.Input, k)
		}
		time.Sleep(d.speed/2 + time.Duration(d.rand.Int64N(int64(d.speed))))
	}
}

// text types text, one character at a time, and looks at each as a user does. On a
// busy machine, the recorder would see several as one.
func (d *driver) text(text string) {
	for _, r := range text {
		d.press(string(r))
		await.Within(time.Second, func() bool {
			d.mu.Lock()
			defer d.mu.Unlock()
			return d.last.After(d.sent)
		})
	}
}

// expect adds a command, and its output if known, to the expected commands.
func (d *driver) expect(command string, output ...string) {
	c := score.ExpectedCommand{Command: command, Depth: d.depth}
	if len(output) > 0 {
		c.Output = &output[0]
	}
	d.want = append(d.want, c)
}

const quiet = 140 * time.Millisecond

// enter ends a line and waits for the prompt.
func (d *driver) enter() {
	d.setMark()
	d.press("\r")
	d.wait(d.prompt)
}

// next ends a line that is incomplete or not a command.
func (d *driver) next() {
	d.press("\r")
	d.settle(quiet)
}

// setMark makes wait ignore the output so far.
func (d *driver) setMark() {
	d.mu.Lock()
	d.mark = len(d.events)
	d.mu.Unlock()
}

// run types a command and waits until it ends.
func (d *driver) run(command string, output ...string) {
	lines := strings.Split(command, "\n")
	for i, line := range lines {
		d.text(line)
		if i+1 < len(lines) {
			d.next()
		} else {
			d.enter()
		}
	}
	d.expect(command, output...)
	d.know(command, len(output) > 0)
}

// know adds the exit status, directory and start time of the last command.
func (d *driver) know(command string, fine bool) {
	if d.clock == nil {
		return
	}
	c := &d.want[len(d.want)-1]
	status, known := statuses[command]
	if known || fine {
		c.Exit = &status
	}
	c.Dir = d.dir
	if to, ok := strings.CutPrefix(command, "cd "); ok {
		d.dir = filepath.Join(d.dir, to)
	}
	d.clock.entered(len(d.want)-1, d.sent)
}

// statuses maps commands that fail to their exit status.
var statuses = map[string]int{"false": 1, "nonexistent-command-xyz": 127, "(exit 7)": 7, "! true": 1, " false": 1, "^false": 1}

// line types a line that is not a command.
func (d *driver) line(text string) {
	d.text(text)
	d.next()
}

const (
	up, down, left, right = "\x1b[A", "\x1b[B", "\x1b[D", "\x1b[C"
	tab, esc, bs          = "\t", "\x1b", "\x7f"
)

func ctrl(r byte) string { return string(rune(r & 0x1f)) }

// basics uses features of every shell.
func basics(d *driver) {
	d.run("echo hello", "hello")
	d.run("ls", "")
	d.want[len(d.want)-1].Output = nil
	d.run("cat alpha.txt beta.txt", "alpha\nbeta")
	d.run("false", "")
	d.enter()
	d.run("printf 'one\\ntwo\\n'", "one\ntwo")
	d.run("cd sub", "")
	d.run("cat gamma.txt", "gamma")
	d.run("cd ..", "")
	d.run("echo 'prompt > $ # % like'", "prompt > $ # % like")
	d.run("printf '$ not a command\\n'", "$ not a command")
	if !d.ascii {
		d.run("echo "+strings.Repeat("long ", 30)+"end", strings.Repeat("long ", 30)+"end")
		d.run("echo '日本語 — é 🎉'", "日本語 — é 🎉")
	}
	d.run("seq 1 40", strings.TrimRight(seq(40), "\n"))
	d.run("nonexistent-command-xyz")
	d.run("printf 'a\\tb\\n'", "a       b")
}

func menu(d *driver)  { d.menu = true }
func ascii(d *driver) { d.ascii = true }

// editing uses features of readline and zle.
func editing(d *driver) {
	d.run("echo first", "first")
	d.press(up)
	d.enter()
	d.expect("echo first", "first")
	d.text("cho inserted")
	d.press(ctrl('A'))
	d.text("e")
	d.enter() // the cursor is in the middle
	d.expect("echo inserted", "inserted")
	d.text("echo wrogn")
	d.press(bs, bs)
	d.text("ng")
	d.enter()
	d.expect("echo wrong", "wrong")
	d.text("this is thrown away")
	d.press(ctrl('U'))
	d.run("echo kept", "kept")
	d.text("echo given up")
	d.press(ctrl('C'))
	d.settle(quiet)
	d.run("echo next", "next")
	if !d.menu {
		d.press(ctrl('R'))
		d.text("first")
		d.settle(quiet)
		d.enter()
		d.expect("echo first", "first")
	}
	d.text("echo some words here")
	d.press(ctrl('W'), ctrl('W'))
	d.enter()
	d.expect("echo some", "some")
	d.text("cat al")
	d.press(tab)
	d.settle(quiet)
	d.enter()
	d.expect("cat alpha.txt", "alpha")
	d.text("echo before clear")
	d.press(ctrl('L'))
	d.settle(quiet)
	d.text(" and after")
	d.enter()
	d.expect("echo before clear and after", "before clear and after")
	d.run("clear")
	d.run("echo cleared", "cleared")
}

// lists uses lists of completions.
func lists(d *driver) {
	d.run("touch zz-one zz-two zz-three", "")
	d.text("ls zz-")
	d.press(tab)
	d.settle(quiet)
	d.press(tab)
	d.settle(quiet)
	if !d.menu {
		d.text("on")
		d.press(tab)
		d.settle(quiet)
		d.enter()
		d.expect("ls zz-one", "zz-one")
	} else {
		d.press(ctrl('C'))
		d.settle(quiet)
		d.press(ctrl('C'))
		d.settle(quiet)
	}
	d.run("echo after", "after")
}

// multiline runs commands of several lines.
func multiline(d *driver) {
	d.run("for i in 1 2; do\necho \"i=$i\"\ndone", "i=1\ni=2")
	d.run("echo \"a\nb\"", "a\nb")
	d.run("echo one \\\ntwo", "one two")
	d.run("cat <<EOF\nx $ y\n# z\nEOF", "x $ y\n# z")
	d.run("if true\nthen echo yes\nfi", "yes")
	d.line("echo 'open")
	d.text("never closed")
	d.press(ctrl('C'))
	d.settle(quiet)
	d.run("echo done", "done")
	d.run("true &&\necho both", "both")
	d.run("f() {\necho in f\n}", "")
	d.run("f", "in f")
}

// programs runs programs inside a shell.
func programs(d *driver) {
	d.line("cat")
	d.line("typed to cat")
	d.line("$ fake")
	d.setMark()
	d.press(ctrl('D'))
	d.wait(d.prompt)
	d.expect("cat", "typed to cat\ntyped to cat\n$ fake\n$ fake")
	d.begin("printf 'Name: '; head -1 >/dev/null", "Name:")
	d.text("bob")
	d.enter()
	d.slow("for p in 10 50 100; do printf '\\r%3d%%' $p; sleep 0.05; done; echo", "100%")
	d.slow("printf 'a\\nb\\n'; sleep 0.1; printf '\\033[2A\\033[JA\\nB\\n'", "A\nB")
	d.slow("printf '\\033[?1049hfull screen'; sleep 0.2; printf '\\033[?1049l'", "")
	d.begin("less alpha.txt", "alpha")
	d.setMark()
	d.press("q")
	d.wait(d.prompt)
	d.run("echo after less", "after less")
	d.slow("sleep 0.3; echo slow", "slow")
	d.interrupt()
	d.run("echo end", "end")
}

// interrupt runs a command, and ends it with ctrl-C.
func (d *driver) interrupt() {
	d.begin(d.runsOn, "begun")
	d.setMark()
	d.press(ctrl('C'))
	d.wait(d.prompt)
}

// slow runs a command that pauses before its output.
func (d *driver) slow(command string, output ...string) {
	d.run(command, output...)
}

// wait waits until the output contains one of the texts. Once it has timed out, it
// waits no more.
func (d *driver) wait(texts ...string) {
	if d.late != "" {
		return // the session has failed
	}
	for from := time.Now(); time.Since(from) < await.Patience; time.Sleep(5 * time.Millisecond) {
		output := d.output(d.mark)
		seen := slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(output, text) })
		if seen {
			if len(texts) == 1 && texts[0] == d.prompt { // a program may print the same text
				d.untilReading()
			}
			d.settle(quiet)
			return
		}
	}
	d.late = fmt.Sprintf("%q", texts)
}

// output returns the output from the event with the number from on.
func (d *driver) output(from int) string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var b strings.Builder
	for _, ev := range d.events[from:] {
		if ev.Code == format.Output {
			b.WriteString(ev.Data)
		}
	}
	return b.String()
}

// untilReading waits until the program in the foreground reads the terminal. It
// returns at once if the system does not show what programs do.
func (d *driver) untilReading() {
	for end := time.Now().Add(await.Patience); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		if act := d.foreground(); act == reading || act == unknown {
			return
		}
	}
}

// activity is what a program does at a moment.
type activity int

const (
	unknown   activity = iota
	reading            // it waits for input
	waiting            // it waits for something else
	computing          // it runs, or wants to, or has just ended
)

// foreground returns what the program in the foreground does; see
// proc_pid_syscall(5).
func (d *driver) foreground() activity {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return unknown // system calls have other numbers
	}
	shell := d.pid
	if d.clock != nil { // the shell is the recorder's child
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", shell))
		shell = 0
		for _, path := range threads {
			children, _ := os.ReadFile(path)
			if fields := strings.Fields(string(children)); len(fields) > 0 {
				shell, _ = strconv.Atoi(fields[0])
			}
		}
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", shell))
	if err != nil {
		return unknown // it has ended, or there is no /proc
	}
	group := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))[5] // tpgid
	text, err := os.ReadFile("/proc/" + group + "/syscall")
	if os.IsPermission(err) {
		return unknown
	}
	call := strings.Fields(string(text)) // number, arguments; "running"; none if it has ended
	switch {
	case len(call) < 2:
		return computing
	case call[0] == "0": // read
		fd, _ := strconv.ParseInt(strings.TrimPrefix(call[1], "0x"), 16, 32)
		file, _ := os.Readlink(fmt.Sprintf("/proc/%s/fd/%d", group, fd))
		if strings.HasPrefix(file, "/dev/pts/") || strings.HasPrefix(file, "/dev/tty") {
			return reading
		}
	case slices.Contains([]string{"7", "23", "232", "270", "271", "281"}, call[0]): // poll, select, epoll_wait, pselect6, ppoll, epoll_pwait
		return reading
	case call[0] == "202": // futex: another thread may read
		return unknown
	}
	return waiting
}

// begin runs a program and waits until its output contains text.
func (d *driver) begin(command, text string) {
	d.text(command)
	d.setMark()
	d.press("\r")
	at := d.sent
	d.wait(text)
	d.expect(command)
	if d.clock != nil {
		d.want[len(d.want)-1].Dir = d.dir
		d.clock.entered(len(d.want)-1, at)
	}
}

// repls runs programs with their own prompt.
func repls(d *driver) {
	d.begin("python3 -q", ">>>")
	d.line("1+1")
	d.line("print('$ x')")
	d.text("exit()")
	d.enter()
	d.run("echo back", "back")
	d.begin("sqlite3", "sqlite>")
	d.line("select 1;")
	d.text(".quit")
	d.enter()
	d.run("echo back again", "back again")
	d.line("bc -q")
	d.expect("bc -q")
	d.line("2*3")
	d.text("quit")
	d.enter()
	d.begin("node -i", ">")
	d.line("3*4")
	d.text(".exit")
	d.enter()
	d.begin("gdb -q", "(gdb)")
	d.line("print 1")
	d.text("quit")
	d.enter()
	d.run("echo done", "done")
}

// nesting runs shells inside shells.
func nesting(d *driver) {
	d.run("echo outer", "outer")
	for _, inner := range []string{"bash --norc", "dash", "zsh -f", "sh -c 'exec mksh'", "env -i bash --norc --noprofile"} {
		d.inner(inner)
		d.inner("echo inside", "inside")
		d.inner("ls alpha.txt", "alpha.txt")
		d.text("exit")
		d.enter()
		d.expect("exit")
	}
	d.run("echo outer again", "outer again")
}

// inner enters a line, and waits for the prompt of an inner shell.
func (d *driver) inner(line string, output ...string) {
	d.text(line)
	d.expect(line, output...)
	d.setMark()
	d.press("\r")
	d.wait("$ ", "# ", "\x1b[?2004h")
}

// hasty types without waiting for prompts.
func hasty(d *driver) {
	d.run("echo calm", "calm")
	d.press("sleep 0.4; echo one\r")
	d.press("echo two\r")
	d.settle(600 * time.Millisecond)
	d.expect("sleep 0.4; echo one")
	d.expect("echo two", "two")
	d.run("echo calm again", "calm again")
	d.press("echo pasted at once\r")
	d.settle(quiet)
	d.expect("echo pasted at once", "pasted at once")
	for i := range 5 {
		d.press(fmt.Sprintf("echo number %d\r", i))
		d.settle(30 * time.Millisecond)
		d.expect(fmt.Sprintf("echo number %d", i))
	}
	d.settle(quiet)
	d.run("echo end", "end")
}

// resizing changes the size of the terminal.
func resizing(d *driver) {
	d.run("echo one", "one")
	d.resize(100, 30)
	d.run("echo two", "two")
	d.text("echo in the middle of " + strings.Repeat("x", 60))
	d.resize(60, 20)
	d.text(" a line")
	d.enter()
	d.expect("echo in the middle of " + strings.Repeat("x", 60) + " a line")
	d.run("seq 1 30", strings.TrimRight(seq(30), "\n"))
	d.resize(90, 40)
	d.run("echo three", "three")
	d.text("sleep 0.3; echo late")
	d.press("\r")
	d.resize(80, 24)
	d.settle(400 * time.Millisecond)
	d.expect("sleep 0.3; echo late", "late")
	d.run("echo end", "end")
}

func (d *driver) resize(cols, rows int) {
	pty.Setsize(d.pty, &pty.Winsize{Rows: uint16(rows), Cols: uint16(cols)})
	d.event(format.Resize, format.Size{Cols: cols, Rows: rows}.String())
	time.Sleep(150 * time.Millisecond) // a user needs a moment between resizing and typing
}

func background(d *driver) {
	d.run("(sleep 0.5; echo FROM BEHIND) &")
	d.text("echo wh")
	time.Sleep(600 * time.Millisecond) // the job writes into the line
	d.text("ole")
	d.enter()
	d.expect("echo whole", "")
	d.want[len(d.want)-1].Output = nil
	d.run("echo end")
}

func seq(n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		fmt.Fprintln(&b, i)
	}
	return b.String()
}

func all(fs ...func(*driver)) func(*driver) {
	return func(d *driver) {
		for _, f := range fs {
			f(d)
		}
	}
}

const (
	debianBash = `PS1='\[\e]0;\u@\h: \w\a\]\[\033[01;32m\]\u@\h\[\033[00m\]:\[\033[01;34m\]\w\[\033[00m\]\$ '` + "\n"
	twoLines   = `PS1='\n\[\e[34m\]┌──(\[\e[1m\]\u㉿\h\[\e[0;34m\])-[\w]\n└─\$\[\e[0m\] '` + "\n"
	noPaste    = "bind 'set enable-bracketed-paste off'\n"
	statusBash = `PROMPT_COMMAND='r=$?; PS1="[$r] \W \$ "'` + "\n"
	gitBash    = `g() { [ -e .git ] && echo " (main)"; }; PS1='\W$(g) ❯ '` + "\n"
	twoZsh     = "autoload -U colors; PROMPT=$'\\n%F{blue}%~%f\\n%(?.%F{green}.%F{red})❯%f '\nRPROMPT='%D{%H:%M:%S}'\n"
	arrowZsh   = "PROMPT='%(?:%F{green}➜ :%F{red}➜ ) %F{cyan}%c%f '\n"
	transient  = "PROMPT='%~ >>> '\nzle-line-finish() { PROMPT='%% '; zle reset-prompt; PROMPT='%~ >>> ' }\nzle -N zle-line-finish\n"
	menuZsh    = "autoload -U compinit; compinit -u; zstyle ':completion:*' menu select\n" + arrowZsh
	titleZsh   = "preexec() { print -Pn \"\\e]0;$1\\a\" }\nprecmd() { print -Pn '\\e]0;%~\\a'; print -P '%F{8}── %D ──%f' }\n" + arrowZsh
	fishRight  = "function fish_right_prompt; date +%H:%M:%S; end\nset -g fish_greeting\n"
	fishTwo    = "function fish_prompt; echo; echo (prompt_pwd); echo -n 'λ '; end\n"
)

var drives = []session{
	{name: "bash", argv: []string{"bash"}, rc: map[string]string{".bashrc": debianBash}, do: all(basics, editing)},
	{name: "bash lists", argv: []string{"bash"}, rc: map[string]string{".bashrc": "PS1='$ '\n"}, do: all(lists, multiline)},
	{name: "bash two lines", argv: []string{"bash"}, rc: map[string]string{".bashrc": twoLines}, do: all(basics, multiline, lists)},
	{name: "bash two lines edited", argv: []string{"bash"}, rc: map[string]string{".bashrc": twoLines}, do: all(editing, programs)},
	{name: "bash status", argv: []string{"bash"}, rc: map[string]string{".bashrc": statusBash}, do: all(basics, repls)},
	{name: "bash git", argv: []string{"bash"}, rc: map[string]string{".bashrc": gitBash}, do: all(basics, func(d *driver) { d.run("mkdir .git", ""); d.run("echo there", "there") }, programs)},
	{name: "bash vi", argv: []string{"bash"}, rc: map[string]string{".bashrc": "set -o vi\n" + debianBash}, do: all(basics, multiline)},
	{name: "bash without paste", prompt: "\x1b[00m# ", argv: []string{"bash"}, rc: map[string]string{".bashrc": noPaste + debianBash}, do: all(basics, lists, programs)},
	{name: "bash without paste edited", prompt: "\x1b[00m# ", argv: []string{"bash"}, rc: map[string]string{".bashrc": noPaste + debianBash}, do: all(editing, multiline)},
	{name: "bash without paste two lines", prompt: "└─#", argv: []string{"bash"}, rc: map[string]string{".bashrc": noPaste + twoLines}, do: all(basics, repls)},
	{name: "bash nested", argv: []string{"bash"}, rc: map[string]string{".bashrc": debianBash}, do: nesting},
	{name: "bash hasty", argv: []string{"bash"}, rc: map[string]string{".bashrc": debianBash}, do: hasty},
	{name: "bash resized", argv: []string{"bash"}, rc: map[string]string{".bashrc": debianBash}, do: resizing},
	{name: "bash background", argv: []string{"bash"}, rc: map[string]string{".bashrc": debianBash}, do: background},
	{name: "bash small", argv: []string{"bash"}, rc: map[string]string{".bashrc": "PS1='\\u:\\w\\$ '\n"}, size: format.Size{Cols: 30, Rows: 6}, do: all(basics, editing, multiline)},
	{name: "zsh", argv: []string{"zsh"}, rc: map[string]string{".zshrc": "PROMPT='%n@%m %1~ %# '\n"}, do: all(basics, editing)},
	{name: "zsh programs", argv: []string{"zsh"}, rc: map[string]string{".zshrc": arrowZsh}, do: all(multiline, programs)},
	{name: "zsh two lines", argv: []string{"zsh"}, rc: map[string]string{".zshrc": twoZsh}, do: all(basics, editing, multiline)},
	{name: "zsh transient", argv: []string{"zsh"}, rc: map[string]string{".zshrc": transient}, do: all(basics, editing, multiline)},
	{name: "zsh menu", argv: []string{"zsh"}, rc: map[string]string{".zshrc": menuZsh}, do: all(menu, lists, basics, repls)},
	{name: "zsh title", argv: []string{"zsh"}, rc: map[string]string{".zshrc": titleZsh}, do: all(basics, editing)},
	{name: "zsh vi", argv: []string{"zsh"}, rc: map[string]string{".zshrc": "bindkey -v\n" + twoZsh}, do: all(basics, multiline)},
	{name: "zsh without paste", prompt: "\x1b[?1h", argv: []string{"zsh"}, rc: map[string]string{".zshrc": "unset zle_bracketed_paste\n" + arrowZsh}, do: all(basics, editing)},
	{name: "zsh nested", argv: []string{"zsh"}, rc: map[string]string{".zshrc": arrowZsh}, do: nesting},
	{name: "zsh hasty", argv: []string{"zsh"}, rc: map[string]string{".zshrc": arrowZsh}, do: hasty},
	{name: "zsh resized", argv: []string{"zsh"}, rc: map[string]string{".zshrc": twoZsh}, do: resizing},
	{name: "zsh small", argv: []string{"zsh"}, rc: map[string]string{".zshrc": arrowZsh}, size: format.Size{Cols: 30, Rows: 6}, do: all(basics, multiline)},
	{name: "fish", argv: []string{"fish"}, do: all(menu, basics, editing)},
	{name: "fish right", argv: []string{"fish"}, rc: map[string]string{".config/fish/config.fish": fishRight}, do: all(menu, basics, lists, repls)},
	{name: "fish two lines", argv: []string{"fish"}, rc: map[string]string{".config/fish/config.fish": fishTwo}, do: all(menu, basics, editing)},
	{name: "fish nested", argv: []string{"fish"}, rc: map[string]string{".config/fish/config.fish": fishTwo}, do: nesting},
	{name: "dash", prompt: "$ ", argv: []string{"dash"}, env: []string{"PS1=$ "}, do: all(basics, multiline, programs)},
	{name: "dash repls", prompt: "$ ", argv: []string{"dash"}, env: []string{"PS1=$ "}, do: all(repls, nesting)},
	{name: "mksh", prompt: "# ", argv: []string{"mksh"}, env: []string{"PS1=$PWD $ "}, do: all(ascii, basics, programs)},
	{name: "ksh", prompt: "$ ", argv: []string{"ksh"}, env: []string{"PS1=$ "}, do: all(ascii, basics, programs)},
	{name: "busybox", prompt: "# ", argv: []string{"busybox", "sh"}, env: []string{"PS1=\\w \\$ "}, do: all(ascii, basics, multiline, programs)},
	{name: "tcsh", prompt: "# ", argv: []string{"tcsh"}, rc: map[string]string{".tcshrc": "set prompt='%n@%m:%~%# '\n"}, do: all(ascii, basics)},
	{name: "yash", prompt: " # ", argv: []string{"yash"}, do: all(ascii, basics, multiline)},
}

// unmarkedFloor returns the least precision and recall of the sessions in a shell
// whose recordings have no marks.
func unmarkedFloor(shell string) float64 {
	switch shell {
	case "bash", "zsh", "fish":
		return 0.98
	}
	return 0.95
}

// hastyDrives send lines before their prompts. Shells differ in who shows those.
var hastyDrives = []session{
	{name: "bash without paste hasty", prompt: "$ ", argv: []string{"bash"}, rc: map[string]string{".bashrc": noPaste + "PS1='$ '\n"}, do: hasty},
	{name: "dash hasty", prompt: "$ ", argv: []string{"dash"}, env: []string{"PS1=$ "}, do: hasty},
	{name: "ksh hasty", prompt: "$ ", argv: []string{"ksh"}, env: []string{"PS1=$ "}, do: hasty},
	{name: "mksh hasty", prompt: "# ", argv: []string{"mksh"}, env: []string{"PS1=$PWD # "}, do: hasty},
	{name: "busybox hasty", prompt: "# ", argv: []string{"busybox", "sh"}, env: []string{"PS1=\\w # "}, do: hasty},
	{name: "fish hasty", argv: []string{"fish"}, do: hasty},
}

// strollDrives have prompts that change, or that end in odd signs.
var strollDrives = []session{
	stroll("bang", `\W! `, "! "),
	stroll("bar", `(\W) | `, ") | "),
	stroll("clock", `\t \W :: `, " :: "),
	stroll("shape of a REPL", `\W> `, "> "),
	stroll("underscore", `>_ `, ">_ "),
	stroll("therefore", `\u ∴ `, " ∴ "),
	stroll("rocket", "🚀 ", "🚀 "),
	stroll("status", `$([ $? = 0 ] || echo "✘ ")\W ❯ `, " ❯ "),
	stroll("repository", `\w$([ -e .git ] && echo "(main ✗)") `, " "),
	stroll("sign of a repository", `$([ -e .git ] && echo "± |main| → " || echo "○ → ")`, " → "),
	{name: "zsh second prompt", argv: []string{"zsh"}, rc: map[string]string{".zshrc": "PROMPT=$'\\n%~ main\\n➜ '\nPROMPT2='… %_ ➜ '\n"}, do: multiline},
	{name: "bash second prompt", argv: []string{"bash"}, rc: map[string]string{".bashrc": "PS1='\\n\\w main\\n└─➞ '\nPS2='└─➞ '\n"}, do: multiline},
	{name: "bash without paste bare colours", prompt: "# ", argv: []string{"bash"}, rc: map[string]string{".bashrc": noPaste + `PS1='\e[1;32m\u\e[0m:\w# '` + "\n"}, do: all(ascii, basics, wide)},
	{name: "bash no line feed", argv: []string{"bash"}, rc: map[string]string{".bashrc": debianBash}, do: wide},
	{name: "bash without paste no line feed", prompt: "\x1b[00m# ", argv: []string{"bash"}, rc: map[string]string{".bashrc": noPaste + debianBash}, do: wide},
	{name: "bash bare colours", argv: []string{"bash"}, rc: map[string]string{".bashrc": `PS1='\e[1;32m\u\e[0m:\w\$ '` + "\n"}, do: basics},
}

// wide enters a line of two rows behind output without a line feed.
func wide(d *driver) {
	d.run("printf abc", "")
	d.want[len(d.want)-1].Output = nil
	d.run("echo "+strings.Repeat("word ", 20)+"end", strings.Repeat("word ", 20)+"end")
	d.run("echo end", "end")
}

// stroll is a session in bash without bracketed paste, in which the prompt ends with
// end.
func stroll(name, prompt, end string) session {
	return session{name: "bash " + name, prompt: end, argv: []string{"bash"}, rc: map[string]string{".bashrc": noPaste + "PS1='" + prompt + "'\n"}, do: func(d *driver) {
		d.run("echo one", "one")
		d.run("mkdir .git sub/inner", "")
		d.run("cat alpha.txt", "alpha")
		d.run("cd sub", "")
		d.run("false", "")
		d.begin("sqlite3", "sqlite>")
		d.line("select 1;")
		d.text(".quit")
		d.enter()
		d.run("cd ..", "")
		d.run("printf 'Wait > '; sleep 0.3; echo ok", "Wait > ok")
		d.run("PS1='demo"+end+"'", "")
		d.run("echo end", "end")
	}}
}

// TestDriven drives real shells and compares the transcript with the commands
// that were typed. There are no marks, so nothing but the screen shows them.
// TTYDECK_DRIVEN selects all hard sessions; otherwise only every fourth runs.
func TestDriven(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: TestDriven with -short: it drives shells for a minute")
	}
	t.Parallel() // with TestOwnMarks: both wait most of the time
	list := slices.Concat(drives, hastyDrives, strollDrives)
	for i, s := range hardSessions {
		if os.Getenv("TTYDECK_DRIVEN") != "" || i%4 == 3 { // others than TestHard
			s.name = "hard " + s.name
			list = append(list, s)
		}
	}
	results := drive(t, list, false)
	var all score.Result
	shells := map[string]*score.Result{}
	for i, s := range list {
		t.Run(s.id(), func(t *testing.T) {
			if _, err := exec.LookPath(s.argv[0]); err != nil && os.Getenv("CI") == "" {
				t.Skipf("SKIPPED: %s: %s is not installed", t.Name(), s.argv[0])
			}
			d := results[i]()
			if d.err != nil {
				t.Fatal(d.err)
			}
			keep(t, s.name, d.cast, d.want)
			var got []transcript.Command
			for c, err := range transcript.Commands(d.cast, transcript.Options{}) {
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, c)
			}
			r := score.Compare(d.want, got, func(diff string) { t.Log(diff) })
			for _, text := range score.Overconfident(d.want, got) {
				t.Logf("confidence 1 for what was never entered: %q", text)
			}
			all.Add(r)
			if shells[s.argv[0]] == nil {
				shells[s.argv[0]] = &score.Result{}
			}
			shells[s.argv[0]].Add(r)
		})
	}
	t.Logf("%d of %d sessions perfect, precision %.3f, recall %.3f, output %d/%d", all.Perfect, all.Sessions, all.Precision(), all.Recall(), all.OutputsGood, all.Outputs)
	if all.Want > 0 && (all.Precision() < 0.99 || all.Recall() < 0.98 || float64(all.OutputsGood) < 0.98*float64(all.Outputs)) {
		t.Errorf("want at least precision 0.99, recall 0.98, output 0.98")
	}
	for _, shell := range slices.Sorted(maps.Keys(shells)) {
		r, floor := shells[shell], unmarkedFloor(shell)
		t.Logf("%s: %d of %d sessions perfect, precision %.3f, recall %.3f", shell, r.Perfect, r.Sessions, r.Precision(), r.Recall())
		if r.Precision() < floor || r.Recall() < floor {
			t.Errorf("%s: precision %.3f, recall %.3f; want at least %.2f", shell, r.Precision(), r.Recall(), floor)
		}
	}
}

// keep saves a session in the folder TTYDECK_KEEP, if set, for inspection.
func keep(t *testing.T, name string, cast format.Cast, want []score.ExpectedCommand) {
	dir := os.Getenv("TTYDECK_KEEP")
	if dir == "" {
		return
	}
	f, err := os.Create(filepath.Join(dir, cmp.Or(strings.ReplaceAll(name, " ", "_"), "x")+".cast"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w, err := format.AsciicastV2.NewWriter(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := format.Copy(w, cast); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(score.Expected{Commands: want})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(strings.TrimSuffix(f.Name(), ".cast")+".expected.json", b, 0o644); err != nil {
		t.Fatal(err)
	}
}
