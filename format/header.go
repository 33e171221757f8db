package format

import (
	"reflect"
	"slices"
	"strconv"
	"time"
)

// Header describes the session as a whole. The zero value of a field means
// unknown.
//
// An asciicast header that was read and is equal to what was read is written
// byte for byte. That comparison shares the maps, slices and the Theme with
// the header: to change them, assign a changed copy, not an element.
type Header struct {
	Size Size // of the terminal at the start
	Term Term // the terminal
	// Start is the time at which the session began; formats keep it to the
	// second.
	Start time.Time
	// IdleLimit asks players to shorten every pause to it. The events still
	// have their full pauses; a program that shortens them sets it to zero.
	IdleLimit time.Duration
	Command   string            // the recorded command line; empty for a shell
	Title     string            // a title for people
	Env       map[string]string // selected environment variables, without TERM (see Term.Type)
	Tags      []string          // labels; only asciicast has them
	// Duration is the recording's length according to its header. It may be
	// wrong; the last event's time is right.
	Duration time.Duration
	// Extra holds the keys that the format's specification does not name,
	// in the order of the file.
	Extra []Field

	// source is the text that the header was read from, so that it can be
	// written again byte for byte; nil for a header that a program made.
	source *source
}

// Term is the terminal that a session was recorded in.
type Term struct {
	Type    string  // $TERM
	Version string  // the terminal's answer to XTVERSION, such as "tmux 3.3a"
	Theme   *Theme  // nil when unknown
	Extra   []Field // the keys that the format's specification does not name
}

// Field is a key of a header that its format does not know.
type Field struct {
	Key  string // the key, not quoted
	JSON string // the value, JSON text on one line
}

// NonceKey is the key in Header.Extra of the recording's nonce, a JSON string.
// The shell integration puts this secret into its marks, so that a reader can
// tell them from marks that a program printed. Anyone who can read the
// recording while it is made can read the nonce in the marks too.
const NonceKey = "ttydeck_nonce"

// Nonce returns the nonce of the recording's marks; "" if there is none.
func (h Header) Nonce() string {
	for _, f := range h.Extra {
		if f.Key == NonceKey {
			if s, err := strconv.Unquote(f.JSON); err == nil {
				return s
			}
		}
	}
	return ""
}

// RedactedKey is the key in Header.Extra of a recording whose secrets were removed; its
// value is true.
const RedactedKey = "ttydeck_redacted"

// Redacted reports whether the recording says that its secrets were removed. It cannot
// say so in a format other than asciicast.
func (h Header) Redacted() bool {
	return slices.ContainsFunc(h.Extra, func(f Field) bool { return f.Key == RedactedKey && f.JSON == "true" })
}

// SetRedacted returns a copy of h that says whether the secrets were removed.
func (h Header) SetRedacted(redacted bool) Header {
	h.Extra = slices.DeleteFunc(slices.Clone(h.Extra), func(f Field) bool { return f.Key == RedactedKey })
	if redacted {
		h.Extra = append(h.Extra, Field{Key: RedactedKey, JSON: "true"})
	}
	return h
}

// UnsignedKey is the key in Header.Extra of a recording that had a nonce, which was
// removed, and with it the marks that it signed; its value is true.
const UnsignedKey = "ttydeck_unsigned"

// Unsigned reports whether the recording says that its nonce was removed.
func (h Header) Unsigned() bool {
	return slices.ContainsFunc(h.Extra, func(f Field) bool { return f.Key == UnsignedKey && f.JSON == "true" })
}

// SetUnsigned returns a copy of h, without its nonce, that says that it was removed.
func (h Header) SetUnsigned() Header {
	h.Extra = slices.DeleteFunc(slices.Clone(h.Extra), func(f Field) bool { return f.Key == UnsignedKey || f.Key == NonceKey })
	h.Extra = append(h.Extra, Field{Key: UnsignedKey, JSON: "true"})
	return h
}

// source keeps the form that an asciicast's header had in its file.
type source struct {
	version  int    // of asciicast
	text     string // the header's line; empty if it had several lines or a fault
	decimals int    // digits after the point in the first event's time
	parsed   Header // text as parsed
}

// verbatim returns the text that h was read from, if its version is version and
// h has not changed since.
func (h Header) verbatim(version int) (string, bool) {
	src := h.source
	if src == nil || src.version != version || src.text == "" {
		return "", false
	}
	h.source = nil
	return src.text, reflect.DeepEqual(h, src.parsed)
}
