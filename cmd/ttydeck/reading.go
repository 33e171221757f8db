package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/ttydeck/ttydeck/format"
	"github.com/urfave/cli/v2"
)

// readFlags are the flags of how recordings are read, for every command that
// reads them.
func readFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "from", Usage: "read `FORMAT`, whatever the recording looks like"},
		&cli.BoolFlag{Name: "strict", Usage: "fail at the first thing that is wrong with a recording"},
		&cli.IntFlag{Name: "cols", Usage: "take `N` columns for a recording that tells no size"},
		&cli.IntFlag{Name: "rows", Usage: "take `N` rows for a recording that tells no size"},
		&cli.StringFlag{Name: "encoding", Usage: "turn output from `CHARSET`, such as cp437 or latin1, into UTF-8"},
		&cli.StringFlag{Name: "recording", Usage: "of a log that holds several recordings, read the one of `ID`"},
		&cli.BoolFlag{Name: "keep-suspend", Usage: "keep the time in which a command of sudo was suspended"},
		&cli.BoolFlag{Name: "legacy-shift", Usage: "read the timing of script as util-linux up to 2.24 wrote it"},
		&cli.IntFlag{Name: "bytes-per-second", Usage: "spread output that has no times: `N` bytes a second"},
		&cli.StringFlag{Name: "timing", Usage: "the timing of a typescript is in `FILE`"},
		&cli.StringFlag{Name: "input-log", Usage: "the input of a typescript is in `FILE`"},
	}
}

// without gives flags but those of the names, which a command has for itself.
func without(flags []cli.Flag, names ...string) []cli.Flag {
	return slices.DeleteFunc(flags, func(f cli.Flag) bool { return slices.Contains(names, f.Names()[0]) })
}

// readOptions gives the options that the flags ask for.
func readOptions(c *cli.Context) ([]format.Option, error) {
	var opts []format.Option
	from, err := formatNamed(c.String(strings.TrimPrefix(formatFlagOf(c.Command), "--")))
	if err != nil {
		return nil, err
	}
	if from != nil {
		if !from.CanRead() {
			return nil, usageError{fmt.Errorf("%s cannot be read, only written", from)}
		}
		opts = append(opts, format.As(from))
	}
	if c.Bool("strict") {
		opts = append(opts, format.Strict())
	}
	size := format.Size{Cols: c.Int("cols"), Rows: c.Int("rows")}
	for flag, n := range map[string]int{"cols": size.Cols, "rows": size.Rows} {
		if c.IsSet(flag) && (n < 1 || n > format.MaxSide) {
			return nil, usageError{fmt.Errorf("--%s: want a number from 1 to %d", flag, format.MaxSide)}
		}
	}
	if size != (format.Size{}) {
		opts = append(opts, format.DefaultSize(size))
	}
	if name := c.String("encoding"); name != "" {
		enc, err := format.EncodingByName(name)
		if err != nil {
			return nil, withHint(usageError{err}, "such as cp437, cp850, latin1, iso-8859-15, koi8-r, shift_jis, gbk, big5")
		}
		if enc != nil {
			opts = append(opts, format.Encoding(enc))
		}
	}
	if id := c.String("recording"); id != "" {
		opts = append(opts, format.Recording(id))
	}
	if c.Bool("keep-suspend") {
		opts = append(opts, format.KeepSuspend())
	}
	if c.Bool("legacy-shift") {
		opts = append(opts, format.LegacyShift())
	}
	if c.IsSet("bytes-per-second") {
		n := c.Int("bytes-per-second")
		if n < 1 {
			return nil, usageError{fmt.Errorf("--bytes-per-second: want a number above 0")}
		}
		opts = append(opts, format.BytesPerSecond(n))
	}
	if path := c.String("timing"); path != "" {
		opts = append(opts, format.TimingFile(path))
	}
	if path := c.String("input-log"); path != "" {
		opts = append(opts, format.InputLog(path))
	}
	return opts, nil
}
