// Package imageset reads pictures: folders of PNG files, NPY arrays, and textures whose
// entropy is known. A [Set] holds whole numbers, as the files do; [Set.Dequantized] makes
// rows of a continuous density of them.
package imageset

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"normflow/flowlib/imagelayer"
)

// Set is a number of pictures of one size. Pixels are whole numbers from 0 to Levels-1,
// picture by picture in the order of package imagelayer.
type Set struct {
	Shape  imagelayer.Shape
	Levels int // 2 to 256
	Pixels []byte
	// Labels are classes from 0, one for each picture, or nil.
	Labels  []int
	Classes []string // names of the classes, or nil
}

// Len returns the number of pictures.
func (s *Set) Len() int { return len(s.Pixels) / max(1, s.Shape.Features()) }

// Picture returns the pixels of picture i, a part of s.
func (s *Set) Picture(i int) []byte {
	d := s.Shape.Features()
	return s.Pixels[i*d : (i+1)*d : (i+1)*d]
}

// Check returns an error unless all numbers of s fit each other.
func (s *Set) Check() error {
	d := s.Shape.Features()
	switch {
	case d < 1 || len(s.Pixels)%d != 0:
		return fmt.Errorf("imageset: %d numbers for pictures of %d", len(s.Pixels), d)
	case s.Len() == 0:
		return errors.New("imageset: no pictures")
	case s.Levels < 2 || s.Levels > 256:
		return fmt.Errorf("imageset: %d levels, expected 2 to 256", s.Levels)
	case s.Labels != nil && len(s.Labels) != s.Len():
		return fmt.Errorf("imageset: %d labels for %d pictures", len(s.Labels), s.Len())
	}
	for i, v := range s.Pixels {
		if int(v) >= s.Levels {
			return fmt.Errorf("imageset: picture %d (from 0) holds %d, expected at most %d", i/d, v, s.Levels-1)
		}
	}
	return nil
}

// Distinct returns how many different pictures there are.
func (s *Set) Distinct() int {
	seen := map[string]bool{}
	for i := range s.Len() {
		seen[string(s.Picture(i))] = true
	}
	return len(seen)
}

// Take returns copies of the pictures at the given places.
func (s *Set) Take(at []int) *Set {
	t := &Set{Shape: s.Shape, Levels: s.Levels, Classes: s.Classes}
	for _, i := range at {
		t.Pixels = append(t.Pixels, s.Picture(i)...)
		if s.Labels != nil {
			t.Labels = append(t.Labels, s.Labels[i])
		}
	}
	return t
}

// Split shuffles the pictures by seed and deals them into sets of the given sizes; the
// last set gets the rest. It panics if there are fewer pictures than that.
func (s *Set) Split(seed int64, sizes ...int) []*Set {
	order := rand.New(rand.NewPCG(uint64(seed), 0x1a9e)).Perm(s.Len())
	var sets []*Set
	for _, size := range sizes {
		sets, order = append(sets, s.Take(order[:size])), order[size:]
	}
	return append(sets, s.Take(order))
}

// Dequantized returns copies rows for each picture, all pictures once and then again, in
// which each number v is drawn uniformly from [v, v+1): rows [copies·n, D+classes]. If
// classes > 0 a row ends with its label, as a 1 among zeros. The same seed gives the same
// rows.
//
// A density q of such rows bounds the probability Q of a picture x from below:
//
//	ln Q(x) = ln ∫ q(x+u) du ≥ E_u[ln q(x+u)],   u uniform on [0, 1)^D
//
// Source: Theis, van den Oord, Bethge 2016, https://arxiv.org/abs/1511.01844, section 3.1.
func (s *Set) Dequantized(copies, classes int, seed int64) [][]float64 {
	rng := rand.New(rand.NewPCG(uint64(seed), 0xde9a))
	n, d := s.Len(), s.Shape.Features()
	rows, flat := make([][]float64, copies*n), make([]float64, copies*n*(d+classes))
	for i := range rows {
		rows[i], flat = flat[:d+classes:d+classes], flat[d+classes:]
		for j, v := range s.Picture(i % n) {
			rows[i][j] = float64(v) + rng.Float64()
		}
		if classes > 0 {
			rows[i][d+s.Labels[i%n]] = 1
		}
	}
	return rows
}

// Append adds pictures of the same shape and levels, with labels if s has them.
func (s *Set) Append(more *Set) {
	s.Pixels = append(s.Pixels[:len(s.Pixels):len(s.Pixels)], more.Pixels...)
	if s.Labels != nil {
		s.Labels = append(s.Labels[:len(s.Labels):len(s.Labels)], more.Labels...)
	}
}

// Shift returns pictures moved by so many pixels to the right and down. What leaves is
// lost, what enters is 0.
func (s *Set) Shift(right, down int) *Set {
	moved := &Set{Shape: s.Shape, Levels: s.Levels, Pixels: make([]byte, len(s.Pixels)), Labels: s.Labels, Classes: s.Classes}
	for i := range s.Len() {
		from, to := s.Picture(i), moved.Picture(i)
		for y := range s.Shape.Height {
			for x := range s.Shape.Width {
				if oldY, oldX := y-down, x-right; oldY >= 0 && oldY < s.Shape.Height && oldX >= 0 && oldX < s.Shape.Width {
					c := s.Shape.Channels
					copy(to[(y*s.Shape.Width+x)*c:][:c], from[(oldY*s.Shape.Width+oldX)*c:])
				}
			}
		}
	}
	return moved
}
