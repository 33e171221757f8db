package peer

import "golang.org/x/sys/unix"

// credentials returns LOCAL_PEERCRED; see unix(4).
func credentials(fd int) (*unix.Xucred, error) {
	return unix.GetsockoptXucred(fd, unix.SOL_LOCAL, unix.LOCAL_PEERCRED)
}

func uidOf(fd int) (int, error) {
	cred, err := credentials(fd)
	if err != nil {
		return -1, err
	}
	return int(cred.Uid), nil
}

func groupsOf(fd int) ([]int, error) {
	cred, err := credentials(fd)
	if err != nil {
		return nil, err
	}
	var gids []int
	for _, gid := range cred.Groups[:min(max(int(cred.Ngroups), 0), len(cred.Groups))] {
		gids = append(gids, int(gid))
	}
	return gids, nil
}
