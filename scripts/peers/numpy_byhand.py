"""NumPy with OpenBLAS: gradients and Adam by hand, in place, in blocks of rows that stay in the cache.

Several threads share the blocks among them, which NumPy allows since it works without
Python's lock; OpenBLAS's own threads, waiting in a loop for products this small, are slower.
"""

import os
from concurrent.futures import ThreadPoolExecutor

import peers

args = peers.start("numpy")
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402  after the limit on threads

BLOCK = 1024  # rows worked on at a time: three arrays of [BLOCK, 64] for each layer
LOG_2PI = np.float32(np.log(2 * np.pi))


pool = ThreadPoolExecutor(max(1, args.threads - 1))


def each_thread(work):
    """work(0), work(1), … at once, a call for each thread: their results."""
    others = [pool.submit(work, thread) for thread in range(1, args.threads)]
    return [work(0), *(other.result() for other in others)]


class Net:
    """The parameters, or their gradients, as views of one vector, which is what Adam works on.

    The first dense layer and its bias are one matrix, for rows (frozen feature, 1).
    """

    SHAPES = ((2, peers.HIDDEN), (peers.HIDDEN, peers.HIDDEN), (peers.HIDDEN,), (peers.HIDDEN, 2), (2,))

    def __init__(self):
        sizes = [int(np.prod(shape)) for shape in self.SHAPES]
        self.flat = np.zeros(peers.LAYERS * sum(sizes), np.float32)
        parts = iter(np.split(self.flat, np.cumsum(peers.LAYERS * sizes)[:-1]))
        self.layers = [[next(parts).reshape(shape) for shape in self.SHAPES] for _ in range(peers.LAYERS)]

    def set(self, weights):
        for layer, ((w0, b0), (w1, b1), (w2, b2)) in zip(self.layers, weights):
            for mine, given in zip(layer, (np.vstack([w0, b0]), w1, b1, w2, b2)):
                mine[:] = given


class Work:
    """The arrays of one coupling layer for a block of rows; kept from the way down for the way back."""

    def __init__(self, rows):
        self.c = np.ones((rows, 2), np.float32)  # frozen feature, clipped; 1
        self.h0, self.h1, self.d = (np.empty((rows, peers.HIDDEN), np.float32) for _ in range(3))
        self.raw = np.empty((rows, 2), np.float32)


def conditioner(layer, work, frozen):
    """tanh(raw₀/3) and the shift, each [B]; s is 3 times the first."""
    w0, w1, b1, w2, b2 = layer
    np.clip(frozen, -peers.BOUND, peers.BOUND, out=work.c[:, 0])
    np.matmul(work.c, w0, out=work.h0)
    np.maximum(work.h0, 0, out=work.h0)
    np.matmul(work.h0, w1, out=work.h1)
    work.h1 += b1
    np.maximum(work.h1, 0, out=work.h1)
    np.matmul(work.h1, w2, out=work.raw)
    work.raw += b2
    return np.tanh(work.raw[:, 0] / peers.MAX_LOG_SCALE), work.raw[:, 1]


def inverse(net, works, x):
    """The latents [2, B], the log-determinant [B], and of each layer tanh(raw₀/3), exp(-s)."""
    z, log_det, kept = x.T.copy(), np.zeros(len(x), np.float32), [None] * peers.LAYERS
    for i in reversed(range(peers.LAYERS)):
        u, t = conditioner(net.layers[i], works[i], z[1 - i % 2])
        s = peers.MAX_LOG_SCALE * u
        shrink = np.exp(-s)
        z[i % 2] -= t
        z[i % 2] *= shrink
        log_det -= s
        kept[i] = u, shrink
    return z, log_det, kept


def log_density(z, log_det):
    return log_det - np.float32(0.5) * (z[0] * z[0] + z[1] * z[1]) - LOG_2PI


def add_gradients(net, grads, works, x, batch):
    """Adds the gradient of the rows' share of the batch's mean NLL to grads; returns their sum of -log p.

    With y = (x - t)·exp(-s) and g = ∂NLL/∂y:  ∂/∂x = g·exp(-s),  ∂/∂t = -g·exp(-s),
    ∂/∂s = -g·y + 1/batch, the last from the log-determinant. Going up, a layer's y is
    undone in z, so that z holds what the layer was given.
    """
    z, log_det, kept = inverse(net, works, x)
    nll = -log_density(z, log_det).sum(dtype=np.float64)
    g = z / np.float32(batch)
    for i in range(peers.LAYERS):
        work, (u, shrink) = works[i], kept[i]
        _, w1, _, w2, _ = net.layers[i]
        g_w0, g_w1, g_b1, g_w2, g_b2 = grads.layers[i]
        moving, frozen = i % 2, 1 - i % 2
        y, t, draw, d = z[moving], work.raw[:, 1].copy(), work.raw, work.d
        np.multiply((1 / np.float32(batch) - g[moving] * y), 1 - u * u, out=draw[:, 0])
        g[moving] *= shrink
        np.negative(g[moving], out=draw[:, 1])
        y /= shrink
        y += t
        g_w2 += work.h1.T @ draw
        g_b2 += draw.sum(0)
        np.matmul(draw, w2.T, out=d)
        d *= work.h1 > 0
        g_w1 += work.h0.T @ d
        g_b1 += work.c[:, 1] @ d  # a column of ones
        np.matmul(d, w1.T, out=work.h1)
        work.h1 *= work.h0 > 0
        g_w0 += work.c.T @ work.h1
        back = work.h1 @ net.layers[i][0][0]
        back *= np.abs(z[frozen]) < peers.BOUND
        g[frozen] += back
    return nll


