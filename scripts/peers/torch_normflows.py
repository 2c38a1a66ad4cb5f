"""normflows (PyTorch): its affine coupling block with the conditioner of this project."""

import peers

args = peers.start("normflows")

import importlib.metadata  # noqa: E402
import normflows  # noqa: E402  after the limit on threads
import torch  # noqa: E402

import torch_engine  # noqa: E402


class Parameters(torch.nn.Module):
    """What normflows' block asks of a network: the shift, then the log-scale, here bounded."""

    def __init__(self, dense):
        super().__init__()
        self.conditioner = torch_engine.Conditioner(dense)

    def forward(self, frozen):
        raw, t = self.conditioner(frozen).split(1, dim=1)
        return torch.cat([t, torch_engine.log_scale(raw)], dim=1)


class RealNVP(normflows.NormalizingFlow):
    """A block moves the second feature; swapped before each, layer i moves feature i%2."""

    def __init__(self, weights):
        flows = []
        for dense in weights:
            flows.append(normflows.flows.Permute(peers.FEATURES, mode="swap"))
            flows.append(normflows.flows.AffineCouplingBlock(Parameters(dense), scale_map="exp"))
        super().__init__(normflows.distributions.DiagGaussian(peers.FEATURES, trainable=False), flows)

    def draw(self, n):
        return self.sample(n)[0]


class Engine(torch_engine.Engine):
    version = f"{importlib.metadata.version('normflows')} (torch {torch.__version__})"
    note = "exact, with a network of our own in normflows' coupling"

    def __init__(self, weights, args):
        super().__init__(RealNVP(weights), args)


peers.run(args, Engine)
