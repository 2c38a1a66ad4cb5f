package table

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The table that scripts/fixtures/make_tables.py writes: columns x, y, n, b.
func fixture() [][]float64 {
	rows := make([][]float64, 10)
	for i := range rows {
		rows[i] = []float64{float64(i)/8 - 1, float64(7*i%11) / 4, float64(i - 2), float64(i % 2)}
	}
	return rows
}

// Files that pandas, NumPy and pyarrow wrote, read in chunks of any size.
func TestFilesOfOtherLibraries(t *testing.T) {
	tests := []struct{ file, columns, format string }{
		{"pandas.csv", "x y n b", `CSV with a header, delimiter ','`},
		{"pandas.csv.gz", "x y n b", `CSV with a header, delimiter ',', gzip`},
		{"pandas_euro.csv", "x y n b", `CSV with a header, delimiter ';', decimal comma`},
		{"savetxt.tsv", "c1 c2 c3 c4", `CSV without a header, delimiter '\t'`},
		{"c_order.npy", "c1 c2 c3 c4", "NPY"},
		{"fortran.npy", "c1 c2 c3 c4", "NPY"},
		{"float32_big.npy", "c1 c2 c3 c4", "NPY"},
		{"float16.npy", "c1 c2 c3 c4", "NPY"},
		{"columns.npz", "x y n b", "NPZ"},
		{"fortran_packed.npz", "c1 c2 c3 c4", "NPZ"},
		{"adbench.npz", "X1 X2 X3 y", "NPZ"},
		{"none.parquet", "x y n b", "Parquet"},
		{"snappy.parquet", "x y n b", "Parquet"},
		{"gzip.parquet", "x y n b", "Parquet"},
		{"zstd.parquet", "x y n b", "Parquet"},
		{"brotli.parquet", "x y n b", "Parquet"},
		{"lz4.parquet", "x y n b", "Parquet"},
		{"pages_v2.parquet", "x y n b", "Parquet"},
	}
	for _, tt := range tests {
		for _, chunk := range []int{0, 1, 3, 10} {
			got, err := ReadAll(filepath.Join("testdata", tt.file), Options{chunkRows: chunk})
			if err != nil {
				t.Errorf("chunks of %d: %v", chunk, err)
				continue
			}
			if strings.Join(got.Columns, " ") != tt.columns || got.Format != tt.format {
				t.Errorf("%s: got columns %v and format %q, want %s and %q", tt.file, got.Columns, got.Format, tt.columns, tt.format)
			}
			if !slices.EqualFunc(got.Rows, fixture(), slices.Equal) {
				t.Errorf("%s in chunks of %d: got %v", tt.file, chunk, got.Rows)
			}
		}
	}
}

func TestChosenColumnsKeptText(t *testing.T) {
	for _, file := range []string{"pandas.csv", "columns.npz", "none.parquet"} {
		got, err := ReadAll(filepath.Join("testdata", file), Options{Columns: []string{"n", "1"}, Keep: []string{"b", "x"}, chunkRows: 4})
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range fixture() {
			if !slices.Equal(got.Rows[i], []float64{row[2], row[0]}) {
				t.Errorf("%s: row %d: got %v", file, i, got.Rows[i])
			}
			text := []string{fmt.Sprint(row[3]), fmt.Sprint(row[0])}
			if file == "pandas.csv" && i == 0 {
				text[1] = "-1.0" // as it stands there
			}
			if file == "pandas.csv" && i == 8 {
				text[1] = "0.0"
			}
			if !slices.Equal(got.Text[i], text) {
				t.Errorf("%s: row %d: kept %q, want %q", file, i, got.Text[i], text)
			}
		}
	}
	got, err := ReadAll("testdata/adbench.npz", Options{Exclude: []string{"y"}, Keep: []string{"*"}})
	if err != nil || strings.Join(got.Columns, " ") != "X1 X2 X3" || len(got.Text[0]) != 4 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestInt8(t *testing.T) {
	got, err := ReadAll("testdata/int8.npy", Options{})
	if err != nil || !slices.EqualFunc(got.Rows, [][]float64{{-128, 127}, {0, -1}}, slices.Equal) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// Nulls, unsigned integers, decimals and text in one Parquet file; dates and
// lists beside them hurt nobody who does not ask for them.
func TestMixedParquet(t *testing.T) {
	const file = "testdata/mixed.parquet"
	got, err := ReadAll(file, Options{Columns: []string{"u", "money", "z"}, Keep: []string{"name", "u", "money"}, Missing: MissingKeep})
	if err != nil {
		t.Fatal(err)
	}
	nan := math.NaN()
	want := [][]float64{{1 << 64, 1.25, 1.5}, {0, -0.5, nan}, {7, nan, 3.5}}
	if fmt.Sprint(got.Rows) != fmt.Sprint(want) || got.Dropped != 2 {
		t.Errorf("got %v, dropped %d", got.Rows, got.Dropped)
	}
	if s := fmt.Sprintf("%q", got.Text); s != `[["a" "18446744073709551615" "1.25"] ["b" "0" "-0.50"] ["" "7" ""]]` {
		t.Errorf("kept %s", s)
	}
	for column, want := range map[string]string{
		"name": `column "name" holds text`, "when": `column "when" holds dates or times`,
		"list": `column "list" holds further columns`,
	} {
		if _, err := ReadAll(file, Options{Columns: []string{column}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
