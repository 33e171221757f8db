package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/live"
	"github.com/ttydeck/ttydeck/live/daemon"
	"github.com/ttydeck/ttydeck/record/login"
)

func daemonCommand(e *env) *command {
	d := &daemon.Daemon{Every: 10 * time.Minute}
	var groupID optional[int]
	var compress optional[time.Duration]
	var once bool
	return &command{
		name:    "daemon",
		purpose: "serve all sessions at one socket, and tidy up their recordings",
		examples: []string{
			"ttydeck daemon --compress-after 1h --keep-age 90d",
			"ttydeck daemon --host --group operators",
			"ttydeck daemon --once --keep-size 20G",
		},
		about: `Lists and starts sessions for other programs, at the socket daemon.sock next to the sessions' own
sockets (live/daemon/openapi.yaml describes the calls), and tidies up the recordings of ttydeck run:
it compresses old ones, removes them by age, number or size, and repairs those that a crash truncated,
by removing the incomplete last line and adding a marker. A recording in progress is never touched.

With --host, as root, it serves the sessions of all users: ttydeck ls --host lists them, and ttydeck
watch, screen and others accept their names, NAME@USER. Without --group, only root may do so. Members
of GROUP may list and watch the sessions and print their screens, but not type into them. The
recordings that it tidies up are then those of login-rec.

No session depends on the daemon: stop, kill or replace it at any time. contrib/systemd has units
with which systemd starts it when a program connects.`,
		flags: []group{
			{"Serving", []*flag{
				onOff(&d.Host, "host", "sessions of all users, not only your own"),
				valued(&groupID, "group", "with --host, let members of `GROUP` list and watch sessions", parseGroup),
			}},
			{"Recordings", []*flag{
				word(&d.Recordings, "recordings", "tidy up the recordings in `DIR` (default: those of ttydeck run)"),
				valued(&d.Keep.Age, "keep-age", "remove recordings older than `AGE`: 90d, 12h", parseAge),
				valued(&d.Keep.Bytes, "keep-size", "remove the oldest recordings until the rest take at most `SIZE`: 500M, 20G", parseBytes),
				number(&d.Keep.Count, 0, "keep-count", "remove the oldest recordings until at most `N` are left; 0 means no limit"),
				valued(&compress, "compress-after", "compress recordings `AGE` after their end, with zstd: 1h; none: never", parseAgeOrNone),
				valued(&d.Every, "interval", "repeat every `SECONDS`", parseInterval),
				onOff(&once, "once", "tidy up once, print the files that changed, and exit"),
			}},
		},
		run: func(ctx context.Context, args []string) error {
			if err := e.need(args, 0, 0, ""); err != nil {
				return err
			}
			d.Keep.Compress, d.Group = compress.value, groupID.value
			switch {
			case d.Host && os.Geteuid() != 0:
				return withHint(errors.New("--host must run as root, as it serves the sessions of all users"), "sudo ttydeck daemon --host")
			case groupID.given && !d.Host:
				return usageError{errors.New("--group needs --host")}
			case d.Recordings == "" && d.Host:
				d.Recordings = login.DefaultDir
			case d.Recordings == "":
				dir, err := e.recordingsDir()
				if err != nil {
					return err
				}
				d.Recordings = dir
			}
			if once {
				return keepOnce(ctx, e, d)
			}
			return runDaemon(ctx, e, d)
		},
	}
}

// parseAgeOrNone parses an age, or "none" for no age.
func parseAgeOrNone(s string) (optional[time.Duration], error) {
	if s == "none" {
		return optional[time.Duration]{}, nil
	}
	d, err := parseAge(s)
	return optional[time.Duration]{d, true}, err
}

// parseInterval parses the time between two repetitions.
func parseInterval(s string) (time.Duration, error) {
	d, err := parseDuration(s)
	if err == nil && d < 10*time.Millisecond {
		err = fmt.Errorf("invalid time %q: want at least 10ms", s)
	}
	return d, err
}

// keepOnce tidies up once, and prints the files that changed.
func keepOnce(ctx context.Context, e *env, d *daemon.Daemon) error {
	swept, err := d.Keep.Sweep(ctx, d.Recordings, slog.New(slog.DiscardHandler))
	for _, did := range []struct {
		what  string
		paths []string
	}{{"mended", swept.Mended}, {"compressed", swept.Packed}, {"removed", swept.Removed}} {
		for _, path := range did.paths {
			if _, werr := fmt.Fprintln(e.out, did.what, path); werr != nil {
				return werr
			}
		}
	}
	return err
}

// runDaemon serves until ctx ends.
func runDaemon(ctx context.Context, e *env, d *daemon.Daemon) error {
	var err error
	d.Log = slog.New(slog.NewTextHandler(e.errOut, nil))
	if !d.Host {
		if d.Dir, err = live.OpenDir(); err != nil {
			return err
		}
		d.Launch = e.launch
	}
	l, err := e.activated()
	release := func() {}
	switch {
	case l != nil || err != nil:
	case d.Host:
		l, release, err = live.ListenHost(d.Group)
	default:
		l, release, err = d.Dir.Listen()
	}
	if errors.Is(err, live.ErrNameTaken) {
		return withHint(errors.New("a daemon is running already"), "to tidy up recordings only: ttydeck daemon --once")
	}
	if err != nil {
		return err
	}
	defer release()
	d.Log.Info("serving", "socket", l.Addr().String(), "recordings", d.Recordings)
	return d.Serve(ctx, l)
}

// launch starts a session's process for the daemon.
func (e *env) launch(s daemon.Start) (daemon.Started, error) {
	cfg := sessionConfig{Name: s.Name, File: s.File, Args: s.Command, Size: format.Size{Cols: s.Cols, Rows: s.Rows}, Dir: s.Dir}
	if len(cfg.Args) == 0 {
		cfg.Args = []string{cmp.Or(e.getenv("SHELL"), "/bin/sh")}
	}
	if _, err := exec.LookPath(cfg.Args[0]); err != nil {
		return daemon.Started{}, e.notStarted(err, false)
	}
	name, file, err := startSession(cfg, e.environ)
	return daemon.Started{Name: name, File: file}, err
}

// parseGroup returns the GID of a group, from its name or GID.
func parseGroup(name string) (optional[int], error) {
	if g, err := user.LookupGroup(name); err == nil {
		name = g.Gid
	}
	gid, err := strconv.Atoi(name)
	switch {
	case err != nil:
		return optional[int]{}, fmt.Errorf("unknown group %q", name)
	case gid <= 0:
		return optional[int]{}, fmt.Errorf("invalid group %q: want another than root's", name)
	}
	return optional[int]{gid, true}, nil
}

// activated returns the socket that systemd has passed, nil for none; see
// sd_listen_fds(3).
func (e *env) activated() (net.Listener, error) {
	if e.getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) || e.getenv("LISTEN_FDS") != "1" {
		return nil, nil
	}
	const first = 3
	f := os.NewFile(first, "systemd's socket")
	defer f.Close()
	return net.FileListener(f)
}

// recordingsDir returns the user's directory for recordings.
func (e *env) recordingsDir() (string, error) {
	dir := e.getenv("XDG_DATA_HOME")
	if !filepath.IsAbs(dir) {
		home := e.getenv("HOME")
		if home == "" {
			return "", errors.New("no directory for recordings: neither $HOME nor $XDG_DATA_HOME is set")
		}
		dir = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(dir, "ttydeck"), nil
}
