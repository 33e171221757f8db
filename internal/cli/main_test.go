package cli

import (
	"context"
	goflag "flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/ttydeck/ttydeck/internal/await"
	"github.com/ttydeck/ttydeck/record/login"
)

func TestMain(m *testing.M) {
	main := func() {
		endPatience = await.Patience
		os.Exit(Run(context.Background(), os.Args, os.Stdin, os.Stdout, os.Stderr, os.Environ()))
	}
	if login.As(os.Args[0]) {
		main()
	}
	testscript.Main(m, map[string]func(){"ttydeck": main})
}

var update = goflag.Bool("update", false, "rewrite the expected output in the scripts")

// TestScript drives the program as a user does, with a script for each behaviour in
// testdata/script.
func TestScript(t *testing.T) {
	scripts, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	if testing.Short() {
		// Keep only scripts that run several goroutines.
		scripts = slices.DeleteFunc(scripts, func(path string) bool {
			return !slices.Contains([]string{"rec", "rec_redact", "rec_shell", "live", "daemon", "ps", "observe", "play", "batch"},
				strings.TrimSuffix(filepath.Base(path), ".txtar"))
		})
	}
	testscript.Run(t, testscript.Params{
		Files:               scripts,
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Condition: func(name string) (bool, error) {
			if name == "root" {
				return os.Geteuid() == 0, nil
			}
			return false, fmt.Errorf("unknown condition %q", name)
		},
		Setup: func(env *testscript.Env) error {
			// The user's own configuration does not apply.
			for _, name := range []string{"HOME", "XDG_CONFIG_HOME"} {
				env.Setenv(name, env.WorkDir)
			}
			// A socket's path must be short.
			dir, err := os.MkdirTemp("", "td")
			if err != nil {
				return err
			}
			env.Defer(func() { os.RemoveAll(dir) })
			env.Setenv("XDG_RUNTIME_DIR", dir)
			env.Setenv("XDG_DATA_HOME", filepath.Join(env.WorkDir, "data"))
			env.Setenv("TERM", "xterm-256color")
			env.Setenv("SHELL", "/bin/sh")
			env.Setenv("PATH", env.Getenv("PATH")+string(os.PathListSeparator)+os.Getenv("PATH"))
			return nil
		},
	})
}
