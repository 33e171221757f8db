//go:build !linux

package observe

import (
	"context"
	"errors"
)

// Checks returns that no method works on this system.
func Checks(context.Context) []Check {
	return []Check{{Name: "observe", Detail: errors.ErrUnsupported.Error()}}
}
