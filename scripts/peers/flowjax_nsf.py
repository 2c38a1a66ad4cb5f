"""flowjax, the spline flow: its couplings and its spline, trained by lax.scan and not by its own loop."""

import os

import nsf
import peers

args = nsf.start("flowjax")
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_prefer_vector_width=512")

import equinox as eqx  # noqa: E402  after the limit on threads
import flowjax  # noqa: E402
import flowjax.bijections as bijections  # noqa: E402
import jax  # noqa: E402
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
import paramax  # noqa: E402

import jax_engine  # noqa: E402


def ends(v, before, after, value):
    """v with more values at the ends of its last axis; there may be others, of Vmap."""
    return jnp.pad(v, [(0, 0)] * (v.ndim - 1) + [(before, after)], constant_values=value)


def knots(raw):
    shares = nsf.LEAST + (1 - nsf.LEAST * nsf.BINS) * jax.nn.softmax(raw)
    return nsf.BOUND * (2 * jnp.cumsum(ends(shares, 1, 0, 0.0), axis=-1) - 1)


def slopes(raw):
    return ends(nsf.LEAST + jax.nn.softplus(raw + nsf.SLOPE_OFFSET), 1, 1, 1.0)


class Spline(bijections.RationalQuadraticSpline):
    """flowjax's curve through our knots: the slopes at both ends are 1 and not trained."""

    def __init__(self):
        self.knots, self.interval = nsf.BINS, (-nsf.BOUND, nsf.BOUND)
        self.x_pos = paramax.Parameterize(knots, jnp.zeros(nsf.BINS))
        self.y_pos = paramax.Parameterize(knots, jnp.zeros(nsf.BINS))
        self.derivatives = paramax.Parameterize(slopes, jnp.zeros(nsf.BINS - 1))


class Clipped(eqx.Module):
    net: eqx.nn.MLP

    def __call__(self, h):
        return self.net(jnp.clip(h, -nsf.INPUT_BOUND, nsf.INPUT_BOUND))


def coupling(dense, features):
    """Of rows that hold the frozen features first."""
    layer = bijections.Coupling(jax.random.key(0), transformer=Spline(), untransformed_dim=features // 2, dim=features, nn_width=nsf.HIDDEN, nn_depth=2)
    (w0, b0), (w1, b1), (w2, b2) = dense
    numbers = [w0.T, b0, w1.T, b1, nsf.by_feature(w2).T, nsf.by_feature(b2)]
    net = eqx.tree_at(lambda n: [p for l in n.layers for p in (l.weight, l.bias)], layer.conditioner, [jnp.asarray(p) for p in numbers])
    return eqx.tree_at(lambda c: c.conditioner, layer, Clipped(net))


class Engine(jax_engine.Engine):
    version = f"{flowjax.__version__} (jax {jax.__version__})"
    note = "with our knots in flowjax's spline; bounded mixture of our own"

    def __init__(self, weights, args):
        features = weights["means"].shape[1]
        parts = []
        for i in reversed(range(nsf.LAYERS)):
            order = jnp.asarray(nsf.frozen(i, features) + nsf.moving(i, features))
            parts += [bijections.Permute(order), coupling(weights["layers"][i], features), bijections.Permute(jnp.argsort(order))]
        chain, self.static = eqx.partition(bijections.Chain(parts), eqx.is_inexact_array)
        super().__init__({"chain": chain, **{k: v for k, v in weights.items() if k != "layers"}}, args)
        self.draw = jax.jit(self.draw, static_argnames="rows")

    def scales(self, params):
        return nsf.MAX_LOG_SCALE * jnp.tanh(params["log_scales"] / nsf.MAX_LOG_SCALE)

    def log_prob(self, params, x):
        chain = eqx.combine(params["chain"], self.static)
        z, log_det = jax.vmap(chain.transform_and_log_det)(x)
        log_scales = self.scales(params)
        u = (z[:, None] - params["means"]) * jnp.exp(-log_scales)
        terms = jax.nn.log_softmax(params["logits"]) - log_scales.sum(1) - 0.5 * (u * u).sum(2)
        return jax.nn.logsumexp(terms, axis=1) - np.float32(0.5 * z.shape[1] * np.log(2 * np.pi)) + log_det

    def draw(self, params, key, rows):
        chain = eqx.combine(params["chain"], self.static)
        key, which, now = jax.random.split(key, 3)
        k = jax.random.categorical(which, params["logits"], shape=(rows,))
        z = params["means"][k] + jnp.exp(self.scales(params))[k] * jax.random.normal(now, (rows, params["means"].shape[1]))
        return key, jax.vmap(lambda row: chain.inverse_and_log_det(row)[0])(z)


peers.run(args, Engine, nsf.weights)
