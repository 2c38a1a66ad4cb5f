"""Our multi-scale flow of pictures, written in JAX as carefully, to compare the speeds.

    python images_jax.py --lib jax --data FOLDER --levels N --speed train|sample --batch B --seconds S [--threads N]

FOLDER and the line of JSON are those of images.py. The layers are those of imageflow.Glow: a
histogram for each pixel and a probit; a squeeze; at two scales three steps of ActNorm, 1×1
convolution (LU) and affine coupling, and at the first two more couplings over a checkerboard; half
of the channels leave, scaled and shifted by what stays. Many steps of training are one compiled
call of lax.scan, with uniform noise drawn anew, clipped gradients, Adam and averaged weights.
"""

import argparse
import functools
import json
import math
import time

import peers

SCALES, STEPS, WIDTH, GRAY, MAX_LOG_SCALE, BOUND = 2, 3, 24, 32, 2.0, 5.0
LR, CLIP, AVERAGE, TOGETHER = 2e-3, 50.0, 0.998, 20

p = argparse.ArgumentParser()
p.add_argument("--lib", choices=("jax",), required=True)
p.add_argument("--data", required=True)
p.add_argument("--levels", type=int, required=True)
p.add_argument("--seconds", type=float, required=True)
p.add_argument("--seed", type=int, default=0)
p.add_argument("--threads", type=int, default=2)
p.add_argument("--speed", choices=("train", "sample"), required=True)
p.add_argument("--batch", type=int, required=True)
args = p.parse_args()
peers.limit_threads(p, args.threads)

import jax  # noqa: E402  after the limit on threads
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
from jax.scipy.linalg import solve_triangular  # noqa: E402
from jax.scipy.special import ndtr, ndtri  # noqa: E402

pictures = jnp.asarray(np.load(f"{args.data}/train.npy"), jnp.float32)  # [N, H, W, C]
SHAPE = pictures.shape[1:]
BINS = max(2, min(args.levels, GRAY))
rng = np.random.default_rng(args.seed)


