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

// Client controls a session of this user or, for root, of any user. Several
// goroutines may call its methods at once. Call Close when it is no longer
// needed. Errors wrap [ErrNoSession] if there is no such session, and
// [ErrUnsafe] if another user is at the other end of the socket.
type Client struct {
	http    *http.Client
	uid     int  // of the process that must answer
	relayed bool // a daemon is at the other end, not the session

	mu   sync.Mutex
	name string // guarded by mu, as path and base
	path string // of the socket; empty in a Client made by Of, which dials as its parent does
	base string // what the paths of the session begin with
}

// Open returns a Client of the session with that name. It does not connect:
// whether there is such a session shows at the first call.
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

// OpenHost returns a Client of the daemon that serves the sessions of all users,
// at [HostSocket].
func OpenHost() *Client { return newClient("the host's daemon", HostSocket(), 0) }

// Of returns a Client of another session that c's end serves, as a daemon does,
// with base in place of /v1/session in its paths. It shares the connections of
// c.
func (c *Client) Of(name, base string) *Client {
	return &Client{name: name, uid: c.uid, base: base, relayed: true, http: c.http}
}

// Own reports whether the session belongs to this process's user. Every
// connection of c then goes to a socket at which, by the kernel's word, this
// user listens. A session behind a daemon is never known to be the caller's own:
// there the kernel names the daemon's user.
func (c *Client) Own() bool { return !c.relayed && c.uid == os.Geteuid() }

// OpenDaemon returns a Client of the daemon that serves all sessions of the
// user, see package daemon.
func (d Dir) OpenDaemon() (*Client, error) { return d.open(DaemonName) }

// Transport returns a RoundTripper that connects to the session, whatever the
// request's host.
func (c *Client) Transport() http.RoundTripper { return c.http.Transport }

// StateOf returns the state of a session. It waits for two seconds at most.
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

// dial connects to the session. It refuses a socket that another user has put
// there.
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
		return nil, fmt.Errorf("%s: %w: not a socket of user %d", path, ErrUnsafe, c.uid)
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
		return nil, errors.Join(fmt.Errorf("%s: %w: served by another user", path, ErrUnsafe), err)
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

// Name returns the session's name.
func (c *Client) Name() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.name
}

// call makes a request of the session.
func (c *Client) call(ctx context.Context, method, path string, in any, out any) error {
	return c.Call(ctx, method, c.at(path), in, out)
}

// Call makes a request. The body is in as JSON, in itself if it is a []byte, or
// empty if it is nil; the answer is decoded as JSON into out, if that is not nil.
// A status other than 200 is an error.
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
	if isGone(err) && method == http.MethodGet {
		res, err = c.http.Do(req)
	}
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

// The most bytes in an answer, and the most that is kept of it: root cannot trust
// the sessions of others, and the host's daemon asks many at once.
const (
	maxAnswer = 16 << 20
	maxState  = 1 << 20 // another user's State
	maxText   = 4 << 10 // a text in it
	maxError  = 500
)

// isGone reports whether err may mean that the session ended while it was called:
// then it cannot be found any more.
func isGone(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// plain removes the HTTP request from an error, which would not help the user.
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
		return fmt.Errorf("%s: %w", c.Name(), ErrNoSession)
	}
	if res.StatusCode == http.StatusConflict && out.Error != "" {
		return fmt.Errorf("%w", errors.New(out.Error))
	}
	return fmt.Errorf("%s: %s", c.Name(), out.Error)
}

// State returns the state of the session. Long texts of another user's session
// are cut.
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

// Screen returns the content of the screen.
func (c *Client) Screen(ctx context.Context) (Screen, error) {
	var s Screen
	err := c.call(ctx, "GET", "/screen", nil, &s)
	return s, err
}

// Type sends input to the program, as if it were typed. It waits while the
// program does not read.
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

// Mark adds a marker to the recording.
func (c *Client) Mark(ctx context.Context, label string) error {
	return c.call(ctx, "POST", "/mark", map[string]string{"label": label}, nil)
}

// Pause pauses the recording; the session goes on.
func (c *Client) Pause(ctx context.Context) error { return c.call(ctx, "POST", "/pause", nil, nil) }

