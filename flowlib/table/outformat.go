package table

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"

	"normflow/internal/show"
)

// outFormat is the format a table is written in.
type outFormat struct {
	kind string // csv, npy, npz or parquet
	tabs bool   // CSV with tabs
	pack func(w io.Writer) (io.WriteCloser, error)
}

// CheckOut returns the error that Create would return for the name of a file, before
// there is a table to write.
func CheckOut(path string) error {
	if IsStdout(path) {
		return nil
	}
	if _, err := formatOf(path); err != nil {
		return fmt.Errorf("%s: cannot be written: %w", show.Path(path), err)
	}
	return nil
}

// formatOf returns the format by the name of the file: .csv, .tsv, .txt and no extension
// are text, packed if .gz or .zst follows; .npy, .npz and .parquet are themselves. Errors
// say which names are possible.
func formatOf(name string) (f outFormat, err error) {
	base := strings.ToLower(filepath.Base(name))
	packed := filepath.Ext(base)
	switch packed {
	case ".gz":
		f.pack = func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }
	case ".zst":
		f.pack = func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1)) }
	case ".bz2", ".xz", ".zip":
		return f, fmt.Errorf("tables are not packed as %s: end the name in .gz or .zst", packed)
	}
	if f.pack != nil {
		base = strings.TrimSuffix(base, packed)
	}
	switch extension := filepath.Ext(base); extension {
	case "", ".csv", ".txt", ".dat", ".data":
		f.kind = "csv"
	case ".tsv", ".tab":
		f.kind, f.tabs = "csv", true
	case ".npy", ".npz", ".parquet":
		f.kind = extension[1:]
		if f.pack != nil {
			return f, fmt.Errorf("only text is packed as %s: name it %s alone, or .csv%s", packed, extension, packed)
		}
	case ".xlsx", ".xls", ".ods":
		return f, errors.New("workbooks are not written: name it .csv, which spreadsheets open")
	default:
		return f, fmt.Errorf("no format of tables is called %s: end the name in .csv, .tsv, .npy, .npz or .parquet, or in .csv.gz or .csv.zst", show.Quoted(extension))
	}
	return f, nil
}
