package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
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
	"github.com/urfave/cli/v2"
)

type recOptions struct {
	file         record.FileOptions
	recorder     record.Recorder // without its Writer
	name         string          // for who watches; empty: after the command
	captureEnv   []string
	returnStatus bool
	quiet        bool
	redact       edit.Filter // what to do to the finished file; nil for nothing
}

func recCommand(e *env) *cli.Command {
	keys := record.DefaultKeys
	return &cli.Command{
		Name:      "rec",
		Aliases:   []string{"record"},
		Usage:     "record a terminal session",
		ArgsUsage: "[FILE] [-- COMMAND [ARGUMENT...]]",
		Description: `Runs your shell, or COMMAND, and records what it shows into FILE until it ends. Without FILE the
recording is named after the time. The extension names the format: .cast is asciicast v3, .v2.cast version 2, .raw
the output's bytes alone; a further .gz or .zst compresses it. "-" is standard output.

While recording, C-\ p pauses and resumes, C-\ m sets a marker, and C-\ C-\ gives the program a C-\. When you
resume, the screen as it is then goes into the recording, so that what follows is drawn on the right one: clear it
first if it shows what must not be recorded.

Standard input that is no terminal is typed into the session: printf 'make\nexit\n' | ttydeck rec make.cast

With --redact, passwords, tokens and keys are taken out of the file once the session has ended; until then they are in
it.

If the recording cannot be written any more, the session goes on; you are told at once, and the exit status is 1.

A shell (bash, zsh, fish, nushell, dash, ksh, mksh, busybox) is started so that it marks its prompts and commands, by
which ttydeck transcript knows each of them with its status. Your start-up files are read as always, the marks are not shown
in your terminal, and --no-shell-integration does without.

While it runs, ttydeck ls lists the session, and ttydeck watch, attach, send, pause, stop and others act on it, from your other
terminals.

In the session TTYDECK_REC is 1, and ASCIINEMA_REC, which many shell prompts look for.`,
		Flags: append([]cli.Flag{
			&cli.StringFlag{Name: "command", Aliases: []string{"c"}, Usage: "record `COMMAND`, run by sh, instead of the shell"},
			&cli.BoolFlag{Name: "input", Aliases: []string{"I", "capture-input", "stdin"}, Usage: "record what is typed too, but no passwords: nothing typed while it is not shown"},
			&cli.BoolFlag{Name: "input-secrets", Usage: "with --input, record passwords as well"},
			&cli.BoolFlag{Name: "append", Aliases: []string{"a"}, Usage: "go on with the recording in FILE"},
			&cli.BoolFlag{Name: "overwrite", Usage: "replace FILE if it exists"},
			&cli.StringFlag{Name: "title", Aliases: []string{"t"}, Usage: "give the recording the title `TITLE`"},
			durationFlag("idle-time-limit", []string{"i"}, "let players shorten every pause to `SECONDS`"),
			&cli.BoolFlag{Name: "headless", Usage: "use no terminal: show nothing, read no keys"},
			&cli.StringFlag{Name: "window-size", Usage: "fix the session's size at `COLSxROWS`, or one of the two: 100x, x30"},
			&cli.BoolFlag{Name: "return", Usage: "exit with the status of the recorded command"},
			&cli.StringFlag{Name: "capture-env", Usage: "record the environment variables in `LIST`, such as SHELL,LANG", Value: "SHELL"},
			&cli.StringFlag{Name: "output-format", Aliases: []string{"f"}, Usage: "write `FORMAT`, whatever FILE is named"},
			&cli.StringFlag{Name: "prefix-key", Usage: "`KEY` before the keys below; none: they work alone", Value: keys.Prefix.String()},
			&cli.StringFlag{Name: "pause-key", Usage: "`KEY` that pauses and resumes; none for no key", Value: keys.Pause.String()},
			&cli.StringFlag{Name: "marker-key", Usage: "`KEY` that sets a marker; none for no key", Value: keys.Marker.String()},
			&cli.BoolFlag{Name: "wait-all", Usage: "go on until background jobs are done with the terminal too"},
			&cli.BoolFlag{Name: "no-shell-integration", Usage: "do not have the shell mark its prompts and commands"},
			&cli.StringFlag{Name: "name", Aliases: []string{"n"}, Usage: "let ttydeck ls, watch and attach call the session `NAME`; without, after the command"},
			&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "say nothing but errors"},
		}, redactFlags()...),
		Action: func(c *cli.Context) error {
			name, opts, err := recOptionsOf(c)
			if err != nil {
				return err
			}
			return runRec(c.Context, e, opts, name)
		},
	}
}

