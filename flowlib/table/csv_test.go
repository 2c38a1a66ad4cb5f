package table

import (
	"strings"
	"testing"
)

// Every mess in a CSV gets the message it deserves, whatever the chunks.
func TestMessagesOfCSV(t *testing.T) {
	longest := strings.Repeat("x", maxRecord)
	tests := []struct {
		name, text string
		o          Options
		want       string
	}{
		{"empty", "", Options{}, "is empty: expected a table of numbers"},
		{"blank lines", "\n\n\r\n", Options{}, "holds only blank lines: expected a table of numbers"},
		{"only a header", "x,y\n", Options{}, "holds only a header (x, y): expected rows of numbers below it"},
		{"missing", "x,y\n1,2\n3,\n NA ,4\n5,?\n", Options{},
			`line 3, column "y": found no value (""), expected a number; 3 of 4 rows miss a value in the columns used (x: 1, y: 2): fill them in, or leave the rows out (Missing drop)`},
		{"missing in two of three columns", "x,y,z\n1,2,3\n3,,1\n,4,3\n", Options{},
			`line 3, column "y": found no value (""), expected a number; 2 of 3 rows miss a value in the columns used (x: 1, y: 1): fill them in, leave these columns out (Exclude x y), or leave the rows out (Missing drop)`},
		{"missing in every row", "x,y\n1,\n3,\n", Options{},
			`line 2, column "y": found no value (""), expected a number; 2 of 2 rows miss a value in the columns used (y: 2): fill them in, or leave the column out (Exclude y)`},
		{"missing before a text", "x,y\n1,\n3,\n5,u\n", Options{},
			`line 4, column "y": found "u", expected a number such as 12, -0.5 or 3e-7: correct it, or leave the column out (Exclude y)`},
		{"missing before a broken row", "x,y\n1,NULL\n3,4\n5\n6,7\n", Options{},
			"line 4 has 1 fields, the header has 2 (delimiter ','): correct the line; quote a text that holds the delimiter"},
		{"a comment below the header", "x,y\n1,2\n# pause\n3,4\n", Options{},
			"line 3 has 1 fields, the header has 2 (delimiter ','): if it is a comment, say so (Comment #), or correct the line"},
		{"all missing", "x,y\n1,NaN\nnone,4\n", Options{Missing: MissingDrop},
			"all 2 rows miss a value in the columns used (x: 1, y: 1): fill them in, or leave columns out (Exclude)"},
		{"text", "x,y\n1,2\n3,4\n5,abc\n", Options{},
			`line 4, column "y": found "abc", expected a number such as 12, -0.5 or 3e-7: correct it, or leave the column out (Exclude y)`},
		{"text without a header", "1,a\n2,b\n", Options{}, `line 1, column "c2": found "a", expected a number such as 12, -0.5 or 3e-7: correct it, or leave the column out (Exclude c2)`},
		{"missing where columns are settled", "x,y\n1,2\n3,\n", Options{Settled: true},
			`line 3, column "y": found no value (""), expected a number; 1 of 2 rows miss a value in the columns used (y: 1): fill them in, or leave the rows out (Missing drop)`},
		{"all missing where columns are settled", "x,y\n1,NaN\n", Options{Settled: true, Missing: MissingDrop}, "all 1 rows miss a value in the columns used (y: 1): fill them in"},
		{"text where columns are settled", "x,y\n1,2\n5,abc\n", Options{Settled: true}, `line 3, column "y": found "abc", expected a number such as 12, -0.5 or 3e-7: correct it`},
		{"infinite", "x,y\n1,2\n-Inf,4\n", Options{}, `line 3, column "x": found the infinite value -Inf, expected a finite number: correct or remove it`},
		{"huge", "x,y\n1,2\n3,1e400\n", Options{}, `line 3, column "y": found "1e400", beyond the largest number there is (1.8e308): correct or remove it`},
		{"ragged", "x,y\n1,2\n\n3,4,5\n", Options{}, "line 4 has 3 fields, the header has 2 (delimiter ','): correct the line; quote a text that holds the delimiter"},
		{"ragged without a header", "1,2\n3\n", Options{}, "line 2 has 1 fields, line 1 has 2 (delimiter ','): correct the line; quote a text that holds the delimiter"},
		{"the same name", "x,y,x\n1,2,3\n", Options{}, `columns 1 and 3 are both called "x": give every column a name of its own`},
		{"NUL", "x,y\n1,\x00\n", Options{}, "line 2 holds a NUL byte: this is no text; expected CSV, NPY, NPZ or Parquet"},
		{"NUL far on", "x\n" + strings.Repeat("1\n", 40000) + "2\x003\n", Options{}, `line 40002, column "x": found "2\x003", expected a number such as 12, -0.5 or 3e-7: correct it`},
		{"CR", "x,y\r1,2\r3,4\r", Options{}, `ends its lines with CR alone, expected LF or CRLF: convert it (tr '\r' '\n')`},
		{"two decimal marks", "x;y\n1,5;2\n3;2.5\n", Options{}, `line 3, column "y": found "2.5" after "1,5" further up: is the decimal mark a point or a comma? Write all numbers one way`},
		{"two decimal marks, the point first", "x;y\n1.5;2\n3;2,5\n", Options{}, `line 3, column "y": found "2,5" after "1.5" further up: is the decimal mark a point or a comma? Write all numbers one way`},
		{"spaces", "1 2\n3 4 5\n", Options{Header: HeaderNo}, `line 1, column "c1": found "1 2", expected one number, or several parted by a comma, a semicolon or a tab: name the delimiter (Delimiter)`},
		{"open quote", "x,y\n1,2\n\"3,4\n5,6\n", Options{}, `line 3: a quoted field that starts here does not end well: close it with a quote (") before the delimiter, and double the quotes in it`},
		{"stray quote", "x,y\n1,5\"\n", Options{}, `line 2: a quote (") stands inside a field that is not quoted: quote the whole field and double the quotes in it`},
		{"endless row", "x,y\n1,2\n3,\"" + longest + "\n" + longest, Options{}, `the row after line 2 is longer than 4194304 bytes: is a quote (") not closed there?`},
		{"no such column", "x,y\n1,2\n", Options{Columns: []string{"X"}}, `Columns: there is no column "X": did you mean "x"? There are: x, y`},
		{"no such number", "x,y\n1,2\n", Options{Columns: []string{"3"}}, `Columns: there is no column "3"; there are: x, y`},
		{"a column twice", "x,y\n1,2\n", Options{Columns: []string{"x", "1"}}, `Columns: column "x" is named twice`},
		{"no such label", "x,y\n1,2\n", Options{Exclude: []string{"label"}}, `Exclude: there is no column "label"; there are: x, y`},
		{"no column left", "x\n1\n", Options{Exclude: []string{"x"}}, "no column is left to read; there are: x"},
		{"delimiter", "x\n1\n", Options{Delimiter: 'x'}, "Delimiter: 'x' parts no columns: expected one of , ; | : space, blanks or tab"},
		{"long text", "x\n" + strings.Repeat("é", 50) + "\n", Options{Header: HeaderYes}, `line 2, column "x": found "éééééééééééééééééééé…", expected a number such as 12, -0.5 or 3e-7: correct it`},
		{"Parquet inside", "PAR1xxxxxxxxxxx", Options{}, "is a Parquet file without its end: it was cut off; copy or download it again"},
		{"Excel", "PK\x03\x04 workbook", Options{}, "the zip file is broken (zip: not a valid zip file): it was cut off or changed; copy or download it again"},
		{"old Excel", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Options{}, "is a workbook of Excel, expected CSV, NPY, NPZ or Parquet: save the sheet as CSV UTF-8"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, chunk := range []int{0, 1, 2} {
				tt.o.chunkRows = chunk
				if got := message(fromBytes("data.csv", []byte(tt.text)), tt.o); got != "data.csv: "+tt.want {
					t.Fatalf("chunks of %d:\ngot  %s\nwant data.csv: %s", chunk, got, tt.want)
				}
			}
		})
	}
}
