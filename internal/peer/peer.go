// Package peer tells who is at the other end of a Unix socket, as the kernel
// knows him.
package peer

import "net"

// UID gives the user.
func UID(c *net.UnixConn) (uid int, err error) {
	return uid, control(c, func(fd int) (err error) { uid, err = uidOf(fd); return err })
}

// Groups gives the groups of the process that has connected, where the system
// tells them.
func Groups(c *net.UnixConn) (gids []int, err error) {
	return gids, control(c, func(fd int) (err error) { gids, err = groupsOf(fd); return err })
}

func control(c *net.UnixConn, f func(fd int) error) error {
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var ferr error
	if err := raw.Control(func(fd uintptr) { ferr = f(int(fd)) }); err != nil {
		return err
	}
	return ferr
}
