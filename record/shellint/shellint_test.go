//go:build unix

package shellint

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/google/go-cmp/cmp"
	"github.com/ttydeck/ttydeck/internal/await"
)

const nonce = "0123456789abcdef0123456789abcdef"

// user types at a shell.
type user struct {
	t    *testing.T
	dir  string // home
	pty  *os.File
	done chan struct{}
	// answers: the shell asks for the cursor's position, and waits for the
	// reply.
	answers bool
	lull    time.Duration // see await

	mu   sync.Mutex
	out  []byte    // guarded by mu
	last time.Time // of out; guarded by mu
}

// prompt matches every prompt of the tests: P>, and C> for a continuation line.
var prompt = regexp.MustCompile(`[PC]> `)

// files maps the names of files in the home directory to their content.
type files map[string]string

// start starts a shell, with or without our marks.
func start(t *testing.T, marks bool, home files, env []string, argv ...string) *user {
	t.Helper()
	path, err := exec.LookPath(strings.TrimPrefix(argv[0], "-"))
	if err != nil {
		if os.Getenv("CI") == "" {
			t.Skipf("%s is not installed", argv[0])
		}
		t.Fatal(err)
	}
	dir := t.TempDir()
	// Without the second directory, fish reads all manual pages in the background.
	for _, name := range []string{"run", ".local/share/fish/generated_completions"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range home {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	env = append([]string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "TERM=xterm-256color", "LANG=C.UTF-8", "USER=me",
		"XDG_RUNTIME_DIR=" + filepath.Join(dir, "run"), "XDG_DATA_DIRS=/usr/share"}, env...)
	for i, e := range env {
		env[i] = strings.ReplaceAll(e, "~", dir)
	}
	cmd := &exec.Cmd{Path: path, Args: slices.Clone(argv), Env: env, Dir: dir}
	if marks {
		s, err := Prepare(cmd.Args, env, nonce)
		if err != nil || s == nil {
			t.Fatalf("Prepare(%q) = %v, %v; want a shell", argv, s, err)
		}
		cmd.Args, cmd.Env = s.Args, s.Env
		t.Cleanup(func() { s.Close() })
	}
	f, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 200})
	if err != nil {
		t.Fatal(err)
	}
	u := &user{t: t, dir: dir, pty: f, done: make(chan struct{}), answers: argv[0] == "nu"}
	go u.read()
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		f.Close()
		<-u.done
	})
	u.await(0)
	return u
}

func (u *user) read() {
	defer close(u.done)
	buf := make([]byte, 32<<10)
	for {
		n, err := u.pty.Read(buf)
		u.mu.Lock()
		u.out, u.last = append(u.out, buf[:n]...), time.Now()
		u.mu.Unlock()
		if u.answers && bytes.Contains(buf[:n], []byte("\x1b[6n")) {
			u.pty.WriteString("\x1b[10;1R")
		}
		if err != nil {
			return
		}
	}
}

// lull is the shortest quiet time after a prompt.
const lull = 30 * time.Millisecond

// await waits until the output from offset from has a prompt and then pauses,
// or until the shell has ended.
func (u *user) await(from int) {
	u.t.Helper()
	for began := time.Now(); ; time.Sleep(2 * time.Millisecond) {
		u.mu.Lock()
		out, quiet := string(u.out[from:]), time.Since(u.last)
		u.mu.Unlock()
		// A line may hold the text of a prompt, and its echo does not count.
		shown := unmarked(out)
		entered := strings.LastIndexByte(shown, '\n')
		if quiet > max(u.lull, lull) && (entered >= 0 || from == 0) && prompt.MatchString(shown[entered+1:]) {
			return
		}
		select {
		case <-u.done:
			return
		default:
		}
		if time.Since(began) > await.Patience {
			u.t.Fatalf("no prompt came; the shell wrote %q", out)
		}
	}
}

// enter enters each line once there is a prompt for it, and returns the output
// meanwhile.
func (u *user) enter(lines ...string) string {
	u.t.Helper()
	u.mu.Lock()
	from := len(u.out)
	u.mu.Unlock()
	for _, line := range lines {
		u.mu.Lock()
		at := len(u.out)
		u.mu.Unlock()
		if _, err := u.pty.WriteString(line + "\r"); err != nil {
			break
		}
		u.await(at)
	}
	return u.from(from)
}

func (u *user) from(from int) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return string(u.out[from:])
}

var (
	mark = regexp.MustCompile("\x1b\\]133;[^\a\x1b]*;?(?:aid=|N)" + nonce + "[^\a\x1b]*\a(\x1b\\]7;[^\a\x1b]*\a)?")
	// The line editor sets paste mode and the like when it begins. Where in the
	// output it does so makes no difference to a user.
	modes = regexp.MustCompile("\x1b\\[\\?2004[hl]\r?|\x1b\\[\\?1[hl]\x1b[=>]|\x1b\\[[?0-9;]*[a-zA-Z]|\r|\x1b\\][02];[^\a]*\a|\x1b\\(B|[\b ]+|⏎")
)

// unmarked returns output without our marks, as a user sees it.
func unmarked(out string) string { return mark.ReplaceAllString(out, "") }

