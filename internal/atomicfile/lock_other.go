//go:build !linux && !darwin

package atomicfile

import "os"

// NoFollow does nothing on this system.
const NoFollow = 0

// Lock does nothing on this system.
func Lock(*os.File) error { return nil }
