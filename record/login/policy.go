// Package login records logins: a program that stands in for the shell, a
// [Policy] that says who is recorded, and a [Receiver] that keeps the recordings
// where those who are recorded cannot change them.
package login

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
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
	// "*" is everybody, and so is none at all. Except are not.
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

// Blocks says whether who cannot be recorded is kept out.
func (p Policy) Blocks() bool { return p.OnFailure == "block" }

// ReadPolicy reads a policy's file, which must be root's, and nobody else may
// be able to write it or to put another in its place. Without a file it is
// the zero Policy with the defaults.
func ReadPolicy(path string) (Policy, error) {
	p := Policy{Shell: "/bin/sh", Socket: DefaultSocket, OnFailure: "allow"}
	if err := rootOnly(path); errors.Is(err, os.ErrNotExist) {
		return p, nil
	} else if err != nil {
		return p, fmt.Errorf("%w: %w", ErrPolicy, err)
	}
	meta, err := toml.DecodeFile(path, &p)
	if err == nil && len(meta.Undecoded()) > 0 {
		err = fmt.Errorf("unknown key %q", meta.Undecoded()[0].String())
	}
	if err == nil && p.OnFailure != "allow" && p.OnFailure != "block" {
		err = fmt.Errorf("on-failure is %q: want allow or block", p.OnFailure)
	}
	if err == nil && !filepath.IsAbs(p.Shell) {
		err = fmt.Errorf("shell is %q: want an absolute path", p.Shell)
	}
	if err != nil {
		return p, fmt.Errorf("%w: %s: %w", ErrPolicy, path, err)
	}
	return p, nil
}

// rootOnly checks that only root can change a file and what leads to it.
func rootOnly(path string) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	for at := path; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err != nil {
			return err
		}
		sticky := info.IsDir() && info.Mode()&os.ModeSticky != 0
		if owner(info) != 0 || info.Mode().Perm()&0o022 != 0 && !sticky {
			return fmt.Errorf("%s: others than root may change it", at)
		}
		if at == "/" || at == "." {
			return nil
		}
	}
}

// Records says whether a user is recorded.
func (p Policy) Records(u *user.User) bool {
	groups := func() []string {
		ids, _ := u.GroupIds()
		var names []string
		for _, id := range ids {
			if g, err := user.LookupGroupId(id); err == nil {
				names = append(names, g.Name)
			}
		}
		return names
	}
	named := func(list []string) bool {
		return slices.ContainsFunc(list, func(who string) bool {
			if group, ok := strings.CutPrefix(who, "@"); ok {
				return slices.Contains(groups(), group)
			}
			return who == "*" || who == u.Username
		})
	}
	return (len(p.Record) == 0 || named(p.Record)) && !named(p.Except)
}
