package format

import (
	"strings"
	"time"
)

const (
	resumed       = "resumed "
	resumedLayout = "2006-01-02 15:04:05.000 -0700"
)

// Resumed returns the label of the marker at which a recording goes on, after a
// pause or in a file that is appended to. It holds the time of day, because the
// times of events stand still meanwhile.
func Resumed(at time.Time) string { return resumed + at.Format(resumedLayout) }

// ResumedAt returns the time of day in a label that [Resumed] made, and whether it
// is one.
func ResumedAt(label string) (time.Time, bool) {
	text, ok := strings.CutPrefix(label, resumed)
	if !ok {
		return time.Time{}, false
	}
	at, err := time.Parse(resumedLayout, text)
	return at, err == nil
}