// recOptionsOf reads the command line. The name is "" when none is given.
func recOptionsOf(c *cli.Context) (name string, opts recOptions, err error) {
	args := c.Args().Slice()
	var command []string
	if at := slices.Index(args, "--"); at >= 0 {
		args, command = args[:at], args[at+1:]
	}
	switch {
	case len(args) > 1:
		return "", opts, withHint(usageError{fmt.Errorf("unexpected argument %q", args[1])},
			"a command goes behind --: ttydeck rec "+args[0]+" -- "+strings.Join(args[1:], " "))
	case len(args) == 1:
		name = args[0]
	}
	r := &opts.recorder
	if sh := c.String("command"); sh != "" {
		if len(command) > 0 {
			return "", opts, usageError{errors.New("--command and a command behind -- exclude each other")}
		}
		r.Args, r.Header.Command = []string{"/bin/sh", "-c", sh}, sh
	} else if len(command) > 0 {
		r.Args, r.Header.Command = command, shellJoin(command)
	}
	if c.Bool("append") && c.Bool("overwrite") {
		return "", opts, usageError{errors.New("--append and --overwrite exclude each other")}
	}
	opts.file.Append, opts.file.Overwrite = c.Bool("append"), c.Bool("overwrite")
	if opts.file.Format, err = targetNamed(c.String("output-format")); err != nil {
		return "", opts, err
	}
	if opts.file.Format == nil && targetByFileName(name) == text && !c.Bool("append") {
		opts.file.Format = text
	}
	if r.Size, err = parseWindowSize(c.String("window-size")); err != nil {
		return "", opts, usageError{fmt.Errorf("--window-size: %w", err)}
	}
	for flag, key := range map[string]*record.Key{"prefix-key": &r.Keys.Prefix, "pause-key": &r.Keys.Pause, "marker-key": &r.Keys.Marker} {
		if *key, err = record.ParseKey(c.String(flag)); err != nil {
			return "", opts, usageError{fmt.Errorf("--%s: %w", flag, err)}
		}
	}
	r.Headless = c.Bool("headless")
	r.Input = c.Bool("input") || c.Bool("input-secrets")
	r.InputSecrets = c.Bool("input-secrets")
	r.WaitAll = c.Bool("wait-all")
	r.Integrate = !c.Bool("no-shell-integration")
	r.Header.Title = c.String("title")
	if r.Header.IdleLimit = durationOf(c, "idle-time-limit"); r.Header.IdleLimit < 0 {
		return "", opts, usageError{errors.New("--idle-time-limit: want 0 seconds or more")}
	}
	opts.captureEnv = strings.FieldsFunc(c.String("capture-env"), func(r rune) bool { return r == ',' || r == ' ' })
	if opts.name = c.String("name"); opts.name != "" {
		if err := live.CheckName(opts.name); err != nil {
			return "", opts, usageError{err}
		}
	}
	opts.returnStatus = c.Bool("return")
	opts.quiet = c.Bool("quiet")
	said := c.App.ErrWriter
	if opts.quiet {
		said = io.Discard
	}
	if opts.redact, err = redactFilter(c, said); err != nil {
		return "", opts, err
	}
	if opts.redact != nil && name == "-" {
		return "", opts, withHint(usageError{errors.New("--redact takes secrets out of a file once it is finished")},
			"ttydeck rec FILE; ttydeck redact FILE -")
	}
	return name, opts, nil
}

// parseWindowSize reads COLSxROWS, COLSx or xROWS.
func parseWindowSize(s string) (format.Size, error) {
	if s == "" {
		return format.Size{}, nil
	}
	cols, rows, ok := strings.Cut(s, "x")
	if !ok || cols == "" && rows == "" {
		return format.ParseSize(s)
	}
	// The side that is left out is not fixed.
	whole := s
	switch {
	case cols == "":
		whole = "1" + s
	case rows == "":
		whole = s + "1"
	}
	size, err := format.ParseSize(whole)
	if err != nil {
		return format.Size{}, fmt.Errorf("malformed size %q: want COLSxROWS, COLSx or xROWS", s)
	}
	if cols == "" {
		size.Cols = 0
	}
	if rows == "" {
		size.Rows = 0
	}
	return size, nil
}

// shellJoin writes a command as a shell would take it.
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

// marked are the formats whose recordings hold marks of shell integration.
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
	// Marks are of use where their nonce can be kept.
	r.Integrate = r.Integrate && slices.Contains(marked, file.Format)
	r.Nonce = file.Began.Nonce()
	r.Env = append(os.Environ(), "TTYDECK_REC=1", "ASCIINEMA_REC=1")
	r.Header.Env = map[string]string{}
	for _, key := range opts.captureEnv {
		if value, ok := os.LookupEnv(key); ok && key != "TERM" { // which has a place of its own
			r.Header.Env[key] = value
		}
	}
	if e.in != nil && !tty.IsTerminal(e.in) {
		r.Stdin = e.in
	}
	if !opts.quiet {
		if os.Getenv("TTYDECK_REC") != "" {
			e.notef("this session is being recorded already; recording in the recording")
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

// share lets the user's other terminals watch the session, and act on it. Where
// that cannot be, it is recorded all the same.
func (e *env) share(r *record.Recorder, file *record.File, opts recOptions) (*live.Server, error) {
	args := r.Args
	if len(args) == 0 {
		args = []string{cmp.Or(os.Getenv("SHELL"), "/bin/sh")}
	}
	dir, err := live.OpenDir()
	var server *live.Server
	if err == nil {
		cwd, _ := os.Getwd()
		server, err = dir.Serve(live.Options{Name: opts.name, Command: args, Dir: cwd, File: file.Path, Owner: !r.Headless && hasTerminal()})
	}
	switch {
	case errors.Is(err, live.ErrNameTaken):
		return nil, withHint(err, "ttydeck ls lists the sessions that run")
	case err != nil:
		if !opts.quiet {
			e.notef("nobody can watch this session: %v", err)
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

// redactFinished takes the secrets out of what was recorded, if it is to be.
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

// holdQuit keeps C-\ that is typed before the recorder has made the terminal
// raw from ending the program with a dump of its goroutines; what SIGQUIT does
// then is the recorder's.
func holdQuit() (stop func()) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGQUIT)
	return func() { signal.Stop(c) }
}

// hasTerminal says whether there is a terminal to show a session in.
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
			return nil, withHint(usageError{errors.New("standard output is the terminal that the session needs")},
				"ttydeck rec demo.cast", "ttydeck rec - | ssh HOST 'cat > demo.cast'")
		}
		return record.NewStream(e.out, o.Format)
	}
	f, err := record.Create(name, o)
	switch {
	case err == nil:
		return f, nil
	case errors.Is(err, record.ErrExists):
		return nil, withHint(fmt.Errorf("%s: %w", name, errExists), "--overwrite replaces it, --append goes on with it")
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

// recEnd tells how the session ended.
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
