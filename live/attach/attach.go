// Package attach shows a session of package live in this process's terminal, and
// types the user's keys into it.
//
// Output goes to the terminal unchanged if the session is the user's own and has
// the terminal's size. Otherwise the session's screen is drawn: of another size the
// part around the cursor, and of another user's session all, so that it can only
// draw.
package attach

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
	"github.com/ttydeck/ttydeck/internal/query"
	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/live"
	"github.com/ttydeck/ttydeck/record"
	"github.com/ttydeck/ttydeck/render"
	"github.com/ttydeck/ttydeck/screen"
	"github.com/ttydeck/ttydeck/vt"
)

// Attachment attaches this process's terminal to a session. Set the fields, then
// call Run once.
type Attachment struct {
	// Client is the session's. It must be set, and is not closed.
	Client *live.Client
	// Process is the session's, see [live.State]; 0 means whichever has the name.
	// Keys that control the recording reach no other session that takes the name.
	Process int
	// Keys are the keys that detach and control the recording; the zero Keys are
	// none.
	Keys record.Keys
	// Getenv returns environment variables, from which the terminal's features are
	// known. Nil means os.Getenv.
	Getenv func(string) string
}

// End is how an attachment ended.
type End struct {
	// Detached reports that the session goes on: the user has detached, or the
	// terminal is gone.
	Detached bool
	// Status is the exit status of the session's program, if it has ended.
	Status int
	// Lost is the number of bytes of output that came too fast to be shown.
	Lost int64
}

// ErrNoTerminal is returned by Run if this process has no terminal.
var ErrNoTerminal = errors.New("there is no terminal to attach")

// Run shows the session until it ends, the user detaches, or ctx is done, which
// returns its cause, and restores the terminal. Errors of the session wrap those of
// the [live.Client].
func (o *Attachment) Run(ctx context.Context) (End, error) {
	term, err := tty.Open()
	if err != nil {
		return End{}, ErrNoTerminal
	}
	defer term.Close()
	size, err := term.Size()
	if err != nil {
		return End{}, err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	stream, err := o.Client.Attach(ctx, format.Size(size))
	if err != nil {
		return End{}, err
	}
	defer stream.Close()
	if err := term.Raw(); err != nil {
		return End{}, err
	}
	getenv := o.Getenv
	if getenv == nil {
		getenv = os.Getenv
	}
	a := &attachment{
		term: term, stream: stream, client: o.Client, process: o.Process, stop: stop, stranger: !o.Client.Own(), own: format.Size(size),
		window: render.NewWindow(getenv), modes: vt.New(1, 1).Modes(),
	}
	a.other = a.stranger
	var reading sync.WaitGroup
	reading.Go(func() { a.draw(ctx) })
	reading.Go(func() { a.readKeys(ctx, o.Keys) })
	reading.Go(func() { a.followSize(ctx) })
	status, err := a.show(ctx)
	stop(err)
	reading.Wait()
	term.SetWriteDeadline(time.Now().Add(cleanupWait))
	term.Write([]byte(a.leave()))
	if rerr := term.Restore(); err == nil {
		err = rerr
	}
	end := End{Status: status, Lost: a.lost}
	if errors.Is(context.Cause(ctx), errDetached) {
		end.Detached = true
		return end, nil
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", o.Client.Name(), err)
	}
	return end, err
}

// past is a deadline that is over.
var past = time.Unix(1, 0)

// cleanupWait is how long restoring a terminal may take.
const cleanupWait = 2 * time.Second

// errDetached ends an attachment when the user detaches.
var errDetached = errors.New("detached")

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
	screen screen.Screen  // the session's; nil before the first message
	asked  query.Splitter // the queries in the output, which are not for this terminal
	window *render.Window // for a stranger's session, and for a terminal of another size
	other  bool           // the window is used
	stale  bool           // the window is not up to date
	modes  vt.Modes       // the modes that the window has set
	moment time.Time      // of the last drawing
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
		m, err := a.stream.Next(ctx)
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
		if err := a.take(ctx, m); err != nil {
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

// take shows a message, or leaves that to draw.
func (a *attachment) take(ctx context.Context, m live.Message) error {
	if m.Kind == live.MessageScreen {
		return a.takeScreen(ctx, m)
	}
	for _, ev := range m.Events {
		if err := a.takeEvent(ctx, ev); err != nil {
			return err
		}
	}
	return nil
}

// takeScreen begins anew with a screen.
func (a *attachment) takeScreen(ctx context.Context, m live.Message) error {
	a.mu.Lock()
	a.lost += max(m.Lost, 0)
	a.screen = screen.Screen{Screen: vt.New(max(m.Size.Cols, 1), max(m.Size.Rows, 1))}
	err := a.fit()
	a.mu.Unlock()
	if err != nil {
		return err
	}
	return a.takeEvent(ctx, format.Event{Code: format.Output, Data: string(m.Screen)})
}

// takeEvent shows an event.
func (a *attachment) takeEvent(ctx context.Context, ev format.Event) error {
	for a.stranger && len(ev.Data) > strangerPiece {
		piece := ev
		piece.Data, ev.Data = ev.Data[:strangerPiece], ev.Data[strangerPiece:]
		if err := a.takeAtOnce(piece); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return a.takeAtOnce(ev)
}

// takeAtOnce is takeEvent for output that is not split.
func (a *attachment) takeAtOnce(ev format.Event) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.screen.Screen == nil || !a.screen.Feed(ev) {
		return nil
	}
	if ev.Code == format.Resize {
		return a.fit()
	}
	if a.other {
		a.stale = true
		return nil
	}
	// Queries are left out: the session answers them, and several terminals would
	// answer several times.
	var shown []byte
	a.asked.Split([]byte(ev.Data), func(b []byte) { shown = append(shown, b...) }, func([]byte) {})
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
		a.asked = query.Splitter{}
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
	if !a.other || !a.stale || a.screen.Screen == nil || a.screen.Modes().Sync && time.Since(a.moment) < syncMost {
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
	text = append(text, a.window.Draw(a.screen.Screen, a.own)...)
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
	return tty.Cleanup(a.screen.Screen != nil && a.screen.Modes().Origin)
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
	case a.process != 0 && st.Process != a.process:
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
func (a *attachment) readKeys(ctx context.Context, keys record.Keys) {
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
	feed := record.FilterKeys(keys, pass, do)
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
			if a.screen.Screen != nil {
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