// marksOf returns the marks in output, such as "A", "C cmdline_url" and "D
// status", without the nonce.
func marksOf(out string) []string {
	var list []string
	for _, m := range mark.FindAllString(out, -1) {
		m, _, _ := strings.Cut(strings.TrimPrefix(m, "\x1b]133;"), "\a")
		var kept []string
		for field := range strings.SplitSeq(m, ";") {
			if field != "aid="+nonce && field != "N"+nonce && !strings.HasPrefix(field, "hn=") {
				kept = append(kept, field)
			}
		}
		list = append(list, strings.Join(kept, " "))
	}
	return list
}

// TestSame: a shell with marks shows a user the same as one without.
func TestSame(t *testing.T) {
	for _, tt := range sameTests {
		t.Run(strings.ReplaceAll(tt.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			if diff := slower(func(lull time.Duration) string { return tt.differs(t, lull) }); diff != "" {
				t.Errorf("the shell with marks shows something else (-without +with):\n%s", diff)
			}
		})
	}
}

// slower returns the difference that differs reports. On a busy machine a line
// may be typed before the shell reads it, and be shown twice or lost: slower
// then types everything again, more slowly.
func slower(differs func(lull time.Duration) string) (diff string) {
	for n := time.Duration(1); n <= 16; n *= 4 {
		if diff = differs(n * lull); diff == "" {
			break
		}
	}
	return diff
}

// differs types the lines with and without marks, and returns the difference.
func (tt sameTest) differs(t *testing.T, lull time.Duration) string {
	t.Helper()
	var seen [2]string
	for i, marks := range []bool{false, true} {
		u := start(t, marks, tt.home, tt.env, tt.argv...)
		u.lull = lull
		u.enter(tt.lines...)
		out := u.from(0)
		if marks && !tt.unmarked {
			if list := marksOf(out); !slices.ContainsFunc(list, func(m string) bool { return strings.HasPrefix(m, "D") }) {
				return "no marks in " + strconv.Quote(out)
			}
		}
		seen[i] = modes.ReplaceAllString(strings.ReplaceAll(unmarked(out), u.dir, "~"), "")
	}
	return cmp.Diff(strings.Split(seen[0], "\n"), strings.Split(seen[1], "\n"))
}

type sameTest struct {
	name     string
	home     files
	env      []string
	argv     []string
	lines    []string
	unmarked bool // the shell emits no marks
}

// noHome replaces the name of the test's directory in output.
const noHome = ` | sed "s,$HOME,HOME,g"`

var sameTests = slices.Concat(bashTests, zshTests, fishTests, posixTests)

// zshState prints the state in which a user could find changes to zsh.
var zshState = []string{
	`setopt; trap; alias`,
	`typeset + | grep -v -e __ttydeck -e '_functions$' -e '^_$' -e '^integer 10 readonly [!?#$]' -e '^[^ ]$'| sort`,
	`print -l ${(ok)functions} | grep -v __ttydeck`,
	`env | grep -v -e '^_=' -e ^PWD -e ^OLDPWD -e ^HOME -e ^XDG_RUNTIME_DIR -e '^PS[12]' | sort`,
	`echo "[$HISTFILE] [${ZDOTDIR-unset}] [$0] [$-] [$PS1] [$PS2]"`,
	`zsh -fc 'typeset; functions' | grep -i ttydeck`,
}

const zshPS1 = "PS1='P> ' PS2='C> '\nsetopt nopromptsp\n"

