package main

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
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/live"
	"github.com/ttydeck/ttydeck/live/daemon"
	"github.com/ttydeck/ttydeck/record/login"
	"github.com/urfave/cli/v2"
)

func daemonCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "daemon",
		Usage:     "serve all sessions at one socket, and keep their recordings",
		ArgsUsage: " ",
		Description: `Lists and starts sessions for programs, at daemon.sock beside the sessions' own sockets, and keeps the recordings of
ttydeck run: old ones are packed, and removed by age, number or size; never one that is being made. What a crash left
of a recording is mended: a torn last line is cut off, and a marker says so. --once does that and ends.

With --host, as root, it serves the sessions of all users, as NAME@USER: ttydeck ls --host lists them, and ttydeck watch,
screen and the like take such names. Without --group that is for root alone; the members of GROUP may list them, look at
their screens and watch, and do nothing else. The recordings that it keeps then are those of login-rec.

No session depends on it: it may be stopped, killed and replaced at any time. systemd can start it when somebody
connects; contrib/systemd has the units.`,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "host", Usage: "serve the sessions of all users; takes root"},
			&cli.StringFlag{Name: "group", Usage: "with --host, let the members of `GROUP` look at them"},
			&cli.StringFlag{Name: "recordings", Usage: "keep those in `DIR`; without, where ttydeck run puts them"},
			&cli.StringFlag{Name: "keep-age", Usage: "remove recordings older than `AGE`: 90d, 12h"},
			&cli.StringFlag{Name: "keep-size", Usage: "remove the oldest until all take at most `SIZE`: 500M, 20G"},
			&cli.IntFlag{Name: "keep-count", Usage: "remove the oldest until there are at most `N`"},
			&cli.StringFlag{Name: "compress-after", Usage: "pack recordings that ended `AGE` ago, with zstd: 1h; none: leave them", Value: "none"},
			durationFlag("every", nil, "look at the recordings every `SECONDS`; 600 without"),
			&cli.BoolFlag{Name: "once", Usage: "look at the recordings once, print what was done, and end"},
		},
		Action: func(c *cli.Context) error {
			if _, err := fileArgs(c, 0, 0, ""); err != nil {
				return err
			}
			d := &daemon.Daemon{Recordings: c.String("recordings"), Every: cmp.Or(durationOf(c, "every"), 10*time.Minute)}
			var err error
			if d.Keep.Age, err = parseAge(c.String("keep-age")); err != nil {
				return usageError{fmt.Errorf("--keep-age: %w", err)}
			}
			if d.Keep.Bytes, err = parseBytes(c.String("keep-size")); err != nil {
				return usageError{fmt.Errorf("--keep-size: %w", err)}
			}
			if d.Keep.Count = c.Int("keep-count"); d.Keep.Count < 0 {
				return usageError{errors.New("--keep-count: want 0 or more")}
			}
			if after := c.String("compress-after"); after != "none" {
				if d.Keep.Compress, err = parseAge(after); err != nil {
					return usageError{fmt.Errorf("--compress-after: %w", err)}
				}
			}
			if d.Host = c.Bool("host"); d.Host && os.Geteuid() != 0 {
				return withHint(errors.New("--host serves other users' sessions"), "run it as root")
			}
			if name := c.String("group"); name != "" {
				if d.Group, err = groupID(name); err != nil {
					return err
				}
				if !d.Host {
					return usageError{errors.New("--group is for --host")}
				}
			}
			if d.Recordings == "" && d.Host {
				d.Recordings = login.DefaultDir
			}
			if d.Recordings == "" {
				if d.Recordings, err = recordingsDir(); err != nil {
					return err
				}
			}
			if c.Bool("once") {
				return keepOnce(c.Context, e, d)
			}
			return runDaemon(c.Context, e, d)
		},
	}
}

