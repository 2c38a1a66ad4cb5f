package measured

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// made is an ablation whose numbers are easy: each variant v and kind k of data
// set d has the KLs base+1, base+2 and base+30 (thousandths), base being 100·d+10·v,
// and splines have a hundredth of it.
func made() (runs []map[string]any) {
	for d, data := range []string{"moons05", "spirals"} {
		for v, change := range []string{"", "+actnorm", "+lu", "+actnorm+lu", "+mixture"} {
			for k, model := range []string{"realnvp", "nsf+plain"} {
				for seed, extra := range []float64{30, 1, 2} {
					kl := (float64(100*d+10*v) + extra) / 1000 / math.Pow(100, float64(k))
					runs = append(runs, map[string]any{"model": model + change, "data": data, "seed": seed, "layers": 6, "params": 1000 + v, "steps": 7, "kl": kl})
				}
			}
		}
	}
	return runs
}

func write(t *testing.T, runs any) {
	t.Helper()
	root := t.TempDir()
	t.Setenv("FLOW_ROOT", root)
	text, err := json.Marshal(runs)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(root, "report", "measured"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "report", "measured", "ablation.json"), text, 0o644); err != nil {
		t.Fatal(err)
	}
}

// said is what reading panics with.
func said(t *testing.T) (message string) {
	t.Helper()
	defer func() {
		switch v := recover().(type) {
		case string:
			message = v
		case error:
			message = v.Error()
		}
	}()
	ReadAblation()
	return "nothing"
}

func TestAblationIsReadByPlace(t *testing.T) {
	write(t, made())
	a := ReadAblation()
	panels := a.Panels()
	if len(panels) != 2 || panels[1].Name != "spirals" || len(panels[1].Values) != 5 || len(panels[1].Values[2]) != 2 {
		t.Fatalf("panels: %+v", panels)
	}
	if kl := panels[1].Values[2][0][1]; kl != 0.121 { // + LU, affine, second seed: 100+20+1
		t.Errorf("KL is %v", kl)
	}
	summary := a.Summary()
	kl := summary["kl"].(map[string]any)["spirals"].(map[string]map[string]float64)
	if kl["affine"]["both"] != 0.132 || !(math.Abs(kl["spline"]["plain"]-0.00102) <= 1e-12) || summary["seeds"] != 3 || summary["steps"] != 7 {
		t.Errorf("summary: %v", summary)
	}
	if text := a.story(); !strings.HasPrefix(text, "Measured: 2 data sets, 6 coupling layers, 7 steps, 3 seeds. ") || !strings.HasSuffix(text, "one comparison of 20.") {
		t.Error(text)
	}
	if params := summary["params"].(map[string]map[string]int); params["spline"]["lu"] != 1002 {
		t.Errorf("parameters: %v", params)
	}
}

func TestAblationSaysWhatEachChangeDid(t *testing.T) {
	write(t, made())
	changes := ReadAblation().Changes()
	// ActNorm on the moons takes the median from 2 to 12, and on the spirals from 102 to 112, for both kinds.
	actNorm := changes[0]
	if len(actNorm.Factors) != 4 || math.Abs(actNorm.Factors[0]-6) > 1e-12 || math.Abs(actNorm.Factors[3]-112.0/102) > 1e-12 {
		t.Errorf("%+v", actNorm)
	}
	if actNorm.Better != 0 || actNorm.Worse != 0 { // the seeds overlap: 1, 2, 30 and 11, 12, 40
		t.Errorf("%+v", actNorm)
	}
	if both := changes[2]; both.Better != 0 || both.Worse != 4 { // 31 > 30
		t.Errorf("%+v", both)
	}
	splines := changes[4]
	if len(splines.Factors) != 10 || splines.Better != 10 || splines.Worse != 0 || math.Abs(splines.Factors[5]-0.01) > 1e-12 {
		t.Errorf("%+v", splines)
	}
	for _, tt := range []struct {
		with          []float64
		better, worse int
	}{{[]float64{1, 2, 4}, 1, 0}, {[]float64{1, 2, 6}, 0, 0}, {[]float64{6, 9, 9}, 0, 0}, {[]float64{8, 9, 9}, 0, 1}} {
		var c Change
		c.add([]float64{7, 5, 6}, tt.with)
		if c.Better != tt.better || c.Worse != tt.worse {
			t.Errorf("%v against 5, 6, 7: %+v", tt.with, c)
		}
	}
	if text := splines.String(); !strings.Contains(text, "by 0.01 to 0.01; lower with every seed in 10 of 10 comparisons, higher with every seed in 0") {
		t.Error(text)
	}
}

func TestAblationThatIsIncomplete(t *testing.T) {
	runs := made()
	write(t, runs[:len(runs)-3])
	if text := said(t); !strings.Contains(text, "no run of nsf+plain+mixture on spirals") || !strings.Contains(text, "make ablation") {
		t.Error(text)
	}
	write(t, []any{})
	if text := said(t); !strings.Contains(text, "no runs") {
		t.Error(text)
	}
	write(t, append(runs, map[string]any{"model": "maf", "data": "spirals", "kl": 1}))
	if text := said(t); !strings.Contains(text, `"maf"`) {
		t.Error(text)
	}
	t.Setenv("FLOW_ROOT", t.TempDir())
	if text := said(t); !strings.Contains(text, "not been measured") || !strings.Contains(text, "make ablation") {
		t.Error(text)
	}
}