var zshTests = []sameTest{
	{name: "zsh", argv: []string{"zsh"}, home: files{".zshenv": "echo env $ZDOTDIR\n", ".zprofile": "echo wrong\n", ".zshrc": zshPS1 + "echo rc\n"}, lines: slices.Concat(zshState, []string{
		"false", "echo $?", "(exit 7)", "echo $? $pipestatus", "true | (exit 3) | true", "echo $pipestatus", "echo word", "echo $_",
		"for i in 1 2; do", "echo $i", "done", "fc -l -2 | cut -c1-30", "PS1='P> ' exec zsh -f", "echo nested",
	})},
	{name: "zsh login", argv: []string{"zsh", "-l"}, home: files{".zshenv": "echo env\n", ".zprofile": "echo profile\n", ".zshrc": zshPS1 + "echo rc\n", ".zlogin": "echo login\n", ".zlogout": "echo bye\n"}, lines: []string{"echo $options[login]", "exit"}},
	{name: "zsh ZDOTDIR", argv: []string{"zsh"}, env: []string{"ZDOTDIR=~/dots"}, home: files{"dots/.zshenv": "echo env\n", "dots/.zshrc": zshPS1 + "echo rc\n", ".zshrc": "echo wrong\n"}, lines: []string{"echo ${ZDOTDIR#$HOME}", "zsh -ic 'echo ${ZDOTDIR#$HOME}'"}},
	{name: "zsh that moves", argv: []string{"zsh"}, home: files{".zshenv": "export ZDOTDIR=$HOME/prezto\n", "prezto/.zshrc": zshPS1 + "echo rc\nHISTFILE=${ZDOTDIR:-$HOME}/.zhistory\n", ".zshrc": "echo wrong\n"}, lines: []string{"echo ${ZDOTDIR#$HOME} ${HISTFILE#$HOME}"}},
	{name: "zsh -u", argv: []string{"zsh"}, home: files{".zshrc": zshPS1 + "setopt nounset errreturn\n"}, lines: []string{"echo a", "false", "echo ${x-unset}"}},
	{name: "zsh options", argv: []string{"zsh"}, home: files{".zshrc": zshPS1 + "setopt ksharrays shwordsplit noclobber globsubst allexport ignorebraces cshjunkieloops bsdecho\n"}, lines: []string{"echo a", "false", "env | grep -e __ttydeck -e 012345678", "PS1='P> '; zsh -fc 'env' | grep -e __ttydeck -e 012345678"}},
	{name: "zsh aliases", argv: []string{"zsh"}, home: files{".zshenv": "alias -g s=X; alias local=false print=false; print() { echo mine; }\n", ".zshrc": zshPS1 + "alias if=false emulate=false\nbuiltin() { echo mine; }\nunfunction builtin\n"}, lines: []string{"echo a", "false", "print x"}},
	{name: "zsh hooks", argv: []string{"zsh"}, home: files{".zshrc": zshPS1 + "autoload -Uz add-zsh-hook; a() { echo before $?; }; b() { echo runs $1; }; add-zsh-hook precmd a; add-zsh-hook preexec b; precmd() { echo precmd $?; }\n"}, lines: []string{"(exit 3)", "echo a"}},
	{name: "zsh theme", argv: []string{"zsh"}, home: files{".zshrc": "precmd() { PS1=\"[$?] P> \"; }\n"}, lines: []string{"(exit 3)", "echo $PS1", "source ~/.zshrc", "echo a"}},
	{name: "zsh exported", argv: []string{"zsh"}, home: files{".zshrc": "export PS1='P> ' PS2='C> '\n"}, lines: []string{"env | grep PS", "bash --norc", "echo in bash", "exit"}},
	{name: "zsh traps", argv: []string{"zsh"}, home: files{".zshrc": zshPS1 + "TRAPZERR() { echo failed; }\ntrap 'echo $ZSH_DEBUG_CMD >> log' DEBUG\n"}, lines: []string{"false", "true", "sed -n '/^false/,$p' log"}},
	{name: "zsh redirected", argv: []string{"zsh"}, home: files{".zshrc": zshPS1}, lines: []string{"exec 3>&1 > log", "echo to the log", "exec >&3", "cat -v log"}},
	{name: "zsh becomes bash", argv: []string{"zsh"}, home: files{".zshenv": "exec bash --norc\n"}, env: []string{"PS1=P> "}, lines: []string{"env | grep -e ZDOT -e ttydeck"}, unmarked: true},
}

var fishState = []string{
	"set -gxn; set -Un", "set -gn | grep -v -e __ttydeck -e '^history$'", "functions | string split ,", "status is-interactive; echo $status; status is-login; echo $status", "env | grep -v -e ^PWD -e ^HOME -e ^XDG_RUNTIME_DIR | sort",
}

const fishPS1 = "function fish_prompt; echo 'P> '; end\nset -g fish_greeting\nfunction fish_title; end\n"

var fishTests = []sameTest{
	{name: "fish", argv: []string{"fish"}, home: files{".config/fish/config.fish": fishPS1 + "echo rc\n"}, lines: slices.Concat(fishState, []string{"false", "echo $status", "true | false | true", "echo $pipestatus", "functions fish_prompt", "fish -c 'set; functions -a' | grep -i __ttyd[e]ck"})},
	{name: "fish login", argv: []string{"fish", "-l", "-C", "echo more"}, home: files{".config/fish/config.fish": fishPS1 + "echo rc\n"}, lines: []string{"status is-login; echo $status"}},
	{name: "fish events", argv: []string{"fish"}, home: files{".config/fish/config.fish": fishPS1 + "function a --on-event fish_prompt; echo prompt $status; end; function b --on-event fish_postexec; echo post $status; end; function c --on-event fish_preexec; echo pre $argv; end\nfunction printf; echo mine; end\n"}, lines: []string{"false", "echo a", "printf x"}},
}

var posixTests = makePosixTests()

func makePosixTests() (posixTests []sameTest) {
	for _, argv := range [][]string{{"dash"}, {"mksh"}, {"busybox", "sh"}, {"ksh"}} {
		posixTests = append(posixTests,
			sameTest{name: argv[0], argv: argv, env: []string{"PS1=#P> ", "PS2=C> "}, lines: []string{
				"false", "echo $?", "(exit 7)", "echo $?", "for i in 1 2; do", "echo $i", "done", `echo "[${ENV-unset}] [$-] [$0]"`, "env | grep -e ttydeck_aid= -e 012345678", argv[0] + " " + strings.Join(argv[1:], " "), "set | grep ttydeck_aid=", "exit",
				"echo back", "set -x", "echo t", "set +x", "set -u", "echo a", "set -e", "echo b", "false",
			}},
			sameTest{name: argv[0] + " ENV", argv: argv, env: []string{"ENV=" + map[bool]string{false: "$HOME", true: "~"}[argv[0] == "mksh"] + "/my.rc"}, home: files{"my.rc": "echo mine; PS1='#P> '; PS2='C> '; set -a\n"}, lines: []string{`echo "${ENV#"$HOME"}"`, "env | grep ttydeck_aid=", "echo a"}},
		)
	}
	return append(posixTests, sameTest{name: "mkshrc", argv: []string{"mksh"}, home: files{".mkshrc": "echo mine; PS1='#P> '\n"}, lines: []string{"echo a"}},
		sameTest{name: "kshrc", argv: []string{"ksh"}, home: files{".kshrc": "echo mine; PS1='P> '; set -o emacs\n"}, lines: []string{"echo a", "echo " + strings.Repeat("long ", 30)}})
}

