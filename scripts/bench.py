"""Measures our engines and, where `make bench-peers` has been, what a user would pick instead.

    python scripts/bench.py [--part all|realnvp|nsf] [--quick] [--reps N] [--secs S] [--engines NAMES] [-o FILE]

One interleaved run: in each repetition, for each task, batch and number of threads, every
engine in turn, each in a process of its own, so that what changes on the machine meanwhile
touches all alike. The first repetition has all of them; the slowest, which decide no
ratio, are left out of the others. Every process has the same settings of malloc.
--part nsf measures the default model of flow fit alone, and our engines beside busy
processes, and leaves the rest of FILE as it is; --part realnvp the other.

Prints medians and ratios and writes all to FILE (report/measured/bench.json); --quick is
one short repetition, written only where -o says. Fails, and writes nothing, when a program
fails or the losses show that the programs did not do the same work.
"""

import argparse
import datetime
import json
import math
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import bench_figures as figures
import bench_nsf

ROOT = Path(__file__).resolve().parent.parent
FLOW = ROOT / "bin" / "flow"
PEERS_PYTHON = ROOT / ".tools" / "peers" / "bin" / "python"
PROGRAMS = {
    "numpy": "numpy_byhand.py",
    "torch": "torch_plain.py",
    "torch-compile": "torch_plain.py",
    "zuko": "torch_zuko.py",
    "normflows": "torch_normflows.py",
    "jax-scan": "jax_realnvp.py",
    "jax-step": "jax_realnvp.py",
}
ONCE = {"go", "torch", "torch-compile", "zuko", "normflows"}
BENCHMARKS = {"Forward64": "forward64", "BackwardData64": "backward_data64", "BackwardWeights64": "backward_weights64", "Peak": "peak"}
LIMIT = 600  # seconds that one program may take

# glibc's malloc would give large arrays back to the system at once and fault them in
# again; kept, PyTorch, JAX and NumPy train up to twice as fast. The same for all.
MALLOC = {"MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TRIM_THRESHOLD_": "4294967296", "MALLOC_TOP_PAD_": "67108864"}


class Failed(Exception):
    pass


def main():
    args = arguments()
    try:
        if args.part != "nsf":
            bench(args)
        if args.part != "realnvp" and not args.engines_asked:
            bench_default(args)
    except Failed as err:
        sys.exit(f"✗ bench: {err}")
    except KeyboardInterrupt:
        sys.exit("✗ bench: stopped, nothing written")


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--part", choices=("all", "realnvp", "nsf"), default="all", help="what to measure (default: all)")
    p.add_argument("--quick", action="store_true", help="one short repetition")
    p.add_argument("--reps", type=int, default=3, help="repetitions (default: 3)")
    p.add_argument("--secs", type=float, default=1.0, help="timed seconds of a measurement (default: 1)")
    p.add_argument("--engines", default="", help=f"of {', '.join((*figures.OURS, *figures.TABLES, *PROGRAMS))}, with commas (default: all but torch-compile)")
    p.add_argument("-o", "--out", type=Path, help="JSON file (default: report/measured/bench.json)")
    args = p.parse_args()
    if args.quick:
        args.reps, args.secs = 1, min(args.secs, 0.3)
    elif args.out is None and not args.engines:
        args.out = ROOT / "report" / "measured" / "bench.json"
    if args.reps < 1 or not args.secs > 0:
        p.error("--reps from 1 on and --secs above 0 expected")
    args.peers = PEERS_PYTHON.exists()
    args.engines_asked = args.engines
    known = (*figures.OURS, *figures.TABLES, *PROGRAMS)
    if args.engines:
        args.engines = args.engines.split(",")
        if unknown := [e for e in args.engines if e not in known]:
            p.error(f"--engines: unknown {', '.join(unknown)}; there are {', '.join(known)}")
        if not args.peers and (absent := [e for e in args.engines if e in PROGRAMS]):
            p.error(f"{', '.join(absent)}: run `make bench-peers` first")
    else:
        args.engines = [*figures.OURS, *figures.TABLES, *(figures.PEERS if args.peers else ())]
    if not args.peers:
        print("run `make bench-peers` to compare with NumPy, PyTorch and JAX", file=sys.stderr)
    return args


