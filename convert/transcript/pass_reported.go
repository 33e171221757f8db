package transcript

import "strings"

// preferReported takes the text that the shell reported where it differs from the
// text on the screen: the screen shows the typed line among other things.
//
// Needs: whole commands, because a shell reports all lines at once.
// Holds after: text is the best that is known.
// Sets: the text, from FromHook, if a mark shows that the command was run, and
// if what was reported is as typed or nothing is on the screen. Text that
// differs only in what bash's history changes stays.
func preferReported(_ *session, segs []*segment) []*segment {
	for _, s := range segs {
		r := s.reported
		if r.known() && s.run.known() && (r.from == FromHook || s.text == "") &&
			strings.TrimSpace(r.value) != "" && !sameText(r.value, s.text) {
			s.text, s.textBy = strings.TrimRight(r.value, " \n"), FromHook
		}
	}
	return segs
}

// sameText reports whether two sources have the same text for a command. It
// ignores the blanks, semicolons and backslashes that bash's history adds and
// removes.
func sameText(a, b string) bool {
	strip := func(r rune) rune {
		if strings.ContainsRune(" \t\n;\\", r) {
			return -1
		}
		return r
	}
	return strings.Map(strip, a) == strings.Map(strip, b)
}
