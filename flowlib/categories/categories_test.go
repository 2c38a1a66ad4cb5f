package categories

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// rows of two columns of 3 and 2 levels that lean on each other, and a third that does not.
func rowsOf(n int, rng *rand.Rand) (codes [][]int) {
	for range n {
		a := rng.IntN(3)
		b := 0
		if rng.Float64() < []float64{0.1, 0.5, 0.95}[a] {
			b = 1
		}
		codes = append(codes, []int{b, a, rng.IntN(4)})
	}
	return codes
}

var levels = [][]string{{"x", "y"}, {"p", "q", "r"}, {"1", "2", "3", "4"}}

func each(d *Density, do func(codes []int)) {
	codes := make([]int, len(d.Columns))
	var walk func(j int)
	walk = func(j int) {
		if j == len(codes) {
			do(codes)
			return
		}
		for k := range d.Columns[j].size() {
			codes[j] = k
			walk(j + 1)
		}
	}
	walk(0)
}

// Probabilities sum to one, are positive for every combination, and come back from a file.
func TestProbabilitiesSumToOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{20, 2000} {
		d, at, _ := Fit([]int{0, 2, 3}, levels, rowsOf(n, rng))
		if len(at) != 3 {
			t.Fatalf("the order is %v", at)
		}
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		var read Density
		if err := json.Unmarshal(text, &read); err != nil {
			t.Fatal(err)
		}
		if err := read.Check(1); err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		each(d, func(codes []int) {
			p := math.Exp(d.LogProb(codes))
			if again := math.Exp(read.LogProb(codes)); !(p > 0) || again != p {
				t.Errorf("P(%v) = %g, from a file %g", codes, p, again)
			}
			sum += p
		})
		if math.Abs(sum-1) > 1e-12 {
			t.Errorf("%d rows: probabilities sum to %.15g", n, sum)
		}
	}
}

// Draws come as often as their probability says.
func TestDrawsFollow(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 1))
	d, _, _ := Fit([]int{0, 1, 2}, levels, rowsOf(300, rng))
	d.Prior, d.Unseen = 200, 30 // so that the tree is drawn from as well
	const n = 200000
	count := map[string]float64{}
	codes := make([]int, 3)
	for range n {
		d.Draw(rng, codes)
		count[key(codes)]++
	}
	each(d, func(codes []int) {
		p := math.Exp(d.LogProb(codes))
		if se := math.Sqrt(p * (1 - p) / n); math.Abs(count[key(codes)]/n-p) > 5*se+1e-9 {
			t.Errorf("%v is drawn with %g, its probability is %g", codes, count[key(codes)]/n, p)
		}
	})
}

// The density is near the truth, and says of fresh rows what it says of rows left out.
func TestFitIsNearTheTruth(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 1))
	d, at, held := Fit([]int{0, 1, 2}, levels, rowsOf(2000, rng))
	kl, fresh, out := 0.0, rowsOf(20000, rng), 0.0
	for _, row := range fresh {
		b, truth := []float64{0.1, 0.5, 0.95}[row[1]], math.Log(1./12)
		if row[0] == 1 {
			truth += math.Log(b)
		} else {
			truth += math.Log(1 - b)
		}
		kl += (truth - d.LogProb(Ordered(row, at))) / float64(len(fresh))
		out -= d.LogProb(Ordered(row, at)) / float64(len(fresh))
	}
	claim := 0.0
	for _, lp := range held {
		claim -= lp / float64(len(held))
	}
	t.Logf("KL %.4f, NLL of fresh rows %.4f, claimed %.4f", kl, out, claim)
	if kl > 0.01 || math.Abs(claim-out) > 0.03 {
		t.Errorf("KL %.4f, NLL of fresh rows %.4f, claimed %.4f", kl, out, claim)
	}
}

// Where three columns say what none or two do, the table knows.
func TestTableKnowsWhatNoTreeDoes(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 1))
	var codes [][]int
	for range 1000 {
		a, b := rng.IntN(2), rng.IntN(2)
		codes = append(codes, []int{a, b, a ^ b})
	}
	two := []string{"0", "1"}
	d, _, _ := Fit([]int{0, 1, 2}, [][]string{two, two, two}, codes)
	if lp := d.LogProb([]int{1, 1, 0}); math.Abs(lp-math.Log(0.25)) > 0.15 {
		t.Errorf("P = %.4f, want near 0.25", math.Exp(lp))
	}
}