def bench(args):
    began, load, head = time.monotonic(), os.getloadavg()[0], commit()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = [1, 2] if cores > 1 else [1]
    if load > 0.5:
        print(f"other programs are running here (load {load:.1f}): the figures will be lower", file=sys.stderr)
    todo = plan(args.reps, args.engines, threads)
    lines, kernels = [], []
    with tempfile.TemporaryDirectory(prefix="flow-bench-") as folder:
        call([FLOW, "bench-data", "-o", folder])
        test = Path(folder) / "kernel.test"
        call(["go", "test", "-c", "-o", test, "./internal/kernel"])
        for i, (rep, task, batch, n, lib) in enumerate(todo):
            if i == 0 or todo[i - 1][0] != rep:
                progress(f"repetition {rep + 1} of {args.reps}: kernels")
                kernels += measure_kernels(test, args.peers, args.secs)
            began_one = time.monotonic()
            line = measure(lib, task, batch, n, args.secs, folder)
            lines.append({"rep": rep, **line})
            what = f"{task} {batch or ''} ×{n} {lib}".replace("  ", " ")
            progress(f"[{i + 1:3}/{len(todo)}] {what:28} {figures.speed(line) / 1e3:8.0f} k/s   {time.monotonic() - began_one:5.1f} s")
    rows = figures.medians(lines)
    ratios = figures.ratios(rows, kernels, threads[-1])
    print("\n".join(["", figures.speed_table(rows), figures.kernel_table(kernels), "", figures.ratio_table(ratios)]))
    if wrong := figures.disagreements(lines):
        raise Failed("the programs did not do the same work:\n  " + "\n  ".join(wrong))
    if args.out:
        write(args.out, {
            **{k: v for k, v in earlier(args.out).items() if k in ("nsf", "busy")},
            "machine": f"{call(['go', 'env', 'GOOS']).strip()}/{call(['go', 'env', 'GOARCH']).strip()}, {cores} cores",
            "cpu": cpu_model(),
            "date": today(),
            "commit": head,
            "versions": versions(lines),
            "settings": {"reps": args.reps, "secs": args.secs, "load_before": load, "minutes": round((time.monotonic() - began) / 60, 1), **MALLOC},
            "ratios": ratios,
            "medians": rows,
            "kernels": kernels,
            "lines": lines,
        })
        print(f"\n{args.out}")


def bench_default(args):
    """The default model of flow fit, and a busy machine: two keys of the file."""
    threads = min(2, os.cpu_count())
    made = {"date": today(), "commit": commit(), "load_before": os.getloadavg()[0]}
    with tempfile.TemporaryDirectory(prefix="flow-bench-") as folder:
        nsf = bench_nsf.measure(call, parse, progress, FLOW, PEERS_PYTHON, ROOT / "scripts" / "peers", args.peers, args.reps, args.secs, threads, folder)
        busy = bench_nsf.measure_busy(call, parse, progress, FLOW, args.reps, args.secs, threads, folder)
    print("\n".join(["", *bench_nsf.readme_rows(nsf["medians"]), "", figures.ratio_table(nsf["ratios"] + busy["ratios"])]))
    if wrong := bench_nsf.disagreements(nsf["lines"]):
        raise Failed("the programs did not do the same work:\n  " + "\n  ".join(wrong))
    if args.out:
        write(args.out, {**earlier(args.out), "nsf": {**made, **nsf}, "busy": busy})
        print(f"\n{args.out}")


def today():
    return datetime.datetime.now(datetime.timezone.utc).date().isoformat()


def plan(reps, engines, threads):
    """(repetition, task, batch, threads, engine) of every measurement, in order; batch 0 lets the engine choose.
    Odd repetitions have the engines backwards, so that none always follows the same other."""
    todo = []
    for rep in range(reps):
        for task in figures.TASKS:
            for batch in figures.BATCHES if task == "train" else (0,):
                for n in threads:
                    for lib in engines[:: -1 if rep % 2 else 1]:
                        same = lib in figures.TABLES if task == "train" else lib == "jax-step"  # as fast trains, as jax-scan scores
                        if (rep == 0 or lib not in ONCE) and not same:
                            todo.append((rep, task, batch, n, lib))
    return todo


