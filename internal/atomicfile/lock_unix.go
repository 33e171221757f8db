//go:build linux || darwin

package atomicfile

import (
	"errors"
	"os"

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
