package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/ttydeck/ttydeck/edit"
	"github.com/ttydeck/ttydeck/format"
	"github.com/ttydeck/ttydeck/internal/tty"
	"github.com/ttydeck/ttydeck/live"
	"github.com/ttydeck/ttydeck/record"
)

type recOptions struct {
	file         record.FileOptions
	recorder     record.Recorder // without its Writer
	command      string          // a shell's line
	program      []string
	name         string // of the session; empty: after the command
	idle         optional[time.Duration]
	captureEnv   string
	noMarks      bool
	returnStatus bool
	quiet        bool
	secrets      redactOptions
	redact       edit.Filter // made of secrets, for the finished file; nil for none
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
			"ttydeck rec demo.cast                 # your shell, until you leave it",
			"ttydeck rec demo.cast -- make -j4",
			"ttydeck rec -c 'ls | wc -l' demo.cast.zst",
			"printf 'make\\nexit\\n' | ttydeck rec make.cast",
		},
		about: `Runs your shell, or PROGRAM, and records its output to FILE until it ends. Without FILE, the
recording is named after the time. The extension names the format: .cast is asciicast v3, .v2.cast
version 2, .raw the bytes of the output; a further .gz or .zst compresses. "-" is standard output.

While recording, C-\ p pauses and resumes, C-\ m adds a marker, and C-\ C-\ sends C-\ to the
program. Resuming records the screen as it is then, so that what follows is drawn on the right one:
clear it first if it shows anything that must not be recorded.

Standard input that is no terminal is typed into the session. If the recording cannot be written
any more, you are told at once, the session goes on, and the exit status is 1. --redact removes
secrets when the session has ended; until then the file holds them.

A shell (bash, zsh, fish, nushell, dash, ksh, mksh, busybox) is started so that it marks its prompts
and commands, with exit status and directory, for ttydeck transcript. Your start-up files are read as
always, and your terminal shows no marks.

ttydeck ls lists the session while it runs; ttydeck watch, attach, send, pause, stop and others act
on it from your other terminals. In the session, TTYDECK_REC and ASCIINEMA_REC are set to 1.

With --return, the exit status is that of the recorded program, or 128+N if signal N killed it.`,
		flags: []group{
			{"Recording", []*flag{
				word(&o.command, "command,c", "record the shell command `COMMAND` instead of the shell"),
				titleFlag(&r.Header.Title),
				nameFlag(&o.name),
				idleLimitFlag(&o.idle, ""),
				inputFlag(&r.Input),
				onOff(&r.InputSecrets, "input-secrets", "record input while echo is off too, passwords among it"),
				word(&o.captureEnv, "capture-env,env", "record the environment variables in `LIST`, such as SHELL,LANG"),
				noShellIntegrationFlag(&o.noMarks),
			}},
			{"Output", []*flag{
				formatFlag(&o.file.Format),
				appendFlag(&o.file.Append),
				overwriteFlag(&o.file.Overwrite),
				quietFlag(&o.quiet),
				onOff(&o.returnStatus, "return", "exit with the status of the recorded program"),
			}},
			{"Terminal", []*flag{
				windowSizeFlag(&r.Size),
				onOff(&r.Headless, "headless", "use no terminal: show nothing, read no keys"),
				onOff(&r.WaitAll, "wait-all", "wait until background jobs have closed the terminal too"),
				keyFlag(&r.Keys.Prefix, "prefix-key", "press `KEY` before the keys below; none: they work alone"),
				keyFlag(&r.Keys.Pause, "pause-key", "pause and resume with `KEY`; none: no key"),
				keyFlag(&r.Keys.Marker, "marker-key", "add a marker with `KEY`; none: no key"),
			}},
			o.secrets.group(),
		},
		signals: true,
		program: &o.program,
		run: func(ctx context.Context, args []string) error {
			name, err := o.complete(ctx, e, args)
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

// complete checks the options and sets those that are made of others. It
// returns the file's name; "" if none is given.
func (o *recOptions) complete(ctx context.Context, e *env, args []string) (name string, err error) {
	r := &o.recorder
	switch {
	case len(args) > 1:
		return "", withHint(usageError{fmt.Errorf("unexpected argument %q", args[1])},
			"a program goes behind --: ttydeck rec "+args[0]+" -- "+strings.Join(args[1:], " "))
	case len(args) == 1:
		name = args[0]
	}
	switch {
	case o.command != "" && len(o.program) > 0:
		return "", errExclude("--command", "a program behind --")
	case o.command != "":
		r.Args, r.Header.Command = []string{"/bin/sh", "-c", o.command}, o.command
	case len(o.program) > 0:
		r.Args, r.Header.Command = o.program, shellJoin(o.program)
	}
	if o.file.Append && o.file.Overwrite {
		return "", errExclude("--append", "--overwrite")
	}
	if o.file.Format == nil && targetByFileName(name) == text && !o.file.Append {
		o.file.Format = text
	}
	r.Input = r.Input || r.InputSecrets
	r.Integrate = !o.noMarks
	r.Header.IdleLimit = o.idle.value
	note := e.notef
	if o.quiet {
		note = func(string, ...any) {}
	}
	if o.redact, err = o.secrets.filter(ctx, note); err != nil {
		return "", err
	}
	if o.redact != nil && name == "-" {
		return "", withHint(usageError{errors.New("--redact needs a file: secrets are removed when the session has ended")},
			"ttydeck rec FILE; ttydeck redact FILE -")
	}
	return name, nil
}

// shellJoin quotes a command for a shell.
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

// marked lists the formats that store marks of shell integration.
var marked = []*format.Format{format.AsciicastV3, format.AsciicastV2}

// recMemory is a soft limit for the recorder's memory: it makes the garbage
// collector run sooner, so that a recorder in the background stays small.
const recMemory = 24 << 20

func runRec(ctx context.Context, e *env, opts recOptions, name string) error {
	debug.SetMemoryLimit(recMemory)
	defer holdQuit()()
	if name == "" {
		name = time.Now().Format("ttydeck-20060102-150405.cast")
	}
	file, err := e.createRecording(name, opts.file)
	if err != nil {
		return err
	}
	r := &opts.recorder
	r.Writer, r.FlushEvery = file, file.FlushEvery()
	r.Recorded = file.Recorded()
	// Marks are of use only where the format stores their nonce.
	r.Integrate = r.Integrate && slices.Contains(marked, file.Format)
	r.Nonce = file.Began.Nonce()
	r.Env = append(slices.Clone(e.environ), "TTYDECK_REC=1", "ASCIINEMA_REC=1")
	r.Header.Env = map[string]string{}
	for _, key := range strings.FieldsFunc(opts.captureEnv, func(r rune) bool { return r == ',' || r == ' ' }) {
		if value, ok := e.lookupEnv(key); ok && key != "TERM" { // which has a place of its own
			r.Header.Env[key] = value
		}
	}
	if e.in != nil && !tty.IsTerminal(e.in) {
		r.Stdin = e.in
	}
	if !opts.quiet {
		if e.getenv("TTYDECK_REC") != "" {
			e.notef("this session is already being recorded; this recording is nested in that one")
		}
		e.beginNote(file, opts)
	}
	if r.Headless || !hasTerminal() {
		r.Notice = func(msg string) { e.warnf("%s", msg) }
	}
	server, err := e.share(r, file, opts)
	if err != nil {
		file.Discard()
		return err
	}
	status, err := r.Run(ctx)
	if server != nil {
		server.Close(status)
	}
	return errors.Join(e.recEnd(file, opts, status, err), e.redactFinished(ctx, file, opts))
}

// share lets the user's other terminals watch the session and act on it. If
// that fails, the session is still recorded.
func (e *env) share(r *record.Recorder, file *record.File, opts recOptions) (*live.Server, error) {
	args := r.Args
	if len(args) == 0 {
		args = []string{cmp.Or(e.getenv("SHELL"), "/bin/sh")}
	}
	dir, err := live.OpenDir()
	var server *live.Server
	if err == nil {
		cwd, _ := os.Getwd()
		server, err = dir.Serve(live.Options{Name: opts.name, Command: args, Dir: cwd, File: file.Path, Owner: !r.Headless && hasTerminal()})
	}
	switch {
	case errors.Is(err, live.ErrNameTaken):
		return nil, withHint(err, "ttydeck ls lists the running sessions")
	case err != nil:
		if !opts.quiet {
			e.notef("this session cannot be watched: %v", err)
		}
		return nil, nil
	}
	r.Started = server.Started
	r.Env = append(r.Env, "TTYDECK_SESSION="+server.Name())
	if notice := r.Notice; notice != nil {
		r.Notice = func(msg string) {
			server.SetFault(msg)
			notice(msg)
		}
	}
	return server, nil
}

// redactFinished removes the secrets from the finished file, if asked to.
func (e *env) redactFinished(ctx context.Context, file *record.File, opts recOptions) error {
	if opts.redact == nil {
		return nil
	}
	if _, err := os.Stat(file.Path); err != nil {
		return nil // nothing was recorded
	}
	// A session that was ended by a signal has its secrets too.
	ctx = context.WithoutCancel(ctx)
	err := runConvert(ctx, e, convertOptions{to: file.Format, filter: opts.redact, overwrite: true}, file.Path, file.Path)
	if err != nil {
		return withHint(fmt.Errorf("%s still holds its secrets: %w", file.Path, err), "ttydeck redact "+file.Path+" CLEAN")
	}
	return nil
}

// holdQuit keeps a C-\ that is typed before the recorder has made the terminal
// raw from ending the program with a dump of its goroutines. Later the recorder
// handles SIGQUIT.
func holdQuit() (stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGQUIT)
	return func() { signal.Stop(c) }
}