def measure(lib, task, batch, threads, secs, folder):
    program = [PEERS_PYTHON, ROOT / "scripts" / "peers" / PROGRAMS[lib]] if lib in PROGRAMS else [FLOW, "bench", "--json"]
    command = [*program, "--engine", lib, "--task", task, "--threads", threads, "--secs", secs]
    command += ["--data", f"{folder}/data.csv", "--weights", f"{folder}/weights.safetensors"]
    if batch:
        command += ["--batch", batch]
    lines = parse(call(command))
    if len(lines) != 1:
        raise Failed(f"{shown(command)}: printed {len(lines)} lines of JSON, expected 1")
    line = lines[0]
    wanted = {"lib": lib, "task": task, "threads": threads, "batch": batch or line.get("batch")}
    if found := {k: line.get(k) for k, v in wanted.items() if line.get(k) != v}:
        raise Failed(f"{shown(command)}: printed {found}, expected {wanted}")
    for name in ("batch", "steps" if task == "train" else "n", "secs", "cpu_s", "cold_s", "rss_mb", "nparams"):
        if not (isinstance(line.get(name), (int, float)) and 0 < line[name] < math.inf):
            raise Failed(f"{shown(command)}: {name} is {line.get(name)}, expected a number above 0")
    return line


def measure_kernels(test, peers, secs):
    """GFLOP/s on one core: each of our sets of instructions, and OpenBLAS on as many rows and more. Both in
    25 rounds of the same length, of which the best counts."""
    pattern = f"^Benchmark({'|'.join(BENCHMARKS)})$"
    text = call([test, "-test.run", "^$", "-test.bench", pattern, "-test.cpu", "1", "-test.count", "25", "-test.benchtime", f"{secs / 50:g}s"])
    kernels = parse_benchmarks(text)
    if missing := set(BENCHMARKS.values()) - {k["shape"] for k in kernels} - {"peak"}:
        raise Failed(f"go test -bench of the kernels printed no {', '.join(sorted(missing))}:\n{text}")
    if peers:
        rows = sorted({k["rows"] for k in kernels if k["rows"]} | {64, 256, 1024, 4096})
        kernels += parse(call([PEERS_PYTHON, ROOT / "scripts" / "peers" / "sgemm.py", "--rows", ",".join(map(str, rows)), "--secs", secs / 2]))
    return kernels


def parse_benchmarks(text):
    """Lines of `go test -bench` as kernels. A product makes 2·rows·64·64 operations, which tells the rows."""
    kernels = []
    for name, instructions, ns, gflops in re.findall(r"^Benchmark(\w+)/(\S+?)(?:-\d+)?\s+\d+\s+([\d.]+) ns/op.*?([\d.]+) GFLOP/s", text, re.M):
        if name in BENCHMARKS:
            rows = 0 if name == "Peak" else round(float(gflops) * float(ns) / (2 * 64 * 64))
            kernels.append({"lib": "flow", "shape": BENCHMARKS[name], "rows": rows, "gflops": float(gflops), "instructions": instructions})
    return kernels


def parse(text):
    """The JSON lines of text; what else a program prints is left."""
    lines = []
    for line in text.splitlines():
        if line.startswith("{"):
            try:
                lines.append(json.loads(line))
            except ValueError as err:
                raise Failed(f"no JSON: {line!r}: {err}") from err
    return lines


def environment():
    env = {**os.environ, **MALLOC}
    for name in ("OPENBLAS_CORETYPE", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "GOMAXPROCS", "GOMLX_BACKEND"):
        env.pop(name, None)
    return env


def call(command):
    command = [str(c) for c in command]
    try:
        done = subprocess.run(command, env=environment(), cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False)
    except OSError as err:
        raise Failed(f"{shown(command)}: {err.strerror} (run it as `make bench`)") from err
    except subprocess.TimeoutExpired as err:
        raise Failed(f"{shown(command)}: not done after {LIMIT} s") from err
    if done.returncode:
        last = "\n  ".join((done.stderr or done.stdout).strip().splitlines()[-5:])
        raise Failed(f"{shown(command)}: ended with status {done.returncode}:\n  {last}")
    return done.stdout


def shown(command):
    return " ".join(str(c).removeprefix(f"{ROOT}/") for c in command)


def progress(text):
    print(text, file=sys.stderr, flush=True)


def write(path, value):
    """Beside it first, then renamed: path holds the old file or the whole new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(json.dumps(value, indent=1, allow_nan=False) + "\n")
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def earlier(path):
    """What an earlier run has left there."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return {}


def cpu_model():
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.M)
    return found.group(1) if found else platform.machine()


def commit():
    done = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def versions(lines):
    """Of Go and GoMLX from the binary that ran, of the peers from what they printed."""
    built = call(["go", "version", "-m", FLOW])
    found = {"go": built.split()[1]}
    found |= dict(re.findall(r"^\s+dep\s+(github\.com/gomlx/\S+)\s+(\S+)", built, re.M))
    return found | {l["lib"]: l["version"] for l in lines if "version" in l}


if __name__ == "__main__":
    main()
