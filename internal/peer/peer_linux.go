// Package peer tells who is at the other end of a Unix socket.
package peer

import (
	"net"

	"golang.org/x/sys/unix"
)

// UID gives the user at the other end of a connection, as the kernel knows
// him; see SO_PEERCRED in unix(7).
func UID(c *net.UnixConn) (int, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return -1, err
	}
	var cred *unix.Ucred
	var cerr error
	err = raw.Control(func(fd uintptr) { cred, cerr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err == nil {
		err = cerr
	}
	if err != nil {
		return -1, err
	}
	return int(cred.Uid), nil
}
