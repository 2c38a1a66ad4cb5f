package table

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"normflow/internal/memory"
	"normflow/internal/npz"
)

// Files of a few kilobytes that name gigabytes end in one line, each in a process of its
// own that holds at most 200 MB.
func TestMemoryBombs(t *testing.T) {
	if file := os.Getenv("FLOW_TEST_BOMB"); file != "" {
		_, err := ReadAll(file, Options{Columns: strings.Fields(os.Getenv("FLOW_TEST_COLUMNS")), Keep: strings.Fields(os.Getenv("FLOW_TEST_KEEP")), Memory: 4e9})
		fmt.Printf("\npeak %d of %v\n", memory.Peak(), err)
		return
	}
	if testing.Short() {
		t.Skip("the race detector, whose tests are short, holds memory of its own")
	}
	folder := t.TempDir()
	tests := []struct{ name, file, columns, keep, want string }{
		{"a text that thousands of rows name", "testdata/text_named_often.parquet", "1", "*", `column "t": the texts come to more than 67.3 MB`},
		{"members on the same bytes", "testdata/members_on_one.npz", "", "", "two members lie on the same bytes"},
		{"arrays that unpack to gigabytes", zipOfZeros(t, folder, "packed.npz", 160, 1000, 128, true), "", "", "takes more than"},
		{"thousands of members", zipOfZeros(t, folder, "many.npz", 1000, 30, 20, false), "", "", "<nil>"},
		{"metadata of empty columns", emptyColumns(t, folder, 4<<20), "", "", "its metadata is broken"},
		{"long dictionaries kept as text", longDictionaries(t, folder, 30), "1", "*", "takes more than"},
		{"10⁹ rows", hollow(t, folder, "rows.npy", "(1000000000, 1)", 8e9), "", "", "holds 1000000000 rows of 1 columns, which take about 40 GB of memory here, and the run may hold 4 GB"},
	}
	for _, tt := range tests[:len(tests):len(tests)] {
		t.Run(tt.name, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestMemoryBombs$", "-test.v")
			cmd.Env = append(os.Environ(), "FLOW_TEST_BOMB="+tt.file, "FLOW_TEST_COLUMNS="+tt.columns, "FLOW_TEST_KEEP="+tt.keep)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			_, line, _ := strings.Cut(string(out), "\npeak ")
			line, _, _ = strings.Cut(line, "\n")
			peak, message, _ := strings.Cut(line, " of ")
			if n, err := strconv.ParseInt(peak, 10, 64); err != nil || n > 200e6 {
				t.Errorf("held %s bytes", peak)
			}
			if !strings.Contains(message, tt.want) {
				t.Errorf("got %q, want %q", message, tt.want)
			}
		})
	}
}

// hollow makes a file of an NPY header and a hole of so many bytes.
func hollow(t *testing.T, folder, name, shape string, size int64) string {
	path := filepath.Join(folder, name)
	header := npz.Prelude("<f8", shape)
	if err := os.WriteFile(path, header, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, int64(len(header))+size); err != nil {
		t.Fatal(err)
	}
	return path
}

// zipOfZeros makes an NPZ of count arrays of zeros.
func zipOfZeros(t testing.TB, folder, name string, count, rows, columns int, fortran bool) string {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	array := npz.Prelude("<f8", fmt.Sprintf("(%d, %d)", rows, columns))
	if fortran {
		array = bytes.Replace(array, []byte("False"), []byte("True"), 1)
		array = append(array[:len(array)-1], " \n"...) // as long as before
	}
	for i := range count {
		w := must(z.Create(fmt.Sprintf("a%d_.npy", i)))
		if _, err := w.Write(array); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(w, io.LimitReader(zeros{}, int64(rows*columns*8))); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, name)
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// What a run may hold bounds the table, from the number of rows or from what was read.
func TestBudgetOfARun(t *testing.T) {
	folder := t.TempDir()
	text := "x,y\n" + strings.Repeat("1.5,2.5\n", 100_000)
	path := filepath.Join(folder, "a.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadAll(path, Options{Memory: 10e6}); err != nil {
		t.Error(err)
	}
	_, err := ReadAll(path, Options{Memory: 10e6, Copies: 4})
	if err == nil || !strings.Contains(err.Error(), "holds about ") || !strings.Contains(err.Error(), "the run may hold 10 MB: read fewer rows or columns, or let the run hold more") {
		t.Errorf("got %v", err)
	}
	packed := filepath.Join(folder, "a.parquet")
	if err := parquet.WriteFile(packed, make([]struct{ X, Y float64 }, 100_000), parquet.Compression(&parquet.Uncompressed)); err != nil {
		t.Fatal(err)
	}
	if all, err := ReadAll(packed, Options{Memory: 10e6}); err != nil || len(all.Rows) != 100_000 {
		t.Errorf("a table that fits and says so: %v", err)
	}
	_, err = ReadAll("testdata/c_order.npy", Options{Memory: 300})
	if err == nil || !strings.Contains(err.Error(), "holds 10 rows of 4 columns, which take about 640 bytes of memory here") {
		t.Errorf("got %v", err)
	}
}
