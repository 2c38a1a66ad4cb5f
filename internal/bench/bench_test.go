package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"normflow/flowlib/dataset"
)

func written(t *testing.T) (data, weights string) {
	t.Helper()
	dir := t.TempDir()
	if err := WriteData(dir, "realnvp", 2, 3); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, DataFile), filepath.Join(dir, WeightsFile)
}

// The file holds what was drawn, to the last bit of a float32.
func TestDataComesBack(t *testing.T) {
	data, _ := written(t)
	points, _, err := ReadPoints(data)
	if err != nil {
		t.Fatal(err)
	}
	density, err := dataset.ByName(Density)
	if err != nil {
		t.Fatal(err)
	}
	want := density.Sample(3, Points)
	if len(points) != 2*Points {
		t.Fatalf("got %d numbers", len(points))
	}
	for i, row := range want {
		if points[2*i] != float32(row[0]) || points[2*i+1] != float32(row[1]) {
			t.Fatalf("row %d is %v, drawn was %v", i, points[2*i:2*i+2], row)
		}
	}
}

func TestReadPointsNamesWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"":                  "expected the header x,y",
		"a,b\n1,2\n":        `"a,b", expected the header`,
		"x,y\n":             "no row",
		"x,y\n1,2\n1\n":     "line 3",
		"x,y\n1,2\n3,dog\n": `line 3, column 2 is "dog"`,
		"x,y\nNaN,2\n":      `line 2, column 1 is "NaN"`,
		"x,y\n1,1e99\n":     `column 2 is "1e99"`,
	} {
		if _, _, err := readPoints(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", text, err, want)
		}
	}
	missing := filepath.Join(t.TempDir(), "none.csv")
	if _, _, err := ReadPoints(missing); err == nil || !strings.Contains(err.Error(), "flow bench-data") {
		t.Errorf("a missing file: got %v", err)
	}
}

func TestRepeat(t *testing.T) {
	if got := repeat([]float32{1, 2, 3, 4}, 6); len(got) != 6 || got[4] != 1 || got[5] != 2 {
		t.Errorf("got %v", got)
	}
}

// Field 2 of stat may hold spaces and brackets.
func TestAgeOf(t *testing.T) {
	stat := "7 (a b) c) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 12345 20 21\n"
	age, err := ageOf(stat, 125952*time.Millisecond)
	if err != nil || age != 2502*time.Millisecond {
		t.Errorf("got %v, %v, want 2.502 s", age, err)
	}
	for _, bad := range []struct {
		stat string
		now  time.Duration
	}{{"7 (x) S 1", time.Hour}, {strings.Replace(stat, "12345", "?", 1), time.Hour}, {stat, time.Second}} {
		if age, err := ageOf(bad.stat, bad.now); err == nil {
			t.Errorf("%v: got %v, want an error", bad, age)
		}
	}
}

// The fast engine is there in 20 ms: a clock of whole ticks of 10 would tell little
// of it, and would tell 0 at times.
func TestSinceStart(t *testing.T) {
	began := time.Now()
	for range 5 {
		before := sinceStart()
		time.Sleep(2 * time.Millisecond)
		if after := sinceStart(); after < before+2*time.Millisecond {
			t.Errorf("%v, and at least 2 ms later %v", before, after)
		}
	}
	now, sinceLoaded := sinceStart(), time.Since(loaded)
	if now < sinceLoaded || now > sinceLoaded+time.Minute || now < time.Since(began) {
		t.Errorf("this process runs since %v, the package was loaded %v ago", now, sinceLoaded)
	}
}

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

// The line has the keys that all programs share, and its numbers are of the task.
func TestMeasureWritesTheSharedKeys(t *testing.T) {
	data, weights := written(t)
	a := Ask{Engine: "go", Model: "realnvp", Threads: 1, Secs: 0.01, N: 300, Batch: 128, Data: data, Weights: weights}
	for task, keys := range map[string]string{
		LogProb: "batch cold_s cpu_s features lib model n nll nparams rss_mb secs task threads",
		Sample:  "batch cold_s cpu_s features lib model n nll nparams rss_mb secs task threads",
	} {
		a.Task = task
		began := sinceStart().Seconds()
		line, err := Measure(context.Background(), a)
		if err != nil {
			t.Fatal(err)
		}
		peak, err := peakMemory()
		if err != nil {
			t.Fatal(err)
		}
		if line.Memory > peak/(1<<20) || line.Cold < began {
			t.Errorf("%s: %g MiB and a cold start of %g s, at most %g and at least %g expected", task, line.Memory, line.Cold, peak/(1<<20), began)
		}
		var text bytes.Buffer
		if err := line.WriteJSON(&text); err != nil {
			t.Fatal(err)
		}
		fields := map[string]any{}
		if err := json.Unmarshal(text.Bytes(), &fields); err != nil {
			t.Fatal(err)
		}
		for _, key := range strings.Fields(keys) {
			if _, ok := fields[key]; !ok {
				t.Errorf("%s: no %q in %s", task, key, text.String())
			}
			delete(fields, key)
		}
		if len(fields) > 0 {
			t.Errorf("%s: unknown keys %v", task, fields)
		}
		if line.N%300 != 0 || line.N == 0 || !(line.Secs >= 0.01) || !(line.Cold > 0) || !(line.Memory > 1) {
			t.Errorf("%s: %s", task, text.String())
		}
		if !(line.CPU > 0) || line.CPU > line.Secs+0.05 { // on one thread
			t.Errorf("%s: %g s of CPU time in %g s", task, line.CPU, line.Secs)
		}
		// A new flow is the identity: its draws are unit normal in two dimensions,
		// whose entropy is log 2πe, here the mean of 300 with standard deviation 1.
		if want := math.Log(2 * math.Pi * math.E); task == Sample && !(math.Abs(*line.NLL-want) <= 4/math.Sqrt(300)) {
			t.Errorf("the draws have NLL %g, want about %g", *line.NLL, want)
		}
	}
	ended, end := context.WithCancel(context.Background())
	end()
	if _, err := Measure(ended, a); err == nil || !strings.Contains(err.Error(), "canceled") {
		t.Errorf("after the context ended: got %v", err)
	}
}

func TestWriteTable(t *testing.T) {
	loss := 1.25
	var text bytes.Buffer
	err := WriteTable(&text, []Line{{Lib: "go", Task: Train, Batch: 10, Threads: 2, Steps: 100, Secs: 2, CPU: 4, Cold: 0.5, Memory: 33, Loss: &loss}})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(strings.Fields(strings.Split(text.String(), "\n")[1]), " "); got != "go train 10 2 500 250 0.50 33 1.2500" {
		t.Errorf("got %q", got)
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