// controls matches control characters as cat -v shows them.
var controls = regexp.MustCompile(`\^[@-OQ-_]`)

// TestInheritedPrompt: a prompt in the environment stays there, with marks that shells
// without our variables do not draw, and no control character, whose width zsh, which
// expands no variables in prompts, would not know.
func TestInheritedPrompt(t *testing.T) {
	for _, argv := range [][]string{{"dash"}, {"mksh"}, {"busybox", "sh"}, {"ksh"}} {
		t.Run(argv[0], func(t *testing.T) {
			t.Parallel()
			u := start(t, true, nil, []string{"PS1=#P> "}, argv...)
			u.await(0)
			out := unmarked(u.enter("env | grep -a ^PS1= | cat -v"))
			if !strings.Contains(out, "\nPS1=$") || controls.MatchString(out) {
				t.Errorf("a child's prompt is %q; want no control character in it", out)
			}
			if out := u.enter("dash", "echo in dash"); !strings.Contains(out, "\n#P> ") {
				t.Errorf("dash inside shows %q; want the prompt #P>", out)
			}
			u.enter("exit") // where SIGHUP is ignored, it would stay
		})
	}
}

const bashPS1 = "PS1='P> ' PS2='C> '\n"

// bashState prints the state in which a user could find changes to bash. It
// omits lines with process numbers and times.
var bashState = []string{
	`set -o; shopt; trap -p`,
	`compgen -v | grep -v -e __ttydeck -e ^_ -e PIPESTATUS -e ^PROMPT_COMMAND -e ^PS0; compgen -A function | grep -v __ttydeck; alias`,
	`env | grep -v -e ^_= -e ^PWD -e ^OLDPWD -e ^HOME -e ^XDG_RUNTIME_DIR -e ^ENV=.*bashenv -e ^PS[12] | sort`,
	`echo "[$HISTFILE] [$ENV] [$0] [$-]"` + noHome,
	`bash --norc -c 'compgen -v; compgen -A function' | grep -i ttydeck`,
}

