package cli

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// command is one of the program's commands.
type command struct {
	name     string
	aliases  []string // names of the command in other recorders
	purpose  string   // one line, for the list of commands
	args     string   // the arguments, for the usage line
	examples []string // command lines that work
	// about is the prose of the help, in paragraphs. A paragraph with a line
	// that begins with blanks is a table, and is not wrapped.
	about  string
	flags  []group
	hidden bool
	// sealed means that flags come from the command line alone. The
	// configuration and the environment belong to the user, and login-rec records
	// users: its flags come from root, who wrote its command line. The hidden
	// commands are started by other commands, which have read the configuration;
	// an error in it must not keep them from starting.
	sealed bool
	// signals means that the command handles signals itself, as it has a terminal
	// to restore.
	signals bool
	// program receives the words behind "--"; nil means that they are arguments
	// like any other.
	program *[]string
	// first lists the values of the first argument, for completion; nil means
	// files.
	first func(*env) []string
	run   func(ctx context.Context, args []string) error
}

// group is a group of flags with its title in the help.
type group struct {
	title string
	flags []*flag
}

// usage returns the usage line.
func (c *command) usage() string {
	line := "Usage: ttydeck " + c.name
	if len(c.flags) > 0 {
		line += " [FLAGS]"
	}
	return strings.TrimSpace(line + " " + c.args)
}

// allFlags returns the flags of all groups.
func (c *command) allFlags() []*flag {
	var all []*flag
	for _, g := range c.flags {
		all = append(all, g.flags...)
	}
	return all
}

// flag returns the flag of that name: its own, its short one, or another
// recorder's; nil for none.
func (c *command) flag(name string) *flag {
	for _, f := range c.allFlags() {
		if f.name == name || f.short == name && name != "" || slices.Contains(f.also, name) {
			return f
		}
	}
	return nil
}

// flag is a flag of a command. It sets a field of the command's options.
type flag struct {
	name  string
	short string   // one letter; "" for none
	also  []string // names of the flag in other recorders: accepted, but not shown
	usage string   // with the value's placeholder in backticks
	shown string   // the default; "" for none
	on    *bool    // the field that a flag without a value sets; nil for one with a value
	set   func(string) error
	// values lists the possible values, for completion; nil means files.
	values func(*env) []string
	names  []string // the possible values, for the help; nil if the usage says enough
	given  bool     // set by the command line, the environment or the configuration
	err    error    // the last error of Set, with its hints, which the CLI library drops
}

// Set implements [cli.Generic].
func (f *flag) Set(s string) error {
	f.err = f.set(s)
	f.given = true
	return f.err
}

// String implements [cli.Generic].
func (f *flag) String() string { return f.shown }

func (f *flag) cli() cli.Flag {
	if f.on != nil {
		return &cli.BoolFlag{Name: f.name, Usage: f.usage, Destination: f.on}
	}
	return &cli.GenericFlag{Name: f.name, Usage: f.usage, Value: f}
}

// offering sets the possible values of the flag, for completion.
func (f *flag) offering(values func(*env) []string) *flag {
	f.values = values
	return f
}

// among sets the possible values of the flag, for completion and the help.
func (f *flag) among(names []string) *flag {
	f.names = names
	return f.offering(func(*env) []string { return names })
}

// newFlag returns a flag with these names: "output,o" is --output and -o; further
// names are those of other recorders.
func newFlag(names, usage string) *flag {
	list := strings.Split(names, ",")
	f := &flag{name: list[0], usage: usage}
	for _, name := range list[1:] {
		if len(name) == 1 && f.short == "" {
			f.short = name
		} else {
			f.also = append(f.also, name)
		}
	}
	return f
}

// onOff returns a flag without a value, which sets *p.
func onOff(p *bool, names, usage string) *flag {
	f := newFlag(names, usage)
	f.on = p
	f.set = func(s string) (err error) {
		if *p, err = strconv.ParseBool(s); err != nil {
			return fmt.Errorf("invalid value %q: want true or false", s)
		}
		return nil
	}
	return f
}

// valued returns a flag that sets *p to its value, parsed by parse. The default
// is *p.
func valued[T comparable](p *T, names, usage string, parse func(string) (T, error)) *flag {
	f := newFlag(names, usage)
	if *p != *new(T) {
		f.shown = fmt.Sprint(*p)
		if d, ok := any(*p).(time.Duration); ok { // the placeholder is SECONDS
			f.shown = fmt.Sprint(d.Seconds())
		}
	}
	f.set = func(s string) error {
		x, err := parse(s)
		if err == nil {
			*p = x
		}
		return err
	}
	return f
}

