"""What one would try before a flow, and the spline flows of two libraries, as their
tutorials train them. Each is a function of (train, test, seed), arrays [n, D], that
returns the log-density of the rows of test, in nats. All see standardized columns.
"""

import warnings

import numpy as np
from sklearn.covariance import LedoitWolf
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity


def standardized(rival):
    def log_prob(train, test, seed):
        mean, std = train.mean(0), train.std(0)
        return rival((train - mean) / std, (test - mean) / std, seed) - np.log(std).sum()
    return log_prob


@standardized
def gaussian(train, test, seed):
    """With the covariance of Ledoit & Wolf 2004."""
    dims = train.shape[1]
    fit = LedoitWolf().fit(train)
    lower = np.linalg.cholesky(fit.covariance_ + 1e-9 * np.eye(dims))
    u = np.linalg.solve(lower, (test - fit.location_).T)
    return -0.5 * (u**2).sum(0) - np.log(np.diag(lower)).sum() - 0.5 * dims * np.log(2 * np.pi)


@standardized
def mixture(train, test, seed):
    """Of Gaussians with full covariances, as many as BIC says."""
    n, dims = train.shape
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # not converged: BIC tells
        fits = [GaussianMixture(k, reg_covar=1e-4, random_state=seed, n_init=2).fit(train)
                for k in (1, 2, 3, 5, 8) if k == 1 or k * (1 + dims) < n / 3]
    return min(fits, key=lambda fit: fit.bic(train)).score_samples(test)


@standardized
def kernel(train, test, seed):
    """A kernel density whose bandwidth is the best of six on a fifth of the rows."""
    order = np.random.default_rng(seed).permutation(len(train))
    fifth = len(train) // 5
    fit, valid = train[order[fifth:]][:4000], train[order[:fifth]][:500]
    width = max((0.05, 0.1, 0.2, 0.3, 0.5, 0.8), key=lambda h: KernelDensity(bandwidth=h).fit(fit).score(valid))
    return KernelDensity(bandwidth=width).fit(train[:8000]).score_samples(test)


@standardized
def zuko(train, test, seed):
    """https://zuko.readthedocs.io/stable/tutorials/basics.html: 2,048 steps of 64 rows."""
    import torch
    import zuko as library

    torch.set_num_threads(1)  # the products are small: threads would wait for each other
    torch.set_flush_denormal(True)
    torch.manual_seed(seed)
    flow = library.flows.NSF(train.shape[1], transforms=3, hidden_features=(64, 64))
    optimizer = torch.optim.Adam(flow.parameters(), lr=1e-3)
    rows = torch.as_tensor(train, dtype=torch.float32)
    for _ in range(2048):
        loss = -flow().log_prob(rows[torch.randint(len(rows), (64,))]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        return flow().log_prob(torch.as_tensor(test, dtype=torch.float32)).numpy().astype(float)


@standardized
def flowjax(train, test, seed):
    """Couplings with splines and fit_to_data, as its README and examples have them."""
    import jax
    from flowjax.bijections import RationalQuadraticSpline
    from flowjax.distributions import Normal
    from flowjax.flows import coupling_flow
    from flowjax.train import fit_to_data

    key, part = jax.random.split(jax.random.key(seed))
    flow = coupling_flow(part, base_dist=Normal(jax.numpy.zeros(train.shape[1])),
                         transformer=RationalQuadraticSpline(knots=8, interval=4))
    flow, _ = fit_to_data(key, flow, jax.numpy.asarray(train, "float32"), show_progress=False)
    return np.asarray(flow.log_prob(jax.numpy.asarray(test, "float32")), float)


SIMPLE = {"gaussian": gaussian, "mixture": mixture, "kernel": kernel}
FLOWS = {"zuko": zuko, "flowjax": flowjax}
