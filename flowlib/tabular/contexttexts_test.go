package tabular

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"normflow/flowlib/columns"
)

// drawColours are numbers whose mean and spread depend on a colour and whose mean depends
// on an age; with log p(number | colour, age).
func drawColours(seed uint64, n int) (rows [][]string, logProb []float64) {
	rng := rand.New(rand.NewPCG(seed, 9))
	for range n {
		k, age := rng.IntN(3), rng.Float64()
		z := rng.NormFloat64()
		std := []float64{0.5, 1, 2}[k]
		rows = append(rows, []string{fmt.Sprint([]float64{-5, 0, 7}[k] + 2*age + std*z), []string{"dark red", "green", "blue"}[k], fmt.Sprint(age)})
		logProb = append(logProb, -z*z/2-math.Log(std)-math.Log(2*math.Pi)/2)
	}
	return rows, logProb
}

// A density is given a text: it is near the truth, draws keep to the text that is asked for,
// and texts that the fit has not seen are errors that name the place.
func TestConditionOnTexts(t *testing.T) {
	if testing.Short() {
		t.Skip("it fits flows")
	}
	const columns = "size,colour,age"
	rows, _ := drawColours(1, 900)
	m, notes := fitTexts(t, writeTexts(t, "t.csv", columns, rows), func(c *FitConfig) { c.ConditionOn, c.Steps = []string{"colour", "age"}, 120 })
	if !strings.Contains(notes, `column "colour": context, category of 3 levels: "blue", "dark red", "green"`) || strings.Contains(notes, "colour=") {
		t.Errorf("said\n%s", notes)
	}
	if got := strings.Join(m.Columns(), ","); got != columns || len(m.Context) != 4 {
		t.Errorf("columns %s, context %q", got, m.Context)
	}
	fresh, truth := drawColours(2, 4000)
	fresh = append(fresh, fresh[:1]...)
	out := filepath.Join(t.TempDir(), "o.csv")
	file := writeTexts(t, "fresh.csv", columns, fresh[:4000])
	seen, err := m.Score(context.Background(), file, out, Options{})
	if err != nil || len(seen.Warnings) > 0 {
		t.Fatalf("%+v, %v", seen, err)
	}
	kl := 0.0
	for i, row := range readAll(t, out).Rows {
		kl += (truth[i] - row[0]) / 4000
	}
	t.Logf("KL %.4f", kl)
	if !(kl < 0.06) {
		t.Errorf("KL %.4f", kl)
	}

	condition, err := m.ConditionOf(map[string]string{"colour": "dark red", "age": "0.5"})
	if err != nil {
		t.Fatal(err)
	}
	sample := func(c SampleConfig) (values []float64, colours string) {
		t.Helper()
		c.Temperature = 1
		if _, err := m.Sample(context.Background(), out, c); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
			fields := strings.Split(line, ",")
			if i == 0 {
				if line != columns {
					t.Fatalf("columns %s", line)
				}
				continue
			}
			var v float64
			if _, err := fmt.Sscan(fields[0], &v); err != nil {
				t.Fatal(err)
			}
			values, colours = append(values, v), colours+fields[1][:1]
		}
		return values, colours
	}
	values, colours := sample(SampleConfig{Count: 2000, Condition: condition})
	mean := 0.0
	for _, v := range values {
		mean += v / 2000
	}
	if strings.Trim(colours, "d") != "" || math.Abs(mean+4) > 0.2 {
		t.Errorf("mean %.3f of dark red, expected -4", mean)
	}
	if _, colours = sample(SampleConfig{ConditionFile: writeTexts(t, "c.csv", "age,colour", [][]string{{"0.1", "green"}, {"0.2", "blue"}, {"0.3", "dark red"}})}); colours != "gbd" {
		t.Errorf("drew %s", colours)
	}

	strange := writeTexts(t, "strange.csv", columns, [][]string{{"1", "green", "0.5"}, {"1", "grey", "0.5"}})
	const want = `line 3, column "colour": found "grey", expected one of "blue", "dark red", "green"`
	if _, err := m.Score(context.Background(), strange, out, Options{}); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("scoring: %v", err)
	}
	if _, err := m.Sample(context.Background(), out, SampleConfig{Temperature: 1, ConditionFile: strange}); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("drawing: %v", err)
	}
	for name, text := range map[string]string{"colour": "grey", "age": "old", "size": "1_0"} {
		if got, err := m.ConditionOf(map[string]string{name: text}); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s=%s: got %v, %v", name, text, got, err)
		}
	}
}

