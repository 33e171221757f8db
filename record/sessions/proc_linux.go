package sessions

import (
	"strconv"

	"golang.org/x/sys/unix"
)

// procDir is a process, held by a descriptor of its directory in /proc. Once
// the process is gone every read fails with ESRCH, also if another process has
// its PID. So all that is read through one procDir is about one process.
type procDir struct {
	fd  int
	buf []byte // shared by all of a scan
}

func openProc(proc int, pid int, buf []byte) (procDir, error) {
	fd, err := unix.Openat(proc, strconv.Itoa(pid), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	return procDir{fd, buf}, err
}

func (p procDir) close() { unix.Close(p.fd) }

// read reads a file that the kernel returns in one read, as those about a
// process, or as much as fits into the buffer. The result is valid until the
// next read.
func (p procDir) read(name string) ([]byte, error) { return p.readUpTo(name, 1) }

// readAll is read for files that the kernel returns in several pieces.
func (p procDir) readAll(name string) ([]byte, error) { return p.readUpTo(name, len(p.buf)) }

func (p procDir) readUpTo(name string, reads int) ([]byte, error) {
	fd, err := unix.Openat(p.fd, name, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	total := 0
	for total < len(p.buf) && reads > 0 {
		n, err := unix.Read(fd, p.buf[total:])
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return nil, err
		}
		if n == 0 {
			break
		}
		total += n
		reads--
	}
	return p.buf[:total], nil
}

func (p procDir) readlink(name string) (string, error) {
	n, err := unix.Readlinkat(p.fd, name, p.buf)
	if err != nil {
		return "", err
	}
	return string(p.buf[:n]), nil
}

func (p procDir) stat() (stat, error) {
	text, err := p.read("stat")
	if err != nil {
		return stat{}, err
	}
	return parseStat(text)
}

// uid returns the effective user. A process that has changed its user belongs
// to root in /proc until it executes a program; only its status has the user
// then.
func (p procDir) uid() (uint32, bool) {
	var st unix.Stat_t
	if unix.Fstat(p.fd, &st) == nil && st.Uid != 0 {
		return st.Uid, true
	}
	text, err := p.read("status")
	if err != nil {
		return 0, false
	}
	return parseUID(text)
}

// eachFD calls do with the number and the link of each descriptor, until it
// returns false.
func (p procDir) eachFD(do func(fd int, link []byte) bool) error {
	dir, err := unix.Openat(p.fd, "fd", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(dir)
	var entries [2048]byte
	var names []string
	link := make([]byte, 512) // no terminal's link is longer
	for {
		n, err := unix.ReadDirent(dir, entries[:])
		if err != nil || n == 0 {
			return err
		}
		_, _, names = unix.ParseDirent(entries[:n], -1, names[:0])
		for _, name := range names {
			fd, err := strconv.Atoi(name)
			if err != nil {
				continue
			}
			n, err := unix.Readlinkat(dir, name, link)
			if err == unix.EACCES || err == unix.EPERM {
				return err
			}
			if err != nil {
				continue // closed meanwhile
			}
			if !do(fd, link[:n]) {
				return nil
			}
		}
	}
}

func (p procDir) fdinfo(fd int) fdinfo {
	text, err := p.read("fdinfo/" + strconv.Itoa(fd))
	if err != nil {
		return fdinfo{ttyIndex: -1}
	}
	return parseFDInfo(text)
}

// hold returns a descriptor of the file's location (O_PATH), without opening a
// device. The caller closes it.
func (p procDir) hold(path string) (fd int, st unix.Stat_t, err error) {
	fd, err = unix.Openat(p.fd, path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, st, err
	}
	if err = unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return -1, st, err
	}
	return fd, st, nil
}

// glance returns facts about a file without waiting for its file server.
func (p procDir) glance(path string) (x unix.Statx_t, err error) {
	err = unix.Statx(p.fd, path, unix.AT_STATX_DONT_SYNC, unix.STATX_TYPE|unix.STATX_INO|unix.STATX_NLINK, &x)
	return x, err
}

// selfFD returns a path for one of our descriptors, for calls that need a path.
func selfFD(fd int) string { return "/proc/self/fd/" + strconv.Itoa(fd) }

// duplicate duplicates a descriptor of another process into this one.
func (p procDir) duplicate(pid, fd int) (int, error) {
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(pidfd)
	// The process of p is alive, so it is the one that pidfd refers to.
	if _, err := p.stat(); err != nil {
		return -1, err
	}
	return unix.PidfdGetfd(pidfd, fd, 0)
}
