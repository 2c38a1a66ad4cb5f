"""What the rows of results say together."""

import math
import statistics

CLEARLY = 0.05  # nats, and two standard errors
SIMPLE = ("gaussian", "mixture", "kernel")
FLOWS = ("zuko", "flowjax")


def worse(row, other):
    """Whether the flow's NLL is clearly greater than the other's: always where it is infinite."""
    return row["impossible"] > 0 or row["worse"][other] > max(CLEARLY, 2 * row["se"][other])


def better(row, other):
    return row["impossible"] == 0 and row["worse"][other] < -max(CLEARLY, 2 * row["se"][other])


def lower(row, other):
    """Whether the flow's NLL is lower, by however little; one that is not a number is not."""
    return row["impossible"] == 0 and (row["worse"][other] < 0 or not math.isfinite(row["nll"][other]))


def counts(results):
    fitted = [r for r in results if "error" not in r]
    out = {
        "tables": len(results),
        "refused": len(results) - len(fitted),
        "with impossible rows": sum(r["impossible"] > 0 for r in fitted),
        "clearly worse than the best simple model": sum(worse(r, r["best"]) for r in fitted),
        "clearly worse than a Gaussian": sum(worse(r, "gaussian") for r in fitted),
        "clearly better than all simple models": sum(all(better(r, s) for s in SIMPLE) for r in fitted),
    }
    for name in FLOWS:
        beside = [r for r in fitted if name in r["nll"]]
        if beside:
            out[f"beside {name}"] = len(beside)
            out[f"lower than {name}"] = sum(lower(r, name) for r in beside)
    return out


def medians(results):
    """Of the seeds of each truth: the KL, less that of the sample's Gaussian where there is
    one. Infinite where the fit calls a row impossible, None where it was refused.
    """
    out = {}
    for name in dict.fromkeys(r["truth"] for r in results):
        seeds = [r for r in results if r["truth"] == name]
        if any("error" in r for r in seeds):
            out[name] = None
        else:
            out[name] = statistics.median(math.inf if r["impossible"] else r["kl"] - r.get("sample gaussian", 0) for r in seeds)
    return out
