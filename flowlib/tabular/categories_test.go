package tabular

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"normflow/flowlib/columns"
	"normflow/flowlib/density"
	"normflow/flowlib/table"
)

// tree rows have a species, a height that depends on it, whether the tree is ill, which
// depends on both, and a name that no other has.
const trees = "name,species,height,ill,girth"

var species = []string{"ash", "beech", "oak, old"}

func drawTrees(seed uint64, n int) (rows [][]string, logProb []float64) {
	rng := rand.New(rand.NewPCG(seed, 5))
	normal := func(v, mean, std float64) float64 {
		z := (v - mean) / std
		return -z*z/2 - math.Log(std) - math.Log(2*math.Pi)/2
	}
	for i := range n {
		k := 0
		for u := rng.Float64(); k < 2 && u > []float64{0.5, 0.8}[k]; k++ {
		}
		sick := []float64{0.1, 0.5, 0.3}[k]
		ill := rng.Float64() < sick
		mean, std := []float64{10, 14, 30}[k], []float64{1, 2, 1}[k]
		lp := math.Log([]float64{0.5, 0.3, 0.2}[k])
		if ill {
			mean -= float64(3 * k)
			lp += math.Log(sick)
		} else {
			lp += math.Log(1 - sick)
		}
		height := mean + std*rng.NormFloat64()
		girth := height/10 + 0.2*rng.NormFloat64()
		lp += normal(height, mean, std) + normal(girth, height/10, 0.2)
		rows = append(rows, []string{fmt.Sprintf("tree %d", i), species[k], fmt.Sprint(height), map[bool]string{true: "yes", false: "no"}[ill], fmt.Sprint(girth)})
		logProb = append(logProb, lp)
	}
	return rows, logProb
}

