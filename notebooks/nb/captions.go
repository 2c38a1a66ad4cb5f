package nb

import (
	"fmt"

	"normflow/flowlib/figure"
)

// Info returns the title and the alternative text of a figure of the notebooks, which are
// kept here so that cells stay short. It panics on an unknown name.
func Info(name string) figure.Info {
	info, ok := captions[name]
	if !ok {
		panic(fmt.Sprintf("nb: no title and alternative text for a figure %q: add them to captions.go", name))
	}
	return info
}

// half returns the same for half the width of a page.
func half(info figure.Info) figure.Info {
	info.Half = true
	return info
}

var curves = figure.Info{
	Title:       "Training curves",
	Description: "Mean log-likelihood in training and on validation data against optimizer steps, for two moons and the checkerboard. Both rise steeply and flatten towards the line of the negative entropy; the checkerboard ends farther below it.",
}

var ablation = figure.Info{
	Title:       "What ActNorm, LU, splines and a mixture base add",
	Description: "KL divergence from the true density on a logarithmic axis, a panel for each data set. Rows: the plain flow, with ActNorm, with LU, with both, with a mixture base. In each row affine above spline couplings: a dot for the median, open dots for the seeds.",
}

var captions = map[string]figure.Info{
	"onedim": {
		Title:       "Change of variables in one dimension",
		Description: "A histogram of sinh of normal draws, and the density by the change of variables, which runs through the tops of its bars.",
	},
	"densities": {
		Title:       "The nine toy densities",
		Description: "Nine heat maps: two moons with thin and with thick noise, a checkerboard of eight squares, eight Gaussians on a circle, a pinwheel of five twisted arms, two spiral arms, four concentric rings, two concentric circles and a Swiss roll. Above each its name and its entropy in nats.",
	},
	"running": {
		Title:       "Monte-Carlo log-likelihood of two models",
		Description: "Running means with bands of two standard errors. That of the true density settles on the negative entropy, that of a Gaussian well below it.",
	},
	"coupling": {
		Title:       "A grid through coupling layers",
		Description: "A square grid in latent space. The first coupling layer slides and stretches each horizontal line along itself; later layers, with masks alternating, bend the lines of both kinds. No two lines of one kind ever cross.",
	},
	"curves":      curves,
	"curves-half": half(curves),
	"samples": {
		Title:       "Data and samples, two moons",
		Description: "2,000 test events of the two moons beside 2,000 draws from the flow, which follow the same two arcs with stray points between them, the fewer the more layers the flow has.",
	},
	"samples-checkerboard": {
		Title:       "Data and samples, checkerboard",
		Description: "4,000 test events of the checkerboard beside 4,000 draws from the flow, which follow the same eight squares with softer edges and stray points between them, the fewer the more layers the flow has.",
	},
	"density": {
		Title:       "True and learned density, two moons",
		Description: "Heat maps of the exact density of the two moons and of the density the flow learned. The more layers, the more alike they look; a bridge joins the arcs of the learned one, the fainter the more layers.",
	},
	"density-checkerboard": {
		Title:       "True and learned density, checkerboard",
		Description: "Heat maps of the exact density of the checkerboard, constant on eight squares, and of the density the flow learned, with rounded and uneven squares.",
	},
	"density-checkerboard-half": {
		Title:       "True and learned density and samples, checkerboard",
		Description: "Heat maps of the exact density of the checkerboard, constant on eight squares, and of the density the flow learned, with rounded and uneven squares; beside them draws from the flow, with some between the squares, the fewer the more layers the flow has.",
		Half:        true,
	},
	"forward": {
		Title:       "From latent to data, layer by layer",
		Description: "A row of panels: a round cloud of latent points, coloured by angle, and the same points after each coupling layer. The cloud is stretched and bent step by step towards two moons.",
	},
	"inverse": {
		Title:       "From data to latent, layer by layer",
		Description: "A row of panels: test events on two moons, and the same points as the coupling layers are undone one by one, ending as a cloud over the circles of a unit Gaussian, which it fills the better the more layers the flow has.",
	},
	"layers": {
		Title:       "KL divergence against the number of layers",
		Description: "KL divergence from the true density of two moons on 50,000 fresh events, against the number of coupling layers; a dot for each of three seeds and a line through the medians. It falls steeply where there are few layers and flattens where there are many.",
		Half:        true,
	},
	"layers-samples": {
		Title:       "Samples by number of layers",
		Description: "1,500 draws from flows of increasing depth. The fewest layers give the most blurred shape; with more there are two separate arcs, and fewer and fewer stray points between them.",
	},
	"anomaly": {
		Title:       "Log-densities of normal events and of anomalies",
		Description: "Histograms of the log-density under the flow. Normal events lie high and close together, most anomalies far below them; the threshold, for the chosen rate of false alarms, stands between.",
		Half:        true,
	},
	"anomaly-map": {
		Title:       "Which anomalies are flagged",
		Description: "2,000 points spread evenly over the window. Those that fall where the flow has put its mass, on and close to the two arcs, pass; all others are flagged.",
		Half:        true,
	},
	"spline": {
		Title:       "A rational-quadratic spline and its derivative",
		Description: "Left, a rising curve through six knots, which bends within a square and is the identity outside. Right, its derivative: continuous, positive everywhere, and one at both ends and outside.",
	},
	"spirals-density": {
		Title:       "True and learned densities, spirals",
		Description: "Heat maps of the exact density of two spiral arms and of the densities that four flows learned: affine couplings, the same with ActNorm and LU, the same over a mixture, and splines.",
	},
	"spirals-samples": {
		Title:       "Data and samples, spirals",
		Description: "Test events of two spiral arms beside draws from four flows: affine couplings, the same with ActNorm and LU, the same over a mixture, and splines.",
	},
	"ablation":      ablation,
	"ablation-half": half(ablation),
	"gradients": {
		Title:       "Derivatives by hand and by automatic differentiation",
		Description: "Left, derivatives by hand against the same derivatives by automatic differentiation: all dots lie on the diagonal. Right, a histogram of the differences of all derivatives, which are as small as the rounding of float64.",
	},
	"taylor": {
		Title:       "Taylor test of the gradient",
		Description: "Remainder of the loss against the length of a step, both on logarithmic axes. Without the gradient it falls with slope 1, with the gradient with slope 2 down to rounding, and with one wrong sign in it with slope 1 again.",
	},
	"together": {
		Title:       "One training, three engines",
		Description: "Left, log-likelihood against steps of one training by GoMLX as a line, by hand and by the fast engine as dots, which lie on it. Right, how far the others are from GoMLX: in float32 from rounding at the start on more with each step, in float64 in parallel, some nine decades lower.",
	},
	"kernels": {
		Title:       "Speed of the matrix products",
		Description: "Bars of GFLOP/s on one core: multiply-adds alone, the three products of a layer of 64 to 64 units, and the readable product in plain Go, which is far behind.",
	},
	"speed": {
		Title:       "Training speed by engine and batch size",
		Description: "Thousand samples per second on a logarithmic axis, a panel for each of three batch sizes and a row for each engine.",
	},
	"race": {
		Title:       "KL divergence against time",
		Description: "Least KL divergence from the true density so far against the seconds since the process started, both logarithmic. All engines follow the same curve, moved to the right by their cold start and stretched by their pace.",
	},
	"table-curve": {
		Title:       "Training curve on the benign rows",
		Description: "Mean log-likelihood in training and on validation rows against optimizer steps. Both rise at first; then training goes on rising while validation does not.",
		Half:        true,
	},
	"table-compared": {
		Title:       "What was compared for the table",
		Description: "Bars of how many nats a row each density that was tried is less likely than the mixture of them, on rows that it was not fitted to, with standard errors and its share of the model.",
	},
	"table-scores": {
		Title:       "Strangeness of benign and malignant rows",
		Description: "Histograms of minus log p under the flow, of benign rows that it has not seen and of malignant ones. Benign rows lie close together, most malignant ones farther right, many beyond the end of the axis; the threshold stands where the histograms overlap.",
	},
	"table-decision": {
		Title:       "All thresholds, and the promise kept",
		Description: "Left, ROC curves of the flow and of two normal distributions, which rise steeply from the left and lie close together, with a dot at the flow's decision. Right, the share of benign test rows flagged against the false-alarm rate asked for, in the band around the diagonal in which luck keeps it.",
	},
	"table-ranges": {
		Title:       "Three malignant rows beside benign ones",
		Description: "A panel for the strangest malignant row, one in the middle and the least strange one; a row for each of the columns that drive them. Dots for their values, over bars where nine tenths of the benign rows lie.",
	},
	"table-rivals": {
		Title:       "The flow and two normal distributions on three splits",
		Description: "What AUROC and average precision lack to one, for the flow, a normal distribution and normal distributions column by column: the median of three splits, and a ring for each.",
	},
	"data-moons": {
		Title:       "Two moons",
		Description: "The exact density of the two moons as a heat map, with 300 draws on top of it: two thin interleaved half circles.",
		Half:        true,
	},
	"data-checkerboard": {
		Title:       "Checkerboard",
		Description: "The exact density of the checkerboard as a heat map, with 300 draws on top of it: eight squares of one colour.",
		Half:        true,
	},
	"digits": {
		Title:       "Handwritten digits",
		Description: "Forty small gray pictures of handwritten digits, eight pixels high and wide, dark ink on white.",
	},
	"digits-bits": {
		Title:       "What a pixel costs under several models",
		Description: "Bars of bits per dimension on new digits, from the model that costs most down: a Gaussian, a mixture of Gaussians, a histogram for each pixel, and flows.",
	},
	"digits-pyramid": {
		Title:       "One digit on its way to the latents",
		Description: "A digit of 8×8 pixels; the same as four pictures of 4×4, one for each place in a block of 2×2 pixels; and its latents, which look like noise: two pictures of 4×4 that leave at the first scale, and eight of 2×2 at the second.",
	},
	"digits-learning": {
		Title:       "Bits per dimension while the flow trains",
		Description: "Bits per dimension in training and on validation digits against steps. Both fall steeply, then slowly, and end close together.",
	},
	"digits-growth": {
		Title:       "Draws while the flow trains",
		Description: "Rows of ten draws from the same latents after more and more steps. The first are spots of ink where digits have ink; later rows have strokes, and some become digits.",
	},
	"digits-temperature": {
		Title:       "Draws by temperature",
		Description: "Rows of ten draws from the same latents, scaled by temperatures from low to high. Low ones are smooth and alike; high ones are rough, with strokes that break.",
	},
	"digits-between": {
		Title:       "From one digit to another",
		Description: "Two rows that begin with one digit and end with another. Through the latents strokes move and bend; through the pixels one digit fades out while the other fades in.",
	},
	"digits-scales": {
		Title:       "Latents of one scale drawn anew",
		Description: "A digit, followed by pictures with the latents of its fine scale drawn anew, which stay close to it, and by pictures with those of its coarse scale drawn anew, which do not.",
	},
	"digits-classes": {
		Title:       "Draws of each class",
		Description: "Rows of ten draws, one for each digit from 0 to 9 that was asked for.",
	},
	"digits-extremes": {
		Title:       "The likeliest and the strangest new digits",
		Description: "A row of the digits with the fewest bits per dimension, plain ones in common shapes, and a row of those with the most, with uncommon or broken strokes.",
	},
	"digits-heat": {
		Title:       "Where damaged digits are strange",
		Description: "Digits in each of which a block of two by two pixels is inverted, and below each a map of what every pixel would gain by being another: it is brightest at the block in most.",
	},
	"digits-others": {
		Title:       "Pictures of other kinds",
		Description: "Eight panels of four pictures: blank, half a digit, a single stroke, plain gray, noise, inverted digits, digits upside down, and a texture.",
	},
	"digits-costs": {
		Title:       "What digits and simpler pictures cost",
		Description: "Histograms of bits per dimension of new digits, of halves of digits and of single strokes. Most of the halves and strokes lie left of the digits: they are cheaper, hence likelier.",
	},
}
