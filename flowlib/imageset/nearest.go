package imageset

import "math"

// Nearest returns the place of the picture of s whose pixels have the least sum of squared
// differences to those of picture, the first of several; -1 if s is empty. With the labels
// of s it is a classifier that nobody has to train.
func (s *Set) Nearest(picture []byte) (at int) {
	at, least := -1, math.MaxInt
	for i := range s.Len() {
		distance := 0
		for j, v := range s.Picture(i) {
			d := int(v) - int(picture[j])
			if distance += d * d; distance >= least {
				break
			}
		}
		if distance < least {
			at, least = i, distance
		}
	}
	return at
}

// Recognized returns the share of pictures whose label is that of the nearest picture of s.
// Both sets have labels.
func (s *Set) Recognized(pictures *Set) float64 {
	n := 0
	for i := range pictures.Len() {
		if s.Labels[s.Nearest(pictures.Picture(i))] == pictures.Labels[i] {
			n++
		}
	}
	return float64(n) / float64(pictures.Len())
}
