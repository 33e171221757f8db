//go:build !linux

package observe

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/record/sessions"
)

type target struct {
	size format.Size
	env  map[string]string
}

func newTarget(sessions.Session) (*target, error) {
	return nil, fmt.Errorf("observing a session: %w", errors.ErrUnsupported)
}

func (t *target) close()                           {}
func (t *target) redraw()                          {}
func (t *target) present() error                   { return nil }
func (t *target) currentSize() (format.Size, bool) { return format.Size{}, false }
func monotonic() int64                             { return 0 }

func run(context.Context, Method, *target, *sink) error { return errors.ErrUnsupported }

// Guard is the guard of a lossless [Observer] on Linux. Elsewhere it returns
// [errors.ErrUnsupported].
func Guard(stdin, stdout *os.File, args []string) error { return errors.ErrUnsupported }
