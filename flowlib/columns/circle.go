package columns

import (
	"math"
	"slices"
	"strings"
)

// circles are the possible ranges of one turn.
var circles = [][2]float64{{0, 2 * math.Pi}, {-math.Pi, math.Pi}, {0, 360}, {-180, 180}}

// turning are words in the names of columns of angles.
var turning = []string{"angle", "direction", "bearing", "azimuth", "phase", "theta", "heading", "degree"}

// circle reports whether the values and the name of the column are those of angles, and
// returns their circle. Values in radians are enough: nothing else ends at 2π or at ±π.
func (t *chooser) circle() (low, high float64, ok bool) {
	name := strings.ToLower(t.name)
	named := slices.ContainsFunc(turning, func(word string) bool { return strings.Contains(name, word) })
	for _, c := range circles {
		low, high := c[0], c[1]
		if t.least() < low || t.most() > high {
			continue
		}
		if radians := high-low == 2*math.Pi && t.step == 0; !named && !radians {
			continue
		}
		// Both ends, a twentieth of the circle each, must have rows, in similar numbers.
		twentieth := (high - low) / 20
		i, _ := slices.BinarySearch(t.sorted, low+twentieth)
		j, _ := slices.BinarySearch(t.sorted, high-twentieth)
		first, last := float64(i), float64(len(t.sorted)-j)
		if least := float64(len(t.sorted)) / 80; first >= least && last >= least && max(first, last) <= 2*min(first, last)+10 {
			return low, high, true
		}
	}
	return 0, 0, false
}

// periodic cuts the circle between two values where its histogram, smoothed over a sixth
// of a turn, is lowest.
func (t *chooser) periodic(low, high float64) fitted {
	const bins, around = 72, 6
	period := high - low
	var counts [bins]float64
	for _, v := range t.sorted {
		counts[min(int((v-low)/period*bins), bins-1)]++
	}
	best, least := 0, math.Inf(1)
	for k := range bins {
		sum := 0.0
		for j := -around; j <= around; j++ {
			sum += counts[(k+j+bins)%bins] * float64(around+1-max(j, -j))
		}
		if sum < least {
			best, least = k, sum
		}
	}
	if t.step > 0 { // to the edge of a cell
		low -= t.step / 2
		high -= t.step / 2
	}
	c := Column{Kind: Periodic, Low: low, High: high}
	c.Cut = t.gap(low+period*float64(best)/bins, low+period*float64(best+1)/bins)
	if t.step > 0 {
		c.Cut = low + math.Round((c.Cut-low)/t.step)*t.step
	}
	if !(low <= c.Cut && c.Cut < high) {
		c.Cut = low
	}
	return t.withTails(c)
}

// gap returns the middle of the widest gap in a range between values and the ends of the
// range.
func (t *chooser) gap(from, to float64) float64 {
	i, _ := slices.BinarySearch(t.sorted, from)
	j, _ := slices.BinarySearch(t.sorted, to)
	last, widest, middle := from, 0.0, from
	for _, v := range append(slices.Clone(t.sorted[i:j]), to) {
		if v-last > widest {
			widest, middle = v-last, last+(v-last)/2
		}
		last = v
	}
	return middle
}
