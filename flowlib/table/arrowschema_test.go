package table

import (
	"bytes"
	"encoding/base64"
	"os"
	"strings"
	"testing"
)

// Spans of time, which Parquet has as whole numbers, are numbers in their units, and kept
// as texts.
func TestSpansOfTime(t *testing.T) {
	want := map[string]string{
		"s":  "0 days 00:00:01|-1 days +23:59:59|1042 days 08:56:45|",
		"ms": "0 days 00:00:00.001|-1 days +23:59:59.999|1 days 01:01:01.005|",
		"us": "0 days 00:00:00.000001|-1 days +23:59:59.999999|0 days 00:01:30.061005|",
		"ns": "0 days 00:00:00.000000001|-1 days +23:59:59.999999999|0 days 00:00:00.090061005|",
		"x":  "1.5|1.5|1.5|1.5",
	}
	for _, writer := range []string{"pyarrow", "polars"} {
		r := must(Open("testdata/parquet/types-spans-"+writer+".parquet", Options{Columns: []string{"us", "x"}, Keep: []string{"*"}, Missing: MissingKeep}))
		defer r.Close()
		c := must(r.Next())
		for k, column := range r.Kept() {
			var got []string
			for i := range c.Len() {
				got = append(got, c.Text(i)[k])
			}
			if strings.Join(got, "|") != want[column.Name] || column.Kind == Number != (column.Name == "x") {
				t.Errorf("%s: column %s of kind %v: kept %q, want %q", writer, column.Name, column.Kind, got, want[column.Name])
			}
		}
		if c.Row(2)[0] != 90061005 {
			t.Errorf("%s: read %v", writer, c.Row(2))
		}
	}
}

// A schema with any byte changed, or cut anywhere, does no harm.
func TestBrokenArrowSchema(t *testing.T) {
	file := must(os.ReadFile("testdata/parquet/types-spans-pyarrow.parquet"))
	_, after, _ := bytes.Cut(file, []byte("ARROW:schema"))
	text := after[bytes.IndexByte(after, '/'):] // base64 of 0xff
	schema, _ := base64.StdEncoding.DecodeString(string(text[:bytes.IndexFunc(text, func(r rune) bool {
		return !strings.ContainsRune("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=", r)
	})]))
	if got := arrowDurations(schema, 5); len(got) != 5 || got[3] != 1e9 {
		t.Fatalf("got %v of %d bytes", got, len(schema))
	}
	for i := range schema {
		arrowDurations(schema[:i], 5)
		for _, b := range []byte{0, 1, 3, 0x7f, 0x80, 0xff} {
			broken := bytes.Clone(schema)
			broken[i] = b
			arrowDurations(broken, 5)
		}
	}
}
