// Package daemon serves all sessions of a user, or of a host, at one socket, and
// tidies up their recordings. Start with [Open] to call a running daemon, or
// with [Daemon] to run one; [Keep] tidies up without a daemon.
//
// The daemon owns nothing. Each session is a process of its own with a socket of
// its own (package [live]); the daemon can be killed or replaced at any time, and
// no session notices.
//
// # The protocol
//
// The protocol is HTTP/1.1 over the Unix socket daemon.sock in the sessions'
// [live.Dir]. Only the sessions' user and root may connect. See openapi.yaml.
//
//	GET  /v1/sessions          returns a [live.State] for each session
//	POST /v1/sessions          takes a [Start], starts a session, returns a [Started]
//	ANY  /v1/sessions/NAME/... is /v1/session/... of that session; see package live
//	POST /v1/sweep             tidies up recordings now, returns a [Swept]
//
// Root's daemon serves the sessions of all users at [live.HostSocket]. There NAME
// is NAME@USER, and it starts no sessions. The members of one group may list the
// sessions, look at their screens and watch them, without input.
package daemon

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os/user"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ttydeck/ttydeck/live"
	"golang.org/x/sync/errgroup"
)

// Start describes a session to start.
type Start struct {
	// Name is the session's name, as [live.CheckName] allows it; empty means a
	// name made of the command's.
	Name string `json:"name,omitempty"`
	// Command is the program and its arguments; empty means the user's shell.
	Command []string `json:"command,omitempty"`
	// Dir is the directory that the program starts in; empty means the daemon's.
	Dir string `json:"dir,omitempty"`
	// File is the file to record to; empty means a new file in the user's
	// directory for recordings.
	File string `json:"file,omitempty"`
	// Cols is the width of the window in columns; 0 means the default.
	Cols int `json:"cols,omitempty"`
	// Rows is the height of the window in rows; 0 means the default.
	Rows int `json:"rows,omitempty"`
}

// Started describes a session that was started.
type Started struct {
	Name string `json:"name"` // the session's name
	File string `json:"file"` // the path of the recording
}

// Daemon serves sessions and tidies up recordings. Set its fields, then call
// Serve once; the fields must not be changed after that.
type Daemon struct {
	// Dir holds the sockets of the sessions. Host ignores it.
	Dir live.Dir
	// Host serves the sessions of all users instead, as NAME@USER. It needs
	// root.
	Host bool
	// Group is the GID of a group whose members may list, look at and watch the
	// sessions of a Host; 0 means none.
	Group int
	// Recordings is the directory that Keep tidies up.
	Recordings string
	// Keep is the policy for the recordings.
	Keep Keep
	// Every is the time between two sweeps; the first is at the start. 0 means
	// that recordings are swept on request only.
	Every time.Duration
	// Launch starts a session's process. It may be called by several goroutines
	// at once. nil means that requests to start a session are refused.
	Launch func(Start) (Started, error)
	// Log receives what the daemon does, and its errors; nil means no log.
	Log *slog.Logger

	sweeping sync.Mutex // held during a sweep
}

// Serve answers requests at l until ctx is done, and closes l. It returns nil
// when ctx is done, else the error of l. Sessions go on.
func (d *Daemon) Serve(ctx context.Context, l net.Listener) error {
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/sessions", d.getSessions)
	mux.HandleFunc("POST /v1/sessions", d.postSessions)
	mux.HandleFunc("POST /v1/sweep", d.postSweep)
	mux.HandleFunc("/v1/sessions/{name}", d.forward)
	mux.HandleFunc("/v1/sessions/{name}/{rest...}", d.forward)
	server := live.NewHTTPServer(mux, d.let)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	var sweeps <-chan time.Time
	if d.Every > 0 {
		t := time.NewTicker(d.Every)
		defer t.Stop()
		sweeps = t.C
		d.sweep(ctx)
	}
	for {
		select {
		case <-ctx.Done():
			server.Close()
			<-served
			return nil
		case err := <-served:
			return err
		case <-sweeps:
			d.sweep(ctx)
		}
	}
}

func (d *Daemon) sweep(ctx context.Context) (Swept, error) {
	d.sweeping.Lock()
	defer d.sweeping.Unlock()
	return d.Keep.Sweep(ctx, d.Recordings, d.Log)
}

// let reports whether a caller who is neither the sessions' user nor root may
// make a request: the members of the group may, if it changes nothing and asks for
// no input.
func (d *Daemon) let(r *http.Request, c live.Caller) bool {
	if !d.Host || d.Group == 0 || !slices.Contains(c.Groups, d.Group) || r.Method != http.MethodGet {
		return false
	}
	rest, ok := strings.CutPrefix(r.URL.Path, "/v1/sessions")
	_, verb, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
	return ok && (verb == "" || verb == "screen" || verb == "watch")
}

