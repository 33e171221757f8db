package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/play"
)

// editDeck opens a recording in the player, to edit it there.
func (e *env) editDeck(ctx context.Context, o editOptions, name string) error {
	if !tty.IsTerminal(e.out) {
		return withHint(usageError{errors.New("want the file to write")}, "without it, edit needs a terminal")
	}
	path, done, err := e.reopenable(ctx, name, &o.read)
	if err != nil {
		return err
	}
	defer done()
	open := func() (format.Cast, error) {
		src, err := e.open(ctx, path, o.read.list()...)
		if err != nil {
			return format.Cast{}, err
		}
		cast := src.Cast
		cast.Events = closing(cast.Events, src.close)
		return cast, nil
	}
	mine := written{}
	quiet := &env{out: e.out, errOut: io.Discard, in: e.in, environ: e.environ}
	p := &play.Player{Speed: 1, Edit: &play.Editor{
		Source: place.Source{Open: open, Commands: transcript.Places},
		Filter: func(ctx context.Context, recipe edit.Recipe) (edit.Filter, error) {
			return replacing(ctx, recipe.Replace)
		},
		Out: takeName(name),
		Write: func(ctx context.Context, recipe edit.Recipe, out, recipePath string) error {
			if out == "-" || recipePath == "-" {
				return errors.New("the terminal shows the deck: name a file")
			}
			w := o
			w.saveRecipe = recipePath
			w.overwrite = o.overwrite || mine.again(out, recipePath)
			if err := runEdit(ctx, quiet, w, recipe, []string{path, out}); err != nil {
				return errors.New(message(err))
			}
			mine.add(out, recipePath)
			return nil
		},
	}}
	return runPlay(ctx, e, p, wholeRecording, edit.Recipe{}, &o.read, path)
}

// written are the files that a deck has written, which it may write again.
type written map[string]bool

// again reports whether some of the files were written before, and no other is there.
func (w written) again(names ...string) bool {
	again := false
	for _, name := range names {
		if w[name] {
			again = true
		} else if _, err := os.Lstat(name); err == nil {
			return false
		}
	}
	return again
}

func (w written) add(names ...string) {
	for _, name := range names {
		w[name] = name != ""
	}
}

// takeName returns the name that is offered for the edited recording.
func takeName(name string) string {
	if name == "-" || strings.Contains(name, "://") {
		return "take.cast"
	}
	return stem(filepath.Base(name)) + "-take.cast"
}
