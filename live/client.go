package live

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/coder/websocket"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/peer"
)

// Client acts on a session of this user, or, for root, of any. Its methods may
// be called by several goroutines at once; Close ends its idle connections.
type Client struct {
	http    *http.Client
	uid     int  // of the process that must answer
	relayed bool // a daemon is at the other end, not the session

	mu   sync.Mutex
	name string // guarded by mu, as path and base
	path string // of the socket; empty for a Client that Of made, which dials as its parent does
	base string // what the paths of the session begin with
}

// Open gives a Client of the session of that name. [ErrNoSession] is told by
// the first call.
func (d Dir) Open(name string) (*Client, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	return d.open(name)
}

func (d Dir) open(name string) (*Client, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	return newClient(name, d.socket(name), d.uid), nil
}

func newClient(name, path string, uid int) *Client {
	c := &Client{name: name, path: path, uid: uid, base: "/v1/session"}
	c.http = &http.Client{
		Transport: &http.Transport{DialContext: c.dial, DisableCompression: true, MaxResponseHeaderBytes: 64 << 10},
		// A session that redirects would have a daemon do to another session
		// what was asked of this one.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c
}

// OpenHost gives a Client of what serves the sessions of all users, at
// [HostSocket].
func OpenHost() *Client { return newClient("the host's daemon", HostSocket(), 0) }

// Of gives a Client of a session that c's end serves at another path than its
// own, as a daemon does.
func (c *Client) Of(name, base string) *Client {
	return &Client{name: name, uid: c.uid, base: base, relayed: true, http: c.http}
}

// Own reports whether the session is one of this process's user: every
// connection of c is then to a socket at which, as the kernel knows, this user
// listens. A session behind a daemon is never known to be: the kernel names the
// daemon's user there.
func (c *Client) Own() bool { return !c.relayed && c.uid == os.Geteuid() }

// OpenDaemon gives a Client of what serves all sessions, see package daemon.
func (d Dir) OpenDaemon() (*Client, error) { return d.open(DaemonName) }

// Transport connects to the session, whatever the request's host.
func (c *Client) Transport() http.RoundTripper { return c.http.Transport }

// StateOf tells how a session stands, within two seconds.
func (d Dir) StateOf(ctx context.Context, name string) (State, error) {
	c, err := d.Open(name)
	if err != nil {
		return State{}, err
	}
	defer c.Close()
	ctx, stop := context.WithTimeout(ctx, 2*time.Second)
	defer stop()
	return c.State(ctx)
}

// dial connects to the session, and only to one of this user: a socket that
// somebody else has put there is refused.
func (c *Client) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	c.mu.Lock()
	name, path := c.name, c.path
	c.mu.Unlock()
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return nil, fmt.Errorf("%s: %w", name, ErrNoSession)
	case err != nil:
		return nil, err
	case info.Mode().Type() != os.ModeSocket || !isOwner(info, c.uid):
		return nil, fmt.Errorf("%s: %w: it is not a socket of user %d", path, ErrUnsafe, c.uid)
	}
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, os.ErrNotExist) { // dead, or gone since Lstat
		return nil, fmt.Errorf("%s: %w", name, ErrNoSession)
	}
	if err != nil {
		return nil, err
	}
	if uid, err := peer.UID(conn.(*net.UnixConn)); err != nil || uid != c.uid {
		conn.Close()
		return nil, errors.Join(fmt.Errorf("%s: %w: another user answers", path, ErrUnsafe), err)
	}
	return conn, nil
}

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// at returns the path of a request to the session.
func (c *Client) at(path string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.base + path
}

// session returns the session's name, for errors.
func (c *Client) session() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.name
}

// call makes a request of the session.
func (c *Client) call(ctx context.Context, method, path string, in any, out any) error {
	return c.Call(ctx, method, c.at(path), in, out)
}

// Call makes a request; in is JSON, or bytes as they are, and out JSON, or nil.
func (c *Client) Call(ctx context.Context, method, path string, in any, out any) error {
	return c.callUpTo(ctx, maxAnswer, method, path, in, out)
}

