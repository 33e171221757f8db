package observe

import (
	"context"
	"sync"
	"time"

	"github.com/ttydeck/ttydeck/record/sessions"
)

// Many records all sessions as they come and go, each with an [Observer] of its
// own. Call Run once.
type Many struct {
	// Want chooses the sessions to record; nil means all. Many itself skips
	// sessions that are recorded already, and those whose terminal no visible
	// process holds. One goroutine calls Want, for a session that it declines
	// more than once.
	Want func(*sessions.Session) bool
	// Begin returns the Observer of a session, with its Writer. It must be set. It
	// is called once per session, by several goroutines at once. Many passes an
	// error on to End and goes on with the other sessions.
	Begin func(sessions.Session) (*Observer, error)
	// End, if not nil, is called with the result and error of each recording; the
	// error is that of ctx if ctx ended before the recording began. Several
	// goroutines may call it at once.
	End func(sessions.Session, Result, error)
	// Every is the interval between two listings; 0 means a second.
	Every time.Duration
}

// Run records until ctx ends, which is no error, and returns when all
// recordings have ended. It returns an error if it cannot list the sessions.
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
			if seen[k] { // a session that could not be recorded is not tried again
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
		seen = here // forget sessions that have ended
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
