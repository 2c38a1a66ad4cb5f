package tree

import (
	"strings"
	"testing"
)

func TestWriteRefuses(t *testing.T) {
	for want, s := range map[string]shape{
		"root.shape: found nil, expected one of [forgetful group":                           nil,
		"root.shape: a tree.nameless cannot be written down, it has no name":                nameless{},
		"root.shape.group.parts[1]: a tree.nameless":                                        &group{parts: []shape{square{}, nameless{}}},
		"root.shape.group.parts[0].square: cannot be written down: json: unsupported value": &group{parts: []shape{square{Side: inf}}},
	} {
		if _, err := Write("root", &root{Of[shape]{Part: s}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, expected %s", err, want)
		}
	}
}

// A number that the form does not hold would be lost.
func TestWhatIsHiddenIsNotSaved(t *testing.T) {
	_, err := Write("root", &root{Of[shape]{Part: &forgetful{square{Side: 1}, 7}}})
	if err == nil || !strings.Contains(err.Error(), "is not all that this *tree.forgetful holds") {
		t.Errorf("got %v", err)
	}
}