// callUpTo is Call with an answer of at most so many bytes.
func (c *Client) callUpTo(ctx context.Context, most int64, method, path string, in any, out any) error {
	var body io.Reader
	switch in := in.(type) {
	case nil:
	case []byte:
		body = bytes.NewReader(in)
	default:
		text, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://session"+path, body)
	if err != nil {
		return err
	}
	res, err := c.http.Do(req)
	if err != nil {
		return plain(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return c.refused(res)
	}
	if out == nil {
		_, err = io.Copy(io.Discard, io.LimitReader(res.Body, most))
		return err
	}
	return json.NewDecoder(io.LimitReader(res.Body, most)).Decode(out)
}

// How much a session may answer, and how much of it is kept: to root it is a
// stranger, and the host's daemon asks many at once.
const (
	maxAnswer = 16 << 20
	maxState  = 1 << 20 // another user's State
	maxText   = 4 << 10 // a text in it
	maxError  = 500
)

// plain takes the request off an error: that it was HTTP does not matter.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func (c *Client) refused(res *http.Response) error {
	var out struct{ Error string }
	if err := json.NewDecoder(io.LimitReader(res.Body, 1<<16)).Decode(&out); err != nil || out.Error == "" {
		out.Error = res.Status
	}
	out.Error = cut(strings.ReplaceAll(out.Error, "\n", "; "), maxError)
	if res.StatusCode == http.StatusNotFound {
		return fmt.Errorf("%s: %w", c.session(), ErrNoSession)
	}
	if res.StatusCode == http.StatusConflict && out.Error != "" {
		return fmt.Errorf("%w", errors.New(out.Error))
	}
	return fmt.Errorf("%s: %s", c.session(), out.Error)
}

// State tells how the session stands. Of another user's session, long texts are
// cut.
func (c *Client) State(ctx context.Context) (State, error) {
	var st State
	if c.Own() {
		err := c.call(ctx, "GET", "", nil, &st)
		return st, err
	}
	err := c.callUpTo(ctx, maxState, "GET", c.at(""), nil, &st)
	left := maxText
	for i, arg := range st.Command {
		if len(arg) >= left {
			// A clone, so that the rest is not kept.
			st.Command = append(slices.Clone(st.Command[:i]), cut(arg, left))
			break
		}
		left -= len(arg) + 1
	}
	st.Dir, st.File, st.Fault = cut(st.Dir, maxText), cut(st.File, maxText), cut(st.Fault, maxText)
	return st, err
}

// cut shortens a text to so many bytes.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "..."
}

// Screen gives what is on the screen.
func (c *Client) Screen(ctx context.Context) (Screen, error) {
	var s Screen
	err := c.call(ctx, "GET", "/screen", nil, &s)
	return s, err
}

