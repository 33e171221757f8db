package sessions_test

import (
	"errors"
	"fmt"
	"log"

	"github.com/ttydeck/ttydeck/record/sessions"
)

// List the terminal sessions of this host, and the columns that are unknown
// without root.
func ExampleList() {
	list, err := sessions.List()
	if err != nil {
		log.Fatal(err)
	}
	for _, s := range list.Sessions {
		fmt.Println(s.TTY, s.User, s.Command())
		if s.Recording != nil {
			fmt.Println("  recorded by", s.Recording.Name)
		}
	}
	if list.Missing != "" {
		fmt.Println(list.Missing)
	}
}

// Find the session at a terminal.
func ExampleListing_Find() {
	list, err := sessions.List()
	if err != nil {
		log.Fatal(err)
	}
	s, err := list.Find("pts/3")
	switch {
	case errors.Is(err, sessions.ErrNotFound):
		fmt.Println("there is no session at pts/3")
	case err != nil:
		log.Fatal(err)
	default:
		fmt.Println(s.SID, s.User, s.Dir)
	}
}
