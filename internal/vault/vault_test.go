package vault_test

import (
	"bytes"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/ttydeck/ttydeck/internal/vault"
)

func noise(n int) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{1})
	r.Read(b)
	return b
}

func fill(t *testing.T, v *vault.Vault) {
	t.Helper()
	var blocks []vault.Block
	raw := noise(1 << 20)
	for n := 1; n <= len(raw); n *= 4 {
		blocks = append(blocks, v.Put(raw[:n]))
	}
	for i, b := range blocks {
		got, err := v.Get(b, nil)
		if err != nil || !b.Held() || !bytes.Equal(got, raw[:1<<(2*i)]) {
			t.Fatalf("block %d: %d bytes, error %v", i, len(got), err)
		}
	}
}

func TestVault(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	v := &vault.Vault{Budget: 64 << 10}
	defer v.Close()
	fill(t, v)
	if memory, file := v.Sizes(); memory == 0 || memory > v.Budget || file < 1<<20 {
		t.Errorf("%d bytes in memory, %d in the file; want some in memory within the budget, and the rest in the file", memory, file)
	}
	if left, _ := filepath.Glob(os.TempDir() + "/*"); len(left) > 0 {
		t.Errorf("the temporary file has a name: %v", left)
	}
}

// Without a place for the temporary file, all stays in memory.
func TestNoTemporaryFile(t *testing.T) {
	t.Setenv("TMPDIR", filepath.Join(t.TempDir(), "missing"))
	v := &vault.Vault{}
	defer v.Close()
	fill(t, v)
	if memory, file := v.Sizes(); memory < 1<<20 || file > 0 {
		t.Errorf("%d bytes in memory, %d in a file; want all in memory", memory, file)
	}
}
