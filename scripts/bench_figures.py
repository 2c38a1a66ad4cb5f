"""What `make bench` makes of its measurements: medians, checks, ratios, tables. Nothing here runs anything.

A line is a dict with the keys that scripts/peers/peers.py lists; a kernel is a dict with
lib, shape, rows, gflops.
"""

import statistics

OURS = ("byhand", "fast", "xla", "go")
TABLES = ("knots",)  # what a network says, compiled into tables: for two features alone, and no rival to programs that compute it
PEERS = ("numpy", "torch", "zuko", "normflows", "jax-scan", "jax-step")
BATCHES = (256, 1024, 4096)
TASKS = {"train": "training samples/s", "logprob": "log-probability points/s", "sample": "sampling points/s"}
PRODUCTS = ("forward64", "backward_data64", "backward_weights64")

# Correct programs are 1e-5 apart after 50 steps; the difference of float32 rounding grows
# chaotically, to 1.5e-2 after 200. Draws differ, and the mean -log p of 1e5 of them, whose
# standard deviation is about 1, by a few thousandths.
TOLERANCES = {"loss_50": 1e-3, "loss": 5e-2, "logprob": 1e-3, "sample": 2e-2}
NUM_PARAMETERS = 35_344


def key(line):
    """(lib, task, batch, threads); batch is 0 where points are worked on, in chunks of the engine's choice."""
    return line["lib"], line["task"], line["batch"] if line["task"] == "train" else 0, line["threads"]


def speed(line):
    """Samples or points per second of wall time."""
    return (line["steps"] * line["batch"] if line["task"] == "train" else line["n"]) / line["secs"]


def medians(lines):
    """One dict for each key, in the order of first appearance: medians of its lines."""
    groups = {}
    for line in lines:
        groups.setdefault(key(line), []).append(line)
    rows = []
    for (lib, task, batch, threads), group in groups.items():
        row = {"lib": lib, "task": task, "batch": batch, "threads": threads, "runs": len(group)}
        row["per_s"] = statistics.median(map(speed, group))
        row["per_cpu_s"] = statistics.median(speed(l) * l["secs"] / l["cpu_s"] for l in group)
        for name in ("cold_s", "rss_mb", "loss_50", "loss", "nll"):
            values = [l[name] for l in group if l.get(name) is not None]
            if values:
                row[name] = statistics.median(values)
        rows.append(row)
    return rows


def disagreements(lines):
    """What shows that the programs did not do the same work, a sentence each; empty when all is well."""
    said, groups = [], {}
    for line in lines:
        who = f"{line['lib']}, {line['task']}, batch {line['batch']}, {line['threads']} threads"
        if line["nparams"] != NUM_PARAMETERS:
            said.append(f"{who}: {line['nparams']} parameters, expected {NUM_PARAMETERS}")
        if line["task"] == "train":
            if line.get("loss") is None:
                said.append(f"{who}: no loss after 200 steps")
            for name in ("loss_50", "loss"):
                if line.get(name) is not None:
                    groups.setdefault((name, line["batch"]), []).append((line[name], who))
        elif line.get("nll") is None:
            said.append(f"{who}: no nll")
        else:
            groups.setdefault((line["task"], 0), []).append((line["nll"], who))
    for (name, _), values in groups.items():
        middle = statistics.median(v for v, _ in values)
        for value, who in values:
            if not abs(value - middle) <= TOLERANCES[name] * abs(middle):  # NaN too
                what = name if name.startswith("loss") else "nll"
                said.append(f"{who}: {what} {value:.6g}, where the middle of all is {middle:.6g}")
    return said


def best_kernels(kernels):
    """(lib, shape, rows) -> the most GFLOP/s of its rounds: what else runs can only take away."""
    best = {}
    for k in kernels:
        at = k["lib"], k["shape"], k["rows"]
        best[at] = max(best.get(at, 0.0), k["gflops"])
    return best


