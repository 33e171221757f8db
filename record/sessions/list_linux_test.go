package sessions

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/tty"
	"golang.org/x/sys/unix"
)

// TestMain also turns this binary into a lister that a test runs as another
// user.
func TestMain(m *testing.M) {
	if os.Getenv("TTYDECK_TEST_LIST") != "" {
		list, err := List()
		if err == nil {
			err = json.NewEncoder(os.Stdout).Encode(list)
		}
		if err != nil {
			println(err.Error())
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// listAs lists the sessions as another user.
func listAs(t *testing.T, uid uint32) *Listing {
	t.Helper()
	// The path of the test binary may be closed to others.
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), "TTYDECK_TEST_LIST=1")
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("List as user %d: %v: %s", uid, err, &stderr)
	}
	list := new(Listing)
	if err := json.Unmarshal(out, list); err != nil {
		t.Fatal(err)
	}
	return list
}

func TestOwnPTY(t *testing.T) {
	dir := tempDir(t)
	before := time.Now()
	cmd := exec.Command("sleep", "1000")
	cmd.Dir = dir
	master := onPTY(t, tty.Size{Cols: 91, Rows: 23}, cmd)
	s := awaitSession(t, "of sleep", ledBy(cmd.Process.Pid))
	var name string
	if s.TTY.IsPTY() {
		name = "pts/" + strconv.Itoa(s.TTY.Index())
	}
	if link, err := os.Readlink("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/fd/0"); err != nil || link != "/dev/"+name || s.TTY.Name != name {
		t.Errorf("TTY %q, number's name %q; standard input %q, %v", s.TTY.Name, name, link, err)
	}
	var st unix.Stat_t
	if err := unix.Stat("/dev/pts", &st); err != nil || s.TTY.Instance != st.Dev {
		t.Errorf("TTY.Instance = %d; want that of /dev/pts, %d, %v", s.TTY.Instance, st.Dev, err)
	}
	if s.SID != cmd.Process.Pid || s.ForegroundID != s.SID || len(s.Foreground) != 1 || len(s.Processes) != 1 {
		t.Errorf("SID %d, foreground %d %v, processes %v; want all to be %d", s.SID, s.ForegroundID, s.Foreground, s.Processes, cmd.Process.Pid)
	}
	if got, want := s.Leader.Args, []string{"sleep", "1000"}; !slices.Equal(got, want) || s.Leader.Name != "sleep" || s.Leader.PPID != os.Getpid() {
		t.Errorf("leader %+v; want the arguments %q", s.Leader, want)
	}
	if s.User != userName(t) || s.UID != os.Geteuid() || s.Dir != dir {
		t.Errorf("user %q (%d) in %q; want %q (%d) in %q", s.User, s.UID, s.Dir, userName(t), os.Geteuid(), dir)
	}
	if s.Since.Before(before.Add(-2*time.Second)) || s.Since.After(time.Now()) {
		t.Errorf("Since = %v; want a time after %v", s.Since, before)
	}
	// The kernel keeps the times of terminals in steps of 8 seconds.
	if s.LastOutput.Before(before.Add(-16*time.Second)) || s.LastOutput.After(time.Now()) {
		t.Errorf("LastOutput = %v; want a time after %v, within 16s", s.LastOutput, before)
	}
	if want := (format.Size{Cols: 91, Rows: 23}); s.Size != want {
		t.Errorf("size %v; want %v", s.Size, want)
	}
	if len(s.Holders) != 1 || s.Holders[0].PID != os.Getpid() || len(s.Holders[0].FDs) != 1 || s.Holders[0].Inferred {
		t.Errorf("holders %+v; want this process, %d", s.Holders, os.Getpid())
	}
	if s.Recording != nil || len(s.Unknown) > 0 {
		t.Errorf("recording %+v, unknown %q; want none", s.Recording, s.Unknown)
	}
	if err := master.SetSize(tty.Size{Cols: 133, Rows: 44}); err != nil {
		t.Fatal(err)
	}
	awaitSession(t, "of the new size", func(s *Session) bool {
		return s.Leader.PID == cmd.Process.Pid && s.Size == format.Size{Cols: 133, Rows: 44}
	})
	// Opening the terminal to read its size must leave it alive.
	if _, err := master.TryRead(make([]byte, 1)); !errors.Is(err, tty.ErrNotReady) {
		t.Errorf("TryRead of the master after the listing: %v; want %v", err, tty.ErrNotReady)
	}
	cmd.Process.Kill()
	cmd.Wait()
	list, err := List()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := list.Find(strconv.Itoa(cmd.Process.Pid)); !errors.Is(err, ErrNotFound) {
		t.Errorf("Find of an ended session: %v; want ErrNotFound", err)
	}
}

