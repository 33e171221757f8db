package format

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// sniffAsciicast returns the version of the asciicast that begins with prefix,
// which may be cut off anywhere. It returns 0 if prefix is not an asciicast.
// The other keys decide for a header without a version.
func sniffAsciicast(prefix []byte) int {
	i := headerStart(prefix)
	if i < 0 {
		return 0
	}
	guess := 0
	for key, value := range members(prefix[i:]) {
		switch key {
		case "version":
			if v := versionIn(value); v != 0 {
				return v
			}
		case "stdout":
			guess = 1
		case "term":
			guess = max(guess, 3)
		case "width":
			if guess == 0 {
				guess = 2
			}
		}
	}
	return guess
}

// decided reports whether prefix begins with a JSON object whose format is
// certain: the rest of the input cannot change it.
func decided(prefix []byte) bool {
	i := headerStart(prefix)
	if i < 0 {
		return false
	}
	if scanValue(prefix, i) >= 0 {
		return true
	}
	for key, value := range members(prefix[i:]) {
		if key == "version" && versionIn(value) != 0 {
			return true
		}
	}
	return false
}

// versionIn returns the version in a header's value; 0 if it is not one.
func versionIn(value []byte) int {
	v, err := strconv.ParseFloat(strings.Trim(string(value), `"`), 64)
	if err != nil || !(v >= 1 && v < 100) {
		return 0
	}
	return int(v)
}

// headerStart returns the index of the JSON object that prefix begins with,
// after blank lines and comments; -1 if there is none.
func headerStart(prefix []byte) int {
	i := 0
	if bytes.HasPrefix(prefix, bom) {
		i = len(bom)
	}
	i = skipSpace(prefix, i)
	for i < len(prefix) && prefix[i] == '#' {
		end := bytes.IndexByte(prefix[i:], '\n')
		if end < 0 {
			return -1
		}
		i = skipSpace(prefix, i+end)
	}
	if i == len(prefix) || prefix[i] != '{' {
		return -1
	}
	return i
}

// members returns the keys and values of the JSON object at the beginning of
// text, up to its end or its first error. The last value is empty if it is cut
// off. Values are slices of text; see [offset].
func members(text []byte) func(yield func(key string, value []byte) bool) {
	return func(yield func(string, []byte) bool) {
		i := skipSpace(text, 1)
		for i < len(text) && text[i] == '"' {
			end := scanString(text, i+1)
			if end < 0 {
				return
			}
			var key string
			if json.Unmarshal(text[i:end], &key) != nil {
				return
			}
			if i = skipSpace(text, end); i == len(text) || text[i] != ':' {
				return
			}
			i = skipSpace(text, i+1)
			if end = scanValue(text, i); end < 0 {
				yield(key, text[i:i])
				return
			}
			if !yield(key, text[i:end]) {
				return
			}
			if i = skipSpace(text, end); i == len(text) || text[i] != ',' {
				return
			}
			i = skipSpace(text, i+1)
		}
	}
}

// offset returns the index in text at which part, a slice of it, begins.
func offset(text, part []byte) int { return cap(text) - cap(part) }

// looksLike returns, for an error message, what an input of no known format
// seems to be.
func looksLike(prefix []byte) string {
	text := strings.ToLower(string(bytes.TrimSpace(prefix[:min(len(prefix), 512)])))
	switch v := sniffAsciicast(prefix); {
	case text == "":
		return ": the input is empty"
	case v > 3:
		return fmt.Sprintf(": asciicast version %d is not supported", v)
	case strings.HasPrefix(text, "<!doctype html"), strings.HasPrefix(text, "<html"):
		return ": the input is a web page"
	case isPicture(prefix):
		return ": the input is a picture"
	}
	return ""
}

