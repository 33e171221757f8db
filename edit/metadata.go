package edit

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/ttydeck/ttydeck/format"
)

// RemoveMetadata returns a Filter that removes anything a recording says beyond its
// picture, which stays the same at each moment:
//
//   - from the output, the marks of shells and editors with directories, hosts,
//     command lines and history numbers (OSC 7, 133, 633, 697, 3008, and 1337 with
//     CurrentDir, RemoteHost and SetUserVar), titles (OSC 0, 1, 2, l and L, and ESC k),
//     notifications (OSC 9, 99 and 777), the clipboard (OSC 52), documents (OSC 6), and
//     all other control strings that draw nothing: every OSC but those of colours,
//     links, fonts, pointers and images, APC but kitty's images, PM and SOS, and DCS
//     with messages for kitty, Warp and tmux;
//   - links (OSC 8) to files and programs of the machine: all but those to http, https,
//     ftp, gemini and mailto;
//   - from the header, the command, the environment and all keys that its format does
//     not name, such as the nonce; the key of [format.Header.Redacted] stays, and that of
//     [format.Header.Unsigned] comes in place of a nonce;
//   - events of unknown kinds.
//
// A sequence is removed however it is written: cut over events, with 8-bit controls,
// ended by any terminator or by none, or passed through tmux. Output events that are
// empty then are dropped.
//
// The title in the header, the start, tags, markers, comments, input, the exit status
// and links to the web stay. So does the text on the screen, with its prompts.
// Transcripts of the result have to find the commands by their prompts.
func RemoveMetadata() Filter {
	return func(src format.Cast) format.Cast {
		src.Header = bareHeader(src.Header)
		events := src.Events
		src.Events = func(yield func(format.Event, error) bool) {
			var scan metadataScan
			empty := format.Event{Code: format.Output}
			dropped := false // empty is after the last event
			for ev, err := range events {
				if err == nil {
					switch ev.Code {
					case format.Output:
						data := ev.Data
						if ev.Data = scan.strip(data); ev.Data == "" && data != "" {
							empty.Time, dropped = ev.Time, true
							continue
						}
					case format.Input, format.Marker, format.Resize, format.Exit, format.Comment:
					default:
						continue
					}
				} else if rest := scan.rest(); rest != "" && !yield(format.Event{Time: empty.Time, Code: format.Output, Data: rest}, nil) {
					return
				}
				if !yield(ev, err) || err != nil {
					return
				}
				empty.Time, dropped = ev.Time, false
			}
			// The recording keeps its length.
			if empty.Data = scan.rest(); dropped || empty.Data != "" {
				yield(empty, nil)
			}
		}
		return src
	}
}

// bareHeader returns a header with what the picture needs, and what is meant for
// people.
func bareHeader(h format.Header) format.Header {
	redacted, unsigned := h.Redacted(), h.Unsigned() || h.Nonce() != ""
	h = format.Header{
		Size: h.Size, Term: h.Term, Start: h.Start, IdleLimit: h.IdleLimit, Title: h.Title, Tags: h.Tags, Duration: h.Duration,
	}
	h.Term.Extra = nil
	if redacted {
		h = h.SetRedacted(true)
	}
	if unsigned {
		h = h.SetUnsigned()
	}
	return h
}

// Metadata counts what a recording says beyond its picture; see [RemoveMetadata].
// Pass the header to AddHeader, and each event to Add.
type Metadata struct {
	Commands       int // command lines
	Directories    int // working directories, and documents
	Hosts          int // marks with the name of a host
	Marks          int // of prompts and commands, with or without a command line
	HistoryNumbers int // numbers of command lines in the shell's history
	Titles         int // of windows and icons
	Notifications  int // for the desktop
	Clipboard      int // texts for the clipboard
	Variables      int // variables of the environment, or the user's, in the output
	Contexts       int // nested sessions: of other users, hosts and containers
	Inputs         int // events of input
	Strings        int // control strings of other kinds
	Others         int // events of unknown kinds

	Nonce       bool     // the header has the nonce of the marks
	Command     bool     // the header has the command
	Environment []string // names of the variables in the header, in no order
	Keys        []string // other keys of the header that its format does not name

	scan metadataScan
}

