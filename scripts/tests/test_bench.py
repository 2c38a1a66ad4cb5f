"""The benchmark's driver without its programs: medians, checks, ratios, what it reads and refuses."""

import contextlib
import io
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

SCRIPTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(SCRIPTS))

import bench  # noqa: E402
import bench_figures as figures  # noqa: E402
import bench_nsf  # noqa: E402


def line(lib, task="train", batch=256, threads=2, per_s=1000.0, **more):
    """A line of a program that made per_s samples or points per second, for two seconds."""
    made = {"lib": lib, "task": task, "batch": batch, "threads": threads, "secs": 2.0, "cpu_s": 4.0, "cold_s": 1.0, "rss_mb": 50.0, "nparams": 35344}
    made |= {"steps": 2 * per_s / batch, "loss": 1.25, "loss_50": 1.7} if task == "train" else {"n": 2 * per_s, "nll": 2.5}
    return made | more


def kernel(lib, shape, gflops, rows=64):
    return {"lib": lib, "shape": shape, "rows": rows, "gflops": gflops}


def ratio(lines, what, kernels=(), threads=2):
    found = [r for r in figures.ratios(figures.medians(lines), kernels, threads) if r["what"].startswith(what)]
    assert len(found) == 1, f"{what}: {len(found)} ratios"
    return found[0]


class Medians(unittest.TestCase):
    def test_of_each_key(self):
        lines = [line("fast", per_s=v, cold_s=c) for v, c in ((300, 0.3), (100, 0.1), (200, 0.2))] + [line("fast", threads=1, per_s=7)]
        two, one = figures.medians(lines)
        self.assertEqual((two["per_s"], two["cold_s"], two["runs"], two["threads"]), (200, 0.2, 3, 2))
        self.assertEqual(two["per_cpu_s"], 100)  # two CPU seconds in each second
        self.assertEqual((one["per_s"], one["runs"], one["threads"]), (7, 1, 1))

    def test_chunks_of_points_are_one_row(self):
        rows = figures.medians([line("fast", "logprob", 4096, per_s=10), line("fast", "logprob", 8192, per_s=30)])
        self.assertEqual([(r["batch"], r["per_s"]) for r in rows], [(0, 20)])


class Disagreements(unittest.TestCase):
    def test_same_work_passes(self):
        lines = [line("fast"), line("numpy", loss=1.27, loss_50=1.7001), line("xla")]
        lines += [line(lib, task, 4096) for lib in ("fast", "numpy") for task in ("logprob", "sample")]
        self.assertEqual(figures.disagreements(lines), [])

    def test_other_work_is_named(self):
        base = [line("xla"), line("numpy"), line("xla", "logprob"), line("numpy", "logprob"), line("xla", "sample"), line("numpy", "sample")]
        for bad, said in (
            (line("fast", loss=1.35), "fast, train, batch 256, 2 threads: loss 1.35"),
            (line("fast", loss_50=1.71), "loss_50 1.71"),
            (line("fast", loss=float("nan")), "loss nan"),
            (line("fast", "logprob", nll=2.51), "fast, logprob, batch 256, 2 threads: nll 2.51"),
            (line("fast", "sample", nll=2.6), "nll 2.6"),
            (line("fast", nparams=35343), "35343 parameters, expected 35344"),
            (line("fast", loss=None), "no loss"),
            (line("fast", "logprob", nll=None), "no nll"),
        ):
            with self.subTest(said):
                found = figures.disagreements([*base, bad])
                self.assertEqual(len(found), 1, found)
                self.assertIn(said, found[0])

    def test_batches_are_not_compared_with_each_other(self):
        self.assertEqual(figures.disagreements([line("fast"), line("fast", batch=1024, loss=2.0, loss_50=3.0)]), [])


