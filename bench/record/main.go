// Command record compares ttydeck's recorder with script, ttyrec and asciinema:
// the wall time, CPU time and memory of recording `cat` of a large file, the time
// to start, and the time until a key is echoed.
//
//	go build -o /tmp/ttydeck ./cmd/ttydeck && go run ./bench/record -ttydeck /tmp/ttydeck
//
// Each recorder runs on a terminal of its own, which this program drains as fast
// as it can. Runs are interleaved, so that other load on the machine affects all
// recorders alike. The tables show medians; the ratio to script is the median of
// the ratios within a round.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ttydeck/ttydeck/internal/tty"
)

type recorder struct {
	name string
	// args returns the command that records the shell command line to out.
	args func(line, out string) []string
	ext  string
}

func recorders(ttydeck string) []recorder {
	ours := func(line, out string) []string {
		return []string{ttydeck, "rec", "-q", "--overwrite", out, "-c", line}
	}
	return []recorder{
		// script with its timing log, which is needed to play the recording.
		{"script -q", func(line, out string) []string {
			return []string{"script", "-q", "-c", line, "-T", out + ".timing", out}
		}, ".log"},
		{"ttydeck .cast", ours, ".cast"},
		{"ttydeck .cast.zst", ours, ".cast.zst"},
		{"ttyrec", func(line, out string) []string { return []string{"ttyrec", "-e", line, out} }, ".tty"},
		{"asciinema", func(line, out string) []string {
			return []string{"asciinema", "rec", "-q", "--overwrite", "-c", line, out}
		}, ".cast"},
	}
}

func main() {
	ttydeck := flag.String("ttydeck", "ttydeck", "the program to measure")
	megabytes := flag.Int("mb", 100, "size of the file to record, in `MB`")
	runs := flag.Int("runs", 5, "rounds of each measurement")
	keys := flag.Int("keys", 100, "keys in each round of the echo measurement")
	only := flag.String("only", "", "`measurement`: cat, echo or start (default all)")
	tools := flag.String("tools", "", "comma-separated parts of recorders' `names` (default all)")
	dir := flag.String("dir", "/dev/shm", "`directory` for the recordings")
	flag.Parse()
	if err := run(*ttydeck, *megabytes, *runs, *keys, *only, *tools, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func run(ttydeck string, megabytes, runs, keys int, only, tools, dir string) error {
	if path, err := exec.LookPath(ttydeck); err == nil {
		ttydeck = path
	}
	var list []recorder
	for _, r := range recorders(ttydeck) {
		wanted := tools == "" || r.name == "script -q" || slices.ContainsFunc(strings.Split(tools, ","), func(t string) bool { return strings.Contains(r.name, t) })
		if !wanted {
			continue
		}
		if _, err := exec.LookPath(r.args("", "")[0]); err != nil {
			fmt.Printf("skipped: %s: %v\n", r.name, err)
			continue
		}
		list = append(list, r)
	}
	temp, err := os.MkdirTemp(dir, "ttydeck-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	if only == "" || only == "start" {
		if err := measureRuns(list, "start-up: rec of true", "true", temp, 4*runs); err != nil {
			return err
		}
	}
	if only == "" || only == "echo" {
		if err := measureEcho(list, temp, runs, keys); err != nil {
			return err
		}
	}
	if only == "" || only == "cat" {
		input := filepath.Join(temp, "input")
		if err := makeInput(input, megabytes<<20); err != nil {
			return err
		}
		title := fmt.Sprintf("cat of %d MB", megabytes)
		return measureRuns(list, title, "cat "+input, temp, runs)
	}
	return nil
}

// makeInput writes size bytes of Go's own sources, repeated as needed.
func makeInput(path string, size int) error {
	// Not built in memory: the peak memory of a child starts at its parent's.
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return fmt.Errorf("go env GOROOT: %w", err)
	}
	src := filepath.Join(strings.TrimSpace(string(root)), "src")
	written := 0
	for pass := 0; written < size; pass++ {
		err := filepath.WalkDir(src, func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(p) != ".go" || written >= size {
				return err
			}
			text, err := os.ReadFile(p)
			if err != nil {
				return err
			}
			n, err := f.Write(text[:min(len(text), size-written)])
			written += n
			return err
		})
		if err != nil {
			return err
		}
		if written == 0 {
			return errors.New("found no Go sources")
		}
	}
	return nil
}

type result struct {
	wall, cpu time.Duration
	rss       int64 // KiB
	size      int64 // of the recording
}

func measureRuns(list []recorder, title, line, dir string, runs int) error {
	results := map[string][]result{}
	for range runs {
		for _, r := range list {
			out := filepath.Join(dir, "out"+r.ext)
			res, err := runOnce(r.args(line, out))
			if err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			if info, err := os.Stat(out); err == nil {
				res.size = info.Size()
			}
			os.Remove(out)
			results[r.name] = append(results[r.name], res)
		}
	}
	fmt.Printf("\n%s (%d interleaved rounds)\n\n", title, runs)
	fmt.Println("| recorder | wall, median | best | × script | CPU | peak memory | recording |")
	fmt.Println("|---|---|---|---|---|---|---|")
	base := results[list[0].name]
	for _, r := range list {
		all := results[r.name]
		var ratios []float64
		for i := range all {
			ratios = append(ratios, all[i].wall.Seconds()/base[i].wall.Seconds())
		}
		walls := column(all, func(r result) time.Duration { return r.wall })
		cpus := column(all, func(r result) time.Duration { return r.cpu })
		rss := column(all, func(r result) int64 { return r.rss })
		slices.Sort(ratios)
		fmt.Printf("| %s | %.3f s | %.3f s | %.2f | %.2f s | %.1f MiB | %.1f MB |\n", r.name,
			walls[len(walls)/2].Seconds(), walls[0].Seconds(), ratios[len(ratios)/2],
			cpus[len(cpus)/2].Seconds(), float64(rss[len(rss)-1])/1024, float64(all[0].size)/1e6)
	}
	return nil
}

