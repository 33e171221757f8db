package login

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ttydeck/ttydeck/internal/peer"
	"golang.org/x/sys/unix"
)

// A recording goes over the socket so: the recorder sends a line of JSON, a
// [Hello]; the Receiver answers with one, a [Reply], and then takes the
// recording's bytes, until the recorder closes its side. It answers once more
// when all is on the disk, or as soon as it cannot be.

// Hello begins a recording.
type Hello struct {
	TTY     string `json:"tty,omitempty"`
	Command string `json:"command,omitempty"`
}

// Reply answers. One of the fields is set.
type Reply struct {
	File  string `json:"file,omitempty"` // it is written to
	Done  bool   `json:"done,omitempty"` // it is complete
	Error string `json:"error,omitempty"`
}

// Receiver takes the recordings of logins and keeps them. It runs as root; the
// user of a recording is asked of the kernel.
type Receiver struct {
	// Dir holds a directory for each user, with a file for each session.
	Dir string
	// Log tells what comes and what goes wrong; nil: nobody.
	Log *slog.Logger

	mu     sync.Mutex
	taking map[int]int // recordings by user; guarded by mu
}

// maxRecordings is how many sessions of one user may be recorded at a time: he
// shall not take all descriptors there are.
const maxRecordings = 200

// Listen makes the socket, to which everybody may connect.
func Listen(path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	// Only one that nobody listens at is in the way.
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return nil, fmt.Errorf("%s: somebody listens there already", path)
	} else if errors.Is(err, unix.ECONNREFUSED) {
		os.Remove(path)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o666); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// Serve takes recordings until ctx is done; those that are being taken end
// with their sessions.
func (r *Receiver) Serve(ctx context.Context, l net.Listener) error {
	if r.Log == nil {
		r.Log = slog.New(slog.DiscardHandler)
	}
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	var taking sync.WaitGroup
	defer taking.Wait()
	for {
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			if errors.Is(err, net.ErrClosed) {
				return err
			}
			// Out of descriptors, say: that passes, and who is recorded goes on.
			r.Log.Error("a connection cannot be accepted", "error", err)
			select {
			case <-time.After(100 * time.Millisecond):
			case <-ctx.Done():
			}
			continue
		}
		taking.Go(func() {
			defer c.Close()
			r.take(c.(*net.UnixConn))
		})
	}
}

// helloWait is how long a recorder may take to say what it wants.
const helloWait = 10 * time.Second

func (r *Receiver) take(c *net.UnixConn) {
	answer := func(a Reply) { json.NewEncoder(c).Encode(a) }
	uid, err := peer.UID(c)
	release := sync.OnceFunc(func() { r.count(uid, -1) })
	if err == nil {
		defer release()
		if r.count(uid, 1) > maxRecordings {
			err = fmt.Errorf("%d sessions of user %d are recorded already", maxRecordings, uid)
		}
	}
	if err != nil {
		answer(Reply{Error: err.Error()})
		return
	}
	c.SetReadDeadline(time.Now().Add(helloWait))
	in := bufio.NewReaderSize(c, 64<<10)
	line, err := in.ReadSlice('\n')
	var hello Hello
	if err == nil {
		err = json.Unmarshal(line, &hello)
	}
	if err != nil {
		answer(Reply{Error: "no beginning: " + err.Error()})
		return
	}
	c.SetReadDeadline(time.Time{})
	name := strconv.Itoa(uid)
	if u, err := user.LookupId(name); err == nil {
		name = u.Username
	}
	f, err := r.create(name)
	if err != nil {
		r.Log.Error("a session is not recorded", "user", name, "tty", hello.TTY, "error", err)
		answer(Reply{Error: err.Error()})
		return
	}
	defer f.Close()
	r.Log.Info("a session is recorded", "user", name, "tty", hello.TTY, "command", hello.Command, "file", f.Name())
	answer(Reply{File: f.Name()})
	n, err := io.Copy(f, in)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		r.Log.Error("a recording is cut off", "file", f.Name(), "bytes", n, "error", err)
		answer(Reply{Error: err.Error()})
		return
	}
	r.Log.Info("a recording is complete", "file", f.Name(), "bytes", n)
	release() // before it is told: it may begin the next
	answer(Reply{Done: true})
}

