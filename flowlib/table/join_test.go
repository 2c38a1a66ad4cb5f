package table

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Parts come out as one table would have been written, in every format.
func TestJoin(t *testing.T) {
	rows := [][]float64{{1, 0.1}, {2, math.Inf(-1)}, {3, 1e300}, {4, -7}, {5, 0.30000001192092896}}
	texts := []string{"a", `"q",` + "\nr", "", "é", "9"}
	for _, name := range []string{"a.csv", "a.tsv", "a.csv.gz", "a.csv.zst", "a.parquet", "a.npy", "a.npz"} {
		dir := t.TempDir()
		text := !strings.HasPrefix(name, "a.np")
		write := func(path string, from, to int) string {
			path = filepath.Join(dir, path)
			var kept []Column
			if text {
				kept = []Column{{Name: "the\n\"text\"", Kind: Text}}
			}
			w, err := Create(path, kept, []string{"n", "log_prob"}, Dialect{})
			if err != nil {
				t.Fatal(err)
			}
			for i := from; i < to; i++ {
				var fields []string
				if text {
					fields = []string{texts[i]}
				}
				if err := w.Write(fields, rows[i]); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Commit(); err != nil {
				t.Fatal(err)
			}
			return path
		}
		parts := []string{write("0-"+name, 0, 2), write("1-"+name, 2, 3), write("2-"+name, 3, 5)}
		want, joined := write("whole-"+name, 0, 5), filepath.Join(dir, "joined-"+name)
		if err := Join(joined, parts, true); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if a, b := plain(t, want), plain(t, joined); a != b {
			t.Errorf("%s: got %q, want %q", name, b, a)
		}
		other := filepath.Join(dir, "other"+strings.TrimPrefix(name, "a"))
		w, err := Create(other, nil, []string{"n", "z"}, Dialect{})
		if err == nil {
			if err = w.Write(nil, []float64{1, 2}); err == nil {
				err = w.Commit()
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := Join(filepath.Join(dir, "no-"+name), append(parts, other), true); (err == nil) != (name == "a.npy") { // which has no names
			t.Errorf("%s: columns of another name: got %v", name, err)
		}
	}
}

// plain is what a file holds, unpacked where it is packed.
func plain(t *testing.T, path string) string {
	t.Helper()
	if !strings.HasSuffix(path, ".gz") && !strings.HasSuffix(path, ".zst") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	var b strings.Builder
	if _, err := copyLines(&b, path, false, true); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestJoinRefuses(t *testing.T) {
	dir := t.TempDir()
	part := filepath.Join(dir, "a.csv")
	if err := WriteAll(part, []string{"x"}, [][]float64{{1}}); err != nil {
		t.Fatal(err)
	}
	for out, want := range map[string]string{"b.parquet": "give it their ending", "b.tsv": "give it their ending", "b.csv.xz": "cannot be written"} {
		if err := Join(filepath.Join(dir, out), []string{part}, true); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", out, err)
		}
	}
	if err := Join(filepath.Join(dir, "b.csv"), nil, true); err == nil {
		t.Error("no parts: no error")
	}
	packed, cut := filepath.Join(dir, "a.csv.gz"), filepath.Join(dir, "cut.csv.gz")
	many := slices.Repeat([][]float64{{1.5}}, 1<<16) // more than is unpacked at once
	if err := WriteAll(packed, []string{"x"}, many); err != nil {
		t.Fatal(err)
	}
	text := must(os.ReadFile(packed))
	if err := os.WriteFile(cut, text[:len(text)-4], 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "b.csv")
	if err := Join(out, []string{packed, cut}, true); err == nil || !strings.HasPrefix(err.Error(), cut+": the gzip file ends too early") {
		t.Errorf("a part that was cut off: got %v", err)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a part that was cut off: a table was written")
	}
}

// The rows of some row groups keep their numbers.
func TestGroups(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.parquet")
	w, err := Create(path, nil, []string{"x"}, Dialect{})
	if err != nil {
		t.Fatal(err)
	}
	const rows = 2*parquetGroup + 5
	for i := range rows {
		if err := w.Write(nil, []float64{float64(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	if got, err := RowGroups(path); err != nil || len(got) != 3 || got[0] != parquetGroup || got[2] != 5 {
		t.Fatalf("got %v, %v", got, err)
	}
	for _, groups := range [][2]int{{0, 3}, {1, 2}, {1, 3}, {2, 3}} {
		r, err := Open(path, Options{Groups: groups})
		if err != nil {
			t.Fatal(err)
		}
		want, end := groups[0]*parquetGroup, min(groups[1]*parquetGroup, rows)
		for {
			c, err := r.Next()
			if err != nil {
				break
			}
			for i := range c.Len() {
				if c.Row(i)[0] != float64(want) || c.Lines[i] != int64(want+1) {
					t.Fatalf("%v: row %d is %v, line %d", groups, want, c.Row(i), c.Lines[i])
				}
				want++
			}
		}
		if want != end {
			t.Errorf("%v: ends at %d, expected %d", groups, want, end)
		}
		r.Close()
	}
	for _, groups := range [][2]int{{0, 4}, {2, 1}, {-1, 1}} {
		if _, err := Open(path, Options{Groups: groups}); err == nil {
			t.Errorf("%v: no error", groups)
		}
	}
}