// AddHeader counts what a header says.
func (m *Metadata) AddHeader(h format.Header) {
	m.Command = h.Command != ""
	for name := range h.Env {
		m.Environment = append(m.Environment, name)
	}
	for _, f := range append(h.Extra[:len(h.Extra):len(h.Extra)], h.Term.Extra...) {
		switch f.Key {
		case format.NonceKey:
			m.Nonce = true
		case format.RedactedKey, format.UnsignedKey:
		default:
			m.Keys = append(m.Keys, f.Key)
		}
	}
}

// Add counts what an event says.
func (m *Metadata) Add(ev format.Event) {
	switch ev.Code {
	case format.Output:
		m.scan.found = m.count
		m.scan.strip(ev.Data)
	case format.Input:
		m.Inputs++
	case format.Marker, format.Resize, format.Exit, format.Comment:
	default:
		m.Others++
	}
}

// count counts what a control string says: its first bytes.
func (m *Metadata) count(text string) {
	number, rest, _ := strings.Cut(strings.Map(printed, text), ";")
	if number != "" && strings.IndexByte("lLI", number[0]) >= 0 {
		number = "2"
	}
	url := func(url string) {
		m.Directories++
		_, place, _ := strings.Cut(url, "://")
		if host, _, _ := strings.Cut(place, "/"); host != "" {
			m.Hosts++
		}
	}
	switch number = unpadded(number); number {
	case "0", "1", "2", "30", "k":
		m.Titles++
	case "6", "7":
		url(rest)
	case "8": // a link that is not to the web
		if _, to, _ := strings.Cut(rest, ";"); strings.HasPrefix(to, "file:") {
			url(to)
		} else {
			m.Directories++
		}
	case "9":
		if strings.HasPrefix(rest, "9;") {
			m.Directories++
		} else {
			m.Notifications++
		}
	case "99", "777":
		m.Notifications++
	case "52", "5522":
		m.Clipboard++
	case "51": // of Emacs: A, user, host and directory
		if place, ok := strings.CutPrefix(rest, "A"); ok {
			m.Directories++
			m.Hosts += strings.Count(place[:max(0, strings.IndexByte(place, ':'))], "@")
		} else {
			m.Strings++
		}
	case "3008":
		m.Contexts++
		for field := range strings.SplitSeq(rest, ";") {
			switch key, _, _ := strings.Cut(field, "="); key {
			case "hostname":
				m.Hosts++
			case "cwd":
				m.Directories++
			case "cmdline":
				m.Commands++
			}
		}
	case "133", "633", "697":
		m.Marks++
		letter, fields, _ := strings.Cut(rest, ";")
		for field := range strings.SplitSeq(fields, ";") {
			key, _, _ := strings.Cut(field, "=")
			switch {
			case number == "133" && (key == "cmdline_url" || key == "cmdline"):
				m.Commands++
			case number == "133" && key == "hn":
				m.HistoryNumbers++
			case number == "633" && letter == "P" && key == "Cwd":
				m.Directories++
			case number == "697" && key == "Dir", number == "697" && strings.HasPrefix(letter, "Dir="):
				m.Directories++
			}
		}
		switch {
		case number == "633" && letter == "E":
			m.Commands++
		case number == "633" && strings.HasPrefix(letter, "Env"):
			m.Variables++
		}
	case "1337":
		key, value, _ := strings.Cut(rest, "=")
		switch key {
		case "CurrentDir":
			m.Directories++
		case "RemoteHost":
			if value != "" {
				m.Hosts++
			}
		case "SetUserVar":
			m.Variables++
		case "Copy":
			m.Clipboard++
		default:
			m.Strings++
		}
	default:
		m.Strings++
	}
}

// unpadded removes zeros before a number.
func unpadded(number string) string {
	last := max(0, len(number)-1)
	return strings.TrimLeft(number[:last], "0") + number[last:]
}

// printed removes control characters.
func printed(r rune) rune {
	if r < 0x20 || r == 0x7f {
		return -1
	}
	return r
}

