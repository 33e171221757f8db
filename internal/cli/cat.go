package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/convert/transcript"
	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/fetch"
	"github.com/ttydeck/ttydeck/place"
)

type catOptions struct {
	output    string
	to        *convert.Target // nil: by the output's extension, else the first recording's
	overwrite bool
	read      readOptions
	filter    filterOptions
}

func catCommand(e *env) *command {
	o := catOptions{output: "-"}
	return &command{
		name:    "cat",
		purpose: "join recordings",
		args:    "FILE...",
		examples: []string{
			"ttydeck cat part1.cast part2.cast -o whole.cast",
			"ttydeck cat -i 2 *.cast | ttydeck play -",
		},
		about: `Joins the FILEs into one recording: each begins when the one before it ends, on the screen of a new
terminal. The header is that of the first FILE; before each other, a marker has the time at which it was
begun. --format sets the format;
without it, OUT's extension does. On standard output, the format is that of the first FILE.`,
		flags: slices.Concat([]group{{"Output", []*flag{
			outputFlag(&o.output), targetFlag(&o.to), overwriteFlag(&o.overwrite),
		}}}, o.filter.groups(), o.read.croppedGroups(&o.filter.recipeFlags)),
		run: func(ctx context.Context, args []string) error {
			if err := e.need(args, 1, -1, "the recording to read"); err != nil {
				return err
			}
			return runCat(ctx, e, o, args)
		},
	}
}

func runCat(ctx context.Context, e *env, o catOptions, names []string) error {
	recipe, err := o.filter.recipe()
	if err != nil {
		return err
	}
	hide, err := o.filter.redact.filter(ctx, func(string, ...any) {})
	if err != nil {
		return err
	}
	plan, err := recipe.Plan(ctx, place.Source{Commands: transcript.Places, Open: func() (format.Cast, error) {
		cast, err := e.openJoined(ctx, names, o.read.list())
		if err == nil && hide != nil { // what it hides must not come back, as typed anew
			cast = hide(cast)
		}
		return cast, err
	}})
	if errors.Is(err, errTwice) {
		err = withHint(fmt.Errorf("standard input: %w, as its places must be found first", err), "save it to a file first")
	}
	if err != nil {
		return err
	}
	planned{Plan: plan}.warn(e)
	replace, err := replacing(ctx, recipe.Replace)
	if err != nil {
		return err
	}
	filter, err := o.filter.with(ctx, e, plan.FilterWith(replace))
	if err != nil {
		return err
	}
	said := &warnings{env: e}
	var sources []*input
	var casts []format.Cast
	for _, name := range names {
		src, err := e.open(ctx, name, append([]format.Option{format.OnWarning(said.add)}, o.read.list()...)...)
		if err != nil {
			return err
		}
		defer src.close()
		if o.to == nil && o.output == "-" {
			o.to = targets.ByFormat(src.format)
		}
		sources = append(sources, src)
		casts = append(casts, src.Cast)
	}
	to, err := targetFor(targets, o.to, o.output)
	if err != nil {
		return err
	}
	dst, err := e.create(o.output, to, o.overwrite, sources...)
	if err != nil {
		return err
	}
	cast := filter(edit.Concat(casts...))
	cast.Events = untilCancelled(ctx, cast.Events)
	err = format.Copy(dst.Writer, cast)
	said.done()
	if note := lossesNote(to.Name, format.LossesOf(dst.Writer)); note != "" {
		e.notef("%s", note)
	}
	if err != nil {
		dst.discard()
		return err
	}
	return dst.commit()
}

// openJoined opens recordings once more, and joins them.
func (e *env) openJoined(ctx context.Context, names []string, opts []format.Option) (format.Cast, error) {
	var casts []format.Cast
	for _, name := range names {
		if name == "-" || fetch.IsURL(name) {
			return format.Cast{}, errTwice
		}
		src, err := e.open(ctx, name, opts...)
		if err != nil {
			for _, c := range casts { // to close them
				for range c.Events {
					break
				}
			}
			return format.Cast{}, err
		}
		src.Events = closing(src.Events, src.close)
		casts = append(casts, src.Cast)
	}
	return edit.Concat(casts...), nil
}
