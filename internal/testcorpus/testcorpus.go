// Package testcorpus finds recordings that tests run on but that are not part
// of this repository, as strangers wrote them: the environment variable
// TTYDECK_CORPUS names the folder that has them.
package testcorpus

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir gives the folder sub of the corpus. Without a corpus the test is
// skipped, and says so by name; with one, a folder that is missing fails it.
func Dir(tb testing.TB, sub string) string {
	tb.Helper()
	root := os.Getenv("TTYDECK_CORPUS")
	if root == "" {
		tb.Skipf("%s is skipped: TTYDECK_CORPUS, the folder of recordings by others, is not set", tb.Name())
	}
	dir := filepath.Join(root, sub)
	if _, err := os.Stat(dir); err != nil {
		tb.Fatalf("TTYDECK_CORPUS is set, but: %v", err)
	}
	return dir
}

// Files gives the files of the corpus that match pattern, relative to it. There
// must be want of them, so that a walk over nothing cannot pass.
func Files(tb testing.TB, pattern string, want int) []string {
	tb.Helper()
	dir := Dir(tb, filepath.Dir(pattern))
	return Glob(tb, filepath.Join(dir, filepath.Base(pattern)), want)
}

// Glob gives the files that match pattern, of which there must be want.
func Glob(tb testing.TB, pattern string, want int) []string {
	tb.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		tb.Fatal(err)
	}
	if len(files) != want {
		tb.Fatalf("%s matches %d files; want %d", pattern, len(files), want)
	}
	return files
}
