//go:build unix

package shellint

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/ttydeck/ttydeck/internal/await"
)

// oddNames are names of directories that could break a mark, or forge one.
var oddNames = []string{
	"sp ace", "x s=7", "x t=1 s=3", "ünï#q?x", "alice corp;x%y", "%41", "*", "-n", "a  b*c?", "$(exit 9)", "`exit 9`", `back\slash \e \a \n`,
	"it's", `"q"`, "wow!", "!!", "tab\there", "nl\nline", "end\n", "esc\x1b]133;D;9\a", "bel\a", "inv\xff\xfe", "c1\u0085\u009c", "日本", "\x01\x02", "del\x7f", "&", "123",
}

// TestDirs: the marks report the directory, byte for byte, and no name of a
// directory changes the status.
func TestDirs(t *testing.T) {
	bash := func(text string) files { return files{".bashrc": bashPS1 + text} }
	for _, tt := range []struct {
		name string
		home files
		env  []string
		argv []string
		cd   string // with %d for the number
	}{
		{"bash", bash(""), nil, []string{"bash"}, ""},
		{"bash IFS", bash("IFS='0123456789 =/'\n"), nil, []string{"bash"}, ""},
		{"bash C", bash(""), []string{"LANG=C"}, []string{"bash"}, ""},
		{"bash strict", bash("set -euf\nshopt -s failglob nullglob nocasematch extglob\n"), nil, []string{"bash"}, ""},
		{"bash functions", bash("printf() { :; }; local() { :; }; set() { :; }; pwd() { :; }; alias case=: printf=:\n"), nil, []string{"bash"}, ""},
		{"bash readonly", bash("readonly PROMPT_COMMAND\n"), nil, []string{"bash"}, ""},
		{"bash no PWD", bash("PROMPT_COMMAND='unset PWD'\n"), nil, []string{"bash"}, ""},
		{"bash posix", nil, []string{"ENV=~/.bashrc", "PS1=P> "}, []string{"bash", "--posix"}, ""},
		{"zsh", files{".zshrc": zshPS1}, nil, []string{"zsh"}, ""},
		{"zsh IFS", files{".zshrc": zshPS1 + "IFS='0123456789 =/'\nsetopt nounset shwordsplit globsubst ksharrays\n"}, nil, []string{"zsh"}, ""},
		{"zsh C", files{".zshrc": zshPS1}, []string{"LANG=C"}, []string{"zsh"}, ""},
		{"fish", files{".config/fish/config.fish": fishPS1}, nil, []string{"fish"}, ""},
		{"dash", nil, []string{"PS1=#P> "}, []string{"dash"}, ""},
		{"dash C", nil, []string{"PS1=#P> ", "LANG=C"}, []string{"dash"}, ""},
		{"busybox", nil, []string{"PS1=#P> "}, []string{"busybox", "sh"}, ""},
		{"mksh", nil, []string{"PS1=#P> "}, []string{"mksh"}, ""},
		{"mksh C", nil, []string{"PS1=#P> ", "LANG=C"}, []string{"mksh"}, ""},
		{"ksh", nil, []string{"PS1=#P> "}, []string{"ksh"}, ""},
		{"ksh C", nil, []string{"PS1=#P> ", "LANG=C"}, []string{"ksh"}, ""},
		{"nu", nuPS1, nil, []string{"nu"}, "cd $env.D%d"},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			tmp := t.TempDir()
			env, lines := tt.env, []string{}
			var want []string
			for i, name := range oddNames {
				dir := filepath.Join(tmp, name)
				if err := os.Mkdir(dir, 0o700); err != nil {
					t.Fatal(err)
				}
				if tt.argv[0] == "nu" && (strings.ContainsAny(name, "\n\x1b\x07\x01") || !utf8.ValidString(name)) {
					continue // nushell does not go there
				}
				cd := tt.cd
				if cd == "" {
					cd = `cd -- "$D%d"`
				}
				env, lines, want = append(env, fmt.Sprintf("D%d=%s", i, dir)), append(lines, fmt.Sprintf(cd, i)), append(want, "0 "+dir)
			}
			var got []string
			diff := slower(func(lull time.Duration) string {
				u := start(t, true, tt.home, env, tt.argv...)
				u.lull = lull
				u.enter(lines...)
				await.Within(await.Patience/4, func() bool {
					got = reports(t, u.from(0))
					return len(got) > len(want)
				})
				return cmp.Diff(want, got[min(1, len(got)):])
			})
			if diff != "" {
				t.Errorf("directories (-want +got):\n%s", diff)
			}
		})
	}
}

// reports returns the statuses and directories in output.
func reports(t *testing.T, out string) []string {
	t.Helper()
	var list []string
	status := ""
	for _, m := range regexp.MustCompile("\x1b\\](133|7);[^\a\x1b]*\a").FindAllString(out, -1) {
		m = strings.Trim(m, "\x1b]\a")
		if s, ok := strings.CutPrefix(m, "133;D;"); ok && strings.Contains(m, nonce) && !strings.HasPrefix(s, "aid=") {
			status, _, _ = strings.Cut(s, ";")
		}
		if !utf8.ValidString(m) || strings.ContainsFunc(m, unicode.IsControl) {
			t.Errorf("OSC %q is not plain text", m)
		}
		rest, ok := strings.CutPrefix(m, "7;file://")
		if !ok {
			continue
		}
		_, path, _ := strings.Cut(rest, "/")
		path, err := url.PathUnescape("/" + path)
		if err != nil {
			t.Errorf("OSC %q: %v", m, err)
		}
		if n := len(list); n == 0 || list[n-1] != status+" "+path { // fish and nushell report it again
			list = append(list, status+" "+path)
		}
	}
	return list
}
