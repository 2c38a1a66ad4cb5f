package measured

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/figure"
)

func TestImages(t *testing.T) {
	bars, err := parseImages("f", []byte(`[{"model":"flow","data":"digits","bits_per_dim":2},{"model":"worst","data":"digits","bits_per_dim":3},{"model":"flow","data":"digits","bits_per_dim":1},
		{"model":"flow","data":"texture","bits_per_dim":9}]`), "digits")
	if want := []figure.Bar{{Name: "worst", Value: 3, Text: "3.00"}, {Name: "flow", Value: 1.5, Text: "1.50"}}; err != nil || !slices.Equal(bars, want) {
		t.Errorf("%v, %v", bars, err)
	}
	for text, want := range map[string]string{`[]`: "run make images", `{`: "f: "} {
		if _, err := parseImages("f", []byte(text), "digits"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if bars := ReadMNIST(); len(bars) < 2 {
		t.Errorf("%v", bars)
	}
	if bars := ReadImages(); len(bars) < 3 || bars[len(bars)-1].Name == "Gaussian" {
		t.Errorf("%v", bars)
	}
}

// The report's numbers are those of the bars of their names; without one it says what to run.
func TestDigits(t *testing.T) {
	bars := []figure.Bar{{Name: "normflows", Value: 3}, {Name: "histogram per pixel", Value: 2}, {Name: "multi-scale flow, shifted", Value: 9}, {Name: "multi-scale flow", Value: 1}}
	mnist := []figure.Bar{{Name: "normflows", Value: 5}, {Name: "multi-scale flow, histogram pyramid", Value: 4}}
	if got, want := Digits(bars, mnist), map[string]float64{"normflows": 3, "histogram": 2, "flow": 1, "mnist_flow": 4, "mnist_normflows": 5}; !maps.Equal(got, want) {
		t.Errorf("found %v, expected %v", got, want)
	}
	defer func() {
		if said := fmt.Sprint(recover()); !strings.Contains(said, "run make bench-peers images") {
			t.Errorf("without a flow: %s", said)
		}
	}()
	Digits(bars[:3], mnist)
}
