package eval

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/spatial/kdtree"
	"gonum.org/v1/gonum/stat/combin"
)

// C2STTest is the outcome of [C2ST].
type C2STTest struct {
	// Statistic is the accuracy on rows held out: ½ if the samples cannot be told
	// apart, 1 if they lie apart.
	Test
	SE         float64 `json:"se"`         // of the accuracy, 1/√(4·Rows), for equal distributions
	Rows       int     `json:"rows"`       // held out, half of them from each sample
	Neighbours int     `json:"neighbours"` // that vote
}

// C2ST asks whether a classifier can tell the sample x, [n, D], from y, [m, D]. It
// takes as many rows of each, at random, learns from half of them and is judged
// on the others. The classifier is a vote of the nearest neighbours, about as
// many as the square root of the rows it has learned, in standardized features.
//
// Source: Lopez-Paz and Oquab 2017, https://arxiv.org/abs/1610.06545. For equal
// distributions they give the accuracy as N(½, 1/(4·rows)). Here the halves hold
// equal numbers of either sample, so that the correct answers are hypergeometric
// given how many rows are taken for x, and the p-value is exact at any size.
//
// The seed draws the halves. It returns an error on fewer than 10 rows, on a
// value that is not finite, on rows of different lengths, and on a constant feature.
func C2ST(x, y [][]float64, seed int64) (C2STTest, error) {
	if err := checkPair(x, y, 10); err != nil {
		return C2STTest{}, err
	}
	rng := rand.New(rand.NewPCG(uint64(seed), 0xc25))
	half := min(len(x), len(y)) / 2
	x, y, err := standardize(x, y)
	if err != nil {
		return C2STTest{}, err
	}
	var train, heldOut neighbours
	for _, s := range []struct {
		rows  [][]float64
		first bool
	}{{x, true}, {y, false}} {
		for i, from := range rng.Perm(len(s.rows))[:2*half] {
			row := &neighbour{s.rows[from], s.first}
			if i < half {
				train = append(train, row)
			} else {
				heldOut = append(heldOut, row)
			}
		}
	}
	votes := int(math.Sqrt(float64(2*half))) | 1 // odd: no draw
	tree := kdtree.New(train, false)
	takenForX, hits := 0, 0
	for _, row := range heldOut {
		if vote(tree, row, votes) {
			takenForX++
			if row.first {
				hits++
			}
		}
	}
	correct := hits + half - (takenForX - hits)
	return C2STTest{
		Test:       Test{float64(correct) / float64(2*half), hypergeometricTail(hits, half, takenForX)},
		SE:         1 / math.Sqrt(4*float64(2*half)),
		Rows:       2 * half,
		Neighbours: votes,
	}, nil
}

// hypergeometricTail is the probability that of drawn rows, out of half of either
// kind, at least hits are of the first.
func hypergeometricTail(hits, half, drawn int) float64 {
	logBinomial := func(n, k int) float64 { return combin.LogGeneralizedBinomial(float64(n), float64(k)) }
	all := logBinomial(2*half, drawn)
	p := 0.0
	for h := min(half, drawn); h >= max(hits, drawn-half); h-- {
		p += math.Exp(logBinomial(half, h) + logBinomial(half, drawn-h) - all)
	}
	return min(1, p)
}

// vote says whether most of the nearest rows of the tree belong to the first sample.
func vote(tree *kdtree.Tree, row *neighbour, votes int) bool {
	keeper := kdtree.NewNKeeper(votes)
	tree.NearestSet(keeper, row)
	first := 0
	for _, near := range keeper.Heap {
		if near.Comparable.(*neighbour).first {
			first++
		}
	}
	return 2*first > votes
}

// neighbour is a row with the sample it comes from.
type neighbour struct {
	at    kdtree.Point
	first bool
}

// Compare implements [kdtree.Comparable].
func (n *neighbour) Compare(c kdtree.Comparable, d kdtree.Dim) float64 {
	return n.at[d] - c.(*neighbour).at[d]
}

// Dims implements [kdtree.Comparable].
func (n *neighbour) Dims() int { return len(n.at) }

// Distance implements [kdtree.Comparable].
func (n *neighbour) Distance(c kdtree.Comparable) float64 { return n.at.Distance(c.(*neighbour).at) }

// neighbours implements [kdtree.Interface]. It sorts where kdtree's own points
// pivot at random from a source that takes no seed, so that equal distances are
// settled alike in every run.
type neighbours []*neighbour

func (n neighbours) Index(i int) kdtree.Comparable         { return n[i] }
func (n neighbours) Len() int                              { return len(n) }
func (n neighbours) Slice(start, end int) kdtree.Interface { return n[start:end] }
func (n neighbours) Pivot(d kdtree.Dim) int {
	slices.SortStableFunc(n, func(a, b *neighbour) int { return cmp.Compare(a.at[d], b.at[d]) })
	return len(n) / 2
}
