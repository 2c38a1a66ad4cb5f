package table

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// mix is a number of 32 bits that looks like chance, as in scripts/fixtures/make_parquet.py.
func mix(i, k int) int {
	h := uint32(i)*2654435761 + uint32(k)*40503
	h ^= h >> 15
	h *= 2246822519
	return int(h ^ h>>13)
}

// parquetRow is row i of rows in the table of make_parquet.py: its numbers, and its texts.
func parquetRow(i, rows int) (numbers []float64, texts []string) {
	holes, flag := float64(mix(i, 3)%1000)/8, float64(mix(i, 9)%2)
	if mix(i, 2)%5 == 0 || 300 <= i && i < 420 {
		holes = math.NaN()
	}
	switch {
	case i%11 == 4:
		flag = math.NaN()
	case i < rows/2:
		flag = float64(1 - i/37%2)
	}
	numbers = []float64{
		float64(mix(i, 1))/65536 - 32768, float64(i/100) / 4, holes, float64(mix(i, 4)%65536) / 256,
		float64(mix(i, 5)%9 - 4), float64(3*i + mix(i, 6)%3), float64((mix(i, 7) - 1<<31) * (1 << 20)), float64(mix(i, 8)%(1<<20) - 1<<19), flag,
	}
	note := fmt.Sprintf("note %d", mix(i, 11)%1000)
	if i%13 == 5 {
		note = ""
	}
	return numbers, []string{
		[]string{"red", "green", "blue, with ü", "a longer word"}[mix(i, 10)%4], note, fmt.Sprintf("/data/run/%05d/%d", i/7, mix(i, 12)%100),
		strconv.Itoa(int(numbers[4])),
	}
}

// Every codec, version of pages, encoding and writer, thousands of rows in pages and row
// groups: FLOW_PARQUET names a folder that `make_parquet.py --all` has filled.
func TestParquetOfOtherLibraries(t *testing.T) {
	files := must(filepath.Glob("testdata/parquet/*-*.parquet"))
	if folder := os.Getenv("FLOW_PARQUET"); folder != "" {
		files = append(files, must(filepath.Glob(filepath.Join(folder, "*.parquet")))...)
	}
	for _, file := range files {
		if strings.HasPrefix(filepath.Base(file), "types-") {
			continue
		}
		for _, chunk := range []int{0, 7} {
			got, err := ReadAll(file, Options{
				Columns: strings.Split("noise steps holes single small count wide short flag", " "),
				Keep:    strings.Split("kind note path small", " "), Missing: MissingKeep, chunkRows: chunk,
			})
			if err != nil {
				t.Error(err)
				continue
			}
			if len(got.Rows) != 900 && len(got.Rows) != 9000 {
				t.Errorf("%s: got %d rows", file, len(got.Rows))
			}
			for i, row := range got.Rows {
				numbers, texts := parquetRow(i, len(got.Rows))
				if fmt.Sprint(numbers) != fmt.Sprint(row) || fmt.Sprintf("%q", texts) != fmt.Sprintf("%q", got.Text[i]) {
					t.Errorf("%s, row %d: got %v and %q, want %v and %q", file, i+1, row, got.Text[i], numbers, texts)
					break
				}
			}
		}
	}
}

// Decimals are exact as texts and rounded once as numbers; dates and times are ISO 8601.
func TestParquetTypes(t *testing.T) {
	cents := []string{"0.00", "10.25", "-0.05", "-9999999.99", ""}
	long := []string{"0.0000000001", "-12345678901234567890.1234567891", "1.0000000000", "-1.0000000000", ""}
	want := map[string][]string{
		"small": cents, "medium": cents, "long": long, "longest": long,
		"half":   {"0", "1.5", "-2.25", "65504", "5.960464477539063e-08"},
		"date":   {"2024-02-29", "2024-03-01", "2024-03-02", "2024-03-03", ""},
		"ms":     {"2024-02-29T23:59:59.123", "2024-03-01T23:59:59.123", "2024-03-02T23:59:59.123", "2024-03-03T23:59:59.123", ""},
		"us":     {"2024-02-29T23:59:59.123456", "2024-03-01T23:59:59.123457", "2024-03-02T23:59:59.123458", "2024-03-03T23:59:59.123459", ""},
		"ns":     {"2024-02-29T23:59:59.123456", "2024-03-01T23:59:59.123457", "2024-03-02T23:59:59.123458", "2024-03-03T23:59:59.123459", ""},
		"utc":    {"2024-02-29T23:59:59.123456Z", "2024-03-01T23:59:59.123457Z", "2024-03-02T23:59:59.123458Z", "2024-03-03T23:59:59.123459Z", ""},
		"clock":  {"23:59:59.123456", "23:59:59.123457", "23:59:59.123458", "23:59:59.123459", ""},
		"bytes":  {"abc", "def", `\xfffe00`, "   ", ""},
		"before": {"1969-12-31T23:59:59.999999", "1969-12-30T23:59:59.999999", "1970-01-01T00:00:00", "1970-01-01T00:00:00.000001", ""},
	}
	for _, file := range []string{"types-fixed", "types-integer", "types-int96"} {
		r, err := Open(filepath.Join("testdata/parquet", file+".parquet"), Options{Columns: []string{"half"}, Keep: []string{"*"}})
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		c := must(r.Next())
		for j, column := range r.Kept() {
			for i := range c.Len() {
				if got := c.Text(i)[j]; got != want[column.Name][i] {
					t.Errorf("%s, column %s, row %d: got %q, want %q", file, column.Name, i+1, got, want[column.Name][i])
				}
			}
		}
		for name, values := range want {
			if !slices.ContainsFunc(r.All(), func(c Column) bool { return c.Name == name }) {
				continue
			}
			switch name {
			case "small", "medium", "long", "longest", "half":
			default:
				if _, err := ReadAll(filepath.Join("testdata/parquet", file+".parquet"), Options{Columns: []string{name}}); err == nil || !strings.Contains(err.Error(), "expected numbers") {
					t.Errorf("%s, column %s as a number: got %v", file, name, err)
				}
				continue
			}
			got := must(ReadAll(filepath.Join("testdata/parquet", file+".parquet"), Options{Columns: []string{name}, Missing: MissingKeep}))
			for i, text := range values {
				x, err := strconv.ParseFloat(text, 64)
				if err == nil && got.Rows[i][0] != x || err != nil && !math.IsNaN(got.Rows[i][0]) {
					t.Errorf("%s, column %s, row %d: got %v, want %s", file, name, i+1, got.Rows[i][0], text)
				}
			}
		}
	}
}
