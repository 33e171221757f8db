package login

import (
	"encoding/json"
	"net"
	"path/filepath"
	"strings"
	"testing"
)

// A receiver that refuses a session before it reads the hello: Send returns its
// reason, not a broken pipe.
func TestRefusedBeforeRead(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	closed := make(chan struct{})
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(closed)
				return
			}
			json.NewEncoder(c).Encode(Reply{Error: "too many sessions"})
			c.Close()
		}
	}()
	for range 200 {
		if _, err := Send(socket, Hello{Command: strings.Repeat("x", 4096)}); err == nil || err.Error() != "too many sessions" {
			t.Fatalf("Send = %v; want the receiver's reason", err)
		}
	}
	l.Close()
	<-closed
}
