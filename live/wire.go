package live

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/ttydeck/ttydeck/format"
)

// protocol is the WebSocket subprotocol of the messages that are documented in the
// package comment. A client and a session of which one does not know it use the
// older messages.
const protocol = "ttydeck.v2"

// message is a text message, of both protocols.
type message struct {
	Kind   string `json:"kind"`
	Cols   int    `json:"cols,omitempty"`
	Rows   int    `json:"rows,omitempty"`
	Lost   int64  `json:"lost,omitempty"`
	Micros int64  `json:"us,omitempty"`
	Status int    `json:"status,omitempty"`
}

// oldSize is the kind of a text message of the older protocol: the program's
// terminal has a new size.
const oldSize = "size"

// appendEvents appends the encoding of events: for each the time in microseconds,
// the code, the length of the data, and the data. Numbers are varints.
func appendEvents(dst []byte, events []format.Event) []byte {
	for _, ev := range events {
		if len(ev.Code) != 1 {
			continue
		}
		dst = binary.AppendUvarint(dst, uint64(ev.Time.Microseconds()))
		dst = append(dst, ev.Code[0])
		dst = binary.AppendUvarint(dst, uint64(len(ev.Data)))
		dst = append(dst, ev.Data...)
	}
	return dst
}

var errMessage = errors.New("the session sent a malformed message")

// parseEvents decodes events.
func parseEvents(b []byte) (events []format.Event, err error) {
	for len(b) > 0 {
		if len(events) == maxEvents {
			return nil, errMessage
		}
		us, n := binary.Uvarint(b)
		if n <= 0 || n == len(b) || us > maxMicros {
			return nil, errMessage
		}
		code := b[n]
		b = b[n+1:]
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return nil, errMessage
		}
		data := b[n : n+int(size)]
		b = b[n+int(size):]
		events = append(events, format.Event{Time: time.Duration(us) * time.Microsecond, Code: format.Code(rune(code)), Data: string(data)})
	}
	return events, nil
}

// maxEvents is the most events in a message. A session sends a few hundred; another
// user's may try to fill the memory with empty ones.
const maxEvents = 1 << 16

// maxMicros is the latest time of an event, in microseconds: a century.
const maxMicros = 100 * 366 * 24 * 3600 * 1000 * 1000
