//go:build !linux && !darwin

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
)

// NoFollow does nothing on this system.
const NoFollow = 0

// Lock does nothing on this system.
func Lock(*os.File) error { return nil }

func dup(int, string) (*os.File, error) { return nil, errors.ErrUnsupported }

func isForeign(fs.FileInfo) bool { return false }
