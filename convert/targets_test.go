package convert

import (
	"slices"
	"strings"
	"testing"

	"github.com/ttydeck/ttydeck/format"
)

// Of the targets that one command writes, no two have a name or an extension in
// common.
func TestTargetsUnique(t *testing.T) {
	seen := map[string]*Target{}
	for _, target := range Targets {
		command := "convert "
		if target.Format == nil {
			command = "transcript "
		}
		for _, word := range slices.Concat([]string{target.Name}, target.Also, target.Ext) {
			word = command + strings.ToLower(word)
			if other := seen[word]; other != nil {
				t.Errorf("%s: %s and %s", word, other.Name, target.Name)
			}
			seen[word] = target
		}
		if target.Desc == "" || target.Kind == "" {
			t.Errorf("%s: no description or kind", target.Name)
		}
	}
}

func TestTable(t *testing.T) {
	recordings := Targets.Where(func(t *Target) bool { return t.Kind == KindRecording })
	transcripts := Targets.Where(func(t *Target) bool { return t.Kind == KindTranscript })
	name := func(t *Target) string {
		if t == nil {
			return ""
		}
		return string(t.Kind) + " " + t.Name
	}
	for _, tt := range []struct{ got, want string }{
		{name(Targets.ByFileName("dir.txt/A.V2.Cast.ZST")), "recording asciicast-v2"},
		{name(Targets.ByFileName("a.cast.gz")), "recording asciicast-v3"},
		{name(Targets.ByFileName("a.txt")), "text txt"},
		{name(transcripts.ByFileName("a.TXT")), "transcript text"},
		{name(recordings.ByFileName("a.txt")), ""},
		{name(recordings.ByFileName("a.json")), "recording asciicast-v1"},
		{name(transcripts.ByFileName("a.json")), "transcript json"},
		{name(Targets.ByFileName("cast")), ""},
		{name(Targets.ByName("SCRIPT")), "recording script"},
		{name(transcripts.ByName("sh")), "transcript script"},
		{name(recordings.ByName("teleport")), ""},
		{name(Targets.ByFormat(format.Ttyrec)), "recording ttyrec"},
		{name(Targets.ByFormat(format.Teleport)), ""},
		{name(Targets.ByFormat(nil)), ""},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q; want %q", tt.got, tt.want)
		}
	}
	for _, target := range Targets {
		binary := []string{"sudo", "bsd-script", "script", "script-classic", "ttyrec", "raw", "gif", "png", "apng", "mp4", "webm", "frames"}
		if want := slices.Contains(binary, target.Name) && target.Style == nil; target.Binary != want {
			t.Errorf("%s: Binary is %v; want %v", target.Name, target.Binary, want)
		}
	}
}
