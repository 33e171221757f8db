package live

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/coder/websocket"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/peer"
	"github.com/ttydeck/ttydeck/record"
	"github.com/ttydeck/ttydeck/vt"
)

// Server serves one session. Make one with [Dir.Serve], pass its Started method
// to the [record.Recorder], and call Close when that has ended. Several
// goroutines may call its methods at once.
type Server struct {
	held     *held
	listener net.Listener
	http     *http.Server
	hub      *hub
	opts     Options

	mu      sync.Mutex
	control *record.Control          // nil until the session has started; guarded by mu
	state   State                    // the parts that the recorder does not know; guarded by mu
	seats   map[*client]bool         // the attached clients; guarded by mu
	conns   map[*websocket.Conn]bool // those that stream writes to; guarded by mu
	closing bool                     // no stream may begin; guarded by mu
	cut     bool                     // those that still run are cut off; guarded by mu
	streams sync.WaitGroup
	status  int           // the program's exit status; guarded by mu
	over    chan struct{} // closed by Close
	started chan struct{} // closed when control is set
}

// Options describe a session. The zero value is valid.
type Options struct {
	// Name is the session's name; empty means one made from Command, with a
	// number if that is taken.
	Name string
	// Command is the recorded program with its arguments, as clients see it.
	Command []string
	// Dir is the directory in which it was started, as clients see it.
	Dir string
	// File is the path of the recording, as clients see it; see SetFile.
	File string
	// Owner reports that the session has a terminal of its own, which sets its
	// size.
	Owner bool
	// Smallest sizes the session to fit all attached terminals, instead of the
	// one that was used last.
	Smallest bool
}

// client is an attached client.
type client struct {
	size format.Size
	used time.Time // when it last sent input or its size
}

// umask is held while the umask of this process is changed.
var umask sync.Mutex

// Serve takes a name for a session and serves it. The caller closes the Server.
// The error wraps [ErrNameTaken] if o.Name is taken, and [ErrUnsafe] if the
// directory is unsafe.
func (d Dir) Serve(o Options) (*Server, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	h, err := d.take(o)
	if err != nil {
		return nil, err
	}
	l, err := h.listen()
	if err != nil {
		h.release()
		return nil, err
	}
	s := &Server{held: h, listener: l, opts: o, seats: map[*client]bool{}, conns: map[*websocket.Conn]bool{}, over: make(chan struct{}), started: make(chan struct{})}
	s.state = State{Name: h.name, Process: os.Getpid(), Command: o.Command, Dir: o.Dir, File: o.File, Started: time.Now(), Owner: o.Owner}
	s.hub = newHub(s.session)
	mux := http.NewServeMux()
	for pattern, f := range map[string]func(http.ResponseWriter, *http.Request) error{
		"GET /v1/session": s.getState, "POST /v1/session/input": s.postInput, "POST /v1/session/mark": s.postMark,
		"POST /v1/session/pause": s.postPause, "POST /v1/session/resume": s.postResume, "POST /v1/session/rename": s.postRename,
		"POST /v1/session/signal": s.postSignal, "GET /v1/session/screen": s.getScreen,
		"GET /v1/session/watch": s.watch, "GET /v1/session/watch-input": s.watch, "GET /v1/session/attach": s.attach,
	} {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := f(w, r); err != nil {
				Refuse(w, err)
			}
		})
	}
	s.http = NewHTTPServer(mux, nil)
	go s.http.Serve(l)
	return s, nil
}

// take takes a name for the session.
func (d Dir) take(o Options) (*held, error) {
	if o.Name != "" {
		if err := CheckName(o.Name); err != nil {
			return nil, err
		}
		var h *held
		var err error
		// A listing holds the name of a dead session for a moment.
		for range 10 {
			if h, err = d.hold(o.Name); !errors.Is(err, ErrNameTaken) {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		return h, err
	}
	base := nameOf(o.Command)
	for n := 1; n < 10000; n++ {
		name := base
		if n > 1 {
			name += "-" + strconv.Itoa(n)
		}
		if h, err := d.hold(name); !errors.Is(err, ErrNameTaken) {
			return h, err
		}
	}
	return nil, fmt.Errorf("%s: %w", base, ErrNameTaken)
}

// Name returns the session's name.
func (s *Server) Name() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state.Name
}

// Started tells the Server how to control the session. It is for the field
// Started of a [record.Recorder], which calls it once.
func (s *Server) Started(c *record.Control) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.control = c
	close(s.started)
}

