package table

import (
	"bytes"
	"fmt"
	"strings"
)

// foreign are formats that are not read, by their first bytes, in lower case, so that
// nobody is advised to change a delimiter in them.
var foreign = []struct{ magic, name string }{
	{"arrow1", "an Arrow file (Feather)"},
	{"\xff\xff\xff\xff", "a stream of Arrow"},
	{"\x80\x02", "a pickle of Python"}, {"\x80\x03", "a pickle of Python"}, {"\x80\x04", "a pickle of Python"}, {"\x80\x05", "a pickle of Python"},
	{"\x89hdf\r\n\x1a\n", "an HDF5 file"},
	{"matlab 5.0 mat-file", "a MAT-file of MATLAB"},
	{"sqlite format 3\x00", "a database of SQLite"},
	{"orc", "an ORC file"}, {"obj\x01", "an Avro file"},
	{"rdx2\n", "a file of R"}, {"rdx3\n", "a file of R"}, {"x\n\x00", "a file of R"},
	{"$fl2", "a file of SPSS"}, {"<stata_dta>", "a file of Stata"},
	{"%pdf-", "a PDF"}, {"<!doctype", "a web page"}, {"<html", "a web page"}, {"<?xml", "XML"}, {"<table", "a web page"},
	{`{"`, "JSON"}, {"[{", "JSON"}, {"[[", "JSON"}, {"{\n", "JSON"}, {"[\n", "JSON"}, {"{\r\n", "JSON"}, {"[\r\n", "JSON"},
	{"@relation ", "an ARFF file"}, {"%%matrixmarket", "a matrix of Matrix Market"}, {"\\begin{", "LaTeX"},
	{"simple  =", "a FITS file"}, {"<votable", "XML"}, {"# vtk datafile", "a VTK file"}, {"cdf\x01", "a NetCDF file"}, {"cdf\x02", "a NetCDF file"},
	{"header record*******", "a file of SAS"}, {"7z\xbc\xaf\x27\x1c", "an archive"}, {"rar!\x1a\x07", "an archive"},
	{"\xff\xd8\xff", "a JPEG"}, {"\x89png", "a PNG"}, {"gif87a", "a GIF"}, {"gif89a", "a GIF"}, {"ii*\x00", "a TIFF"}, {"mm\x00*", "a TIFF"},
	{"insert into ", "SQL"}, {"create table ", "SQL"}, {"-- mysql dump", "SQL"}, {"--\n-- postgresql database dump", "SQL"},
}

// checkForeign returns an error if the beginning of a file is that of another format.
func checkForeign(head []byte) error {
	head = bytes.TrimPrefix(head[:min(len(head), 64)], []byte(byteOrderMark))
	if text := bytes.TrimLeft(head, " \t\r\n"); len(text) > 0 && strings.IndexByte("{[<@%\\", text[0]) >= 0 {
		head = text
	}
	for _, f := range foreign {
		if n := len(f.magic); len(head) >= n && string(lower(head[:n])) == f.magic && !(f.magic == "orc" && !bytes.Contains(head, []byte{0})) {
			return fmt.Errorf("is %s, expected CSV, NPY, NPZ or Parquet: write the table in one of these", f.name)
		}
	}
	return nil
}

// lower returns b with the letters of ASCII in lower case.
func lower(b []byte) []byte {
	b = bytes.Clone(b)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return b
}
