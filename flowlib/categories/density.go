package categories

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// Density is the density of m columns of categories. [Fit] makes one; one that was read
// from a file must pass Check before it is used.
type Density struct {
	Columns []Column `json:"columns"` // [m], each after its parent
	// Common are combinations that rows have had.
	Common []Combination `json:"common,omitempty"`
	Prior  float64       `json:"prior"` // how many rows the tree of columns counts for beside them
	// Unseen is how many rows with another text count beside them, for each column.
	Unseen float64 `json:"unseen,omitempty"`

	place map[string]int // in Common
	rows  float64        // of all in Common
	tree  [][]float64    // P(level) of each column by the tree
	means [][]float64    // the same among the levels that have a name
}

// Column is one column of categories.
type Column struct {
	Feature int      `json:"feature"` // its place among the features of a row
	Levels  []string `json:"levels"`  // K, none twice
	Parent  int      `json:"parent"`  // the column before this one that it leans on; -1: none
	// Shares are P(level | level of the parent), [1 or levels of the parent + 1][K+1]; the
	// last is of all other texts.
	Shares [][]float64 `json:"shares"`
	// Shift and LogScale are what a level adds to the mean and to the logarithm of the
	// spread of each number, [K+1][D]; nil: nothing.
	Shift    [][]float64 `json:"shift,omitempty"`
	LogScale [][]float64 `json:"log_scale,omitempty"`
}

// Combination is one of codes that come together.
type Combination struct {
	Codes    []int     `json:"codes"` // [m]
	Rows     float64   `json:"rows"`
	Shift    []float64 `json:"shift,omitempty"` // [D], beside those of the columns
	LogScale []float64 `json:"log_scale,omitempty"`
}

// Other is the code of texts that are no level.
func (c Column) Other() int { return len(c.Levels) }

func (c Column) size() int { return len(c.Levels) + 1 }

// key is that of codes in a map.
func key(codes []int) string {
	b := make([]byte, 0, 2*len(codes))
	for _, k := range codes {
		b = append(b, byte(k), byte(k>>8))
	}
	return string(b)
}

// MaxLevels bounds the levels of a column.
const MaxLevels = 1 << 12

// Check returns an error unless d is a density of categories beside so many numbers; if it
// is, the other methods may be called.
func (d *Density) Check(numbers int) error {
	if len(d.Columns) == 0 {
		return fmt.Errorf("no column of categories")
	}
	if !(d.Prior > 0) || math.IsInf(d.Prior, 0) {
		return fmt.Errorf("a prior of %g rows, expected more than 0", d.Prior)
	}
	if !(d.Unseen >= 0) || math.IsInf(d.Unseen, 0) {
		return fmt.Errorf("%g rows of other texts, expected 0 or more", d.Unseen)
	}
	features := map[int]bool{}
	for j, c := range d.Columns {
		if err := d.checkColumn(j, numbers); err != nil {
			return fmt.Errorf("column %d of categories: %w", j, err)
		}
		if c.Feature < 0 || c.Feature >= numbers+len(d.Columns) || features[c.Feature] {
			return fmt.Errorf("column %d of categories is feature %d of %d, expected one of its own", j, c.Feature, numbers+len(d.Columns))
		}
		features[c.Feature] = true
	}
	d.index()
	if len(d.place) != len(d.Common) {
		return fmt.Errorf("a combination of categories is there twice")
	}
	for i, c := range d.Common {
		if len(c.Codes) != len(d.Columns) {
			return fmt.Errorf("combination %d has %d codes, expected %d", i, len(c.Codes), len(d.Columns))
		}
		for j, k := range c.Codes {
			if k < 0 || k >= d.Columns[j].size() {
				return fmt.Errorf("combination %d has code %d of column %d, which has %d", i, k, j, d.Columns[j].size())
			}
		}
		if !(c.Rows > 0) || math.IsInf(c.Rows, 0) {
			return fmt.Errorf("combination %d has %g rows, expected more than 0", i, c.Rows)
		}
		for _, effect := range [][]float64{c.Shift, c.LogScale} {
			if effect != nil && (len(effect) != numbers || !finite(effect)) {
				return fmt.Errorf("combination %d has effects %v on %d numbers", i, effect, numbers)
			}
		}
	}
	return nil
}

func (d *Density) checkColumn(j, numbers int) error {
	c := d.Columns[j]
	if len(c.Levels) < 1 || len(c.Levels) > MaxLevels {
		return fmt.Errorf("%d levels, expected 1 to %d", len(c.Levels), MaxLevels)
	}
	seen := map[string]bool{}
	for _, level := range c.Levels {
		if seen[level] {
			return fmt.Errorf("a level is there twice")
		}
		seen[level] = true
	}
	if c.Parent < -1 || c.Parent >= j {
		return fmt.Errorf("its parent is column %d, expected one before it, or -1", c.Parent)
	}
	given := 1
	if c.Parent >= 0 {
		given = d.Columns[c.Parent].size()
	}
	if len(c.Shares) != given {
		return fmt.Errorf("shares given %d levels, expected %d", len(c.Shares), given)
	}
	for _, shares := range c.Shares {
		sum := 0.0
		for _, p := range shares {
			if !(p > 0) {
				return fmt.Errorf("a share of %g, expected more than 0", p)
			}
			sum += p
		}
		if len(shares) != c.size() || !(math.Abs(sum-1) < 1e-9) {
			return fmt.Errorf("%d shares of %d levels that sum to %.12g", len(shares), c.size(), sum)
		}
	}
	for _, effects := range [][][]float64{c.Shift, c.LogScale} {
		if effects == nil {
			continue
		}
		if len(effects) != c.size() {
			return fmt.Errorf("effects of %d levels, expected %d", len(effects), c.size())
		}
		for _, effect := range effects {
			if len(effect) != numbers || !finite(effect) {
				return fmt.Errorf("effects %v on %d numbers", effect, numbers)
			}
		}
	}
	return nil
}

