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

// Checks tries which methods this host allows to this process, by using them
// on nothing.
func Checks(ctx context.Context) []Check {
	checks := []Check{checkTmux(ctx)}
	for _, try := range []struct {
		m  Method
		do func() (string, error)
	}{
		{Fexit, func() (string, error) { return tryProbe(loadFexit(1<<30, 0, false)) }}, // a terminal that is not there
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
	return Check{string(Tmux), true, string(bytes.TrimSpace(out)) + "; for sessions in a server whose socket you may use"}
}

// tryProbe lets loaded programs run for a moment, with nothing to look at.
func tryProbe(p *probe, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer p.close()
	return "for sessions of every user whose holder can be seen", p.attach()
}

// tryPtrace attaches to a child, and tells what is needed for others.
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
			runtime.UnlockOSThread() // the first thread cannot end; killing the child ends it as well
		}
	}()
	if err := <-result; err != nil {
		return "", fmt.Errorf("tracing a child: %w", err)
	}
	if hasCapability(unix.CAP_SYS_PTRACE) {
		return "for sessions of every user", nil
	}
	switch scope, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope"); {
	case errors.Is(err, os.ErrNotExist) || err == nil && strings.HasPrefix(string(scope), "0"):
		return "for sessions that a program of yours holds; sshd's need CAP_SYS_PTRACE", nil
	case err != nil:
		return "", err
	default:
		return "", fmt.Errorf("kernel.yama.ptrace_scope is %s: needs CAP_SYS_PTRACE", strings.TrimSpace(string(scope)))
	}
}

// hasCapability says whether this process has a capability in effect.
func hasCapability(number int) bool {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false
	}
	set, err := strconv.ParseUint(statusField(text, "CapEff"), 16, 64)
	return err == nil && set>>number&1 != 0
}
