package pictures

import (
	"math/rand/v2"

	"normflow/flowlib/figure"
	"normflow/flowlib/imageset"
)

// Kind is a set of pictures that are no digits, or not as the flow knows them.
type Kind struct {
	Name string
	Set  *imageset.Set
}

// mostOfKind is how many pictures a kind has at most.
const mostOfKind = 120

// Others makes pictures of other kinds, some of them out of the test digits.
func (p Parts) Others() []Kind {
	test := p.Test.Take(upTo(min(mostOfKind, p.Test.Len())))
	shape, top := test.Shape, byte(test.Levels-1)
	w := shape.Width
	rng := rand.New(rand.NewPCG(5, 0x07e5))
	each := func(name string, n int, pixel func(i, j int) byte) Kind {
		s := &imageset.Set{Shape: shape, Levels: test.Levels}
		for i := range n {
			for j := range shape.Features() {
				s.Pixels = append(s.Pixels, pixel(i, j))
			}
		}
		return Kind{name, s}
	}
	of := func(i, j int) byte { return test.Picture(i)[j] }
	n := test.Len()
	return []Kind{
		each("blank", 1, func(int, int) byte { return 0 }),
		each("half a digit", n, func(i, j int) byte {
			if j%w >= w/2 {
				return 0
			}
			return of(i, j)
		}),
		each("a stroke", n, func(i, j int) byte { // of some length, place and ink
			y, x, short := j/w, j%w, i%3
			if x == w/4+i/3%(w/2) && y >= short && y < shape.Height-short {
				return top - byte(i/12%5)
			}
			return 0
		}),
		each("plain gray", int(top), func(i, _ int) byte { return byte(i + 1) }),
		each("noise", n, func(int, int) byte { return byte(rng.IntN(test.Levels)) }),
		each("inverted", n, func(i, j int) byte { return top - of(i, j) }),
		each("upside down", n, func(i, j int) byte { return of(i, shape.Features()-1-j) }),
		{"texture", imageset.Texture{Height: shape.Height, Width: w, Levels: test.Levels}.Draw(5, n)},
	}
}

// KindPanels shows four pictures of each kind.
func KindPanels(kinds []Kind) (panels []figure.PicturePanel) {
	for _, k := range kinds {
		panels = append(panels, Sheet(k.Name, k.Set, 4, 4))
	}
	return panels
}