var bashTests = []sameTest{
	{name: "bash", argv: []string{"bash"}, home: files{".bashrc": bashPS1 + "echo once\n"}, lines: slices.Concat(bashState, []string{
		"false", "echo $?", "(exit 7)", "echo $? ${PIPESTATUS[0]}", "true | (exit 3) | true", "echo ${PIPESTATUS[@]}", "echo word", "echo $_",
		"for i in 1 2; do", "echo $i", "done", "history | cut -c1-40 | tail -3", "fc -ln -1", "exec bash --norc --noprofile -c 'PS1=\"P> \" exec bash --norc'", "echo nested", "exit",
	})},
	{name: "bash aliases and functions", argv: []string{"bash"}, home: files{".bashrc": bashPS1 + `
		alias local=false printf=false return=false case=false history=false trap=false export=false
		printf() { echo my printf; }; history() { echo my history; }; return 5
		echo not reached`}, lines: []string{"echo $?", "printf x", "history", "trap"}},
	{name: "bash -eu", argv: []string{"bash"}, home: files{".bashrc": "set -eu\n" + bashPS1}, lines: []string{"echo a", "! true", "if false; then :; fi", "echo ${x-unset}", "unset PROMPT_COMMAND", "echo b", "false", "echo not here"}},
	{name: "bash -u in prompts", argv: []string{"bash"}, home: files{".bashrc": bashPS1 + "set -u\nunset PS2 PS0 PS4\n"}, lines: []string{"echo a", "echo b"}},
	{name: "bash ERR trap", argv: []string{"bash"}, home: files{".bashrc": bashPS1 + "trap 'echo failed $?' ERR\nset -E\n"}, lines: []string{"false", "(exit 9)", "true", ""}},
	{name: "bash DEBUG trap", argv: []string{"bash"}, home: files{".bashrc": bashPS1 + "trap 'echo runs $BASH_COMMAND' DEBUG\n"}, lines: []string{"echo a", "false", "echo $?"}},
	{name: "bash DEBUG trap and functrace", argv: []string{"bash"}, home: files{".bashrc": bashPS1 + "set -T\ntrap 'echo runs $BASH_COMMAND' DEBUG\n"}, lines: []string{"echo a", "false"}, unmarked: true},
	{name: "bash xtrace", argv: []string{"bash"}, home: files{".bashrc": bashPS1}, lines: []string{"set -x", "echo a", "false", "set +x"}},
	{name: "bash redirected", argv: []string{"bash"}, home: files{".bashrc": bashPS1}, lines: []string{"exec 3>&1 > log", "echo to the log", "exec >&3", "cat -v log"}},
	{name: "bash array", argv: []string{"bash"}, home: files{".bashrc": bashPS1 + "PROMPT_COMMAND=('echo first $?' 'false' 'echo last $?')\n"}, lines: []string{"true", "(exit 4)", "echo ${#PROMPT_COMMAND[@]} >/dev/null"}},
	{name: "bash scalar", argv: []string{"bash"}, home: files{".bashrc": bashPS1 + "PROMPT_COMMAND='echo status $?; x=1'\n"}, lines: []string{"true", "(exit 4)", `PROMPT_COMMAND="$PROMPT_COMMAND; echo more $?"`, "(exit 5)", "PROMPT_COMMAND='echo mine $?'", "(exit 6)", "(exit 7)"}},
	{name: "bash exported", argv: []string{"bash"}, home: files{".bashrc": bashPS1 + "export PROMPT_COMMAND='echo exported $?' PS1 PS2\n"}, lines: []string{"(exit 4)", "bash --norc", "(exit 5)", "dash", "echo in dash", "exit", "exit", "echo back"}},
	{name: "bash allexport", argv: []string{"bash"}, home: files{".bashrc": "set -a\n" + bashPS1}, lines: []string{"env | grep -i -e ttydeck_aid= -e 0123456789abcdef", "bash --norc", "echo inner", "exit"}},
	{name: "bash readonly", argv: []string{"bash"}, home: files{".bashrc": bashPS1 + "PROMPT_COMMAND='echo pc'\nreadonly PROMPT_COMMAND\n"}, lines: []string{"echo a", "false"}},
	{name: "bash theme", argv: []string{"bash"}, home: files{".bashrc": "theme() { local s=$?; PS1=\"[$s] P> \"; }; PROMPT_COMMAND=theme\n"}, lines: []string{"echo a", "false", "true"}},
	{name: "bash preexec", argv: []string{"bash"}, home: files{".bashrc": bashPS1 + `
		# In the manner of bash-preexec.
		bash_preexec_imported=yes
		ready=
		pre() { [[ -z $ready ]] && return; [[ $BASH_COMMAND == *__* ]] && { ready=; return; }; ready=; echo "about to run $BASH_COMMAND"; }
		invoke() { local s=$? f; for f in "${precmd_functions[@]}"; do (exit $s); "$f"; done; }
		mine() { echo "mine sees $?"; }
		precmd_functions=(mine)
		PROMPT_COMMAND=$'invoke\nready=1'
		trap pre DEBUG`}, lines: []string{"echo a", "(exit 3)", "echo b"}},
	{name: "bash posix option", argv: []string{"bash"}, home: files{".bashrc": bashPS1 + "set -o posix\n"}, lines: []string{"echo a", "false", "set -o | grep posix"}},
	{name: "bash no promptvars", argv: []string{"bash"}, home: files{".bashrc": bashPS1 + "shopt -u promptvars\n"}, lines: []string{"echo a", "false"}},
	{name: "bash ignorespace", argv: []string{"bash"}, home: files{".bashrc": bashPS1 + "HISTCONTROL=ignoreboth HISTTIMEFORMAT='%F '\n"}, lines: []string{" echo hidden", "echo seen", "echo seen", " echo hidden", "history | cut -c8- | sed 's/[0-9-]* //'"}},
	{name: "bash login", argv: []string{"bash", "-l"}, home: files{".bash_profile": bashPS1 + "echo profile\n", ".profile": "echo wrong\n", ".bashrc": "echo wrong\n", ".bash_logout": "echo bye\n"},
		lines: slices.Concat(bashState, []string{"shopt login_shell", "false", "echo $?", "logout"})},
	{name: "bash login by name", argv: []string{"-bash"}, home: files{".profile": bashPS1 + "echo profile; . ~/.bashrc\n", ".bashrc": "echo rc\n"}, lines: []string{"shopt login_shell"}},
	{name: "bash norc", argv: []string{"bash", "--norc"}, home: files{".bashrc": "echo wrong\n"}, env: []string{"PS1=P> ", "PS2=C> ", "ENV=~/.bashenv"}, lines: slices.Concat([]string{"PS1='P> '"}, bashState, []string{"echo a", "false"})},
	{name: "bash rcfile", argv: []string{"bash", "--rcfile", "my rc"}, home: files{"my rc": bashPS1 + "echo mine\n"}, lines: []string{"echo a"}},
	{name: "bash changes shell", argv: []string{"bash"}, home: files{".bashrc": "PS1='P> ' exec dash\n"}, env: []string{"PS1=P> "}, lines: []string{"echo a", "set | grep -i ttydeck"}, unmarked: true},
	{name: "bash restricted", argv: []string{"bash", "-r"}, home: files{".bashrc": bashPS1}, lines: []string{"false", "echo $?", "cd /", "echo a"}},
	{name: "bash --posix", argv: []string{"bash", "--posix"}, home: files{"my.rc": "echo mine\n" + bashPS1}, env: []string{"ENV=~/my.rc"}, lines: slices.Concat(bashState, []string{"false", "echo $?", "set -o | grep posix"})},
	{name: "bash POSIXLY_CORRECT", argv: []string{"bash"}, home: files{"my.rc": "echo mine\n" + bashPS1}, env: []string{"ENV=~/my.rc", "POSIXLY_CORRECT=y"}, lines: []string{"false", "echo $? $POSIXLY_CORRECT", "set -o | grep posix"}},
	{name: "bash old way", argv: []string{"bash", "-i", "+O", "checkwinsize"}, home: files{".bashrc": bashPS1}, lines: []string{"echo a"}},
}

var nuPS1 = files{".config/nushell/config.nu": "$env.PROMPT_COMMAND = ''; $env.PROMPT_INDICATOR = 'P> '; $env.PROMPT_MULTILINE_INDICATOR = 'C> '; $env.PROMPT_COMMAND_RIGHT = ''; $env.config.show_banner = false\n" +
	"$env.config.hooks.pre_prompt = [{|| print -n '' }]\n"}

