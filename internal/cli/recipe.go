package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/edit/redact"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/fetch"
	"github.com/ttydeck/ttydeck/place"
	"github.com/ttydeck/ttydeck/render"
)

// recipeFlags are the flags for the operations of an edit.Recipe.
type recipeFlags struct {
	edit.Recipe
	file string // with further operations
}

// operation returns a function that parses the value of an operation, which set sets.
func operation(set func(*edit.Recipe, string)) func(string) (string, error) {
	return func(s string) (string, error) {
		var r edit.Recipe
		set(&r, s)
		err := r.Check()
		if fault, ok := errors.AsType[*edit.OperationError](err); ok {
			err = fault.Err
		}
		return s, err
	}
}

// cuts returns the flags for what goes.
func (o *recipeFlags) cuts() group {
	return group{"What goes", []*flag{
		many(&o.Cut, "cut", "remove the range `A..B`; repeatable", operation(func(r *edit.Recipe, s string) { r.Cut = []string{s} })),
		many(&o.Keep, "keep", "remove everything but the range `A..B`; repeatable", operation(func(r *edit.Recipe, s string) { r.Keep = []string{s} })),
		many(&o.DropCommand, "drop-command", "remove `WHICH` commands as if never run: N, /RE/, failed or cancelled; repeatable", operation(func(r *edit.Recipe, s string) { r.DropCommand = []string{s} })),
		onOff(&o.DropExit, "drop-exit", "remove the exit at the end"),
		many(&o.Replace, "replace", "replace text on the screen and elsewhere: `OLD=NEW`; repeatable", func(s string) (string, error) {
			_, err := redact.ParseReplacement(s)
			return s, err
		}),
		onOff(&o.RemoveInput, "remove-input", "remove recorded input"),
		removeMetadataFlag(&o.RemoveMetadata),
	}}
}

// paces returns the flags for the times: further ones come first.
func (o *recipeFlags) paces(first ...*flag) group {
	return group{"Times", append(first,
		many(&o.Pause, "pause", "hold the picture: `SECONDS@PLACE`; repeatable", operation(func(r *edit.Recipe, s string) { r.Pause = []string{s} })),
		onOff(&o.TidyTyping, "tidy-typing", "have each command typed evenly, without corrections"),
		many(&o.TidyCommand, "tidy-command", "have only `WHICH` commands typed evenly: N or /RE/; repeatable",
			operation(func(r *edit.Recipe, s string) { r.TidyCommand = []string{s} })),
		valued(&o.TypingSpeed, "typing-speed", "when typing is tidied, take `TIME` for each key (default: 60ms)",
			operation(func(r *edit.Recipe, s string) { r.TypingSpeed = s })),
		number(&o.ShortenOutput, 2, "shorten-output", "hurry through the middle of outputs of more than `ROWS` rows"),
	)}
}

// speedFlags returns the flags for speeds and pauses, which may have a range.
func (o *recipeFlags) speedFlags() []*flag {
	return []*flag{
		many(&o.Speed, "speed,s", "play `N` times as fast, or only a range: N@A..B; repeatable", operation(func(r *edit.Recipe, s string) { r.Speed = []string{s} })),
		many(&o.IdleTimeLimit, "idle-time-limit,i", "shorten every pause to `SECONDS`, or only in a range: SECONDS@A..B; 0 means no limit", operation(func(r *edit.Recipe, s string) { r.IdleTimeLimit = []string{s} })),
	}
}

// looks returns the flags for markers and the header: further ones come last.
func (o *recipeFlags) looks(last ...*flag) group {
	return group{"Markers and looks", append([]*flag{
		many(&o.Marker, "marker", "set a marker: `PLACE=LABEL`; repeatable", operation(func(r *edit.Recipe, s string) { r.Marker = []string{s} })),
		many(&o.RenameMarker, "rename-marker", "rename markers: `OLD=NEW`; repeatable", operation(func(r *edit.Recipe, s string) { r.RenameMarker = []string{s} })),
		many(&o.RemoveMarker, "remove-marker", "remove the markers `WHICH`: a label, /RE/ or all; repeatable", operation(func(r *edit.Recipe, s string) { r.RemoveMarker = []string{s} })),
	}, last...)}
}

// headerFlags returns the flags for the header.
func (o *recipeFlags) headerFlags() []*flag {
	return []*flag{o.titleFlag(), o.themeFlag()}
}

// themeFlag returns the flag for the colours in the header. The file is read at once, so
// that a bad one is an error of the command line.
func (o *recipeFlags) themeFlag() *flag {
	return valued(&o.Theme, "theme", "use the colours of `THEME`: a name such as dracula, or a file with a theme or a recording", func(s string) (string, error) {
		_, err := readTheme(s)
		return s, err
	}).offering(themeNames)
}

func (o *recipeFlags) titleFlag() *flag {
	return valued(new(string), "title,t", "set the recording's title to `TITLE`", func(s string) (string, error) {
		o.Title = &s
		return s, nil
	})
}

func (o *recipeFlags) recipeFlag() *flag {
	return word(&o.file, "recipe", "read more operations from the TOML file `FILE`")
}

// recipe returns the operations of the flags and of the file.
func (o *recipeFlags) recipe() (edit.Recipe, error) {
	r := o.Recipe
	if o.file != "" {
		read, err := readRecipe(o.file)
		if err != nil {
			return r, err
		}
		r = mergeRecipes(read, r)
	}
	if err := r.Check(); err != nil {
		return r, usageError{err}
	}
	return r, nil
}

// maxRecipe is the most bytes of a recipe that are read.
const maxRecipe = 1 << 20

