package cli

import (
	"errors"
	"fmt"
	"math"
	"os/user"
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/live"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/play"
)

// parseDuration parses a length of time: seconds, as in asciinema (2, 0.5), Go's
// notation (1m30s, 250ms) or a clock's (1:23, 1:02:03.5). It may be negative.
func parseDuration(s string) (time.Duration, error) {
	unsigned, negative := strings.CutPrefix(s, "-")
	d, err := place.ParseTime(unsigned)
	if negative {
		d = -d
	}
	return d, err
}

// optional is a value that may be absent.
type optional[T any] struct {
	value T
	given bool
}

// String returns the value; "" if it is absent.
func (o optional[T]) String() string {
	if !o.given {
		return ""
	}
	return fmt.Sprint(o.value)
}

// parseIdleLimit parses the longest pause; 0 means no limit.
func parseIdleLimit(s string) (optional[time.Duration], error) {
	d, err := parseDuration(s)
	if err == nil && d < 0 {
		err = fmt.Errorf("invalid time %q: want 0 or more; 0 means no limit", s)
	}
	return optional[time.Duration]{d, true}, err
}

// parseSpeed parses a speed: a number above 0, as 2 or 2x.
func parseSpeed(s string) (float64, error) {
	x, err := strconv.ParseFloat(strings.TrimSuffix(s, "x"), 64)
	if err != nil || !(x > 0) || math.IsInf(x, 1) {
		return 0, fmt.Errorf("invalid speed %q: want a number above 0", s)
	}
	return x, nil
}

// parsePlaySpeed parses a speed, or "max" for no waiting at all.
func parsePlaySpeed(s string) (float64, error) {
	if s == "max" {
		return play.Unpaced, nil
	}
	x, err := parseSpeed(s)
	if err != nil {
		err = fmt.Errorf("%w, or max", err)
	}
	return x, err
}

// sizeFlag returns a flag whose value is a size, COLSxROWS, or one side of it,
// COLSx or xROWS. The other side keeps its value.
func sizeFlag(p *format.Size, names, usage string) *flag {
	return valued(p, names, usage, func(s string) (format.Size, error) {
		size, err := parseSize(s)
		if size.Cols == 0 {
			size.Cols = p.Cols
		}
		if size.Rows == 0 {
			size.Rows = p.Rows
		}
		return size, err
	})
}

func parseSize(s string) (format.Size, error) {
	cols, rows, ok := strings.Cut(s, "x")
	malformed := fmt.Errorf("invalid size %q: want COLSxROWS, COLSx or xROWS, each side at most %d", s, format.MaxSide)
	if !ok || cols == "" && rows == "" {
		return format.Size{}, malformed
	}
	whole := s
	switch {
	case cols == "":
		whole = "1" + s
	case rows == "":
		whole = s + "1"
	}
	size, err := format.ParseSize(whole)
	if err != nil {
		return format.Size{}, malformed
	}
	if cols == "" {
		size.Cols = 0
	}
	if rows == "" {
		size.Rows = 0
	}
	return size, nil
}

// parseRegexp compiles a regular expression. The error quotes it.
func parseRegexp(s string) (*regexp.Regexp, error) {
	re, err := regexp.Compile(s)
	if fault, ok := errors.AsType[*syntax.Error](err); ok {
		err = fmt.Errorf("invalid pattern %q: %s", s, fault.Code)
		if fault.Expr != s {
			err = fmt.Errorf("%w at %q", err, fault.Expr)
		}
	}
	return re, err
}

// parseSessionName checks the name of a new session.
func parseSessionName(s string) (string, error) { return s, live.CheckName(s) }

// parseUser returns the name of a user in the list of sessions, from the name or
// the UID.
func parseUser(name string) (string, error) {
	if u, err := user.Lookup(name); err == nil {
		return u.Username, nil
	}
	if u, err := user.LookupId(name); err == nil {
		return u.Username, nil
	} else if _, err := strconv.ParseUint(name, 10, 32); err == nil {
		return name, nil // a UID without a name, as of a container
	}
	return "", fmt.Errorf("unknown user %q", name)
}

// parseAge parses a length of time above 0, also in days: 90d.
func parseAge(s string) (time.Duration, error) {
	malformed := fmt.Errorf("invalid age %q: want 90d, 12h or similar", s)
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.Atoi(days)
		if err != nil || n <= 0 || n > 100000 {
			return 0, malformed
		}
		return time.Duration(n) * 24 * time.Hour, nil
	}
	d, err := parseDuration(s)
	if err != nil || d <= 0 {
		return 0, malformed
	}
	return d, nil
}

// parseBytes parses a number of bytes above 0: 500M, 20G.
func parseBytes(s string) (int64, error) {
	malformed := fmt.Errorf("invalid size %q: want 500M, 20G or similar", s)
	if s == "" {
		return 0, malformed
	}
	number, shift := s, 0
	if i := strings.IndexByte("KMGT", s[len(s)-1]&^0x20); i >= 0 {
		number, shift = s[:len(s)-1], 10*(i+1)
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n <= 0 || n > 1<<62>>shift {
		return 0, malformed
	}
	return n << shift, nil
}
