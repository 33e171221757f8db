package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/ttydeck/ttydeck/convert"
	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"golang.org/x/text/encoding"
)

// This file holds the flags that several commands share. A flag has the same
// meaning in all commands: FLAGS.md lists them.

func quietFlag(p *bool) *flag { return onOff(p, "quiet,q", "print errors only") }

func jsonFlag(p *bool) *flag { return onOff(p, "json", "print JSON") }

func overwriteFlag(p *bool) *flag { return onOff(p, "overwrite", "replace the output if it exists") }

func appendFlag(p *bool) *flag { return onOff(p, "append,a", "append to the output if it exists") }

func outputFlag(p *string) *flag { return word(p, "output,o", "write to `OUT`") }

// formatFlag returns the flag for the target to write, one of table.
func formatFlag[T comparable](p *T, table convert.Table, of func(*convert.Target) T) *flag {
	return valued(p, "format,f,output-format", "write `FORMAT`, whatever the output's extension", func(name string) (x T, err error) {
		t, err := targetNamed(table, name)
		if err == nil {
			x = of(t)
		}
		return x, err
	}).among(table.Names())
}

func targetFlag(p **convert.Target) *flag {
	return formatFlag(p, targets, func(t *convert.Target) *convert.Target { return t })
}

// recordFlag is the flag of a recorder.
func recordFlag(p **format.Format) *flag {
	return formatFlag(p, targets, func(t *convert.Target) *format.Format { return t.Format }).among(recordable.Names())
}

func titleFlag(p *string) *flag { return word(p, "title,t", "set the recording's title to `TITLE`") }

func nameFlag(p *string) *flag {
	return valued(p, "name,n", "call the session `NAME` (default: the program's name)", parseSessionName)
}

func inputFlag(p *bool) *flag {
	return onOff(p, "input,I,capture-input,stdin", "also record input, except while echo is off, as at password prompts")
}

func idleLimitFlag(p *optional[time.Duration], also string) *flag {
	return valued(p, "idle-time-limit,i"+also, "shorten every pause to `SECONDS`; 0 means no limit", parseIdleLimit)
}

// recordIdleLimitFlag is the flag of a recorder: it keeps the pauses, and writes
// the limit to the header.
func recordIdleLimitFlag(p *optional[time.Duration]) *flag {
	return valued(p, "idle-time-limit,i", "let players shorten every pause to `SECONDS`; 0 means no limit", parseIdleLimit)
}

func windowSizeFlag(p *format.Size) *flag {
	return sizeFlag(p, "window-size", "use a window of `COLSxROWS`, or one side: 100x, x30")
}

func noShellIntegrationFlag(p *bool) *flag {
	return onOff(p, "no-shell-integration", "do not make the shell mark its prompts and commands")
}

func userFlag(p *string) *flag {
	return valued(p, "user,u", "only sessions of `USER`", parseUser)
}

func noUIFlag(p *bool) *flag {
	return onOff(p, "no-ui", "show only the session: no bar, no messages, no mouse")
}

// errExclude returns the error for two flags that contradict each other.
func errExclude(a, b string) error {
	return usageError{fmt.Errorf("%s and %s cannot be combined", a, b)}
}

// readOptions are the flags for reading recordings.
type readOptions struct {
	format         *format.Format // nil: detected
	strict         bool
	size           format.Size // for recordings without a size
	encoding       charset
	recording      string
	keepSuspend    bool
	legacyShift    bool
	bytesPerSecond int
	timing         string
	inputLog       string
	name           string // for messages, in place of the file's; no flag
}

// charset is an encoding with its name on the command line.
type charset struct {
	name string
	encoding.Encoding
}

func parseCharset(name string) (charset, error) {
	enc, err := format.EncodingByName(name)
	if err != nil {
		return charset{}, withHint(err, "encodings: cp437, cp850, latin1, iso-8859-15, koi8-r, shift_jis, gbk, big5 and others")
	}
	return charset{name, enc}, nil
}

// groups returns the flags.
func (o *readOptions) groups() []group {
	return o.groupsWith(sizeFlag(&o.size, "window-size", "assume a window of `COLSxROWS` if the recording has no size"))
}

