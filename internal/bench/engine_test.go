package bench

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAskIsChecked(t *testing.T) {
	good := Ask{Engine: "go", Model: "realnvp", Task: Train, Batch: 8, Threads: 1, Secs: 1, N: 1, Data: "x.csv"}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for want, spoil := range map[string]func(*Ask){
		"there is no engine": func(a *Ask) { a.Engine = "jax" },
		"there is no model":  func(a *Ask) { a.Model = "maf" },
		"there is no task":   func(a *Ask) { a.Task = "play" },
		"batch must":         func(a *Ask) { a.Batch = 0 },
		"threads must":       func(a *Ask) { a.Threads = 0 },
		"secs must":          func(a *Ask) { a.Secs = math.NaN() },
		"n must":             func(a *Ask) { a.N = 0 },
		"data must":          func(a *Ask) { a.Data = "" },
	} {
		a := good
		spoil(&a)
		if err := a.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want an error with %q", err, want)
		}
	}
}

// Every engine starts from the same weights, sees the same batches, and does what
// its line says. XLA is there with FLOW_TEST_BACKEND=xla:cpu.
func TestEnginesAgree(t *testing.T) {
	data, weights := written(t)
	points, _, err := ReadPoints(data)
	if err != nil {
		t.Fatal(err)
	}
	// Calls of any length are the same steps.
	counts := []int{1, 3, 6}
	var nlls [][]float64
	var logProbs [][]float32
	for _, name := range Engines() {
		if name == "xla" && os.Getenv("FLOW_TEST_BACKEND") != "xla:cpu" {
			continue
		}
		e, err := Open(name, Start{Model: "realnvp", Features: 2, Points: points[:200], Batch: 64, Threads: 1, Weights: weights})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if n := e.NumParameters(); n != 35344 {
			t.Errorf("%s has %d parameters", name, n)
		}
		var nll []float64
		for _, count := range counts {
			v, err := e.Train(count)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			nll = append(nll, v)
		}
		if !(nll[0] > nll[2]+1e-3) {
			t.Errorf("%s: the NLL goes from %g to %g: nothing is trained", name, nll[0], nll[2])
		}
		nlls = append(nlls, nll)

		out := make([]float32, 100)
		if err := e.LogProb(out, points[:200]); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		logProbs = append(logProbs, out)

		x, again := make([]float32, 200), make([]float32, 200)
		if err := e.Sample(x, 1); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if err := e.Sample(again, 1); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for i := range x {
			if x[i] != again[i] {
				t.Fatalf("%s: the same seed gives %v and %v", name, x[i], again[i])
			}
		}
		if x[0] == x[2] {
			t.Errorf("%s: two draws are both %v", name, x[0])
		}
		if err := e.Sample(again, 2); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if again[0] == x[0] {
			t.Errorf("%s: two seeds both draw %v", name, x[0])
		}
	}
	for i, nll := range nlls {
		for j, v := range nll {
			if !(math.Abs(v-nlls[0][j]) <= 1e-4) { // float32 over ten steps
				t.Errorf("NLLs of the engines are %v and %v", nlls[0], nlls[i])
				break
			}
		}
		for j, lp := range logProbs[i] {
			if !(math.Abs(float64(lp-logProbs[0][j])) <= 1e-3) {
				t.Errorf("log-densities of the engines at point %d are %g and %g", j, logProbs[0][j], lp)
				break
			}
		}
	}
}

// The spline flow, over two features and over more, is the same on both engines that
// have it.
func TestEnginesAgreeOnSplines(t *testing.T) {
	for _, features := range []int{2, 6} {
		dir := t.TempDir()
		if err := WriteData(dir, "nsf", features, 3); err != nil {
			t.Fatal(err)
		}
		points, found, err := ReadPoints(filepath.Join(dir, DataFile))
		if err != nil || found != features || len(points) != Points*features {
			t.Fatalf("%d features, %d numbers, %v", found, len(points), err)
		}
		var nll [2][3]float64
		for i, name := range []string{"fast", "go"} {
			e, err := Open(name, Start{Model: "nsf", Features: features, Points: points[:100*features], Batch: 64, Threads: 1, Weights: filepath.Join(dir, WeightsFile)})
			if err != nil {
				t.Fatal(err)
			}
			if n := e.NumParameters(); features == 2 && n != 15112 {
				t.Errorf("%s has %d parameters", name, n)
			}
			for step := range nll[i] {
				if nll[i][step], err = e.Train(1 + step); err != nil {
					t.Fatal(err)
				}
			}
			drawn := make([]float32, 50*features)
			if err := e.Sample(drawn, 1); err != nil || slices.Contains(drawn, 0) {
				t.Errorf("%s draws %v, %v", name, drawn, err)
			}
		}
		for step := range nll[0] {
			if !(math.Abs(nll[0][step]-nll[1][step]) <= 1e-3) {
				t.Errorf("%d features: NLLs %v and %v", features, nll[0], nll[1])
			}
		}
	}
	for _, name := range []string{"byhand", "knots"} {
		if _, err := Open(name, Start{Model: "nsf", Features: 2}); err == nil || !strings.Contains(err.Error(), "realnvp over 2 features alone") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