// Resume resumes the recording.
func (c *Client) Resume(ctx context.Context) error { return c.call(ctx, "POST", "/resume", nil, nil) }

// Rename renames the session, which is in d. The Client follows; other Clients
// of the session do not.
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

// Signal sends a signal to the program and to its foreground job.
func (c *Client) Signal(ctx context.Context, sig syscall.Signal) error {
	return c.call(ctx, "POST", "/signal", map[string]int{"signal": int(sig)}, nil)
}

// Stream is a connection that follows a session. One goroutine may call Next
// while another calls the other methods. Call Close when it is no longer needed.
type Stream struct {
	conn   *websocket.Conn
	old    bool          // the session is of the version before
	began  time.Time     // when the Stream began
	last   time.Duration // of the last event
	held   *message      // was read too early; nil if none
	status atomic.Int64  // the exit status and one more, once it came
}

// Watch begins to watch the session: the first message of Next is the current
// screen. The caller closes the Stream.
func (c *Client) Watch(ctx context.Context) (*Stream, error) {
	return c.stream(ctx, "/watch")
}

// WatchInput is Watch with the input that the session records. A session of the
// version before sends none.
func (c *Client) WatchInput(ctx context.Context) (*Stream, error) {
	s, err := c.stream(ctx, "/watch-input")
	if errors.Is(err, ErrNoSession) { // perhaps it does not know the path
		return c.stream(ctx, "/watch")
	}
	return s, err
}

// Attach begins to watch and type, at a terminal of that size; see Watch.
func (c *Client) Attach(ctx context.Context, size format.Size) (*Stream, error) {
	return c.stream(ctx, "/attach?cols="+strconv.Itoa(size.Cols)+"&rows="+strconv.Itoa(size.Rows))
}

func (c *Client) stream(ctx context.Context, path string) (*Stream, error) {
	conn, res, err := websocket.Dial(ctx, "ws://session"+c.at(path), &websocket.DialOptions{HTTPClient: c.http, Subprotocols: []string{protocol}})
	if err != nil {
		if res != nil && res.StatusCode == http.StatusGone { // it is ending
			return nil, fmt.Errorf("%s: %w", c.Name(), ErrNoSession)
		}
		if res != nil && res.StatusCode >= 400 {
			return nil, c.refused(res)
		}
		for _, known := range []error{ErrNoSession, ErrUnsafe} {
			if errors.Is(err, known) {
				return nil, fmt.Errorf("%s: %w", c.Name(), known)
			}
		}
		if isGone(err) {
			if _, serr := c.State(ctx); errors.Is(serr, ErrNoSession) {
				err = serr
			}
		}
		return nil, err
	}
	conn.SetReadLimit(maxAnswer)
	if c.Own() {
		conn.SetReadLimit(4 * maxAnswer) // the largest screen, in all colours
	}
	return &Stream{conn: conn, old: conn.Subprotocol() != protocol, began: time.Now()}, nil
}

// Next waits for the next message. The message is the caller's to keep. The times
// of events never fall.
func (s *Stream) Next(ctx context.Context) (Message, error) {
	for {
		m, data, err := s.read(ctx)
		switch {
		case err != nil:
			return Message{}, err
		case m == nil && s.old:
			return s.events([]format.Event{{Time: time.Since(s.began), Code: format.Output, Data: string(data)}}), nil
		case m == nil:
			events, err := parseEvents(data)
			return s.events(events), err
		case m.Kind == MessageEnd:
			return Message{Kind: MessageEnd, Status: m.Status}, nil
		case m.Kind == oldSize:
			return s.events([]format.Event{{Time: time.Since(s.began), Code: format.Resize, Data: format.Size{Cols: m.Cols, Rows: m.Rows}.String()}}), nil
		case m.Kind == MessageScreen:
			got := Message{Kind: MessageScreen, Size: format.Size{Cols: m.Cols, Rows: m.Rows}, Lost: m.Lost}
			if m.Micros > 0 && m.Micros <= maxMicros {
				got.Time = time.Duration(m.Micros) * time.Microsecond
			}
			if s.held, got.Screen, err = s.read(ctx); err != nil {
				return Message{}, err
			}
			return got, nil
		}
		// A later version may send more.
	}
}

