package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/coder/websocket"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/live"
	"github.com/ttydeck/ttydeck/play"
	"github.com/ttydeck/ttydeck/record"
	"github.com/ttydeck/ttydeck/vt"
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

` + keyTable(),
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

// cleanupWait is how long restoring a terminal may take.
const cleanupWait = 2 * time.Second

// errDetached ends an attachment when the user detaches.
var errDetached = errors.New("detached")

// runAttach attaches the terminal to a session until one of them ends.
func runAttach(ctx context.Context, e *env, name string, opts attachOptions) error {
	client, name, st, err := openOutside(ctx, e, name)
	if err != nil {
		return err
	}
	defer client.Close()
	term, err := tty.Open()
	if err != nil {
		return withHint(errors.New("there is no terminal to attach"), "to print the session's screen: ttydeck screen "+name)
	}
	defer term.Close()
	boundMemory()
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
	a := &attachment{
		term: term, stream: stream, client: client, process: st.Process, stop: stop, stranger: !client.Own(), own: format.Size(size),
		window: play.NewWindow(e.getenv), modes: vt.New(1, 1).Modes(),
	}
	a.other = a.stranger
	var reading sync.WaitGroup
	reading.Go(func() { a.draw(ctx) })
	reading.Go(func() { a.readKeys(ctx, opts) })
	reading.Go(func() { a.followSize(ctx) })
	status, err := a.show(ctx)
	stop(err)
	reading.Wait()
	term.SetWriteDeadline(time.Now().Add(cleanupWait))
	term.Write([]byte(a.leave()))
	if rerr := term.Restore(); err == nil {
		err = rerr
	}
	cause := context.Cause(ctx)
	switch {
	case errors.Is(cause, errDetached):
		if !opts.quiet {
			e.notef("detached from %s, which goes on%s", name, a.lostNote())
		}
		return nil
	case err != nil:
		return fmt.Errorf("%s: %w", name, err)
	}
	if !opts.quiet {
		e.notef("%s ended with exit status %d%s", name, status, a.lostNote())
	}
	return nil
}

// attachment is a terminal that shows a session.
type attachment struct {
	term    *tty.Terminal
	stream  *live.Stream
	client  *live.Client
	process int // of the session, which client knows by its name alone
	stop    context.CancelCauseFunc
	lost    int64 // bytes of output that were skipped
	// stranger means that the session may be another user's. Its output must not
	// reach the terminal like that of this user's programs: it is always shown
	// through the window.
	stranger bool

	mu     sync.Mutex // guards the fields below, and writes to term
	own    format.Size
	screen *vt.Screen   // the session's; nil before the first message
	asked  live.Queries // the queries in the output, which are not for this terminal
	window *play.Window // for a stranger's session, and for a terminal of another size
	other  bool         // the window is used
	stale  bool         // the window is not up to date
	modes  vt.Modes     // the modes that the window has set
	moment time.Time    // of the last drawing
}

// lostNote returns the end of a note on output that was skipped; "" for none.
func (a *attachment) lostNote() string {
	if a.lost == 0 {
		return ""
	}
	return fmt.Sprintf("; %d bytes of output came too fast to be shown here", a.lost)
}

// show shows the session until it ends, and returns its exit status.
func (a *attachment) show(ctx context.Context) (int, error) {
	over := make(chan struct{})
	stopped := context.AfterFunc(ctx, func() {
		a.term.SetWriteDeadline(past)
		close(over)
	})
	defer func() {
		if !stopped() {
			<-over // or it would end what is written next, which restores the terminal
		}
	}()
	for {
		m, output, err := a.stream.Next(ctx)
		if err != nil {
			if ctx.Err() != nil {
				return 0, nil
			}
			if websocket.CloseStatus(err) == -1 {
				err = errors.New("the session's process has died")
			}
			return 0, err
		}
		if m.Kind == live.MessageEnd {
			a.mu.Lock()
			err := a.redraw()
			a.mu.Unlock()
			return m.Status, err
		}
		if err := a.take(ctx, m, output); err != nil {
			if ctx.Err() != nil {
				return 0, nil
			}
			return 0, err
		}
	}
}

// strangerPiece is how many bytes of a stranger's output are written to the screen
// at once: they may be made to take long, and the keys that detach must work
// meanwhile.
const strangerPiece = 1 << 8

// take shows a message and its output, or leaves that to draw.
func (a *attachment) take(ctx context.Context, m live.Message, output []byte) error {
	for a.stranger && len(output) > strangerPiece {
		if err := a.takeAtOnce(m, output[:strangerPiece]); err != nil {
			return err
		}
		if output = output[strangerPiece:]; ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return a.takeAtOnce(m, output)
}

// takeAtOnce is take for output that is not split.
func (a *attachment) takeAtOnce(m live.Message, output []byte) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case m.Kind == live.MessageScreen:
		a.lost += max(m.Lost, 0)
		a.screen = vt.New(max(m.Cols, 1), max(m.Rows, 1))
		return a.fit()
	case a.screen == nil:
		return nil
	case m.Kind == live.MessageSize:
		a.screen.Resize(max(m.Cols, 1), max(m.Rows, 1))
		return a.fit()
	}
	a.screen.Write(output)
	if a.other {
		a.stale = true
		return nil
	}
	// Queries are left out: the session answers them, and several terminals would
	// answer several times.
	var shown []byte
	a.asked.Split(output, func(b []byte) { shown = append(shown, b...) }, func([]byte) {})
	_, err := a.term.Write(shown)
	return err
}

// fit chooses how the session is shown: its output as it is, if the session is this
// user's own and the terminal has its size; else through the window. a.mu is held.
func (a *attachment) fit() error {
	cols, rows := a.screen.Size()
	other := a.stranger || a.own != format.Size{Cols: cols, Rows: rows}
	if other == a.other {
		a.stale = true
		return nil
	}
	a.other = other
	text := tty.Cleanup(true)
	if other {
		a.modes, a.stale = vt.New(1, 1).Modes(), true
		a.window.Forget()
	} else {
		text += "\x1b[H\x1b[2J" + string(a.screen.AppendState(nil))
		a.asked = live.Queries{}
	}
	_, err := a.term.Write([]byte(text))
	return err
}

// drawGap is the least time between two drawings of the window.
const drawGap = 16 * time.Millisecond

// draw draws the window while it is used, about as often as a screen does.
func (a *attachment) draw(ctx context.Context) {
	t := time.NewTicker(drawGap)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		a.mu.Lock()
		err := a.redraw()
		a.mu.Unlock()
		if err != nil && ctx.Err() == nil {
			a.stop(errDetached) // the terminal is gone
			return
		}
	}
}

// syncMost is how long an unfinished frame of the session can delay the drawing.
const syncMost = 150 * time.Millisecond

// redraw draws the window, if it is used and not up to date. a.mu is held.
func (a *attachment) redraw() error {
	if !a.other || !a.stale || a.screen == nil || a.screen.Modes().Sync && time.Since(a.moment) < syncMost {
		return nil
	}
	a.stale, a.moment = false, time.Now()
	modes := a.screen.Modes()
	if a.stranger {
		// With focus events the terminal types by itself: the stranger would learn
		// when this user looks, and the shell would get the rest after the end. The
		// other modes only change what pressed keys send.
		modes.FocusEvent = false
	}
	text := keyModes(a.modes, modes)
	a.modes = modes
	text = append(text, a.window.Draw(a.screen, a.own)...)
	if len(text) == 0 {
		return nil
	}
	_, err := a.term.Write(text)
	return err
}

// leave returns the sequences that restore the terminal at the end.
func (a *attachment) leave() string {
	switch {
	case a.stranger:
		// The cursor goes below the picture, as a line of it might pass for one of
		// the shell.
		return fmt.Sprintf("\x1b[m\x1b[%dH", a.own.Rows) + tty.Cleanup(false)
	case a.other:
		return tty.Cleanup(false)
	}
	return tty.Cleanup(a.screen != nil && a.screen.Modes().Origin)
}

// keyModes returns the sequences that make the keyboard send what the session
// expects. The mouse stays the terminal's, as its positions would be wrong.
func keyModes(have, want vt.Modes) (text []byte) {
	for _, m := range []struct {
		have, want bool
		on, off    string
	}{
		{have.AppCursor, want.AppCursor, "\x1b[?1h", "\x1b[?1l"},
		{have.AppKeypad, want.AppKeypad, "\x1b=", "\x1b>"},
		{have.BracketedPaste, want.BracketedPaste, "\x1b[?2004h", "\x1b[?2004l"},
		{have.FocusEvent, want.FocusEvent, "\x1b[?1004h", "\x1b[?1004l"},
	} {
		switch {
		case m.want && !m.have:
			text = append(text, m.on...)
		case m.have && !m.want:
			text = append(text, m.off...)
		}
	}
	return text
}

// control has the session set a marker, or pause or resume its recording. The
// session may have been renamed, and its name may be another's by now.
func (a *attachment) control(ctx context.Context, act record.Action) error {
	st, err := a.client.State(ctx)
	switch {
	case err != nil:
		return err
	case st.Process != a.process:
		return errors.New("another session has its name")
	case act == record.MarkerAction:
		return a.client.Mark(ctx, "")
	case st.Paused:
		return a.client.Resume(ctx)
	}
	return a.client.Pause(ctx)
}

// readKeys types the terminal's input into the session, and handles the keys of the
// attachment.
func (a *attachment) readKeys(ctx context.Context, opts attachOptions) {
	pass := func(b []byte) {
		if len(b) > 0 {
			if err := a.stream.Type(ctx, b); err != nil {
				a.stop(nil)
			}
		}
	}
	do := func(act record.Action) {
		switch act {
		case record.DetachAction:
			a.stop(errDetached)
		case record.MarkerAction, record.PauseAction:
			if a.control(ctx, act) != nil {
				a.mu.Lock()
				a.term.Write([]byte("\a"))
				a.mu.Unlock()
			}
		}
	}
	feed := record.FilterKeys(opts.keys(), pass, do)
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

// sizeWait is how long a session has to take the terminal's new size.
const sizeWait = 250 * time.Millisecond

// followSize sends the terminal's new sizes to the session.
func (a *attachment) followSize(ctx context.Context) {
	resized, stop := tty.NotifyResize()
	defer stop()
	continued := make(chan os.Signal, 1)
	signal.Notify(continued, syscall.SIGCONT)
	defer signal.Stop(continued)
	var settled <-chan time.Time
	for {
		select {
		case <-resized:
		case <-settled:
			a.mu.Lock()
			if a.screen != nil {
				a.fit()
			}
			a.mu.Unlock()
			continue
		case <-continued:
			a.term.Raw()
		case <-ctx.Done():
			return
		}
		if size, err := a.term.Size(); err == nil {
			a.mu.Lock()
			a.own, a.stale = format.Size(size), true
			a.window.Forget()
			a.mu.Unlock()
			a.stream.Resize(ctx, format.Size(size))
			settled = time.After(sizeWait)
		}
	}
}
