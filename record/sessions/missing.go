package sessions

import (
	"fmt"
	"strings"
)

// missing returns a sentence about the unknown columns of a listing; hidden
// means that whole processes are hidden.
func missing(list []Session, hidden bool) string {
	words := []struct {
		column Column
		word   string
	}{
		{User, "user"}, {Instance, "devpts instance, assumed"}, {Dir, "directory"}, {Idle, "idle time"}, {Size, "size"},
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
			return "incomplete without root; hidepid hides other users' processes"
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
			parts = append(parts, fmt.Sprintf("%s (%d)", w.word, n))
		}
	}
	text := fmt.Sprintf("incomplete without root; of %d sessions, unknown: %s", len(list), strings.Join(parts, ", "))
	if hidden {
		text += "; hidepid hides other users' processes"
	}
	return text
}