// A column of numbers that are codes may be a condition of one level for each: a mean that does
// not go up or down with the code is no harder then.
func TestConditionOnCodes(t *testing.T) {
	draw := func(seed uint64, n int) (rows [][]string) {
		rng := rand.New(rand.NewPCG(seed, 11))
		for range n {
			k := rng.IntN(4)
			rows = append(rows, []string{fmt.Sprint([]float64{0, 30, -20, 5}[k] + rng.NormFloat64()), fmt.Sprint(k)})
		}
		return rows
	}
	m, notes := fitTexts(t, writeTexts(t, "t.csv", "size,code", draw(1, 600)), func(c *FitConfig) {
		c.ConditionOn, c.Kinds, c.Steps = []string{"code"}, map[string]columns.Kind{"code": columns.Category}, 20
	})
	if !strings.Contains(notes, `column "code": context, category of 4 levels: "0", "1", "2", "3"`) || len(m.Context) != 4 {
		t.Errorf("context %q, said\n%s", m.Context, notes)
	}
	fresh := draw(2, 2000)
	for i, row := range fresh {
		if i%2 == 0 {
			row[1] += ".0" // the same number
		}
	}
	seen, err := m.Score(context.Background(), writeTexts(t, "f.csv", "size,code", fresh), "", Options{})
	if err != nil || seen.NLL == nil || seen.NLL.Mean > 1.6 { // at best 1.419
		t.Fatalf("%+v, %v", seen.NLL, err)
	}
	for text, at := range map[string]int{"2": 2, "3.0": 3} {
		condition, err := m.ConditionOf(map[string]string{"code": text})
		if err != nil || condition[fmt.Sprintf("code=%d", at)] != 1 || len(condition) != 4 {
			t.Errorf("%s: %v, %v", text, condition, err)
		}
	}
	if _, err := m.ConditionOf(map[string]string{"code": "4"}); err == nil {
		t.Error("a code that the fit has not seen is believed")
	}
	c := DefaultFit()
	c.ConditionOn, c.Kinds = []string{"code"}, map[string]columns.Kind{"size": columns.Category}
	if err := c.Check(); err == nil || !strings.Contains(err.Error(), "only these may be categories") {
		t.Errorf("got %v", err)
	}
}

// A sample stands for a table that is not held.
func TestConditionOnTextsOfASample(t *testing.T) {
	rows, _ := drawColours(1, 300)
	m, notes := fitTexts(t, writeTexts(t, "t.csv", "size,colour,age", rows), func(c *FitConfig) {
		c.ConditionOn, c.Model, c.Stream, c.Steps = []string{"colour"}, "realnvp", true, 5
	})
	if !strings.Contains(notes, "training sees the sample alone: columns of texts are conditioned on") || len(m.Context) != 3 {
		t.Errorf("context %q, said\n%s", m.Context, notes)
	}
}

func TestRareTextsAreNoCondition(t *testing.T) {
	rows, _ := drawColours(1, 300)
	rows[7][1] = "grey"
	c := DefaultFit()
	c.ConditionOn = []string{"colour"}
	_, err := Fit(context.Background(), writeTexts(t, "t.csv", "size,colour,age", rows), filepath.Join(t.TempDir(), "m"), c, Progress{})
	if err == nil || !strings.Contains(err.Error(), `column "colour" has "grey" in 1 rows`) {
		t.Errorf("got %v", err)
	}
}
