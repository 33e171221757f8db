// Command play compares builds of the player on a long recording: the time to the
// first screen, of seeks right after the start and later, and of a search; and the
// CPU time and memory that they take.
//
//	go build -o /tmp/new ./cmd/ttydeck && go run ./bench/play /tmp/old /tmp/new
//
// It makes a recording of an hour with 100 MB of output: coloured logs, typing and
// full-screen programs. Each build plays it on a terminal of its own. Runs are
// interleaved, so that other load on the machine affects all builds alike.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/testcast"
	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/vt"
)

func main() {
	megabytes := flag.Int("mb", 100, "output of the recording, in `MB`")
	rounds := flag.Int("rounds", 5, "rounds of each measurement")
	seeks := flag.Int("seeks", 50, "seeks in each round")
	unmarked := flag.Bool("unmarked", false, "no commands are marked, so that the player looks for them")
	dir := flag.String("dir", "/dev/shm", "`directory` for the recording")
	flag.Parse()
	if err := run(flag.Args(), *megabytes, *rounds, *seeks, *unmarked, *dir); err != nil {
		fmt.Fprintln(os.Stderr, "play:", err)
		os.Exit(1)
	}
}

// length is that of the recording.
const length = time.Hour

func run(programs []string, megabytes, rounds, seeks int, unmarked bool, dir string) error {
	if len(programs) == 0 {
		return errors.New("name the builds to measure")
	}
	temp, err := os.MkdirTemp(dir, "ttydeck-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(temp)
	file := filepath.Join(temp, "hour.cast")
	if err := record(file, megabytes<<20, !unmarked); err != nil {
		return err
	}
	figures := map[string]map[string][]time.Duration{} // by name and program
	memory := map[string][]int64{}                     // by program, in KiB
	var names []string
	for round := range rounds {
		for i := range programs {
			program := programs[(i+round)%len(programs)]
			add := func(name string, d time.Duration) {
				if figures[name] == nil {
					figures[name] = map[string][]time.Duration{}
					names = append(names, name)
				}
				figures[name][program] = append(figures[name][program], d)
			}
			kib, err := measure(program, file, seeks, uint64(round), add)
			if err != nil {
				return fmt.Errorf("%s: %w", program, err)
			}
			memory[program] = append(memory[program], kib)
		}
	}
	fmt.Printf("an hour with %d MB of output, %d interleaved rounds: median, 90 %%\n\n", megabytes, rounds)
	fmt.Println("| | " + strings.Join(programs, " | ") + " |")
	fmt.Println("|---" + strings.Repeat("|---", len(programs)) + "|")
	for _, name := range names {
		fmt.Printf("| %s |", name)
		for _, program := range programs {
			all := figures[name][program]
			slices.Sort(all)
			fmt.Printf(" %v, %v |", round3(all[len(all)/2]), round3(all[len(all)*9/10]))
		}
		fmt.Println()
	}
	fmt.Print("| peak memory |")
	for _, program := range programs {
		all := memory[program]
		slices.Sort(all)
		fmt.Printf(" %.1f MiB, %.1f MiB |", float64(all[len(all)/2])/1024, float64(all[len(all)*9/10])/1024)
	}
	fmt.Println()
	return nil
}

func round3(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}

// record writes the recording.
func record(file string, size int, marked bool) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	defer f.Close()
	w, err := format.AsciicastV3.NewWriter(f)
	if err != nil {
		return err
	}
	cast := testcast.Work(size, length)
	if events := cast.Events; marked {
		cast.Events = func(yield func(format.Event, error) bool) {
			if yield(testcast.Out(0, "\x1b]133;C;cmdline_url=make\x07"), nil) {
				events(yield)
			}
		}
	}
	if err := format.Copy(w, cast); err != nil {
		return err
	}
	return w.Close()
}

