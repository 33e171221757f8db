//go:build linux || darwin

package login

import (
	"os"
	"syscall"
)

func owner(info os.FileInfo) int {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Uid)
	}
	return -1
}
