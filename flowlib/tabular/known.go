package tabular

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"slices"
)

// sketchSize is how many rows of a fit are remembered: enough to tell a file that holds
// half of them from one that holds none.
const sketchSize = 200

// fingerprint returns a hash of a row, of 53 bits so that JSON can hold it. Equal rows
// have the same hash on every machine, whatever their order and the format of the file.
func fingerprint(row []float64) uint64 {
	h := fnv.New64a()
	var b [8]byte
	for _, v := range row {
		binary.LittleEndian.PutUint64(b[:], math.Float64bits(v+0)) // -0 becomes 0
		h.Write(b[:])                                              //nolint:errcheck // a hash does not fail
	}
	x := h.Sum64() // FNV-1a mixes the last bytes too little into its high bits
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd // the finalizer of MurmurHash3
	x ^= x >> 33
	return x >> 11
}

// sketch returns the smallest fingerprints of the rows, sorted: the same sample of
// distinct rows from every table that has these rows.
//
// Source: Broder 1997, On the resemblance and containment of documents,
// https://doi.org/10.1109/SEQUEN.1997.666900.
func sketch(rows [][]float64) []uint64 {
	all := make([]uint64, len(rows))
	for i, row := range rows {
		all[i] = fingerprint(row)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.Clone(all[:min(sketchSize, len(all))])
}

// recognizer counts the rows of a table that a sketch knows.
type recognizer struct {
	sketch      []uint64
	met, inside int // known rows, among those with a fingerprint no larger than the sketch's largest
}

func (r *recognizer) add(row []float64) {
	if len(r.sketch) == 0 {
		return
	}
	f := fingerprint(row)
	if f > r.sketch[len(r.sketch)-1] {
		return
	}
	r.inside++
	if _, known := slices.BinarySearch(r.sketch, f); known {
		r.met++
	}
}

// knows reports whether most rows are known, and at least three.
func (r *recognizer) knows() bool { return r.met >= 3 && 2*r.met >= r.inside }
