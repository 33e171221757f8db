package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// configPath returns the path of the configuration: $TTYDECK_CONFIG, else
// ttydeck/config.toml in $XDG_CONFIG_HOME or ~/.config
// (https://specifications.freedesktop.org/basedir-spec/).
func (e *env) configPath() string {
	if path := e.getenv("TTYDECK_CONFIG"); path != "" {
		return path
	}
	dir := e.getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) {
		home := e.getenv("HOME")
		if home == "" {
			return ""
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "ttydeck", "config.toml")
}

// defaults sets the flags of c that the command line has not set, from the
// environment (TTYDECK_PLAY_IDLE_TIME_LIMIT is --idle-time-limit of play) and
// from the configuration, in this order.
func (e *env) defaults(c *command) error {
	config, err := e.config()
	if err != nil {
		return err
	}
	given := map[*flag]bool{} // by the command line, then by the environment
	for _, f := range c.allFlags() {
		given[f] = f.given
	}
	prefix := envVar(c.name, "")
	for _, entry := range e.environ {
		name, value, _ := strings.Cut(entry, "=")
		key, ok := strings.CutPrefix(name, prefix)
		if !ok || value == "" {
			continue
		}
		key = strings.ToLower(strings.ReplaceAll(key, "_", "-"))
		err := e.setDefault(c, key, []any{value}, given, origin{form: func(key string) string { return envVar(c.name, key) }})
		switch {
		case errors.Is(err, errNoFlag): // the variable may be another program's
			e.warnf("%s: ignored, as ttydeck %s has no such flag", name, c.name)
		case err != nil:
			return err
		}
	}
	for _, f := range c.allFlags() {
		given[f] = given[f] || f.given
	}
	table := config[c.name]
	for _, key := range slices.Sorted(maps.Keys(table)) {
		values, ok := table[key].([]any)
		if !ok {
			values = []any{table[key]}
		}
		from := origin{fmt.Sprintf("%s: [%s]: ", e.configPath(), c.name), func(key string) string { return key }}
		if err := e.setDefault(c, key, values, given, from); err != nil {
			return err
		}
	}
	return nil
}

var errNoFlag = errors.New("no such flag")

// setDefault sets the flag that key names, or named in an earlier version, unless
// it is given already.
func (e *env) setDefault(c *command, key string, values []any, given map[*flag]bool, from origin) error {
	f, old := c.flag(key), oldNameOf(c, key)
	if f != nil && f.name != key && !slices.Contains(f.also, key) {
		f = nil // short names are for the command line only
	}
	if old != nil && len(key) == 1 {
		old = nil
	}
	for _, v := range values {
		value := fmt.Sprint(v)
		to := f
		if old != nil || f != nil && placeFormat(c, key) != nil && isFormat(value) {
			if now, changed := e.newName(c, f, old, key, value, from); now != nil {
				if old != nil && old.isOn && value != "true" && value != "1" {
					continue
				}
				to, value = now, changed
			}
		}
		if to == nil {
			return withHint(usageError{fmt.Errorf("%s%s: %w", from.prefix, from.form(key), errNoFlag)}, "see ttydeck "+c.name+" --help")
		}
		if given[to] {
			continue
		}
		if err := to.Set(value); err != nil {
			return usageError{fmt.Errorf("%s%s: %w", from.prefix, from.form(key), err)}
		}
	}
	return nil
}

// envVar returns the environment variable for a flag of a command.
func envVar(command, flag string) string {
	return strings.ToUpper("TTYDECK_" + strings.ReplaceAll(command+"_"+flag, "-", "_"))
}

// config returns the configuration: a table for each command, with a key for
// each flag. A file that does not exist, or that this user may not read, is an
// empty one, unless $TTYDECK_CONFIG names it.
func (e *env) config() (map[string]map[string]any, error) {
	path := e.configPath()
	if path == "" {
		return nil, nil
	}
	content, err := os.ReadFile(path)
	switch {
	case err == nil:
	case e.getenv("TTYDECK_CONFIG") != "":
		return nil, withHint(usageError{err}, "$TTYDECK_CONFIG names this file; unset it to use the default")
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case errors.Is(err, fs.ErrPermission): // HOME is another user's, with su or sudo
		e.warnf("%s; continuing without the configuration", message(err))
		return nil, nil
	default:
		return nil, usageError{err}
	}
	var raw map[string]any
	if _, err := toml.Decode(string(content), &raw); err != nil {
		if parse, ok := errors.AsType[toml.ParseError](err); ok {
			return nil, usageError{fmt.Errorf("%s: line %d: %s", path, parse.Position.Line, parse.Message)}
		}
		return nil, usageError{fmt.Errorf("%s: %w", path, err)}
	}
	tables := map[string]map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(raw)) {
		table, isTable := raw[name].(map[string]any)
		c := e.command(name)
		switch {
		case !isTable:
			return nil, withHint(usageError{fmt.Errorf("%s: %s is not in the table of a command", path, name)},
				"write a line such as [play] before it")
		case c == nil || c.hidden:
			return nil, withHint(usageError{fmt.Errorf("%s: [%s]: no such command", path, name)}, "see ttydeck --help")
		case c.sealed:
			return nil, usageError{fmt.Errorf("%s: [%s]: its flags are read only from the command line", path, name)}
		}
		for key := range table {
			if f := c.flag(key); (f == nil || f.short == key) && oldNameOf(c, key) == nil {
				return nil, withHint(usageError{fmt.Errorf("%s: [%s]: no flag is named %q", path, name, key)},
					"see ttydeck "+c.name+" --help")
			}
		}
		if tables[c.name] == nil {
			tables[c.name] = map[string]any{}
		}
		maps.Copy(tables[c.name], table)
	}
	return tables, nil
}