func finite(values []float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return v-v != 0 })
}

// index gathers what follows from the fields.
func (d *Density) index() {
	d.place, d.rows, d.tree, d.means = map[string]int{}, 0, nil, nil
	for i, c := range d.Common {
		d.place[key(c.Codes)] = i
		d.rows += c.Rows
	}
	for _, c := range d.Columns {
		p := make([]float64, c.size())
		if c.Parent < 0 {
			copy(p, c.Shares[0])
		} else {
			for u, shares := range c.Shares {
				for v, share := range shares {
					p[v] += d.tree[c.Parent][u] * share
				}
			}
		}
		d.tree = append(d.tree, p)
		named := make([]float64, len(c.Levels))
		for v := range named {
			named[v] = p[v] / (1 - p[c.Other()])
		}
		d.means = append(d.means, named)
	}
}

// LogProb returns log P of codes, [m].
func (d *Density) LogProb(codes []int) float64 {
	tree, counts := 0.0, d.Prior
	for j, c := range d.Columns {
		tree += math.Log(c.Shares[d.given(j, codes)][codes[j]])
		if codes[j] == c.Other() {
			counts += d.Unseen / d.tree[j][c.Other()]
		}
	}
	tree += math.Log(counts)
	if i, common := d.place[key(codes)]; common {
		return math.Log(d.Common[i].Rows+math.Exp(tree)) - math.Log(d.all())
	}
	return tree - math.Log(d.all())
}

// all is how many rows there are with those of the prior and of other texts.
func (d *Density) all() float64 { return d.rows + d.Prior + d.Unseen*float64(len(d.Columns)) }

// Marginal returns the probabilities of the levels of column j, [K+1], to within those of
// other texts.
func (d *Density) Marginal(j int) []float64 {
	p := make([]float64, d.Columns[j].size())
	for k, share := range d.tree[j] {
		p[k] = (d.Prior + d.Unseen*float64(len(d.Columns)-1)) * share / d.all() // but for how columns lean on each other
	}
	p[d.Columns[j].Other()] += d.Unseen / d.all()
	for _, c := range d.Common {
		p[c.Codes[j]] += c.Rows / d.all()
	}
	return p
}

// given is the row of a column's shares.
func (d *Density) given(j int, codes []int) int {
	if parent := d.Columns[j].Parent; parent >= 0 {
		return codes[parent]
	}
	return 0
}

// Draw sets codes, [m], to a draw.
func (d *Density) Draw(rng *rand.Rand, codes []int) {
	u := rng.Float64() * d.all()
	for _, c := range d.Common {
		if u -= c.Rows; u < 0 {
			copy(codes, c.Codes)
			return
		}
	}
	for j := range codes {
		codes[j] = -1
	}
	if u -= d.Prior; u >= 0 && d.Unseen > 0 { // by the tree, given that one column has another text
		j := min(int(u/d.Unseen), len(codes)-1)
		for codes[j] = d.Columns[j].Other(); d.Columns[j].Parent >= 0; j = d.Columns[j].Parent {
			weights := make([]float64, len(d.Columns[j].Shares))
			for k, shares := range d.Columns[j].Shares {
				weights[k] = d.tree[d.Columns[j].Parent][k] * shares[codes[j]]
			}
			codes[d.Columns[j].Parent] = pick(rng, weights)
		}
	}
	for j, c := range d.Columns {
		if codes[j] < 0 {
			codes[j] = pick(rng, c.Shares[d.given(j, codes)])
		}
	}
}

// pick draws a place by its weight.
func pick(rng *rand.Rand, weights []float64) (k int) {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	for u := rng.Float64()*sum - weights[0]; u >= 0 && k+1 < len(weights); u -= weights[k] {
		k++
	}
	return k
}

// Width is how many numbers Encode gives.
func (d *Density) Width() (n int) {
	for _, c := range d.Columns {
		n += len(c.Levels)
	}
	return n
}

// Encode sets to, [Width], to codes as numbers: for each column a 1 in the place of its
// level and 0 in those of the others. Other texts are what is usual.
func (d *Density) Encode(to []float64, codes []int) {
	for j, c := range d.Columns {
		own := to[:len(c.Levels)]
		if to = to[len(own):]; codes[j] == c.Other() {
			copy(own, d.means[j])
			continue
		}
		clear(own)
		own[codes[j]] = 1
	}
}
