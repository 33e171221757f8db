package sessions

import (
	"fmt"
	"strings"
)

// markPrefix begins the link of an announcement's descriptor: memfd_create
// puts its own before the name.
const markPrefix = "/memfd:" + markName

const markName = "ttydeck-records:"

// parseMark reads "/memfd:ttydeck-records:34819:26 (deleted)".
func parseMark(link string) (tty TTY, ok bool) {
	link = strings.TrimSuffix(strings.TrimPrefix(link, markPrefix), " (deleted)")
	var rest string
	n, _ := fmt.Sscanf(link+" ", "%d:%d%1s", &tty.Number, &tty.Instance, &rest)
	return tty, n == 2
}
