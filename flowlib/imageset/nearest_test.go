package imageset_test

import (
	"testing"

	"normflow/flowlib/imagelayer"
	"normflow/flowlib/imageset"
)

// Distances are squared: of two pixels one apart each and one pixel two apart the former
// are nearer. The first of equals counts.
func TestNearest(t *testing.T) {
	shape := imagelayer.Shape{Height: 1, Width: 2, Channels: 1}
	s := &imageset.Set{Shape: shape, Levels: 9, Pixels: []byte{4, 6, 5, 5, 3, 3, 5, 5}, Labels: []int{0, 1, 2, 3}}
	for want, picture := range map[int][]byte{0: {4, 7}, 1: {6, 5}, 2: {0, 0}} {
		if got := s.Nearest(picture); got != want {
			t.Errorf("%v: got %d, want %d", picture, got, want)
		}
	}
	if got := s.Nearest([]byte{4, 4}); got != 1 { // 2 from the second and the third, 4 from the first
		t.Errorf("got %d, want 1", got)
	}
	if got := (&imageset.Set{Shape: shape, Levels: 9}).Nearest([]byte{4, 4}); got != -1 {
		t.Errorf("of no pictures: got %d", got)
	}
	pictures := &imageset.Set{Shape: shape, Levels: 9, Pixels: []byte{4, 7, 0, 0, 5, 5, 6, 6}, Labels: []int{0, 2, 3, 1}}
	if got := s.Recognized(pictures); got != 0.75 {
		t.Errorf("recognized %g, want 0.75", got)
	}
}
