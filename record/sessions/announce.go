package sessions

import (
	"fmt"
	"strings"
)

// markPrefix is the beginning of the link of an announcement's descriptor:
// memfd_create adds "/memfd:".
const markPrefix = "/memfd:" + markName

const markName = "ttydeck-records:"

// parseMark parses "/memfd:ttydeck-records:34819:26:5170 (deleted)": the terminal's
// number and devpts, and the start of the session's leader, 0 if unknown. The
// terminal alone does not stand for the session: the next one may have its number.
// The marks of older builds end before the start.
func parseMark(link string) (tty TTY, start uint64, ok bool) {
	link = strings.TrimSuffix(strings.TrimPrefix(link, markPrefix), " (deleted)")
	var rest string
	if n, _ := fmt.Sscanf(link+" ", "%d:%d:%d%1s", &tty.Number, &tty.Instance, &start, &rest); n == 3 {
		return tty, start, true
	}
	n, _ := fmt.Sscanf(link+" ", "%d:%d%1s", &tty.Number, &tty.Instance, &rest)
	return tty, 0, n == 2
}