// isPicture reports whether an input begins as pictures and videos do: GIF, PNG, JPEG,
// WebM, MP4 and SVG.
func isPicture(prefix []byte) bool {
	for _, magic := range []string{"GIF87a", "GIF89a", "\x89PNG\r\n\x1a\n", "\xff\xd8\xff", "\x1aE\xdf\xa3", "<svg "} {
		if bytes.HasPrefix(prefix, []byte(magic)) {
			return true
		}
	}
	return len(prefix) > 8 && string(prefix[4:8]) == "ftyp"
}

// headerParser reads the members of a header one by one.
type headerParser struct {
	in   *input
	line int
	term bool // version 3: the size is in "term"
	h    Header
}

// parseHeader reads the header of an asciicast. It warns about a malformed
// member and leaves its field unknown.
func (in *input) parseHeader(text []byte, line, version int) (Header, error) {
	p := &headerParser{in: in, line: line}
	seen := map[string]bool{}
	for key, value := range members(text) {
		if seen[key] {
			p.warn("duplicate header key", quote(key)+": the last value is used")
		}
		seen[key] = true
		if len(value) == 0 {
			p.warn("malformed header", quote(key)+" has no value")
			continue
		}
		if string(value) == "null" {
			continue
		}
		p.member(key, value, version)
	}
	switch {
	case !seen["version"]:
		p.warn("header without a version", fmt.Sprintf("read as version %d", version))
	case !json.Valid(text):
		p.warn("malformed header", quote(string(text)))
	}
	if p.h.Size.Cols == 0 || p.h.Size.Rows == 0 {
		p.h.Size = Size{}
		p.warn("header without a size", "")
	}
	if in.err != nil {
		return Header{}, in.err
	}
	return p.h, nil
}

func (p *headerParser) warn(kind, detail string) { p.in.warn(p.line, kind, detail) }

func (p *headerParser) member(key string, value []byte, version int) {
	h := &p.h
	switch key {
	case "version":
		if len(value) != 1 {
			p.warn("header field of the wrong type", `"version" is `+quoteJSON(value)+": want "+strconv.Itoa(version))
		}
	case "width", "height":
		if version == 3 && p.term {
			p.extra(&h.Extra, key, value)
			return
		}
		if version == 3 {
			p.warn("size outside term", "read as in version 2")
		}
		if key == "width" {
			h.Size.Cols = p.side(key, value)
		} else {
			h.Size.Rows = p.side(key, value)
		}
	case "timestamp":
		if s, ok := p.number(key, value); ok {
			whole, fraction := math.Modf(s)
			if s < 0 {
				p.warn("header field of the wrong type", fmt.Sprintf("%s is %s: before 1970; skipped", quote(key), value))
				return
			}
			if fraction != 0 {
				p.warn("header field of the wrong type", fmt.Sprintf("%s is %s: want a whole number", quote(key), value))
			}
			h.Start = time.Unix(int64(whole), int64(fraction*1e9)).UTC()
		}
	case "idle_time_limit":
		h.IdleLimit = p.seconds(key, value)
	case "command":
		h.Command = p.text(key, value)
	case "title":
		h.Title = p.text(key, value)
	case "env":
		p.readEnv(value, version)
	case "tags":
		if json.Unmarshal(value, &h.Tags) != nil {
			h.Tags = nil
			p.warn("header field of the wrong type", `"tags": want strings; skipped`)
		}
	case "duration":
		if version == 3 {
			p.extra(&h.Extra, key, value)
			return
		}
		h.Duration = p.seconds(key, value)
	case "theme":
		if version == 3 {
			p.extra(&h.Extra, key, value)
			return
		}
		h.Term.Theme = p.theme(value)
	case "term":
		if version != 3 || value[0] != '{' {
			p.extra(&h.Extra, key, value)
			return
		}
		p.term = true
		h.Size = Size{}
		for key, value := range members(value) {
			if len(value) > 0 && string(value) != "null" {
				p.termMember(key, value)
			}
		}
	default:
		p.extra(&h.Extra, key, value)
	}
}

