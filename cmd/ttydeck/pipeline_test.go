package main

import (
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/vt"
)

// Both ends of a pipeline have the terminal raw at once. Whichever ends first,
// the terminal reads lines again after the last.
func TestPipelineLeavesTheTerminalAsItWas(t *testing.T) {
	ttydeck := program(t)
	for name, script := range map[string]string{
		"rec ends first":  `"$0" rec -q - -- sh -c 'echo hi; sleep 1' | "$0" play -`,
		"play ends first": `"$0" rec -q - -- sh -c 'echo hi; sleep 1; echo more; sleep 1' | "$0" play --end 0.2 -`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := startOnTerminal(t, 80, 24, "sh", "-c", script, ttydeck)
			before := v.modes()
			v.start()
			v.waitFor("the player", func(s *vt.Screen) bool { return s.OnAlternate() && strings.Contains(s.Text(), "hi") })
			v.wait()
			if after := v.modes(); after != before {
				t.Errorf("stty -a:\n%s; was\n%s", after, before)
			}
		})
	}
}
