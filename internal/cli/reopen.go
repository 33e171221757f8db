package cli

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/ttydeck/ttydeck/internal/fetch"
	"github.com/ttydeck/ttydeck/internal/tty"
)

// reopenable is for commands that read a recording more than once. It returns the
// path of name: if name is standard input or a URL, that of a copy in a temporary
// file, which only the user can read and remove removes. Messages keep the name, as
// read says it.
func (e *env) reopenable(ctx context.Context, name string, read *readOptions) (path string, remove func(), err error) {
	remove = func() {}
	var from io.Reader
	switch {
	case fetch.IsURL(name):
		body, err := fetch.Open(ctx, name)
		if err != nil {
			return "", remove, err
		}
		defer body.Close()
		from, read.name = body, name
	case name == "-" && !tty.IsTerminal(e.in):
		from, read.name = e.in, "standard input"
	default:
		return name, remove, nil // open knows what to say of a terminal
	}
	spool, err := os.CreateTemp("", "ttydeck-input-*")
	if err != nil {
		return "", remove, err
	}
	remove = func() { os.Remove(spool.Name()) }
	copied := make(chan error, 1)
	go func() {
		_, err := io.Copy(spool, from)
		copied <- errors.Join(err, spool.Close())
	}()
	select {
	case err = <-copied:
	case <-ctx.Done(): // a pipe may never end
		err = context.Cause(ctx)
	}
	if err != nil {
		remove()
	}
	return spool.Name(), remove, err
}