// Effects are found where there are some, none where there are none; centring is exact.
func TestCenter(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 1))
	codes := rowsOf(2000, rng)
	d, at, _ := Fit([]int{0, 1, 2}, levels, codes)
	var ordered [][]int
	var y [][]float64
	shift, spread := []float64{0, 3, -1}, []float64{1, 2, 0.5}
	for _, row := range codes {
		ordered = append(ordered, Ordered(row, at))
		y = append(y, []float64{100 + shift[row[1]] + spread[row[1]]*rng.NormFloat64(), rng.NormFloat64()})
	}
	farther := d.Center(ordered, y)
	if err := d.Check(2); err != nil {
		t.Fatal(err)
	}
	sum, square := 0.0, 0.0
	for i, row := range y {
		again := append([]float64{}, row...)
		logDet := d.Apply(again, ordered[i])
		sum, square = sum+again[0], square+again[0]*again[0]
		if !(farther[i][0] >= 1 && farther[i][0] < 1.05) {
			t.Fatalf("row %d lies %g times as far by the others' effects", i, farther[i][0])
		}
		want := -math.Log(spread[codes[i][1]])
		if base := d.Apply([]float64{0, 0}, ordered[0]) + math.Log(spread[codes[0][1]]); math.Abs(logDet-base-want) > 0.15 {
			t.Fatalf("log-det %g, expected %g but for %g that all have", logDet, want, base)
		}
		if d.Invert(again, ordered[i]); math.Abs(again[0]-row[0]) > 1e-9 || math.Abs(again[1]-row[1]) > 1e-9 {
			t.Fatalf("%v comes back as %v", row, again)
		}
	}
	if n := float64(len(y)); math.Abs(sum/n) > 0.1 {
		t.Errorf("the middle is %g, expected near 0", sum/n)
	}
	for _, c := range d.Columns {
		for _, effect := range c.Shift {
			if math.Abs(effect[1]-d.Columns[0].Shift[0][1]) > 0.2 && math.Abs(effect[1]) > 0.2 {
				t.Errorf("effects on a number that has none: %v", c.Shift)
			}
		}
	}
}

// Many combinations beside many numbers do not fill a file, of which 16 MB are read.
func TestManyNumbers(t *testing.T) {
	const rows, numbers = 5000, 200
	rng := rand.New(rand.NewPCG(8, 1))
	var names [2][]string
	for k := range 50 {
		names[0], names[1] = append(names[0], fmt.Sprint(k)), append(names[1], fmt.Sprint(k))
	}
	var codes, ordered [][]int
	var y [][]float64
	for range rows {
		of, row := []int{rng.IntN(50), rng.IntN(50)}, make([]float64, numbers)
		for k := range row {
			row[k] = rng.NormFloat64() + 0.1*float64(of[0]) + math.Sin(float64(k+1)*(1+float64(50*of[0]+of[1]))) // each combination has one
		}
		codes, y = append(codes, of), append(y, row)
	}
	d, at, _ := Fit([]int{0, 1}, names[:], codes)
	for _, row := range codes {
		ordered = append(ordered, Ordered(row, at))
	}
	d.Center(ordered, y)
	if err := d.Check(numbers); err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > 12<<20 || d.Common[0].Shift == nil {
		t.Errorf("%d combinations are %d MB", len(d.Common), len(text)>>20)
	}
	if shift := d.Columns[slices.Index(at, 0)].Shift; math.Abs(shift[49][0]-shift[0][0]-4.9) > 1 { // 100 rows each, spread about 1.2 and shrunk
		t.Errorf("the last level lies %g above the first, expected near 4.9", shift[49][0]-shift[0][0])
	}
}

// What is no density is refused.
func TestCheckRefuses(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 1))
	for name, spoil := range map[string]func(d *Density){
		"no column":       func(d *Density) { d.Columns = nil },
		"prior":           func(d *Density) { d.Prior = 0 },
		"parent":          func(d *Density) { d.Columns[0].Parent = 1 },
		"feature twice":   func(d *Density) { d.Columns[0].Feature = d.Columns[1].Feature },
		"share":           func(d *Density) { d.Columns[0].Shares[0][0] = 0 },
		"sum":             func(d *Density) { d.Columns[0].Shares[0][0] += 0.1 },
		"level twice":     func(d *Density) { d.Columns[0].Levels = []string{"a", "a", "b", "c"}[:len(d.Columns[0].Levels)] },
		"codes":           func(d *Density) { d.Common[0].Codes = []int{1} },
		"code":            func(d *Density) { d.Common[0].Codes = []int{0, 0, 9} },
		"rows":            func(d *Density) { d.Common[0].Rows = math.Inf(1) },
		"twice":           func(d *Density) { d.Common[0] = d.Common[1] },
		"effects":         func(d *Density) { d.Columns[1].Shift = [][]float64{{1}} },
		"effect":          func(d *Density) { d.Common[0].Shift = []float64{math.NaN()} },
		"unseen":          func(d *Density) { d.Unseen = -1 },
		"shares of other": func(d *Density) { d.Columns[0].Shares = append(d.Columns[0].Shares, nil) },
	} {
		d, _, _ := Fit([]int{0, 1, 3}, [][]string{{"a", "b"}, {"p", "q", "r"}, {"1", "2", "3", "4"}}, rowsOf(200, rng))
		if spoil(d); d.Check(1) == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
