"""What `make bench` measures of the default model of flow fit, and on a busy machine. bench.py runs it.

The spline flow over 2 and over 30 features, all threads, each engine in turn in each
repetition; the slow ones, which decide no ratio, in the first alone. Beside busy processes:
our engines with all threads and with one.
"""

import statistics
import subprocess
import sys

ENGINES = ("fast", "xla", "jax-scan", "flowjax", "zuko", "nflows")
PROGRAMS = {"jax-scan": "jax_nsf.py", "flowjax": "flowjax_nsf.py", "zuko": "torch_nsf.py", "nflows": "torch_nsf.py"}
ONCE = {"zuko", "nflows"}
FEATURES = (2, 30)
TASKS = [("train", 256), ("train", 1024), ("train", 4096), ("logprob", 0), ("sample", 0)]
POINTS = {2: 200_000, 30: 20_000}  # scored or drawn at a time
NUM_PARAMETERS = {2: 15_112, 30: 104_600}
TOLERANCES = {"loss_50": 1e-2, "loss": 5e-2, "logprob": 1e-3, "sample": 2e-2}  # loss_50 is here that of step 10, loss of 40
BUSY = (0, 1, 2)
BUSY_RUNS = [("fast", "all"), ("fast", 1), ("xla", "all"), ("go", "all")]


def command(flow, python, peers, lib, features, task, batch, threads, secs, folder):
    c = [python, peers / PROGRAMS[lib]] if lib in PROGRAMS else [flow, "bench", "--json", "--model", "nsf"]
    c += ["--engine", lib, "--task", task, "--threads", threads, "--secs", secs, "--n", POINTS[features]]
    c += ["--data", f"{folder}/{features}/data.csv", "--weights", f"{folder}/{features}/weights.safetensors"]
    return c + (["--batch", batch] if batch else [])


def plan(reps, peers):
    """(repetition, features, task, batch, engine), odd repetitions with the engines backwards."""
    engines = [e for e in ENGINES if peers or e not in PROGRAMS]
    return [
        (rep, features, task, batch, lib)
        for rep in range(reps)
        for features in FEATURES
        for task, batch in TASKS
        for lib in engines[:: -1 if rep % 2 else 1]
        if rep == 0 or lib not in ONCE
    ]


def speed(line):
    return (line["steps"] * line["batch"] if line["task"] == "train" else line["n"]) / line["secs"]


def medians(lines, keys):
    groups = {}
    for line in lines:
        groups.setdefault(tuple(line[k] for k in keys), []).append(line)
    return [{**dict(zip(keys, key)), "runs": len(group), "per_s": statistics.median(map(speed, group)), "rss_mb": max(l["rss_mb"] for l in group)} for key, group in groups.items()]


def disagreements(lines):
    """What shows that the programs did not do the same work, a sentence each."""
    said, groups = [], {}
    for line in lines:
        who = f"{line['lib']}, {line['features']} features, {line['task']} {line['batch']}"
        if line["nparams"] != NUM_PARAMETERS[line["features"]]:
            said.append(f"{who}: {line['nparams']} parameters, expected {NUM_PARAMETERS[line['features']]}")
        names = ("loss_50", "loss") if line["task"] == "train" else ("nll",)
        for name in names:
            groups.setdefault((name, line["features"], line["task"], line["of"]), []).append((line.get(name), who))
    for (name, _, task, _), values in groups.items():
        if any(v is None for v, _ in values):
            said += [f"{who}: no {name}" for v, who in values if v is None]
            continue
        middle = statistics.median(v for v, _ in values)
        limit = TOLERANCES[task if name == "nll" else name]
        said += [f"{who}: {name} {v:.6g}, where the middle of all is {middle:.6g}" for v, who in values if not abs(v - middle) <= limit * abs(middle)]
    return said


