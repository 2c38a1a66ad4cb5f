"""What programs on JAX share: training with many steps in a call, scoring and drawing in chunks.

Import it after the limit on threads. A program's engine adds `log_prob(params, x) -> [B]` and a
compiled `draw(params, key, rows) -> key, [rows, D]`.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np

import peers

B1, B2 = peers.BETA1, peers.BETA2


def adam(state, grads):
    params, m, v, count = state
    count += 1
    m = jax.tree.map(lambda m, g: B1 * m + (1 - B1) * g, m, grads)
    v = jax.tree.map(lambda v, g: B2 * v + (1 - B2) * g * g, v, grads)
    c1, c2 = 1 - B1**count, 1 - B2**count
    params = jax.tree.map(lambda p, m, v: p - peers.LR * (m / c1) / (jnp.sqrt(v / c2) + peers.EPS), params, m, v)
    return params, m, v, count


class Trainer:
    def __init__(self, log_prob, params, points, batch, steps_per_call):
        self.steps_per_call = steps_per_call
        zeros = functools.partial(jax.tree.map, jnp.zeros_like)
        # A copy, because the buffers are given to each call for its results.
        self.state = (jax.tree.map(jnp.copy, params), zeros(params), zeros(params), jnp.float32(0))
        self.points = jnp.asarray(np.concatenate([points, points[:batch]]))
        self.starts = peers.batch_starts(len(points), batch)

        def step(state, points, start):
            """The state after a step on the rows from start on, and the loss before it."""
            x = jax.lax.dynamic_slice_in_dim(points, start, batch)
            loss, grads = jax.value_and_grad(lambda p: -log_prob(p, x).mean())(state[0])
            return adam(state, grads), loss

        @functools.partial(jax.jit, donate_argnums=0)
        def many_steps(state, points, starts):
            return jax.lax.scan(lambda state, start: step(state, points, start), state, starts)

        self.one_step, self.many_steps = jax.jit(step, donate_argnums=0), many_steps

    def step(self):
        starts = np.array([next(self.starts) for _ in range(self.steps_per_call)], np.int32)
        if self.steps_per_call == 1:
            self.state, loss = self.one_step(self.state, self.points, starts[0])
            return [float(loss)]
        self.state, losses = self.many_steps(self.state, self.points, starts)
        return np.asarray(losses).tolist()


class Engine:
    version, note, chunk, steps_per_call = jax.__version__, "", 4096, 10

    def __init__(self, weights, args):
        self.params = jax.tree.map(jnp.asarray, weights)
        self.nparams = sum(p.size for p in jax.tree.leaves(self.params))
        self.score = jax.jit(self.log_prob)
        self.key = jax.random.key(1)

    def trainer(self, points, batch):
        return Trainer(self.log_prob, self.params, points, batch, self.steps_per_call)

    def logprob(self, points, chunk):
        n, answers = len(points), []
        for at in range(0, n, chunk):
            x = points[at : at + chunk]
            if len(x) < chunk:  # another shape would be compiled anew
                x = np.concatenate([x, np.zeros((chunk - len(x), x.shape[1]), x.dtype)])
            answers.append(self.score(self.params, x))
        return np.concatenate(answers)[:n]

    def sample(self, n, chunk):
        answers = []
        for _ in range(0, n, chunk):
            self.key, x = self.draw(self.params, self.key, chunk)
            answers.append(x)
        return np.concatenate(answers)[:n]