// SetFile sets the path of the recording that clients see.
func (s *Server) SetFile(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.File = path
}

// endWait is the longest time that watchers may take to read up to the end.
const endWait = 2 * time.Second

// Close ends the session for all watchers, with the exit status of its program,
// and gives up the name. It waits two seconds for slow watchers.
func (s *Server) Close(status int) error {
	s.mu.Lock()
	s.status, s.closing = status, true
	s.mu.Unlock()
	s.hub.finish()
	s.listener.Close()
	told := make(chan struct{})
	go func() { s.streams.Wait(); close(told) }()
	select {
	case <-told:
	case <-time.After(endWait):
		s.mu.Lock()
		s.cut = true
		for conn := range s.conns {
			conn.CloseNow() // it does not read
		}
		s.mu.Unlock()
		<-told
	}
	close(s.over)
	err := s.http.Close()
	s.held.release()
	if errors.Is(err, net.ErrClosed) {
		err = nil
	}
	return err
}

// session waits until the session has started, and returns its Control.
func (s *Server) session() (*record.Control, error) {
	select {
	case <-s.started:
	case <-s.over:
		return nil, record.ErrEnded
	}
	return s.control, nil
}

type callerKey struct{}

// Caller is the user at the other end of a connection, as the kernel reports it.
type Caller struct {
	// UID is the user ID.
	UID int
	// Groups are the IDs of the user's groups; empty if unknown.
	Groups []int
}

func withCaller(ctx context.Context, c net.Conn) context.Context {
	if u, ok := c.(*net.UnixConn); ok {
		if uid, err := peer.UID(u); err == nil {
			groups, _ := peer.Groups(u)
			ctx = context.WithValue(ctx, callerKey{}, Caller{uid, groups})
		}
	}
	return ctx
}

// NewHTTPServer returns a server for a Unix socket that accepts requests of this
// process's user, of root, and of callers for which let, if not nil, returns
// true. It limits the body of a request to 1 MiB, and refuses browsers.
func NewHTTPServer(h http.Handler, let func(*http.Request, Caller) bool) *http.Server {
	return &http.Server{Handler: guard(os.Geteuid(), let, h), ConnContext: withCaller, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
}

// guard passes requests of owner, of root and of callers accepted by let on to
// next.
func guard(owner int, let func(*http.Request, Caller) bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, ok := r.Context().Value(callerKey{}).(Caller)
		if !ok || p.UID != owner && p.UID != 0 && (let == nil || !let(r, p)) {
			Refuse(w, statusError{http.StatusForbidden, errors.New("permission denied: this belongs to another user, or needs root")})
			return
		}
		if r.Header.Get("Origin") != "" {
			Refuse(w, statusError{http.StatusForbidden, errors.New("requests from browsers are refused")})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		next.ServeHTTP(w, r)
	})
}

// maxBody is the most bytes in a request, as in a message of a client.
const maxBody = 1 << 20

// statusError is an error with an HTTP status.
type statusError struct {
	status int
	error
}

// Refuse answers a request with err, as JSON, with an HTTP status that fits it.
func Refuse(w http.ResponseWriter, err error) {
	status := http.StatusBadRequest
	var se statusError
	switch {
	case errors.As(err, &se):
		status = se.status
	case errors.Is(err, record.ErrEnded):
		status = http.StatusGone
	case errors.Is(err, ErrNoSession):
		status = http.StatusNotFound
	case errors.Is(err, record.ErrBusy), errors.Is(err, ErrNameTaken):
		status = http.StatusConflict
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(map[string]string{"error": err.Error()})
}

func reply(w http.ResponseWriter, v any) error {
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(v)
}

func (s *Server) getState(w http.ResponseWriter, _ *http.Request) error {
	c, err := s.session()
	if err != nil {
		return err
	}
	now := c.State()
	s.mu.Lock()
	st := s.state
	st.Attached = len(s.seats)
	s.mu.Unlock()
	s.hub.mu.Lock()
	st.Watching = s.hub.watchers - st.Attached
	s.hub.mu.Unlock()
	st.PID, st.Cols, st.Rows, st.Paused, st.Fault = now.PID, now.Size.Cols, now.Size.Rows, now.Paused, now.Fault
	return reply(w, st)
}

func (s *Server) postInput(w http.ResponseWriter, r *http.Request) error {
	keys, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	if err := s.typeKeys(r.Context(), keys); err != nil {
		return err
	}
	return reply(w, struct{}{})
}

// typeKeys sends input to the program, and waits while it does not read.
func (s *Server) typeKeys(ctx context.Context, keys []byte) error {
	c, err := s.session()
	for err == nil && len(keys) > 0 {
		n := min(len(keys), 16<<10)
		switch err = c.Type(keys[:n]); {
		case err == nil:
			keys = keys[n:]
		case errors.Is(err, record.ErrBusy):
			err = sleep(ctx, 20*time.Millisecond)
		}
	}
	return err
}

func (s *Server) postMark(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Label string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return err
	}
	return s.act(w, func(c *record.Control) error { return c.Mark(in.Label) })
}