// TestMarks: the marks report commands and their exit status.
func TestMarks(t *testing.T) {
	for _, tt := range marksTests {
		t.Run(strings.ReplaceAll(tt.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			if diff := slower(func(lull time.Duration) string { return tt.differs(t, lull) }); diff != "" {
				t.Errorf("marks (-want +got):\n%s", diff)
			}
		})
	}
}

// differs types the lines, and returns the difference between the marks and
// want.
func (tt marksTest) differs(t *testing.T, lull time.Duration) string {
	t.Helper()
	u := start(t, true, tt.home, tt.env, tt.argv...)
	u.lull = lull
	u.enter(tt.lines...)
	var got []string
	// Nushell draws its prompt again when a line is entered, so the last prompt
	// may be a redrawn one. After twenty seconds the lines count as typed too
	// early, and slower types everything again.
	await.Within(20*time.Second, func() bool {
		got = nil
		for _, m := range marksOf(u.from(0)) {
			if m != "A" && m != "B" && m != "A k=s" {
				got = append(got, m)
			}
		}
		return len(got) >= len(tt.want)
	})
	return cmp.Diff(tt.want, got)
}

type marksTest struct {
	name  string
	home  files
	env   []string
	argv  []string
	lines []string
	want  []string // without the marks of prompts
}

