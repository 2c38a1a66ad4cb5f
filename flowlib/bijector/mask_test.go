package bijector_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"normflow/flowlib/bijector"
)

// checkPanics wants build to panic with a message that holds want.
func checkPanics(t *testing.T, name, want string, build func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := recover(); got == nil || !strings.Contains(fmt.Sprint(got), "bijector: ") || !strings.Contains(fmt.Sprint(got), want) {
			t.Errorf("%s: panicked with %v, want a message of this package with %q", name, got, want)
		}
	}()
	build()
}

// draw shows frozen features as #, moving ones as a dot.
func draw(mask bijector.Mask) string {
	var s strings.Builder
	for _, frozen := range mask {
		s.WriteByte(map[bool]byte{true: '#', false: '.'}[frozen])
	}
	return s.String()
}

func TestMasks(t *testing.T) {
	for want, mask := range map[string]bijector.Mask{
		".#.#.": bijector.Alternating(5, false),
		"#.#.#": bijector.Alternating(5, true),
		"##...": bijector.Halves(5, false),
		"..###": bijector.Halves(5, true),
		"##..":  bijector.Halves(4, false),
	} {
		if got := draw(mask); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestRandomMasksFreezeHalfAndFollowTheirSeed(t *testing.T) {
	for features := 2; features < 9; features++ {
		mask := bijector.RandomMask(features, 3)
		if frozen := strings.Count(draw(mask), "#"); frozen != features/2 {
			t.Errorf("%s freezes %d of %d", draw(mask), frozen, features)
		}
	}
	if !reflect.DeepEqual(bijector.RandomMask(30, 1), bijector.RandomMask(30, 1)) {
		t.Error("the same seed gives another mask")
	}
	if reflect.DeepEqual(bijector.RandomMask(30, 1), bijector.RandomMask(30, 2)) {
		t.Error("another seed gives the same mask")
	}
}

func TestImpossibleMasks(t *testing.T) {
	for name, build := range map[string]func(){
		"no half":         func() { bijector.Halves(0, false) },
		"negative":        func() { bijector.Alternating(-1, false) },
		"random, D=1":     func() { bijector.RandomMask(1, 1) },
		"nothing to move": func() { bijector.NewCoupling(bijector.Halves(1, true), mlp, bijector.Affine{}) },
	} {
		checkPanics(t, name, "mask", build)
	}
}
