package table

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Names needs no numbers, and no rows but the first.
func TestNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "t.csv")
	if err := os.WriteFile(path, []byte("id;weight, kg;;remark\r\n1;2;3;red\r\n"+strings.Repeat("x\n", 100)), 0o644); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		path:                      "id|weight, kg|c3|remark",
		"testdata/columns.npz":    "",
		"testdata/text.npy":       "c1",
		"testdata/none.parquet":   "",
		"testdata/snappy.parquet": "",
	} {
		got, err := Names(file, Options{})
		if err != nil {
			t.Error(err)
			continue
		}
		if want == "" { // a table whose rows can be read too
			whole, err := ReadAll(file, Options{Missing: MissingKeep})
			if err != nil {
				t.Fatal(err)
			}
			want = strings.Join(whole.Columns, "|")
		}
		if strings.Join(got, "|") != want {
			t.Errorf("%s has %q, want %s", file, got, want)
		}
	}
	if _, err := Names("testdata/uneven.npz", Options{}); err == nil || !strings.Contains(err.Error(), "choose one") {
		t.Error(err)
	}
	if _, err := Names("testdata/nothing.csv", Options{}); err == nil || !strings.Contains(err.Error(), "there is no such file") {
		t.Error(err)
	}
}