class Ratios(unittest.TestCase):
    def test_fastest_on_all_threads_over_the_peer_in_its_best_setting(self):
        lines = [line("fast", per_s=900), line("xla", per_s=500), line("fast", threads=1, per_s=5000)]
        lines += [line("jax-scan", threads=1, per_s=300), line("jax-scan", per_s=200), line("jax-step", per_s=800)]
        r = ratio(lines, "fastest engine / JAX scan, training, batch 256")
        self.assertEqual((r["reached"], r["met"], r["of"]), (3.0, True, "fast / jax-scan"))
        self.assertEqual(ratio(lines, "XLA engine / JAX scan, training, batch 256")["reached"], 500 / 300)

    def test_goals_are_bounds_on_the_right_side(self):
        peers = [line("numpy", per_s=100), line("jax-step", cold_s=2.0, per_s=1)]
        self.assertTrue(ratio([*peers, line("byhand", per_s=100)], "byhand / NumPy by hand, training, batch 256")["met"])
        self.assertFalse(ratio([*peers, line("byhand", per_s=99)], "byhand / NumPy by hand, training, batch 256")["met"])
        cold = "process start to first trained step, "
        self.assertTrue(ratio([*peers, line("xla", cold_s=2.0)], cold + "XLA")["met"])
        self.assertFalse(ratio([*peers, line("xla", cold_s=2.1)], cold + "XLA")["met"])
        self.assertEqual(ratio([*peers, line("xla", cold_s=2.1), line("fast", cold_s=0.1)], cold + "fastest")["reached"], 0.1)

    def test_memory_is_of_the_fast_engine_scoring(self):
        lines = [line("fast", "logprob", rss_mb=120.0), line("fast", rss_mb=10.0), line("xla", "logprob", rss_mb=20.0)]
        r = ratio(lines, "peak memory")
        self.assertEqual((r["reached"], r["met"]), (120.0, False))

    def test_points_against_the_best_peer(self):
        lines = [line("fast", "sample", per_s=30), line("numpy", "sample", per_s=10), line("jax-scan", "sample", threads=1, per_s=20)]
        self.assertEqual(ratio(lines, "fastest engine / best peer, sampling")["of"], "fast / jax-scan")
        self.assertEqual(ratio(lines, "fastest engine / best peer, sampling")["reached"], 1.5)
        self.assertIsNone(ratio(lines, "fastest engine / best peer, log-probability")["reached"])

    def test_kernels_on_the_same_rows_best_round_each(self):
        kernels = [kernel("flow", "forward64", 80), kernel("flow", "forward64", 90), kernel("openblas", "forward64", 100), kernel("openblas", "forward64", 60)]
        kernels += [kernel("openblas", "forward64", 900, rows=4096), kernel("openblas", "backward_data64", 10)]
        self.assertEqual(ratio([], "kernel / OpenBLAS, forward64", kernels)["reached"], 0.9)
        self.assertIsNone(ratio([], "kernel / OpenBLAS, backward_data64", kernels)["reached"])

    def test_scaling_is_of_the_engine_that_is_fastest_on_two(self):
        lines = [line("fast", batch=4096, per_s=180), line("fast", batch=4096, threads=1, per_s=100), line("xla", batch=4096, threads=1, per_s=170)]
        self.assertEqual(ratio(lines, "1 to 2 threads")["reached"], 1.8)

    def test_without_peers_nothing_is_claimed(self):
        reached = [r for r in figures.ratios(figures.medians([line("fast")]), [], 2) if "/" in r["what"]]
        self.assertTrue(reached)
        self.assertTrue(all(r["reached"] is None and r["met"] is None for r in reached))

    def test_tables_show_what_was_reached(self):
        lines = [line("fast", per_s=150_000), line("jax-scan", per_s=100_000)]
        rows, kernels = figures.medians(lines), [kernel("flow", "forward64", 95.04)]
        text = figures.ratio_table(figures.ratios(rows, kernels, 2))
        self.assertRegex(text, r"(?m)^fastest engine / JAX scan, training, batch 256 +≥ 3 +1\.5 ✗ fast / jax-scan$")
        self.assertRegex(text, r"(?m)^fastest engine / JAX scan, training, batch 1024 +≥ 3 +–$")
        self.assertRegex(figures.speed_table(rows), r"(?m)^fast +150 +1\.00 +50$")
        self.assertRegex(figures.kernel_table(kernels), r"(?m)^flow, 64 rows +95\.0 +– +–$")


class Plan(unittest.TestCase):
    def test_engines_take_turns_within_a_setting(self):
        todo = bench.plan(3, ["fast", "go", "numpy", "jax-scan", "jax-step"], [1, 2])
        first = [t for t in todo if t[0] == 0]
        self.assertEqual([t[4] for t in first[:5]], ["fast", "go", "numpy", "jax-scan", "jax-step"])
        self.assertEqual(len({t[1:4] for t in first[:5]}), 1)
        self.assertEqual(len(first), 6 * 5 + 4 * 4)  # jax-step scores as jax-scan does
        self.assertEqual({t[1] for t in bench.plan(1, ["knots"], [1])}, {"logprob", "sample"})  # tables are not trained
        second = [t for t in todo if t[0] == 1]
        self.assertEqual([t[4] for t in second[:4]], ["jax-step", "jax-scan", "numpy", "fast"])
        self.assertFalse({t[4] for t in second} & bench.ONCE)


