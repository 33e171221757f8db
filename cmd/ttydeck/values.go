package main

import (
	"fmt"
	"math"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// durationValue is a flag's length of time: seconds as asciinema takes them
// (2, 0.5), Go's notation (1m30s, 250ms) or a clock's (1:23, 1:02:03.5).
type durationValue time.Duration

func (d *durationValue) Set(s string) error {
	parsed, err := parseDuration(s)
	*d = durationValue(parsed)
	return err
}

func (d *durationValue) String() string {
	if d == nil || *d == 0 {
		return ""
	}
	return time.Duration(*d).String()
}

func parseDuration(s string) (time.Duration, error) {
	malformed := fmt.Errorf("%q is no length of time: want seconds, 1m30s or 1:23", s)
	unsigned, negative := strings.CutPrefix(s, "-")
	var seconds float64
	if fields := strings.Split(unsigned, ":"); len(fields) <= 3 && !strings.ContainsAny(s, "hmsµun") {
		for _, f := range fields {
			x, err := strconv.ParseFloat(f, 64)
			if err != nil || x < 0 || len(fields) > 1 && x >= 60 && f != fields[0] {
				return 0, malformed
			}
			seconds = seconds*60 + x
		}
	} else if d, err := time.ParseDuration(unsigned); err == nil && d >= 0 {
		seconds = d.Seconds()
	} else {
		return 0, malformed
	}
	if seconds > math.MaxInt64/2/1e9 {
		return 0, malformed
	}
	d := time.Duration(math.Round(seconds * 1e9))
	if negative {
		d = -d
	}
	return d, nil
}

func durationFlag(name string, aliases []string, usage string) *cli.GenericFlag {
	return &cli.GenericFlag{Name: name, Aliases: aliases, Usage: usage, Value: new(durationValue)}
}

func durationOf(c *cli.Context, name string) time.Duration {
	d, _ := c.Generic(name).(*durationValue)
	if d == nil {
		return 0
	}
	return time.Duration(*d)
}

// userName gives the name by which sessions know a user that is named, or
// numbered; none for none.
func userName(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	if u, err := user.Lookup(name); err == nil {
		return u.Username, nil
	}
	if u, err := user.LookupId(name); err == nil {
		return u.Username, nil
	} else if _, err := strconv.ParseUint(name, 10, 32); err == nil {
		return name, nil // a container's, say
	}
	return "", usageError{fmt.Errorf("there is no user %q", name)}
}
