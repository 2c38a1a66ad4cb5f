"""zuko (PyTorch): its general coupling with the bounded affine map of this project."""

import peers

args = peers.start("zuko")

import torch  # noqa: E402  after the limit on threads
import zuko  # noqa: E402

import torch_engine  # noqa: E402


class BoundedAffine(torch.distributions.Transform):
    """x -> z = (x - t)·exp(-s), element by element; zuko's own bounds the log-scale by raw/(1 + |raw|/bound)."""

    domain = codomain = torch.distributions.constraints.real
    bijective, sign = True, +1

    def __init__(self, raw, t):
        super().__init__()
        self.s, self.t = torch_engine.log_scale(raw), t

    def _call(self, x):
        return (x - self.t) * torch.exp(-self.s)

    def _inverse(self, z):
        return z * torch.exp(self.s) + self.t

    def log_abs_det_jacobian(self, x, z):
        return -self.s


class RealNVP(torch.nn.Module):
    def __init__(self, weights):
        super().__init__()
        transforms = []
        for i in reversed(range(peers.LAYERS)):  # zuko goes from the data to the latents
            mask = torch.arange(peers.FEATURES) != i % 2  # true is frozen
            transform = zuko.flows.GeneralCouplingTransform(peers.FEATURES, 0, mask, BoundedAffine, hidden_features=(peers.HIDDEN,) * 2)
            linears = [m for m in transform.hyper if hasattr(m, "weight")]
            for linear, (w, b) in zip(linears, weights[i], strict=True):
                torch_engine.load(linear, w, b)
            transform.hyper = torch.nn.Sequential(torch_engine.Clip(), transform.hyper)
            transforms.append(transform)
        zeros, ones = torch.zeros(peers.FEATURES), torch.ones(peers.FEATURES)
        base = zuko.lazy.UnconditionalDistribution(zuko.distributions.DiagNormal, zeros, ones, buffer=True)
        self.flow = zuko.lazy.Flow(transforms, base)

    def log_prob(self, x):
        return self.flow().log_prob(x)

    def draw(self, n):
        return self.flow().sample((n,))


class Engine(torch_engine.Engine):
    version = f"{zuko.__version__} (torch {torch.__version__})"
    note = "exact, with an element-wise map of our own in zuko's coupling"

    def __init__(self, weights, args):
        super().__init__(RealNVP(weights), args)


peers.run(args, Engine)
