package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/table"
)

// lines are rows of a table in text: each by two normal numbers.
func lines(seed uint64, n int, row func(i int, x, y float64) string) string {
	var b strings.Builder
	rng := rand.New(rand.NewPCG(seed, 9))
	for i := range n {
		b.WriteString(row(i, rng.NormFloat64(), rng.NormFloat64()) + "\n")
	}
	return b.String()
}

// Tables that are easily misread are read right, or with a warning, or refused by a line
// that says how to read them.
func TestTablesThatAreEasilyMisread(t *testing.T) {
	format := func(format string) func(i int, x, y float64) string {
		return func(_ int, x, y float64) string { return fmt.Sprintf(format, x, y) }
	}
	comma := func(i int, x, y float64) string { return strings.ReplaceAll(fmt.Sprintf("%.2f\t%.2f", x, y), ".", ",") }
	of := func(columns string) string { return "rows of " + columns + " (" }
	for name, tt := range map[string]struct {
		text   string
		status int
		says   []string // each of them, in lines of their own
	}{
		"an index with gaps": {text: ",x,y\n" + lines(1, 150, func(i int, x, y float64) string { return fmt.Sprintf("%d,%.4f,%.4f", 3*i+i%2, x, y) }),
			says: []string{of("x, y"), `column "c1": left out, row numbers or row names`}},
		"points that part thousands": {text: "salary;age\n" + lines(2, 120, func(i int, x, y float64) string {
			if salary := int(2000 + 900*x); salary >= 1000 {
				return fmt.Sprintf("%d.%03d;%d", salary/1000, salary%1000, int(45+9*y))
			}
			return fmt.Sprintf("%d;%d", 600+i, int(45+9*y))
		}), status: 1, says: []string{"--decimal"}},
		"years as names": {text: "region,2019,2020\n" + lines(3, 120, func(i int, x, y float64) string { return fmt.Sprintf("r%d,%.3f,%.3f", i, x, y) }),
			says: []string{"120 " + of("2019, 2020"), `column "region": left out, 120 different texts in 120 rows`}},
		"pandas' names of numbers": {text: ",0,1\n" + lines(4, 120, func(i int, x, y float64) string { return fmt.Sprintf("%d,%.3f,%.3f", i, x, y) }),
			says: []string{"120 " + of("0, 1"), `column "c1": left out, row numbers or row names`}},
		"numbers with underscores": {text: "month,x,y\n" + lines(5, 120, func(i int, x, y float64) string { return fmt.Sprintf("2024_%02d,%.3f,%.3f", 1+i%12, x, y) }),
			says: []string{`column "month": feature, category of 12 levels: "2024_01" 8.3 %`}},
		"decimal commas between tabs": {text: "x\ty\n" + lines(6, 120, comma), says: []string{"120 " + of("x, y"), "decimal comma"}},
		"columns aligned by blanks":   {text: "        x         y\n" + lines(7, 120, format("%9.3f %9.3f")), says: []string{"120 " + of("x, y")}},
		"a dash for a missing value":  {text: "x,y\n1,-\n" + lines(8, 120, format("%.3f,%.3f")), status: 1, says: []string{"--na -"}},
		"Excel's line of the delimiter": {text: "sep=;\nx;y\n" + lines(9, 120, func(i int, x, y float64) string { return strings.ReplaceAll(fmt.Sprintf("%.2f;%.2f", x, y), ".", ",") }),
			says: []string{"120 " + of("x, y")}},
		"units below the names": {text: "time,temp\ns,degC\n" + lines(10, 120, format("%.3f,%.3f")), says: []string{"120 " + of("time, temp"), "line 2 (s, degC) was taken for units"}},
		"blanks before quotes":  {text: "\"name\", \"x\", \"y\"\n" + lines(11, 120, func(i int, x, y float64) string { return fmt.Sprintf("\"n %d\", \"%.3f\", \"%.3f\"", i, x, y) }), says: []string{`column "name": left out, 120 different texts in 120 rows, such as "n 0"`}},
		"eight columns of text": {text: "t0,t1,t2,t3,t4,t5,t6,t7,x,y\n" + lines(12, 120, format("a,b,c,d,e,f,g,h,%.3f,%.3f")), says: []string{`column "t7": left out, "h" in all 96 training rows`}},
	} {
		dir := t.TempDir()
		file, model := filepath.Join(dir, "t.csv"), filepath.Join(dir, "m")
		if err := os.WriteFile(file, []byte(tt.text), 0o644); err != nil {
			t.Fatal(err)
		}
		status, _, said := shell(t, "", "fit", file, "-o", model, "--model", "gaussian")
		for _, want := range tt.says {
			if !strings.Contains(said, want) {
				t.Errorf("%s: says no %q: %s", name, want, said)
			}
		}
		if status != tt.status || tt.status == 1 && strings.Count(said, "\n") != 1 {
			t.Errorf("%s: status %d, want %d: %s", name, status, tt.status, said)
		}
	}
}

