"""PyTorch, plain modules. torch-compile puts torch.compile before them: 1.1 to 1.8 times as
fast, after half a minute of compiling in C++."""

import peers

args = peers.start("torch", "torch-compile")

import math  # noqa: E402
import torch  # noqa: E402  after the limit on threads

import torch_engine  # noqa: E402


class RealNVP(torch.nn.Module):
    def __init__(self, weights):
        super().__init__()
        self.conditioners = torch.nn.ModuleList(torch_engine.Conditioner(dense) for dense in weights)

    def log_prob(self, x):
        z, log_det = list(x.split(1, dim=1)), 0.0  # columns, [B, 1]
        for i in reversed(range(peers.LAYERS)):
            raw, t = self.conditioners[i](z[1 - i % 2]).split(1, dim=1)
            s = torch_engine.log_scale(raw)
            z[i % 2] = (z[i % 2] - t) * torch.exp(-s)
            log_det = log_det - s
        return (log_det - 0.5 * (z[0] ** 2 + z[1] ** 2))[:, 0] - math.log(2 * math.pi)

    def draw(self, n):
        x = list(torch.randn(peers.FEATURES, n, 1))
        for i in range(peers.LAYERS):
            raw, t = self.conditioners[i](x[1 - i % 2]).split(1, dim=1)
            x[i % 2] = x[i % 2] * torch.exp(torch_engine.log_scale(raw)) + t
        return torch.cat(x, dim=1)


class Engine(torch_engine.Engine):
    def __init__(self, weights, args):
        super().__init__(RealNVP(weights), args)


peers.run(args, Engine)
