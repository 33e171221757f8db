package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/urfave/cli/v2"
)

// configPath gives where the configuration is: $TTYDECK_CONFIG, else
// ttydeck/config.toml in $XDG_CONFIG_HOME or ~/.config
// (https://specifications.freedesktop.org/basedir-spec/).
func configPath() string {
	if path := os.Getenv("TTYDECK_CONFIG"); path != "" {
		return path
	}
	dir := os.Getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "ttydeck", "config.toml")
}

// loadConfig makes the configuration the defaults of the flags: a table for
// each command, a key for each flag. What stands in the environment or on the
// command line comes before it.
func loadConfig(e *env, app *cli.App) error {
	path := configPath()
	if path == "" {
		return nil
	}
	text, err := os.ReadFile(path)
	switch {
	case err == nil:
	case os.Getenv("TTYDECK_CONFIG") != "":
		return usageError{err}
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case errors.Is(err, fs.ErrPermission): // HOME is another user's, with su or sudo
		e.warnf("%v: going on without it", err)
		return nil
	default:
		return usageError{err}
	}
	var tables map[string]map[string]any
	if _, err := toml.Decode(string(text), &tables); err != nil {
		if parse, ok := errors.AsType[toml.ParseError](err); ok {
			return usageError{fmt.Errorf("%s: line %d: %s", path, parse.Position.Line, parse.Message)}
		}
		return withHint(usageError{fmt.Errorf("%s: %w", path, err)}, "a flag stands in the table of its command: [play], then speed = 2")
	}
	for name, table := range tables {
		c := app.Command(name)
		if c == nil || c.Name != name {
			return usageError{fmt.Errorf("%s: [%s]: no such command", path, name)}
		}
		values := map[string][]string{}
		for key, value := range table {
			if !slices.ContainsFunc(c.Flags, func(f cli.Flag) bool { return f.Names()[0] == key }) {
				return withHint(usageError{fmt.Errorf("%s: [%s]: no flag named %q", path, name, key)}, "see ttydeck "+name+" --help")
			}
			if list, ok := value.([]any); ok {
				for _, v := range list {
					values[key] = append(values[key], fmt.Sprint(v))
				}
			} else {
				values[key] = []string{fmt.Sprint(value)}
			}
		}
		before := c.Before
		c.Before = func(ctx *cli.Context) error {
			for key, list := range values {
				if ctx.IsSet(key) {
					continue
				}
				for _, value := range list {
					if err := ctx.Set(key, value); err != nil {
						return usageError{fmt.Errorf("%s: [%s]: %s: %s", path, name, key, strings.TrimPrefix(err.Error(), "parse error"))}
					}
				}
			}
			if before != nil {
				return before(ctx)
			}
			return nil
		}
	}
	return nil
}