// Densities of known entropy that a flow has no easy way to: small fits come near, and
// draws lie where data can.
func TestDensitiesThatAreEasilyMissed(t *testing.T) {
	normal := (1 + math.Log(2*math.Pi)) / 2 // entropy, nats
	for _, tt := range []struct {
		name, columns, model, more string
		row                        func(rng *rand.Rand) []float64
		want, margin               float64 // of the NLL of rows that no fit saw, nats
		draw                       func(row []float64) bool
	}{
		{"lognormal", "x0,x1", "realnvp", "", func(rng *rand.Rand) []float64 {
			return []float64{math.Exp(2 * rng.NormFloat64()), math.Exp(2 * rng.NormFloat64())}
		}, 2 * (math.Ln2 + normal), 0.15, func(row []float64) bool { return row[0] > 0 && row[1] > 0 }},
		{"exponential", "x0,x1", "realnvp", "", func(rng *rand.Rand) []float64 { return []float64{rng.ExpFloat64(), rng.ExpFloat64()} },
			2, 0.15, func(row []float64) bool { return row[0] >= 0 && row[1] >= 0 }},
		{"angle across the seam", "phi,x", "realnvp", "", func(rng *rand.Rand) []float64 {
			return []float64{math.Mod(rng.NormFloat64()/2+2*math.Pi, 2*math.Pi), rng.NormFloat64()}
		}, 2*normal - math.Ln2, 0.2, func(row []float64) bool { return row[0] >= 0 && row[0] <= 2*math.Pi }},
		{"zeros", "x0,x1", "", "", func(rng *rand.Rand) []float64 {
			x := rng.ExpFloat64()
			if rng.Float64() < 0.4 {
				x = 0
			}
			return []float64{x, rng.NormFloat64()}
		}, 0.6 - 0.4*math.Log(0.4) - 0.6*math.Log(0.6) + normal, 0.15, func(row []float64) bool { return row[0] >= 0 }},
		{"two modes in one column", "x0", "nsf", "", func(rng *rand.Rand) []float64 {
			return []float64{float64(6*rng.IntN(2)-3) + 0.3*rng.NormFloat64()}
		}, math.Ln2 + math.Log(0.3) + normal, 0.15, nil},
		{"outliers a million times larger", "x0,x1", "realnvp", "", func(rng *rand.Rand) []float64 { return []float64{rng.NormFloat64(), rng.NormFloat64()} },
			2 * normal, 0.05, nil},
		{"given whole numbers", "x,c", "realnvp", "--condition-on c", func(rng *rand.Rand) []float64 {
			c := float64(rng.IntN(10))
			return []float64{c + 0.1*rng.NormFloat64(), c}
		}, math.Log(0.1) + normal, 0.15, func(row []float64) bool { return math.Abs(row[0]-3) < 0.6 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 2))
			rows := func(n int) (all [][]float64) {
				for range n {
					all = append(all, tt.row(rng))
				}
				return all
			}
			dir := t.TempDir()
			in := func(name string) string { return filepath.Join(dir, name) }
			train := rows(3000)
			if strings.HasPrefix(tt.name, "outliers") {
				for i := range 6 {
					train[500*i+7][0] *= 1e6
				}
			}
			for name, of := range map[string][][]float64{"train.csv": train, "new.csv": rows(4000)} {
				if err := table.WriteAll(in(name), strings.Split(tt.columns, ","), of); err != nil {
					t.Fatal(err)
				}
			}
			args := append([]string{"fit", in("train.csv"), "-o", in("m"), "--steps", map[bool]string{true: "250", false: "600"}[tt.model == ""]}, strings.Fields(tt.more)...)
			if tt.model != "" { // else atoms, and the choice of a density
				args = append(args, "--model", tt.model, "--layers", "3")
			}
			status, _, said := shell(t, "", args...)
			if status != 0 || strings.HasPrefix(tt.name, "outliers") && !strings.Contains(said, "lines 9, 509, 1009, 1509, 2009, 2509") {
				t.Fatalf("status %d: %s", status, said)
			}
			var seen struct {
				NLL struct{ Mean, SE float64 }
			}
			text := must(t, "score", in("m"), in("new.csv"), "-o", in("s.csv"), "--json")
			if err := json.Unmarshal([]byte(text), &seen); err != nil {
				t.Fatal(err, text)
			}
			t.Logf("NLL %.3f ± %.3f, entropy %.3f", seen.NLL.Mean, seen.NLL.SE, tt.want)
			if !(seen.NLL.Mean >= tt.want-4*seen.NLL.SE && seen.NLL.Mean <= tt.want+4*seen.NLL.SE+tt.margin) {
				t.Errorf("NLL %.3f ± %.3f, the entropy is %.3f: %s", seen.NLL.Mean, seen.NLL.SE, tt.want, said)
			}
			draw := []string{"sample", in("m"), "-n", "500", "--seed", "1"}
			if tt.more != "" {
				draw = append(draw, "--condition", "c=3")
			}
			zeros := 0
			for _, line := range strings.Split(strings.TrimSpace(must(t, draw...)), "\n")[1:] {
				var row []float64
				if err := json.Unmarshal([]byte("["+line+"]"), &row); err != nil {
					t.Fatal(err, line)
				}
				if row[0] == 0 {
					zeros++
				}
				if tt.draw != nil && !tt.draw(row) {
					t.Errorf("drew %v", row)
				}
			}
			if tt.name == "zeros" && !(zeros > 150 && zeros < 250) { // 200 ± 11
				t.Errorf("%d of 500 draws are 0", zeros)
			}
		})
	}
}

