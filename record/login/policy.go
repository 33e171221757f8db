// Package login records logins. A program stands in for the user's shell: it
// asks [ReadPolicy] whether to record the user, [ForShell] or [ForCommand] for
// the program to run, and sends the recording by [Send] to a [Receiver], which
// runs as root.
//
// # What it protects
//
// The recorded user cannot read, change or remove a file that the Receiver has
// written. But the recorder runs as that user: a user who attacks its process can
// stop the recording, or send false events to the Receiver. sshd starts a
// ForceCommand with the user's shell, which may read one of the user's files
// first and start another program instead of the recorder.
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

// Default paths.
const (
	DefaultPolicy = "/etc/ttydeck/login.toml" // the policy
	DefaultSocket = "/run/ttydeck/login.sock" // the Receiver's socket
	DefaultDir    = "/var/log/ttydeck"        // the Receiver's directory
)

// Policy decides which users are recorded, and how. Its file is TOML, with the
// keys in the fields' tags.
type Policy struct {
	// Record lists the users to record, and the groups, as @group; "*" means
	// everybody, and so does an empty list. If the host does not know a group in
	// Record, everybody counts as its member.
	Record []string `toml:"record"`
	// Except lists users and groups not to record, in the form of Record. It
	// overrides Record.
	Except []string `toml:"except"`
	// Input records input too, except while echo is off, as for passwords.
	Input bool `toml:"input"`
	// Shell is the absolute path of the shell for users whose login shell is
	// ttydeck-login.
	Shell string `toml:"shell"`
	// Socket is the absolute path of the Receiver's socket.
	Socket string `toml:"socket"`
	// OnFailure is "allow" or "block": whether a session that cannot be
	// recorded, or no longer, goes on or ends.
	OnFailure string `toml:"on-failure"`
	// Notice is printed at the start of a recorded session; empty means none.
	Notice string `toml:"notice"`
}

// ErrPolicy is wrapped by the errors of [ReadPolicy].
var ErrPolicy = errors.New("cannot use the login policy")

// Blocks reports whether sessions that cannot be recorded are refused or ended.
func (p Policy) Blocks() bool { return p.OnFailure == "block" }

// ReadPolicy reads the policy at path. The file must belong to root, and only root
// may be able to write or replace it. If the file does not exist, ReadPolicy
// returns the default policy, which records everybody and allows sessions that
// cannot be recorded.
//
// Every error wraps [ErrPolicy] and means that there is a policy, which may ask
// for recordings. Of the Policy that is returned with it, only Shell is valid.
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
				err = fmt.Errorf("invalid name %q: want a user, a @group, or \"*\" for everybody", who)
				break
			}
		}
	}
	if _, named := errors.AsType[*fs.PathError](err); err != nil && !named {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return err
}

// isName reports whether an entry can be the name of a user or a group. Patterns,
// lists and the %groups of sudoers(5) cannot: they would match nobody.
func isName(who string) bool {
	name := strings.TrimPrefix(who, "@")
	return who == "*" || name != "" && name == strings.TrimSpace(name) && !strings.ContainsAny(name, "*?,:%!")
}

// maxLinks is the most symbolic links that a path may have, as on Linux.
const maxLinks = 40

// rootOnly reports whether the file exists, and checks that only root can change
// it and every directory and symbolic link on the way to it. If its directory is
// missing, nobody has set up a policy, and nothing is checked.
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
	// at is the path so far, free of links; rest lists the names that follow.
	at, rest, links := "/", strings.Split(path, "/"), 0
	for {
		info, err := os.Lstat(at)
		if err != nil {
			return found, err
		}
		isLink := info.Mode()&os.ModeSymlink != 0 // whose permissions mean nothing
		sticky := info.IsDir() && info.Mode()&os.ModeSticky != 0
		if owner(info) != 0 || info.Mode().Perm()&0o022 != 0 && !isLink && !sticky {
			return found, fmt.Errorf("%s: must belong to root and be writable only by root", at)
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

// Records reports whether to record the user with that UID. In doubt the answer is
// yes: a group in Record that cannot be looked up may have the user as a member,
// and a UID without a name may be any user in Record.
//
// Built without cgo, package os/user takes the name of a user who is not in
// /etc/passwd from $USER, which the user can set. Unset it before the call.
func (p Policy) Records(uid int) bool {
	name := strconv.Itoa(uid)
	var groups []string // nil: unknown
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
