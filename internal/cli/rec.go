package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/edit/redact"
	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/live"
	"github.com/ttydeck/ttydeck/record"
	"github.com/ttydeck/ttydeck/session"
)

type recOptions struct {
	file         record.FileOptions
	recorder     record.Recorder // without its Writer
	command      string          // for a shell
	program      []string
	name         string // of the session; empty: the program's
	idle         optional[time.Duration]
	captureEnv   string
	noMarks      bool
	returnStatus bool
	quiet        bool
	secrets      redactOptions
	redactor     *redact.Redactor // made of secrets; nil for none
}

func recCommand(e *env) *command {
	o := recOptions{captureEnv: "SHELL"}
	r := &o.recorder
	r.Keys = record.DefaultKeys
	return &command{
		name:    "rec",
		aliases: []string{"record"},
		purpose: "record a terminal session",
		args:    "[FILE] [-- PROGRAM [ARGUMENT...]]",
		examples: []string{
			"ttydeck rec demo.cast                 # your shell, until it ends",
			"ttydeck rec demo.cast -- make -j4",
			"ttydeck rec -c 'ls | wc -l' demo.cast.zst",
			"printf 'make\\nexit\\n' | ttydeck rec make.cast",
		},
		about: `Runs your shell, or PROGRAM, and records its output to FILE until it ends. Without FILE, the
file is named after the date and time. The extension sets the format: .cast is asciicast version 3,
.v2.cast version 2, .raw the plain output; an additional .gz or .zst compresses it. "-" is standard
output.

While recording, C-\ (ctrl-backslash) is a prefix: C-\ p pauses and resumes, C-\ m adds a marker, and
C-\ C-\ sends C-\ to the program. On resume, the current screen is recorded, so that later output is
drawn correctly. Clear the screen first if it shows anything that must not be recorded.

If standard input is not a terminal, it is typed into the session. If the recording can no
longer be written, an error is shown at once, the session goes on, and the exit status is 1.
With --redact, FILE appears when the session has ended, without secrets; until then, and if they
cannot be removed, the recording is FILE.unredacted, before FILE's extension. A program that prints
faster than its output is searched, about 20 MB a second, is slowed down.

Shells (bash, zsh, fish, nushell, dash, ksh, mksh, busybox) mark their prompts and commands in the
recording, with exit status and directory, for ttydeck transcript. Your start-up files are read as
usual, and your terminal shows no marks.

While the session runs, ttydeck ls lists it, and ttydeck watch, attach, send, pause, stop and others
act on it from your other terminals. In the session, TTYDECK_REC and ASCIINEMA_REC are set to 1.

With --return, the exit status is that of the recorded program, or 128+N if signal N killed it.`,
		flags: []group{
			{"Recording", []*flag{
				word(&o.command, "command,c", "record the shell command `COMMAND` instead of your shell"),
				titleFlag(&r.Header.Title),
				nameFlag(&o.name),
				recordIdleLimitFlag(&o.idle),
				inputFlag(&r.Input),
				onOff(&r.InputSecrets, "input-secrets", "record all input, even while echo is off: passwords too"),
				word(&o.captureEnv, "capture-env,env", "record the environment variables in `LIST`, such as SHELL,LANG"),
				noShellIntegrationFlag(&o.noMarks),
			}},
			{"Output", []*flag{
				recordFlag(&o.file.Format),
				appendFlag(&o.file.Append),
				overwriteFlag(&o.file.Overwrite),
				quietFlag(&o.quiet),
				onOff(&o.returnStatus, "return", "exit with the status of the recorded program"),
			}},
			{"Terminal", []*flag{
				windowSizeFlag(&r.Size),
				onOff(&r.Headless, "headless", "use no terminal: show nothing, read no keys"),
				onOff(&r.WaitAll, "wait-all", "end only when background jobs, too, have closed the terminal"),
				keyFlag(&r.Keys.Prefix, "prefix-key", "use `KEY` as the prefix of the keys below; none: no prefix"),
				keyFlag(&r.Keys.Pause, "pause-key", "pause and resume with `KEY`; none: no key"),
				keyFlag(&r.Keys.Marker, "marker-key", "add a marker with `KEY`; none: no key"),
			}},
			o.secrets.group(),
		},
		signals: true,
		program: &o.program,
		run: func(ctx context.Context, args []string) error {
			name, err := o.complete(args)
			if err != nil {
				return err
			}
			return runRec(ctx, e, o, name)
		},
	}
}

func keyFlag(p *record.Key, names, usage string) *flag {
	return valued(p, names, usage, record.ParseKey)
}

