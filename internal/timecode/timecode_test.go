package timecode

import (
	"math"
	"testing"
	"time"
)

func TestFormat(t *testing.T) {
	const (
		second = time.Second
		tenth  = second / 10
		milli  = time.Millisecond
	)
	for _, test := range []struct {
		d, unit time.Duration
		want    string
	}{
		{0, second, "0:00"},
		{0, tenth, "0:00.0"},
		{0, milli, "0:00.000"},
		{-3 * second, tenth, "0:00.0"},
		{59*second + 499*milli, second, "0:59"},
		{59*second + 500*milli, second, "1:00"},
		{59*second + 949*milli, tenth, "0:59.9"},
		{59*second + 950*milli, tenth, "1:00.0"},
		{time.Minute - 1, milli, "1:00.000"},
		{2*time.Minute + 3*second + 456*milli, milli, "2:03.456"},
		{2*time.Minute + 3*second + 456*milli, second / 100, "2:03.46"},
		{time.Hour - 1, second, "1:00:00"},
		{time.Hour + 2*time.Minute + 3*second + 4*milli, milli, "1:02:03.004"},
		{123*time.Hour + 4*time.Minute, second, "123:04:00"},
		{math.MaxInt64, second, "2562047:47:16"},
	} {
		if got := Format(test.d, test.unit); got != test.want {
			t.Errorf("Format(%v, %v) = %q; want %q", test.d, test.unit, got, test.want)
		}
	}
}