// sessions returns the states of all sessions.
func (d *Daemon) sessions(ctx context.Context) ([]live.State, error) {
	dirs := []live.Dir{d.Dir}
	if d.Host {
		dirs = live.HostDirs()
	}
	states := []live.State{}
	var mu sync.Mutex // guards states
	var asking errgroup.Group
	asking.SetLimit(maxAsking)
	for _, dir := range dirs {
		names, err := dir.Names()
		if err != nil && !d.Host {
			return nil, err
		}
		for _, name := range names[:min(len(names), maxSessions)] {
			asking.Go(func() error {
				st, err := dir.StateOf(ctx, name)
				if err != nil {
					if !errors.Is(err, live.ErrNoSession) {
						d.Log.Warn("session does not answer", "session", name, "user", dir.UID(), "error", err)
					}
					return nil
				}
				if d.Host { // the socket's name: a session can lie about its own
					st.User = userName(dir.UID())
					st.Name = name + "@" + st.User
				}
				mu.Lock()
				states = append(states, st)
				mu.Unlock()
				return nil
			})
		}
	}
	asking.Wait()
	slices.SortFunc(states, func(a, b live.State) int {
		return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Name, b.Name))
	})
	return states, nil
}

// Limits of a list: how many sessions of a user it holds, and how many are asked
// at once. A session that does not answer delays the list by two seconds.
const (
	maxSessions = 1000
	maxAsking   = 32
)

// userName returns a user's name; the UID if it has none.
func userName(uid int) string {
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

// open connects to a session by its name in this daemon: NAME@USER for a Host.
func (d *Daemon) open(name string) (*live.Client, error) {
	if !d.Host {
		return d.Dir.Open(name)
	}
	err := live.ErrNoSession
	if i := strings.LastIndexByte(name, '@'); i >= 0 {
		for _, dir := range live.HostDirs() { // a user may have two directories
			if userName(dir.UID()) != name[i+1:] {
				continue
			}
			if names, nerr := dir.Names(); nerr == nil && slices.Contains(names, name[:i]) {
				return dir.Open(name[:i])
			}
		}
	}
	return nil, fmt.Errorf("%s: %w", name, err)
}

func (d *Daemon) getSessions(w http.ResponseWriter, r *http.Request) {
	states, err := d.sessions(r.Context())
	answer(w, states, err)
}

func (d *Daemon) postSessions(w http.ResponseWriter, r *http.Request) {
	var start Start
	err := json.NewDecoder(r.Body).Decode(&start)
	if err == nil && start.Name != "" {
		err = live.CheckName(start.Name)
	}
	var st Started
	switch {
	case err != nil:
	case d.Launch == nil:
		err = errors.New("this daemon starts no sessions; the user's own daemon does")
	default:
		st, err = d.Launch(start)
	}
	if err == nil {
		d.Log.Info("started a session", "session", st.Name, "file", st.File)
	}
	answer(w, st, err)
}

func (d *Daemon) postSweep(w http.ResponseWriter, r *http.Request) {
	swept, err := d.sweep(r.Context())
	answer(w, swept, err)
}

func answer(w http.ResponseWriter, v any, err error) {
	if err != nil {
		live.Refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

// forward passes a request on to the session's own socket, WebSockets too.
func (d *Daemon) forward(w http.ResponseWriter, r *http.Request) {
	c, err := d.open(r.PathValue("name"))
	if err != nil {
		live.Refuse(w, err)
		return
	}
	defer c.Close()
	path := "/v1/session"
	if rest := r.PathValue("rest"); rest != "" {
		path += "/" + rest
	}
	proxy := httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL = &url.URL{Scheme: "http", Host: "session", Path: path, RawQuery: r.URL.RawQuery}
			p.Out.Host = "session"
		},
		Transport:     c.Transport(),
		FlushInterval: -1,
		ModifyResponse: func(res *http.Response) error {
			if res.StatusCode/100 == 3 { // perhaps to another user's session
				return errors.New("the session sent a redirect, which no session does")
			}
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			live.Refuse(w, err)
		},
		ErrorLog: slog.NewLogLogger(d.Log.Handler(), slog.LevelDebug),
	}
	proxy.ServeHTTP(w, r)
}

// Client calls a daemon. Its methods may be called by several goroutines at
// once. Close it when it is no longer used.
type Client struct{ *live.Client }

// Open returns a Client of the daemon that serves the sessions in d. It does not
// connect yet: if no daemon runs, the first call returns [live.ErrNoSession].
func Open(d live.Dir) (Client, error) {
	c, err := d.OpenDaemon()
	return Client{c}, err
}

// OpenHost returns a Client of the host's daemon. It does not connect yet: if no
// daemon runs, the first call returns [live.ErrNoSession].
func OpenHost() Client { return Client{live.OpenHost()} }

// Sessions returns the states of all sessions, sorted by user and name. Sessions
// that do not answer are left out.
func (c Client) Sessions(ctx context.Context) (states []live.State, err error) {
	err = c.Call(ctx, "GET", "/v1/sessions", nil, &states)
	return states, err
}

// Start starts a session, and returns when its recording has begun.
func (c Client) Start(ctx context.Context, s Start) (st Started, err error) {
	err = c.Call(ctx, "POST", "/v1/sessions", s, &st)
	return st, err
}

// Sweep tidies up the recordings now; see [Keep.Sweep].
func (c Client) Sweep(ctx context.Context) (s Swept, err error) {
	err = c.Call(ctx, "POST", "/v1/sweep", nil, &s)
	return s, err
}

// Session returns a Client of the session of that name, by way of the daemon.
// Its Own method reports false, as the daemon may serve other users' sessions.
func (c Client) Session(name string) *live.Client {
	return c.Of(name, "/v1/sessions/"+url.PathEscape(name))
}
