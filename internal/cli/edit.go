package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"time"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/atomicfile"
	"github.com/ttydeck/ttydeck/internal/timecode"
	"github.com/ttydeck/ttydeck/internal/visible"
	"github.com/ttydeck/ttydeck/play"
)

type editOptions struct {
	recipeFlags
	to         *convert.Target // nil: by the output's extension
	overwrite  bool
	inPlace    bool
	dryRun     bool
	json       bool
	saveRecipe string
	read       readOptions
}

func editCommand(e *env) *command {
	var o editOptions
	return &command{
		name:    "edit",
		purpose: "cut, tidy and retell a recording",
		args:    "IN OUT | IN",
		examples: []string{
			"ttydeck edit demo.cast                # in the player; h shows the keys",
			"ttydeck edit demo.cast take.cast --drop-command failed --idle-time-limit 1",
			"ttydeck edit demo.cast take.cast --speed 8@command:/make/ --tidy-typing",
			"ttydeck edit demo.cast --dry-run --cut 1:20..marker:go",
		},
		about: `Writes the recording IN to OUT with any number of changes, in one pass. Whatever is taken out, the
screen after it is the one that IN had there. "-" is standard input or output. Without OUT and changes,
opens IN in the player, with keys to edit it; nothing is written before you press w.

A range is A..B, of two PLACES; an open end is that of the recording, and a command alone is its
output. Places are those of IN, whatever other operations there are, and in whatever order.

A recipe is a TOML file with the same operations: cut = ["5..10"], tidy-typing = true. --save-recipe
writes one of all operations, so that a recording that is made anew can be cut anew. Places by command
and marker are best for that: a place that is not found, or found twice, is an error.

` + placesHelp + "\n\n" + keyTable("KEYS (in the player, beside those of ttydeck play)", play.EditKeys()),
		flags: slices.Concat([]group{
			o.cuts(),
			o.paces(o.speedFlags()...),
			o.looks(o.headerFlags()...),
			{"Output", []*flag{
				targetFlag(&o.to),
				overwriteFlag(&o.overwrite),
				onOff(&o.inPlace, "in-place", "replace IN, and keep it as IN.bak"),
				onOff(&o.dryRun, "dry-run", "print what would be done, and the new length"),
				jsonFlag(&o.json),
				o.recipeFlag(),
				word(&o.saveRecipe, "save-recipe", "write the operations to the TOML file `FILE`"),
			}},
		}, o.read.croppedGroups(&o.recipeFlags)),
		run: func(ctx context.Context, args []string) error {
			if err := e.need(args, 1, 2, "the recording to read", "the file to write"); err != nil {
				return err
			}
			recipe, err := o.recipe()
			if err != nil {
				return err
			}
			return runEdit(ctx, e, o, recipe, args)
		},
	}
}

func runEdit(ctx context.Context, e *env, o editOptions, recipe edit.Recipe, args []string) error {
	defer collectMore()()
	from, name := args[0], ""
	if len(args) == 2 {
		name = args[1]
	}
	idle := reflect.ValueOf(recipe).IsZero()
	switch {
	case o.inPlace && name != "":
		return usageError{errors.New("--in-place replaces IN: want no OUT")}
	case o.inPlace && (from == "-" || idle):
		return usageError{errors.New("--in-place needs a file and an operation")}
	case o.json && !o.dryRun:
		return usageError{errors.New("--json needs --dry-run")}
	case name == "" && !o.inPlace && !o.dryRun && !idle:
		return withHint(usageError{errors.New("want the file to write")}, "ttydeck edit "+from+" OUT.cast, or --in-place, or --dry-run")
	case name == "" && !o.inPlace && !o.dryRun:
		return e.editDeck(ctx, o, from)
	}
	if o.saveRecipe != "" {
		if _, err := os.Lstat(o.saveRecipe); err == nil && !o.overwrite {
			return createError(o.saveRecipe, os.ErrExist)
		}
		// --overwrite is for a recipe that was saved before.
		if filepath.Clean(o.saveRecipe) == filepath.Clean(name) || sameFile(o.saveRecipe, from) || sameFile(o.saveRecipe, name) {
			return usageError{fmt.Errorf("--save-recipe %s: this is the recording", o.saveRecipe)}
		}
	}
	if idle { // to be copied, once its format is known
		path, remove, err := e.reopenable(ctx, from, &o.read)
		if err != nil {
			return err
		}
		defer remove()
		from = path
	}
	plan, err := e.plan(ctx, recipe, from, &o.read, nil)
	if err != nil {
		return err
	}
	defer plan.done()
	plan.warn(e)
	if o.dryRun {
		err = e.printPlan(ctx, plan.Plan, o.json)
	} else {
		copied := false
		if idle {
			copied, err = e.copyAsIs(ctx, o, plan.path, name)
		}
		if err == nil && !copied {
			err = e.writeEdited(ctx, o, plan, from, name)
		}
	}
	if err == nil && o.saveRecipe != "" {
		err = e.writeFile(o.saveRecipe, o.overwrite, func(w io.Writer) error { return writeRecipe(w, filepath.Dir(o.saveRecipe), recipe) })
	}
	return err
}