// measure plays the recording and returns the peak memory in KiB.
func measure(program, file string, seeks int, seed uint64, add func(string, time.Duration)) (int64, error) {
	// Start near the end, while the recording loads.
	v, err := start(program, "play", "--from", "50:00", file)
	if err != nil {
		return 0, err
	}
	took, err := v.until(func() bool { return strings.Contains(v.bar(), " 50:0") })
	if err := errors.Join(err, v.quit()); err != nil {
		return 0, fmt.Errorf("--from: %w", err)
	}
	add("first screen with --from 50:00", took)

	if v, err = start(program, "play", file); err != nil {
		return 0, err
	}
	defer v.quit()
	if took, err = v.until(func() bool { return strings.Contains(v.bar(), " 0:00") && v.screen.Row(0).Content() > 0 }); err != nil {
		return 0, fmt.Errorf("first screen: %w", err)
	}
	add("first screen", took)
	took, err = v.press(" G", func() bool {
		at, end, _ := strings.Cut(v.bar(), "/")
		end, _, _ = strings.Cut(end, " ")
		return !strings.HasSuffix(end, "+") && strings.HasSuffix(strings.TrimSuffix(at, ".9"), " "+end)
	})
	if err != nil {
		return 0, fmt.Errorf("end: %w", err)
	}
	add("the key End at once", took)
	r := rand.New(rand.NewPCG(seed, 1))
	for range seeks {
		at := time.Duration(r.Int64N(int64(length/time.Second))) * time.Second
		text := fmt.Sprintf("%d:%02d", at/time.Minute, at%time.Minute/time.Second)
		took, err := v.press("t"+text+"\r", func() bool { return strings.Contains(v.bar(), " "+text+".0/") })
		if err != nil {
			return 0, fmt.Errorf("going to %s: %w", text, err)
		}
		add("seeks when loaded", took)
	}
	if took, err = v.idle(); err != nil {
		return 0, err
	}
	add("until nothing is left to do", took)
	add("CPU time until then", v.cpu())
	kib := v.peak()
	took, err = v.press("/server buffer merge\r", func() bool { return strings.Contains(v.bar(), " match ") })
	if err != nil {
		return 0, fmt.Errorf("searching: %w", err)
	}
	add("first match of a search", took)
	return max(kib, v.peak()), v.quit()
}

// viewer is a player on a terminal.
type viewer struct {
	master *tty.Conn
	cmd    *exec.Cmd
	began  time.Time
	screen *vt.Screen
	buf    []byte
}

const cols, rows = 120, 41

func start(args ...string) (*viewer, error) {
	master, slave, err := tty.OpenPTY(tty.Size{Cols: cols, Rows: rows})
	if err != nil {
		return nil, err
	}
	defer slave.Close()
	v := &viewer{master: master, cmd: exec.Command(args[0], args[1:]...), screen: vt.New(cols, rows), buf: make([]byte, 64<<10)}
	v.cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LANG=C.UTF-8", "LC_ALL=")
	v.cmd.Stdin, v.cmd.Stdout, v.cmd.Stderr = slave, slave, slave
	v.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	v.began = time.Now()
	if err := v.cmd.Start(); err != nil {
		master.Close()
		return nil, err
	}
	return v, nil
}

// bar returns the text of the player's bar.
func (v *viewer) bar() string { return v.screen.Row(rows - 1).Text() }

// until reads the terminal until is returns true, and returns the time since the
// start.
func (v *viewer) until(is func() bool) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	for !is() {
		n, err := v.master.ReadContext(ctx, v.buf)
		if err != nil {
			return 0, fmt.Errorf("%w; the terminal shows\n%s", err, v.screen.Text())
		}
		v.screen.Write(v.buf[:n])
	}
	return time.Since(v.began), nil
}

// press types keys, and returns the time until is returns true.
func (v *viewer) press(keys string, is func() bool) (time.Duration, error) {
	began := time.Since(v.began)
	if _, err := v.master.Write([]byte(keys)); err != nil {
		return 0, err
	}
	at, err := v.until(is)
	return at - began, err
}

// idle waits until the player is idle, and returns the time from its start to
// then.
func (v *viewer) idle() (time.Duration, error) {
	last, since := v.cpu(), time.Now()
	for time.Since(since) < time.Second {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		if n, err := v.master.ReadContext(ctx, v.buf); err == nil {
			v.screen.Write(v.buf[:n])
		}
		cancel()
		if now := v.cpu(); now-last > 20*time.Millisecond { // more than the runtime takes
			last, since = now, time.Now()
		}
		if time.Since(v.began) > 5*time.Minute {
			return 0, errors.New("the player does not come to rest")
		}
	}
	return since.Sub(v.began), nil
}

// cpu returns the CPU time that the player has taken.
func (v *viewer) cpu() time.Duration {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", v.cmd.Process.Pid))
	_, after, _ := strings.Cut(string(text), ") ")
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0
	}
	var user, system int64
	fmt.Sscan(fields[11], &user)
	fmt.Sscan(fields[12], &system)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// peak returns the peak memory of the player in KiB.
func (v *viewer) peak() (kib int64) {
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", v.cmd.Process.Pid))
	_, after, _ := strings.Cut(string(text), "VmHWM:")
	fmt.Sscan(after, &kib)
	return kib
}

// quit ends the player.
func (v *viewer) quit() error {
	if v.cmd.ProcessState != nil {
		return nil
	}
	v.master.Write([]byte("q"))
	kill := time.AfterFunc(30*time.Second, func() { v.cmd.Process.Kill() })
	defer kill.Stop()
	for {
		if _, err := v.master.Read(v.buf); err != nil {
			break
		}
	}
	v.master.Close()
	return v.cmd.Wait()
}
