package main

import "testing"

// Each picture shows the kind that it is named after.
func TestPictures(t *testing.T) {
	for _, e := range examples {
		svg, choice, err := e.picture()
		if err != nil || len(svg) == 0 {
			t.Errorf("%s: %d bytes, %v", e.name, len(svg), err)
		}
		if choice.Column.Kind != e.kind {
			t.Errorf("%s: %s, want %s", e.name, choice.Why, e.kind)
		}
	}
	if svg, err := category(); err != nil || len(svg) == 0 {
		t.Errorf("categories: %d bytes, %v", len(svg), err)
	}
}
