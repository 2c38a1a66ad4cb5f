// Package digits holds 1,797 handwritten digits of 8×8 pixels, 0 to 16, with their
// labels. They are built into the programs that import it, 57 kB.
//
// Source: Optical Recognition of Handwritten Digits by E. Alpaydin and C. Kaynak (1998),
// UCI Machine Learning Repository, https://doi.org/10.24432/C50P49, CC BY 4.0; its test
// part, unchanged, as scikit-learn ships it.
package digits

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"encoding/csv"
	"strconv"

	"normflow/flowlib/imagelayer"
	"normflow/flowlib/imageset"
)

//go:embed digits.csv.gz
var compressed []byte

// Classes is the number of different labels.
const Classes = 10

// Load returns the digits in the order of the file.
func Load() *imageset.Set {
	s := &imageset.Set{Shape: imagelayer.Shape{Height: 8, Width: 8, Channels: 1}, Levels: 17}
	text, err := gzip.NewReader(bytes.NewReader(compressed))
	var lines [][]string
	if err == nil {
		lines, err = csv.NewReader(text).ReadAll()
	}
	for _, line := range lines {
		for i, field := range line {
			v, wrong := strconv.Atoi(field)
			if wrong != nil {
				err = wrong
			}
			if i < len(line)-1 {
				s.Pixels = append(s.Pixels, byte(v))
			} else {
				s.Labels = append(s.Labels, v)
			}
		}
	}
	if err != nil {
		panic(err) // the file is part of the program
	}
	return s
}