class Reading(unittest.TestCase):
    def test_go_benchmarks(self):
        text = """goos: linux
BenchmarkPeak/avx512     \t 100\t      1600 ns/op\t       240.0 GFLOP/s
BenchmarkForward64/avx512-2 \t  200000\t      5242.9 ns/op\t       100.0 GFLOP/s
BenchmarkForward64/go \t  2000\t      52429 ns/op\t        10.00 GFLOP/s\t 0 B/op
BenchmarkOther/go \t  2000\t      52429 ns/op\t        10.00 GFLOP/s
"""
        kernels = bench.parse_benchmarks(text)
        self.assertEqual([(k["shape"], k["instructions"], k["rows"], k["gflops"]) for k in kernels],
                         [("peak", "avx512", 0, 240), ("forward64", "avx512", 64, 100), ("forward64", "go", 64, 10)])

    def test_json_among_other_text(self):
        self.assertEqual(bench.parse('warning\n{"a": 1}\n\n{"b": 2}\n'), [{"a": 1}, {"b": 2}])
        with self.assertRaises(bench.Failed):
            bench.parse('{"a": 1')

    def test_a_measurement_must_be_whole(self):
        good = line("fast", batch=256, steps=10)
        for change, said in (({}, None), ({"secs": 0}, "secs is 0"), ({"cold_s": None}, "cold_s is None"), ({"rss_mb": float("nan")}, "rss_mb is nan"),
                             ({"lib": "xla"}, "printed {'lib': 'xla'}"), ({"batch": 1024}, "'batch': 1024"), ({"threads": 1}, "'threads': 1")):
            with self.subTest(said), mock.patch.object(bench, "call", return_value=json.dumps(good | change)):
                if said is None:
                    self.assertEqual(bench.measure("fast", "train", 256, 2, 1.0, "x"), good)
                else:
                    with self.assertRaises(bench.Failed) as failed:
                        bench.measure("fast", "train", 256, 2, 1.0, "x")
                    self.assertIn(said, str(failed.exception))
        with mock.patch.object(bench, "call", return_value=""), self.assertRaises(bench.Failed):
            bench.measure("fast", "train", 256, 2, 1.0, "x")

    def test_a_program_that_fails_says_why(self):
        with self.assertRaises(bench.Failed) as failed:
            bench.call([sys.executable, "-c", "import sys; print('x'); sys.exit('no such engine')"])
        self.assertIn("ended with status 1:\n  no such engine", str(failed.exception))
        with self.assertRaises(bench.Failed):
            bench.call(["/no/such/program"])

    def test_all_programs_get_the_same_malloc(self):
        with mock.patch.dict(os.environ, {"OPENBLAS_CORETYPE": "Haswell", "MALLOC_TOP_PAD_": "1"}):
            told = json.loads(bench.call([sys.executable, "-c", "import json, os; print(json.dumps(dict(os.environ)))"]))
        self.assertNotIn("OPENBLAS_CORETYPE", told)
        self.assertEqual({k: told[k] for k in bench.MALLOC}, bench.MALLOC)


class Whole(unittest.TestCase):
    """bench() with made-up programs."""

    def run_bench(self, answer):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.out = Path(folder.name) / "bench.json"
        self.out.write_text("old")
        argv = ["bench.py", "--reps", "2", "-o", str(self.out), "--engines", "fast,xla"]
        fake = mock.patch.multiple(bench, measure=answer, measure_kernels=lambda *_: [kernel("flow", "forward64", 50.0)], call=lambda _: "x go1.26.8", progress=lambda _: None)
        with mock.patch.object(sys, "argv", argv), fake, contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            bench.bench(bench.arguments())

    def test_file_holds_head_lines_medians_ratios(self):
        self.run_bench(lambda lib, task, batch, n, *_: line(lib, task, batch or 4096, n))
        saved = json.loads(self.out.read_text())
        self.assertEqual(set(saved), {"machine", "cpu", "date", "commit", "versions", "settings", "ratios", "medians", "kernels", "lines"})
        threads = len({l["threads"] for l in saved["lines"]})  # one or two, as the machine has
        self.assertEqual((len(saved["lines"]), len(saved["medians"])), (2 * 2 * 5 * threads, 2 * 5 * threads))
        self.assertEqual([p.name for p in self.out.parent.iterdir()], ["bench.json"])

    def test_other_work_leaves_the_old_file(self):
        with self.assertRaises(bench.Failed) as failed:
            self.run_bench(lambda lib, task, batch, n, *_: line(lib, task, batch or 4096, n, **{"loss_50": 9.0} if (lib, task) == ("fast", "train") else {}))
        self.assertIn("fast, train, batch 256, 1 threads: loss_50 9", str(failed.exception))
        self.assertEqual(self.out.read_text(), "old")


