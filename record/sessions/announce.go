package sessions

import (
	"fmt"
	"strings"
)

// markPrefix is the beginning of the link of an announcement's descriptor:
// memfd_create adds "/memfd:".
const markPrefix = "/memfd:" + markName

const markName = "ttydeck-records:"

// parseMark parses "/memfd:ttydeck-records:34819:26 (deleted)".
func parseMark(link string) (tty TTY, ok bool) {
	link = strings.TrimSuffix(strings.TrimPrefix(link, markPrefix), " (deleted)")
	var rest string
	n, _ := fmt.Sscanf(link+" ", "%d:%d%1s", &tty.Number, &tty.Instance, &rest)
	return tty, n == 2
}