func (s *Server) postPause(w http.ResponseWriter, _ *http.Request) error {
	return s.act(w, (*record.Control).Pause)
}

func (s *Server) postResume(w http.ResponseWriter, _ *http.Request) error {
	return s.act(w, (*record.Control).Resume)
}

func (s *Server) act(w http.ResponseWriter, f func(*record.Control) error) error {
	c, err := s.session()
	if err == nil {
		err = f(c)
	}
	if err != nil {
		return err
	}
	return reply(w, struct{}{})
}

func (s *Server) postRename(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Name string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return err
	}
	s.mu.Lock()
	err := s.held.rename(in.Name)
	if err == nil {
		s.state.Name = in.Name
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	return reply(w, struct{}{})
}

func (s *Server) postSignal(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Signal int }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return err
	}
	if in.Signal < 1 || in.Signal > 64 {
		return fmt.Errorf("no such signal: %d", in.Signal)
	}
	return s.act(w, func(c *record.Control) error { return c.Signal(syscall.Signal(in.Signal)) })
}

func (s *Server) getScreen(w http.ResponseWriter, _ *http.Request) error {
	if _, err := s.session(); err != nil {
		return err
	}
	s.hub.enter()
	defer s.hub.exit()
	var out Screen
	_, err := s.hub.look(func(screen *vt.Screen) {
		out.Cols, out.Rows = screen.Size()
		out.Text, out.ANSI, out.Title = screen.Text(), string(screen.AppendState(nil)), screen.Title()
		cur := screen.Cursor()
		out.Cursor.Col, out.Cursor.Row, out.Cursor.Visible = cur.X, cur.Y, screen.Modes().CursorVisible
	})
	if err != nil {
		return err
	}
	return reply(w, out)
}

// accept accepts a WebSocket; s.streams.Done must be called when nothing more is
// sent over it. It returns nil after an error, which it has answered.
func (s *Server) accept(w http.ResponseWriter, r *http.Request) *websocket.Conn {
	s.mu.Lock()
	closing := s.closing
	if !closing {
		s.streams.Add(1)
	}
	s.mu.Unlock()
	if closing {
		Refuse(w, record.ErrEnded)
		return nil
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{protocol}})
	if err != nil {
		s.streams.Done()
		return nil
	}
	return conn
}

func (s *Server) watch(w http.ResponseWriter, r *http.Request) error {
	if _, err := s.session(); err != nil {
		return err
	}
	conn := s.accept(w, r)
	if conn == nil {
		return nil
	}
	defer s.streams.Done()
	ctx := conn.CloseRead(context.Background())
	s.stream(ctx, conn, seat{paced: true, input: strings.HasSuffix(r.URL.Path, "/watch-input")})
	return nil
}

func (s *Server) attach(w http.ResponseWriter, r *http.Request) error {
	c, err := s.session()
	if err != nil {
		return err
	}
	me := &client{used: time.Now()}
	cols, _ := strconv.Atoi(r.URL.Query().Get("cols"))
	rows, _ := strconv.Atoi(r.URL.Query().Get("rows"))
	me.size, _ = size(cols, rows)
	conn := s.accept(w, r)
	if conn == nil {
		return nil
	}
	defer s.streams.Done()
	conn.SetReadLimit(maxBody)
	s.mu.Lock()
	s.seats[me] = true
	s.mu.Unlock()
	s.fit(c)
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		defer stop()
		s.obey(ctx, conn, c, me)
	}()
	s.stream(ctx, conn, seat{})
	stop()
	s.mu.Lock()
	delete(s.seats, me)
	s.mu.Unlock()
	s.fit(c)
	return nil
}