// metadataScan finds the control strings that RemoveMetadata removes, as package vt
// reads them. The zero value is at the start of a stream.
type metadataScan struct {
	found func(text string) // if not nil, called with the first bytes of each

	held   []byte // the end of the stream so far, if it may begin a string or end one
	looked int    // bytes of held that need not be read again
	drop   bool   // inside a string to remove
	bell   bool   // BEL ends it
	text   []byte // its first bytes, for found
	out    []byte // reused
	state  int    // of a terminal that has read what was kept
	need   int    // bytes that the last character kept lacks
}

// States of a terminal.
const (
	inText     = iota
	inEscape   // after ESC
	inSequence // in a CSI sequence
	inOSC      // in a control string that BEL, too, ends
	inString   // in another control string
)

// keep keeps bytes of which at most the first begins a sequence with ESC.
func (s *metadataScan) keep(b []byte) {
	s.out = append(s.out, b...)
	s.need = lacking(s.need, b)
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case c == 0x1b:
			s.state = inEscape
		case c == 0xc2 && i+1 < len(b) && b[i+1] >= 0x80 && b[i+1] <= 0x9f:
			i++
			s.state = inText
			switch b[i] {
			case 0x9b:
				s.state = inSequence
			case 0x9d:
				s.state = inOSC
			case 0x90, 0x98, 0x9e, 0x9f:
				s.state = inString
			}
		case s.state == inText:
			next := bytes.IndexByte(b[i+1:], 0xc2)
			if next < 0 {
				return
			}
			i += next
		case c == 0x18 || c == 0x1a || c == 0x07 && s.state == inOSC:
			s.state = inText
		case c < 0x20 || s.state >= inOSC:
		case s.state == inSequence && c >= 0x40:
			s.state = inText
		case s.state == inEscape && c == '[':
			s.state = inSequence
		case s.state == inEscape && c == ']':
			s.state = inOSC
		case s.state == inEscape && strings.IndexByte("PX^_", c) >= 0:
			s.state = inString
		case s.state == inEscape && c >= 0x30:
			s.state = inText
		}
	}
}

// lacking returns the number of bytes that the last character lacks after text, if the
// one before lacked need.
func lacking[T string | []byte](need int, text T) int {
	for i := max(0, len(text)-utf8.UTFMax); i < len(text); i++ {
		switch c := text[i]; {
		case c >= 0xf5:
			need = 0
		case c >= 0xf0:
			need = 3
		case c >= 0xe0:
			need = 2
		case c >= 0xc2:
			need = 1
		case c >= 0x80:
			need = max(0, need-1)
		default:
			need = 0
		}
	}
	return need
}

// remove ends a sequence, or a broken character, that the one to be removed would have
// ended.
func (s *metadataScan) remove() {
	if s.state != inText || s.need > 0 {
		s.keep([]byte("\x1b\\"))
	}
}

const (
	maxDecide  = 64       // bytes that decide what a control string is
	maxLink    = 4 << 10  // and what a link leads to
	maxThrough = 64 << 10 // bytes of a sequence passed through tmux
	maxCounted = 64 << 10 // bytes of a control string that are counted
)

// rest ends the stream, and returns what is held, unless that ends a string to remove.
func (s *metadataScan) rest() string {
	rest := string(s.held)
	if s.held = nil; s.drop {
		return ""
	}
	return rest
}

// strip returns the next bytes of the stream without the strings to remove. It holds
// what may begin one until that is known; a terminal shows nothing of it before.
func (s *metadataScan) strip(data string) string {
	if len(s.held) == 0 && !s.drop && s.state == inText && strings.IndexByte(data, 0x1b) < 0 && strings.IndexByte(data, 0xc2) < 0 {
		s.need = lacking(s.need, data)
		return data
	}
	b := append(s.held, data...)
	s.held, s.out = nil, s.out[:0]
	for len(b) > 0 {
		n, ok := 0, false
		if s.drop {
			n, ok = s.dropped(b)
		} else {
			n = introducer(b)
			s.keep(b[:n])
			if b = b[n:]; len(b) == 0 {
				break
			}
			n, ok = s.sequence(b)
		}
		if b = b[n:]; !ok {
			s.held = b
			break
		}
	}
	return string(s.out)
}

// dropped reads a string that is removed. It returns the number of bytes it took, and
// false if more must be known.
func (s *metadataScan) dropped(b []byte) (n int, ok bool) {
	n, end, ok := stringEnd(b, s.bell)
	if s.found != nil {
		s.text = append(s.text, b[:min(n, maxCounted-len(s.text))]...)
	}
	if ok {
		s.drop = false
		if s.found != nil {
			s.found(string(s.text))
		}
	}
	return n + end, ok
}

