package observe

import (
	"context"
	"fmt"
)

// run records with one method: until the session ends (nil), or ctx does.
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
	return fmt.Errorf("%q: no such method", m)
}