// hasTerminal reports whether there is a terminal to show a session in.
func hasTerminal() bool {
	t, err := tty.Open()
	if err != nil {
		return false
	}
	t.Close()
	return true
}

// createRecording opens the file to record to; "-" is the standard output.
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
		return nil, withHint(err, "record to another file, and join them: ttydeck cat "+name+" MORE > JOINED")
	}
	return nil, err
}

func (e *env) beginNote(f *record.File, opts recOptions) {
	to := f.Path
	if to == "" {
		to = "standard output"
	}
	verb := "recording to"
	if f.Appending {
		verb = "appending to"
	}
	if f.Path != "" && targetByFileName(f.Path) != f.Format {
		to += " as " + f.Format.Name // its name does not say so
	}
	r := &opts.recorder
	switch {
	case len(r.Args) > 0:
		e.notef("%s %s", verb, to)
	case r.Stdin != nil || r.Headless:
		e.notef("%s %s; the end of the input ends it", verb, to)
	default:
		e.notef("%s %s; exit or C-d ends it%s", verb, to, keysNote(r.Keys))
	}
}

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

// recEnd reports how the session ended, and returns the error for it.
func (e *env) recEnd(f *record.File, opts recOptions, status int, err error) error {
	if startErr, ok := errors.AsType[*exec.Error](err); ok {
		f.Discard()
		return e.recNotStarted(opts, startErr, 127)
	}
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok && pathErr.Op == "fork/exec" {
		f.Discard()
		return e.recNotStarted(opts, pathErr, 126)
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
	if !opts.quiet && f.Path != "" {
		e.notef("recorded to %s", f.Path)
	}
	if opts.returnStatus && status != 0 {
		return statusError{status, nil}
	}
	return nil
}

func (e *env) recNotStarted(opts recOptions, err error, status int) error {
	if opts.returnStatus {
		return statusError{status, err}
	}
	return err
}
