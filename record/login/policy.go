// Package login records logins: a program that stands in for the shell, a
// [Policy] that names who is recorded, and a [Receiver] that keeps the
// recordings as root.
//
// # What it protects
//
// The recorded user cannot read, change or remove a file that the Receiver has
// written. The recorder runs as that user: one who attacks its process can stop
// the recording, or send the Receiver events that never happened. Where sshd
// starts the recorder, as a ForceCommand, it does so with the user's shell, which
// may read a file of the user's first, and start another program in its place.
package login

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"
)

// Places of the host.
const (
	DefaultPolicy = "/etc/ttydeck/login.toml"
	DefaultSocket = "/run/ttydeck/login.sock"
	DefaultDir    = "/var/log/ttydeck"
)

// Policy says who is recorded, and how. In its file, in TOML, the keys are the
// fields' names as tagged.
type Policy struct {
	// Record names the users, and the groups as @group, that are recorded;
	// "*" is everybody, and so is none at all. Except are not. A group in
	// Record that the host does not know has everybody as a member.
	Record []string `toml:"record"`
	Except []string `toml:"except"`
	// Input records what is typed too, but no passwords.
	Input bool `toml:"input"`
	// Shell is the shell of those whose login shell is ttydeck-login.
	Shell string `toml:"shell"`
	// Socket is where the Receiver listens.
	Socket string `toml:"socket"`
	// OnFailure is what happens when a session cannot be recorded, or not any
	// more: "allow" it, or "block" it.
	OnFailure string `toml:"on-failure"`
	// Notice is shown to those who are recorded.
	Notice string `toml:"notice"`
}

// ErrPolicy is wrapped by errors of a policy's file.
var ErrPolicy = errors.New("the policy cannot be followed")

// Blocks reports whether sessions that cannot be recorded are refused.
func (p Policy) Blocks() bool { return p.OnFailure == "block" }

// ReadPolicy reads a policy's file. It must belong to root, and nobody else may
// be able to write it or to put another in its place. Without a file it is the
// zero Policy with the defaults.
//
// Any other error wraps [ErrPolicy]: there is a policy, and it may ask for
// recordings. Only the Shell of what is returned then is of use.
func ReadPolicy(path string) (Policy, error) {
	p := Policy{Shell: defaultShell, Socket: DefaultSocket, OnFailure: "allow"}
	found, err := rootOnly(path)
	if err == nil && found {
		err = p.read(path)
	}
	if !filepath.IsAbs(p.Shell) {
		p.Shell = defaultShell
	}
	if err != nil {
		return p, fmt.Errorf("%w: %w", ErrPolicy, err)
	}
	return p, nil
}

const defaultShell = "/bin/sh"

// read reads the policy from a file.
func (p *Policy) read(path string) error {
	meta, err := toml.DecodeFile(path, p)
	switch {
	case err != nil:
	case len(meta.Undecoded()) > 0:
		err = fmt.Errorf("unknown key %q", meta.Undecoded()[0].String())
	case p.OnFailure != "allow" && p.OnFailure != "block":
		err = fmt.Errorf("on-failure is %q: want allow or block", p.OnFailure)
	case !filepath.IsAbs(p.Shell):
		err = fmt.Errorf("shell is %q: want an absolute path", p.Shell)
	case !filepath.IsAbs(p.Socket):
		err = fmt.Errorf("socket is %q: want an absolute path", p.Socket)
	default:
		for _, who := range slices.Concat(p.Record, p.Except) {
			if !isName(who) {
				err = fmt.Errorf("%q names nobody: want a user, a @group, or \"*\" for everybody", who)
				break
			}
		}
	}
	if _, named := errors.AsType[*fs.PathError](err); err != nil && !named {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return err
}

// isName reports whether a user or a group can be called so. Patterns, lists
// and the groups of sudoers(5) cannot: they would match nobody.
func isName(who string) bool {
	name := strings.TrimPrefix(who, "@")
	return who == "*" || name != "" && name == strings.TrimSpace(name) && !strings.ContainsAny(name, "*?,:%!")
}

// maxLinks is how many symbolic links there may be in a path, as on Linux.
const maxLinks = 40

// rootOnly reports whether there is a file, and checks that only root can change
// it and what leads to it: each directory and each symbolic link on the way.
// Where its directory is missing, nothing is checked: nobody has set up a policy.
func rootOnly(path string) (found bool, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return false, err
	}
	found = true
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		found, path = false, filepath.Dir(path)
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
	}
	// at is where we are, free of links; rest is what leads on.
	at, rest, links := "/", strings.Split(path, "/"), 0
	for {
		info, err := os.Lstat(at)
		if err != nil {
			return found, err
		}
		isLink := info.Mode()&os.ModeSymlink != 0 // whose permissions mean nothing
		sticky := info.IsDir() && info.Mode()&os.ModeSticky != 0
		if owner(info) != 0 || info.Mode().Perm()&0o022 != 0 && !isLink && !sticky {
			return found, fmt.Errorf("%s: others than root may change it", at)
		}
		if isLink {
			to, err := os.Readlink(at)
			if err != nil {
				return found, err
			}
			if links++; links > maxLinks {
				return found, fmt.Errorf("%s: too many symbolic links", path)
			}
			at, rest = filepath.Dir(at), append(strings.Split(to, "/"), rest...)
			if filepath.IsAbs(to) {
				at = "/"
			}
		}
		if len(rest) == 0 {
			return found, nil
		}
		at, rest = filepath.Join(at, rest[0]), rest[1:]
	}
}

// Records reports whether the user with the number uid is recorded. In doubt he
// is: a group in Record that cannot be looked up may have him as a member, and
// one without a name may be any of the users in Record.
//
// Built without cgo, package os/user believes $USER for a user who is not in
// /etc/passwd. Whoever asks about such a one unsets that variable before.
func (p Policy) Records(uid int) bool {
	name := strconv.Itoa(uid)
	var groups []string // nil: they are not known
	u, err := user.LookupId(name)
	if err == nil {
		name = u.Username
		groups, _ = u.GroupIds()
	}
	lists := func(list []string, inDoubt bool) bool {
		return slices.ContainsFunc(list, func(who string) bool {
			group, isGroup := strings.CutPrefix(who, "@")
			if !isGroup {
				return who == "*" || who == name || u == nil && inDoubt
			}
			g, err := user.LookupGroup(group)
			if err != nil || groups == nil {
				return inDoubt
			}
			return slices.Contains(groups, g.Gid)
		})
	}
	return (len(p.Record) == 0 || lists(p.Record, true)) && !lists(p.Except, false)
}

// Unknown returns the entries of Record and Except that this host does not know.
func (p Policy) Unknown() []string {
	var unknown []string
	for _, who := range slices.Concat(p.Record, p.Except) {
		var err error
		if group, isGroup := strings.CutPrefix(who, "@"); isGroup {
			_, err = user.LookupGroup(group)
		} else if who != "*" {
			_, err = user.Lookup(who)
		}
		if err != nil {
			unknown = append(unknown, who)
		}
	}
	return unknown
}
