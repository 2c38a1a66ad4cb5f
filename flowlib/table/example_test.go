package table_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/janpfeifer/must"

	"normflow/flowlib/table"
)

// Read two columns of a CSV, whose delimiter and header are found out.
func ExampleReadAll() {
	file, remove := temporary("pumps.csv", "pump;bar;degrees\nA;1,5;20\nB;2,5;21\n")
	defer remove()
	t := must.M1(table.ReadAll(file, table.Options{Columns: []string{"bar", "degrees"}}))
	fmt.Println(t.Columns, t.Rows)
	// Output: [bar degrees] [[1.5 20] [2.5 21]]
}

// Read a table with gaps, where a missing value is NaN.
func ExampleReadAll_missing() {
	file, remove := temporary("gaps.csv", "x,y\n1,2\n,4\n")
	defer remove()
	fmt.Println(must.M1(table.ReadAll(file, table.Options{Missing: table.MissingKeep})).Rows)
	// Output: [[1 2] [NaN 4]]
}

// List what a file has before choosing what to read.
func ExampleReader_All() {
	file, remove := temporary("pumps.csv", "pump,bar\nA,1.5\nB,2.5\n")
	defer remove()
	r := must.M1(table.Open(file, table.Options{Columns: []string{"bar"}}))
	defer r.Close()
	for _, c := range r.All() {
		fmt.Println(c.Name)
	}
	// Output:
	// pump
	// bar
}

// Read a file of any size in the memory of a chunk.
func ExampleReader() {
	file, remove := temporary("xy.csv", "x,y\n1,2\n3,4\n")
	defer remove()
	r := must.M1(table.Open(file, table.Options{}))
	defer r.Close()
	for {
		chunk, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		must.M(err)
		for i := range chunk.Len() {
			fmt.Println("line", chunk.Lines[i], chunk.Row(i))
		}
	}
	// Output:
	// line 2 [1 2]
	// line 3 [3 4]
}

// What is wrong with a table is said with its line and column.
func ExampleError() {
	file, remove := temporary("bad.csv", "x,y\n1,2\n3,four\n")
	defer remove()
	_, err := table.ReadAll(file, table.Options{Columns: []string{"x", "y"}})
	var e *table.Error
	fmt.Println(errors.As(err, &e), e.Line, e.Column)
	// Output: true 3 y
}

// The ending of the name chooses the format.
func ExampleWriteAll() {
	file, remove := temporary("out.parquet", "")
	defer remove()
	must.M(table.WriteAll(file, []string{"x", "y"}, [][]float64{{1, 2}, {3, 4}}))
	fmt.Println(must.M1(table.ReadAll(file, table.Options{})).Rows)
	// Output: [[1 2] [3 4]]
}

func temporary(name, text string) (path string, remove func()) {
	dir := must.M1(os.MkdirTemp("", "table"))
	path = filepath.Join(dir, name)
	must.M(os.WriteFile(path, []byte(text), 0o600))
	return path, func() { os.RemoveAll(dir) }
}
