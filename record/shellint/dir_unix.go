//go:build unix

package shellint

import (
	"io/fs"
	"os"
	"syscall"
)

// safe reports whether no other user can replace a directory that we make in
// this one. After su, XDG_RUNTIME_DIR still belongs to the user who called it.
func safe(info fs.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return false
	}
	ours := int(st.Uid) == os.Geteuid()
	return ours && info.Mode()&0o022 == 0 || (ours || st.Uid == 0) && info.Mode()&fs.ModeSticky != 0
}
