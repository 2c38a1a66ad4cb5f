"""JAX: jax-scan makes many steps in one compiled call, jax-step one."""

import functools
import os

import peers

args = peers.start("jax-scan", "jax-step")

# The vectors that XLA uses are of 256 bits unless asked otherwise: up to a tenth faster.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_prefer_vector_width=512")

import jax  # noqa: E402  after the limit on threads
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402

import jax_engine  # noqa: E402


def conditioner(dense, frozen):
    """Log-scale and shift, each [B], from the frozen feature, [B]."""
    (w0, b0), (w1, b1), (w2, b2) = dense
    h = jnp.clip(frozen, -peers.BOUND, peers.BOUND)[:, None]
    h = jax.nn.relu(h * w0 + b0)  # [B, 64]
    h = jax.nn.relu(h @ w1 + b1)
    raw = h @ w2 + b2  # [B, 2]
    return peers.MAX_LOG_SCALE * jnp.tanh(raw[:, 0] / peers.MAX_LOG_SCALE), raw[:, 1]


def log_prob(params, x):
    z, log_det = [x[:, 0], x[:, 1]], 0.0
    for i in reversed(range(peers.LAYERS)):
        s, t = conditioner(params[i], z[1 - i % 2])
        z[i % 2] = (z[i % 2] - t) * jnp.exp(-s)
        log_det -= s
    return log_det - 0.5 * (z[0] ** 2 + z[1] ** 2) - np.float32(np.log(2 * np.pi))


@functools.partial(jax.jit, static_argnames="rows")
def draw(params, key, rows):
    key, now = jax.random.split(key)
    x = list(jax.random.normal(now, (peers.FEATURES, rows)))
    for i in range(peers.LAYERS):
        s, t = conditioner(params[i], x[1 - i % 2])
        x[i % 2] = x[i % 2] * jnp.exp(s) + t
    return key, jnp.stack(x, axis=1)


class Engine(jax_engine.Engine):
    log_prob, draw = staticmethod(log_prob), staticmethod(draw)
    steps_per_call = 100 if args.engine == "jax-scan" else 1


peers.run(args, Engine)
