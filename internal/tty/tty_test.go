//go:build linux || darwin

package tty

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/internal/await"
	"golang.org/x/sys/unix"
)

// helperEnv turns this test binary into a program on a pseudo-terminal.
const helperEnv = "TTYDECK_TTY_HELPER"

func TestMain(m *testing.M) {
	if what := os.Getenv(helperEnv); what != "" {
		if err := helper(what); err != nil {
			fmt.Println("helper failed:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// orderEnv is the order of the steps of the helper "two".
const orderEnv = "TTYDECK_TTY_ORDER"

// twoRaw opens the terminal twice, as the two ends of a pipeline do, and takes
// the steps in order: "A" and "B" make it raw, "a" and "b" restore it, "s"
// turns the echo off.
func twoRaw(order string) error {
	first, err := Open()
	if err != nil {
		return err
	}
	defer first.Conn.Close()
	second, err := Open()
	if err != nil {
		return err
	}
	defer second.Conn.Close()
	for _, step := range order {
		switch step {
		case 'A':
			err = first.Raw()
		case 'B':
			err = second.Raw()
		case 'a':
			err = first.Restore()
		case 'b':
			err = second.Restore()
		case 's':
			stty := exec.Command("stty", "-echo")
			stty.Stdin = os.Stdin
			err = stty.Run()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// helper runs a named part of a test, in a process that has a controlling
// terminal.
func helper(what string) error {
	t, err := Open()
	if err != nil {
		return err
	}
	defer t.Close()
	switch what {
	case "open":
		flags, err := unix.FcntlInt(0, unix.F_GETFL, 0)
		size, serr := t.Size()
		fmt.Printf("nonblock on fd 0: %v, size %v, foreground %v, terminal %v\n",
			flags&unix.O_NONBLOCK != 0, size, t.Foreground(), IsTerminal(os.Stdin))
		return errors.Join(err, serr)
	case "raw":
		if err := t.Raw(); err != nil {
			return err
		}
		if _, err := io.WriteString(t, "raw now"); err != nil {
			return err
		}
		if _, err := t.Read(make([]byte, 1)); err != nil {
			return err
		}
		return t.Restore()
	case "two":
		return twoRaw(os.Getenv(orderEnv))
	}
	return errors.New("no such helper")
}

// start runs this binary as a helper on a new pseudo-terminal.
func start(t *testing.T, what string, size Size) (*Conn, *exec.Cmd) {
	t.Helper()
	master, slave, err := OpenPTY(size)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"="+what)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	slave.Close()
	return master, cmd
}

// readUntil reads until the output contains want, and returns it.
func readUntil(t *testing.T, c *Conn, want string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), await.Patience)
	defer cancel()
	var got []byte
	buf := make([]byte, 4096)
	for !strings.Contains(string(got), want) {
		n, err := c.ReadContext(ctx, buf)
		got = append(got, buf[:n]...)
		if err != nil {
			t.Fatalf("read %q, then: %v; want %q", got, err, want)
		}
	}
	return string(got)
}

func TestOpenLeavesTheSharedDescriptorAlone(t *testing.T) {
	master, cmd := start(t, "open", Size{101, 37})
	readUntil(t, master, "nonblock on fd 0: false, size {101 37}, foreground true, terminal true")
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestRawAndRestore(t *testing.T) {
	master, cmd := start(t, "raw", Size{80, 24})
	readUntil(t, master, "raw now")
	if m, err := master.Mode(); err != nil || m.Echo || m.Canonical {
		t.Errorf("Mode() in raw mode = %+v, %v; want no echo, not canonical", m, err)
	}
	// The helper reads one byte, then restores the terminal.
	if _, err := io.WriteString(master, "x"); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if m, err := master.Mode(); err != nil || !m.Echo || !m.Canonical || m.EOF != 4 {
		t.Errorf("Mode() after Restore = %+v, %v; want echo, canonical, EOF ^D", m, err)
	}
}

// Two users make the terminal raw at the same time. In any order, the last to
// restore it does not bring back the other's raw mode.
func TestRestoreAmongTwo(t *testing.T) {
	for order, echo := range map[string]bool{
		"ABab": true, "ABba": true, "BAab": true, "BAba": true, "AaBb": true,
		"sABab": false, "sABba": false,
	} {
		t.Setenv(orderEnv, order)
		master, cmd := start(t, "two", Size{80, 24})
		out, _ := io.ReadAll(master) // until the helper ends
		if err := cmd.Wait(); err != nil {
			t.Fatalf("%s: %v: %s", order, err, out)
		}
		m, err := master.Mode()
		if err != nil || !m.Canonical || m.Echo != echo {
			t.Errorf("%s: Mode() = %+v, %v; want canonical, echo %v", order, m, err, echo)
		}
	}
}

func pair(t *testing.T) (*Conn, *os.File) {
	t.Helper()
	master, slave, err := OpenPTY(Size{80, 24})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close(); slave.Close() })
	return master, slave
}

func TestDeadlines(t *testing.T) {
	master, _ := pair(t)
	begin := time.Now()
	master.SetReadDeadline(begin.Add(20 * time.Millisecond))
	if _, err := master.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read at its deadline: %v; want %v", err, os.ErrDeadlineExceeded)
	}
	if d := time.Since(begin); d < 20*time.Millisecond {
		t.Errorf("Read took %v; want at least 20ms", d)
	}

	// A deadline set during a read ends the read.
	master.SetReadDeadline(time.Time{})
	done := make(chan error, 1)
	go func() { _, err := master.Read(make([]byte, 1)); done <- err }()
	for !master.busy() {
		time.Sleep(time.Millisecond)
	}
	master.SetReadDeadline(time.Unix(1, 0))
	if err := <-done; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read interrupted by a deadline: %v; want %v", err, os.ErrDeadlineExceeded)
	}
	if _, err := master.TryRead(make([]byte, 1)); !errors.Is(err, ErrNotReady) {
		t.Errorf("TryRead without input: %v; want %v", err, ErrNotReady)
	}
}

// busy reports whether a call is using c.
func (c *Conn) busy() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.users > 0
}

