package explore

import (
	"strings"
	"testing"
)

func TestSettingsThatCannotBe(t *testing.T) {
	for want, change := range map[string]func(*Settings){
		"there is no density": func(s *Settings) { s.Data = "moon" },
		"1 to 16":             func(s *Settings) { s.Layers = 17 },
		"1 to 1024":           func(s *Settings) { s.Hidden = 0 },
		"at least 1":          func(s *Settings) { s.Steps = 0 },
		"Gaussian, mixture":   func(s *Settings) { s.Base = "uniform" },
		"affine, spline":      func(s *Settings) { s.Coupling = "additive" },
		"number of layers is": func(s *Settings) { s.Layers = -1 },
	} {
		s := small("moons05")
		change(&s)
		if _, err := Still(t.Context(), s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, expected %q", s, err, want)
		}
	}
}