class Trainer:
    steps_per_call = 10

    def __init__(self, weights, points, batch):
        self.net, self.grads = Net(), [Net() for _ in range(args.threads)]
        self.net.set(weights)
        self.m, self.v, self.a, self.b = (np.zeros_like(self.net.flat) for _ in range(4))
        self.batch, self.points = batch, np.concatenate([points, points[:batch]])
        self.starts, self.count, self.works = peers.batch_starts(len(points), batch), 0, {}
        self.block = min(BLOCK, -(-batch // args.threads))

    def works_for(self, thread, rows):
        if (thread, rows) not in self.works:
            self.works[thread, rows] = [Work(rows) for _ in range(peers.LAYERS)]
        return self.works[thread, rows]

    def share(self, thread, start):
        """The thread's blocks of the batch from start on: their sum of -log p; their gradient in grads."""
        grads, end, nll = self.grads[thread], start + self.batch, 0.0
        grads.flat[:] = 0
        for at in range(start + thread * self.block, end, args.threads * self.block):
            x = self.points[at : min(at + self.block, end)]
            nll += add_gradients(self.net, grads, self.works_for(thread, len(x)), x, self.batch)
        return nll

    def step(self):
        losses = []
        for _ in range(self.steps_per_call):
            start = next(self.starts)
            losses.append(sum(each_thread(lambda thread: self.share(thread, start))) / self.batch)
            for other in self.grads[1:]:
                self.grads[0].flat += other.flat
            self.adam()
        return losses

    def adam(self):
        """p -= lr·m̂/(√v̂ + ε), the corrections of m and v drawn out of the vectors."""
        g, m, v, a, b = self.grads[0].flat, self.m, self.v, self.a, self.b
        self.count += 1
        root = (1 - peers.BETA2**self.count) ** 0.5
        np.subtract(g, m, out=a)
        a *= 1 - peers.BETA1
        m += a
        np.multiply(g, g, out=a)
        a -= v
        a *= 1 - peers.BETA2
        v += a
        np.sqrt(v, out=b)
        b += peers.EPS * root
        np.divide(m, b, out=a)
        a *= peers.LR * root / (1 - peers.BETA1**self.count)
        self.net.flat -= a


class Engine:
    version, note, chunk = np.__version__, "", 2048

    def __init__(self, weights, args):
        self.weights, self.net, self.works = weights, Net(), {}
        self.net.set(weights)
        self.nparams = self.net.flat.size
        self.random = np.random.default_rng(1).spawn(args.threads)

    def trainer(self, points, batch):
        return Trainer(self.weights, points, batch)

    def work_for(self, thread, rows):
        if (thread, rows) not in self.works:
            self.works[thread, rows] = Work(rows)
        return self.works[thread, rows]

    def logprob(self, points, chunk):
        answers = np.empty(len(points), np.float32)

        def share(thread):
            for at in range(thread * chunk, len(points), args.threads * chunk):
                x = points[at : at + chunk]
                z, log_det, _ = inverse(self.net, [self.work_for(thread, len(x))] * peers.LAYERS, x)
                answers[at : at + chunk] = log_density(z, log_det)

        each_thread(share)
        return answers

    def sample(self, n, chunk):
        answers = np.empty((n, peers.FEATURES), np.float32)

        def share(thread):
            for at in range(thread * chunk, n, args.threads * chunk):
                rows = min(chunk, n - at)
                x, work = self.random[thread].standard_normal((peers.FEATURES, rows), np.float32), self.work_for(thread, rows)
                for i in range(peers.LAYERS):
                    u, t = conditioner(self.net.layers[i], work, x[1 - i % 2])
                    x[i % 2] *= np.exp(peers.MAX_LOG_SCALE * u)
                    x[i % 2] += t
                answers[at : at + rows] = x.T

        each_thread(share)
        return answers


peers.run(args, Engine)
