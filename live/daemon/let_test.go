package daemon

import (
	"net/http/httptest"
	"testing"

	"github.com/ttydeck/ttydeck/live"
)

// Members of the group may look, and nothing else.
func TestLet(t *testing.T) {
	d := Daemon{Host: true, Group: 7}
	member, other := live.Caller{UID: 1, Groups: []int{3, 7}}, live.Caller{UID: 1, Groups: []int{3}}
	for _, test := range []struct {
		method, path string
		want         bool
	}{
		{"GET", "/v1/sessions", true},
		{"GET", "/v1/sessions/a@b", true},
		{"GET", "/v1/sessions/a@b/screen", true},
		{"GET", "/v1/sessions/a@b/watch", true},
		{"GET", "/v1/sessions/a@b/watch-input", false},
		{"GET", "/v1/sessions/a@b/attach", false},
		{"POST", "/v1/sessions/a@b/watch", false},
		{"POST", "/v1/sessions/a@b/input", false},
		{"POST", "/v1/sessions", false},
		{"GET", "/v1/sweep", false},
	} {
		r := httptest.NewRequest(test.method, test.path, nil)
		if got := d.let(r, member); got != test.want {
			t.Errorf("a member's %s %s: %v; want %v", test.method, test.path, got, test.want)
		}
		if d.let(r, other) {
			t.Errorf("another's %s %s is accepted", test.method, test.path)
		}
	}
}
