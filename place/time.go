package place

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// MaxTime is the longest time that [ParseTime] takes: 146 years.
const MaxTime = time.Duration(math.MaxInt64 / 2)

// ParseTime parses a length of time: seconds (2, 0.5), Go's notation (1m30s,
// 250ms) or a clock's (1:23, 1:02:03.5). It has no sign.
func ParseTime(s string) (time.Duration, error) {
	malformed := fmt.Errorf("invalid time %q: want seconds (2.5), 1m30s or 1:23", s)
	if strings.ContainsAny(s, "hmsµun") {
		d, err := time.ParseDuration(s)
		if err != nil || d < 0 || d > MaxTime || s[0] == '+' || s[0] == '-' {
			return 0, malformed
		}
		return d, nil
	}
	fields := strings.Split(s, ":")
	if len(fields) > 3 {
		return 0, malformed
	}
	var seconds float64
	for i, f := range fields {
		x, err := parseDecimal(f)
		whole := i == len(fields)-1 || !strings.Contains(f, ".")
		if err != nil || !whole || i > 0 && x >= 60 {
			return 0, malformed
		}
		seconds = seconds*60 + x
	}
	if seconds > MaxTime.Seconds() {
		return 0, malformed
	}
	return min(time.Duration(math.Round(seconds*1e9)), MaxTime), nil
}

// parseDecimal parses a decimal number without a sign or an exponent.
func parseDecimal(s string) (float64, error) {
	if strings.Trim(s, "0123456789.") != "" {
		return 0, strconv.ErrSyntax
	}
	return strconv.ParseFloat(s, 64)
}

// FormatTime returns a time that is not negative as [ParseTime] parses it: 0:12.5,
// 1:20 or 1:02:03.5.
func FormatTime(d time.Duration) string {
	h, m, s := d/time.Hour, d/time.Minute%60, d/time.Second%60
	text := fmt.Sprintf("%d:%02d", m, s)
	if h > 0 {
		text = fmt.Sprintf("%d:%02d:%02d", h, m, s)
	}
	if part := d % time.Second; part > 0 {
		text += "." + strings.TrimRight(fmt.Sprintf("%09d", part), "0")
	}
	return text
}

// shortTime is FormatTime, and returns seconds if that is shorter.
func shortTime(d time.Duration) string {
	if d < time.Minute {
		return strconv.FormatFloat(d.Seconds(), 'f', -1, 64)
	}
	return FormatTime(d)
}
