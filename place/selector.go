package place

import (
	"fmt"
	"math"
	"strconv"
)

// A Selector names commands: by their number or by their text. Cancelled lines are
// no commands; but a text that no command matches may be that of a cancelled line.
type Selector struct {
	number  int     // from 1, or from -1 backwards; 0 if it is a text
	pattern pattern // of the text
}

// ParseSelector parses N or /RE/: 1 is the first command, -1 the last.
func ParseSelector(s string) (Selector, error) {
	if n, err := strconv.ParseInt(s, 10, 32); err == nil && n != 0 && n != math.MinInt32 && s[0] != '+' {
		return Selector{number: int(n)}, nil
	}
	if s == "" || s[0] != '/' {
		return Selector{}, fmt.Errorf("invalid command %q: want a number (1 is the first, -1 the last) or /RE/", s)
	}
	p, err := parsePattern(s)
	return Selector{pattern: p}, err
}

// String returns the selector as [ParseSelector] parses it.
func (s Selector) String() string {
	if s.pattern.Regexp != nil {
		return s.pattern.String()
	}
	return strconv.Itoa(s.number)
}

// Match returns the indexes in cmds of the commands that s names, in order.
func (s Selector) Match(cmds []Command) []int {
	var run, cancelled []int
	for i, c := range cmds {
		switch {
		case s.number != 0 && c.Cancelled:
		case s.number == 0 && !s.pattern.MatchString(c.Text):
		case c.Cancelled:
			cancelled = append(cancelled, i)
		default:
			run = append(run, i)
		}
	}
	switch n := s.number; {
	case n == 0 && len(run) == 0:
		return cancelled
	case n == 0:
		return run
	case n > 0 && n <= len(run):
		return run[n-1 : n]
	case n < 0 && n >= -len(run):
		return run[len(run)+n:][:1]
	}
	return nil
}