// complete checks the flags and arguments, and sets the options that are made of
// several of them. It returns the file's name; "" if none is given.
func (o *recOptions) complete(args []string) (name string, err error) {
	r := &o.recorder
	switch {
	case len(args) > 1:
		return "", withHint(usageError{fmt.Errorf("unexpected argument %q", args[1])},
			"put the program after --: ttydeck rec "+args[0]+" -- "+strings.Join(args[1:], " "))
	case len(args) == 1:
		name = args[0]
	}
	switch {
	case o.command != "" && len(o.program) > 0:
		return "", errExclude("--command", "a program after --")
	case o.command != "":
		r.Args, r.Header.Command = []string{"/bin/sh", "-c", o.command}, o.command
	case len(o.program) > 0:
		r.Args, r.Header.Command = o.program, shellJoin(o.program)
	}
	if o.file.Append && o.file.Overwrite {
		return "", errExclude("--append", "--overwrite")
	}
	if t := showable.ByFileName(name); o.file.Format == nil && t != nil && t.Picture != nil {
		own := strings.TrimSuffix(name, filepath.Ext(name)) + ".cast"
		return "", withHint(usageError{fmt.Errorf("%s: a picture is made of a recording", name)},
			"ttydeck rec "+own+", then ttydeck convert "+own+" "+name)
	}
	if t := recordable.ByFileName(name); o.file.Format == nil && t != nil && !o.file.Append {
		o.file.Format = t.Format
	}
	r.Input = r.Input || r.InputSecrets
	r.Integrate = !o.noMarks
	r.Header.IdleLimit = o.idle.value
	if o.secrets.wanted() {
		if o.redactor, err = o.secrets.redactor(); err != nil {
			return "", err
		}
		if o.file.Append {
			return "", withHint(errExclude("--append", "--redact"), "ttydeck rec --redact MORE.cast && ttydeck cat "+name+" MORE.cast -o WHOLE.cast")
		}
		if f := o.file.Format; f != nil && !f.CanRead() {
			return "", withHint(usageError{fmt.Errorf("%s can be written but not read, as --redact must", f)},
				"ttydeck rec --redact FILE.cast && ttydeck convert FILE.cast "+shellJoin([]string{cmp.Or(name, "OUT")}))
		}
		if info, serr := os.Stat(name); name == "-" || serr == nil && !info.Mode().IsRegular() {
			return "", withHint(usageError{errors.New("--redact needs a file, which gets its name when the secrets are removed")},
				"ttydeck rec FILE && ttydeck redact FILE -")
		}
	}
	return name, nil
}