def ratios(rows):
    """The goals, as bench_figures.ratios gives them."""
    table, out = {(r["lib"], r["features"], r["task"], r["of"]): r["per_s"] for r in rows}, []
    for features in FEATURES:
        for task, batch in TASKS:
            libs = ["jax-scan", "flowjax"] if task == "train" else list(PROGRAMS)
            goal = 1.5 if features == 30 else 3.0 if task == "train" else 2.0
            theirs = max(((table[k], lib) for lib in libs if (k := (lib, features, task, batch)) in table), default=None)
            mine = table.get(("fast", features, task, batch))
            reached = mine / theirs[0] if mine and theirs else None
            what = f"default model, {features} features, fast / {'the faster JAX' if task == 'train' else 'best peer'}, {task}" + (f", batch {batch}" if batch else "")
            out.append({"what": what, "goal": goal, "at_most": False, "reached": reached, "met": None if reached is None else reached >= goal, "of": f"fast / {theirs[1]}" if theirs else ""})
    return out


def busy_ratios(rows):
    table, out = {(r["lib"], r["asked"], r["task"], r["busy"]): r["per_s"] for r in rows}, []
    for task in ("train", "logprob"):
        for busy in BUSY:
            both, one = table.get(("fast", "all", task, busy)), table.get(("fast", 1, task, busy))
            reached = both / one if both and one else None
            out.append({"what": f"default model, {busy} busy processes beside, fast, default threads / one, {task}", "goal": 0.9, "at_most": False, "reached": reached, "met": None if reached is None else reached >= 0.9, "of": "fast / fast, one thread"})
    return out


def readme_rows(rows):
    """Thousand events per second of each engine, in the README's order of columns."""
    lines = []
    for lib in ENGINES:
        cells = [f"{r['per_s'] / 1000:,.0f}" for features in FEATURES for task, batch in TASKS for r in rows if (r["lib"], r["features"], r["task"], r["of"]) == (lib, features, task, batch)]
        if len(cells) == len(FEATURES) * len(TASKS):
            lines.append(f"| {lib} | " + " | ".join(cells) + " |")
    return lines


def measure(call, parse, progress, flow, python, peers, have_peers, reps, secs, threads, folder):
    """{"medians", "lines", "ratios"} of the default model."""
    todo, lines = plan(reps, have_peers), []
    for features in FEATURES:
        call([flow, "bench-data", "--model", "nsf", "--features", features, "-o", f"{folder}/{features}"])
    for i, (rep, features, task, batch, lib) in enumerate(todo):
        (line,) = parse(call(command(flow, python, peers, lib, features, task, batch, threads, secs, folder)))
        line = {**line, "rep": rep, "features": features, "of": batch}
        lines.append(line)
        progress(f"[{i + 1:3}/{len(todo)}] nsf {features} {task} {batch or ''} {lib}: {speed(line) / 1e3:.0f} k/s")
    rows = medians(lines, ("lib", "features", "task", "of"))
    return {"medians": rows, "ratios": ratios(rows), "threads": threads, "lines": lines}


def measure_busy(call, parse, progress, flow, reps, secs, threads, folder):
    """The same for our engines while other processes are busy: {"medians", "lines", "ratios"}."""
    lines = []
    for rep in range(reps):
        for busy in BUSY:
            beside = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
            try:
                for task in ("train", "logprob"):
                    for lib, asked in BUSY_RUNS:
                        (line,) = parse(call(command(flow, None, None, lib, 2, task, 1024 if task == "train" else 0, threads if asked == "all" else asked, secs, folder)))
                        lines.append({**line, "rep": rep, "busy": busy, "asked": asked})
                        progress(f"nsf beside {busy} busy: {task} {lib}, threads {asked}: {speed(line) / 1e3:.0f} k/s")
            finally:
                for process in beside:
                    process.kill()
                    process.wait()
    rows = medians(lines, ("lib", "asked", "task", "busy"))
    return {"medians": rows, "ratios": busy_ratios(rows), "lines": lines}
