package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/live"
	"github.com/ttydeck/ttydeck/live/attach"
	"github.com/ttydeck/ttydeck/play"
	"github.com/ttydeck/ttydeck/record"
	"golang.org/x/sys/unix"
)

type attachOptions struct {
	detach record.Key
	quiet  bool
}

func (o *attachOptions) keys() record.Keys {
	keys := record.DefaultKeys
	keys.Detach = o.detach
	return keys
}

func detachKeyFlag(o *attachOptions) *flag {
	o.detach, _ = record.ParseKey("d")
	return keyFlag(&o.detach, "detach-key", "detach with C-\\ `KEY`")
}

func attachCommand(e *env) *command {
	var o attachOptions
	return &command{
		name:     "attach",
		purpose:  "attach this terminal to a session",
		args:     "[NAME]",
		examples: []string{"ttydeck attach deploy"},
		about: `Shows the session NAME of ttydeck run or ttydeck rec in this terminal, and types your keys into it.
Without NAME, attaches to the only session. C-\ d detaches, C-\ p pauses and resumes the recording,
C-\ m adds a marker. Several terminals can be attached at once.

A session of ttydeck rec keeps the size of its own terminal; a smaller terminal shows the part around
the cursor. The screen of another user's session, NAME@USER, is drawn by ttydeck: that session cannot
set your clipboard or title, or query your terminal.`,
		flags: []group{{"Terminal", []*flag{detachKeyFlag(&o), quietFlag(&o.quiet)}}},
		first: runningSessions,
		run: func(ctx context.Context, args []string) error {
			if err := e.need(args, 0, 1, ""); err != nil {
				return err
			}
			return runAttach(ctx, e, append(args, "")[0], o)
		},
	}
}

func watchCommand(e *env) *command {
	var noUI, quiet bool
	return &command{
		name:     "watch",
		purpose:  "watch a session",
		args:     "[NAME]",
		examples: []string{"ttydeck watch deploy"},
		about: `Shows the running session NAME, or the only session, in the player. Your keys control the player, and
are not typed into the session. You can pause, go back, search, and return to the present with F.
If output comes too fast to be shown, it is skipped and a marker is added; the screen is correct again
after that.

` + keyTable("KEYS", play.Keys()),
		flags: []group{{"Display", []*flag{noUIFlag(&noUI), quietFlag(&quiet)}}},
		first: runningSessions,
		run: func(ctx context.Context, args []string) error {
			if err := e.need(args, 0, 1, ""); err != nil {
				return err
			}
			return runWatch(ctx, e, append(args, "")[0], &play.Player{Follow: true, NoUI: noUI}, quiet)
		},
	}
}

// runWatch plays a running session.
func runWatch(ctx context.Context, e *env, name string, p *play.Player, quiet bool) error {
	client, name, _, err := openOutside(ctx, e, name)
	if err != nil {
		return err
	}
	defer client.Close()
	boundMemory(playMemory)
	ctx, stop := untilSignal(ctx)
	defer stop()
	stream, err := client.Watch(ctx)
	if err != nil {
		return err
	}
	defer stream.Close()
	if p.Cast, err = stream.Cast(ctx); err != nil {
		return err
	}
	p.Cast.Header.Title = name
	if !tty.IsTerminal(e.out) {
		p.Output = e.out
	}
	p.Warn = func(msg string) { e.notef("%s", msg) }
	err = p.Run(ctx)
	if errors.Is(err, play.ErrInterrupted) {
		return statusError{status: exitInterrupted}
	}
	if err == nil && !quiet {
		if status, ok := stream.Ended(); ok {
			e.notef("%s ended with exit status %d", name, status)
		} else {
			e.notef("stopped watching %s, which goes on", name)
		}
	}
	return err
}

// openOutside is openSession for commands that show a session. It refuses the
// session in which the command runs, as that would show its own output without
// end. In a session inside that session only the name can tell, which fails if the
// session was renamed.
func openOutside(ctx context.Context, e *env, name string) (*live.Client, string, live.State, error) {
	client, name, err := openSession(ctx, name)
	if err != nil {
		return nil, "", live.State{}, err
	}
	st, err := client.State(ctx)
	if sid, serr := unix.Getsid(0); err == nil && (serr == nil && sid == st.PID || e.getenv("TTYDECK_SESSION") == name) {
		err = withHint(fmt.Errorf("cannot show %s inside itself", name), "use another terminal")
	}
	if err != nil {
		client.Close()
		return nil, "", st, err
	}
	return client, name, st, nil
}

// runAttach attaches the terminal to a session until one of them ends.
func runAttach(ctx context.Context, e *env, name string, opts attachOptions) error {
	client, name, st, err := openOutside(ctx, e, name)
	if err != nil {
		return err
	}
	defer client.Close()
	boundMemory(playMemory)
	a := attach.Attachment{Client: client, Process: st.Process, Keys: opts.keys(), Getenv: e.getenv}
	end, err := a.Run(ctx)
	lost := ""
	if end.Lost > 0 {
		lost = fmt.Sprintf("; %d bytes of output came too fast to be shown here", end.Lost)
	}
	switch {
	case errors.Is(err, attach.ErrNoTerminal):
		return withHint(err, "to print the session's screen: ttydeck screen "+name)
	case err != nil:
		return err
	case opts.quiet:
	case end.Detached:
		e.notef("detached from %s, which goes on%s", name, lost)
	default:
		e.notef("%s ended with exit status %d%s", name, end.Status, lost)
	}
	return nil
}
