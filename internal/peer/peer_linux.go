package peer

import (
	"errors"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// uidOf reads SO_PEERCRED; see unix(7).
func uidOf(fd int) (int, error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return -1, err
	}
	return int(cred.Uid), nil
}

// groupsOf reads SO_PEERCRED and, for the supplementary groups, SO_PEERGROUPS.
func groupsOf(fd int) ([]int, error) {
	cred, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return nil, err
	}
	gids := []int{int(cred.Gid)}
	list := make([]uint32, 64)
	size := uint32(4 * len(list))
	ask := func() error {
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(fd), unix.SOL_SOCKET, unix.SO_PEERGROUPS,
			uintptr(unsafe.Pointer(&list[0])), uintptr(unsafe.Pointer(&size)), 0)
		if errno != 0 {
			return os.NewSyscallError("getsockopt", errno)
		}
		return nil
	}
	err = ask()
	if errors.Is(err, unix.ERANGE) { // size is the size needed
		list = make([]uint32, size/4)
		err = ask()
	}
	if err != nil {
		return gids, err
	}
	for _, gid := range list[:size/4] {
		gids = append(gids, int(gid))
	}
	return gids, nil
}