def ratios(rows, kernels, threads):
    """The goals, each {what, goal, at_most, reached, met, of}; reached is None where something was not measured.

    Where it is about the fastest engine, the XLA engine or threads, ours run on all threads; a
    peer, byhand beside NumPy, the start of a process and memory count in their best setting,
    one thread or all.
    """
    table = {(r["lib"], r["task"], r["batch"], r["threads"]): r for r in rows}

    def ours(libs, task, batch):
        found = [(table[k]["per_s"], lib) for lib in libs if (k := (lib, task, batch, threads)) in table]
        return max(found, default=None)

    def best(libs, task, batch):
        found = [(r["per_s"], r["lib"]) for (lib, t, b, _), r in table.items() if (lib in libs, t, b) == (True, task, batch)]
        return max(found, default=None)

    def least(libs, name, task, batch):
        found = [(r[name], r["lib"]) for (lib, t, b, _), r in table.items() if (lib in libs, t, b) == (True, task, batch) and name in r]
        return min(found, default=None)

    out = []

    def add(what, goal, mine, theirs=(1.0, ""), at_most=False):
        reached, of = None, ""
        if mine and theirs:
            reached = mine[0] / theirs[0]
            of = " / ".join(filter(None, (mine[1], theirs[1])))
        met = None if reached is None else (reached <= goal if at_most else reached >= goal)
        out.append({"what": what, "goal": goal, "at_most": at_most, "reached": reached, "met": met, "of": of})

    for batch, goal in zip(BATCHES, (3.0, 3.0, 2.0)):
        add(f"fastest engine / JAX scan, training, batch {batch}", goal, ours(OURS, "train", batch), best(["jax-scan"], "train", batch))
    for batch in BATCHES:
        add(f"XLA engine / JAX scan, training, batch {batch}", 0.9, ours(["xla"], "train", batch), best(["jax-scan"], "train", batch))
    for task, word in (("logprob", "log-probability"), ("sample", "sampling")):
        add(f"fastest engine / best peer, {word}", 1.5, ours(OURS, task, 0), best(PEERS, task, 0))
    for task, word in (("logprob", "log-probability"), ("sample", "sampling")):
        add(f"tables of knots / fast engine, {word}", 5.0, ours(TABLES, task, 0), ours(["fast"], task, 0))
    for batch in BATCHES:
        add(f"byhand / NumPy by hand, training, batch {batch}", 1.0, best(["byhand"], "train", batch), best(["numpy"], "train", batch))
    first = BATCHES[0]
    add("process start to first trained step, fastest engine, s", 0.2, least(OURS, "cold_s", "train", first), at_most=True)
    add("process start to first trained step, XLA / JAX per step", 1.0, least(["xla"], "cold_s", "train", first), least(["jax-step"], "cold_s", "train", first), at_most=True)
    add("peak memory of scoring, fast engine, MiB", 100.0, ours(["fast"], "logprob", 0) and least(["fast"], "rss_mb", "logprob", 0), at_most=True)
    speeds = best_kernels(kernels)
    for shape in PRODUCTS:
        mine = max(((g, rows) for (lib, s, rows), g in speeds.items() if lib == "flow" and s == shape), default=None)
        theirs = mine and speeds.get(("openblas", shape, mine[1]))
        add(f"kernel / OpenBLAS, {shape}" + (f", {mine[1]} rows" if mine else ""), 0.9, mine and (mine[0], ""), theirs and (theirs, ""))
    if threads > 1:
        top = ours(OURS, "train", BATCHES[-1])
        alone = top and table.get((top[1], "train", BATCHES[-1], 1))
        add(f"1 to {threads} threads, fastest engine, training, batch {BATCHES[-1]}", 1.7, top, alone and (alone["per_s"], ""))
    return out


def ratio_table(ratios):
    lines = [f"{'':62} {'goal':>9} {'reached':>9}"]
    for r in ratios:
        goal = ("≤ " if r["at_most"] else "≥ ") + f"{r['goal']:g}"
        reached = "–" if r["reached"] is None else f"{r['reached']:.3g}"
        mark = {True: "✓", False: "✗", None: " "}[r["met"]]
        lines.append(f"{r['what']:62} {goal:>9} {reached:>9} {mark} {r['of']}".rstrip())
    return "\n".join(lines)


def speed_table(rows):
    """Thousand per second by engine, a table for each task."""
    threads = sorted({r["threads"] for r in rows})
    parts = []
    for task, title in TASKS.items():
        of_task = [r for r in rows if r["task"] == task]
        if not of_task:
            continue
        columns = [(b, t) for b in sorted({r["batch"] for r in of_task}) for t in threads]
        head = "".join(f"{(f'{b} ' if b else '') + f'×{t}':>10}" for b, t in columns)
        parts.append(f"{title}, thousands; batch ×threads\n{'':10}{head}{'start s':>10}{'MiB':>8}")
        for lib in dict.fromkeys(r["lib"] for r in of_task):
            mine = {(r["batch"], r["threads"]): r for r in of_task if r["lib"] == lib}
            cells = "".join(f"{mine[c]['per_s'] / 1e3:>10.0f}" if c in mine else f"{'–':>10}" for c in columns)
            cold = min((r["cold_s"] for r in mine.values() if "cold_s" in r), default=float("nan"))
            parts.append(f"{lib:10}{cells}{cold:>10.2f}{max(r['rss_mb'] for r in mine.values()):>8.0f}")
        parts.append("")
    return "\n".join(parts)


def kernel_table(kernels):
    speeds = best_kernels(kernels)
    lines = [f"{'products of the 64×64 layer, GFLOP/s, one core':48}" + "".join(f"{s:>20}" for s in PRODUCTS)]
    for lib, rows in dict.fromkeys((lib, rows) for lib, shape, rows in speeds if shape in PRODUCTS):
        cells = [speeds.get((lib, s, rows)) for s in PRODUCTS]
        lines.append(f"{f'{lib}, {rows} rows':48}" + "".join(f"{'–' if c is None else format(c, '.1f'):>20}" for c in cells))
    for (lib, shape, _), gflops in speeds.items():
        if shape == "peak":
            lines.append(f"{'peak of multiply-adds alone':48}{gflops:>20.1f}")
    return "\n".join(lines) if speeds else ""
