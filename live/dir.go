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

// Dir is the directory of a user's sessions: NAME.sock is a session's socket,
// NAME.lock is locked, by flock(2), as long as the session lives.
type Dir struct {
	path string
	uid  int  // the user
	host bool // one of HostDirs: nothing is changed there
}

// Errors of a [Dir].
var (
	ErrUnsafe    = errors.New("not safe for the sockets of sessions")
	ErrNameTaken = errors.New("a session of that name runs already")
	ErrNoSession = errors.New("there is no such session")
)

// OpenDir gives the directory of this user's sessions, and makes it where there
// is none: $XDG_RUNTIME_DIR/ttydeck, without that variable
// /run/user/UID/ttydeck, and where that is not this user's, ttydeck-UID in the
// directory for temporary files. The error wraps
// [ErrUnsafe] when what stands there belongs to somebody else, is no directory,
// or may be entered by others.
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

// HostDirs gives the directories of all users that have one at the places that
// [OpenDir] knows. Root may list and open the sessions there, and changes
// nothing in them: they are the users'.
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

// Path is the directory's path, UID its user.
func (d Dir) Path() string { return d.path }
func (d Dir) UID() int     { return d.uid }

// check looks at the directory itself: a symbolic link is none.
func (d Dir) check() error {
	info, err := os.Lstat(d.path)
	if err != nil {
		return err
	}
	why := ""
	switch {
	case info.Mode().Type() != os.ModeDir:
		why = "it is no directory"
	case !isOwner(info, d.uid):
		why = "it belongs to somebody else"
	case info.Mode().Perm()&0o077 != 0:
		why = fmt.Sprintf("others may enter it (mode %04o)", info.Mode().Perm())
	default:
		return nil
	}
	return fmt.Errorf("%s: %w: %s", d.path, ErrUnsafe, why)
}

func isOwner(info os.FileInfo, uid int) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) == uid
}

// DaemonName is not a session's: it is of what serves all of them.
const DaemonName = "daemon"

// Listen takes the daemon's name and makes its socket. release gives it up.
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

// CheckName says whether a session may have a name: letters, digits and . _ -,
// at most 48, and neither . nor - at the start.
func CheckName(name string) error {
	bad := func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-')
	}
	if name == DaemonName || name == "" || len(name) > 48 || name[0] == '.' || name[0] == '-' || strings.ContainsFunc(name, bad) {
		return fmt.Errorf("%q cannot be a session's name: want letters, digits, . _ and -, at most 48", name)
	}
	return nil
}

func (d Dir) socket(name string) string { return filepath.Join(d.path, name+".sock") }
func (d Dir) lock(name string) string   { return filepath.Join(d.path, name+".lock") }

// HostSocket is where the sessions of all users are served, by root:
// $TTYDECK_HOST_SOCKET, or /run/ttydeck/host.sock.
func HostSocket() string {
	if path := os.Getenv("TTYDECK_HOST_SOCKET"); filepath.IsAbs(path) {
		return path
	}
	return "/run/ttydeck/host.sock"
}

// ListenHost makes that socket, for root and, with a gid that is not 0, that
// group. The error is [ErrNameTaken] if somebody listens there already.
func ListenHost(gid int) (l net.Listener, release func(), err error) {
	path := HostSocket()
	d := Dir{path: filepath.Dir(path), uid: os.Geteuid()}
	if err := os.Mkdir(d.path, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, nil, err
	}
	if info, err := os.Lstat(d.path); err != nil || !info.IsDir() || !isOwner(info, d.uid) || info.Mode().Perm()&0o022 != 0 {
		return nil, nil, fmt.Errorf("%s: %w: want a directory that its owner alone can change", d.path, errors.Join(ErrUnsafe, err))
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

// Names gives the names of the sessions that live, in order. What dead ones
// left is removed; in those of [HostDirs] it is not, and some may be dead.
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

// held is a name that is this process's.
type held struct {
	dir  Dir
	name string
	lock *os.File
}

// hold takes a name, and removes the socket of a dead session that had it.
func (d Dir) hold(name string) (*held, error) {
	for {
		f, err := os.OpenFile(d.lock(name), os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_CLOEXEC, 0o600)
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
		// Who had it may have removed it meanwhile: then it is another file.
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

// release gives the name up.
func (h *held) release() {
	os.Remove(h.dir.socket(h.name))
	os.Remove(h.dir.lock(h.name))
	h.lock.Close()
}

// listen makes the socket. It is never, not for a moment, open to others.
func (h *held) listen() (*net.UnixListener, error) {
	path := h.dir.socket(h.name)
	if len(path) > 107 { // sun_path of unix(7)
		return nil, fmt.Errorf("%s: a socket's path has at most 107 bytes; choose a shorter name, or set XDG_RUNTIME_DIR", path)
	}
	umask.Lock()
	old := unix.Umask(0o177)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	unix.Umask(old)
	umask.Unlock()
	if err != nil {
		return nil, err
	}
	l.SetUnlinkOnClose(false) // release does, while the name is ours
	return l, nil
}

// rename gives the session another name; connections stay.
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

// nameOf makes a name of a command.
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