// Type gives the program keys, as if they were typed.
func (c *Client) Type(ctx context.Context, keys []byte) error {
	for len(keys) > 0 {
		n := min(len(keys), maxBody/2)
		if err := c.call(ctx, "POST", "/input", keys[:n], nil); err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}

// Mark sets a marker in the recording.
func (c *Client) Mark(ctx context.Context, label string) error {
	return c.call(ctx, "POST", "/mark", map[string]string{"label": label}, nil)
}

// Pause pauses the recording, not the session; Resume goes on with it.
func (c *Client) Pause(ctx context.Context) error  { return c.call(ctx, "POST", "/pause", nil, nil) }
func (c *Client) Resume(ctx context.Context) error { return c.call(ctx, "POST", "/resume", nil, nil) }

// Rename gives the session another name. The Client knows it by that.
func (c *Client) Rename(ctx context.Context, d Dir, name string) error {
	if err := c.call(ctx, "POST", "/rename", map[string]string{"name": name}, nil); err != nil {
		return err
	}
	c.renamed(d, name)
	return nil
}

// renamed has the Client reach its session under another name.
func (c *Client) renamed(d Dir, name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.path != "" {
		c.path = d.socket(name)
	} else {
		c.base = strings.TrimSuffix(c.base, url.PathEscape(c.name)) + url.PathEscape(name)
	}
	c.name = name
}

// Signal sends a signal to the program and what it runs in the foreground.
func (c *Client) Signal(ctx context.Context, sig syscall.Signal) error {
	return c.call(ctx, "POST", "/signal", map[string]int{"signal": int(sig)}, nil)
}

// Stream is a connection to what happens in a session. Next and the other
// methods may be called by two goroutines at once, each by one at a time.
type Stream struct {
	conn   *websocket.Conn
	status atomic.Int64 // the exit status and one more, once it came
}

// Watch begins to watch: what Next gives begins with the screen as it is.
func (c *Client) Watch(ctx context.Context) (*Stream, error) {
	return c.stream(ctx, "/watch")
}

// Attach begins to watch and to type, at a terminal of that size.
func (c *Client) Attach(ctx context.Context, size format.Size) (*Stream, error) {
	return c.stream(ctx, "/attach?cols="+strconv.Itoa(size.Cols)+"&rows="+strconv.Itoa(size.Rows))
}

func (c *Client) stream(ctx context.Context, path string) (*Stream, error) {
	conn, res, err := websocket.Dial(ctx, "ws://session"+c.at(path), &websocket.DialOptions{HTTPClient: c.http})
	if err != nil {
		if res != nil && res.StatusCode >= 400 {
			return nil, c.refused(res)
		}
		for _, known := range []error{ErrNoSession, ErrUnsafe} {
			if errors.Is(err, known) {
				return nil, fmt.Errorf("%s: %w", c.session(), known)
			}
		}
		return nil, err
	}
	conn.SetReadLimit(maxAnswer)
	if c.Own() {
		conn.SetReadLimit(4 * maxAnswer) // the largest screen, in all colours
	}
	return &Stream{conn: conn}, nil
}

// Next gives what comes next: a Message, or, with no Kind, output.
func (s *Stream) Next(ctx context.Context) (m Message, output []byte, err error) {
	kind, data, err := s.conn.Read(ctx)
	if err != nil {
		return m, nil, err
	}
	if kind == websocket.MessageText {
		return m, nil, json.Unmarshal(data, &m)
	}
	return m, data, nil
}

// Type types keys.
func (s *Stream) Type(ctx context.Context, keys []byte) error {
	return s.conn.Write(ctx, websocket.MessageBinary, keys)
}

// Resize tells that the terminal has a new size.
func (s *Stream) Resize(ctx context.Context, size format.Size) error {
	text, err := json.Marshal(map[string]int{"cols": size.Cols, "rows": size.Rows})
	if err != nil {
		return err
	}
	return s.conn.Write(ctx, websocket.MessageText, text)
}

// Close leaves the session.
func (s *Stream) Close() error { return s.conn.CloseNow() }

// Cast gives what is watched as a recording, from the screen as it is on: its
// times count from now, and its events wait for more until the session ends, or
// ctx does. What came too fast has a marker that says so. Ended then tells how
// it went.
func (s *Stream) Cast(ctx context.Context) (format.Cast, error) {
	m, _, err := s.Next(ctx)
	if err != nil {
		return format.Cast{}, err
	}
	if m.Kind != MessageScreen {
		return format.Cast{}, fmt.Errorf("a session that begins with %q", m.Kind)
	}
	began := time.Now()
	h := format.Header{Start: began}
	if first, ok := size(m.Cols, m.Rows); ok {
		h.Size = first
	}
	return format.Cast{Header: h, Events: func(yield func(format.Event, error) bool) {
		have := h.Size
		for {
			m, output, err := s.Next(ctx)
			if err != nil {
				if ctx.Err() == nil {
					yield(format.Event{}, err)
				}
				return
			}
			at := time.Since(began)
			var evs []format.Event
			if m.Kind == MessageScreen && m.Lost > 0 {
				evs = append(evs, format.Event{Time: at, Code: format.Marker, Data: fmt.Sprintf("%d bytes came too fast", m.Lost)})
			}
			if now, ok := size(m.Cols, m.Rows); ok && now != have {
				have = now
				evs = append(evs, format.Event{Time: at, Code: format.Resize, Data: have.String()})
			}
			if m.Kind == MessageEnd {
				s.status.Store(int64(m.Status) + 1)
				evs = append(evs, format.Event{Time: at, Code: format.Exit, Data: strconv.Itoa(m.Status)})
			}
			if len(output) > 0 {
				evs = append(evs, format.Event{Time: at, Code: format.Output, Data: string(output)})
			}
			for _, ev := range evs {
				if !yield(ev, nil) {
					return
				}
			}
			if m.Kind == MessageEnd {
				return
			}
		}
	}}, nil
}

// Ended gives the exit status of the session's program, once a Cast has come to
// the session's end.
func (s *Stream) Ended() (status int, ok bool) {
	v := s.status.Load()
	return int(v) - 1, v > 0
}
