// Package shellint adds shell integration to a shell at its start: marks (OSC
// 133) at the beginning of each prompt and command, and at the command's end
// with its exit status. It supports bash, zsh, fish, nushell, ksh93, and the
// POSIX shells dash, mksh and busybox.
//
// [Prepare] changes the shell's command line and environment, and writes a
// start-up file into a directory of its own. It does not touch the user's
// files, and the shell reads the user's start-up files as usual.
//
// The shells report the command line: bash, zsh, fish and nushell when it starts,
// ksh93, mksh and busybox, from their history, when it has ended. In bash and mksh,
// a line that the history ignores has no text. A text of more than 64 KiB (16 KiB in
// mksh) is replaced by its length. The package transcript, in its file marks.go,
// lists the fields.
//
// The marks contain the recording's nonce. It is stored in that directory,
// which is removed once the shell has begun, and in variables of the shell that
// its children do not inherit.
package shellint

import (
	"crypto/rand"
	_ "embed"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// NewNonce returns a nonce for a recording, of 128 random bits. It consists of
// digits, because ksh93 takes letters in a mark for text of the prompt.
func NewNonce() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return new(big.Int).SetBytes(b[:]).String()
}

// Shell is a prepared shell.
type Shell struct {
	// Args is the command line to start the shell with, including its name.
	Args []string
	// Env is the environment to start the shell with, as "NAME=value".
	Env []string
	dir string // the directory of the start-up file
}

// Prepare prepares the shell with the command line args and the environment env
// to write marks with the nonce, which must consist of digits; see [NewNonce].
// It changes neither args nor env. It returns nil, without an error, if args is
// not a supported shell, or if the shell would run a command or a script
// instead of reading from a user. The caller starts the shell with Args and Env
// of the Shell, and closes it.
func Prepare(args, env []string, nonce string) (*Shell, error) {
	if len(args) == 0 {
		return nil, nil
	}
	start := starterOf(args[0], args[1:])
	if start == nil {
		return nil, nil
	}
	base := baseDir(lookup(env, "XDG_RUNTIME_DIR"), os.TempDir(), "/tmp")
	if base == "" {
		return nil, errors.New("shell integration: no safe directory for the start-up file")
	}
	dir, err := os.MkdirTemp(base, "ttydeck-shell-") // 0700
	if err != nil {
		return nil, err
	}
	s := &Shell{Args: slices.Clone(args), Env: slices.Clone(env), dir: dir}
	ok, err := start(s, nonce)
	if err != nil || !ok {
		s.Close()
		return nil, err
	}
	return s, nil
}

// baseDir returns the first directory that exists and is safe; "" if there is
// none.
func baseDir(dirs ...string) string {
	for _, dir := range dirs {
		if info, err := os.Stat(dir); err == nil && info.IsDir() && filepath.IsAbs(dir) && safe(info) {
			return dir
		}
	}
	return ""
}

// Close removes the start-up file and its directory. It may be called as soon
// as the shell has written its first mark, and more than once.
func (s *Shell) Close() error { return os.RemoveAll(s.dir) }

// starter prepares a shell. It returns false if the command line does not allow
// it.
type starter func(s *Shell, nonce string) (bool, error)

// starterOf returns the starter of a command line; nil if it is no supported
// shell.
func starterOf(path string, args []string) starter {
	name := strings.TrimPrefix(filepath.Base(path), "-")
	switch name {
	case "bash", "rbash":
		return startBash
	case "zsh":
		return startZsh
	case "fish":
		return startFish
	case "nu":
		return startNu
	case "busybox":
		if len(args) > 0 && (args[0] == "sh" || args[0] == "ash") {
			return posixShells[name].start(2)
		}
		return nil
	case "sh", "ash", "ksh":
		// These may be links; the file's name identifies the shell.
		found, err := exec.LookPath(strings.TrimPrefix(path, "-"))
		if err != nil {
			return nil
		}
		if found, err = filepath.EvalSymlinks(found); err != nil {
			return nil
		}
		name = filepath.Base(found)
	}
	switch name {
	case "bash":
		return startBashAsSh
	case "ksh93":
		return startKsh
	}
	if p, ok := posixShells[name]; ok {
		return p.start(1)
	}
	return nil
}

// write writes a start-up file and returns its path.
func (s *Shell) write(name, text string) (string, error) {
	path := filepath.Join(s.dir, name)
	err := os.WriteFile(path, []byte(text), 0o600)
	return path, err
}

// setEnv sets a variable for the shell.
func (s *Shell) setEnv(name, value string) {
	s.Env = append(slices.DeleteFunc(s.Env, func(e string) bool { return strings.HasPrefix(e, name+"=") }), name+"="+value)
}

// restore returns a line of shell code that sets a variable to its value in
// env, or unsets it.
func restore(env []string, name string) string {
	if !has(env, name) {
		return "unset " + name + "\n"
	}
	return name + "=" + quote(lookup(env, name)) + "\n"
}

// quote quotes a string for a Bourne-like shell.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func has(env []string, name string) bool {
	return slices.ContainsFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
}

func lookup(env []string, name string) string {
	for _, e := range slices.Backward(env) {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value
		}
	}
	return ""
}