// withoutDefault removes the default from the help.
func (f *flag) withoutDefault() *flag {
	f.shown = ""
	return f
}

// word returns a flag that sets *p to its value.
func word(p *string, names, usage string) *flag {
	return valued(p, names, usage, func(s string) (string, error) { return s, nil })
}

// oneOf returns a flag whose value is one of words; the first is the default.
func oneOf(p *string, names, usage string, words ...string) *flag {
	*p = words[0]
	return valued(p, names, usage, func(s string) (string, error) {
		if !slices.Contains(words, s) {
			return "", fmt.Errorf("invalid value %q: want one of %s", s, strings.Join(words, ", "))
		}
		return s, nil
	}).offering(func(*env) []string { return words })
}

// number returns a flag whose value is a whole number, at least least.
func number(p *int, least int, names, usage string) *flag {
	return valued(p, names, usage, func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n < least {
			return 0, fmt.Errorf("invalid number %q: want a whole number, at least %d", s, least)
		}
		return n, nil
	})
}

// many returns a flag that can be repeated: each value, parsed by parse, is
// appended to *p.
func many[T any](p *[]T, names, usage string, parse func(string) (T, error)) *flag {
	f := newFlag(names, usage)
	f.set = func(s string) error {
		x, err := parse(s)
		if err == nil {
			*p = append(*p, x)
		}
		return err
	}
	return f
}

// asIs is a parse function that returns its argument.
func asIs(s string) (string, error) { return s, nil }

// splitArgs separates the flags from the arguments, so that flags may follow file
// names. It replaces short and old names of flags by full ones, and splits -s2.
// "--" and all that follows are arguments.
func (e *env) splitArgs(c *command, args []string) (flags, rest []string, err error) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return flags, append(rest, args[i:]...), nil
		}
		if len(arg) < 2 || arg[0] != '-' {
			rest = append(rest, arg)
			continue
		}
		name, value, hasValue := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(arg, "-"), "-"), "=")
		if name == "help" || name == "h" {
			flags = append(flags, "--help")
			continue
		}
		f, old := c.flag(name), oldNameOf(c, name)
		if f == nil && old == nil && arg[1] != '-' { // -s2
			if f = c.flag(arg[1:2]); f != nil && f.on == nil {
				name, value, hasValue = arg[1:2], arg[2:], true
			} else {
				f = nil
			}
		}
		isOn := f != nil && f.on != nil
		if old != nil {
			isOn = old.isOn
		}
		if (f != nil || old != nil) && !isOn && !hasValue {
			if i++; i == len(args) {
				return nil, nil, e.flagError(c, fmt.Errorf("%s needs a value", arg))
			}
			value, hasValue = args[i], true
		}
		if now, value := e.newName(c, f, old, name, value, commandLine); now != nil {
			flags = append(flags, flagArg(now, value, hasValue || now.on == nil))
			continue
		}
		if f == nil {
			return nil, nil, e.unknownFlag(c, arg, name, value)
		}
		flags = append(flags, flagArg(f, value, hasValue))
	}
	return flags, rest, nil
}

// flagArg returns the argument that sets f, and marks f as given.
func flagArg(f *flag, value string, hasValue bool) string {
	f.given = true
	if !hasValue {
		return "--" + f.name
	}
	return "--" + f.name + "=" + value
}

func (e *env) unknownFlag(c *command, arg, name, value string) error {
	if len(name) > 1 && !strings.HasPrefix(arg, "--") {
		arg = "-" + arg
	}
	arg, _, _ = strings.Cut(arg, "=")
	err := withHint(usageError{fmt.Errorf("unknown flag %s", arg)}, "see ttydeck "+c.name+" --help")
	var names []string
	for _, f := range c.allFlags() {
		names = append(names, f.name)
	}
	if best := closest(name, names); best != "" {
		err.hints = append([]string{"did you mean: --" + best}, err.hints...)
	}
	return err
}

// invalidValue matches the CLI library's error for a value that Set refuses.
var invalidValue = regexp.MustCompile(`(?s)^invalid (?:boolean )?value .* for (?:flag )?-+([a-z-]+): `)

// flagError returns the error for the flag that err is about, with its hints.
func (e *env) flagError(c *command, err error) error {
	if m := invalidValue.FindStringSubmatch(err.Error()); m != nil {
		if f := c.flag(m[1]); f != nil {
			if f.on != nil {
				return usageError{fmt.Errorf("--%s: want no value, or true or false", f.name)}
			}
			return usageError{fmt.Errorf("--%s: %w", f.name, f.err)}
		}
	}
	return withHint(usageError{err}, "see ttydeck "+c.name+" --help")
}