// read returns the next text message or, with nil, the next binary message.
func (s *Stream) read(ctx context.Context) (*message, []byte, error) {
	if m := s.held; m != nil {
		s.held = nil
		return m, nil, nil
	}
	kind, data, err := s.conn.Read(ctx)
	if err != nil || kind != websocket.MessageText {
		return nil, data, err
	}
	var m message
	err = json.Unmarshal(data, &m)
	return &m, nil, err
}

// events returns a message of events.
func (s *Stream) events(events []format.Event) Message {
	for i := range events {
		s.last = max(s.last, events[i].Time)
		events[i].Time = s.last
	}
	return Message{Kind: MessageEvents, Events: events}
}

// Type sends input to the program. Only an attached Stream may.
func (s *Stream) Type(ctx context.Context, keys []byte) error {
	return s.conn.Write(ctx, websocket.MessageBinary, keys)
}

// Resize reports the new size of this client's terminal. Only an attached Stream
// may.
func (s *Stream) Resize(ctx context.Context, size format.Size) error {
	text, err := json.Marshal(map[string]int{"cols": size.Cols, "rows": size.Rows})
	if err != nil {
		return err
	}
	return s.conn.Write(ctx, websocket.MessageText, text)
}

// Close leaves the session, which goes on.
func (s *Stream) Close() error { return s.conn.CloseNow() }

// Cast returns the session as a recording that begins with the current screen.
// Times count from that screen, in the time of the session. The events wait for
// more until the session ends or ctx is done; a marker stands for output that was
// skipped because it came too fast. Call Cast in place of Next, and Ended when the
// events have ended.
func (s *Stream) Cast(ctx context.Context) (format.Cast, error) {
	first, err := s.Next(ctx)
	if err != nil {
		return format.Cast{}, err
	}
	if first.Kind != MessageScreen && first.Kind != MessageEnd { // it may have just ended
		return format.Cast{}, fmt.Errorf("unexpected first message %q: want %q", first.Kind, MessageScreen)
	}
	h := format.Header{Start: time.Now()}
	if _, ok := size(first.Size.Cols, first.Size.Rows); ok {
		h.Size = first.Size
	}
	return format.Cast{Header: h, Events: func(yield func(format.Event, error) bool) {
		have := h.Size
		exited := false
		// pass yields an event, unless it is not valid or changes nothing.
		pass := func(ev format.Event) bool {
			ev.Time = max(ev.Time-first.Time, 0)
			switch ev.Code {
			case format.Resize:
				now, err := ev.Size()
				if _, ok := size(now.Cols, now.Rows); err != nil || !ok || now == have {
					return true
				}
				have = now
			case format.Exit:
				exited = true
			case format.Output, format.Input, format.Marker:
			default:
				return true // a later version may send more
			}
			return yield(ev, nil)
		}
		screen := func(m Message) bool {
			s.last = max(s.last, m.Time)
			if s.old {
				s.last = time.Since(s.began)
			}
			if m.Lost > 0 && !pass(format.Event{Time: s.last, Code: format.Marker, Data: fmt.Sprintf("%d bytes of output skipped", m.Lost)}) {
				return false
			}
			return pass(format.Event{Time: s.last, Code: format.Resize, Data: m.Size.String()}) &&
				pass(format.Event{Time: s.last, Code: format.Output, Data: string(m.Screen)})
		}
		for m := first; ; {
			var err error
			switch m.Kind {
			case MessageScreen:
				if !screen(m) {
					return
				}
			case MessageEvents:
				for _, ev := range m.Events {
					if !pass(ev) {
						return
					}
				}
			case MessageEnd:
				s.status.Store(int64(m.Status) + 1)
				if !exited {
					pass(format.Event{Time: s.last, Code: format.Exit, Data: strconv.Itoa(m.Status)})
				}
				return
			}
			if m, err = s.Next(ctx); err != nil {
				if ctx.Err() == nil {
					yield(format.Event{}, err)
				}
				return
			}
		}
	}}, nil
}

// Ended returns the exit status of the session's program, and whether the events
// of a Cast have reached the end of the session.
func (s *Stream) Ended() (status int, ok bool) {
	v := s.status.Load()
	return int(v) - 1, v > 0
}
