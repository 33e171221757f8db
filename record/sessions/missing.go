package sessions

import (
	"fmt"
	"strings"
)

// missing says in a sentence what is unknown of a listing; hidden says that
// whole processes are.
func missing(list []Session, hidden bool) string {
	words := []struct {
		column Column
		word   string
	}{
		{User, "user"}, {Instance, "devpts instance (assumed)"}, {Dir, "directory"}, {Idle, "idle time"}, {Size, "size"},
		{Holders, "holder"}, {Recorders, "recorder"},
	}
	short := 0
	for i := range list {
		if len(list[i].Unknown) > 0 {
			short++
		}
	}
	if short == 0 {
		if hidden {
			return "not all can be seen without root: other users' processes are hidden here (hidepid)"
		}
		return ""
	}
	var parts []string
	for _, w := range words {
		n := 0
		for i := range list {
			if !list[i].Knows(w.column) {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%s of %d", w.word, n))
		}
	}
	text := fmt.Sprintf("not all can be seen without root: unknown are %s of %d sessions", strings.Join(parts, ", "), len(list))
	if hidden {
		text += "; other users' processes are hidden here (hidepid)"
	}
	return text
}
