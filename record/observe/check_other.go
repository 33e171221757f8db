//go:build !linux

package observe

import (
	"context"
	"errors"
)

// Checks tries which methods this host allows to this process, by using them
// on nothing.
func Checks(context.Context) []Check {
	return []Check{{Name: "observe", Detail: errors.ErrUnsupported.Error()}}
}
