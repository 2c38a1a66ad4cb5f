"""What the programs of this folder share: arguments, data, the timed loops, the line they print.

Each program is the benchmark's RealNVP as a user of one library would write it, as
fast as that library allows on a processor:

    python NAME.py --engine NAME --task train|logprob|sample --batch 256,1024,4096
        --threads N --secs S --data FILE.csv --weights FILE.safetensors

The model: D = 2; 8 affine couplings, of which layer i freezes feature 1 - i%2 and moves
feature i%2; conditioner 1-64-64-2 with ReLU, of the frozen feature clipped at ±5;
log-scale s = 3·tanh(raw₀/3), shift t = raw₁; 35,344 parameters. From the data to the
latents (the direction that training takes) the layers run from the last to the first:
z = (x - t)·exp(-s), log|det| = -Σ s. Base: N(0, I). Adam, lr 1e-3, β 0.9 and 0.999,
ε 1e-8, float32, step i on the rows from i·batch on, around the end of the data.

A measurement is one line of JSON:

    lib, task, batch (rows of a step, or points of a chunk), threads
    steps or n    work done while the clock ran: training steps, or points
    secs, cpu_s   that work's wall time and this process's CPU time, seconds
    cold_s        from the start of the process to the end of its first training step (of
                  the first call, where a call makes many) or chunk; with the first line only
    rss_mb        largest memory the process had up to here, MiB
    nparams
    loss          training: mean NLL in nats of the 200th step's batch, before its update
    loss_50       the same of the 50th step. Training is chaotic: from the same start the float32
                  of two libraries is 1e-5 apart there, and by step 200 about 1e-2
    nll           else: mean -log p in nats of all points scored or, outside the clock, drawn
    version, note

A program calls `start` before it imports its library, so that the library sees the
limit on threads, and hands `run` a class with

    __init__(weights, args)            weights by name, as `layers` returns them
    nparams, version, note
    chunk                              its best points per chunk
    trainer(points, batch)             an object: steps_per_call; step(), which makes that many
                                       steps, waits and returns their losses
    logprob(points, chunk) -> [n]      points is [n, 2]; in chunks
    sample(n, chunk) -> [n, 2]         draws normals and maps them; in chunks
"""

import argparse
import json
import os
import resource
import sys
import time

LAYERS, HIDDEN, FEATURES = 8, 64, 2
BOUND, MAX_LOG_SCALE = 5.0, 3.0
LR, BETA1, BETA2, EPS = 1e-3, 0.9, 0.999, 1e-8
WARM_STEPS, EARLY_STEP = 200, 50
POINTS, WARM_POINTS = 1_000_000, 100_000
TASKS = ("train", "logprob", "sample")


def start(*engines):
    """Reads the command line and limits the threads; call it before the library is imported."""
    p = argparse.ArgumentParser()
    p.add_argument("--engine", choices=engines, default=engines[0])
    p.add_argument("--task", choices=TASKS, required=True)
    p.add_argument("--batch", default="", help="rows of a step, or points of a chunk (default: the best chunk); several with commas")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--secs", type=float, default=2.0)
    p.add_argument("--data", required=True, help="CSV with one line of names")
    p.add_argument("--weights", required=True, help="safetensors")
    p.add_argument("--n", type=int, default=POINTS, help="points to score or draw")
    args = p.parse_args()
    if not args.batch and args.task == "train":
        args.batch = "256,1024,4096"
    try:
        args.batches = [int(b) for b in args.batch.split(",") if b]
    except ValueError:
        p.error(f"--batch {args.batch}: whole numbers with commas between them expected")
    if any(b < 1 for b in args.batches):
        p.error(f"--batch {args.batch}: numbers from 1 on expected")
    limit_threads(p, args.threads)
    return args


