"""The spline flow on PyTorch: zuko's coupling and spline, or those of nflows, from which ours comes."""

import nsf
import peers

args = nsf.start("zuko", "nflows")

import importlib.metadata  # noqa: E402
import math  # noqa: E402
import warnings  # noqa: E402

import nflows.transforms  # noqa: E402  after the limit on threads
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
import zuko  # noqa: E402

import torch_engine  # noqa: E402

warnings.filterwarnings("ignore", "Inputs to the softmax")


class Mixture(torch.nn.Module):
    """Neither library has a trained mixture whose scales are bounded."""

    def __init__(self, weights):
        super().__init__()
        for name in ("means", "log_scales", "logits"):
            setattr(self, name, torch.nn.Parameter(torch.from_numpy(weights[name].copy())))

    def scales(self):
        return nsf.MAX_LOG_SCALE * torch.tanh(self.log_scales / nsf.MAX_LOG_SCALE)

    def log_prob(self, z):
        log_scales = self.scales()
        u = (z[:, None] - self.means) * torch.exp(-log_scales)
        terms = torch.log_softmax(self.logits, 0) - log_scales.sum(1) - 0.5 * (u * u).sum(2)
        return torch.logsumexp(terms, 1) - 0.5 * z.shape[1] * math.log(2 * math.pi)

    def sample(self, n):
        k = torch.multinomial(torch.softmax(self.logits, 0), n, replacement=True)
        return self.means[k] + torch.exp(self.scales())[k] * torch.randn(n, self.means.shape[1])


class Conditioner(torch.nn.Module):
    """Of the clipped frozen features; the numbers of a moving feature stand side by side."""

    def __init__(self, dense):
        super().__init__()
        (w0, b0), (w1, b1), (w2, b2) = dense
        modules = [torch_engine.Clip()]
        for w, b in ((w0, b0), (w1, b1), (nsf.by_feature(w2), nsf.by_feature(b2))):
            linear = torch.nn.Linear(*w.shape)
            torch_engine.load(linear, w, b)
            modules += [linear, torch.nn.ReLU(inplace=True)]
        self.net = torch.nn.Sequential(*modules[:-1])

    def forward(self, h, context=None):
        return self.net(h)


class ShiftedConditioner(Conditioner):
    """nflows' slope is softplus(raw) + least: ours is 1 where raw is 0."""

    def __init__(self, dense):
        super().__init__(dense)
        shift = torch.zeros(nsf.PARAMS)
        shift[2 * nsf.BINS :] = nsf.SLOPE_OFFSET
        self.register_buffer("shift", shift.repeat(dense[2][1].size // nsf.PARAMS))

    def forward(self, h, context=None):
        return self.net(h) + self.shift


class Spline(zuko.transforms.MonotonicRQSTransform):
    """zuko's spline with our shares and slopes in the place of its own."""

    def __init__(self, widths, heights, slopes):
        torch.distributions.Transform.__init__(self)

        def knots(raw):
            shares = nsf.LEAST + (1 - nsf.LEAST * nsf.BINS) * F.softmax(raw, dim=-1)
            return nsf.BOUND * (2 * torch.cumsum(F.pad(shares, (1, 0)), dim=-1) - 1)

        self.horizontal, self.vertical = knots(widths), knots(heights)
        self.derivatives = F.pad(nsf.LEAST + F.softplus(slopes + nsf.SLOPE_OFFSET), (1, 1), value=1.0)


class Zuko(torch.nn.Module):
    def __init__(self, weights):
        super().__init__()
        features, transforms = weights["means"].shape[1], []
        shapes = ((nsf.BINS,), (nsf.BINS,), (nsf.BINS - 1,))
        for i in reversed(range(nsf.LAYERS)):
            mask = torch.arange(features) % 2 != i % 2  # true is frozen
            transform = zuko.flows.GeneralCouplingTransform(features, 0, mask, Spline, shapes, hidden_features=(nsf.HIDDEN,) * 2)
            transform.hyper = Conditioner(weights["layers"][i])
            transforms.append(transform)
        self.transform, self.base = zuko.lazy.LazyComposedTransform(*transforms), Mixture(weights)

    def log_prob(self, x):
        z, log_det = self.transform().call_and_ladj(x)
        return self.base.log_prob(z) + log_det

    def draw(self, n):
        return self.transform().inv(self.base.sample(n))


class Nflows(torch.nn.Module):
    def __init__(self, weights):
        super().__init__()
        features, transforms = weights["means"].shape[1], []
        for i in reversed(range(nsf.LAYERS)):
            mask = [int(d % 2 == i % 2) for d in range(features)]  # 1 is moved
            transforms.append(nflows.transforms.PiecewiseRationalQuadraticCouplingTransform(
                mask, lambda *_, i=i: ShiftedConditioner(weights["layers"][i]), nsf.BINS, "linear", nsf.BOUND))
        self.transform, self.base = nflows.transforms.CompositeTransform(transforms), Mixture(weights)

    def log_prob(self, x):
        z, log_det = self.transform(x)
        return self.base.log_prob(z) + log_det

    def draw(self, n):
        return self.transform.inverse(self.base.sample(n))[0]


class Engine(torch_engine.Engine):
    def __init__(self, weights, args):
        super().__init__({"zuko": Zuko, "nflows": Nflows}[args.engine](weights), args)
        self.version = f"{importlib.metadata.version(args.engine)} (torch {torch.__version__})"


peers.run(args, Engine, nsf.weights)