// TestForeground follows the foreground jobs of a shell.
func TestForeground(t *testing.T) {
	shell := exec.Command("bash", "--norc", "--noprofile", "-i")
	shell.Env = append(os.Environ(), "HISTFILE=")
	master := onPTY(t, tty.Size{Cols: 80, Rows: 24}, shell)
	go func() { // the shell's output must be read
		buf := make([]byte, 4096)
		for {
			if _, err := master.Read(buf); err != nil {
				return
			}
		}
	}()
	s := awaitSession(t, "of the shell", func(s *Session) bool {
		return ledBy(shell.Process.Pid)(s) && s.ForegroundID == shell.Process.Pid
	})
	if s.Command() != "bash --norc --noprofile -i" {
		t.Errorf("command %q; want the shell's", s.Command())
	}
	command := unique()
	if _, err := master.Write([]byte(command + " | tail -n 7\r")); err != nil {
		t.Fatal(err)
	}
	s = awaitSession(t, "with a pipeline in the foreground", func(s *Session) bool {
		return running(command)(s) && len(s.Foreground) == 2 && s.Foreground[1].Command() == "tail -n 7"
	})
	if s.ForegroundID == s.SID || s.Foreground[0].PID != s.ForegroundID || len(s.Processes) != 3 || s.Leader.PID != shell.Process.Pid {
		t.Errorf("foreground %d: %+v of %+v; want the pipeline of shell %d", s.ForegroundID, s.Foreground, s.Processes, s.SID)
	}
	if _, err := master.Write([]byte{3}); err != nil { // ^C
		t.Fatal(err)
	}
	awaitSession(t, "with the shell in the foreground again", func(s *Session) bool {
		return ledBy(shell.Process.Pid)(s) && s.ForegroundID == s.SID
	})
}

// TestPrograms finds the sessions that real programs hold.
func TestPrograms(t *testing.T) {
	size := format.Size{Cols: 97, Rows: 31}
	dir := tempDir(t)
	onSize := func(cmd *exec.Cmd) { onPTY(t, tty.Size(size), cmd) }
	typescript := filepath.Join(dir, "typescript")
	tests := []struct {
		program string
		begin   func(t *testing.T, command string)
		kind    Kind
		record  *Recording
		command string // the command line around the command
	}{
		{program: "sshd", kind: SSHD, begin: func(t *testing.T, command string) { startSSHD(t, tty.Size(size), "exec "+command) }},
		{program: "tmux", kind: Tmux, begin: func(t *testing.T, command string) {
			need(t, "tmux")
			socket := filepath.Join(dir, "tmux")
			cmd := exec.Command("tmux", "-S", socket, "-f", "/dev/null", "new-session", "-d", "-x", "97", "-y", "31", "exec "+command)
			cmd.Env = append(os.Environ(), "TMUX=", "TERM=xterm")
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			t.Cleanup(func() { exec.Command("tmux", "-S", socket, "kill-server").Run() })
		}},
		{program: "screen", kind: Screen, begin: func(t *testing.T, command string) {
			need(t, "screen")
			cmd := exec.Command("screen", append([]string{"-D", "-m", "-c", "/dev/null", "-S", "ttydeck-test"}, strings.Fields(command)...)...)
			sockets := filepath.Join(dir, "screens")
			if err := os.Mkdir(sockets, 0o700); err != nil {
				t.Fatal(err)
			}
			cmd.Env = append(os.Environ(), "SCREENDIR="+sockets, "TERM=xterm")
			onSize(cmd)
		}},
		{program: "script", kind: Recorder, begin: func(t *testing.T, command string) {
			need(t, "script")
			onSize(exec.Command("script", "-q", "-c", "exec "+command, typescript))
		}, record: &Recording{Name: "script", File: typescript}},
	}
	for _, test := range tests {
		t.Run(test.program, func(t *testing.T) {
			command := unique()
			test.begin(t, command)
			// ssh and script also have the command in their own command lines.
			s := awaitSession(t, "in "+test.program, func(s *Session) bool {
				// script opens its file after it has started the command.
				return running(command)(s) && (test.record == nil || s.Recording != nil && s.Recording.File != "")
			})
			if !slices.ContainsFunc(s.Holders, func(h Holder) bool { return h.Kind == test.kind && len(h.FDs) > 0 && !h.Inferred }) {
				t.Errorf("holders %+v; want one of kind %q", s.Holders, test.kind)
			}
			if test.program != "screen" && s.Size != size { // a detached screen has its own size
				t.Errorf("size %v; want %v", s.Size, size)
			}
			if test.record != nil {
				test.record.PID = s.Holders[0].PID
			}
			if diff := cmp.Diff(test.record, s.Recording); diff != "" {
				t.Errorf("recording: (-want +got)\n%s", diff)
			}
			if s.User != userName(t) || len(s.Unknown) > 0 {
				t.Errorf("user %q, unknown %q; want this user, and nothing unknown", s.User, s.Unknown)
			}
			t.Logf("%v held by %+v", s.TTY, s.Holders)
			if test.program != "sshd" {
				return
			}
			// Another user sees the leader's parent, and infers the holder.
			got, err := listAs(t, nobody).Find(strconv.Itoa(s.SID))
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Holders) != 1 || got.Holders[0].Kind != SSHD || !got.Holders[0].Inferred || got.Knows(Holders) {
				t.Errorf("as nobody: holders %+v; want sshd, inferred", got.Holders)
			}
		})
	}
}

