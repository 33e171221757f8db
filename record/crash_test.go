//go:build linux || darwin

package record

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// repeats gives how often a test that is random is done: a few times, or as
// often as the environment says, which CI does.
func repeats(t *testing.T, name string, few int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return few
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// Killed at any moment, a recording opens, without an error, and holds the
// output up to some moment, which is no earlier than what could be read before.
// TestWriteFlushes and TestFlushEvery hold how far behind that is, and bench/
// measures it. TTYDECK_KILLS says how often (200 in CI).
func TestKilledRecorder(t *testing.T) {
	t.Parallel() // most of the time it waits
	const atOnce = 8
	kills := repeats(t, "TTYDECK_KILLS", 24)
	dir := t.TempDir()
	slots := make(chan struct{}, atOnce)
	var running sync.WaitGroup
	for i := range kills {
		slots <- struct{}{}
		running.Go(func() {
			defer func() { <-slots }()
			ext := []string{".cast", ".cast.zst", ".cast.gz"}[i%3]
			// Some before anything is recorded, most after.
			if err := killOne(filepath.Join(dir, fmt.Sprint(i)+ext), i%4 > 0, rand.N(2*time.Second)); err != nil {
				t.Errorf("kill %d (%s): %v", i, ext, err)
			}
		})
	}
	running.Wait()
}

// killOne kills a recorder a while after it has begun, or after what it records
// has, and looks at what it leaves.
func killOne(path string, recording bool, after time.Duration) error {
	text, err := json.Marshal(helper{Path: path, Headless: true, Args: []string{os.Args[0]}})
	if err != nil {
		return err
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"="+string(text), tickerEnv+"=1")
	if err := cmd.Start(); err != nil {
		return err
	}
	stop := func() {
		cmd.Process.Kill()
		cmd.Wait()
	}
	seen := 0
	for end := time.Now().Add(patience); recording && seen == 0; time.Sleep(10 * time.Millisecond) {
		if r, err := tryRead(path); err == nil {
			if seen, err = ticksOf(r); err != nil {
				stop()
				return err
			}
		}
		if time.Now().After(end) {
			stop()
			return errors.New("nothing is recorded")
		}
	}
	time.Sleep(after) // a random moment, which is what this is about
	if r, err := tryRead(path); recording && err == nil {
		if seen, err = ticksOf(r); err != nil {
			stop()
			return err
		}
	}
	stop()
	if _, err := os.Stat(path); err != nil {
		if recording {
			return fmt.Errorf("after %v: %w", after, err)
		}
		return nil // it had not begun
	}
	r, err := tryRead(path)
	if err != nil {
		return fmt.Errorf("after %v: %w", after, err)
	}
	switch kept, err := ticksOf(r); {
	case err != nil:
		return fmt.Errorf("after %v: %w", after, err)
	case kept < seen:
		return fmt.Errorf("after %v: the recording ends with %d; %d could be read before", after, kept, seen)
	}
	return nil
}

// ticksOf returns the last number of the ticker that r holds as a whole, and an
// error if any before it is missing.
func ticksOf(r recording) (last int, err error) {
	lines := strings.Split(r.text(format.Output), "\r\n")
	for i, line := range lines[:len(lines)-1] {
		if line != strconv.Itoa(i+1) {
			return i, fmt.Errorf("line %d of the recording is %q", i+1, line)
		}
	}
	return len(lines) - 1, nil
}

// The disk is full at some point: the session goes on to its end, the exit
// status tells, and the file opens and holds a beginning of the output.
// TTYDECK_FULL_DISKS says how often (50 in CI).
func TestDiskFull(t *testing.T) {
	t.Parallel()
	times := repeats(t, "TTYDECK_FULL_DISKS", 10)
	mount, err := exec.LookPath("mount")
	if err != nil || os.Getuid() != 0 {
		t.Skip("TestDiskFull skipped: it mounts a small file system, for which it must be root")
	}
	var want strings.Builder
	for i := 1; i <= 40000; i++ {
		fmt.Fprintf(&want, "%d\r\n", i)
	}
	for i := range times {
		dir := t.TempDir()
		size := 40<<10 + rand.IntN(200<<10)
		if out, err := exec.Command(mount, "-t", "tmpfs", "-o", fmt.Sprintf("size=%d,nr_inodes=10", size), "tmpfs", dir).CombinedOutput(); err != nil {
			t.Skipf("TestDiskFull skipped: cannot mount: %v: %s", err, out)
		}
		fillDisk(t, dir, i, want.String())
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Fatalf("umount: %v: %s", err, out)
		}
	}
}

func fillDisk(t *testing.T, dir string, i int, want string) {
	ext := []string{".cast", ".cast.zst"}[i%2]
	path := filepath.Join(dir, "a"+ext)
	program := sh("seq 1 40000; head -c 300000 /dev/urandom | od -An -tx1 -v; echo the; echo end; exit 3")
	m := open(t, helper{Path: path, Args: program}, terminalOptions{answer: answers})
	m.waitFor(0, "the\r\nend\r\n")
	if got := m.wait(); got != 99 {
		t.Errorf("the exit status is %d; want an error", got)
	}
	if !strings.Contains(m.all(), "recording stopped") {
		t.Error("the user was not told")
	}
	m.checkRestored()
	r, err := tryRead(path)
	if err != nil {
		t.Errorf("%s: %v", ext, err)
		return
	}
	got := r.text(format.Output)
	// A compressed one may have been full before its first block was whole.
	if n := min(len(got), len(want)); n == 0 && ext == ".cast" || got[:n] != want[:n] {
		t.Errorf("%s: the file holds %d bytes of output; want a beginning of it", ext, len(got))
	}
}
