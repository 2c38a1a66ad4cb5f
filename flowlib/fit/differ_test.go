package fit

import "testing"

func TestDiffer(t *testing.T) {
	const there = `{"Fit":{"seed":0,"steps":5000},"Flow":{"layers":8,"hidden":[32,32],"Scaler":{"mean":[1]}},"Data":"a"}`
	for here, want := range map[string]string{
		there: "",
		`{"Flow":{"Scaler":{"mean":[1]},"layers":8,"hidden":[32,32]},"Fit":{"steps":5000,"seed":0},"Data":"a"} `:             "",
		`{"Fit":{"seed":3,"steps":5000},"Flow":{"layers":8,"hidden":[32,32],"Scaler":{"mean":[2]}},"Data":"b"}`:              "Fit.seed 0, here 3",
		`{"Fit":{"seed":0,"steps":5000},"Flow":{"layers":8,"hidden":[64],"Scaler":{"mean":[1]}},"Data":"a"}`:                 "Flow.hidden [32,32], here [64]",
		`{"Fit":{"seed":0,"steps":5000,"patience":7},"Flow":{"layers":8,"hidden":[32,32],"Scaler":{"mean":[1]}},"Data":"a"}`: "Fit.patience none, here 7",
		`{"Data":"a"}`: "Fit.seed 0, here none; Fit.steps 5000, here none; Flow.hidden [32,32], here none; Flow.layers 8, here none",
		`{"Fit":{"seed":0,"steps":5000},"Flow":{"layers":8,"hidden":[32,32],"Scaler":{"mean":[2]}},"Data":"b"}`: "other rows",
		`{}`: "Fit.seed 0, here none; Fit.steps 5000, here none; Flow.hidden [32,32], here none; Flow.layers 8, here none",
	} {
		if got := differ(there, here); got != want {
			t.Errorf("%s differs by %q, want %q", here, got, want)
		}
	}
	if got := differ("no JSON, but longer than forty bytes of it, so cut", "{}"); got != "all no JSON, but longer than forty bytes of …, here none" {
		t.Errorf("got %q", got)
	}
}
