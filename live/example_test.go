package live_test

import (
	"context"
	"fmt"
	"os"

	"github.com/ttydeck/ttydeck/live"
	"github.com/ttydeck/ttydeck/record"
)

// Record and serve a session. A Client reads its state, types into it and waits
// for its end.
func Example() {
	base, err := os.MkdirTemp("", "live")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(base)
	os.Setenv("XDG_RUNTIME_DIR", base) // only so that the example leaves no trace
	dir, err := live.OpenDir()
	if err != nil {
		fmt.Println(err)
		return
	}

	// The session.
	command := []string{"sh", "-c", "read line; exit 3"}
	file, err := record.Create(base+"/session.cast", record.FileOptions{})
	if err != nil {
		fmt.Println(err)
		return
	}
	server, err := dir.Serve(live.Options{Name: "build", Command: command, File: file.Path})
	if err != nil {
		fmt.Println(err)
		return
	}
	recorder := record.Recorder{Writer: file, Args: command, Headless: true, Recorded: file.Recorded(), Started: server.Started}
	ended := make(chan error)
	go func() {
		status, err := recorder.Run(context.Background())
		if err == nil {
			err = server.Close(status)
		}
		ended <- err
	}()

	// The client may run in another process of the same user.
	ctx := context.Background()
	client, err := dir.Open("build")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	state, err := client.State(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(state.Name, state.Command[0], state.Cols, state.Rows)
	stream, err := client.Watch(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stream.Close()
	if err := client.Type(ctx, []byte("go on\r")); err != nil {
		fmt.Println(err)
		return
	}
	for {
		m, err := stream.Next(ctx)
		if err != nil {
			fmt.Println(err)
			return
		}
		if m.Kind == live.MessageEnd {
			fmt.Println("ended with status", m.Status)
			break
		}
	}
	if err := <-ended; err != nil {
		fmt.Println(err)
	}
	// Output:
	// build sh 80 24
	// ended with status 3
}
