package format

import (
	"reflect"
	"strconv"
	"time"
)

// Header is what a recording says about the session as a whole. Every field
// may be unknown: its zero value then.
type Header struct {
	Size Size
	Term Term
	// Start is when the session began; formats keep it to the second.
	Start time.Time
	// IdleLimit asks players to shorten every pause to it. Events are not
	// shortened by it yet; whoever applies it sets it to zero.
	IdleLimit time.Duration
	Command   string // the command line that was recorded; empty for a shell
	Title     string
	Env       map[string]string // chosen environment variables, without TERM (see Term.Type)
	Tags      []string          // asciicast v3
	// Duration is the recording's length as its header tells it. It may be
	// wrong: the last event's time is right.
	Duration time.Duration
	// Extra holds the keys that the format's specification does not name, in
	// the order of the file.
	Extra []Field

	// source is where the header was read from, so that it can be written
	// again byte for byte; nil for a header made by a program.
	source *source
}

// Term is the terminal that a session was recorded in.
type Term struct {
	Type    string // $TERM
	Version string // the answer to XTVERSION, such as "tmux 3.3a"
	Theme   *Theme // nil when unknown
	Extra   []Field
}

// Theme is a terminal's colours.
type Theme struct {
	Fg, Bg  RGB
	Palette []RGB // the first 8 or 16 colours
}

// RGB is a colour.
type RGB struct{ R, G, B uint8 }

// Field is a key of a header that the format does not know.
type Field struct {
	Key  string
	JSON string // its value, JSON text on one line
}

// NonceKey is the key of Header.Extra that holds a recording's nonce, a JSON
// string: the secret that its own shell integration puts into its marks, by
// which they are told from those that a program has printed. Who can read the
// recording while it is made can read it out of the marks as well.
const NonceKey = "ttydeck_nonce"

// Nonce gives the nonce of the recording's marks; "" if there is none.
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

// source keeps how an asciicast's header stood in its file.
type source struct {
	version  int    // of asciicast
	text     string // the header's line; empty if it had several, or a fault
	decimals int    // digits after the point in the first event's time
	parsed   Header // what text was read as
}

// verbatim gives the text that h was read from, if it was of that version and h
// has not been changed since.
func (h Header) verbatim(version int) (string, bool) {
	src := h.source
	if src == nil || src.version != version || src.text == "" {
		return "", false
	}
	h.source = nil
	return src.text, reflect.DeepEqual(h, src.parsed)
}
