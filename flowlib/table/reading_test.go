package table

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// What docs/reading.md says of a kind of file or value holds for a sample of it. Rows
// about fits are held by the tests of package tabular.
func TestReadingIsAsItIsTold(t *testing.T) {
	text, err := os.ReadFile("../../docs/reading.md")
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := map[string]bool{"NPY, NPZ": true, "Parquet": true, "bzip2": true, "index of pandas or R": true, "row numbers under a name": true,
		"whole numbers, grids": true, "constant column": true, "column that is a function of others": true, "row far outside": true}
	samples := map[string]struct {
		text string
		want string // what is read, or a part of the error
	}{
		"CSV":                            {"x|y\n1.5|2\n", "[[1.5 2]]"},
		"columns separated by blanks":    {"  x  y\n 1.5  2\n", "[[1.5 2]]"},
		"sep= line":                      {"sep=;\nx;y\n1,5;2\n", "[[1.5 2]]"},
		"comment lines":                  {"# by hand\nx,y\n1.5,2\n", "[[1.5 2]]"},
		"header":                         {"x,y\n1.5,2\n", "[[1.5 2]]"},
		"units below the header":         {"x,y\nm,kg\n1.5,2\n", "[[1.5 2]]"},
		"rule below the names":           {"| x | y |\n|---|--:|\n| 1.5 | 2 |\n", "[[1.5 2]]"},
		"table drawn in a frame, libsvm": {"+---+\n| x |\n+---+\n", "drawn in a frame"},
		"delimiter at the end of lines":  {"x,y,\n1.5,2,\n", "[[1.5 2]]"},
		"UTF-8, with or without a mark":  {"\ufeffx,y\n1.5,2\n", "[[1.5 2]]"},
		"UTF-16":                         {string(utf16Of("x,y\n1.5,2\n", 1, 0)), "[[1.5 2]]"},
		"gzip":                           {string(gzipped("x,y\n1.5,2\n")) + "\x00\x00", "[[1.5 2]]"},
		"zstd":                           {string(zstdOf("x,y\n1.5,2\n")), "[[1.5 2]]"},
		"xz":                             {"\xfd7zXZ\x00", "unxz"},
		"lines that end in CR only":      {"x,y\r1.5,2\r3,4\r", "convert it"},
		"Excel":                          {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "save the sheet as CSV"},
		"JSON, Arrow, pickles, HDF5, SQL and others": {"{\"x\":[1.5]}", "is JSON"},
		"number":                    {"x,y\n-0.5,3e-7\n", "[[-0.5 3e-07]]"},
		"decimal comma":             {"x;y\n1,5;2\n", "[[1.5 2]]"},
		"only numbers like `1.234`": {"x;y\n1.234;2.345\n5.678;1.222\n", "one decimal mark to be named"},
		"thousands":                 {"x;y\n1,234.5;2\n", "[[1234.5 2]]"},
		"`2024_01`":                 {"x,y\n2024_01,2\n", "expected a number"},
		"True, False":               {"x,y\nTrue,FALSE\n", "[[1 0]]"},
		"missing value":             {"x,y\n1,NA\n", "found no value"},
		"infinite value":            {"x,y\n1,inf\n", "infinite"},
		"column of text":            {"a,b,x\nu,v,1\n", "columns hold text"},
	}
	rows := regexp.MustCompile(`(?m)^\| ([^|]+?) \|`).FindAllStringSubmatch(string(text), -1)
	told := 0
	for _, row := range rows {
		name := row[1]
		if name == "what" || elsewhere[name] {
			continue
		}
		sample, ok := samples[name]
		if !ok {
			t.Errorf("docs/reading.md tells of %q, of which there is no sample here", name)
			continue
		}
		told++
		r, err := newReader(fromBytes("t", []byte(sample.text)), Options{})
		got := fmt.Sprint(err)
		if err == nil {
			all, err := r.readAll()
			if got = fmt.Sprint(err); err == nil {
				got = fmt.Sprint(all.Rows)
			}
		}
		if !strings.Contains(got, sample.want) {
			t.Errorf("%s: got %s, want %s", name, got, sample.want)
		}
	}
	if told != len(samples) {
		t.Errorf("docs/reading.md tells of %d of %d samples", told, len(samples))
	}
}