class Peers(unittest.TestCase):
    """The programs' shared module, without their libraries."""

    def start(self, *argv):
        code = "import sys, json; sys.path.insert(0, sys.argv.pop(1)); import peers, os; a = peers.start('one', 'two'); " \
               "print(json.dumps([a.engine, a.batches, os.environ['OMP_NUM_THREADS'], len(os.sched_getaffinity(0))]))"
        return subprocess.run([sys.executable, "-c", code, str(SCRIPTS / "peers"), *argv], capture_output=True, text=True, check=False)

    @unittest.skipUnless(hasattr(os, "sched_getaffinity"), "Linux only")
    def test_arguments_and_limit_of_threads(self):
        files = ["--data", "x", "--weights", "y"]
        done = self.start("--engine", "two", "--task", "train", "--batch", "8,16", *files)
        self.assertEqual(json.loads(done.stdout), ["two", [8, 16], "1", 1], done.stderr)
        self.assertEqual(json.loads(self.start("--task", "train", *files).stdout)[1], [256, 1024, 4096])
        self.assertEqual(json.loads(self.start("--task", "logprob", *files).stdout)[1], [])
        for bad in (["--batch", "0"], ["--batch", "x"], ["--threads", "0"], ["--threads", "100000"], ["--engine", "three"]):
            self.assertEqual(self.start("--task", "train", *files, *bad).returncode, 2, bad)

    def test_batches_go_around(self):
        sys.path.insert(0, str(SCRIPTS / "peers"))
        self.addCleanup(sys.path.remove, str(SCRIPTS / "peers"))
        import peers

        starts = peers.batch_starts(10, 4)
        self.assertEqual([next(starts) for _ in range(7)], [0, 4, 8, 2, 6, 0, 4])
        with self.assertRaises(SystemExit):
            peers.finite(float("nan"), "loss")
        with self.assertRaises(SystemExit):
            peers.finite(float("-inf"), "loss")
        self.assertEqual(peers.finite(1, "loss"), 1.0)

    def test_the_readme_has_the_measured_speeds(self):
        root = SCRIPTS.parent
        measured = json.loads((root / "report/measured/bench.json").read_text())
        tasks = [("train", 256), ("train", 1024), ("train", 4096), ("logprob", 0), ("sample", 0)]

        def realnvp(lib, task, batch):
            return max(r["per_s"] for r in measured["medians"] if r["lib"] == lib and r["task"] == task and batch in (0, r["batch"]))

        def default(features):
            table = {(r["lib"], r["task"], r["of"]): r["per_s"] for r in measured["nsf"]["medians"] if r["features"] == features}
            return lambda *of: table[of]

        named = {"`fast`": "fast", "`byhand`": "byhand", "GoMLX on XLA": "xla", "GoMLX in pure Go": "go", "JAX": "jax-scan", "flowjax": "flowjax", "zuko": "zuko", "nflows": "nflows", "NumPy": "numpy", "PyTorch": "torch"}
        section = (root / "README.md").read_text().split("## Speed")[1].split("\n## ")[0]
        tables = [[[c.strip() for c in l.strip("|").split("|")] for l in block.splitlines()][2:] for block in section.split("\n\n") if block.startswith("|")]
        self.assertEqual([len(t) for t in tables], [6, 6, 7])
        for rows, speed in zip(tables, (default(2), default(30), realnvp), strict=True):
            for cells in rows:
                lib = next(lib for name, lib in named.items() if cells[0].startswith(name))
                for (task, batch), cell in zip(tasks, cells[1:], strict=True):
                    self.assertEqual(cell, f"{speed(lib, task, batch) / 1000:,.0f}", f"{lib}, {task} {batch}")


class DefaultModel(unittest.TestCase):
    """What bench_nsf makes of its lines."""

    def line(self, lib, features, task, of, per_s, **more):
        done = {"steps": per_s // of} if task == "train" else {"n": per_s}
        return {"lib": lib, "features": features, "task": task, "of": of, "batch": of or 100, "secs": 1.0, "rss_mb": 1.0, "loss_50": 2.0, "loss": 1.0, "nll": 2.5, "nparams": bench_nsf.NUM_PARAMETERS[features], **done, **more}

    def test_ratios_are_to_the_faster_peer(self):
        lines = [self.line(lib, f, task, of, speed) for f in (2, 30) for task, of in bench_nsf.TASKS for lib, speed in (("fast", 4096 * 6), ("jax-scan", 4096), ("flowjax", 4096 * 2))]
        ratios = bench_nsf.ratios(bench_nsf.medians(lines, ("lib", "features", "task", "of")))
        self.assertEqual([r["reached"] for r in ratios], [3.0] * 10)
        self.assertTrue(all(r["met"] for r in ratios))
        self.assertEqual(bench_nsf.disagreements(lines), [])
        wrong = bench_nsf.disagreements([*lines, self.line("zuko", 2, "train", 256, 4096, loss_50=2.2, nparams=3)])
        self.assertEqual(len(wrong), 2, wrong)

    def test_plan(self):
        todo = bench_nsf.plan(2, True)
        self.assertEqual(len(todo), 2 * 5 * (6 + 4))
        self.assertFalse({t[4] for t in bench_nsf.plan(1, False)} & set(bench_nsf.PROGRAMS))


if __name__ == "__main__":
    unittest.main()
