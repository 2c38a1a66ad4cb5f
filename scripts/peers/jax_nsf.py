"""JAX, the spline flow: 10 steps in one compiled call by lax.scan.

Rows of a block are features and bins, columns are events, so that whatever is done to a
feature is done to a vector of events; bins are chosen by sums over one-hot rows, which XLA
fuses and whose gradient is no scatter.
"""

import functools
import os

import nsf
import peers

args = nsf.start("jax-scan")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_prefer_vector_width=512")

import jax  # noqa: E402  after the limit on threads
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

import jax_engine  # noqa: E402


def raw_of(dense, h):
    """The raw numbers, [PARAMS, M, B], for the frozen features, [F, B]."""
    (w0, b0), (w1, b1), (w2, b2) = dense
    h = jnp.clip(h, -nsf.INPUT_BOUND, nsf.INPUT_BOUND)
    h = jax.nn.relu(w0.T @ h + b0[:, None])
    h = jax.nn.relu(w1.T @ h + b1[:, None])
    raw = w2.T @ h + b2[:, None]
    return raw.reshape(nsf.PARAMS, -1, raw.shape[-1])


def piece(raw, v, root):
    """Of the bins that hold v, [M, B]: left, width, bottom, height, and the slopes at both ends."""
    k, scale = nsf.BINS, 2 * nsf.BOUND
    shares = [nsf.LEAST + (1 - nsf.LEAST * k) * jax.nn.softmax(part, axis=0) for part in (raw[:k], raw[k : 2 * k])]
    slopes = nsf.LEAST + jax.nn.softplus(raw[2 * k :] + nsf.SLOPE_OFFSET)
    starts = []
    for share in shares:
        at, sums = jnp.zeros_like(v), []
        for i in range(k):
            sums.append(at)
            at = at + share[i]
        starts.append(jnp.stack(sums))
    place = (v + nsf.BOUND) / scale
    passed = (place >= starts[root][1:]).astype(v.dtype)
    one = jnp.ones_like(v)[None]
    chosen = jax.lax.stop_gradient(jnp.concatenate([one, passed]) - jnp.concatenate([passed, jnp.zeros_like(one)]))

    def pick(values):
        return (chosen * values).sum(0)

    return (
        pick(starts[0]) * scale - nsf.BOUND,
        pick(shares[0]) * scale,
        pick(starts[1]) * scale - nsf.BOUND,
        pick(shares[1]) * scale,
        pick(jnp.concatenate([one, slopes])),
        pick(jnp.concatenate([slopes, one])),
    )


def rise(xi, slope, d0, d1):
    """ρ, the place on the other axis, and log g' at ξ."""
    mixed = xi * (1 - xi)
    below = slope + (d0 + d1 - 2 * slope) * mixed
    above = d1 * xi * xi + 2 * slope * mixed + d0 * (1 - xi) * (1 - xi)
    return (slope * xi * xi + d0 * mixed) / below, 2 * jnp.log(slope / below) + jnp.log(above)


def curve(raw, x):
    inside = jnp.abs(x) <= nsf.BOUND
    at = jnp.where(inside, x, 0)
    left, width, bottom, height, d0, d1 = piece(raw, at, 0)
    rho, log_slope = rise((at - left) / width, height / width, d0, d1)
    return jnp.where(inside, bottom + height * rho, x), jnp.where(inside, log_slope, 0).sum(0)


def uncurve(raw, z):
    inside = jnp.abs(z) <= nsf.BOUND
    at = jnp.where(inside, z, 0)
    left, width, bottom, height, d0, d1 = piece(raw, at, 1)
    slope, up = height / width, (at - bottom) / height
    bend = up * (d0 + d1 - 2 * slope)
    minus_b = bend - d0
    root = jnp.sqrt(jnp.maximum(minus_b * minus_b + 4 * (slope - d0 + bend) * slope * up, 0))
    return jnp.where(inside, left + width * (-2 * slope * up / (minus_b - root)), z)


def base_log_prob(params, z):
    """Of z, [D, B]."""
    log_scales = nsf.MAX_LOG_SCALE * jnp.tanh(params["log_scales"] / nsf.MAX_LOG_SCALE)  # [K, D]
    u = (z[None] - params["means"][:, :, None]) * jnp.exp(-log_scales)[:, :, None]
    terms = (jax.nn.log_softmax(params["logits"]) - log_scales.sum(1))[:, None] - 0.5 * (u * u).sum(1)
    return jax.nn.logsumexp(terms, axis=0) - np.float32(0.5 * z.shape[0] * np.log(2 * np.pi))


def halves(v):
    """Even and odd rows."""
    return [v[0::2], v[1::2]]


def log_prob(params, x):
    z, log_det = halves(x.T), 0.0
    for i in reversed(range(nsf.LAYERS)):
        z[i % 2], log_slope = curve(raw_of(params["layers"][i], z[1 - i % 2]), z[i % 2])
        log_det += log_slope
    return base_log_prob(params, jnp.stack(z, axis=1).reshape(x.shape[::-1])) + log_det


@functools.partial(jax.jit, static_argnames="rows")
def draw(params, key, rows):
    key, which, now = jax.random.split(key, 3)
    k = jax.random.categorical(which, params["logits"], shape=(rows,))
    log_scales = nsf.MAX_LOG_SCALE * jnp.tanh(params["log_scales"] / nsf.MAX_LOG_SCALE)
    latents = params["means"][k] + jnp.exp(log_scales)[k] * jax.random.normal(now, (rows, log_scales.shape[1]))
    x = halves(latents.T)
    for i in range(nsf.LAYERS):
        x[i % 2] = uncurve(raw_of(params["layers"][i], x[1 - i % 2]), x[i % 2])
    return key, jnp.stack(x, axis=1).reshape(latents.shape[::-1]).T


class Engine(jax_engine.Engine):
    log_prob, draw = staticmethod(log_prob), staticmethod(draw)


peers.run(args, Engine, nsf.weights)
