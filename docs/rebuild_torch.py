"""log p (nats) of points.csv under a RealNVP that `flow export MODEL -o weights.safetensors` wrote."""
import json, math, sys
import torch
from safetensors import safe_open

def log_prob(file, x):
    with safe_open(file, "pt") as f:
        model, w = json.loads(f.metadata()["model"]), {name: f.get_tensor(name) for name in f.keys()}
    c, masks = model["config"], model["masks"]
    assert not {"columns", "members"} & set(model) and c["architecture"] == "realnvp" and not {"context", "lu", "actnorm", "residual", "base"} & set(c)
    scaler = c.get("scaler") or {"mean": [0.0], "std": [1.0] * x.shape[1]}
    mean, std = (torch.tensor(scaler[k], dtype=torch.float64) for k in ("mean", "std"))
    u, log_p, bound = (x - mean) / std, -std.log().sum(), c["max_log_scale"]
    if "factor" in scaler:  # lower triangular, each row up to the diagonal
        factor = torch.tensor([row + [0.0] * (x.shape[1] - len(row)) for row in scaler["factor"]], dtype=torch.float64)
        u, log_p = torch.linalg.solve(factor, u.T).T, log_p - factor.diagonal().log().sum()
    z = u.float()  # float64 until standardized
    for i in reversed(range(c["layers"])):  # from the data to the latents
        frozen = torch.tensor([letter == "f" for letter in masks[i]])
        h = z[:, frozen].clamp(-c["input_bound"], c["input_bound"])
        for k in range(len(c["hidden"])):  # as nn.Linear, whose weight is the transpose of ours
            h = torch.relu(h @ w[f"flow/{i:02}/conditioner/hidden_{k}/weights"] + w[f"flow/{i:02}/conditioner/hidden_{k}/biases"])
        h = h @ w[f"flow/{i:02}/conditioner/out/weights"] + w[f"flow/{i:02}/conditioner/out/biases"]
        s, t = h.chunk(2, dim=1)  # all scales, then all shifts
        s = bound * torch.tanh(s / bound)
        z[:, ~frozen] = (z[:, ~frozen] - t) * torch.exp(-s)
        log_p = log_p - s.sum(1)
    return log_p - 0.5 * (z**2).sum(1) - 0.5 * z.shape[1] * math.log(2 * math.pi)

if __name__ == "__main__":
    rows = [[float(v) for v in line.split(",")] for line in open(sys.argv[2]).readlines()[1:]]
    print(*log_prob(sys.argv[1], torch.tensor(rows, dtype=torch.float64)).tolist(), sep="\n")
