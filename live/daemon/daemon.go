// Package daemon is the control plane of a user's sessions, or of all users':
// one socket for all of them, and the keeping of their recordings.
//
// It owns nothing. Each session is a process of its own with a socket of its
// own (package [live]); the daemon may be killed or replaced at any time, and
// no session notices.
//
// # The protocol
//
// HTTP/1.1 over the Unix socket daemon.sock in the sessions' [live.Dir], for
// the same user as the sessions', and root; see openapi.yaml.
//
//	GET  /v1/sessions          all sessions, a [live.State] each
//	POST /v1/sessions          a [Start]; it gives the new session's [Started]
//	ANY  /v1/sessions/NAME/... what package live says of /v1/session/...
//	POST /v1/sweep             keeps recordings now; it gives a [Swept]
//
// The host's daemon, root's, serves the same at [live.HostSocket]. NAME is
// there NAME@USER, and the members of a group may list the sessions, look at
// their screens and watch.
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

// Start is a session that is to be started.
type Start struct {
	Name    string   `json:"name,omitempty"`
	Command []string `json:"command,omitempty"` // empty: the shell
	Dir     string   `json:"dir,omitempty"`
	File    string   `json:"file,omitempty"`
	Cols    int      `json:"cols,omitempty"`
	Rows    int      `json:"rows,omitempty"`
}

// Started is a session that was started.
type Started struct {
	Name string `json:"name"`
	File string `json:"file"`
}

// Daemon is the control plane. Fill in the fields and call Serve once.
type Daemon struct {
	Dir live.Dir
	// Host serves the sessions of all users instead, as NAME@USER. It is for
	// root. The members of the group Group, a GID, if it is not 0, may list
	// and watch them.
	Host  bool
	Group int
	// Recordings is where the recordings are that Keep is about.
	Recordings string
	Keep       Keep
	// Every is how often they are swept; 0: only when asked.
	Every time.Duration
	// Launch starts a session's process; nil: none is started.
	Launch func(Start) (Started, error)
	// Log tells what is done; nil: nobody.
	Log *slog.Logger

	sweeping sync.Mutex
}

// Serve serves at l until ctx is done. Sessions go on.
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

// let lets in who may look at all sessions and change none.
func (d *Daemon) let(r *http.Request, c live.Caller) bool {
	if !d.Host || d.Group == 0 || !slices.Contains(c.Groups, d.Group) || r.Method != http.MethodGet {
		return false
	}
	rest, ok := strings.CutPrefix(r.URL.Path, "/v1/sessions")
	_, verb, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
	return ok && (verb == "" || verb == "screen" || verb == "watch")
}

// sessions gives the states of all sessions.
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
						d.Log.Warn("a session does not answer", "session", name, "user", dir.UID(), "error", err)
					}
					return nil
				}
				if d.Host { // not what it says it is called: its socket is
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

// How many sessions of a user are listed, and asked at once: one that does not
// answer keeps the others waiting for two seconds.
const (
	maxSessions = 1000
	maxAsking   = 32
)

// userName gives a user's name, or number.
func userName(uid int) string {
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

// open opens a session by the name that it has here.
func (d *Daemon) open(name string) (*live.Client, error) {
	if !d.Host {
		return d.Dir.Open(name)
	}
	err := live.ErrNoSession
	if i := strings.LastIndexByte(name, '@'); i >= 0 {
		for _, dir := range live.HostDirs() { // a user may have two
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
		err = errors.New("no session is started here: each user has a daemon of his own for that")
	default:
		st, err = d.Launch(start)
	}
	if err == nil {
		d.Log.Info("a session was started", "session", st.Name, "file", st.File)
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

// forward hands a request on to a session's own socket, WebSockets too.
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
			if res.StatusCode/100 == 3 { // to another user's session, perhaps
				return errors.New("the session redirects; no session does")
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
// once.
type Client struct{ *live.Client }

// Open gives a Client of the daemon that serves a user's sessions.
// [live.ErrNoSession] is told by the first call where there is none.
func Open(d live.Dir) (Client, error) {
	c, err := d.OpenDaemon()
	return Client{c}, err
}

// OpenHost gives a Client of the host's daemon. [live.ErrNoSession] is told by
// the first call where there is none.
func OpenHost() Client { return Client{live.OpenHost()} }

// Sessions gives the states of all sessions.
func (c Client) Sessions(ctx context.Context) (states []live.State, err error) {
	err = c.Call(ctx, "GET", "/v1/sessions", nil, &states)
	return states, err
}

// Start starts a session.
func (c Client) Start(ctx context.Context, s Start) (st Started, err error) {
	err = c.Call(ctx, "POST", "/v1/sessions", s, &st)
	return st, err
}

// Sweep has the recordings kept now.
func (c Client) Sweep(ctx context.Context) (s Swept, err error) {
	err = c.Call(ctx, "POST", "/v1/sweep", nil, &s)
	return s, err
}

// Session gives a Client of a session, by way of the daemon.
func (c Client) Session(name string) *live.Client {
	return c.Of(name, "/v1/sessions/"+url.PathEscape(name))
}
