"""Densities that are known: KL of a fit to 3,000 rows on 20,000 fresh ones, whether the
NLL that it claims holds there, and whether draws stay where rows can be.
"""

import numpy as np
import pandas as pd
from scipy import stats

from flow import Flow, Refused

ROWS, FRESH = 3000, 20000


class Truth:
    """draw(rng, n) is a data frame, log_prob(frame) its exact log-density in nats."""

    def __init__(self, draw, log_prob, draws=None, spoil=None, gauss=False):
        self.draw, self.log_prob, self.gauss = draw, log_prob, gauss
        self.draws = draws or (lambda d: {})
        self.spoil = spoil or (lambda frame, rng: frame)  # of the training rows


def frame(x):
    return pd.DataFrame(x, columns=[f"v{i}" for i in range(x.shape[1])])


def correlated(dims, rho):
    """Neighbouring columns correlate by rho, those k apart by rho^k."""
    covariance = rho ** np.abs(np.subtract.outer(np.arange(dims), np.arange(dims)))
    normal = stats.multivariate_normal(np.zeros(dims), covariance)
    return lambda rng, n: frame(rng.multivariate_normal(np.zeros(dims), covariance, n, method="cholesky")), normal.logpdf


def gauss(dims, rho):
    return Truth(*correlated(dims, rho), gauss=True)


def alike(dist, draws=None):
    """Two independent columns of one distribution."""
    return Truth(lambda rng, n: frame(dist.rvs((n, 2), random_state=rng)), lambda x: dist.logpdf(x).sum(1), draws)


def negative(d):
    return {"below 0": int((d < 0).any(axis=1).sum())}


def outliers():
    def spoil(rows, rng):
        rows = rows.copy()
        rows.iloc[rng.choice(len(rows), 6, replace=False)] *= 1e6
        return rows
    return Truth(*correlated(3, 0.8), spoil=spoil)


def angle():
    """An angle about ±π, and a number that goes with it."""
    towards = stats.vonmises(4, loc=np.pi)

    def draw(rng, n):
        a = (towards.rvs(n, random_state=rng) + np.pi) % (2 * np.pi) - np.pi
        return pd.DataFrame({"angle": a, "v1": np.cos(a) + 0.3 * rng.standard_normal(n)})
    return Truth(draw, lambda x: towards.logpdf(x["angle"]) + stats.norm.logpdf(x["v1"], np.cos(x["angle"]), 0.3),
                 lambda d: {"outside": int((d["angle"].abs() > np.pi + 1e-9).sum())})


def zeros():
    """0 in 40 % of the rows, lognormal else: the measure of a row with 0 is its mass."""
    positive = stats.lognorm(1)

    def draw(rng, n):
        x = np.where(rng.random(n) < 0.4, 0, positive.rvs(n, random_state=rng))
        return frame(np.column_stack([x, rng.standard_normal(n) + (x > 0)]))

    def log_prob(f):
        x = f["v0"].to_numpy()
        first = np.where(x == 0, np.log(0.4), np.log(0.6) + positive.logpdf(np.where(x == 0, 1, x)))
        return first + stats.norm.logpdf(f["v1"], 1.0 * (x > 0))
    return Truth(draw, log_prob, lambda d: {"share of 0": float((d["v0"] == 0).mean()), "below 0": int((d["v0"] < 0).sum())})


def mixed():
    """Two categories of five levels that depend on each other, two numbers on both."""
    rng = np.random.default_rng(3)
    joint = rng.dirichlet(np.ones(25)).reshape(5, 5)
    means, levels = 2 * rng.standard_normal((5, 5, 2)), np.array(list("abcde"))

    def draw(rng, n):
        i, j = np.divmod(rng.choice(25, n, p=joint.ravel()), 5)
        x = means[i, j] + rng.standard_normal((n, 2)) @ np.array([[1, 0.5], [0, 0.8]])
        return pd.DataFrame({"c0": levels[i], "c1": levels[j], "v0": x[:, 0], "v1": x[:, 1]})

    def log_prob(f):
        i, j = (f[c].map({level: k for k, level in enumerate(levels)}).to_numpy() for c in ("c0", "c1"))
        covariance = np.array([[1, 0], [0.5, 0.8]]) @ np.array([[1, 0.5], [0, 0.8]])
        away = f[["v0", "v1"]].to_numpy() - means[i, j]
        return np.log(joint[i, j]) + stats.multivariate_normal([0, 0], covariance).logpdf(away)
    return Truth(draw, log_prob)


TRUTHS = {
    "gaussian 2, .9999": gauss(2, 0.9999), "gaussian 12, .5": gauss(12, 0.5), "gaussian 12, .9999": gauss(12, 0.9999),
    "gaussian 20, .9": gauss(20, 0.9), "gaussian 20, .9999": gauss(20, 0.9999),
    "lognormal 1": alike(stats.lognorm(1), negative), "lognormal 2": alike(stats.lognorm(2), negative),
    "lognormal 4": alike(stats.lognorm(4), negative),
    "cauchy": alike(stats.cauchy()), "t(3)": alike(stats.t(3)), "exponential": alike(stats.expon(), negative),
    "outliers": outliers(), "von mises": angle(), "zeros": zeros(), "mixed": mixed(),
}


def sample_gaussian(train, fresh):
    return stats.multivariate_normal(train.mean(), train.cov(), allow_singular=True).logpdf(fresh)


def measure(command, name, seed):
    truth, rng = TRUTHS[name], np.random.default_rng(seed)
    train, fresh = truth.spoil(truth.draw(rng, ROWS), rng), truth.draw(rng, FRESH)
    row = {"truth": name, "seed": seed}
    try:
        with Flow(command, train) as flow:
            scores, drawn = flow.log_prob(fresh), flow.draws(FRESH)
    except Refused as err:
        return row | {"error": str(err)}
    exact = np.asarray(truth.log_prob(fresh), float)
    lost = exact - scores
    row |= {"seconds": flow.seconds, "kl": lost.mean(), "se": lost.std() / np.sqrt(FRESH), "impossible": int((scores == -np.inf).sum()),
            "warnings": flow.record.get("warnings") or [], "draws": truth.draws(drawn)}
    if row["draws"].get("share of 0") == 0:  # a density, which has no mass there: the KL is infinite
        row["kl"] = np.inf
    if truth.gauss:
        row["sample gaussian"] = (exact - sample_gaussian(train, fresh)).mean()
    if name != "outliers":  # whose claims are of rows with outliers
        row |= {"fresh": -scores.mean(), "claims": {part: claim(flow.record[part], scores) for part in ("valid", "test") if flow.record.get(part)}}
    return row


def claim(said, scores):
    """The NLL that the fit claims, and how many standard errors that of fresh rows is above it."""
    se = np.hypot(said["se"], scores.std() / np.sqrt(len(scores)))
    return {"nll": said["mean"], "se": said["se"], "z": (-scores.mean() - said["mean"]) / se}
