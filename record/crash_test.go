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

// repeats returns how often a randomized test runs: few times, or the value of
// the environment variable, which CI sets.
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

// A recorder is killed at a random moment. Its recording opens without an error
// and holds the output up to some moment, no earlier than a reader could see
// before the kill. TestWriteFlushes and TestFlushEvery bound the delay, and
// bench/ measures it. TTYDECK_KILLS sets the number of kills (200 in CI).
func TestKilledRecorder(t *testing.T) {
	t.Parallel() // it mostly waits
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
			// One kill in four may come before anything is recorded.
			if err := killOne(filepath.Join(dir, fmt.Sprint(i)+ext), i%4 > 0, rand.N(2*time.Second)); err != nil {
				t.Errorf("kill %d (%s): %v", i, ext, err)
			}
		})
	}
	running.Wait()
}

// killOne kills a recorder and checks its recording. The kill comes some time
// after the recorder starts or, with recording, after the first recorded
// output.
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
	time.Sleep(after) // a random moment
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
		return nil // the recorder had not begun
	}
	r, err := tryRead(path)
	if err != nil {
		return fmt.Errorf("after %v: %w", after, err)
	}
	switch kept, err := ticksOf(r); {
	case err != nil:
		return fmt.Errorf("after %v: %w", after, err)
	case kept < seen:
		return fmt.Errorf("after %v: the recording ends with %d; a reader saw %d before the kill", after, kept, seen)
	}
	return nil
}

// ticksOf returns the ticker's last complete number in r, and an error if an
// earlier number is missing.
func ticksOf(r recording) (last int, err error) {
	lines := strings.Split(r.text(format.Output), "\r\n")
	for i, line := range lines[:len(lines)-1] {
		if line != strconv.Itoa(i+1) {
			return i, fmt.Errorf("line %d of the recording is %q", i+1, line)
		}
	}
	return len(lines) - 1, nil
}

// The disk fills up at a random point. The session goes on to its end, the exit
// status reports the failure, and the file opens and holds the beginning of the
// output. TTYDECK_FULL_DISKS sets the number of runs (50 in CI).
func TestDiskFull(t *testing.T) {
	t.Parallel()
	times := repeats(t, "TTYDECK_FULL_DISKS", 10)
	mount, err := exec.LookPath("mount")
	if err != nil || os.Getuid() != 0 {
		t.Skip("needs root to mount a small file system")
	}
	var want strings.Builder
	for i := 1; i <= 40000; i++ {
		fmt.Fprintf(&want, "%d\r\n", i)
	}
	for i := range times {
		dir := t.TempDir()
		size := 40<<10 + rand.IntN(200<<10)
		if out, err := exec.Command(mount, "-t", "tmpfs", "-o", fmt.Sprintf("size=%d,nr_inodes=10", size), "tmpfs", dir).CombinedOutput(); err != nil {
			t.Skipf("cannot mount a small file system: %v: %s", err, out)
		}
		fillDisk(t, dir, i, want.String())
		// Lazily: a listing of the host's sessions, in another test, may look at the
		// recording at this moment.
		if out, err := exec.Command("umount", "--lazy", dir).CombinedOutput(); err != nil {
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
		t.Errorf("exit status %d; want 99, an error", got)
	}
	if !strings.Contains(m.all(), "recording stopped") {
		t.Error("the terminal does not report that the recording stopped")
	}
	m.checkRestored()
	r, err := tryRead(path)
	if err != nil {
		t.Errorf("%s: %v", ext, err)
		return
	}
	got := r.text(format.Output)
	// The disk may be full before the first compressed block is complete.
	if n := min(len(got), len(want)); n == 0 && ext == ".cast" || got[:n] != want[:n] {
		t.Errorf("%s: %d bytes of output; want the beginning of the program's output", ext, len(got))
	}
}