var marksTests = []marksTest{
	{"bash", files{".bashrc": bashPS1}, nil, []string{"bash"},
		[]string{"echo 'a;b%'", " false", "", "(exit 7)", "for i in 1; do", "echo", "done", "echo 'tab\x16\there'", "echo 'a\x16\x02é\x16\x1b日'", "cd 'work; 100%'", "f() { false; }", "f"},
		[]string{"D 0", "C cmdline_url=echo 'a%3Bb%25'", "D 0", "C cmdline_url= false", "D 1", "D 1", "C cmdline_url=(exit 7)", "D 7",
			"C cmdline_url=for i in 1%3B do echo%3B done", "D 0", "C cmdline_url=echo 'tab%09here'", "D 0", "C cmdline_url=echo 'a%02%C3%A9%1B%E6%97%A5'", "D 0", "C cmdline_url=cd 'work%3B 100%25'", "D 1",
			"C cmdline_url=f() { false%3B }", "D 0", "C cmdline_url=f", "D 1"}},
	{"bash that keeps lines back", files{".bashrc": bashPS1 + "HISTCONTROL=ignoreboth\n"}, nil, []string{"bash"},
		[]string{" echo secret", "echo a", " echo secret", "echo a", "echo b"},
		[]string{"D 0", "C", "D 0", "C cmdline_url=echo a", "D 0", "C", "D 0", "C", "D 0", "C cmdline_url=echo b", "D 0"}},
	{"bash -eu", files{".bashrc": "set -eu\n" + bashPS1}, nil, []string{"bash"},
		[]string{"! true", "echo a"}, []string{"D 0", "C cmdline_url=! true", "D 1", "C cmdline_url=echo a", "D 0"}},
	{"bash theme", files{".bashrc": "PROMPT_COMMAND='PS1=\"[$?] P> \"'\n"}, nil, []string{"bash"},
		[]string{"(exit 3)", "PROMPT_COMMAND='PS1=\"new P> \"'", "(exit 4)"},
		[]string{"D 0", "C cmdline_url=(exit 3)", "D 3", "C cmdline_url=PROMPT_COMMAND='PS1=\"new P> \"'", "D 0", "C cmdline_url=(exit 4)", "D 4"}},
	{"bash with a DEBUG trap", files{".bashrc": bashPS1 + "trap : DEBUG\n"}, nil, []string{"bash"},
		[]string{"(exit 3)"}, []string{"D 0", "C cmdline_url=(exit 3)", "D 3"}},
	{"bash with a DEBUG trap in functions", files{".bashrc": bashPS1 + "set -T; trap : DEBUG\n"}, nil, []string{"bash"},
		[]string{"(exit 3)"}, []string{"D 0", "C", "D 3"}},
	{"bash with a read-only PROMPT_COMMAND", files{".bashrc": bashPS1 + "readonly PROMPT_COMMAND\nHISTCONTROL=ignoreboth\n"}, nil, []string{"bash"},
		[]string{"(exit 3)", " true", "true"}, []string{"D 0", "C cmdline_url=(exit 3)", "D 3", "C", "D 0", "C cmdline_url=true", "D 0"}},
	{"bash with read-only prompts", files{".bashrc": bashPS1 + "readonly PS1 PS2 PS0\n"}, nil, []string{"bash"}, []string{"(exit 3)"}, []string{"D 0", "D 3"}},
	{"bash with nothing to change", files{".bashrc": bashPS1 + "readonly PS1 PROMPT_COMMAND\n"}, nil, []string{"bash"},
		[]string{"(exit 3)"}, []string{"W why=PROMPT_COMMAND is read-only, and PS1 is read-only", "C cmdline_url=(exit 3)"}},
	{"bash without promptvars", files{".bashrc": bashPS1 + "shopt -u promptvars\ntrap : DEBUG\n"}, nil, []string{"bash"},
		[]string{"(exit 3)"}, []string{"W why=a DEBUG trap is set, and promptvars is off", "C"}},
	{"bash without PROMPT_COMMAND", files{".bashrc": bashPS1}, nil, []string{"bash"},
		[]string{"unset PROMPT_COMMAND", "(exit 3)"}, []string{"D 0", "C cmdline_url=unset PROMPT_COMMAND", "D 0", "C cmdline_url=(exit 3)", "D 3"}},
	{"bash restricted", files{".bashrc": bashPS1}, nil, []string{"bash", "-r"}, []string{"(exit 3)"}, []string{"D 0", "C cmdline_url=(exit 3)", "D 3"}},
	{"rbash", files{".bashrc": bashPS1}, nil, []string{"rbash"}, []string{"(exit 3)"}, []string{"D 0", "C cmdline_url=(exit 3)", "D 3"}},
	{"bash posix", nil, []string{"PS1=P> "}, []string{"bash", "-o", "posix"}, []string{"(exit 3)"}, []string{"D 0", "C cmdline_url=(exit 3)", "D 3"}},
	{"bash POSIXLY_CORRECT", nil, []string{"PS1=P> ", "POSIXLY_CORRECT="}, []string{"bash"}, []string{"(exit 3)"}, []string{"D 0", "C cmdline_url=(exit 3)", "D 3"}},
	{"bash without history", files{".bashrc": bashPS1 + "set +o history\n"}, nil, []string{"bash"}, []string{"(exit 3)"}, []string{"D 0", "C", "D 3"}},
	{"bash HISTSIZE", files{".bashrc": bashPS1 + "HISTSIZE=0\nunset HISTFILE\n"}, nil, []string{"bash"}, []string{"(exit 3)"}, []string{"D 0", "C", "D 3"}},
	{"bash HISTTIMEFORMAT", files{".bashrc": bashPS1 + "readonly HISTTIMEFORMAT='%F '\n"}, nil, []string{"bash"}, []string{"(exit 3)"}, []string{"D 0", "C", "D 3"}},
	{"bash sourcing", files{".bashrc": bashPS1}, nil, []string{"bash"},
		[]string{". ~/.bashrc", "(exit 3)"}, []string{"D 0", "C cmdline_url=. ~/.bashrc", "D 0", "C cmdline_url=(exit 3)", "D 3"}},
	{"zsh", files{".zshrc": zshPS1}, nil, []string{"zsh"},
		[]string{"echo 'a;b%'", "", "(exit 7)", "for i in 1; do", "echo é", "done", ". ~/.zshrc", "false"},
		[]string{"D 0", "C cmdline_url=echo 'a%3Bb%25'", "D 0", "D 0", "C cmdline_url=(exit 7)", "D 7", "C cmdline_url=for i in 1%3B do%0Aecho %C3%A9%0Adone", "D 0", "C cmdline_url=. ~/.zshrc", "D 0", "C cmdline_url=false", "D 1"}},
	{"zsh that keeps lines back", files{".zshrc": zshPS1 + "setopt histignorespace nobanghist\nHISTSIZE=0\nprecmd_functions=()\n"}, nil, []string{"zsh"},
		[]string{" false", "precmd_functions=()", "true", "false"}, nil},
	{"zsh with odd text", files{".zshrc": zshPS1 + "bindkey -r '^B'\n"}, nil, []string{"zsh"}, []string{"echo 'a\x16\tb\x16\x02é日'"},
		[]string{"D 0", "C cmdline_url=echo 'a%09b%02%C3%A9%E6%97%A5'", "D 0"}},
	{"zsh DEBUG trap", files{".zshrc": zshPS1 + "trap : DEBUG\n"}, nil, []string{"zsh"}, []string{"(exit 3)"}, []string{"D 0", "D 3"}},
	{"zsh with nothing to change", files{".zshrc": zshPS1 + "trap : DEBUG; readonly PS1\n"}, nil, []string{"zsh"}, []string{"(exit 3)"},
		[]string{"W why=a DEBUG trap is set, and PS1 cannot be changed"}},
	{"zsh login", files{".zshrc": zshPS1}, nil, []string{"-zsh"}, []string{"false"}, []string{"D 0", "C cmdline_url=false", "D 1"}},
	{"fish", files{".config/fish/config.fish": fishPS1}, nil, []string{"fish"},
		[]string{"echo 'a;b%'", "", "sh -c 'exit 7'", " false"},
		[]string{"D", "C cmdline_url=echo%20%27a%3Bb%25%27", "D 0", "D", "D", "C cmdline_url=sh -c 'exit 7'", "D 7", "D", "C cmdline_url= false", "D 1", "D"}},
	{"nu", nuPS1, nil, []string{"nu"},
		[]string{"echo 'a;b%'", "", "^sh -c 'exit 7'", "if true {", "1", "}", "env | lines | where $it =~ 'aid=|0123456|__ttyd[e]ck' | length | $\"[($in)]\""},
		[]string{"D", "C cmdline_url=echo%20%27a%3Bb%25%27", "D 0", "C cmdline_url=", "D 0", "C cmdline_url=%5Esh%20%2Dc%20%27exit%207%27", "D 7", "C cmdline_url=if%20true%20%7B%0A1%0A%7D", "D 0",
			"C cmdline_url=env%20%7C%20lines%20%7C%20where%20%24it%20%3D%7E%20%27aid%3D%7C0123456%7C%5F%5Fttyd%5Be%5Dck%27%20%7C%20length%20%7C%20%24%22%5B%28%24in%29%5D%22", "D 0"}},
	{"dash", nil, []string{"PS1=P> "}, []string{"dash"}, []string{"false", "true", "(exit 7)"}, []string{"D 0", "D 1", "D 0", "D 7"}},
	// mksh ignores a line that begins with a blank, or is entered again.
	{"mksh", nil, []string{"PS1=#P> ", "PS2=C> "}, []string{"mksh"}, []string{"false", "true", "true", " false", "", "for i in 1; do", "echo 'a!;\x16\tb%é'", "done", "(exit 7)"},
		[]string{"D 0", "D 1 cmdline_url=false", "D 0 cmdline_url=true", "D 0", "D 1", "D 1", "D 0 cmdline_url=for i in 1%3B do%0Aecho %27a%21%3B%09b%25%C3%A9%27%0Adone", "D 7 cmdline_url=%28exit 7%29"}},
	{"ksh", files{".kshrc": "PS1='P> ' PS2='C> '; set -o emacs\n"}, nil, []string{"ksh"}, []string{"false", "true", "true", " false", "", "for i in 1; do", "echo 'a!;\x16\tb%'", "done", "(exit 7)"},
		[]string{"D 0", "D 1 cmdline_url=false", "D 0 cmdline_url=true", "D 0 cmdline_url=true", "D 1 cmdline_url= false", "D",
			"D 0 cmdline_url=for i in 1%3B do%0Aecho 'a!%3B%09b%25'%0Adone", "D 7 cmdline_url=(exit 7)"}},
	{"ksh without history", files{".kshrc": "PS1='P> '; HISTFILE=\n"}, nil, []string{"ksh"}, []string{"false", "", "true"}, []string{"D 0", "D 1", "D 1", "D 0"}},
	// Debian's busybox keeps 15 lines.
	{"busybox with a full history", nil, []string{"PS1=P> ", "PS2=C> "}, []string{"busybox", "ash"},
		slices.Concat(slices.Repeat([]string{"echo", "true"}, 8), []string{"true", "", "for i in 1; do", "true", "done", "false"}),
		slices.Concat([]string{"D 0"}, slices.Repeat([]string{"D 0 cmdline_url=echo", "D 0 cmdline_url=true"}, 8),
			[]string{"D 0", "D 0", "D 0 cmdline_url=for%20i%20in%201%3B%20do%0Atrue%0Adone", "D 1 cmdline_url=false"})},
	{"busybox", nil, []string{"PS1=P> ", "PS2=C> "}, []string{"busybox", "ash"}, []string{"false", "true", "true", "for i in 1; do", "echo 'a!;b%é'", "done", "(exit 7)"},
		[]string{"D 0", "D 1 cmdline_url=false", "D 0 cmdline_url=true", "D 0", "D 0 cmdline_url=for%20i%20in%201%3B%20do%0Aecho%20%27a%21%3Bb%25%C3%A9%27%0Adone", "D 7 cmdline_url=%28exit%207%29"}},
}