func keepOnce(ctx context.Context, e *env, d *daemon.Daemon) error {
	swept, err := d.Keep.Sweep(ctx, d.Recordings, slog.New(slog.DiscardHandler))
	for _, did := range []struct {
		what  string
		paths []string
	}{{"mended", swept.Mended}, {"packed", swept.Packed}, {"removed", swept.Removed}} {
		for _, path := range did.paths {
			if _, werr := fmt.Fprintln(e.out, did.what, path); werr != nil {
				return werr
			}
		}
	}
	return err
}

func runDaemon(ctx context.Context, e *env, d *daemon.Daemon) error {
	var err error
	d.Log = slog.New(slog.NewTextHandler(e.errOut, nil))
	if !d.Host {
		if d.Dir, err = live.OpenDir(); err != nil {
			return err
		}
		d.Launch = launch
	}
	l, err := activated()
	release := func() {}
	switch {
	case l != nil || err != nil:
	case d.Host:
		l, release, err = live.ListenHost(d.Group)
	default:
		l, release, err = d.Dir.Listen()
	}
	if errors.Is(err, live.ErrNameTaken) {
		return errors.New("a daemon runs already")
	}
	if err != nil {
		return err
	}
	defer release()
	d.Log.Info("serving", "socket", l.Addr().String(), "recordings", d.Recordings)
	return d.Serve(ctx, l)
}

// launch starts a session's process for the daemon.
func launch(s daemon.Start) (daemon.Started, error) {
	cfg := sessionConfig{Name: s.Name, File: s.File, Args: s.Command, Size: format.Size{Cols: s.Cols, Rows: s.Rows}, Dir: s.Dir}
	if len(cfg.Args) == 0 {
		cfg.Args = []string{cmp.Or(os.Getenv("SHELL"), "/bin/sh")}
	}
	if _, err := exec.LookPath(cfg.Args[0]); err != nil {
		return daemon.Started{}, err
	}
	name, file, err := startSession(cfg)
	return daemon.Started{Name: name, File: file}, err
}

// groupID gives the number of a group, by its name or number.
func groupID(name string) (int, error) {
	if g, err := user.LookupGroup(name); err == nil {
		name = g.Gid
	}
	gid, err := strconv.Atoi(name)
	if err != nil {
		return 0, fmt.Errorf("%s: there is no such group", name)
	}
	if gid <= 0 {
		return 0, errors.New("--group: want a group of its own, not root's")
	}
	return gid, nil
}

// activated gives the socket that systemd has made; see sd_listen_fds(3).
func activated() (net.Listener, error) {
	if os.Getenv("LISTEN_PID") != strconv.Itoa(os.Getpid()) || os.Getenv("LISTEN_FDS") != "1" {
		return nil, nil
	}
	const first = 3
	f := os.NewFile(first, "systemd's socket")
	defer f.Close()
	return net.FileListener(f)
}

// recordingsDir is where ttydeck run records to.
func recordingsDir() (string, error) {
	dir := os.Getenv("XDG_DATA_HOME")
	if !filepath.IsAbs(dir) {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(dir, "ttydeck"), nil
}

// parseAge reads a length of time, in days too: 90d. "" is none.
func parseAge(s string) (time.Duration, error) {
	if s == "" {
		return 0, nil
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n <= 0 || n > 100000 {
			return 0, fmt.Errorf("%q is no age: want 90d, 12h or the like", s)
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := parseDuration(s)
	if err == nil && d <= 0 {
		err = fmt.Errorf("%q is no age: want 90d, 12h or the like", s)
	}
	return d, err
}

// parseBytes reads a size: 500M, 20G. "" is none.
func parseBytes(s string) (int64, error) {
	if s == "" {
		return 0, nil
	}
	number, shift := s, 0
	if i := strings.IndexByte("KMGT", s[len(s)-1]&^0x20); i >= 0 {
		number, shift = s[:len(s)-1], 10*(i+1)
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n <= 0 || n > 1<<62>>shift {
		return 0, fmt.Errorf("%q is no size: want 500M, 20G or the like", s)
	}
	return n << shift, nil
}
