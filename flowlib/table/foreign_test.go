package table

import (
	"strings"
	"testing"
)

// Formats that are not read are called by their names; a CSV that begins alike is read.
func TestForeignFormats(t *testing.T) {
	for text, want := range map[string]string{
		"ARROW1\x00\x00\xff\xff\xff\xff":                              "is an Arrow file (Feather), expected CSV",
		"\x80\x05\x95\x0c\x00\x00":                                    "is a pickle of Python",
		"\x89HDF\r\n\x1a\n\x00":                                       "is an HDF5 file",
		"SQLite format 3\x00\x10":                                     "is a database of SQLite",
		"ORC\x08\x00":                                                 "is an ORC file",
		"\ufeff {\"x\":{\"0\":1}}":                                    "is JSON",
		"[{\"x\":1},\n{\"x\":2}]":                                     "is JSON",
		"{\n  \"x\": [1, 2]\n}":                                       "is JSON",
		"@RELATION t\n@attribute x numeric\n@data\n1":                 "is an ARFF file",
		"INSERT INTO t VALUES (1,2);\n":                               "is SQL",
		"\n<!DOCTYPE html>\n<table>":                                  "is a web page",
		"%%MatrixMarket matrix array real general\n2 2\n1\n2\n3\n4\n": "is a matrix of Matrix Market",
		"SIMPLE  =                    T / file does conform":          "is a FITS file",
		"\\begin{tabular}{ll}\na & b\\\\\n":                           "is LaTeX",
		string(gzipped("{\"x\":1}\n")):                                "is JSON",
		"orc,elf\n1,2\n3,4\n":                                         "",
		"[mV],[s]\n1,2\n3,4\n":                                        "",
		"{x},{y}\n1,2\n3,4\n":                                         "",
		"insert,into\n1,2\n3,4\n":                                     "",
		"@x,@y\n1,2\n3,4\n":                                           "",
	} {
		got := message(fromBytes("t.csv", []byte(text)), Options{})
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%q: says %q, expected %q", text, got, want)
		}
	}
}
