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

B1, B2 = peers.BETA1, peers.BETA2


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


def adam(state, grads):
    params, m, v, count = state
    count += 1
    m = jax.tree.map(lambda m, g: B1 * m + (1 - B1) * g, m, grads)
    v = jax.tree.map(lambda v, g: B2 * v + (1 - B2) * g * g, v, grads)
    c1, c2 = 1 - B1**count, 1 - B2**count
    params = jax.tree.map(lambda p, m, v: p - peers.LR * (m / c1) / (jnp.sqrt(v / c2) + peers.EPS), params, m, v)
    return params, m, v, count


def train_step(state, points, start, batch):
    """One step on the rows from start on: the state after it and the loss before it."""
    x = jax.lax.dynamic_slice_in_dim(points, start, batch)
    loss, grads = jax.value_and_grad(lambda p: -log_prob(p, x).mean())(state[0])
    return adam(state, grads), loss


@functools.partial(jax.jit, static_argnames="batch", donate_argnums=0)
def one_step(state, points, start, batch):
    return train_step(state, points, start, batch)


@functools.partial(jax.jit, static_argnames="batch", donate_argnums=0)
def many_steps(state, points, starts, batch):
    state, losses = jax.lax.scan(lambda state, start: train_step(state, points, start, batch), state, starts)
    return state, losses


class Trainer:
    def __init__(self, params, points, batch, steps_per_call):
        self.steps_per_call, self.batch = steps_per_call, batch
        zeros = functools.partial(jax.tree.map, jnp.zeros_like)
        # A copy, because the buffers are given to each call for its results.
        self.state = (jax.tree.map(jnp.copy, params), zeros(params), zeros(params), jnp.float32(0))
        self.points = jnp.asarray(np.concatenate([points, points[:batch]]))
        self.starts = peers.batch_starts(len(points), batch)

    def step(self):
        starts = np.array([next(self.starts) for _ in range(self.steps_per_call)], np.int32)
        if self.steps_per_call == 1:
            self.state, loss = one_step(self.state, self.points, starts[0], self.batch)
            return [float(loss)]
        self.state, losses = many_steps(self.state, self.points, starts, self.batch)
        return np.asarray(losses).tolist()


class Engine:
    version, note, chunk = jax.__version__, "", 4096

    def __init__(self, weights, args):
        self.params = jax.tree.map(jnp.asarray, weights)
        self.nparams = sum(p.size for p in jax.tree.leaves(self.params))
        self.steps_per_call = 100 if args.engine == "jax-scan" else 1
        self.score = jax.jit(log_prob)
        self.key = jax.random.key(1)

    def trainer(self, points, batch):
        return Trainer(self.params, points, batch, self.steps_per_call)

    def logprob(self, points, chunk):
        n, answers = len(points), []
        for at in range(0, n, chunk):
            x = points[at : at + chunk]
            if len(x) < chunk:  # another shape would be compiled anew
                x = np.concatenate([x, np.zeros((chunk - len(x), peers.FEATURES), x.dtype)])
            answers.append(self.score(self.params, x))
        return np.concatenate(answers)[:n]

    def sample(self, n, chunk):
        answers = []
        for _ in range(0, n, chunk):
            self.key, x = draw(self.params, self.key, chunk)
            answers.append(x)
        return np.concatenate(answers)[:n]


peers.run(args, Engine)
