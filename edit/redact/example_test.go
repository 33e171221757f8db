package redact_test

import (
	"context"
	"fmt"
	"log"
	"strings"
	"time"

	"github.com/ttydeck/ttydeck/edit/redact"
	"github.com/ttydeck/ttydeck/format"
)

func Example() {
	r, err := redact.New(redact.Options{Texts: []string{"bob"}})
	if err != nil {
		log.Fatal(err)
	}
	recording := format.Cast{
		Header: format.Header{Size: format.Size{Cols: 80, Rows: 24}, Title: "bob at work"},
		Events: func(yield func(format.Event, error) bool) {
			for i, line := range []string{
				"$ PGPASSWORD='correct horse' psql -U bob\r\n",
				"$ curl https://bob:Tr0ub4dor-3@example.com\r\n",
				"$ echo Tr0ub4dor-3 | base64\r\nVHIwdWI0ZG9yLTMK\r\n",
			} {
				if !yield(format.Event{Time: time.Duration(i) * time.Second, Code: format.Output, Data: line}, nil) {
					return
				}
			}
		},
	}
	cast, report, err := r.Cast(context.Background(), recording)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(cast.Header.Title)
	for ev, err := range cast.Events {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Print(strings.ReplaceAll(ev.Data, "\r", ""))
	}
	for _, f := range report.Findings {
		fmt.Printf("secret %d: %s in %s, first at %v, count %d\n", f.Secret, f.Rule, f.Where, f.First, f.Count)
	}
	// Output:
	// *** at work
	// $ PGPASSWORD='*************' psql -U ***
	// $ curl https://***:***********@example.com
	// $ echo *********** | base64
	// ***************K
	// secret 1: text in header.title, first at 0s, count 1
	// secret 1: text in output, first at 0s, count 2
	// secret 2: variable in output, first at 0s, count 1
	// secret 3: url-password in output, first at 1s, count 3
}
