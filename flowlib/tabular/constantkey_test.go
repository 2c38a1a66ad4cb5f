package tabular

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/table"
)

func TestConstantKey(t *testing.T) {
	dir, _ := fitted(t, small())
	m := open(t, dir, "auto")
	for _, tt := range []struct{ rows, want string }{
		{"A,7,1,0\nA,7,2,1\nA,7,0,1\n", `column "site" is "A" in all 3 rows: as a key`}, // and n, a number, may be constant
		{"A,7,1,0\nB,7,2,1\n", ""},
		{"A,7,1,0\n", ""},
	} {
		file := filepath.Join(t.TempDir(), "new.csv")
		if err := os.WriteFile(file, []byte("site,n,a,b\n"+tt.rows), 0o600); err != nil {
			t.Fatal(err)
		}
		seen, err := m.Score(context.Background(), file, filepath.Join(t.TempDir(), "o.csv"), Options{Keep: true, Read: table.Options{}})
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, w := range seen.Warnings {
			said = append(said, w.String())
		}
		if text := strings.Join(said, "\n"); strings.Contains(text, "as a key") != (tt.want != "") || !strings.Contains(text, tt.want) {
			t.Errorf("%q: warned %q, want %q", tt.rows, text, tt.want)
		}
	}
}