// shellJoin joins words to a command line for a shell, and quotes them.
func shellJoin(args []string) string {
	var quoted []string
	for _, arg := range args {
		if arg == "" || strings.ContainsFunc(arg, needsQuote) {
			arg = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
		quoted = append(quoted, arg)
	}
	return strings.Join(quoted, " ")
}

func needsQuote(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./=:,@%+", r) || r >= 0x80)
}

// recMemory is a soft limit for the recorder's memory. The garbage collector runs
// sooner with it, and a recorder in the background stays small.
const recMemory = 24 << 20

func runRec(ctx context.Context, e *env, opts recOptions, name string) error {
	debug.SetMemoryLimit(recMemory)
	tty.HoldQuit() // to the end of this process
	if name == "" {
		name = time.Now().Format("ttydeck-20060102-150405.cast")
	}
	var clean *cleaner
	if opts.redactor != nil {
		debug.SetMemoryLimit(4 * recMemory)
		var err error
		if clean, err = newCleaner(name, opts.file.Overwrite, opts.redactor); err != nil {
			return err
		}
		name, opts.file.Overwrite = unredactedName(name), false
	}
	var file *record.File
	s := session.Session{
		Recorder: opts.recorder,
		Open: func(string) (f *record.File, err error) {
			file, err = e.createRecording(name, opts.file)
			if clean != nil && err == nil {
				file.Pace = clean.pace
			}
			if clean != nil && errors.Is(err, errExists) {
				err = withHint(fmt.Errorf("%s: %w, left by a recording whose secrets were not removed", name, errExists),
					redactHint(opts.file.Format, name, clean.name))
			}
			return file, err
		},
		Sharing: session.IfPossible,
		Name:    opts.name,
		Capture: strings.FieldsFunc(opts.captureEnv, func(r rune) bool { return r == ',' || r == ' ' }),
	}
	r := &s.Recorder
	r.Env = e.environ
	if e.in != nil && !tty.IsTerminal(e.in) {
		r.Stdin = e.in
	}
	if r.Headless || !tty.Available() {
		r.Notice = func(msg string) { e.warnf("%s", msg) }
	}
	unmarked := make(chan string, 1)
	r.Unmarked = func(why string) { unmarked <- why }
	s.Begun = func(f *record.File) {
		if !opts.quiet {
			e.nestedNote()
			e.beginNote(f, r)
		}
		if clean != nil {
			clean.begin(f)
		}
	}
	if !opts.quiet {
		s.Unshared = func(err error) { e.notef("other terminals cannot watch this session: %s", message(err)) }
	}
	status, err := s.Run(ctx)
	if file == nil {
		if errors.Is(err, live.ErrNameTaken) {
			return withHint(err, "ttydeck ls lists the running sessions")
		}
		return err
	}
	select {
	case why := <-unmarked:
		e.warnf("the recording has no exit statuses: %s", why)
	default:
	}
	err = e.recEnd(file, opts, status, err)
	if clean == nil {
		return err
	}
	note := e.notef
	if opts.quiet {
		note = func(string, ...any) {}
	}
	cleanErr := clean.finish(e, note)
	status, returned := programStatus(err)
	switch {
	case cleanErr == nil && (err == nil || returned):
		note("recorded to %s", clean.name)
	case cleanErr == errNothing && err != nil && !returned:
		return err // which is why
	case cleanErr != nil && returned:
		return statusError{status, cleanErr}
	}
	return errors.Join(err, cleanErr)
}

// programStatus returns the status of a statusError that nothing but a program's
// status is in.
func programStatus(err error) (status int, ok bool) {
	s, ok := errors.AsType[statusError](err)
	return s.status, ok && s.err == nil
}

// nestedNote notes that a terminal that is being recorded is recorded once more.
func (e *env) nestedNote() {
	if e.getenv("TTYDECK_REC") != "" {
		e.notef("this terminal is being recorded already; the new recording runs inside that one")
	}
}

// createRecording creates the file to record to; "-" is standard output.
func (e *env) createRecording(name string, o record.FileOptions) (*record.File, error) {
	if name == "-" {
		if tty.IsTerminal(e.out) {
			return nil, withHint(usageError{errors.New("standard output is a terminal, which the session needs")},
				"ttydeck rec demo.cast", "ttydeck rec - | ssh HOST 'cat > demo.cast'")
		}
		return record.NewStream(e.out, o.Format)
	}
	f, err := record.Create(name, o)
	switch {
	case err == nil:
		return f, nil
	case errors.Is(err, record.ErrExists):
		return nil, withHint(fmt.Errorf("%s: %w", name, errExists), "--overwrite replaces it, --append continues it")
	case errors.Is(err, record.ErrNoAppend):
		return nil, withHint(err, "to join two recordings: ttydeck cat "+name+" MORE -o JOINED.cast")
	}
	return nil, err
}

// beginNote prints where the session is recorded, and how to end it.
func (e *env) beginNote(f *record.File, r *record.Recorder) {
	to := f.Path
	if to == "" {
		to = "standard output"
	}
	verb := "recording to"
	if f.Appending {
		verb = "appending to"
	}
	if t := recordable.ByFileName(f.Path); f.Path != "" && (t == nil || t.Format != f.Format) {
		to += " as " + f.Format.Name // the extension names no format, or another
	}
	switch {
	case len(r.Args) > 0:
		e.notef("%s %s", verb, to)
	case r.Stdin != nil || r.Headless:
		e.notef("%s %s until the input ends", verb, to)
	default:
		e.notef("%s %s; exit or C-d ends it%s", verb, to, keysNote(r.Keys))
	}
}

// keysNote returns the end of a note on the recorder's keys.
func keysNote(k record.Keys) string {
	if k.Pause == (record.Key{}) {
		return ""
	}
	prefix := ""
	if k.Prefix != (record.Key{}) {
		prefix = k.Prefix.String() + " "
	}
	return ", " + prefix + k.Pause.String() + " pauses"
}

// recEnd reports the end of the session, and returns the error for it.
func (e *env) recEnd(f *record.File, opts recOptions, status int, err error) error {
	if start, ok := errors.AsType[*session.StartError](err); ok {
		err = e.notStarted(err, len(opts.recorder.Args) == 0)
		if opts.returnStatus {
			return statusError{start.Status, err}
		}
		return err
	}
	if !opts.quiet {
		if note := lossesNote(f.Format.Name, f.Losses()); note != "" {
			e.notef("%s", note)
		}
	}
	if signal, ok := errors.AsType[*record.SignalError](err); ok {
		return statusError{128 + signal.Number, err}
	}
	if err != nil {
		if opts.returnStatus && status > 0 {
			return statusError{status, err}
		}
		return err
	}
	if !opts.quiet && f.Path != "" && opts.redactor == nil {
		e.notef("recorded to %s", f.Path)
	}
	if opts.returnStatus && status != 0 {
		return statusError{status, nil}
	}
	return nil
}

// notStarted names the program that could not be started. isShell means that the
// user has named no program, and it is the shell.
func (e *env) notStarted(err error, isShell bool) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok && pathErr.Op == "fork/exec" {
		err = fmt.Errorf("cannot start %s: %w", pathErr.Path, pathErr.Err)
	} else if startErr, ok := errors.AsType[*exec.Error](err); ok {
		reason := startErr.Err
		if pathErr, ok := errors.AsType[*fs.PathError](reason); ok {
			reason = pathErr.Err
		}
		err = fmt.Errorf("cannot start %s: %w", startErr.Name, reason)
	}
	if isShell && e.getenv("SHELL") != "" {
		return withHint(err, "$SHELL names this program; to run another: ttydeck "+e.current.name+" -- PROGRAM")
	}
	return err
}
