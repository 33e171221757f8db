//go:build linux || darwin

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// NoFollow makes [os.OpenFile] fail for a symbolic link.
const NoFollow = unix.O_NOFOLLOW

// Lock locks f, by flock(2), until it is closed. It returns [ErrInUse] if f is
// locked already, and nil on a file system without locks.
func Lock(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	switch {
	case errors.Is(err, unix.EWOULDBLOCK):
		return ErrInUse
	case err != nil && !errors.Is(err, unix.ENOLCK) && !errors.Is(err, unix.ENOTSUP):
		return os.NewSyscallError("flock", err)
	}
	return nil
}

// dup opens a descriptor of this process once more. What is written goes on where
// the descriptor is, and truncates nothing.
func dup(fd int, name string) (*os.File, error) {
	again, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(again), name), nil
}

// isForeign reports whether a file is another user's.
func isForeign(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(st.Uid) != os.Geteuid()
}