// obey carries out the messages of an attached client until it leaves.
func (s *Server) obey(ctx context.Context, conn *websocket.Conn, c *record.Control, me *client) {
	for {
		kind, data, err := conn.Read(ctx)
		if err != nil {
			return
		}
		s.mu.Lock()
		me.used = time.Now()
		s.mu.Unlock()
		if kind == websocket.MessageText {
			var in struct{ Cols, Rows int }
			if json.Unmarshal(data, &in) == nil {
				if wanted, ok := size(in.Cols, in.Rows); ok {
					s.mu.Lock()
					me.size = wanted
					s.mu.Unlock()
				}
			}
			s.fit(c)
			continue
		}
		if !s.opts.Smallest {
			s.fit(c)
		}
		if s.typeKeys(ctx, data) != nil {
			return
		}
	}
}

// fit resizes the session to the attached terminals.
func (s *Server) fit(c *record.Control) {
	if s.opts.Owner {
		return
	}
	s.mu.Lock()
	var fits format.Size
	var last time.Time
	for seat := range s.seats {
		switch {
		case seat.size == format.Size{}:
		case s.opts.Smallest:
			if fits.Cols == 0 || seat.size.Cols < fits.Cols {
				fits.Cols = seat.size.Cols
			}
			if fits.Rows == 0 || seat.size.Rows < fits.Rows {
				fits.Rows = seat.size.Rows
			}
		case seat.used.After(last):
			fits, last = seat.size, seat.used
		}
	}
	s.mu.Unlock()
	if fits != (format.Size{}) && fits != c.State().Size {
		c.Resize(fits)
	}
}

// stream sends messages from a seat until the session ends or the client leaves.
func (s *Server) stream(ctx context.Context, conn *websocket.Conn, at seat) {
	s.mu.Lock()
	late := s.cut
	s.conns[conn] = true
	s.mu.Unlock()
	if late {
		conn.CloseNow()
	}
	defer func() {
		conn.CloseNow()
		s.mu.Lock()
		delete(s.conns, conn)
		s.mu.Unlock()
	}()
	s.hub.enter()
	defer s.hub.exit()
	at.h = s.hub
	send := sendOld
	if conn.Subprotocol() == protocol {
		send = sendNew
	}
	for {
		got, err := at.next(ctx)
		if err != nil || send(ctx, conn, got) != nil {
			return
		}
		if got.end {
			s.mu.Lock()
			status := s.status
			s.mu.Unlock()
			sendMessage(ctx, conn, message{Kind: MessageEnd, Status: status})
			return // the client can still read what was sent
		}
	}
}

func sendMessage(ctx context.Context, conn *websocket.Conn, m message) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return conn.Write(ctx, websocket.MessageText, text)
}

// sendNew sends a screen and events.
func sendNew(ctx context.Context, conn *websocket.Conn, got sight) error {
	if len(got.events) > 0 {
		if err := conn.Write(ctx, websocket.MessageBinary, appendEvents(nil, got.events)); err != nil {
			return err
		}
	}
	if got.screen == nil {
		return nil
	}
	m := message{Kind: MessageScreen, Cols: got.size.Cols, Rows: got.size.Rows, Lost: got.lost, Micros: got.time.Microseconds()}
	if err := sendMessage(ctx, conn, m); err != nil {
		return err
	}
	return conn.Write(ctx, websocket.MessageBinary, got.screen)
}

// sendOld sends a screen and events in the messages of the version before.
func sendOld(ctx context.Context, conn *websocket.Conn, got sight) error {
	if got.screen != nil {
		got.events = nil // it has no message for those that came before
		if err := sendMessage(ctx, conn, message{Kind: MessageScreen, Cols: got.size.Cols, Rows: got.size.Rows, Lost: got.lost}); err != nil {
			return err
		}
		return conn.Write(ctx, websocket.MessageBinary, got.screen)
	}
	var output []byte
	flush := func() error {
		if len(output) == 0 {
			return nil
		}
		defer func() { output = output[:0] }()
		return conn.Write(ctx, websocket.MessageBinary, output)
	}
	for _, ev := range got.events {
		switch ev.Code {
		case format.Output:
			output = append(output, ev.Data...)
		case format.Resize:
			size, err := ev.Size()
			if err != nil {
				continue
			}
			if err := flush(); err != nil {
				return err
			}
			if err := sendMessage(ctx, conn, message{Kind: oldSize, Cols: size.Cols, Rows: size.Rows}); err != nil {
				return err
			}
		}
	}
	return flush()
}
