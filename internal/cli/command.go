package cli

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"
)

// command is one of the program's commands.
type command struct {
	name     string
	aliases  []string // other recorders' names for it
	purpose  string   // one line, as in the list of commands
	args     string   // its arguments, as the usage line shows them
	examples []string // command lines that work
	// about is the help's prose, in paragraphs; one with a line that begins
	// with blanks is a table and stays as it is.
	about  string
	flags  []group
	hidden bool
	// sealed commands take their flags from the command line alone. The
	// configuration and the environment are the user's, and login-rec records
	// users: its flags come from root, who wrote its command line. The hidden
	// commands are started by other commands, which have read the
	// configuration; a fault in it must not keep them from starting.
	sealed bool
	// signals is set where the command handles signals itself, because it has
	// a terminal to restore.
	signals bool
	// program receives the words behind "--"; nil where these are arguments
	// like any other.
	program *[]string
	// first lists what the first argument may be, for completion; nil means
	// files.
	first func(*env) []string
	run   func(ctx context.Context, args []string) error
}

// group is a part of a command's flags, with its title in the help.
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

// flag returns the flag of that name, short name or other recorder's name; nil
// for none.
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
	also  []string // other recorders' names for it: accepted, and not shown
	usage string   // with the value's placeholder in backticks
	shown string   // the default; "" for none
	on    *bool    // what a flag without a value sets; nil for one with a value
	set   func(string) error
	// values lists what the value may be, for completion; nil means files.
	values func(*env) []string
	given  bool  // by the command line, the environment or the configuration
	err    error // of the last Set, with its hints, which the CLI library drops
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

// offering sets what the flag's value may be, for completion.
func (f *flag) offering(values func(*env) []string) *flag {
	f.values = values
	return f
}

// newFlag makes a flag of its names: "output,o" is --output and -o; further
// names are other recorders'.
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

// onOff is a flag without a value, which sets *p.
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

// valued is a flag whose value parse turns into what *p holds. *p is the
// default.
func valued[T comparable](p *T, names, usage string, parse func(string) (T, error)) *flag {
	f := newFlag(names, usage)
	if *p != *new(T) {
		f.shown = fmt.Sprint(*p)
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

// word is a flag whose value is taken as it is.
func word(p *string, names, usage string) *flag {
	return valued(p, names, usage, func(s string) (string, error) { return s, nil })
}

// oneOf is a flag whose value is one of a few words, with the default first.
func oneOf(p *string, names, usage string, words ...string) *flag {
	*p = words[0]
	return valued(p, names, usage, func(s string) (string, error) {
		if !slices.Contains(words, s) {
			return "", fmt.Errorf("invalid value %q: want one of %s", s, strings.Join(words, ", "))
		}
		return s, nil
	}).offering(func(*env) []string { return words })
}

// number is a flag whose value is a whole number of at least least.
func number(p *int, least int, names, usage string) *flag {
	return valued(p, names, usage, func(s string) (int, error) {
		n, err := strconv.Atoi(s)
		if err != nil || n < least {
			return 0, fmt.Errorf("invalid number %q: want a whole number, at least %d", s, least)
		}
		return n, nil
	})
}

// many is a flag that may be given several times: parse turns each value into
// what is appended to *p.
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

// asIs is the parse function of words.
func asIs(s string) (string, error) { return s, nil }

// splitArgs separates a command's flags from its arguments, so that flags may
// stand behind file names too. It returns each flag under its full name, and
// takes -s2 apart. "--" and what follows are arguments.
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

// flagArg returns the argument that sets f, and notes that it is given.
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

// invalidValue is how the CLI library words a value that Set refuses.
var invalidValue = regexp.MustCompile(`(?s)^invalid (?:boolean )?value .* for (?:flag )?-+([a-z-]+): `)

// flagError says which flag an error is about, with the hints that belong to
// it.
func (e *env) flagError(c *command, err error) error {
	if m := invalidValue.FindStringSubmatch(err.Error()); m != nil {
		if f := c.flag(m[1]); f != nil {
			if f.on != nil {
				return usageError{fmt.Errorf("--%s takes no value but true or false", f.name)}
			}
			return usageError{fmt.Errorf("--%s: %w", f.name, f.err)}
		}
	}
	return withHint(usageError{err}, "see ttydeck "+c.name+" --help")
}