// sequence reads the start of a sequence. It returns the number of bytes it took, and
// false if more must be known.
func (s *metadataScan) sequence(b []byte) (n int, ok bool) {
	if len(b) == 1 {
		return 0, false
	}
	keep := func(n int) (int, bool) {
		s.keep(b[:n])
		return n, true
	}
	switch {
	case b[0] == 0x1b && b[1] == ']', b[0] == 0xc2 && b[1] == 0x9d:
		remove, known := isMetadata(b[2:])
		link, limit := isLink(b[2:]), maxDecide
		if link {
			limit = maxLink
		}
		if !known && len(b) < limit {
			return 0, false
		}
		if known && !remove {
			return keep(2)
		}
		s.begin("")
		if s.bell = true; link { // it ends the one before
			s.keep([]byte("\x1b]8;;\x1b\\"))
		}
	case b[0] == 0x1b && b[1] == 'P', b[0] == 0xc2 && b[1] == 0x90:
		if remove, known := isMessage(b[2:]); !known {
			return 0, false
		} else if !remove {
			return s.passedOn(b, keep)
		}
		s.begin("P;")
	case b[0] == 0x1b && b[1] == '_', b[0] == 0xc2 && b[1] == 0x9f:
		if len(b) == 2 {
			return 0, false
		}
		if b[2] == 'G' { // an image, of kitty
			return keep(2)
		}
		s.begin("_;")
	case b[0] == 0x1b && (b[1] == '^' || b[1] == 'X'), b[0] == 0xc2 && (b[1] == 0x9e || b[1] == 0x98):
		s.begin("^;")
	case b[0] == 0x1b && b[1] == 'k':
		s.begin("k;")
	default:
		return keep(1)
	}
	return 2, true
}

// begin begins a string to remove, of a kind for count.
func (s *metadataScan) begin(kind string) {
	s.remove()
	s.drop, s.bell, s.text = true, false, append(s.text[:0], kind...)
}

// messages are the starts of DCS that draw nothing: kitty's commands, what shells tell
// Warp, and tmux -CC.
var messages = []string{"@kitty-", "$d", "$f", "1000p"}

// isMessage reports whether the DCS with this content is to be removed; known is false
// if more of it must be read.
func isMessage(b []byte) (remove, known bool) {
	known = true
	for _, start := range messages {
		if n := min(len(b), len(start)); string(b[:n]) == start[:n] {
			if n == len(start) {
				return true, true
			}
			known = false
		}
	}
	return false, known
}

// tmuxIntro follows the introducer of a DCS whose content tmux passes on to its
// terminal. Each ESC in it is doubled.
const tmuxIntro = "tmux;"

// passedOn is sequence for a DCS.
func (s *metadataScan) passedOn(b []byte, keep func(int) (int, bool)) (n int, ok bool) {
	body := b[2:]
	if start := body[:min(len(body), len(tmuxIntro))]; string(start) != tmuxIntro[:len(start)] {
		return keep(2)
	}
	for i := max(2+len(tmuxIntro), s.looked); i < len(b) && i < maxThrough; {
		switch {
		case b[i] == 0x18 || b[i] == 0x1a:
			s.looked = 0
			return keep(2)
		case b[i] != 0x1b:
			i++
			continue
		case i+1 == len(b):
			s.looked = i
			return 0, false
		case b[i+1] == 0x1b:
			i += 2
			continue
		case b[i+1] != '\\':
			s.looked = 0
			return keep(2)
		}
		s.looked = 0
		inner := strings.ReplaceAll(string(b[2+len(tmuxIntro):i]), "\x1b\x1b", "\x1b")
		// Other terminals end the DCS at the first ESC, and print what follows.
		within := metadataScan{found: s.found, state: inString}
		left := within.strip(inner) + within.rest()
		s.remove()
		switch left {
		case "", "\x1b\\":
		case inner:
			s.out = append(s.out, b[:i+2]...)
		default:
			s.out = append(s.out, "\x1bP"+tmuxIntro+strings.ReplaceAll(left, "\x1b", "\x1b\x1b")+"\x1b\\"...)
		}
		return i + 2, true
	}
	if len(b) >= maxThrough {
		s.looked = 0
		return keep(2)
	}
	s.looked = len(b)
	return 0, false
}

