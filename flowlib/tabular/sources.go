package tabular

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"slices"

	"normflow/flowlib/table"
	"normflow/internal/show"
)

// SourceFile is one of the files that were read as one table.
type SourceFile struct {
	File   string `json:"file"`
	SHA256 string `json:"sha256"`
	Rows   int64  `json:"rows"` // in it, those that were left out included
}

// has reports whether a file of this checksum is the table, or one of its files.
func (s Source) has(sha256 string) bool {
	return sha256 != "" && (sha256 == s.SHA256 || slices.ContainsFunc(s.Files, func(f SourceFile) bool { return f.SHA256 == sha256 }))
}

// sumFiles takes the checksums of the files, and warns of two that hold the same.
func (d *data) sumFiles() error {
	first := map[string]string{}
	for i := range d.files.Len() {
		path := d.files.Path(i)
		sha, err := sum(path)
		if err != nil {
			return err
		}
		if other, twice := first[sha]; twice && sha != "" {
			d.warn(table.NoteOf("%s holds the same bytes as %s: all its rows are in the table twice", show.Path(path), show.Path(other)))
		} else {
			first[sha] = path
		}
		d.source.Files = append(d.source.Files, SourceFile{File: path, SHA256: sha})
	}
	return nil
}

// describeFiles completes the source, once all files have been read.
func (d *data) describeFiles() {
	if d.files.Len() == 1 {
		d.source.SHA256, d.source.Files = d.source.Files[0].SHA256, nil
		return
	}
	for i := range d.source.Files {
		d.source.Files[i].Rows = d.files.Rows(i)
	}
}

// sum returns the SHA-256 of a regular file, "" for anything else: package table reports
// what is wrong with a file.
func sum(file string) (string, error) {
	info, err := os.Stat(file)
	if file == "-" || err != nil || !info.Mode().IsRegular() {
		return "", nil
	}
	f, err := os.Open(file)
	if err != nil {
		return "", nil
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("%s: cannot be read: %w", show.Path(file), err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