// sameFile reports whether two names are of one file that exists.
func sameFile(a, b string) bool {
	is, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(is, other)
}

// writeEdited writes the result of a plan for the recording from.
func (e *env) writeEdited(ctx context.Context, o editOptions, plan planned, from, name string) error {
	var source, result time.Duration
	watch := func(to *time.Duration) edit.Filter {
		return func(c format.Cast) format.Cast {
			c.Events = seeing(c.Events, func(ev format.Event) { *to = ev.Time })
			return c
		}
	}
	opts := convertOptions{to: o.to, overwrite: o.overwrite, read: o.read, filter: edit.Chain(watch(&source), plan.filter, watch(&result))}
	backup := ""
	if o.inPlace {
		var err error
		if name, err = filepath.EvalSymlinks(from); err != nil {
			return err
		}
		if opts.to, err = e.sameFormat(ctx, name, o.read); err != nil {
			return err
		}
		backup, opts.overwrite = name+".bak", true
		if _, err := os.Lstat(backup); err == nil && !o.overwrite {
			return createError(backup, fs.ErrExist)
		}
		opts.before = func() error { return copyPrivate(name, backup, o.overwrite) }
	}
	if err := runConvert(ctx, e, opts, plan.path, name); err != nil {
		return err
	}
	if name == "-" {
		name = "standard output"
	}
	e.notef("%s: %s long, was %s", name, timecode.Format(result, time.Second/10), timecode.Format(source, time.Second/10))
	if backup != "" {
		e.notef("%s still holds what was taken out", backup)
	}
	return nil
}

// sameFormat returns the target for replacing a recording by one in its own format.
func (e *env) sameFormat(ctx context.Context, name string, read readOptions) (*convert.Target, error) {
	src, err := e.open(ctx, name, read.list()...)
	if err != nil {
		return nil, err
	}
	defer src.close()
	to := targets.ByFormat(src.format)
	if len(src.parts) != 1 || to == nil || to.Format.Layout() != format.OneFile || src.compression != format.CompressionByFileName(name) {
		return nil, withHint(fmt.Errorf("%s: cannot be replaced: it is not one file in a format that can be written under its name", name),
			"write another: ttydeck edit "+shellJoin([]string{name})+" OUT.cast")
	}
	return to, nil
}

// copyAsIs copies a recording that is an asciicast v3, to one, byte for byte; and
// reports false for any other.
func (e *env) copyAsIs(ctx context.Context, o editOptions, path, name string) (bool, error) {
	src, err := e.open(ctx, path, o.read.list()...)
	if err != nil {
		return false, err
	}
	defer src.close()
	to, err := targetFor(targets, o.to, name)
	if err != nil {
		return false, err
	}
	if src.format != format.AsciicastV3 || to.Format != src.format || src.compression != format.CompressionByFileName(name) {
		return false, nil
	}
	if name == "-" {
		f, err := os.Open(path)
		if err != nil {
			return false, err
		}
		defer f.Close()
		_, err = io.Copy(e.out, f)
		return true, err
	}
	return true, copyPrivate(path, name, o.overwrite)
}

// copyPrivate copies a file to one that only its owner can read.
func copyPrivate(name, to string, overwrite bool) error {
	src, err := os.Open(name)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := atomicfile.Create(to, atomicfile.Options{Overwrite: overwrite, Mode: 0o600})
	if err != nil {
		return createError(to, err)
	}
	if _, err := io.Copy(dst, src); err != nil {
		dst.Discard()
		return err
	}
	return atomicfile.Commit(dst)
}

// planStep is a row of the plan in JSON. Times are seconds.
type planStep struct {
	SourceFrom float64 `json:"source_from"`
	SourceTo   float64 `json:"source_to"`
	What       string  `json:"what,omitempty"`
	From       float64 `json:"from"`
	To         float64 `json:"to"`
}

// printPlan prints what a plan does.
func (e *env) printPlan(ctx context.Context, plan *edit.Plan, asJSON bool) error {
	m, err := plan.Measure(ctx)
	if err != nil {
		return err
	}
	if !asJSON {
		return m.Write(e.out)
	}
	steps := []planStep{}
	for _, s := range m.Steps() {
		steps = append(steps, planStep{s.Source.From.Time.Seconds(), s.Source.To.Time.Seconds(), s.What, s.From.Seconds(), s.To.Seconds()})
	}
	line, err := json.Marshal(struct {
		SourceLength float64    `json:"source_length"`
		Length       float64    `json:"length"`
		Steps        []planStep `json:"steps"`
	}{m.SourceLength().Seconds(), m.Length().Seconds(), steps})
	if err == nil {
		_, err = fmt.Fprintf(e.out, "%s\n", visible.JSON(line))
	}
	return err
}
