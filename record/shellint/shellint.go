// Package shellint puts shell integration into a shell that is to be started:
// marks (OSC 133) that tell where a prompt begins, where a command, and with
// which status it ended.
//
// [Prepare] changes how the shell is started, and writes what it reads into a
// directory of its own; no file of the user's is touched. The user's start-up
// files are read as they would be.
//
// The marks hold the recording's nonce. It stands in the directory, which is
// gone once the shell has begun, and in variables of the shell that its
// children do not inherit.
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

// NewNonce gives a nonce for a recording: of digits alone, for ksh93 takes
// letters in a mark for text of the prompt.
func NewNonce() string {
	var b [16]byte
	rand.Read(b[:]) // never fails
	return new(big.Int).SetBytes(b[:]).String()
}

// Shell is how to start a shell that marks what it does.
type Shell struct {
	// Args and Env are the command line and the environment to start it with.
	Args, Env []string
	dir       string
}

// Prepare gives how to start the shell that args is the command line of, so
// that it marks what it does with the nonce. It gives nil for what is no shell
// that it knows, and for one that is not to talk to a user but to run
// something.
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
		return nil, errors.New("no directory that others cannot write to")
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

// baseDir gives the first of the directories that is there and safe; "" for
// none.
func baseDir(dirs ...string) string {
	for _, dir := range dirs {
		if info, err := os.Stat(dir); err == nil && info.IsDir() && filepath.IsAbs(dir) && safe(info) {
			return dir
		}
	}
	return ""
}

// Close removes what the shell reads when it starts. It may be called when the
// shell has shown its first mark, and more than once.
func (s *Shell) Close() error { return os.RemoveAll(s.dir) }

// starter prepares a shell; false when it cannot.
type starter func(s *Shell, nonce string) (bool, error)

// starterOf gives what prepares the shell that a command line begins with; nil
// if it is none.
func starterOf(path string, args []string) starter {
	name := strings.TrimPrefix(filepath.Base(path), "-")
	switch name {
	case "bash":
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
		// What it is says the file that it links to.
		found, err := exec.LookPath(strings.TrimPrefix(path, "-"))
		if err != nil {
			return nil
		}
		if found, err = filepath.EvalSymlinks(found); err != nil {
			return nil
		}
		name = filepath.Base(found)
	}
	if name == "ksh93" {
		return startKsh
	}
	if p, ok := posixShells[name]; ok {
		return p.start(1)
	}
	return nil
}

// write writes a file for the shell to read and gives its path.
func (s *Shell) write(name, text string) (string, error) {
	path := filepath.Join(s.dir, name)
	return path, os.WriteFile(path, []byte(text), 0o600)
}

// setEnv sets a variable for the shell.
func (s *Shell) setEnv(name, value string) {
	s.Env = append(slices.DeleteFunc(s.Env, func(e string) bool { return strings.HasPrefix(e, name+"=") }), name+"="+value)
}

// restore gives the line of a shell that sets a variable to what it is in env.
func restore(env []string, name string) string {
	if !slices.ContainsFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") }) {
		return "unset " + name + "\n"
	}
	return name + "=" + quote(lookup(env, name)) + "\n"
}

// quote quotes a string for a shell of Bourne's kind.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func lookup(env []string, name string) string {
	for _, e := range slices.Backward(env) {
		if value, ok := strings.CutPrefix(e, name+"="); ok {
			return value
		}
	}
	return ""
}