func column[T ~int64](all []result, of func(result) T) []T {
	var list []T
	for _, r := range all {
		list = append(list, of(r))
	}
	slices.Sort(list)
	return list
}

// start starts a command on a new terminal.
func start(args []string) (*tty.Conn, *exec.Cmd, error) {
	master, slave, err := tty.OpenPTY(tty.Size{Cols: 120, Rows: 40})
	if err != nil {
		return nil, nil, err
	}
	defer slave.Close()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "TERM=xterm-256color")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		master.Close()
		return nil, nil, err
	}
	return master, cmd, nil
}

// runOnce runs a command to its end on a new terminal, and drains the terminal.
func runOnce(args []string) (result, error) {
	begin := time.Now()
	master, cmd, err := start(args)
	if err != nil {
		return result{}, err
	}
	defer master.Close()
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		drain(master)
	}()
	peak := make(chan int64, 1)
	ended := make(chan struct{})
	go func() { peak <- watchMemory(cmd.Process.Pid, ended) }()
	err = cmd.Wait()
	wall := time.Since(begin)
	close(ended)
	<-drained
	return result{wall, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), <-peak, 0}, err
}

// watchMemory returns the peak memory of a process in KiB; 0 if it ended too soon,
// or on a system without /proc. It does not use the process's resource usage,
// which includes this program's memory before the exec.
func watchMemory(pid int, ended <-chan struct{}) (peak int64) {
	for {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if _, after, ok := strings.Cut(string(text), "VmHWM:"); ok {
			var kib int64
			if _, err := fmt.Sscan(after, &kib); err == nil {
				peak = max(peak, kib)
			}
		}
		select {
		case <-ended:
			return peak
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// drain reads a terminal to its end, and answers the query for its attributes, as
// terminals do.
func drain(master *tty.Conn) {
	buf := make([]byte, 128<<10)
	for answered := false; ; {
		n, err := master.Read(buf)
		if !answered && bytes.Contains(buf[:n], []byte("\x1b[c")) {
			answered = true
			io.WriteString(master, "\x1bP>|bench(1)\x1b\\\x1b[?62;22c")
		}
		if err != nil {
			return
		}
	}
}

// measureEcho types keys into a program that echoes each at once, and measures the
// time until the echo arrives.
func measureEcho(list []recorder, dir string, rounds, keys int) error {
	// Without a recorder: the time of the terminal and the program alone.
	none := recorder{name: "none", args: func(line, _ string) []string { return []string{"sh", "-c", line} }}
	list = append([]recorder{none}, list...)
	times := map[string][]time.Duration{}
	for range rounds {
		for _, r := range list {
			out := filepath.Join(dir, "echo"+r.ext)
			ts, err := echoOnce(r.args(fmt.Sprintf("stty raw -echo; echo ready; exec dd bs=1 count=%d status=none", keys), out), keys)
			if err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			os.Remove(out)
			times[r.name] = append(times[r.name], ts...)
		}
	}
	fmt.Printf("\necho of a key (%d interleaved rounds of %d keys)\n\n| recorder | median | 90 %% | 99 %% |\n|---|---|---|---|\n", rounds, keys)
	for _, r := range list {
		all := times[r.name]
		slices.Sort(all)
		us := func(part int) float64 { return float64(all[min(len(all)-1, len(all)*part/100)].Nanoseconds()) / 1000 }
		fmt.Printf("| %s | %.0f µs | %.0f µs | %.0f µs |\n", r.name, us(50), us(90), us(99))
	}
	return nil
}

// keyPause is the pause between a key's echo and the next key: a user's keys reach
// a recorder that sleeps.
const keyPause = 10 * time.Millisecond

func echoOnce(args []string, keys int) ([]time.Duration, error) {
	master, cmd, err := start(args)
	if err != nil {
		return nil, err
	}
	defer func() {
		// The program ends with the last key, or is killed: script survives a
		// hangup.
		kill := time.AfterFunc(5*time.Second, func() { cmd.Process.Kill() })
		defer kill.Stop()
		go drain(master)
		cmd.Wait()
		master.Close()
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	defer cancel()
	buf := make([]byte, 4096)
	var seen []byte
	for answered := false; !bytes.Contains(seen, []byte("ready")); {
		n, err := master.ReadContext(ctx, buf)
		if err != nil {
			return nil, fmt.Errorf("waiting for the program: %w", err)
		}
		seen = append(seen, buf[:n]...)
		if !answered && bytes.Contains(seen, []byte("\x1b[c")) {
			answered = true
			io.WriteString(master, "\x1bP>|bench(1)\x1b\\\x1b[?62;22c")
		}
	}
	time.Sleep(100 * time.Millisecond)
	for drained := false; !drained; {
		_, err := master.TryRead(buf)
		drained = err != nil
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var times []time.Duration
	for range keys {
		time.Sleep(keyPause)
		begin := time.Now()
		if _, err := master.Write([]byte("x")); err != nil {
			return nil, err
		}
		if _, err := master.ReadContext(ctx, buf); err != nil {
			return nil, err
		}
		times = append(times, time.Since(begin))
	}
	return times, nil
}