// TestPrepare: Prepare accepts only the command lines of interactive shells.
func TestPrepare(t *testing.T) {
	for line, want := range map[string]bool{
		"bash": true, "-bash": true, "/bin/bash -il": true, "bash --norc": true, "bash -i -o vi": true, "bash --rcfile x": true,
		"bash -c true": false, "bash -lc true": false, "bash script": false, "bash -s": false, "bash --posix": true, "bash -o posix": true, "bash -r": true, "rbash": true,
		"bash -- script": false, "bash --help": false, "bash -": false, "ls": false, "": false, "python3": false, "env bash": false,
		"zsh": true, "zsh -l": true, "zsh -o vi": true, "zsh -f": false, "zsh -c true": false, "zsh x": false, "zsh -o norcs": false,
		"fish": true, "fish -C x": true, "fish -c x": false, "fish x": false,
		"dash": true, "dash x": false, "dash -c x": false, "busybox sh": true, "busybox ls": false, "mksh -l": true, "ksh": true, "ksh -c x": false,
		"nu": true, "nu -l": true, "nu -c x": false, "nu x": false,
	} {
		s, err := Prepare(strings.Fields(line), []string{"XDG_RUNTIME_DIR=" + t.TempDir()}, nonce)
		if err != nil || (s != nil) != want {
			t.Errorf("Prepare(%q) = %v, %v; want a shell: %v", line, s, err, want)
		}
		if s != nil {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(s.dir); err == nil {
				t.Errorf("Close left %s", s.dir)
			}
		}
	}
}

// TestBaseDir: the shell's files are never in a directory where others could
// change them.
func TestBaseDir(t *testing.T) {
	dir := t.TempDir()
	for mode, want := range map[os.FileMode]bool{0o700: true, 0o755: true, 0o777: false, 0o770: false, 0o777 | os.ModeSticky: true} {
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if got := baseDir("", dir+"/none", dir) == dir; got != want {
			t.Errorf("baseDir uses a directory of mode %v: %v; want %v", mode, got, want)
		}
	}
	if os.Geteuid() == 0 {
		if err := os.Chmod(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(dir, 12345, 12345); err != nil {
			t.Fatal(err)
		}
		if got := baseDir(dir); got != "" {
			t.Errorf("baseDir uses another user's %s", got)
		}
	}
}
