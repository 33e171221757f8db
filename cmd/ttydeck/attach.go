package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"

	"github.com/coder/websocket"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/live"
	"github.com/ttydeck/ttydeck/play"
	"github.com/ttydeck/ttydeck/record"
	"github.com/urfave/cli/v2"
)

type attachOptions struct {
	keys  record.Keys
	quiet bool
}

func detachKeyFlag() cli.Flag {
	return &cli.StringFlag{Name: "detach-key", Usage: "`KEY` that leaves the session, behind C-\\", Value: "d"}
}

func attachKeys(c *cli.Context) (record.Keys, error) {
	keys := record.DefaultKeys
	var err error
	if keys.Detach, err = record.ParseKey(c.String("detach-key")); err != nil {
		return keys, usageError{fmt.Errorf("--detach-key: %w", err)}
	}
	return keys, nil
}

func attachCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "attach",
		Usage:     "attach this terminal to a session",
		ArgsUsage: "[NAME]",
		Description: `Shows the session NAME, one of ttydeck run or ttydeck rec, and types into it. Without NAME it is the only one that runs.
C-\ d leaves it, C-\ p pauses and resumes its recording, C-\ m sets a marker. Several terminals can be attached at once.`,
		Flags: []cli.Flag{detachKeyFlag(), &cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "say nothing but errors"}},
		Action: func(c *cli.Context) error {
			keys, err := attachKeys(c)
			if err != nil {
				return err
			}
			args, err := fileArgs(c, 0, 1, "")
			if err != nil {
				return err
			}
			return runAttach(c.Context, e, append(args, "")[0], attachOptions{keys: keys, quiet: c.Bool("quiet")})
		},
	}
}

func watchCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "watch",
		Usage:     "watch a session",
		ArgsUsage: "[NAME]",
		Description: `Shows the session NAME as it goes on, in the player, and types nothing into it: stop, go back to what you have
seen, search it, and go on with F. Without NAME it is the only session that runs. q leaves it. What comes faster than it
can be shown is passed over, with a marker: the screen is then as it is.

` + keyTable(),
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "no-ui", Usage: "show the session alone: no bar, no messages, no mouse"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "say nothing but errors"},
		},
		Action: func(c *cli.Context) error {
			args, err := fileArgs(c, 0, 1, "")
			if err != nil {
				return err
			}
			return runWatch(c.Context, e, append(args, "")[0], &play.Player{Follow: true, NoUI: c.Bool("no-ui")}, c.Bool("quiet"))
		},
	}
}

// runWatch plays a session as it goes on.
func runWatch(ctx context.Context, e *env, name string, p *play.Player, quiet bool) error {
	client, name, err := openSession(ctx, name)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := notInside(name); err != nil {
		return err
	}
	boundMemory()
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
			e.notef("%s has ended with status %d", name, status)
		} else {
			e.notef("stopped watching %s, which goes on", name)
		}
	}
	return err
}

// notInside says whether this runs in the session of that name: what it shows
// there would be shown again, without end.
func notInside(name string) error {
	if os.Getenv("TTYDECK_SESSION") != name {
		return nil
	}
	return withHint(fmt.Errorf("this is in the session %s itself", name), "use another terminal")
}

// errDetached ends an attachment that the user leaves.
var errDetached = errors.New("detached")

// runAttach connects the terminal to a session until one of them ends.
func runAttach(ctx context.Context, e *env, name string, opts attachOptions) error {
	client, name, err := openSession(ctx, name)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := notInside(name); err != nil {
		return err
	}
	term, err := tty.Open()
	if err != nil {
		return withHint(err, "ttydeck screen "+name+" prints what is on its screen")
	}
	defer term.Close()
	size, err := term.Size()
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	stream, err := client.Attach(ctx, format.Size(size))
	if err != nil {
		return err
	}
	defer stream.Close()
	if err := term.Raw(); err != nil {
		return err
	}
	a := &attachment{term: term, stream: stream, client: client, stop: stop}
	var reading sync.WaitGroup
	reading.Go(func() { a.readKeys(ctx, opts) })
	reading.Go(func() { a.followSize(ctx) })
	status, err := a.show(ctx)
	stop(err)
	reading.Wait()
	term.Write([]byte(tty.Cleanup(false)))
	if rerr := term.Restore(); err == nil {
		err = rerr
	}
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errDetached):
		if !opts.quiet {
			e.notef("left %s, which goes on%s", name, a.lostNote())
		}
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	}
	if !opts.quiet {
		e.notef("%s has ended with status %d%s", name, status, a.lostNote())
	}
	return nil
}

// attachment is a terminal that shows a session.
type attachment struct {
	term   *tty.Terminal
	stream *live.Stream
	client *live.Client
	stop   context.CancelCauseFunc
	lost   int64
}

func (a *attachment) lostNote() string {
	if a.lost == 0 {
		return ""
	}
	return fmt.Sprintf("; %d bytes of output came too fast to be shown here", a.lost)
}

// show draws what the session shows. It gives the program's exit status.
func (a *attachment) show(ctx context.Context) (int, error) {
	stopped := context.AfterFunc(ctx, func() { a.term.SetWriteDeadline(past) })
	defer stopped()
	for {
		m, output, err := a.stream.Next(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return 0, nil
			}
			if websocket.CloseStatus(err) == -1 {
				err = errors.New("the session's process is gone")
			}
			return 0, err
		}
		switch m.Kind {
		case live.MessageEnd:
			return m.Status, nil
		case live.MessageScreen:
			a.lost += m.Lost
		}
		if _, err := a.term.Write(output); err != nil {
			if ctx.Err() != nil {
				return 0, nil
			}
			return 0, err
		}
	}
}

// readKeys gives the session what is typed, and looks for the keys that are not
// for it.
func (a *attachment) readKeys(ctx context.Context, opts attachOptions) {
	pass := func(b []byte) {
		if len(b) > 0 {
			if err := a.stream.Type(ctx, b); err != nil {
				a.stop(nil)
			}
		}
	}
	paused := false
	do := func(act record.Action) {
		switch act {
		case record.DetachAction:
			a.stop(errDetached)
		case record.MarkerAction:
			a.client.Mark(ctx, "")
		case record.PauseAction:
			if st, err := a.client.State(ctx); err == nil {
				paused = st.Paused
			}
			if paused {
				a.client.Resume(ctx)
			} else {
				a.client.Pause(ctx)
			}
		}
	}
	feed := record.FilterKeys(opts.keys, pass, do)
	buf := make([]byte, 16<<10)
	for ctx.Err() == nil {
		n, err := a.term.ReadContext(ctx, buf)
		if n > 0 {
			feed(buf[:n])
		}
		if err != nil {
			a.stop(errDetached) // the terminal is gone, the session goes on
			return
		}
	}
}

// followSize tells the session the terminal's size.
func (a *attachment) followSize(ctx context.Context) {
	resized, stop := tty.NotifyResize()
	defer stop()
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	for {
		select {
		case <-resized:
		case <-continued:
			a.term.Raw()
		case <-ctx.Done():
			return
		}
		if size, err := a.term.Size(); err == nil {
			a.stream.Resize(ctx, format.Size(size))
		}
	}
}
