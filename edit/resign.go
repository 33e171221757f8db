package edit

import "strings"

// resigner replaces the nonce in the marks of a recording's shell, so that they count
// in a recording with another. Marks that have the other one already do not count. It
// holds the start of a mark that an event cuts: a terminal shows nothing of it.
type resigner struct {
	from, to string // nonces; from may be empty, and nothing is done if to is
	held     string
}

const (
	markStart = "\x1b]133;"
	maxSigned = 256 // bytes of a mark up to the end of its nonce
)

// sign returns the next bytes of the stream.
func (s *resigner) sign(data string) string {
	if s.to == "" || s.from == s.to || s.held == "" && strings.IndexByte(data, 0x1b) < 0 {
		return data
	}
	data = s.held + data
	s.held = ""
	var b strings.Builder
	for {
		at := strings.IndexByte(data, 0x1b)
		if at < 0 {
			b.WriteString(data)
			return b.String()
		}
		b.WriteString(data[:at])
		data = data[at:]
		if !strings.HasPrefix(data, markStart) {
			if strings.HasPrefix(markStart, data) {
				s.held = data
				return b.String()
			}
			b.WriteString(data[:1])
			data = data[1:]
			continue
		}
		content := data[len(markStart):]
		end := strings.IndexAny(content, "\x07\x18\x1a\x1b")
		if end < 0 && len(data) < maxSigned {
			s.held = data
			return b.String()
		}
		if end < 0 {
			end = len(content)
		}
		fields := strings.Split(content[:end], ";")
		for i, field := range fields {
			for _, key := range []string{"aid=", "N"} { // see the marks in convert/transcript
				switch {
				case s.from != "" && field == key+s.from:
					fields[i] = key + s.to
				case field == key+s.to:
					fields[i] = key
				}
			}
		}
		b.WriteString(markStart + strings.Join(fields, ";"))
		data = content[end:]
	}
}

// rest ends the stream, and returns what is held.
func (s *resigner) rest() string {
	rest := s.held
	s.held = ""
	return rest
}
