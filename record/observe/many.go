package observe

import (
	"context"
	"sync"
	"time"

	"github.com/ttydeck/ttydeck/record/sessions"
)

// Many records sessions as they come and go, each by an [Observer] of its own.
// It is used once.
type Many struct {
	// Want chooses the sessions; nil: all. Those that are recorded already,
	// and those whose terminal nobody is seen to hold, are left out of
	// themselves.
	Want func(*sessions.Session) bool
	// Begin gives the Observer of a session, with its Writer. It is called once
	// for each. An error is passed to End, and the others go on.
	Begin func(sessions.Session) (*Observer, error)
	// End, if not nil, is told what became of each: context.Canceled if ctx
	// ended before it had begun. It may be called by several goroutines at once.
	End func(sessions.Session, Result, error)
	// Every is how long a session may run before it is found; a second if 0.
	Every time.Duration
}

// Run records until ctx ends, which is no error, and all recordings have ended
// then. An error is that sessions cannot be listed at all.
func (m *Many) Run(ctx context.Context) error {
	every := m.Every
	if every <= 0 {
		every = time.Second
	}
	type key struct {
		pid   int
		start uint64
	}
	seen := map[key]bool{}
	var lister sessions.Lister
	var running sync.WaitGroup
	defer running.Wait()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		list, err := lister.List()
		if err != nil {
			return err
		}
		here := map[key]bool{}
		for _, s := range list.Sessions {
			k := key{s.Leader.PID, s.Leader.StartTicks}
			if seen[k] { // also one that could not be recorded: it is not tried again
				here[k] = true
				continue
			}
			held := len(s.Holders) > 0 && !s.Holders[0].Inferred
			if s.Leader.PID == 0 || !held || s.Recording != nil || m.Want != nil && !m.Want(&s) {
				continue
			}
			here[k] = true
			running.Go(func() { m.one(ctx, s) })
		}
		seen = here // those that are gone are forgotten
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

func (m *Many) one(ctx context.Context, s sessions.Session) {
	o, err := m.Begin(s)
	var result Result
	if err == nil {
		result, err = o.Run(ctx)
	}
	if m.End != nil {
		m.End(s, result, err)
	}
}
