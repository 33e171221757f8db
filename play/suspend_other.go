//go:build !unix

package play

import "os"

// notifyContinue returns a channel that never receives: processes are not stopped
// on this system.
func notifyContinue() (<-chan os.Signal, func()) { return nil, func() {} }