// stringControls are the second bytes of the controls that begin strings.
var stringControls = []byte{0x90, 0x98, 0x9d, 0x9e, 0x9f}

// introducer returns the index of the first byte that may begin a control string.
func introducer(b []byte) int {
	for i, c := range b {
		if c == 0x1b || c == 0xc2 && (i+1 == len(b) || bytes.IndexByte(stringControls, b[i+1]) >= 0) {
			return i
		}
	}
	return len(b)
}

// stringEnd returns the number of bytes of a control string before its end, and of the
// control that ends it; none if that begins something else. ok is false if the end, or
// the rest of it, is still to come. bell means that BEL, too, ends it.
func stringEnd(b []byte, bell bool) (n, end int, ok bool) {
	for i, c := range b {
		last := i+1 == len(b)
		switch {
		case c == 0x07 && bell || c == 0x18 || c == 0x1a:
			return i, 1, true
		case (c == 0x1b || c == 0xc2) && last:
			return i, 0, false
		case c == 0x1b && b[i+1] == '\\', c == 0xc2 && b[i+1] == 0x9c:
			return i, 2, true
		case c == 0x1b, c == 0xc2 && b[i+1] >= 0x80 && b[i+1] <= 0x9f:
			return i, 0, true
		}
	}
	return len(b), 0, false
}

// isMetadata reports whether the OSC with this content is to be removed; known is
// false if more of it must be read.
func isMetadata(b []byte) (remove, known bool) {
	over := false // the string is at its end
	word := func() (word string, known bool) {
		var text []byte
		for i, c := range b {
			switch {
			case c == 0x07 || c == 0x18 || c == 0x1a || c == 0x1b || c == 0xc2:
				over = true
				return string(text), true
			case c == ';', c == '=':
				b = b[i+1:]
				return string(text), true
			case c < 0x20 || c == 0x7f: // not part of the content
			default:
				if text = append(text, c); len(text) > 24 {
					return string(text), true
				}
			}
		}
		return string(text), false
	}
	number, known := word()
	if number != "" && strings.IndexByte("PR", number[0]) >= 0 {
		return false, true // Linux's palette
	}
	if !known {
		return true, strings.Trim(number, "0123456789") != ""
	}
	switch unpadded(number) {
	case "8":
		if over {
			return false, true
		}
		return isLocal(b)
	case "4", "5", "10", "11", "12", "13", "14", "15", "16", "17", "18", "19", "21", "22", "50", "66",
		"104", "105", "110", "111", "112", "113", "114", "115", "116", "117", "118", "119":
		return false, true
	case "1337":
		if over {
			return true, true
		}
		key, known := word()
		switch key {
		case "File", "MultipartFile", "FilePart", "FileEnd", "ClearScrollback", "CursorShape",
			"SetColors", "SetBackgroundImageFile", "HighlightCursorLine", "UnicodeVersion":
			return false, known
		}
		return true, known
	}
	return true, true
}

// isLink reports whether the content of an OSC is that of a link.
func isLink(b []byte) bool { return bytes.HasPrefix(bytes.TrimLeft(b, "0"), []byte("8;")) }

// web lists the schemes of links that mean the same on all machines.
var web = []string{"http", "https", "ftp", "gemini", "mailto"}

// isLocal reports whether a link, of which b has the parameters and the URL, leads to
// something on the machine; known is false if more of it must be read.
func isLocal(b []byte) (local, known bool) {
	scheme, inURL := "", false
	for _, c := range b {
		switch {
		case c == 0x07 || c == 0x18 || c == 0x1a || c == 0x1b || c == 0xc2:
			return scheme != "" && inURL, true
		case !inURL:
			inURL = c == ';'
		case c == ':':
			return !slices.Contains(web, strings.ToLower(scheme)), true
		case c < 0x20 || c == 0x7f: // not part of the content
		default:
			if scheme += string(rune(c)); len(scheme) > 24 {
				return true, true
			}
		}
	}
	return false, false
}
