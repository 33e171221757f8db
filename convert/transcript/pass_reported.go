package transcript

import (
	"regexp"
	"strings"
)

// preferReported takes the text that the shell reported: the screen shows the
// typed line among other things, and blanks where tabs were typed.
//
// Needs: whole commands, because a shell reports all lines at once.
// Holds after: text is the best that is known.
// Sets: the text, from FromHook, where a mark carries it; doubtful, where the
// screen alone has it and may be wrong, or does not confirm it; and result, of
// a line that the recorded shell did not run.
//
// A history has the lines of a command joined, and words like !! replaced. There
// the screen shows how the text was typed.
func preferReported(ses *session, segs []*segment) []*segment {
	input := map[*segment][]string{} // of each command, the lines that belong to those after it
	var first *segment               // of the lines that were entered together
	last := ""
	for _, s := range segs {
		if s.bounds == "" || s.result == unentered {
			continue
		}
		if ses.habits.cancelled(s) {
			s.doubtful = strings.Contains(strings.TrimSuffix(s.text, "^C"), "^C") // drawn over the text
			continue
		}
		lines := strings.Split(s.text, "\n")
		if s.again {
			lines = input[first]
		} else if s.outer == nil {
			first = s
		}
		r := s.reported
		stale := s.again && r.value == last // perhaps said of the one before
		last = r.value
		if !r.known() || strings.TrimSpace(r.value) == "" || !s.run.known() && !s.exit.known() {
			if s.again && len(lines) > 0 {
				s.text, input[first] = lines[0], lines[1:]
			}
			s.doubtful = s.marks == signed && mayDiffer(s)
			continue
		}
		text, used, aligned := asTyped(lines, r, s.lines)
		switch {
		case aligned && (used == len(lines) || first == s || s.again):
			s.text, s.textBy, input[first] = text, FromHook, lines[used:]
		case stale && len(lines) > 0:
			s.text, input[first] = lines[0], lines[1:]
			s.doubtful = true
		case expands(s.text, r.value):
			// The text as typed. Its expansion confirms the rest.
		case len(lines) > 1 && strings.HasSuffix(letters(s.text), letters(r.value)):
			s.doubtful = true // the last line only
		case s.marks != signed && r.from == fromHistory && s.text != "":
			// kitty's script reports the line before if the history has not
			// this one.
		default:
			s.text, s.textBy = strings.Trim(r.value, "\n"), FromHook
			s.doubtful = r.from == fromHistory && len(s.lines) > 1 || stale
		}
	}
	return segs
}

// scrolled matches a line that ksh93 or mksh scroll sideways.
var scrolled = regexp.MustCompile(` [<>*+]$`)

// mayDiffer reports whether the text on the screen may differ from what was
// typed, though it was read well.
func mayDiffer(s *segment) bool {
	return len(s.rows) > 1 || scrolled.MatchString(s.text) || strings.Contains(s.text, "  ") || strings.IndexFunc(s.text, func(r rune) bool { return r > 0x7e }) >= 0
}

// asTyped returns reported text with the line breaks of the lines on the screen,
// if those show the same command, and the number of lines that it takes. entered
// are the lines that were entered one by one, if there are several.
func asTyped(lines []string, reported fact[string], entered []string) (text string, used int, ok bool) {
	if reported.from != fromHistory {
		value := strings.Trim(reported.value, "\n")
		n := min(strings.Count(value, "\n")+1, len(lines))
		if letters(value) == letters(strings.Join(lines, "")) {
			n = len(lines)
		} else if n == len(lines) || letters(value) != letters(strings.Join(lines[:n], "")) {
			return "", 0, false
		}
		if strings.TrimSpace(value) == strings.TrimSpace(strings.Join(lines, "\n")) {
			value = strings.TrimRight(strings.Join(lines, "\n"), " ")
		}
		return value, n, true
	}
	ends := map[int]bool{} // the lines that end with Enter for certain
	n := 0
	for _, line := range entered {
		n += strings.Count(line, "\n") + 1
		ends[n-1] = true
	}
	var b strings.Builder
	rest := strings.TrimRight(reported.value, "\n")
	for i, line := range lines {
		n, same := sameLetters(line, rest)
		continued := false
		if body, cut := strings.CutSuffix(line, `\`); !same && cut {
			if n, same = sameLetters(body, rest); same {
				blanks := min(len(body)-len(strings.TrimRight(body, " ")), len(rest)-n)
				n += blanks - len(strings.TrimLeft(rest[n:n+blanks], " "))
			}
			continued = true
		}
		if !same {
			return "", 0, false
		}
		b.WriteString(rest[:n])
		if rest = rest[n:]; strings.TrimSpace(rest) == "" {
			return b.String(), i + 1, true
		}
		blanks := len(rest) - len(strings.TrimLeft(rest, " \t"))
		switch {
		case continued:
			b.WriteString("\\\n")
		case rest[blanks] == '\n':
			b.WriteString(rest[:blanks+1])
			rest = rest[blanks+1:]
		case strings.HasPrefix(rest, "; "):
			b.WriteByte('\n')
			rest = rest[2:]
		case rest[0] == ' ' && (ends[i] || joinedByBlank(line)):
			b.WriteByte('\n')
			rest = rest[1:]
		case ends[i]:
			b.WriteByte('\n')
		}
	}
	return "", 0, false
}

// joinedByBlank reports whether bash's history joins the next line to this one
// with a blank, not with a semicolon.
func joinedByBlank(line string) bool { return blankJoin.MatchString(line) }

var blankJoin = regexp.MustCompile(`([{(|&;)]|(^|[\s;&|(])(if|then|elif|else|while|until|do|in|case|select|function|for|!|time|coproc)(\s+\w+)?)\s*$`)

// sameLetters returns the length of the start of text that has the letters of
// line and ends with the last of them; false if it has others.
func sameLetters(line, text string) (int, bool) {
	n, end := 0, 0
	for i := 0; i < len(line); i++ {
		if line[i] == ' ' || line[i] == '\t' {
			continue
		}
		for n < len(text) && (text[n] == ' ' || text[n] == '\t') {
			n++
		}
		if n == len(text) || text[n] != line[i] {
			return 0, false
		}
		n++
		end = n
	}
	return end, true
}

// expands reports whether full is line with its history expansions replaced.
func expands(line, full string) bool {
	if strings.HasPrefix(line, "^") {
		return strings.Count(line, "^") > 1
	}
	parts := historyWord.Split(line, -1)
	if len(parts) < 2 {
		return false
	}
	full = letters(full)
	for i, part := range parts {
		part = letters(part)
		at := strings.Index(full, part)
		switch {
		case i == len(parts)-1:
			return strings.HasSuffix(full, part)
		case at < 0, i == 0 && at > 0:
			return false
		}
		full = full[at+len(part):]
	}
	return false
}

// historyWord matches what bash and zsh replace from their history.
var historyWord = regexp.MustCompile(`!([!#$^*-]|\??[\w./-]+\??)(:[\w$^*-]+)*`)

// letters returns text without blanks and line feeds.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '\n' {
			return -1
		}
		return r
	}, text)
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