// croppedGroups returns the flags for commands that also crop and pad pictures.
func (o *readOptions) croppedGroups(recipe *recipeFlags) []group {
	f := sizeFlag(&o.size, "window-size", "crop or pad the picture to `COLSxROWS`; if the recording has no size, assume this one")
	set := f.set
	f.set = func(s string) error {
		recipe.WindowSize = s
		return set(s)
	}
	return o.groupsWith(f)
}

func (o *readOptions) groupsWith(size *flag) []group {
	return []group{
		{"Reading", []*flag{
			valued(&o.format, "input-format", "read the input as `FORMAT`, without detecting the format", sourceNamed).
				among(readable()),
			onOff(&o.strict, "strict", "stop at the first fault in a recording"),
			size,
		}},
		{"Old and unusual formats", []*flag{
			valued(&o.encoding, "encoding", "convert output from `CHARSET`, such as cp437 or latin1, to UTF-8", parseCharset),
			word(&o.recording, "recording", "read recording `ID` of a log that holds several"),
			number(&o.bytesPerSecond, 1, "bytes-per-second", "if the output has no times, time it at `N` bytes a second"),
			word(&o.timing, "timing", "read a typescript's timing from `FILE`"),
			word(&o.inputLog, "input-log", "read a typescript's input from `FILE`"),
			onOff(&o.keepSuspend, "keep-suspend", "keep the time during which sudo's command was suspended"),
			onOff(&o.legacyShift, "legacy-shift", "read a typescript of util-linux 2.24 or older, whose times are shifted"),
		}},
	}
}

// list returns the flags as options of package format.
func (o *readOptions) list() []format.Option {
	var opts []format.Option
	if o.format != nil {
		opts = append(opts, format.As(o.format))
	}
	if o.strict {
		opts = append(opts, format.Strict())
	}
	if o.size != (format.Size{}) {
		opts = append(opts, format.DefaultSize(o.size))
	}
	if o.encoding.Encoding != nil {
		opts = append(opts, format.Encoding(o.encoding.Encoding))
	}
	if o.recording != "" {
		opts = append(opts, format.Recording(o.recording))
	}
	if o.keepSuspend {
		opts = append(opts, format.KeepSuspend())
	}
	if o.legacyShift {
		opts = append(opts, format.LegacyShift())
	}
	if o.bytesPerSecond > 0 {
		opts = append(opts, format.BytesPerSecond(o.bytesPerSecond))
	}
	if o.timing != "" {
		opts = append(opts, format.TimingFile(o.timing))
	}
	if o.inputLog != "" {
		opts = append(opts, format.InputLog(o.inputLog))
	}
	if o.name != "" {
		opts = append(opts, format.Name(o.name))
	}
	return opts
}

// filterOptions are the flags that change a recording on its way.
type filterOptions struct {
	recipeFlags
	shift  time.Duration
	redact redactOptions
}

func (o *filterOptions) groups() []group {
	return []group{
		o.cuts(),
		o.paces(append(o.speedFlags(), valued(&o.shift, "shift", "move all events by `SECONDS`, which may be negative", parseDuration))...),
		o.looks(append(o.headerFlags(), o.recipeFlag())...),
		o.redact.group(),
	}
}

func removeMetadataFlag(p *bool) *flag {
	return onOff(p, "remove-metadata", "remove what is beyond the picture: directories, hosts, command lines, titles, the environment")
}

// of returns the plan of the flags for the recording name, with a Filter for all of
// them; see [env.plan].
func (o *filterOptions) of(ctx context.Context, e *env, name string, read *readOptions) (planned, error) {
	recipe, err := o.recipe()
	if err != nil {
		return planned{done: func() {}}, err
	}
	hide, err := o.redact.filter(ctx, func(string, ...any) {})
	if err != nil {
		return planned{done: func() {}}, err
	}
	p, err := e.plan(ctx, recipe, name, read, hide)
	if err == nil {
		p.filter, err = o.with(ctx, e, p.filter)
	}
	return p, err
}

// with returns the Filter for a recipe's and the flags beside it.
func (o *filterOptions) with(ctx context.Context, e *env, recipe edit.Filter) (edit.Filter, error) {
	var filters []edit.Filter
	redact, err := o.redact.filter(ctx, e.notef)
	if err != nil {
		return nil, err
	}
	if redact != nil { // first: its report has the times of the input
		filters = append(filters, redact)
	}
	filters = append(filters, recipe)
	if o.shift != 0 {
		filters = append(filters, edit.Shift(o.shift))
	}
	return edit.Chain(filters...), nil
}
