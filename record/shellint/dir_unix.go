//go:build unix

package shellint

import (
	"io/fs"
	"os"
	"syscall"
)

// safe says whether nobody but us can put another directory in the place of one
// that we make in a directory: after su, XDG_RUNTIME_DIR is still that of who
// called it.
func safe(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	ours := int(st.Uid) == os.Geteuid()
	return ours && info.Mode()&0o022 == 0 || (ours || st.Uid == 0) && info.Mode()&fs.ModeSticky != 0
}
