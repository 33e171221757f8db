package place

import (
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
)

// Cut is [strings.Cut] for text with places in it: it cuts at the first sep that is
// not inside a label in double quotes or a regular expression between slashes.
func Cut(s, sep string) (before, after string, found bool) {
	for i := 0; i < len(s); {
		if strings.HasPrefix(s[i:], sep) {
			return s[:i], s[i+len(sep):], true
		}
		if n := enclosed(s[i:]); n > 0 && begins(s[:i]) {
			i += n
			continue
		}
		i++
	}
	return s, "", false
}

// begins reports whether a label or a regular expression can begin after before.
func begins(before string) bool {
	return before == "" || strings.ContainsAny(before[len(before)-1:], ":@=") || strings.HasSuffix(before, "..")
}

// enclosed returns the length of the label in quotes or the regular expression
// between slashes at the beginning of s; 0 if there is none, or it has no end.
func enclosed(s string) int {
	if s == "" || s[0] != '"' && s[0] != '/' {
		return 0
	}
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i + 1
		}
	}
	return 0
}

func isQuoted(s string) bool { return strings.HasPrefix(s, `"`) }

// ParseLabel parses a label: as it stands, or in double quotes, where \" and \\ stand
// for " and \.
func ParseLabel(s string) (string, error) {
	if !isQuoted(s) {
		return s, nil
	}
	if enclosed(s) != len(s) {
		return "", fmt.Errorf("invalid label %s: want one \" at each end", s)
	}
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		if s[i] == '\\' {
			if i++; s[i] != '"' && s[i] != '\\' {
				return "", fmt.Errorf(`invalid label %s: want \" or \\, not \%c`, s, s[i])
			}
		}
		b.WriteByte(s[i])
	}
	return b.String(), nil
}

// QuoteLabel returns the label as [ParseLabel] parses it, in quotes if it needs them.
func QuoteLabel(label string) string {
	plain := label != "" && !strings.Contains(label, "..") && !strings.ContainsAny(label, "@= \t\n") &&
		label[0] != '"' && label[0] != '/' && label[len(label)-1] != '.'
	if plain {
		return label
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(label) + `"`
}

// pattern is a regular expression that was written between slashes.
type pattern struct {
	*regexp.Regexp
}

// ParsePattern parses a regular expression between slashes: /RE/. It ends at the
// first slash that is not escaped; \/ is a slash.
func ParsePattern(s string) (*regexp.Regexp, error) {
	p, err := parsePattern(s)
	return p.Regexp, err
}

func parsePattern(s string) (pattern, error) {
	if !strings.HasPrefix(s, "/") || enclosed(s) != len(s) {
		return pattern{}, fmt.Errorf(`invalid pattern %q: want /RE/, with \/ for a slash in it`, s)
	}
	var b strings.Builder
	for i := 1; i < len(s)-1; i++ {
		if s[i] == '\\' {
			if i++; s[i] != '/' {
				b.WriteByte('\\')
			}
		}
		b.WriteByte(s[i])
	}
	re, err := regexp.Compile(b.String())
	if err != nil {
		reason := err.Error()
		if fault, ok := err.(*syntax.Error); ok {
			reason = string(fault.Code)
		}
		return pattern{}, fmt.Errorf("invalid pattern %q: %s", s, reason)
	}
	return pattern{re}, nil
}

// String returns the pattern between slashes.
func (p pattern) String() string {
	var b strings.Builder
	b.WriteByte('/')
	for i, s := 0, p.Regexp.String(); i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			b.WriteByte(s[i])
			i++
		} else if s[i] == '/' {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	b.WriteByte('/')
	return b.String()
}
