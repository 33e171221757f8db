//go:build linux || darwin

package record

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// openNoFollow makes open fail for a symbolic link.
const openNoFollow = unix.O_NOFOLLOW

// lock locks f for this process, or returns ErrInUse.
func lock(f *os.File) error {
	err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	switch {
	case errors.Is(err, unix.EWOULDBLOCK):
		return ErrInUse
	case err != nil && !errors.Is(err, unix.ENOLCK) && !errors.Is(err, unix.ENOTSUP):
		return os.NewSyscallError("flock", err)
	}
	return nil // also on file systems without locks
}
