package live

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Dir is the directory of a user's sessions. NAME.sock is the socket of a
// session; the session holds a lock, by flock(2), on NAME.lock as long as it
// lives. [OpenDir] and [HostDirs] return Dirs; the zero value is not usable.
type Dir struct {
	path string
	uid  int  // the user
	host bool // one of HostDirs: nothing is changed there
}

// Errors of a [Dir], a [Client] and [Dir.Serve].
var (
	// ErrUnsafe: other users could reach or replace the sockets.
	ErrUnsafe = errors.New("unsafe socket directory")
	// ErrNameTaken: a session or daemon has the name.
	ErrNameTaken = errors.New("a session with this name is running")
	// ErrNoSession: no session has the name.
	ErrNoSession = errors.New("no such session")
)

// OpenDir returns the directory of this user's sessions, and creates it if it
// does not exist: $XDG_RUNTIME_DIR/ttydeck, or /run/user/UID/ttydeck if the
// variable is not set, or, if that belongs to another user, ttydeck-UID in the
// directory for temporary files. The error wraps [ErrUnsafe] if the path belongs
// to another user, is not a directory, or is accessible by other users.
func OpenDir() (Dir, error) {
	uid := os.Geteuid()
	base := os.Getenv("XDG_RUNTIME_DIR")
	if !filepath.IsAbs(base) {
		base = "/run/user/" + strconv.Itoa(uid)
	}
	d := Dir{path: filepath.Join(base, "ttydeck"), uid: uid}
	// With su, it may be another user's.
	if info, err := os.Stat(base); err != nil || !info.IsDir() || !isOwner(info, uid) {
		d.path = filepath.Join(os.TempDir(), "ttydeck-"+strconv.Itoa(uid))
	}
	if err := os.Mkdir(d.path, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return Dir{}, err
	}
	return d, d.check()
}

// HostDirs returns the directories of all users at the places that [OpenDir]
// knows. Root may list the sessions there and open them, but changes nothing in
// a directory: it belongs to its user.
func HostDirs() []Dir {
	var dirs []Dir
	for _, place := range [][2]string{{"/run/user/", "/ttydeck"}, {filepath.Join(os.TempDir(), "ttydeck-"), ""}} {
		paths, _ := filepath.Glob(place[0] + "*" + place[1])
		for _, path := range paths {
			uid, err := strconv.Atoi(path[len(place[0]) : len(path)-len(place[1])])
			d := Dir{path, uid, true}
			if err == nil && d.check() == nil {
				dirs = append(dirs, d)
			}
		}
	}
	return dirs
}

// Path returns the directory's path.
func (d Dir) Path() string { return d.path }

// UID returns the user ID of the directory's owner.
func (d Dir) UID() int { return d.uid }

// check returns an error if the directory is unsafe, as a symbolic link is.
func (d Dir) check() error {
	info, err := os.Lstat(d.path)
	if err != nil {
		return err
	}
	why := ""
	switch {
	case info.Mode().Type() != os.ModeDir:
		why = "not a directory"
	case !isOwner(info, d.uid):
		why = "it belongs to another user"
	case info.Mode().Perm()&0o077 != 0:
		why = fmt.Sprintf("other users have access (mode %04o)", info.Mode().Perm())
	default:
		return nil
	}
	return fmt.Errorf("%s: %w: %s", d.path, ErrUnsafe, why)
}

func isOwner(info os.FileInfo, uid int) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == uid
}

// DaemonName is the name of the daemon that serves all sessions of a user; no
// session can have it.
const DaemonName = "daemon"

// Listen takes the daemon's name and listens on its socket. The caller closes l
// and then calls release, which gives up the name. The error wraps
// [ErrNameTaken] if a daemon is running.
func (d Dir) Listen() (l net.Listener, release func(), err error) {
	if err := d.check(); err != nil {
		return nil, nil, err
	}
	h, err := d.hold(DaemonName)
	if err != nil {
		return nil, nil, err
	}
	u, err := h.listen()
	if err != nil {
		h.release()
		return nil, nil, err
	}
	return u, h.release, nil
}

// CheckName returns an error if name is not a valid name for a session: at most
// 48 letters, digits and . _ -, not beginning with . or -, and not [DaemonName].
func CheckName(name string) error {
	bad := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-')
	}
	if name == DaemonName || name == "" || len(name) > 48 || name[0] == '.' || name[0] == '-' || strings.ContainsFunc(name, bad) {
		return fmt.Errorf("invalid session name %q: want at most 48 letters, digits, . _ and -", name)
	}
	return nil
}

func (d Dir) socket(name string) string { return filepath.Join(d.path, name+".sock") }
func (d Dir) lock(name string) string   { return filepath.Join(d.path, name+".lock") }

