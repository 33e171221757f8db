package play

import (
	"io"
	"time"
)

// suspend restores the terminal and stops the process, as ctrl-Z stops any
// program, and takes the terminal again when the process continues. The time
// between does not count.
func (d *deck) suspend() error {
	t, ok := d.con.term.(interface{ Suspend() error })
	if !ok {
		return nil
	}
	at := d.at(time.Now())
	if d.con.busy {
		if err := d.con.done(<-d.con.wrote); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(d.con.w, d.cleanup(false)); err != nil {
		return err
	}
	if d.con.restore != nil {
		if err := d.con.restore(); err != nil {
			return err
		}
	}
	if err := t.Suspend(); err != nil {
		return err
	}
	d.clock.seek(time.Now(), at)
	return d.takeAgain()
}

// takeAgain takes the terminal again after other programs have used it.
func (d *deck) takeAgain() error {
	if d.con.restore != nil {
		// Restore first: a terminal that counts as raw is not made raw again.
		if err := d.con.restore(); err != nil {
			return err
		}
	}
	if err := d.con.makeRaw(); err != nil {
		return err
	}
	d.extra = append(d.extra, deckStart(!d.p.NoUI)...)
	d.painter.Forget()
	if size, err := d.termSize(); err == nil {
		d.size = size
	}
	d.stale = true
	return nil
}
