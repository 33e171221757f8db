//go:build unix

package format

import (
	"syscall"
	"time"
)

// cpuTime returns the processor time used by this process. Unlike wall time, it
// does not depend on other load on the machine.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