// HostSocket returns the path of the socket at which root serves the sessions of
// all users: $TTYDECK_HOST_SOCKET, or /run/ttydeck/host.sock.
func HostSocket() string {
	if path := os.Getenv("TTYDECK_HOST_SOCKET"); filepath.IsAbs(path) {
		return path
	}
	return "/run/ttydeck/host.sock"
}

// ListenHost listens on [HostSocket], for root and, if gid is not 0, that group.
// The caller closes l and then calls release. The error wraps [ErrNameTaken] if
// another process listens there, and [ErrUnsafe] if the directory is unsafe.
func ListenHost(gid int) (l net.Listener, release func(), err error) {
	path := HostSocket()
	d := Dir{path: filepath.Dir(path), uid: os.Geteuid()}
	if err := os.Mkdir(d.path, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, nil, err
	}
	if info, err := os.Lstat(d.path); err != nil || !info.IsDir() || !isOwner(info, d.uid) || info.Mode().Perm()&0o022 != 0 {
		return nil, nil, fmt.Errorf("%s: %w: it must be a directory of this user that nobody else can change", d.path, errors.Join(ErrUnsafe, err))
	}
	h, err := d.hold(strings.TrimSuffix(filepath.Base(path), ".sock"))
	if err != nil {
		return nil, nil, err
	}
	u, err := h.listen()
	if err == nil && gid != 0 {
		err = errors.Join(os.Chown(path, -1, gid), os.Chmod(path, 0o660))
	}
	if err != nil {
		h.release()
		return nil, nil, err
	}
	return u, h.release, nil
}

// Names returns the sorted names of the running sessions, and removes the files
// of dead ones. In the directories of [HostDirs] it removes nothing, and lists
// dead sessions too.
func (d Dir) Names() ([]string, error) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ".lock")
		if !ok || name != DaemonName && CheckName(name) != nil {
			continue
		}
		if d.host {
			if name != DaemonName {
				names = append(names, name)
			}
			continue
		}
		h, err := d.hold(name)
		switch {
		case errors.Is(err, ErrNameTaken) && name == DaemonName:
		case errors.Is(err, ErrNameTaken):
			names = append(names, name)
		case err == nil:
			h.release()
		}
	}
	slices.Sort(names)
	return names, nil
}

// held is a name that this process holds.
type held struct {
	dir  Dir
	name string
	lock *os.File // locked
}

// hold takes a name, and removes the socket that a dead session left.
func (d Dir) hold(name string) (*held, error) {
	for {
		// Read-only: listings take a locked file that is open for writing for the
		// recording.
		f, err := os.OpenFile(d.lock(name), os.O_RDONLY|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0o600)
		if err != nil {
			return nil, err
		}
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if errors.Is(err, unix.EWOULDBLOCK) {
			f.Close()
			return nil, fmt.Errorf("%s: %w", name, ErrNameTaken)
		} else if err != nil {
			f.Close()
			return nil, os.NewSyscallError("flock", err)
		}
		// The last holder may have removed the file meanwhile.
		mine, err := f.Stat()
		there, terr := os.Lstat(d.lock(name))
		if err == nil && terr == nil && os.SameFile(mine, there) {
			os.Remove(d.socket(name))
			return &held{d, name, f}, nil
		}
		f.Close()
		if err != nil {
			return nil, err
		}
	}
}

// release returns the name up.
func (h *held) release() {
	os.Remove(h.dir.socket(h.name))
	os.Remove(h.dir.lock(h.name))
	h.lock.Close()
}

// listen listens on the socket, which is never open to others, not for a moment.
func (h *held) listen() (*net.UnixListener, error) {
	path := h.dir.socket(h.name)
	if len(path) > 107 { // sun_path of unix(7)
		return nil, fmt.Errorf("%s: path of socket is longer than 107 bytes; choose a shorter name, or set XDG_RUNTIME_DIR", path)
	}
	umask.Lock()
	old := unix.Umask(0o177)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	unix.Umask(old)
	umask.Unlock()
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // release does, while the name is held
	return l, nil
}

// rename renames the session; connections stay.
func (h *held) rename(name string) error {
	if err := CheckName(name); err != nil {
		return err
	}
	to, err := h.dir.hold(name)
	if err != nil {
		return err
	}
	if err := os.Rename(h.dir.socket(h.name), h.dir.socket(name)); err != nil {
		to.release()
		return err
	}
	os.Remove(h.dir.lock(h.name))
	h.lock.Close()
	*h = *to
	return nil
}

// nameOf returns a session name made from a command.
func nameOf(command []string) string {
	name := ""
	if len(command) > 0 {
		name = filepath.Base(command[0])
	}
	name = strings.Map(func(r rune) rune {
		if CheckName("x"+string(r)) != nil {
			return '-'
		}
		return r
	}, name)
	name = strings.TrimLeft(name, ".-")
	if name == "" {
		return "session"
	}
	return name[:min(len(name), 32)]
}
