package observe

import (
	"context"
	"errors"
)

// run records with one method until the session ends (nil) or ctx ends.
func run(ctx context.Context, m Method, t *target, s *sink) error {
	switch m {
	case Tmux:
		return runTmux(ctx, t, s)
	case Fexit:
		return runFexit(ctx, t, s)
	case SysExit:
		return runSysExit(ctx, t, s)
	case Ptrace:
		return runPtrace(ctx, t, s)
	}
	return errors.New("no such method")
}
