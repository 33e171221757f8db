package shellint_test

import (
	"log"
	"os"
	"os/exec"

	"github.com/ttydeck/ttydeck/record/shellint"
)

// Start an interactive bash that marks its prompts and commands.
func ExamplePrepare() {
	args := []string{"bash"}
	sh, err := shellint.Prepare(args, os.Environ(), shellint.NewNonce())
	if err != nil {
		log.Fatal(err)
	}
	if sh == nil {
		log.Fatalf("%s is not an interactive shell", args[0])
	}
	defer sh.Close()
	cmd := exec.Command(sh.Args[0], sh.Args[1:]...)
	cmd.Env = sh.Env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		log.Fatal(err)
	}
}
