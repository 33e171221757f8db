package observe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/visible"
	"github.com/ttydeck/ttydeck/record/sessions"
	"golang.org/x/sys/unix"
)

// pane is a pane of a tmux server.
type pane struct {
	socket, id string
}

// runTmux records the copy of the output that tmux makes.
func runTmux(ctx context.Context, t *target, s *sink) error {
	if s.o.Input {
		return errors.New("it cannot record input")
	}
	p, err := findPane(ctx, t)
	if err != nil {
		return err
	}
	// The server's shell writes into a named pipe: each side sees when the
	// other ends.
	uid, temp := serverUID(t), ""
	if uid >= 0 && uid != os.Geteuid() {
		temp = "/tmp" // the server's user may have no access to ours
	}
	dir, err := os.MkdirTemp(temp, "ttydeck-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fifo := filepath.Join(dir, "pipe")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		return os.NewSyscallError("mkfifo", err)
	}
	if temp != "" { // root observes another user
		if err := errors.Join(os.Chown(dir, uid, -1), os.Chown(fifo, uid, -1)); err != nil {
			return err
		}
	}
	in, err := unix.Open(fifo, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("open", err)
	}
	defer unix.Close(in)

	// tmux runs one command line as a whole: no output comes between the
	// picture of the screen and the beginning of the pipe.
	state, err := p.tmux(ctx,
		"display-message", "-p", "-t", p.id, "#{pane_pipe} #{pane_width} #{pane_height} #{cursor_x} #{cursor_y} #{alternate_on} #{cursor_flag}", ";",
		"if-shell", "-F", "-t", p.id, "#{pane_pipe}", "", "pipe-pane -O -t "+p.id+" 'exec cat >"+fifo+"'", ";",
		"capture-pane", "-p", "-e", "-t", p.id)
	if err != nil {
		return err
	}
	line, screen, _ := bytes.Cut(state, []byte("\n"))
	var piped, x, y, alternate, cursor int
	var size format.Size
	if _, err := fmt.Sscan(string(line), &piped, &size.Cols, &size.Rows, &x, &y, &alternate, &cursor); err != nil {
		return fmt.Errorf("display-message: %q: %w", line, err)
	}
	if piped != 0 {
		return errors.New("the pane is already piped to another program")
	}
	defer func() {
		// tmux closes the pipe by itself when the fifo is gone; this closes it
		// at once.
		_, _ = p.tmux(context.WithoutCancel(ctx), "pipe-pane", "-t", p.id)
	}()
	first, err := awaitWriter(ctx, in)
	if err != nil {
		return err
	}
	t.size = size
	if err := s.begin(); err != nil {
		return err
	}
	first = append(picture(screen, x, y, alternate != 0, cursor != 0), first...)
	if err := s.output(monotonic(), 0, first); err != nil {
		return err
	}
	return p.follow(ctx, in, t, s)
}

// follow records from the pipe until its end.
func (p *pane) follow(ctx context.Context, in int, t *target, s *sink) error {
	wakeR, wakeW, err := os.Pipe()
	if err != nil {
		return err
	}
	defer wakeR.Close()
	defer wakeW.Close()
	defer context.AfterFunc(ctx, func() { wakeW.Write([]byte{0}) })()
	wake := int(wakeR.Fd())
	buf := make([]byte, 64<<10)
	for {
		n, err := unix.Read(in, buf)
		switch {
		case n > 0:
			if err := s.output(monotonic(), s.place(), buf[:n]); err != nil {
				return err
			}
			continue
		case err == unix.EINTR:
			continue
		case err == nil:
			s.ended()
			return nil
		case err != unix.EAGAIN:
			return os.NewSyscallError("read", err)
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if _, err := poll([]int{wake, in}, -1); err != nil {
			return err
		}
	}
}

// writerWait is how long the server's shell may take to open the pipe. Tests are
// more patient.
var writerWait = 5 * time.Second

// awaitWriter waits until the server's shell has opened the pipe, and returns
// the first bytes: before that, the pipe looks as if it had ended.
func awaitWriter(ctx context.Context, in int) ([]byte, error) {
	buf := make([]byte, 64<<10)
	for end := time.Now().Add(writerWait); time.Now().Before(end); time.Sleep(2 * time.Millisecond) {
		n, err := unix.Read(in, buf)
		switch {
		case n > 0, err == unix.EAGAIN:
			return buf[:max(n, 0)], nil
		case err != nil && err != unix.EINTR:
			return nil, os.NewSyscallError("read", err)
		case ctx.Err() != nil:
			return nil, ctx.Err()
		}
	}
	return nil, errors.New("timed out waiting for the server's shell to open the pipe")
}

func (s *sink) place() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.next
}

// picture returns the output that draws a captured screen.
func picture(screen []byte, x, y int, alternate, cursor bool) []byte {
	var out []byte
	if alternate {
		out = append(out, "\x1b[?1049h"...)
	}
	out = append(out, "\x1b[H\x1b[2J"...)
	lines := bytes.Split(bytes.TrimSuffix(screen, []byte("\n")), []byte("\n"))
	for i, line := range lines {
		if len(line) > 0 {
			out = fmt.Appendf(out, "\x1b[%d;1H", i+1)
			out = append(out, line...)
		}
	}
	out = fmt.Appendf(out, "\x1b[m\x1b[%d;%dH", y+1, x+1)
	if !cursor {
		out = append(out, "\x1b[?25l"...)
	}
	return out
}

// findPane finds the server and the pane that a session runs in.
func findPane(ctx context.Context, t *target) (*pane, error) {
	at := slices.IndexFunc(t.session.Holders, func(h sessions.Holder) bool { return h.Kind == sessions.Tmux })
	if at < 0 {
		return nil, errors.New("the session is not in tmux")
	}
	if _, err := exec.LookPath("tmux"); err != nil {
		return nil, err
	}
	socket, _, _ := strings.Cut(t.env["TMUX"], ",")
	if socket == "" {
		return nil, errors.New("the server's socket is unknown: TMUX is not in the session's environment")
	}
	p := &pane{socket: socket}
	out, err := p.tmux(ctx, "list-panes", "-a", "-F", "#{pid} #{pane_tty} #{pane_id}")
	if err != nil {
		return nil, err
	}
	want := fmt.Sprintf("%d /dev/%s ", t.session.Holders[at].PID, t.session.TTY.Name)
	for line := range strings.Lines(string(out)) {
		if id, ok := strings.CutPrefix(strings.TrimSpace(line), want); ok {
			p.id = id
			return p, nil
		}
	}
	return nil, fmt.Errorf("the server at %s has no pane on %s", visible.Text(socket), t.session.TTY.Name)
}

// tmux runs a tmux command and returns its output.
func (p *pane) tmux(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "tmux", append([]string{"-S", p.socket}, args...)...)
	cmd.Env = append(os.Environ(), "TMUX=")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", args[0], err, visible.Text(strings.TrimSpace(stderr.String())))
	}
	return out, nil
}

// serverUID returns the user of the tmux server; -1 if unknown.
func serverUID(t *target) int {
	for _, h := range t.session.Holders {
		if h.Kind != sessions.Tmux {
			continue
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.PID))
		if err != nil {
			return -1
		}
		if fields := strings.Fields(statusField(text, "Uid")); len(fields) > 1 {
			if uid, err := strconv.Atoi(fields[1]); err == nil {
				return uid
			}
		}
	}
	return -1
}
