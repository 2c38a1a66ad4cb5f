package figure

import (
	"image/color"
	"math"
)

// viridis is the color map of Smith and van der Walt (https://bids.github.io/colormap/,
// CC0) at 33 equal steps from 0 to 1. Equal steps look equally far apart, also in gray
// and to color-blind readers.
var viridis = [...]uint32{
	0x440154, 0x470d60, 0x48186a, 0x482374, 0x472d7b, 0x453781, 0x424086, 0x3e4989, 0x3b528b, 0x375b8d, 0x33638d,
	0x2f6b8e, 0x2c728e, 0x297a8e, 0x26828e, 0x23898e, 0x21918c, 0x1f988b, 0x1fa088, 0x22a785, 0x28ae80, 0x32b67a,
	0x3fbc73, 0x4ec36b, 0x5ec962, 0x70cf57, 0x84d44b, 0x98d83e, 0xaddc30, 0xc2df23, 0xd8e219, 0xece51b, 0xfde725,
}

// sequential maps v in [0, 1] to viridis; values outside get the color of the nearest
// end.
func sequential(v float64) color.NRGBA {
	at := math.Min(math.Max(v, 0), 1) * float64(len(viridis)-1)
	i := min(int(at), len(viridis)-2)
	t := at - float64(i)
	mix := func(shift uint) uint8 {
		a, b := float64(viridis[i]>>shift&255), float64(viridis[i+1]>>shift&255)
		return uint8(math.Round(a + t*(b-a)))
	}
	return color.NRGBA{mix(16), mix(8), mix(0), 255}
}

// sequentialPalette returns sequential at 256 equal steps.
func sequentialPalette() color.Palette {
	p := make(color.Palette, 256)
	for i := range p {
		p[i] = sequential(float64(i) / 255)
	}
	return p
}

// cyclic maps v in [0, 1] to a circle of hues on which 0 and 1 are the same. Lightness
// rises and falls once along it, so that neighbors differ also for readers who cannot
// distinguish red from green. The circle lies in Oklab
// (https://bottosson.github.io/posts/oklab/).
func cyclic(v float64) color.NRGBA {
	sin, cos := math.Sincos(2 * math.Pi * (v - 0.62))
	const chroma = 0.13
	lightness := 0.62 - 0.13*math.Cos(2*math.Pi*(v-0.08))
	a, b := chroma*cos, chroma*sin
	l := cube(lightness + 0.3963377774*a + 0.2158037573*b)
	m := cube(lightness - 0.1055613458*a - 0.0638541728*b)
	s := cube(lightness - 0.0894841775*a - 1.2914855480*b)
	return color.NRGBA{
		gamma(4.0767416621*l - 3.3077115913*m + 0.2309699292*s),
		gamma(-1.2684380046*l + 2.6097574011*m - 0.3413193965*s),
		gamma(-0.0041960863*l - 0.7034186147*m + 1.7076147010*s),
		255,
	}
}

func cube(v float64) float64 { return v * v * v }

// gamma converts a linear intensity to a byte of sRGB.
func gamma(v float64) uint8 {
	v = math.Min(math.Max(v, 0), 1)
	if v <= 0.0031308 {
		v *= 12.92
	} else {
		v = 1.055*math.Pow(v, 1/2.4) - 0.055
	}
	return uint8(math.Round(255 * v))
}