// writeTexts writes a table of these columns.
func writeTexts(t *testing.T, name, columns string, rows [][]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	var kept []table.Column
	for _, column := range strings.Split(columns, ",") {
		kept = append(kept, table.Column{Name: column, Kind: table.Text})
	}
	w, err := table.Create(path, kept, nil, table.Dialect{})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Write(row, nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	return path
}

// fitTexts fits with no choice of a model and returns what was said.
func fitTexts(t *testing.T, file string, change func(c *FitConfig)) (m *Model, notes string) {
	t.Helper()
	c := DefaultFit()
	c.Steps = 300
	if change != nil {
		change(&c)
	}
	var all []string
	dir := filepath.Join(t.TempDir(), "model")
	if _, err := Fit(context.Background(), file, dir, c, Progress{Note: func(n table.Note) { all = append(all, n.String()) }}); err != nil {
		t.Fatal(err)
	}
	return open(t, dir, "auto"), strings.Join(all, "\n") + "\n"
}

// codesIn are rows of texts as a model takes them.
func codesIn(t *testing.T, m *Model, rows [][]string) (all [][]float64) {
	t.Helper()
	o := table.Options{Columns: m.Features, Coder: m.coder}
	got, err := table.ReadAll(writeTexts(t, "codes.csv", trees, rows), o)
	if err != nil {
		t.Fatal(err)
	}
	return got.Rows
}

// A table of texts and numbers is fitted as it is: the density is near the truth, draws hold
// texts as often as they come, and anomalies are told by them.
func TestCategories(t *testing.T) {
	if testing.Short() {
		t.Skip("many rows, and no more threads than in other tests")
	}
	rows, _ := drawTrees(1, 1500)
	file := writeTexts(t, "trees.csv", trees, rows)
	m, notes := fitTexts(t, file, nil)
	for _, want := range []string{
		`column "name": left out, 1500 different texts in 1500 rows, such as "tree 0": too many for a category`,
		`column "species": feature, category of 3 levels: "ash" `, `column "ill": feature, category of 2 levels: "no" `,
		"The model of the numbers given the categories is ",
	} {
		if !strings.Contains(notes+m.Record.Made(), want) {
			t.Errorf("did not say %s, but\n%s", want, notes+m.Record.Made())
		}
	}
	if !slices.Equal(m.Features, []string{"species", "height", "ill", "girth"}) || m.Context != nil {
		t.Fatalf("features %q, context %q", m.Features, m.Context)
	}
	fresh, truth := drawTrees(2, 20000)
	logProb, err := density.LogProb(m, codesIn(t, m, fresh))
	if err != nil {
		t.Fatal(err)
	}
	kl, nll := 0.0, 0.0
	for i, lp := range logProb {
		kl, nll = kl+(truth[i]-lp)/float64(len(fresh)), nll-lp/float64(len(fresh))
	}
	t.Logf("KL %.4f; fresh %.4f, claimed %v, test %v", kl, nll, m.Record.Valid, m.Record.Test)
	if kl > 0.08 {
		t.Errorf("the NLL of fresh rows is %.4f nats above the entropy", kl)
	}
	if v := m.Record.Valid; math.Abs(v.Mean-nll) > 4*v.SE {
		t.Errorf("claims %v, of fresh rows %.4f", v, nll)
	}

	out := filepath.Join(t.TempDir(), "draws.csv")
	const n = 20000
	if _, err := m.Sample(context.Background(), out, SampleConfig{Count: n, Temperature: 1, LogProb: true}); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(string(text), "species,height,ill,girth,log_prob\n") {
		t.Errorf("draws begin with %.60q", text)
	}
	for _, s := range []struct {
		text string
		want float64
	}{{"\"oak, old\",", 0.2}, {"beech,", 0.3}, {",yes,", 0.05 + 0.15 + 0.06}} {
		if share := float64(strings.Count(string(text), s.text)) / n; math.Abs(share-s.want) > 0.035 {
			t.Errorf("%q is in %.3f of the draws, expected %.3f", s.text, share, s.want)
		}
	}
	// Their log_prob is what scoring them says.
	scores := filepath.Join(t.TempDir(), "scores.csv")
	seen, err := m.Score(context.Background(), out, scores, Options{})
	if err != nil {
		t.Fatal(err)
	}
	again := readAll(t, scores).Rows
	first := strings.SplitN(string(text), "\n", 3)[1]
	var drawnScore float64
	if _, err := fmt.Sscan(first[strings.LastIndex(first, ",")+1:], &drawnScore); err != nil {
		t.Fatal(err)
	}
	if got := again[0][len(again[0])-1]; math.Abs(got-drawnScore) > 1e-3 || seen.Rows != n {
		t.Errorf("the first draw has %g, scored %g", drawnScore, got)
	}

	odd := writeTexts(t, "odd.csv", "girth,species,ill,height", [][]string{
		{"1", "ash", "no", "10"}, {"3", "ash", "no", "30"}, {"3", "oak, old", "no", "30"}, {"3", "\x1b[31mpalm", "no", "30"}, {"1", "ash", "maybe", "10"},
	})
	a, err := m.Anomalies(context.Background(), odd, filepath.Join(t.TempDir(), "a.csv"), AnomalyOptions{FalseAlarm: 0.01, Options: Options{Keep: true}})
	if err != nil {
		t.Fatal(err)
	}
	all := fmt.Sprint(a.Strangest)
	if a.Flagged != 3 || !strings.Contains(all, `species is "ash", not "oak, old"`) || !strings.Contains(all, `ill is (other), not "no"`) || !strings.Contains(all, `species is (other), not "oak, old"`) {
		t.Errorf("flagged %d: %s", a.Flagged, all)
	}
	if len(a.Warnings) != 2 || !strings.Contains(a.Warnings[0].Says, `column "species" has none of its 3 levels in 1 rows, the first at line 5: all such texts count as one level, of probability 0.000`) {
		t.Errorf("warned of %v", a.Warnings)
	}

	e, err := m.Evaluate(context.Background(), writeTexts(t, "fresh.csv", trees, fresh[:1000]), Options{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	page := filepath.Join(t.TempDir(), "p.html")
	if err := m.WritePage(page, e); err != nil {
		t.Fatal(err)
	}
	html, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Category by category", "of the draws", "oak, old"} {
		if !strings.Contains(string(html), want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if strings.Contains(string(html), "Not drawn") || strings.Contains(string(html), "cannot be drawn") {
		t.Error("a picture of the page is not drawn")
	}
}

// A flow that the user names is given the categories as well.
func TestCategoriesAndANamedFlow(t *testing.T) {
	rows, _ := drawTrees(3, 400)
	m, _ := fitTexts(t, writeTexts(t, "trees.csv", trees, rows), func(c *FitConfig) { c.Model, c.Layers, c.Exclude = "realnvp", 2, []string{"girth", "name"} })
	if !slices.Equal(m.Features, []string{"species", "height", "ill"}) || len(m.Saved.Members) != 1 || m.Saved.Members[0].Context() != 5 {
		t.Errorf("features %q, %d members", m.Features, len(m.Saved.Members))
	}
}

// What is no category, and what is one all the same.
func TestWhichTextsAreCategories(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	table := func(of func(i int) string) string {
		var rows [][]string
		for i := range 300 {
			rows = append(rows, []string{of(i), fmt.Sprint(rng.NormFloat64()), fmt.Sprint(rng.NormFloat64())})
		}
		return writeTexts(t, "t.csv", "c,x,y", rows)
	}
	for _, tt := range []struct {
		name string
		of   func(i int) string
		kind columns.Kind
		says string
		is   bool
	}{
		{"rare texts", func(i int) string { return fmt.Sprint("t", min(i%40, 3+i/20)) }, "", `category of `, true},
		{"a gap", func(i int) string { return []string{"", "p", "q"}[i%3] }, "", `category of 3 levels: "" 33.3 %, "p" 33.3 %, "q" 33.3 %`, true},
		{"one text", func(int) string { return "same" }, "", `left out, "same" in all 240 training rows`, false},
		{"units", func(i int) string { return fmt.Sprintf("%.2f kg", rng.ExpFloat64()) }, "", `warning: column "c" is left out: its texts begin with digits`, false},
		{"numbers declared", func(i int) string { return fmt.Sprint(i % 4) }, columns.Category, `category of 4 levels: "0" 25.0 %, "1" 25.0 %, "2" 25.0 %, "3" 25.0 %, as declared`, true},
		{"numbers", func(i int) string { return fmt.Sprint(i % 4) }, "", `4 values in 300 rows, all on steps of 1`, false},
		{"names declared", func(i int) string { return fmt.Sprint("n", max(0, i-200)) }, columns.Category, `category of 1 levels: "n0" 67.0 %; 99 other texts, in 99 rows, count as one level, as declared`, true},
		{"names", func(i int) string { return fmt.Sprint("n", max(0, i-200)) }, "", `too many for a category`, false},
	} {
		m, notes := fitTexts(t, table(tt.of), func(c *FitConfig) {
			c.Model, c.Layers, c.Steps, c.Kinds = "realnvp", 1, 20, map[string]columns.Kind{}
			if tt.kind != "" {
				c.Kinds["c"] = tt.kind
			}
		})
		if !strings.Contains(notes, tt.says) || (m.Saved.Categories != nil) != tt.is {
			t.Errorf("%s: said\n%s", tt.name, notes)
		}
	}
}
