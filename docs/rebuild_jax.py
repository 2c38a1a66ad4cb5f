"""log p (nats) of points.csv under a RealNVP that `flow export MODEL -o weights.npz` wrote."""
import json, sys
import jax.numpy as jnp
import numpy as np

def log_prob(file, x):
    w = np.load(file)
    model = json.loads(w["model"].item())
    c, masks = model["config"], model["masks"]
    assert not {"columns", "members"} & set(model) and c["architecture"] == "realnvp" and not {"context", "lu", "actnorm", "residual", "base"} & set(c)
    scaler, bound = c.get("scaler") or {"mean": 0.0, "std": np.ones(x.shape[1])}, c["max_log_scale"]
    u, log_p = (x - scaler["mean"]) / scaler["std"], -np.log(scaler["std"]).sum()
    if "factor" in scaler:  # lower triangular, each row up to the diagonal
        factor = np.array([row + [0.0] * (x.shape[1] - len(row)) for row in scaler["factor"]])
        u, log_p = np.linalg.solve(factor, u.T).T, log_p - np.log(np.diag(factor)).sum()
    z = jnp.array(u)  # float64 until standardized
    for i in reversed(range(c["layers"])):  # from the data to the latents
        frozen = np.array([letter == "f" for letter in masks[i]])
        h = jnp.clip(z[:, frozen], -c["input_bound"], c["input_bound"])
        for k in range(len(c["hidden"])):
            h = jnp.maximum(h @ w[f"flow/{i:02}/conditioner/hidden_{k}/weights"] + w[f"flow/{i:02}/conditioner/hidden_{k}/biases"], 0)
        h = h @ w[f"flow/{i:02}/conditioner/out/weights"] + w[f"flow/{i:02}/conditioner/out/biases"]
        s, t = jnp.split(h, 2, axis=1)  # all scales, then all shifts
        s = bound * jnp.tanh(s / bound)
        z = z.at[:, ~frozen].set((z[:, ~frozen] - t) * jnp.exp(-s))
        log_p = log_p - s.sum(1)
    return log_p - 0.5 * (z**2).sum(1) - 0.5 * z.shape[1] * jnp.log(2 * jnp.pi)

if __name__ == "__main__":
    print(*log_prob(sys.argv[1], np.loadtxt(sys.argv[2], delimiter=",", skiprows=1, ndmin=2)).tolist(), sep="\n")
