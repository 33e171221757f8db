package sessions

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// Announce announces to every [List] on this host that this process records the
// session of tty, until the caller closes the Closer or the process ends in any
// way. It is for recorders that do not hold the terminal's master. Listings
// accept it from the session's own user and from root. They also show the
// recording's file if it is locked by flock(2).
func Announce(tty TTY) (io.Closer, error) {
	// Other processes see the name of an anonymous file; the file takes no
	// room, leaves nothing behind, and ends with this process.
	fd, err := unix.MemfdCreate(fmt.Sprintf("%s%d:%d", markName, tty.Number, tty.Instance), unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	return os.NewFile(uintptr(fd), "announcement"), nil
}
