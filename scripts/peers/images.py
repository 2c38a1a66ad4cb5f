"""Multi-scale flows of normflows and nflows (PyTorch) over small pictures, to compare ours with.

    python images.py --lib normflows|nflows --data FOLDER --levels N --seconds S [--seed N] [--threads N]
    python images.py --lib … --data FOLDER --levels N --speed train|sample --batch B --seconds S [--threads N]

FOLDER holds train.npy, valid.npy and test.npy, bytes, [N, height, width, channels]. The model is what the library's own example of images builds
(two scales; normflows' Glow blocks; nflows' ActNorm, 1×1 convolution and rational-quadratic
coupling with a residual network), with about as many parameters as ours.

Training is ours: uniform noise drawn anew for each batch of 64, Adam with a warm-up and a cosine
to zero, here by the share of the time that is gone, the gradient's norm clipped, a moving average
of the weights; the average that is best on the validation pictures is kept. S is processor time,
which a busy machine does not change; building and judging on the way are part of it, the test is
not. The test is ours too: the mean of 8 draws of the noise for each picture, its standard error
over pictures.

Prints one line of JSON: lib, version, params, seconds, cpu_seconds, and
    bits_per_dim, standard_error, draws, train, test, steps, best_step
or, with --speed, batch, per_second, pictures a second, and rss_mb, the largest memory in MiB.
"""

import argparse
import copy
import importlib.metadata
import json
import math
import sys
import time

import peers

BATCH, RATE, WARM_UP, CLIP, AVERAGE, EVERY, DRAWS = 64, 2e-3, 50, 50.0, 0.998, 100, 8
SCALES, MARGIN = 2, 0.05


def arguments():
    p = argparse.ArgumentParser()
    p.add_argument("--lib", choices=MODELS, required=True)
    p.add_argument("--data", required=True)
    p.add_argument("--levels", type=int, required=True)
    p.add_argument("--seconds", type=float, required=True)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--speed", choices=("train", "sample"))
    p.add_argument("--batch", type=int, default=BATCH)
    args = p.parse_args()
    peers.limit_threads(p, args.threads)
    return args