def limit_threads(parser, n):
    """Binds the process to n cores: what counts cores (XLA's pools do) then finds n, and
    nothing can run on more. OpenBLAS and OpenMP read their variables when they are loaded."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        if not 1 <= n <= len(cores):
            parser.error(f"--threads {n}: this machine has {len(cores)} cores for the process")
        os.sched_setaffinity(0, cores[:n])
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(n)
    os.environ.pop("OPENBLAS_CORETYPE", None)  # the kernels of another processor would be slower
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    os.environ["JAX_PLATFORMS"] = "cpu"


def layers(path):
    """The weights as LAYERS lists of (W, b) for the three dense layers; W is [in, out]."""
    from safetensors.numpy import load_file

    found = load_file(path)
    shapes = {"hidden_0": (1, HIDDEN), "hidden_1": (HIDDEN, HIDDEN), "out": (HIDDEN, 2)}
    weights = []
    for i in range(LAYERS):
        dense = []
        for name, shape in shapes.items():
            at = f"/flow/{i:02d}/conditioner/{name}"
            w, b = found.get(f"{at}/weights"), found.get(f"{at}/biases")
            if w is None or b is None or w.shape != shape or b.shape != shape[1:]:
                got = [None if a is None else a.shape for a in (w, b)]
                sys.exit(f"{path}: {at}: found weights, biases of shape {got}, expected {shape}, {shape[1:]}")
            dense.append((w, b))
        weights.append(dense)
    return weights


def run(args, engine_class, read=None):
    """Makes the engine of the weights that read (layers, RealNVP's) returns, measures what args ask for
    and prints a line for each."""
    import numpy as np

    points = np.loadtxt(args.data, delimiter=",", skiprows=1, dtype=np.float32, ndmin=2)
    if read is None and points.shape[1] != FEATURES:
        sys.exit(f"{args.data}: found {points.shape[1]} columns, expected {FEATURES}")
    engine = engine_class((read or layers)(args.weights), args)
    if args.task != "train":
        points = np.resize(points, (args.n, points.shape[1]))  # the file's rows again and again
    for i, batch in enumerate(args.batches or [engine.chunk]):
        if args.task == "train":
            line = measure_training(engine, points, batch, args.secs)
        else:
            line = measure_points(engine, args.task, points, batch, args.secs)
        cold = line.pop("cold_s")
        line = {"lib": args.engine, "task": args.task, "batch": batch, "threads": args.threads, **line}
        if i == 0:
            line["cold_s"] = cold
        line |= {"rss_mb": peak_memory(), "nparams": engine.nparams, "version": engine.version, "note": engine.note}
        print(json.dumps({k: round(v, 6) if isinstance(v, float) else v for k, v in line.items()}), flush=True)


def measure_training(engine, points, batch, secs):
    import numpy as np

    if batch > len(points):
        sys.exit(f"--batch {batch}: the data has {len(points)} rows")
    trainer = engine.trainer(points, batch)
    if WARM_STEPS % trainer.steps_per_call:
        sys.exit(f"{trainer.steps_per_call} steps in a call: no divisor of {WARM_STEPS}")
    losses = list(trainer.step())
    cold = since_start()
    while len(losses) < WARM_STEPS:
        losses += trainer.step()

    def work():
        nonlocal last
        last = trainer.step()[-1]
        return trainer.steps_per_call

    last = None
    steps, wall, cpu = timed(work, secs)
    finite(last, "loss of the last timed step")
    loss, loss_50 = (finite(losses[i - 1], f"loss of step {i}") for i in (WARM_STEPS, EARLY_STEP))
    return {"steps": steps, "secs": wall, "cpu_s": cpu, "cold_s": cold, "loss": loss, "loss_50": loss_50}


def measure_points(engine, task, points, chunk, secs):
    n, last = len(points), None
    if task == "logprob":
        def work(rows=n):
            nonlocal last
            last = engine.logprob(points[:rows], chunk)
            return rows
    else:
        def work(rows=n):
            nonlocal last
            last = engine.sample(rows, chunk)
            return rows
    work(min(chunk, n))
    cold = since_start()
    work(min(WARM_POINTS, n))
    done, wall, cpu = timed(work, secs)
    rss = peak_memory()
    if task == "sample":
        last = engine.logprob(last, chunk)
    if last.shape != (n,):
        sys.exit(f"{task}: found log-densities of shape {last.shape}, expected {(n,)}")
    nll = finite(-last.mean(dtype="float64"), "mean -log p")
    return {"n": done, "secs": wall, "cpu_s": cpu, "cold_s": cold, "nll": nll, "rss_mb": rss}


def timed(work, secs):
    """Repeats work, which returns how much it did, until secs have passed: amount, wall, CPU seconds."""
    done, cpu, begin = 0, cpu_time(), time.perf_counter()
    while True:
        done += work()
        wall = time.perf_counter() - begin
        if wall >= secs:
            return done, wall, cpu_time() - cpu


def finite(value, what):
    value = float(value)
    if not abs(value) < float("inf"):  # also true of NaN
        sys.exit(f"{what}: {value}")
    return value


def cpu_time():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def since_start():
    """Seconds since the process started, to a hundredth: field 22 of stat, ticks after boot."""
    with open("/proc/self/stat") as f:
        ticks = int(f.read().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def peak_memory():
    """VmHWM in MiB; getrusage's maximum would be that of the parent, where it was larger."""
    with open("/proc/self/status") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("VmHWM:")) / 1024


def batch_starts(n, batch):
    """First rows of the batches, again and again. The trainers append the first batch's rows
    to the data, so that a batch that goes around the end lies in one piece."""
    at = 0
    while True:
        yield at
        at = (at + batch) % n
