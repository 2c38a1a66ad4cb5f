"""What the programs of the spline flow share: its sizes, its weights and the flow itself in words.

The default model of `flow fit`: over D features 8 couplings, of which layer i freezes the
features d with d%2 != i%2; conditioner with 32 and 32 ReLU units, of the frozen features
clipped at ±5; 23 raw numbers for each moving feature (8 widths, 8 heights, 7 slopes; number
p of moving feature m is output p·M + m). A share of a bin is 1e-3 + 0.992·softmax, a slope
1e-3 + softplus(raw + log(e^0.999 - 1)), the curve lies in ±4 and is the identity outside.
From the data to the latents, from the last layer to the first, the curve is evaluated;
samples find its root. Base: 16 Gaussians with diagonal covariance, log-scales
3·tanh(raw/3). Adam as in RealNVP's programs.
"""

import math
import sys

import peers

LAYERS, HIDDEN, BINS, BOUND, COMPONENTS = 8, 32, 8, 4.0, 16
INPUT_BOUND, MAX_LOG_SCALE, LEAST = 5.0, 3.0, 1e-3
PARAMS = 3 * BINS - 1
SLOPE_OFFSET = math.log(math.expm1(1 - LEAST))


def frozen(i, features):
    return [d for d in range(features) if d % 2 != i % 2]


def moving(i, features):
    return [d for d in range(features) if d % 2 == i % 2]


def weights(path):
    """({"layers": [three pairs (W, b) for each layer], "means": …, "log_scales": …, "logits": …}); W is [in, out]."""
    from safetensors.numpy import load_file

    found = load_file(path)
    base = {name: found[f"/flow/base/{name}"] for name in ("means", "log_scales", "logits")}
    layers = []
    for i in range(LAYERS):
        at = f"/flow/{i:02d}/conditioner"
        layers.append([(found[f"{at}/{name}/weights"], found[f"{at}/{name}/biases"]) for name in ("hidden_0", "hidden_1", "out")])
    if base["means"].shape[0] != COMPONENTS or layers[0][0][0].shape[1] != HIDDEN:
        sys.exit(f"{path}: no weights of the spline flow")
    return {"layers": layers, **base}


def by_feature(w):
    """The columns of an output layer, for libraries that want all numbers of a feature side by side."""
    count = w.shape[-1] // PARAMS
    return w.reshape(*w.shape[:-1], PARAMS, count).swapaxes(-1, -2).reshape(w.shape)


def start(*engines):
    """As peers.start, with fewer steps before the clock runs: some of these programs are slow."""
    args = peers.start(*engines)
    peers.WARM_STEPS, peers.EARLY_STEP, peers.WARM_POINTS = 40, 10, 10_000
    return args