def glow(shape, steps=4, hidden=56):
    """normflows' example "Glow", smaller."""
    import normflows as nf

    channels, height, width = shape
    bases, merges, flows = [], [], []
    for i in range(SCALES):  # from the coarsest
        c = channels * 2 ** (SCALES + 1 - i)
        size = 2 ** (SCALES - i)
        flows.append([nf.flows.GlowBlock(c, hidden, split_mode="channel", scale=True) for _ in range(steps)] + [nf.flows.Squeeze()])
        if i > 0:
            merges.append(nf.flows.Merge())
            latent = (c // 2, height // size, width // size)
        else:
            latent = (c, height // size, width // size)
        bases.append(nf.distributions.DiagGaussian(latent))
    model = nf.MultiscaleFlow(bases, flows, merges, transform=nf.transforms.Logit(MARGIN), class_cond=False)
    return model, lambda x: model.log_prob(x, None), lambda n: model.sample(n)[0]


def nsf(shape, steps=4, hidden=20, bins=4):
    """The RQ-NSF (C) of nflows' authors, https://github.com/bayesiains/nsf, images, smaller."""
    import torch
    from nflows import transforms  # not its distributions, which want matplotlib
    from nflows.nn.nets import ConvResidualNet

    def network(inputs, outputs):
        return ConvResidualNet(inputs, outputs, hidden_channels=hidden, num_blocks=1)

    multi = transforms.MultiscaleCompositeTransform(num_transforms=SCALES)
    at = shape
    for _ in range(SCALES):
        squeeze = transforms.SqueezeTransform()
        at = squeeze.get_output_shape(*at)
        parts = [squeeze]
        for _ in range(steps):
            mask = torch.ones(at[0])
            mask[::2] = -1
            parts += [
                transforms.ActNorm(at[0]),
                transforms.OneByOneConvolution(at[0]),
                transforms.PiecewiseRationalQuadraticCouplingTransform(
                    mask, network, num_bins=bins, tails="linear", tail_bound=3.0),
            ]
        at = multi.add_transform(transforms.CompositeTransform(parts), at) or at
    # nflows' own Logit is of [0, 1] without a margin.
    scale = transforms.AffineTransform(shift=MARGIN, scale=1 - 2 * MARGIN)
    model = transforms.CompositeTransform([scale, transforms.Logit(), multi])
    base = torch.distributions.Normal(0.0, 1.0)

    def log_prob(x):
        z, log_det = model(x)
        return base.log_prob(z).sum(1) + log_det

    return model, log_prob, lambda n: model.inverse(base.sample((n, math.prod(shape))))[0]


MODELS = {"normflows": glow, "nflows": nsf}


class Model:
    """A flow of pictures scaled to [0, 1]."""

    def __init__(self, args):
        import torch

        self.torch, self.levels = torch, args.levels
        torch.manual_seed(args.seed)
        torch.set_num_threads(args.threads)
        self.train, self.valid, self.test = (self.read(f"{args.data}/{part}.npy") for part in ("train", "valid", "test"))
        self.shape = tuple(self.train.shape[1:])
        self.dims = math.prod(self.shape)
        self.net, self.log_prob, self.sample = MODELS[args.lib](self.shape)
        with torch.no_grad():  # ActNorm starts at the first batch
            self.log_prob(self.noisy(self.train[:256]))
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=RATE)

    def read(self, path):
        import numpy as np

        return self.torch.from_numpy(np.load(path).transpose(0, 3, 1, 2).astype("float32"))

    def noisy(self, pictures):
        return (pictures + self.torch.rand_like(pictures)) / self.levels

    def bits(self, pictures, draws):
        """Of each picture."""
        with self.torch.no_grad():
            nats = sum(self.log_prob(self.noisy(pictures)) for _ in range(draws)) / draws
        return math.log2(self.levels) - nats / (math.log(2) * self.dims)

    def batch(self, size):
        return self.noisy(self.train[self.torch.randint(len(self.train), (size,))])

    def step(self, x, rate):
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        loss = -self.log_prob(x).mean()
        if not math.isfinite(loss.item()):
            raise SystemExit(f"the loss is {loss.item()}")
        loss.backward()
        self.torch.nn.utils.clip_grad_norm_(self.net.parameters(), CLIP)
        self.optimizer.step()


def fit(m, seconds):
    """Trains for so much processor time and leaves the best average in m.net; (steps, step of the best)."""
    average = copy.deepcopy(m.net.state_dict())
    best, kept, kept_at, step = math.inf, average, 0, 0
    while (gone := time.process_time() / seconds) < 1:
        step += 1
        m.step(m.batch(BATCH), RATE * min(1, step / WARM_UP) * 0.5 * (1 + math.cos(math.pi * gone)))
        decay = min(AVERAGE, step / (step + 10))
        for name, value in m.net.state_dict().items():
            if value.is_floating_point():
                average[name].mul_(decay).add_(value, alpha=1 - decay)
        if step % EVERY == 0:
            now = copy.deepcopy(m.net.state_dict())
            m.net.load_state_dict(average)
            bits = m.bits(m.valid, 4).mean().item()
            print(f"{step:6} {time.process_time():6.1f} s  {bits:.4f}", file=sys.stderr)
            if bits < best:
                best, kept, kept_at = bits, copy.deepcopy(average), step
            m.net.load_state_dict(now)
    m.net.load_state_dict(kept)
    return step, kept_at


def speed(m, task, batch, seconds):
    def train():
        m.step(m.batch(batch), 1e-4)

    def draw():
        with m.torch.no_grad():
            m.sample(batch)

    work = train if task == "train" else draw
    for _ in range(5):
        work()
    done, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        work()
        done += batch
    return done / (time.perf_counter() - start)


def main():
    start = time.perf_counter()
    args = arguments()
    m = Model(args)
    line = {
        "lib": args.lib,
        "version": f"{importlib.metadata.version(args.lib)} (torch {m.torch.__version__})",
        "params": sum(p.numel() for p in m.net.parameters()),
    }
    if args.speed:
        line |= {"batch": args.batch, "per_second": speed(m, args.speed, args.batch, args.seconds), "rss_mb": peers.peak_memory()}
    else:
        steps, best = fit(m, args.seconds)
        line |= {"seconds": time.perf_counter() - start, "cpu_seconds": time.process_time()}
        each = m.bits(m.test, DRAWS)
        line |= {
            "bits_per_dim": each.mean().item(), "standard_error": each.std().item() / math.sqrt(len(each)), "draws": DRAWS,
            "train": len(m.train), "test": len(m.test), "steps": steps, "best_step": best,
        }
    if not all(math.isfinite(v) for v in line.values() if isinstance(v, float)):
        sys.exit(f"not finite: {line}")
    print(json.dumps(line))


if __name__ == "__main__":
    main()
