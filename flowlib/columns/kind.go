package columns

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"normflow/internal/show"
)

// Kind is the kind of a column. A declaration may include edges: "positive(0)",
// "bounded(0,100)", "periodic(0,360)". "" leaves the choice to [Choose].
type Kind string

// The kinds; see the package comment for their maps.
const (
	Continuous Kind = "continuous"
	Positive   Kind = "positive"
	Bounded    Kind = "bounded"
	Tails      Kind = "tails"
	Periodic   Kind = "periodic"
	// Category is a column of texts, or of numbers that stand for some: not of this package,
	// whose [Choose] refuses it, but of package categories.
	Category Kind = "category"
)

const kindNames = "continuous, positive, bounded, tails or periodic"

// ParseKind parses a user's declaration of a kind.
func ParseKind(text string) (Kind, error) {
	k := Kind(strings.ReplaceAll(text, " ", ""))
	if _, _, err := k.split(); err != nil {
		return "", err
	}
	return k, nil
}

// split separates the kind from its edges.
func (k Kind) split() (kind Kind, edges []float64, err error) {
	name, list, open := strings.Cut(string(k), "(")
	kind = Kind(name)
	if open {
		list, closed := strings.CutSuffix(list, ")")
		if !closed {
			return "", nil, fmt.Errorf("found %s, expected a bracket at its end, as in bounded(0,100)", show.Quoted(string(k)))
		}
		for _, text := range strings.Split(list, ",") {
			edge, err := strconv.ParseFloat(text, 64)
			if err != nil || math.IsNaN(edge) || math.IsInf(edge, 0) {
				return "", nil, fmt.Errorf("found %s in %s, expected a number", show.Quoted(text), show.Quoted(string(k)))
			}
			edges = append(edges, edge)
		}
	}
	switch kind {
	case Continuous, Tails, Category:
		if open {
			return "", nil, fmt.Errorf("found %s, expected no edges: a %s column has none", show.Quoted(string(k)), kind)
		}
	case Positive:
		if len(edges) > 1 {
			return "", nil, fmt.Errorf("found %s, expected one edge, as in positive(0)", show.Quoted(string(k)))
		}
	case Bounded, Periodic:
		if open && (len(edges) != 2 || !(edges[0] < edges[1])) {
			return "", nil, fmt.Errorf("found %s, expected two edges, the smaller one first, as in %s(0,100)", show.Quoted(string(k)), kind)
		}
		if open {
			c := Column{Kind: kind, Low: edges[0], High: edges[1]}
			if kind == Periodic {
				c.Cut = c.Low
			}
			if err := c.Check(); err != nil {
				return "", nil, err
			}
		}
	default:
		return "", nil, fmt.Errorf("found the kind %s, expected %s, or category, with edges as in bounded(0,100)", show.Quoted(string(k)), kindNames)
	}
	return kind, edges, nil
}
