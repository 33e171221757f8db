package main

import (
	"context"
	"slices"

	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/urfave/cli/v2"
)

type catOptions struct {
	to        *format.Format // nil: by the output's name, else the first recording's
	name      string
	overwrite bool
	read      []format.Option
	filter    edit.Filter
}

func catCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "cat",
		Usage:     "put recordings behind each other",
		ArgsUsage: "FILE...",
		Description: `Writes one recording that holds all the FILEs in turn, each beginning when the one before ends, with the
header of the first. Its format is --to, else what the name of OUT says, else that of the first FILE.`,
		Flags: slices.Concat([]cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write to `OUT`, not to standard output", Value: "-"},
			&cli.StringFlag{Name: "to", Aliases: []string{"f", "output-format"}, Usage: "write `FORMAT`"},
			&cli.BoolFlag{Name: "overwrite", Usage: "replace OUT if it exists"},
		}, readFlags(), filterFlags()),
		Action: func(c *cli.Context) error {
			args, err := fileArgs(c, 1, -1, "the recording to read")
			if err != nil {
				return err
			}
			opts := catOptions{name: c.String("output"), overwrite: c.Bool("overwrite")}
			if opts.to, err = targetNamed(c.String("to")); err != nil {
				return err
			}
			if opts.read, err = readOptions(c); err != nil {
				return err
			}
			if opts.filter, err = filterOf(c); err != nil {
				return err
			}
			return runCat(c.Context, e, opts, args)
		},
	}
}

func runCat(ctx context.Context, e *env, opts catOptions, names []string) error {
	said := &warnings{env: e}
	var casts []format.Cast
	for _, name := range names {
		src, err := e.open(ctx, name, append([]format.Option{format.OnWarning(said.add)}, opts.read...)...)
		if err != nil {
			return err
		}
		defer src.close()
		if opts.to == nil && opts.name == "-" && src.format.CanWrite() {
			opts.to = src.format
		}
		casts = append(casts, src.Cast)
	}
	to, err := targetFormat(opts.to, opts.name)
	if err != nil {
		return err
	}
	dst, err := e.create(opts.name, to, opts.overwrite, permOf(names[0]))
	if err != nil {
		return err
	}
	cast := opts.filter(edit.Concat(casts...))
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
