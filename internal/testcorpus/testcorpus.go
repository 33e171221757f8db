// Package testcorpus finds recordings by strangers for tests. They are not part
// of this repository: the environment variable TTYDECK_CORPUS names their
// folder.
package testcorpus

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir returns the folder sub of the corpus. Without a corpus, it skips the test
// with a message. With one, a missing folder fails the test.
func Dir(tb testing.TB, sub string) string {
	tb.Helper()
	root := os.Getenv("TTYDECK_CORPUS")
	if root == "" {
		tb.Skipf("%s is skipped: TTYDECK_CORPUS, the folder of recordings by strangers, is not set", tb.Name())
	}
	dir := filepath.Join(root, sub)
	if _, err := os.Stat(dir); err != nil {
		tb.Fatalf("TTYDECK_CORPUS is set, but lacks a folder: %v", err)
	}
	return dir
}

// Files returns the files of the corpus that match pattern, relative to the
// corpus. The test fails unless it finds want files: a walk over no files must
// not pass.
func Files(tb testing.TB, pattern string, want int) []string {
	tb.Helper()
	dir := Dir(tb, filepath.Dir(pattern))
	return Glob(tb, filepath.Join(dir, filepath.Base(pattern)), want)
}

// Glob returns the files that match pattern. The test fails unless it finds
// want files.
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
