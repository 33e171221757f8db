// Package peer identifies the process at the other end of a Unix socket, by the
// credentials that the kernel keeps.
package peer

import "net"

// UID returns the effective user ID that the peer had when it connected; -1
// with an error.
func UID(c *net.UnixConn) (uid int, err error) {
	uid = -1
	err = control(c, func(fd int) (err error) {
		uid, err = uidOf(fd)
		return err
	})
	return uid, err
}

// Groups returns the group IDs that the peer had when it connected, the
// effective one first. With an error the list may be incomplete.
func Groups(c *net.UnixConn) (gids []int, err error) {
	err = control(c, func(fd int) (err error) {
		gids, err = groupsOf(fd)
		return err
	})
	return gids, err
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