def conv(v, weights, bias):
    """As a product of matrices, which XLA does several times as fast as its convolutions."""
    size = weights.shape[0]
    for axis in (2, 1) if size > 1 else ():
        around = [(size // 2, size // 2) if a == axis else (0, 0) for a in range(4)]
        padded, length = jnp.pad(v, around), v.shape[axis]
        v = jnp.concatenate([jax.lax.slice_in_dim(padded, at, at + length, axis=axis) for at in range(size)], -1)
    return v @ weights.reshape(-1, weights.shape[-1]) + bias


def new_net(height, width, inputs, outputs):
    def layer(size, n, m, scale):
        limit = scale / math.sqrt(size * size * n)
        return (jnp.asarray(rng.uniform(-limit, limit, (size, size, n, m)), jnp.float32), jnp.zeros(m))

    return {
        "in": layer(3, inputs, WIDTH, 1), "place": jnp.zeros((1, height, width, WIDTH)),
        "hidden": [layer(3, WIDTH, WIDTH, 1), layer(1, WIDTH, WIDTH, 1e-3)], "out": layer(1, WIDTH, outputs, 0),
    }


def net(params, v):
    h = conv(v, *params["in"]) + params["place"]
    r = conv(jax.nn.relu(h), *params["hidden"][0])
    h += conv(jax.nn.relu(r), *params["hidden"][1])
    return conv(jax.nn.relu(h), *params["out"])


class Coupling:
    def __init__(self, frozen):
        self.frozen = np.array(frozen)
        self.moving = np.setdiff1d(np.arange(2 * len(frozen)), self.frozen)
        self.order = np.argsort(np.concatenate([self.frozen, self.moving]))

    def new(self, shape):
        return new_net(*shape[:2], len(self.frozen), 2 * len(self.moving))

    def parts(self, params, v):
        frozen = v[..., self.frozen]
        raw, shift = jnp.split(net(params, jnp.clip(frozen, -BOUND, BOUND)), 2, -1)
        return frozen, v[..., self.moving], MAX_LOG_SCALE * jnp.tanh(raw / MAX_LOG_SCALE), shift

    def inverse(self, params, x):
        frozen, moving, s, t = self.parts(params, x)
        return jnp.concatenate([frozen, (moving - t) * jnp.exp(-s)], -1)[..., self.order], -s.sum((1, 2, 3))

    def forward(self, params, z):
        frozen, moving, s, t = self.parts(params, z)
        return jnp.concatenate([frozen, moving * jnp.exp(s) + t], -1)[..., self.order]


class ActNorm:
    def new(self, shape):
        return jnp.zeros(shape[2]), jnp.zeros(shape[2])

    def inverse(self, params, x):
        return (x - params[1]) * jnp.exp(-params[0]), -x.shape[1] * x.shape[2] * params[0].sum()

    def forward(self, params, z):
        return z * jnp.exp(params[0]) + params[1]


class Conv1x1:
    """W = L (U + diag s), up to an order of the channels that starts fixed."""

    def new(self, shape):
        n = shape[2]
        rotation = np.linalg.qr(rng.standard_normal((n, n)))[0]
        import scipy.linalg

        self.order, low, up = scipy.linalg.lu(rotation)
        s = np.diag(up)
        self.signs = np.sign(s)
        return tuple(jnp.asarray(a, jnp.float32) for a in (np.tril(low, -1), np.triu(up, 1), np.log(np.abs(s))))

    def factors(self, params):
        low, up, log_s = params
        return jnp.tril(low, -1) + jnp.eye(len(log_s)), jnp.triu(up, 1) + jnp.diag(self.signs * jnp.exp(log_s))

    def inverse(self, params, x):
        low, up = self.factors(params)
        return x @ (self.order @ low @ up).T.astype(x.dtype), x.shape[1] * x.shape[2] * params[2].sum()

    def forward(self, params, z):
        low, up = self.factors(params)
        rows = z.reshape(-1, z.shape[-1]).T
        rows = solve_triangular(low, self.order.T.astype(z.dtype) @ rows, lower=True, unit_diagonal=True)
        return solve_triangular(up, rows).T.reshape(z.shape)


def squeeze(x):
    n, h, w, c = x.shape
    return x.reshape(n, h // 2, 2, w // 2, 2, c).transpose(0, 1, 3, 2, 4, 5).reshape(n, h // 2, w // 2, 4 * c)


def unsqueeze(z):
    n, h, w, c = z.shape
    return z.reshape(n, h, w, 2, 2, c // 4).transpose(0, 1, 3, 2, 4, 5).reshape(n, 2 * h, 2 * w, c // 4)


def plan(shape, left):
    """The layers of each scale from the data on, its shape, and how a half leaves."""
    h, w, c = shape[0] // 2, shape[1] // 2, 4 * shape[2]
    lower, upper, corner = range(c // 2), range(c // 2, c), c // 4
    black = [*range(corner), *range(3 * corner, c)]
    white = range(corner, 3 * corner)
    layers = [ActNorm(), Coupling(white), Coupling(black)] if left == SCALES else []
    for i in reversed(range(STEPS)):
        layers += [Coupling(upper if i % 2 else lower), Conv1x1(), ActNorm()]
    if left > 1:
        layers.append(Coupling(lower))
    rest = plan((h, w, c // 2), left - 1) if left > 1 else []
    return [(layers, (h, w, c)), *rest]


PLAN = plan(SHAPE, SCALES)
params = {
    "log_mass": jnp.zeros((math.prod(SHAPE), BINS)),
    "scales": [[layer.new(shape) for layer in layers] for layers, shape in PLAN],
}


def pick(params, v, by_share):
    """Index, sum below and mass of the bins that hold v, [B, D]."""
    mass = (1 - 1e-5) * jax.nn.softmax(params["log_mass"], -1) + 1e-5 / BINS
    below = jnp.cumsum(mass, -1) - mass
    starts = below if by_share else jnp.arange(BINS) / BINS
    one_hot = jax.nn.one_hot((v[..., None] >= starts[..., 1:]).sum(-1), BINS)
    return (one_hot * jnp.arange(BINS)).sum(-1), (one_hot * below).sum(-1), (one_hot * mass).sum(-1)


def log_prob(params, x):
    place = x.reshape(len(x), -1) / args.levels
    index, below, mass = pick(params, place, False)
    z = ndtri(jnp.clip(below + mass * (place * BINS - index), 2.0**-24, 1 - 2.0**-24))
    log_det = jnp.log(mass * BINS / args.levels).sum(-1) + (z**2 / 2 + math.log(2 * math.pi) / 2).sum(-1)
    z, total = z.reshape(x.shape), log_det
    for i, (layers, _) in enumerate(PLAN):
        z = squeeze(z)
        for layer, own in zip(layers, params["scales"][i]):
            z, log_det = layer.inverse(own, z)
            total += log_det
        leaving = z
        if i + 1 < len(PLAN):
            z, leaving = jnp.split(z, 2, -1)
        total -= (leaving**2 / 2 + math.log(2 * math.pi) / 2).sum((1, 2, 3))
    return total


def draw(params, key):
    z = None
    for i, (layers, shape) in reversed(list(enumerate(PLAN))):
        key, now = jax.random.split(key)
        h, w, c = shape
        z = jax.random.normal(now, (args.batch, *shape)) if z is None else jnp.concatenate([z, jax.random.normal(now, (args.batch, h, w, c // 2))], -1)
        for layer, own in reversed(list(zip(layers, params["scales"][i]))):
            z = layer.forward(own, z)
        z = unsqueeze(z)
    u = ndtr(z.reshape(args.batch, -1))
    index, below, mass = pick(params, u, True)
    return key, ((index + (u - below) / mass) / BINS * args.levels).reshape(z.shape)


def step(state, key):
    now, m, v, average, count = state
    at, noise = jax.random.split(key)
    x = pictures[jax.random.randint(at, (args.batch,), 0, len(pictures))]
    x += jax.random.uniform(noise, x.shape)
    loss, grads = jax.value_and_grad(lambda p: -log_prob(p, x).mean())(now)
    norm = jnp.sqrt(sum((g**2).sum() for g in jax.tree.leaves(grads)))
    grads = jax.tree.map(lambda g: g * jnp.minimum(1, CLIP / norm), grads)
    count += 1
    m = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, m, grads)
    v = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, v, grads)
    c1, c2 = 1 - 0.9**count, 1 - 0.999**count
    now = jax.tree.map(lambda p, m, v: p - LR * (m / c1) / (jnp.sqrt(v / c2) + 1e-8), now, m, v)
    average = jax.tree.map(lambda a, p: AVERAGE * a + (1 - AVERAGE) * p, average, now)
    return (now, m, v, average, count), loss


@functools.partial(jax.jit, donate_argnums=0)
def many_steps(state, key):
    return jax.lax.scan(step, state, jax.random.split(key, TOGETHER))


def main():
    key, done = jax.random.key(args.seed), 0
    if args.speed == "train":
        zeros = jax.tree.map(jnp.zeros_like, params)
        state = tuple(jax.tree.map(jnp.copy, p) for p in (params, zeros, zeros, params)) + (jnp.float32(0),)

        def work():
            nonlocal state, key
            key, now = jax.random.split(key)
            state, losses = many_steps(state, now)
            if not np.isfinite(np.asarray(losses)).all():
                raise SystemExit(f"the losses are {losses}")
            return TOGETHER * args.batch
    else:
        compiled = jax.jit(draw)

        def work():
            nonlocal key
            key, x = compiled(params, key)
            if not np.isfinite(np.asarray(x)).all():
                raise SystemExit("a number that was drawn is not finite")
            return args.batch

    work()
    start = time.perf_counter()
    while (took := time.perf_counter() - start) < args.seconds:
        done += work()
    count = sum(p.size for p in jax.tree.leaves(params))
    line = {"lib": "jax", "version": jax.__version__, "params": count, "batch": args.batch, "per_second": done / took}
    print(json.dumps(line | {"rss_mb": peers.peak_memory()}))


main()
