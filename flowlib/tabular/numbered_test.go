package tabular

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

// filtered is a frame that pandas has filtered, written with its index.
type filtered struct {
	A     float64 `parquet:"a"`
	B     float64 `parquet:"b"`
	Index int64   `parquet:"__index_level_0__"`
}

// numbered writes rows that have a number each: by pandas' index or under a name.
func numbered(t *testing.T, how string, rows [][]float64, number []int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rows."+map[bool]string{true: "parquet", false: "csv"}[how == "parquet"])
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if how == "parquet" {
		w := parquet.NewGenericWriter[filtered](f, parquet.KeyValueMetadata("pandas", `{"index_columns": ["__index_level_0__"], "columns": []}`))
		for i, row := range rows {
			if _, err := w.Write([]filtered{{row[0], row[1], int64(number[i])}}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return path
	}
	fmt.Fprintf(f, "%s,a,b\n", how)
	for i, row := range rows {
		fmt.Fprintf(f, "%d,%g,%g\n", number[i], row[0], row[1])
	}
	return path
}

// The numbers of the rows are no feature, by which all later rows would be strange: an
// index is left out, and of a column the fit warns, with the remedy that works.
func TestLaterRowsOfANumberedTable(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	numbers := map[string]func(n int) []int{
		"gaps": func(n int) []int {
			all := rng.Perm(3 * n)[:n]
			slices.Sort(all)
			return all
		},
		"shuffled": rng.Perm,
		"shuffled, gaps": func(n int) []int {
			return rng.Perm(10 * n)[:n]
		},
	}
	for _, how := range []string{"", "parquet", "id", "x"} {
		for order, number := range numbers {
			name := fmt.Sprintf("%q, %s", how, order)
			c := small()
			c.Steps, c.Layers, c.Test = 100, 1, 0.4
			dir := filepath.Join(t.TempDir(), "model")
			file := numbered(t, how, moons(1, 3000), number(3000))
			r, err := Fit(context.Background(), file, dir, c, Progress{})
			if err != nil {
				t.Fatal(err)
			}
			if how == "id" || how == "x" {
				if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0].String(), "numbers") || !slices.Equal(r.Warnings[0].Remedies[0].Values, []string{how}) {
					t.Errorf("%s: warned %q", name, r.Warnings)
					continue
				}
				c.Exclude = r.Warnings[0].Remedies[0].Values
				if r, err = Fit(context.Background(), file, dir, c, Progress{}); err != nil {
					t.Fatal(err)
				}
			}
			if warned(t, name, r.Warnings); !slices.Equal(r.Features, []string{"a", "b"}) {
				t.Errorf("%s: fitted to %q", name, r.Features)
				continue
			}
			later := number(3000)
			for i := range later {
				later[i] += 100000
			}
			a, err := open(t, dir, "auto").Anomalies(context.Background(), numbered(t, how, moons(2, 3000), later), "", AnomalyOptions{FalseAlarm: 0.01})
			if err != nil {
				t.Fatal(err)
			}
			warned(t, name, a.Warnings)
			// 30 give or take the noise of 3000 rows and of 1200 held out: 5.4 and 8.7.
			if a.Flagged < 3 || a.Flagged > 75 {
				t.Errorf("%s: %d of 3000 later rows are flagged at 1 %%", name, a.Flagged)
			}
		}
	}
}
