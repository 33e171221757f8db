//go:build !linux

package sessions

import (
	"errors"
	"fmt"
	"io"
)

// Announce lets every [List] on this host know that this process records the
// session of tty. It needs Linux.
func Announce(TTY) (io.Closer, error) {
	return nil, fmt.Errorf("announcing a recording: %w", errors.ErrUnsupported)
}
