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

// The protocol of the socket: the recorder sends a [Hello], a line of JSON. The
// Receiver answers with a [Reply], another line, and then reads the recording's
// bytes until the recorder closes its side. It sends a second Reply when the
// recording is on the disk, or as soon as writing fails.

// Hello begins a recording.
type Hello struct {
	TTY     string `json:"tty,omitempty"`     // path of the session's terminal, for the log
	Command string `json:"command,omitempty"` // the session's program, for the log
}

// Reply answers a recorder. One of its fields is set.
type Reply struct {
	File  string `json:"file,omitempty"`  // the path of the recording, which may begin
	Done  bool   `json:"done,omitempty"`  // the recording is complete and on the disk
	Error string `json:"error,omitempty"` // the recording cannot begin, or continue
}

// Receiver receives the recordings of logins and writes them to files. It should
// run as root. The kernel, not the recorder, names the user of a recording.
type Receiver struct {
	// Dir holds a directory for each user, with a file for each session.
	Dir string
	// Log receives the begin, the end and the errors of recordings; nil means no
	// log.
	Log *slog.Logger

	mu     sync.Mutex
	taking map[int]int // number of recordings by UID; guarded by mu
}

// maxRecordings is how many sessions of one user may be recorded at a time, so
// that no user takes all file descriptors.
const maxRecordings = 200

// Listen creates the Receiver's socket, to which every user may connect. It
// creates missing directories, and replaces a socket at which no process listens.
// The caller closes the listener.
func Listen(path string) (net.Listener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	if c, err := net.Dial("unix", path); err == nil {
		c.Close()
		return nil, fmt.Errorf("%s: a receiver is running already", path)
	} else if errors.Is(err, unix.ECONNREFUSED) {
		os.Remove(path)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		if call, ok := errors.AsType[*os.SyscallError](err); ok {
			err = call.Err
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// Serve receives recordings at l until ctx is done, then waits for the end of the
// recorded sessions. It closes l. It returns nil when ctx is done, else the error
// of l. Call it once.
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
			// Too few file descriptors, for example. That passes, and the recordings
			// that have begun go on.
			r.Log.Error("cannot accept a connection", "error", err)
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

// helloWait is how long the two sides wait for each other's messages. Tests are
// more patient.
var helloWait = 10 * time.Second

// take receives one recording.
func (r *Receiver) take(c *net.UnixConn) {
	answer := func(a Reply) { json.NewEncoder(c).Encode(a) }
	uid, err := peer.UID(c)
	release := sync.OnceFunc(func() { r.count(uid, -1) })
	if err == nil {
		defer release()
		if r.count(uid, 1) > maxRecordings {
			err = fmt.Errorf("too many sessions: %d of user %d are recorded already", maxRecordings, uid)
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
		answer(Reply{Error: "malformed request: " + err.Error()})
		return
	}
	c.SetReadDeadline(time.Time{})
	name := strconv.Itoa(uid)
	if u, err := user.LookupId(name); err == nil {
		name = u.Username
	}
	f, err := r.create(name)
	if err != nil {
		r.Log.Error("cannot record a session", "user", name, "tty", hello.TTY, "error", err)
		answer(Reply{Error: err.Error()})
		return
	}
	defer f.Close()
	r.Log.Info("recording a session", "user", name, "tty", hello.TTY, "command", hello.Command, "file", f.Name())
	answer(Reply{File: f.Name()})
	n, err := io.Copy(f, in)
	if err == nil {
		err = f.Sync()
	}
	if err != nil {
		r.Log.Error("recording stopped", "file", f.Name(), "bytes", n, "error", err)
		answer(Reply{Error: err.Error()})
		return
	}
	r.Log.Info("recording complete", "file", f.Name(), "bytes", n)
	release() // before the answer, as the user may begin another session then
	answer(Reply{Done: true})
}

// count adds n to the number of a user's recordings, and returns it.
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

// create creates a recording's file in the user's directory. It locks the file, by
// flock(2), so that a daemon that tidies up recordings there does not touch it.
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

// hold locks a file that was just created. It reports false if a daemon was
// faster and has removed the file.
func hold(f *os.File) (bool, error) {
	// A daemon that looks at the file locks it for a moment.
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX)
	for errors.Is(err, unix.EINTR) {
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX)
	}
	// On a file system without locks the daemon gets none either, and does nothing.
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

// Sender sends the bytes of a recording to a Receiver. Its methods, except Ended,
// must not be called at once by several goroutines.
type Sender struct {
	File string // the path of the recording, on the Receiver's side
	conn *net.UnixConn

	mu    sync.Mutex
	err   error // from the Receiver's second reply; guarded by mu
	ended chan struct{}
}

// Send begins a recording with the Receiver that listens at socket, which must be
// root's or the caller's own. It waits up to 10 seconds for the Receiver's answer.
// The caller must close the Sender.
func Send(socket string, hello Hello) (*Sender, error) {
	var d net.Dialer
	d.Timeout = helloWait
	c, err := d.Dial("unix", socket)
	if err != nil {
		if errno, ok := errors.AsType[unix.Errno](err); ok {
			err = errno // without "dial unix" and the path once more
		}
		return nil, fmt.Errorf("no receiver at %s: %w", socket, err)
	}
	s := &Sender{conn: c.(*net.UnixConn), ended: make(chan struct{})}
	uid, err := peer.UID(s.conn)
	if err == nil && uid != 0 && uid != os.Geteuid() {
		err = fmt.Errorf("%s: not trusted, as user %d listens there and not root", socket, uid)
	}
	in := json.NewDecoder(c)
	var first Reply
	if err == nil {
		// A receiver that refuses may answer and close before it reads: its
		// reason says more than a broken pipe.
		sent := json.NewEncoder(c).Encode(hello)
		c.SetReadDeadline(time.Now().Add(helloWait))
		err = in.Decode(&first)
		c.SetReadDeadline(time.Time{})
		if sent != nil && first.Error == "" {
			err = sent
		}
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
			err = errors.New("malformed answer from the receiver")
		}
		s.mu.Lock()
		s.err = err
		s.mu.Unlock()
	}()
	return s, nil
}

// Ended returns a channel that is closed when the Receiver accepts no more bytes:
// because it failed, because it is gone, or because the recording is complete.
func (s *Sender) Ended() <-chan struct{} { return s.ended }

// failed returns the Receiver's reason for a failure; err if it sent none.
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

// Write sends p. If the Receiver has failed, the error is the Receiver's.
func (s *Sender) Write(p []byte) (int, error) {
	n, err := s.conn.Write(p)
	if err != nil {
		err = s.failed(err)
	}
	return n, err
}

// Close ends the recording, and waits up to 10 seconds until it is on the disk.
// The error is the Receiver's, if it failed.
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
		return errors.New("the receiver did not confirm the recording")
	}
}
