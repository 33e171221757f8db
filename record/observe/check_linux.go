package observe

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Checks tries each method without recording anything, and returns which of
// them this process may use on this host, in the order of [Methods].
func Checks(ctx context.Context) []Check {
	checks := []Check{checkTmux(ctx)}
	for _, try := range []struct {
		m  Method
		do func() (string, error)
	}{
		{Fexit, func() (string, error) { return tryProbe(loadFexit(1<<30, 0, false)) }}, // a terminal that does not exist
		{SysExit, func() (string, error) {
			p, _, err := loadExit()
			return tryProbe(p, err)
		}},
		{Ptrace, tryPtrace},
	} {
		detail, err := try.do()
		if err != nil {
			detail = err.Error()
		}
		checks = append(checks, Check{string(try.m), err == nil, detail})
	}
	return checks
}

func checkTmux(ctx context.Context) Check {
	out, err := exec.CommandContext(ctx, "tmux", "-V").Output()
	if err != nil {
		return Check{string(Tmux), false, err.Error()}
	}
	return Check{string(Tmux), true, string(bytes.TrimSpace(out)) + "; for panes of servers whose socket you can open"}
}

// tryProbe attaches loaded programs for a moment.
func tryProbe(p *probe, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer p.close()
	return "for sessions of all users whose holder is visible", p.attach()
}

// tryPtrace attaches to a child, and returns for which other processes that
// would work.
func tryPtrace() (string, error) {
	cmd := exec.Command("sleep", "10")
	if err := cmd.Start(); err != nil {
		return "", err
	}
	defer func() {
		cmd.Process.Kill()
		cmd.Wait()
	}()
	result := make(chan error)
	go func() {
		runtime.LockOSThread()
		err := ptrace(unix.PTRACE_SEIZE, cmd.Process.Pid, 0, 0)
		result <- err
		if unix.Gettid() == os.Getpid() {
			runtime.UnlockOSThread() // the first thread cannot end; the child's death detaches it
		}
	}()
	if err := <-result; err != nil {
		return "", fmt.Errorf("tracing a child: %w", err)
	}
	if hasCapability(unix.CAP_SYS_PTRACE) {
		return "for sessions of all users", nil
	}
	switch scope, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope"); {
	case errors.Is(err, os.ErrNotExist) || err == nil && strings.HasPrefix(string(scope), "0"):
		return "for sessions whose holder runs as you; sshd's sessions need CAP_SYS_PTRACE", nil
	case err != nil:
		return "", err
	default:
		return "", fmt.Errorf("kernel.yama.ptrace_scope is %s: needs CAP_SYS_PTRACE", strings.TrimSpace(string(scope)))
	}
}

// hasCapability reports whether this process has an effective capability.
func hasCapability(number int) bool {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false
	}
	set, err := strconv.ParseUint(statusField(text, "CapEff"), 16, 64)
	return err == nil && set>>number&1 != 0
}
