// Package timecode formats times of a recording like a player's counter: 2:03
// or 1:02:03.456.
package timecode

import (
	"fmt"
	"time"
)

// Format returns d, rounded to unit, as minutes and seconds, preceded by the
// hours if there are any. The unit is a second, or a tenth, hundredth or
// thousandth of one, and sets the number of decimals. A negative d counts as 0.
func Format(d, unit time.Duration) string {
	d = max(d.Round(unit), 0)
	h, m, s := d/time.Hour, d/time.Minute%60, d/time.Second%60
	text := fmt.Sprintf("%d:%02d", m, s)
	if h > 0 {
		text = fmt.Sprintf("%d:%02d:%02d", h, m, s)
	}
	part := d % time.Second
	for digit := time.Second / 10; digit >= unit; digit /= 10 {
		if digit == time.Second/10 {
			text += "."
		}
		text += string(rune('0' + part/digit%10))
	}
	return text
}