// TestOtherUser lists the sessions of two users, as root and as one of them.
func TestOtherUser(t *testing.T) {
	needRoot(t)
	mine, his := exec.Command("sleep", "1001"), exec.Command("sleep", "1002")
	his.Dir, mine.Dir = "/", "/"
	his.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	onPTY(t, tty.Size{Cols: 80, Rows: 24}, mine)
	onPTY(t, tty.Size{Cols: 80, Rows: 24}, his)
	// nobody also holds a session of its own: on the terminal of its script.
	need(t, "script")
	inner := unique()
	script := exec.Command("script", "-q", "-c", "exec "+inner, "/dev/null")
	script.Dir = "/"
	script.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	onPTY(t, tty.Size{Cols: 70, Rows: 20}, script)
	awaitSession(t, "of sleep", running(inner))

	all, err := List()
	if err != nil {
		t.Fatal(err)
	}
	s, err := all.Find(strconv.Itoa(his.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	if s.User != "nobody" || s.UID != nobody || s.Dir != "/" || len(s.Unknown) > 0 {
		t.Errorf("as root: %+v; want all columns of nobody's session", s)
	}

	some := listAs(t, nobody)
	got, err := some.Find(strconv.Itoa(mine.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	want, err := all.Find(strconv.Itoa(mine.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	// Columns that everybody may read are the same, and the others are listed
	// as unknown.
	degraded := *want
	degraded.Dir, degraded.Size, degraded.Holders = "", format.Size{}, nil
	degraded.Unknown = []Column{Dir, Holders, Instance, Recorders, Size}
	equalTimes := cmp.Comparer(func(a, b time.Time) bool { return a.Sub(b).Abs() < 10*time.Second }) // StartTicks are the same
	if diff := cmp.Diff(&degraded, got, equalTimes); diff != "" {
		t.Errorf("root's session as nobody: (-want +got)\n%s", diff)
	}
	got, err = some.Find(strconv.Itoa(his.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	// The holder of nobody's session is the test, which is root's.
	if got.Dir != "/" || got.Size.Cols != 80 || !slices.Equal(got.Unknown, []Column{Holders, Recorders}) {
		t.Errorf("nobody's session as nobody: %+v; want all columns but the holders", got)
	}
	at := slices.IndexFunc(some.Sessions, func(s Session) bool { return running(inner)(&s) })
	if at < 0 {
		t.Fatalf("the session in nobody's script is not listed")
	}
	if s := some.Sessions[at]; len(s.Unknown) > 0 || len(s.Holders) != 1 || s.Holders[0].Kind != Recorder || s.Recording == nil {
		t.Errorf("the session in nobody's script: %+v; want all columns", s)
	}
	if all.Missing != "" || !strings.Contains(some.Missing, "without root; of ") || !strings.Contains(some.Missing, "holder (") {
		t.Errorf("Missing = %q as root, %q as nobody; want it empty, and the holders in it", all.Missing, some.Missing)
	}
}

// TestSetuidLeader: in /proc, a process that changed its user belongs to root
// until it executes a program.
func TestSetuidLeader(t *testing.T) {
	needRoot(t)
	need(t, "perl")
	cmd := exec.Command("perl", "-e", "use POSIX; POSIX::setuid("+strconv.Itoa(nobody)+"); sleep 1000")
	onPTY(t, tty.Size{Cols: 80, Rows: 24}, cmd)
	s := awaitSession(t, "of perl", func(s *Session) bool { return ledBy(cmd.Process.Pid)(s) && s.UID == nobody })
	if s.User != "nobody" {
		t.Errorf("user %q; want nobody", s.User)
	}
}

// TestPrivateDevpts distinguishes terminals with the same number.
func TestPrivateDevpts(t *testing.T) {
	needRoot(t)
	need(t, "unshare")
	need(t, "script")
	for name, bind := range map[string]string{
		"ptmx of the devpts":  "mount --bind /dev/pts/ptmx /dev/ptmx && ",
		"ptmx outside of one": "", // the kernel takes the devpts beside it
	} {
		t.Run(name, func(t *testing.T) {
			command := unique()
			cmd := exec.Command("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c",
				"mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts /dev/pts && "+bind+
					"exec script -q -c 'exec "+command+"' /dev/null")
			onPTY(t, tty.Size{Cols: 77, Rows: 22}, cmd)
			s := awaitSession(t, "in the namespace", running(command))
			list, err := List()
			if err != nil {
				t.Fatal(err)
			}
			if s.TTY.Name != "pts/0" || s.TTY.Instance == 0 || s.TTY.Instance == list.Instance {
				t.Errorf("TTY %+v; want pts/0 of a devpts other than %d", s.TTY, list.Instance)
			}
			if len(s.Holders) != 1 || s.Holders[0].Kind != Recorder || s.Recording == nil || len(s.Unknown) > 0 {
				t.Errorf("session %+v; want script as the only holder, and nothing unknown", s)
			}
			// script's own session is on our devpts, and script does not hold
			// it.
			outer, err := list.Find(strconv.Itoa(cmd.Process.Pid))
			if err != nil {
				t.Fatal(err)
			}
			if outer.TTY.Instance != list.Instance || len(outer.Holders) != 1 || outer.Holders[0].PID != os.Getpid() {
				t.Errorf("outer session %+v; want it on our devpts, held by this process", outer)
			}
			if got, err := list.Find(s.TTY.String()); err != nil || got.SID != s.SID {
				t.Errorf("Find(%q) = %+v, %v; want the session in the namespace", s.TTY, got, err)
			}
			// A user without access to the namespace still gets two separate
			// terminals.
			got, err := listAs(t, nobody).Find(s.TTY.String())
			if err != nil || got.SID != s.SID || got.Knows(Instance) {
				t.Errorf("as nobody: Find(%q) = %+v, %v; want the session, its instance assumed", s.TTY, got, err)
			}
		})
	}
}

const manyPTYs = 300

// TestMany lists 300 idle sessions, each with the right columns. BenchmarkList
// in bench/ measures the time.
func TestMany(t *testing.T) {
	want := map[int]format.Size{}
	for i := range manyPTYs {
		cmd := exec.Command("sleep", "1000")
		size := tty.Size{Cols: 100 + i, Rows: 24 + i%7}
		onPTY(t, size, cmd)
		want[cmd.Process.Pid] = format.Size(size)
	}
	check := func(list *Listing) {
		t.Helper()
		found := 0
		for i := range list.Sessions {
			s := &list.Sessions[i]
			size, ok := want[s.SID]
			if !ok {
				continue
			}
			found++
			if s.Size != size || len(s.Holders) != 1 || s.Holders[0].PID != os.Getpid() || s.Command() != "sleep 1000" || len(s.Unknown) > 0 {
				t.Errorf("session %+v; want size %v, held by this process alone", s, size)
			}
		}
		if found != manyPTYs {
			t.Errorf("listed %d of %d sessions", found, manyPTYs)
		}
	}
	for range 3 {
		list, err := new(Lister).List()
		if err != nil {
			t.Fatal(err)
		}
		check(list)
	}
	if os.Geteuid() == 0 {
		list := listAs(t, nobody)
		found := 0
		for _, s := range list.Sessions {
			if _, ok := want[s.SID]; ok && s.User == "root" && s.Command() == "sleep 1000" && s.TTY.Instance == list.Instance {
				found++
			}
		}
		if found != manyPTYs {
			t.Errorf("as nobody: listed %d of %d sessions correctly", found, manyPTYs)
		}
	}
}

// TestUnused lists terminals without a session.
func TestUnused(t *testing.T) {
	var masters []*tty.Conn
	for i := range 5 {
		master, slave, err := tty.OpenPTY(tty.Size{Cols: 60 + i, Rows: 20})
		if err != nil {
			t.Fatal(err)
		}
		defer slave.Close()
		defer master.Close()
		masters = append(masters, master)
	}
	find := func(unused bool) (sizes []int) {
		list, err := (&Lister{Unused: unused}).List()
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range list.Sessions {
			if len(s.Processes) == 0 && len(s.Holders) > 0 && s.Holders[0].PID == os.Getpid() {
				if len(s.Holders) != 1 || s.SID != 0 || s.TTY.Instance != list.Instance || !s.Since.IsZero() || s.Command() != "" {
					t.Errorf("unused terminal %+v; want this process as the holder, and no session", s)
				}
				sizes = append(sizes, s.Size.Cols)
			}
		}
		return sizes
	}
	if got := find(false); got != nil {
		t.Errorf("columns of unused terminals without Unused: %v; want none", got)
	}
	got := find(true)
	slices.Sort(got) // they have whatever numbers are free
	if want := []int{60, 61, 62, 63, 64}; !slices.Equal(got, want) {
		t.Errorf("columns of unused terminals: %v; want %v", got, want)
	}
	// The listing did not hang up any of them.
	for _, m := range masters {
		if _, err := m.TryRead(make([]byte, 1)); !errors.Is(err, tty.ErrNotReady) {
			t.Errorf("TryRead of a master after the listing: %v; want %v", err, tty.ErrNotReady)
		}
	}
}

// TestVanishing lists while processes and terminals come and go.
func TestVanishing(t *testing.T) {
	done := make(chan struct{})
	stopped := make(chan int)
	go func() {
		n := 0
		for {
			select {
			case <-done:
				stopped <- n
				return
			default:
			}
			master, slave, err := tty.OpenPTY(tty.Size{Cols: 80, Rows: 24})
			if err != nil {
				t.Error(err)
				stopped <- n
				return
			}
			cmd := exec.Command("true")
			cmd.Stdin = slave
			cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
			if err := cmd.Run(); err != nil {
				t.Error(err)
			}
			slave.Close()
			master.Close()
			n++
		}
	}()
	seen := 0
	for range 100 {
		list, err := List()
		if err != nil {
			t.Errorf("List: %v", err)
		}
		for _, s := range list.Sessions {
			if len(s.Processes) > 0 && s.Processes[0].PPID == os.Getpid() {
				seen++
				if len(s.Unknown) > 0 {
					t.Errorf("%+v: facts are missing; want none, or no session that has ended", s)
				}
			}
		}
	}
	close(done)
	t.Logf("%d sessions came and went; the listings saw %d", <-stopped, seen)
}

// TestPIDReuse: an open process directory stays with its process when another
// process reuses the PID.
func TestPIDReuse(t *testing.T) {
	needRoot(t)
	const lastPID = "/proc/sys/kernel/ns_last_pid"
	if _, err := os.Stat(lastPID); err != nil {
		t.Skipf("this kernel has no %s, which makes it reuse a PID", lastPID)
	}
	proc, err := unix.Open("/proc", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(proc)
	for range 200 { // other programs start processes too
		cmd := exec.Command("sleep", "1000")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		pid := cmd.Process.Pid
		dir, err := openProc(proc, pid, make([]byte, 4096))
		if err != nil {
			t.Fatal(err)
		}
		first, err := dir.stat()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Process.Kill()
		cmd.Wait()
		if err := os.WriteFile(lastPID, []byte(strconv.Itoa(pid-1)), 0); err != nil {
			dir.close()
			t.Skipf("cannot choose the next PID: %v", err)
		}
		again := exec.Command("sleep", "1000")
		if err := again.Start(); err != nil {
			t.Fatal(err)
		}
		_, err = dir.stat()
		dir.close()
		again.Process.Kill()
		again.Wait()
		if err == nil {
			t.Errorf("stat of process %d succeeded after its end", pid)
		}
		if again.Process.Pid == pid && first.pid == pid {
			return
		}
	}
	t.Error("no PID was reused")
}

// TestHostileCommandLine: a command line in a listing cannot control the
// terminal that shows it.
func TestHostileCommandLine(t *testing.T) {
	cmd := exec.Command("sleep", "1000")
	cmd.Args[0] = "\x1b]0;evil\x07\u009b2J\nroot\u202e\xff ö 猫"
	onPTY(t, tty.Size{Cols: 80, Rows: 24}, cmd)
	s := awaitSession(t, "of sleep", ledBy(cmd.Process.Pid))
	if got, want := s.Command(), `\x1b]0;evil\a\u009b2J\nroot\u202e\xff ö 猫 1000`; got != want {
		t.Errorf("Command() = %q; want %q", got, want)
	}
	if s.Leader.Args[0] != cmd.Args[0] {
		t.Errorf("Args[0] = %q; want %q", s.Leader.Args[0], cmd.Args[0])
	}
}

// TestAnnounce: a recorder that does not hold the master announces its
// recording.
func TestAnnounce(t *testing.T) {
	cmd := exec.Command("sleep", "1000")
	onPTY(t, tty.Size{Cols: 80, Rows: 24}, cmd)
	s := awaitSession(t, "of sleep", ledBy(cmd.Process.Pid))
	file, err := os.Create(filepath.Join(tempDir(t), "out.cast"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	before := *s // the session that had the terminal before
	before.Leader.StartTicks--
	late, err := Announce(&before)
	if err != nil {
		t.Fatal(err)
	}
	defer late.Close()
	if list, err := List(); err != nil {
		t.Fatal(err)
	} else if s, err := list.Find(strconv.Itoa(cmd.Process.Pid)); err != nil || s.Recording != nil {
		t.Errorf("session %+v, %v; want none recorded by the announcement of the session before", s, err)
	}
	closer, err := Announce(s)
	if err != nil {
		t.Fatal(err)
	}
	s = awaitSession(t, "that is recorded", func(s *Session) bool { return ledBy(cmd.Process.Pid)(s) && s.Recording != nil })
	if s.Recording.PID != os.Getpid() || s.Recording.File != file.Name() {
		t.Errorf("recording %+v; want process %d and file %s", s.Recording, os.Getpid(), file.Name())
	}
	if err := closer.Close(); err != nil {
		t.Fatal(err)
	}
	awaitSession(t, "that is recorded no more", func(s *Session) bool { return ledBy(cmd.Process.Pid)(s) && s.Recording == nil })
}

// Before a recording has a header, its file has a temporary name.
func TestFinalName(t *testing.T) {
	for name, want := range map[string]string{
		"/a/.out.cast.3760242148":           "/a/out.cast",
		"/a/.out.cast.3760242148 (deleted)": "/a/.out.cast.3760242148 (deleted)",
		"/a/.out.cast":                      "/a/.out.cast",
		"/a/out.cast.1":                     "/a/out.cast.1",
		"/a/.1":                             "/a/.1",
		"/a/.b.":                            "/a/.b.",
	} {
		if got := finalName(name); got != want {
			t.Errorf("finalName(%q) = %q; want %q", name, got, want)
		}
	}
}

// TestNoProc: List reports a directory that is not a proc file system.
func TestNoProc(t *testing.T) {
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing")} {
		if list, err := (&Lister{Proc: dir}).List(); err == nil {
			t.Errorf("List with Proc %s = %+v; want an error", dir, list)
		}
	}
}

func BenchmarkList(b *testing.B) {
	for range 20 {
		onPTY(b, tty.Size{Cols: 80, Rows: 24}, exec.Command("sleep", "1000"))
	}
	lister := new(Lister)
	for b.Loop() {
		if _, err := lister.List(); err != nil {
			b.Fatal(err)
		}
	}
}