// What once ended badly ends in a line, in a warning, or in a page.
func TestWhatOnceEndedBadly(t *testing.T) {
	csv, model := moonsAndModel(t)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	repeated := "x,y\n" + lines(1, 20, func(_ int, x, y float64) string { return fmt.Sprintf("%.3f,%.3f", x/2, y/2) })
	_, rows, _ := strings.Cut(repeated, "\n")
	description, err := os.ReadFile(filepath.Join(model, "model.json"))
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"repeated.csv": repeated + strings.Repeat(rows, 14),
		"stuck.csv":    "x,y\n" + lines(2, 200, func(_ int, x, y float64) string { return fmt.Sprintf("%.3f,0.25", x) }),
	} {
		if err := os.WriteFile(in(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, tt := range []struct {
		args   []string
		status int
		says   string
	}{
		{[]string{"anomaly", model, csv, "--calibration", in("repeated.csv"), "--false-alarm", "0.01"}, 0, "only 20 of 300 rows for calibration are different"},
		{[]string{"eval", model, in("stuck.csv"), "-o", in("page.html")}, 0, ""},
		{[]string{"eval", in("edited"), csv}, 1, "edited"},
	} {
		if strings.HasSuffix(tt.args[1], "edited") {
			if err := os.CopyFS(in("edited"), os.DirFS(model)); err != nil {
				t.Fatal(err)
			}
			var d map[string]any
			if err := json.Unmarshal(description, &d); err != nil {
				t.Fatal(err)
			}
			d["training"].(map[string]any)["dequantised"] = []float64{0.1, 0.1, 0.1}
			delete(d, "sha256")
			text, err := json.Marshal(d)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(in("edited"), "model.json"), text, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		status, _, said := shell(t, "", tt.args...)
		if status != tt.status || !strings.Contains(said, tt.says) || status == 1 && strings.Count(said, "\n") != 1 {
			t.Errorf("flow %s: status %d, says %s", strings.Join(tt.args, " "), status, said)
		}
	}
	if page, err := os.ReadFile(in("page.html")); err != nil || !strings.Contains(string(page), "0.25") {
		t.Errorf("the page: %v", err)
	}
}
