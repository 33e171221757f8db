//go:build unix

package format

import (
	"syscall"
	"time"
)

// cpuTime gives the processor time that this process has used. Unlike the time
// that passes, it does not depend on what else the machine does.
func cpuTime() time.Duration {
	var usage syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &usage) != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
