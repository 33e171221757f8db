package shellint

import (
	_ "embed"
	"slices"
	"strings"
)

//go:embed bash.sh
var bashScript string

// bashFiles holds bash's options about its start-up files.
type bashFiles struct {
	login, noRC, noProfile bool
	posix                  bool   // bash reads the file in ENV and, as sh, its profiles
	rc                     string // replaces ~/.bashrc
}

// startBash starts bash with --rcfile, which replaces only ~/.bashrc: bash
// still reads the system's bashrc. A login shell does not read the rcfile, and
// neither does bash with --norc. Those are started with --posix, with which
// bash reads the file in ENV and nothing else.
func startBash(s *Shell, nonce string) (bool, error) {
	files, rest, ok := bashOptions(s.Args)
	if !ok {
		return false, nil
	}
	files.posix = files.posix || has(s.Env, "POSIXLY_CORRECT")
	return files.start(s, nonce, rest)
}

// startBashAsSh starts bash by the name of sh. It then is in POSIX mode.
func startBashAsSh(s *Shell, nonce string) (bool, error) {
	if !interactive(s.Args[1:]) {
		return false, nil
	}
	return bashFiles{posix: true}.start(s, nonce, s.Args[1:])
}

// start starts bash with the rest of its arguments.
func (files bashFiles) start(s *Shell, nonce string, rest []string) (bool, error) {
	// env: bash reads our file by ENV.
	env := files.posix || files.login || files.noRC
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(bashScript, "@NONCE@", nonce))
	if env && !files.posix {
		// Undo the other effects of --posix.
		b.WriteString("set +o posix\nshopt -u inherit_errexit\n")
		b.WriteString(restore(s.Env, "ENV"))
		b.WriteString(restore(s.Env, "POSIXLY_CORRECT"))
		if !has(s.Env, "HISTFILE") {
			b.WriteString("HISTFILE=~/.bash_history\n")
		}
	}
	// The file is sourced at the top level: in a function, declare would make
	// local variables. A list with || does not end a shell with -e.
	source := func(file string) string { return "[[ ! -r " + file + " ]] || . " + file + "\n" }
	switch {
	case files.posix:
		b.WriteString(posixShell{}.userFile(s.Env))
	case files.login && !files.noProfile:
		b.WriteString(source("/etc/profile"))
		b.WriteString("if [[ -r ~/.bash_profile ]]; then . ~/.bash_profile\n" +
			"elif [[ -r ~/.bash_login ]]; then . ~/.bash_login\n" +
			"elif [[ -r ~/.profile ]]; then . ~/.profile; fi\n")
	case !files.login && !files.noRC && files.rc != "":
		b.WriteString(source(quote(files.rc)))
	case !files.login && !files.noRC:
		b.WriteString(source("~/.bashrc"))
	}
	b.WriteString(`{ __ttydeck_install "$?" "$(trap -p DEBUG)" && :; } >/dev/null 2>&1` + "\n")
	path, err := s.write("bashrc", b.String())
	if err != nil {
		return false, err
	}
	switch {
	case !env:
		s.Args = slices.Concat(s.Args[:1], []string{"--rcfile", path}, rest)
	case !files.posix:
		s.Args = slices.Concat(s.Args[:1], []string{"--posix"}, rest)
	}
	if env {
		s.setEnv("ENV", path)
	}
	return true, nil
}

// bashOptions parses bash's command line and returns the options about start-up
// files and the rest. ok is false if bash would run a command or a script.
func bashOptions(args []string) (files bashFiles, rest []string, ok bool) {
	files.login = strings.HasPrefix(args[0], "-")
	args = args[1:]
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch arg {
		case "--norc", "-norc":
			files.noRC = true
			continue
		case "--noprofile", "-noprofile":
			files.noProfile = true
		case "--rcfile", "--init-file", "-rcfile", "-init-file":
			if len(args) == 0 {
				return files, nil, false
			}
			files.rc, args = args[0], args[1:]
			continue
		case "--login", "-login":
			files.login = true
		case "--posix", "-posix":
			files.posix = true
		case "--noediting", "-noediting", "--verbose", "-verbose", "--restricted", "-restricted":
		default:
			if len(arg) < 2 || arg[0] != '-' && arg[0] != '+' || strings.HasPrefix(arg, "--") || strings.ContainsAny(arg, "cs") {
				return files, nil, false
			}
			files.login = files.login || arg[0] == '-' && strings.Contains(arg, "l")
			rest = append(rest, arg)
			if strings.ContainsAny(arg, "oO") {
				if len(args) == 0 {
					return files, nil, false
				}
				files.posix = files.posix || arg[0] == '-' && args[0] == "posix"
				rest, args = append(rest, args[0]), args[1:]
			}
			continue
		}
		rest = append(rest, arg)
	}
	return files, rest, true
}
