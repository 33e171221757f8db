//go:build !linux

package sessions

import (
	"errors"
	"fmt"
	"io"
)

// Announce announces to every [List] on this host that this process records the
// session. It needs Linux; elsewhere the error wraps
// [errors.ErrUnsupported].
func Announce(*Session) (io.Closer, error) {
	return nil, fmt.Errorf("announcing a recording: %w", errors.ErrUnsupported)
}
