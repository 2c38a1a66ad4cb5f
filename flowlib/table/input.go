package table

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"normflow/internal/npz"
)

// input is an open file, or a stream that cannot seek.
type input struct {
	name   string
	stream io.Reader
	at     io.ReaderAt // nil for a pipe
	size   int64       // of a file; -1 for a pipe
	closer io.Closer   // nil if there is nothing to close
}

func openInput(path string) (*input, error) {
	if path == "-" {
		return &input{name: "standard input", stream: os.Stdin, size: -1}, nil
	}
	f, err := os.Open(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, &Error{File: path, Problem: "there is no such file: check the name and the folder", Err: err}
	case errors.Is(err, fs.ErrPermission):
		return nil, &Error{File: path, Problem: "you may not read this file: check its permissions (chmod u+r)", Err: err}
	case err != nil:
		return nil, &Error{File: path, Problem: "cannot be opened: " + reason(err), Err: err}
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("is a folder, expected a file: name a table in it")
	}
	if err != nil {
		f.Close()
		return nil, InFile(path, err)
	}
	in := &input{name: path, stream: f, size: -1, closer: f}
	if info.Mode().IsRegular() {
		in.at, in.size = f, info.Size()
	}
	return in, nil
}

// reason returns what the operating system reports, without the file's name.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	return err.Error()
}

func (in *input) Close() error {
	if in.closer == nil {
		return nil
	}
	return in.closer.Close()
}

const (
	magicNPY     = npz.Magic
	magicParquet = "PAR1"
	magicZip     = "PK\x03\x04"
)

// newSource recognizes the format by the first bytes; the file's extension is only used
// to detect contradictions.
func newSource(in *input, o Options) (source, error) {
	buffered := bufio.NewReaderSize(in.stream, 1<<16)
	head, err := buffered.Peek(8)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	extension := strings.ToLower(filepath.Ext(in.name))
	how := packed(head)
	switch {
	case len(head) == 0:
		return nil, errors.New("is empty: expected a table of numbers")
	case bytes.HasPrefix(head, []byte(magicNPY)):
		return newNPY(in, buffered)
	case bytes.HasPrefix(head, []byte(magicParquet)):
		return newParquet(in, o)
	case bytes.HasPrefix(head, []byte(magicZip)):
		return newNPZ(in, o)
	case bytes.HasPrefix(head, []byte("PARE")):
		return nil, errors.New("is an encrypted Parquet file: write it without encryption")
	case bytes.HasPrefix(head, []byte("\xd0\xcf\x11\xe0")):
		return nil, errors.New("is a workbook of Excel, expected CSV, NPY, NPZ or Parquet: save the sheet as CSV UTF-8")
	case how != nil:
		if buffered, err = how.unpack(buffered); err != nil {
			return nil, err
		}
		return newCSV(in, buffered, how.name, o)
	case extension == ".npy" || extension == ".npz" || extension == ".parquet":
		return nil, fmt.Errorf("starts with %q, which is no %s file: check where it comes from, or name it .csv if it is one", head, strings.ToUpper(extension[1:]))
	case packedNames[extension] != "":
		return nil, fmt.Errorf("starts with %q, which is no %s file: check where it comes from, or name it .csv if it is one", head, packedNames[extension])
	}
	return newCSV(in, buffered, "", o)
}

// packedNames maps extensions of packed files to their packing.
var packedNames = map[string]string{".gz": "gzip", ".bz2": "bzip2", ".zst": "zstd", ".xz": "xz"}

// newNPZ opens a zip file of arrays; for another zip file the error says what it is.
func newNPZ(in *input, o Options) (source, error) {
	if in.at == nil {
		return nil, errors.New("is a zip file, which cannot be read from a pipe: give the file's name")
	}
	z, err := zip.NewReader(in.at, in.size)
	if err != nil {
		return nil, fmt.Errorf("the zip file is broken (%w): it was cut off or changed; copy or download it again", err)
	}
	for _, f := range z.File {
		if f.Name == "[Content_Types].xml" {
			return nil, errors.New("is a workbook of Excel, expected CSV, NPY, NPZ or Parquet: save the sheet as CSV UTF-8")
		}
	}
	return openNPZ(in, z, o)
}