// count counts a user's recordings.
func (r *Receiver) count(uid, n int) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.taking == nil {
		r.taking = map[int]int{}
	}
	r.taking[uid] += n
	now := r.taking[uid]
	if now == 0 {
		delete(r.taking, uid)
	}
	return now
}

// create makes a recording's file, in the user's directory. It is locked, by
// flock(2), so that a daemon that keeps recordings there leaves it alone.
func (r *Receiver) create(name string) (*os.File, error) {
	name = strings.Map(func(c rune) rune {
		if c == '/' || c < ' ' {
			return '_'
		}
		return c
	}, name)
	if strings.HasPrefix(name, ".") {
		name = "_" + name
	}
	dir := filepath.Join(r.Dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	stamp := time.Now().Format("20060102-150405")
	for n := 1; ; n++ {
		path := filepath.Join(dir, name+"-"+stamp)
		if n > 1 {
			path += "-" + strconv.Itoa(n)
		}
		f, err := os.OpenFile(path+".cast", os.O_WRONLY|os.O_CREATE|os.O_EXCL|unix.O_NOFOLLOW, 0o600)
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		ours, err := hold(f)
		if ours && err == nil {
			return f, nil
		}
		f.Close()
		if err != nil {
			os.Remove(f.Name())
			return nil, err
		}
	}
}

// hold locks a file that was just made. It reports false where a daemon came
// before, and has removed the file.
func hold(f *os.File) (bool, error) {
	// A daemon that looks at it holds it for a moment.
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX)
	for errors.Is(err, unix.EINTR) {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
	}
	// Where there are no locks, the daemon can take none either, and does nothing.
	if err != nil && !errors.Is(err, unix.ENOLCK) && !errors.Is(err, unix.ENOTSUP) {
		return false, os.NewSyscallError("flock", err)
	}
	mine, err := f.Stat()
	if err != nil {
		return false, err
	}
	now, err := os.Lstat(f.Name())
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(mine, now), err
}

// Sender sends a recording to a Receiver: it is an [io.Writer] of its bytes.
type Sender struct {
	File string // where it is kept
	conn *net.UnixConn

	mu    sync.Mutex
	err   error // what the Receiver has said; guarded by mu
	ended chan struct{}
}

// Send begins a recording.
func Send(socket string, hello Hello) (*Sender, error) {
	var d net.Dialer
	d.Timeout = helloWait
	c, err := d.Dial("unix", socket)
	if err != nil {
		return nil, err
	}
	s := &Sender{conn: c.(*net.UnixConn), ended: make(chan struct{})}
	// Who takes it must be root's, or our own.
	uid, err := peer.UID(s.conn)
	if err == nil && uid != 0 && uid != os.Geteuid() {
		err = fmt.Errorf("%s: another user listens there", socket)
	}
	if err == nil {
		err = json.NewEncoder(c).Encode(hello)
	}
	in := json.NewDecoder(c)
	var first Reply
	if err == nil {
		c.SetReadDeadline(time.Now().Add(helloWait))
		err = in.Decode(&first)
		c.SetReadDeadline(time.Time{})
	}
	if err == nil && first.Error != "" {
		err = errors.New(first.Error)
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	s.File = first.File
	go func() {
		defer close(s.ended)
		var last Reply
		err := in.Decode(&last)
		if err == nil && last.Error != "" {
			err = errors.New(last.Error)
		} else if err == nil && !last.Done {
			err = errors.New("the receiver said nothing of its end")
		}
		s.mu.Lock()
		s.err = err
		s.mu.Unlock()
	}()
	return s, nil
}

// Ended is closed when the Receiver takes no more: it has failed or gone, or the
// recording is closed.
func (s *Sender) Ended() <-chan struct{} { return s.ended }

// failed gives what the Receiver said when it could not go on.
func (s *Sender) failed(err error) error {
	select {
	case <-s.ended:
	case <-time.After(time.Second):
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	return err
}

func (s *Sender) Write(p []byte) (int, error) {
	n, err := s.conn.Write(p)
	if err != nil {
		err = s.failed(err)
	}
	return n, err
}

// Close ends the recording, and waits until it is on the disk.
func (s *Sender) Close() error {
	defer s.conn.Close()
	if err := s.conn.CloseWrite(); err != nil {
		return s.failed(err)
	}
	select {
	case <-s.ended:
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.err
	case <-time.After(helloWait):
		return errors.New("the receiver does not say that it has all")
	}
}
