"""What the three PyTorch programs share: weights, the training loop, scoring and drawing in chunks.

Import it after peers.start. A library's engine adds `log_prob(x) -> [B]` and `draw(n) -> [n, 2]`.
"""

import copy
import functools

import numpy as np
import torch

import peers


class Conditioner(torch.nn.Sequential):
    """1-64-64-2 with ReLU, of the clipped feature: [B, 1] to raw log-scale and shift, [B, 2]."""

    def __init__(self, dense):
        modules = [Clip()]
        for w, b in dense:
            linear = torch.nn.Linear(*w.shape)
            load(linear, w, b)
            modules += [linear, torch.nn.ReLU(inplace=True)]
        super().__init__(*modules[:-1])


class Clip(torch.nn.Module):
    def forward(self, x):
        return x.clamp(-peers.BOUND, peers.BOUND)


def load(linear, w, b):
    """Puts W, [in, out], and b into a Linear, which keeps [out, in]."""
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(w.T.copy()))
        linear.bias.copy_(torch.from_numpy(b))


def log_scale(raw):
    return peers.MAX_LOG_SCALE * torch.tanh(raw / peers.MAX_LOG_SCALE)


class Trainer:
    steps_per_call = 10

    def __init__(self, model, points, batch, compiled):
        model = copy.deepcopy(model)
        self.log_prob = compiled(model.log_prob)
        self.adam = torch.optim.Adam(model.parameters(), peers.LR, (peers.BETA1, peers.BETA2), peers.EPS, fused=True)
        self.points = torch.from_numpy(np.concatenate([points, points[:batch]]))
        self.batch, self.starts = batch, peers.batch_starts(len(points), batch)

    def step(self):
        losses = []
        for _ in range(self.steps_per_call):
            at = next(self.starts)
            loss = -self.log_prob(self.points[at : at + self.batch]).mean()
            self.adam.zero_grad()
            loss.backward()
            self.adam.step()
            losses.append(loss.item())
        return losses


class Engine:
    """model is a Module with log_prob and draw."""

    version, note, chunk = torch.__version__, "", 4096

    def __init__(self, model, args):
        torch.set_num_threads(args.threads)
        torch.manual_seed(1)
        self.model, self.compiled = model, lambda f: f
        if args.engine == "torch-compile":
            self.compiled = functools.partial(torch.compile, dynamic=False)
        self.log_prob, self.draw = self.compiled(model.log_prob), self.compiled(model.draw)
        self.nparams = sum(p.numel() for p in model.parameters())

    def trainer(self, points, batch):
        return Trainer(self.model, points, batch, self.compiled)

    @torch.inference_mode()
    def logprob(self, points, chunk):
        return np.concatenate([self.log_prob(x).numpy() for x in torch.from_numpy(points).split(chunk)])

    @torch.inference_mode()
    def sample(self, n, chunk):
        return np.concatenate([self.draw(min(chunk, n - at)).numpy() for at in range(0, n, chunk)])
