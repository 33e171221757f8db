//go:build !linux

package sessions

import (
	"errors"
	"fmt"
)

// List returns the sessions that run now. It needs Linux' /proc; elsewhere the
// error wraps [errors.ErrUnsupported].
func (l *Lister) List() (*Listing, error) {
	return nil, fmt.Errorf("listing terminal sessions: %w", errors.ErrUnsupported)
}