// readRecipe reads a recipe. Names of files in it are relative to it.
func readRecipe(name string) (edit.Recipe, error) {
	var r edit.Recipe
	f, err := os.Open(name)
	if err != nil {
		return r, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxRecipe+1))
	if err == nil && len(text) > maxRecipe {
		err = fmt.Errorf("more than %d MiB are no recipe", maxRecipe>>20)
	}
	if err != nil {
		return r, fmt.Errorf("%s: %w", name, err)
	}
	meta, err := toml.Decode(string(text), &r)
	if fault, ok := errors.AsType[toml.ParseError](err); ok {
		return r, fmt.Errorf("%s: line %d: %s", name, fault.Position.Line, fault.Message)
	} else if text, isType := strings.CutPrefix(fmt.Sprint(err), "toml: "); isType {
		return r, withHint(fmt.Errorf("%s: %s", name, text), `operations are written as cut = ["5..10"], title = "Take", tidy-typing = true`)
	} else if err != nil {
		return r, fmt.Errorf("%s: %w", name, err)
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return r, withHint(fmt.Errorf("%s: unknown operation %q", name, unknown[0].String()), "operations have the names of the flags of ttydeck edit")
	}
	if isThemeFile(r.Theme) && !filepath.IsAbs(r.Theme) {
		r.Theme = filepath.Join(filepath.Dir(name), r.Theme)
	}
	if err := r.Check(); err != nil {
		return r, fmt.Errorf("%s: %s", name, strings.ReplaceAll(err.Error(), "\n", "\n"+name+": "))
	}
	return r, nil
}

// isThemeFile reports whether a recipe's theme is in a file.
func isThemeFile(name string) bool { return name != "" && render.IsThemeFile(name) }

// mergeRecipes returns the operations of both; where there can be only one, that of
// b.
func mergeRecipes(a, b edit.Recipe) edit.Recipe {
	to, from := reflect.ValueOf(&a).Elem(), reflect.ValueOf(b)
	for i := range to.NumField() {
		switch f := from.Field(i); {
		case f.IsZero():
		case f.Kind() == reflect.Slice:
			to.Field(i).Set(reflect.AppendSlice(to.Field(i), f))
		default:
			to.Field(i).Set(f)
		}
	}
	return a
}

// writeRecipe writes a recipe as TOML, to a file in the directory dir. Names of files
// in it become relative to that, as readRecipe reads them.
func writeRecipe(w io.Writer, dir string, r edit.Recipe) error {
	if isThemeFile(r.Theme) && !filepath.IsAbs(r.Theme) {
		theme, err := filepath.Abs(r.Theme)
		if err != nil {
			return err
		}
		if dir, err = filepath.Abs(dir); err != nil {
			return err
		}
		r.Theme = theme
		if near, err := filepath.Rel(dir, theme); err == nil {
			r.Theme = near
		}
	}
	enc := toml.NewEncoder(w)
	enc.Indent = ""
	return enc.Encode(r)
}

// errTwice is the error for a source that can be read only once, and has to be read
// before it is edited.
var errTwice = errors.New("cannot be read twice")

// planned is a recipe that is ready to be applied to a recording.
type planned struct {
	*edit.Plan
	filter edit.Filter // the plan, with all that it leaves to others
	path   string      // the name by which the recording is opened
	done   func()      // ends the use of path
}

// plan plans a recipe for the recording name. Standard input and downloads that
// must be read twice are kept in a temporary file. before, unless it is nil, is
// applied to the recording first, wherever it is read: what it hides must not come
// back.
func (e *env) plan(ctx context.Context, r edit.Recipe, name string, read *readOptions, before edit.Filter) (p planned, err error) {
	p = planned{path: name, done: func() {}}
	replace, err := replacing(ctx, r.Replace)
	if err != nil {
		return p, err
	}
	source := func(path string) place.Source {
		return place.Source{Commands: transcript.Places, Open: func() (format.Cast, error) {
			if path == "-" || fetch.IsURL(path) {
				return format.Cast{}, errTwice
			}
			src, err := e.open(ctx, path, read.list()...)
			if err != nil {
				return format.Cast{}, err
			}
			cast := src.Cast
			cast.Events = closing(cast.Events, src.close)
			if before != nil {
				cast = before(cast)
			}
			return cast, nil
		}}
	}
	p.Plan, err = r.Plan(ctx, source(name))
	if errors.Is(err, errTwice) {
		if p.path, p.done, err = e.reopenable(ctx, name, read); err != nil {
			return p, err
		}
		p.Plan, err = r.Plan(ctx, source(p.path))
	}
	if err != nil {
		p.done()
		return p, err
	}
	p.filter = p.FilterWith(replace)
	return p, nil
}

// warn prints what the plan leaves undone.
func (p planned) warn(e *env) {
	for _, w := range p.Warnings() {
		e.warnf("%s", w)
	}
}

// replacing returns the Filter for the replacements of a recipe.
func replacing(ctx context.Context, list []string) (edit.Filter, error) {
	if len(list) == 0 {
		return edit.Chain(), nil
	}
	var all []redact.Replacement
	for _, s := range list {
		r, err := redact.ParseReplacement(s)
		if err != nil {
			return nil, usageError{fmt.Errorf("replace %s: %w", s, err)}
		}
		all = append(all, r)
	}
	return redact.Replace(ctx, all...)
}

// closing returns events that call done when they end.
func closing(events format.Events, done func() error) format.Events {
	return func(yield func(format.Event, error) bool) {
		defer done()
		events(yield)
	}
}