func (p *headerParser) termMember(key string, value []byte) {
	h := &p.h
	switch key {
	case "cols":
		h.Size.Cols = p.side(key, value)
	case "rows":
		h.Size.Rows = p.side(key, value)
	case "type":
		h.Term.Type = p.text(key, value)
	case "version":
		h.Term.Version = p.text(key, value)
	case "theme":
		h.Term.Theme = p.theme(value)
	default:
		p.extra(&h.Term.Extra, key, value)
	}
}

// extra keeps a member that the specification does not name.
func (p *headerParser) extra(to *[]Field, key string, value []byte) {
	var compact bytes.Buffer
	text := value
	if bytes.ContainsAny(value, "\r\n") {
		if json.Compact(&compact, value) != nil {
			text = nil
		} else {
			text = compact.Bytes()
		}
	}
	if !json.Valid(text) {
		p.warn("malformed header field", quote(key)+"; skipped")
		return
	}
	for i := range *to {
		if (*to)[i].Key == key {
			(*to)[i].JSON = string(text)
			return
		}
	}
	*to = append(*to, Field{key, string(text)})
}

func (p *headerParser) number(key string, value []byte) (float64, bool) {
	text := string(value)
	if len(text) > 2 && text[0] == '"' {
		text = strings.Trim(text, `"`)
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) > 1e15 {
		p.warn("header field of the wrong type", fmt.Sprintf("%s is %s: want a number; skipped", quote(key), quoteJSON(value)))
		return 0, false
	}
	if len(text) != len(value) {
		p.warn("header field of the wrong type", fmt.Sprintf("%s is %s: read as a number", quote(key), quoteJSON(value)))
	}
	return f, true
}

func (p *headerParser) side(key string, value []byte) int {
	f, ok := p.number(key, value)
	if !ok {
		return 0
	}
	if f < 1 || f > MaxSide {
		p.warn("size out of range", fmt.Sprintf("%s is %s", quote(key), value))
		return 0
	}
	if bytes.ContainsAny(value, ".eE") {
		p.warn("header field of the wrong type", fmt.Sprintf("%s is %s: want a whole number", quote(key), value))
	}
	return int(f)
}

func (p *headerParser) seconds(key string, value []byte) time.Duration {
	f, ok := p.number(key, value)
	if !ok || f < 0 || f > maxTime.Seconds() {
		return 0
	}
	return time.Duration(math.Round(f * 1e9))
}

func (p *headerParser) text(key string, value []byte) string {
	var s string
	if err := json.Unmarshal(value, &s); err != nil {
		p.warn("header field of the wrong type", fmt.Sprintf("%s is %s: want a string; skipped", quote(key), quoteJSON(value)))
	}
	return s
}

// readEnv reads the environment. asciicast v1 and v2 keep the terminal's type
// there, as TERM.
func (p *headerParser) readEnv(value []byte, version int) {
	if value[0] != '{' {
		p.warn("header field of the wrong type", `"env" is `+quoteJSON(value)+": want an object; skipped")
		return
	}
	for name, value := range members(value) {
		if len(value) == 0 || string(value) == "null" {
			continue
		}
		var s string
		if json.Unmarshal(value, &s) != nil {
			s = string(value)
			p.warn("header field of the wrong type", "environment variable "+quote(name)+" is not a string: read as one")
		}
		if name == "TERM" && version != 3 {
			p.h.Term.Type = s
			continue
		}
		if p.h.Env == nil {
			p.h.Env = map[string]string{}
		}
		p.h.Env[name] = s
	}
}

// theme reads a theme. All of it must be valid: with an incomplete theme, text may get
// the colour of its background.
func (p *headerParser) theme(value []byte) *Theme {
	t, err := parseTheme(value)
	switch {
	case errors.Is(err, errMalformedTheme):
		p.warn("malformed theme", "skipped")
	case err != nil:
		p.warn("incomplete theme", "skipped")
	}
	return t
}