func TestCloseAndContextEndARead(t *testing.T) {
	master, _ := pair(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { _, err := master.ReadContext(ctx, make([]byte, 1)); done <- err }()
	for !master.busy() {
		time.Sleep(time.Millisecond)
	}
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("Read after its context is cancelled: %v; want %v", err, context.Canceled)
	}
	go func() { _, err := master.Read(make([]byte, 1)); done <- err }()
	for !master.busy() {
		time.Sleep(time.Millisecond)
	}
	if err := master.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, os.ErrClosed) {
		t.Errorf("Read during Close: %v; want %v", err, os.ErrClosed)
	}
	if _, err := master.Write([]byte("x")); !errors.Is(err, os.ErrClosed) {
		t.Errorf("Write after Close: %v; want %v", err, os.ErrClosed)
	}
}

// A pseudo-terminal holds some 20 KB, so a megabyte needs many partial writes.
func TestWriteIsComplete(t *testing.T) {
	master, slave := pair(t)
	makeRaw(t, slave)
	want := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	done := make(chan error, 1)
	go func() {
		n, err := master.Write(want)
		if n != len(want) {
			err = errors.Join(err, fmt.Errorf("wrote %d of %d", n, len(want)))
		}
		done <- err
	}()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(slave, got); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("the bytes read differ from those written")
	}
}

func makeRaw(t *testing.T, f *os.File) {
	t.Helper()
	tio, err := getTermios(int(f.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	tio.Lflag &^= unix.ECHO | unix.ICANON | unix.ISIG
	tio.Oflag &^= unix.OPOST
	tio.Iflag &^= unix.ICRNL | unix.IXON
	if err := setTermios(int(f.Fd()), tio); err != nil {
		t.Fatal(err)
	}
}

// Nobody reads the full terminal: Write waits, and ends at its deadline.
func TestWriteDeadline(t *testing.T) {
	master, slave := pair(t)
	makeRaw(t, slave)
	for err := error(nil); err == nil; {
		if _, err = master.TryWrite(make([]byte, 4<<10)); err != nil && !errors.Is(err, ErrNotReady) {
			t.Fatal(err)
		}
	}
	master.SetWriteDeadline(time.Now().Add(time.Second))
	n, err := master.Write(make([]byte, 1<<20))
	if !errors.Is(err, os.ErrDeadlineExceeded) || n == 1<<20 {
		t.Errorf("Write = %d, %v; want a part of the bytes and %v", n, err, os.ErrDeadlineExceeded)
	}
}

// Another program has made our stdout non-blocking, as node does: WriteFile
// waits out EAGAIN.
func TestWriteFileToNonblocking(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	fd := int(w.Fd()) // Go now regards the file as blocking
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	want := bytes.Repeat([]byte("x"), 1<<20)
	done := make(chan error, 1)
	go func() {
		n, err := WriteFile(w, want)
		if n != len(want) {
			err = errors.Join(err, fmt.Errorf("wrote %d of %d", n, len(want)))
		}
		w.Close()
		done <- err
	}()
	got, err := io.ReadAll(r)
	if err != nil || len(got) != len(want) {
		t.Errorf("read %d bytes, %v; want %d", len(got), err, len(want))
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// A late reader receives everything that a program wrote before its end, then
// io.EOF.
func TestMasterGivesTailThenEOF(t *testing.T) {
	master, slave := pair(t)
	io.WriteString(slave, "the tail")
	slave.Close()
	got, err := io.ReadAll(master)
	if string(got) != "the tail" || err != nil {
		t.Errorf("ReadAll = %q, %v; want the tail", got, err)
	}
}

func TestSizeAndFallback(t *testing.T) {
	fd, slave, err := openPTYByPath()
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	master, err := newConn(fd)
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	if err := master.SetSize(Size{132, 43}); err != nil {
		t.Fatal(err)
	}
	if s, err := getSize(int(slave.Fd())); err != nil || s != (Size{132, 43}) {
		t.Errorf("the slave's size = %v, %v; want {132 43}", s, err)
	}
	// Read has deadlines, although creack/pty leaves the master blocking.
	master.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	if _, err := master.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("Read: %v; want %v", err, os.ErrDeadlineExceeded)
	}
	if IsTerminal(os.NewFile(uintptr(99), "")) || IsTerminal(nil) || IsTerminal((*os.File)(nil)) || !IsTerminal(slave) {
		t.Error("IsTerminal accepts another file or rejects a terminal")
	}
}
