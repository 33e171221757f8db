//go:build linux || darwin

package login

import (
	"os"
	"syscall"
)

// owner returns the UID of a file's owner; -1 if it is not known.
func owner(info os.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}
