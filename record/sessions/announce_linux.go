package sessions

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Announce lets every [List] on this host know that this process records the
// session of tty, until the Closer is closed or the process ends, however it
// does. It is for recorders that do not hold the terminal's master; listings
// believe it of the session's own user and of root. The recording's file must
// be locked by flock(2) to be told too.
func Announce(tty TTY) (io.Closer, error) {
	// The name of an anonymous file is what others see of it; it needs no
	// place, leaves nothing behind and is gone with us.
	fd, err := unix.MemfdCreate(fmt.Sprintf("%s%d:%d", markName, tty.Number, tty.Instance), unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), "announcement"), nil
}
