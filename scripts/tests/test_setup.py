"""The shell parts of set-up: what they refuse, what they set, what they leave behind."""

import fnmatch
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

LIMIT = 50  # seconds for what takes none, on a machine that does much else; the processes here sleep longer
ROOT = Path(__file__).resolve().parent.parent.parent
SCRIPTS = ROOT / "scripts"


def exists(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def run(*args, **env):
    """Runs args in an environment without the variables that with-env and make set."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("FLOW_", "GOMLX_", "PJRT_", "GOEXPERIMENT", "MAKE"))}
    return subprocess.run([str(a) for a in args], env={**clean, **env}, capture_output=True, text=True, check=False)


class Tree(unittest.TestCase):
    """A folder with a copy of the scripts, so that nothing touches the real .tools."""

    def setUp(self):
        self.root = Path(tempfile.mkdtemp()).resolve()
        self.addCleanup(shutil.rmtree, self.root)
        (self.root / "scripts").mkdir()
        for name in ("with-env", "step", "preflight", "find-backend"):
            shutil.copy(SCRIPTS / name, self.root / "scripts" / name)
        shutil.copy(ROOT / "go.mod", self.root)
        (self.root / ".tools").mkdir()
        (self.root / "flowlib").mkdir()

    def script(self, name, *args, **env):
        return run(self.root / "scripts" / name, *args, **env)


class Preflight(Tree):
    def trouble(self, layers="", steps="", backend="", timeout="1200", python=sys.executable, **env):
        done = self.script("preflight", layers, steps, backend, timeout, python, **env)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def test_good_values_pass(self):
        for layers in ("", "1", "64"):
            for backend in ("", "go", "xla", "xla:cpu", "xla:cuda"):
                self.assertEqual(self.trouble(layers, "5000", backend), "")

    def test_bad_values_are_named_in_one_line(self):
        for name, bad in (
            ("layers", ("0", "65", "abc", "-1", "06", "1.5", "8 8", "9999999999999999999999")),
            ("steps", ("0", "-5", "many")),
            ("backend", ("cuda", "xla:tpu", "GO")),
            ("timeout", ("", "0", "1h")),
        ):
            for value in bad:
                with self.subTest(name=name, value=value):
                    said = self.trouble(**{name: value})
                    self.assertTrue(said.startswith(f"{name.upper()}={value}: "), said)
                    self.assertEqual(said.count("\n"), 1)

    def test_mistyped_variables_get_the_nearest_name(self):
        for set_to, said in (
            ("STEP", "Makefile:*: *** STEP=…: there is no such variable: did you mean STEPS?.  Stop."),
            ("layers", "Makefile:*: *** layers=…: there is no such variable: did you mean LAYERS?.  Stop."),
            ("COLOUR", "Makefile:*: *** COLOUR=…: there is no such variable (there are: LAYERS, STEPS, BACKEND, *).  Stop."),
        ):
            done = run("make", "-s", "-C", ROOT, "--no-print-directory", "-n", "report", f"{set_to}=500")
            self.assertEqual(done.returncode, 2, done.stdout)
            self.assertTrue(fnmatch.fnmatchcase(done.stderr.strip(), said), done.stderr)
        self.assertNotIn("no such variable", run("make", "-C", ROOT, "-n", "strip", "LAYERS=4", "GOFLAGS=-v").stderr)

    def test_missing_and_old_programs(self):
        self.assertIn("no python9 found: install Python 3.10", self.trouble(python="python9"))
        old = self.root / "old-python"
        old.write_text("#!/bin/sh\necho 3.9.1 old\n")
        old.chmod(0o755)
        self.assertIn(f"found {old} 3.9.1: install Python 3.10", self.trouble(python=str(old)))
        tools = self.root / "path"
        tools.mkdir()
        for name in ("env", "bash", "dirname"):
            (tools / name).symlink_to(shutil.which(name))
        self.assertIn("no go found: install Go 1.26", self.trouble(PATH=str(tools)))
        go = tools / "go"
        go.write_text("#!/bin/sh\necho go1.25.3\n")
        go.chmod(0o755)
        self.assertIn("found go1.25.3: install Go 1.26", self.trouble(PATH=str(tools)))

    def test_a_tree_that_cannot_be_written(self):
        shutil.rmtree(self.root / ".tools")
        (self.root / ".tools").write_text("in the way, also for root")
        self.assertIn(f"cannot write in {self.root}", self.trouble())


class WithEnv(Tree):
    def value(self, name, **env):
        done = self.script("with-env", "printenv", name, **env)
        return done.stdout.rstrip("\n") if done.returncode == 0 else None

    def found(self, backend="xla:cpu", plugins='"$FLOW_ROOT/.tools/xla"', rejected=""):
        (self.root / ".tools/backend.env").write_text(
            f"# why\nGOMLX_BACKEND={backend}\nPJRT_PLUGIN_LIBRARY_PATH={plugins}\nrejected_plugins={rejected}\n"
        )

    def test_nothing_found_yet(self):
        self.assertIsNone(self.value("GOMLX_BACKEND"))
        self.assertIsNone(self.value("PJRT_PLUGIN_LIBRARY_PATH"))
        self.assertEqual(self.value("GOMLX_NO_AUTO_INSTALL"), "1")
        self.assertEqual(self.value("FLOW_ROOT"), str(self.root))

    def test_found_gives_way_to_the_user(self):
        self.found()
        self.assertEqual(self.value("GOMLX_BACKEND"), "xla:cpu")
        self.assertEqual(self.value("PJRT_PLUGIN_LIBRARY_PATH"), f"{self.root}/.tools/xla")
        self.assertEqual(self.value("GOMLX_BACKEND", GOMLX_BACKEND="go"), "go")
        self.assertEqual(self.value("PJRT_PLUGIN_LIBRARY_PATH", PJRT_PLUGIN_LIBRARY_PATH="/mine"), "/mine")

    def test_rejected_plugin_is_passed_over(self):
        self.found(rejected="/broken")
        self.assertEqual(self.value("PJRT_PLUGIN_LIBRARY_PATH", PJRT_PLUGIN_LIBRARY_PATH="/broken"), f"{self.root}/.tools/xla")

    def test_runs_change_with_the_code_that_trains(self):
        before = self.value("FLOW_RUNS")
        self.assertRegex(before, rf"^{self.root}/runs/[0-9a-f]{{8}}$")

        def changes(name):
            nonlocal before
            source = self.root / name
            source.parent.mkdir(parents=True, exist_ok=True)
            source.write_text("changed")
            after, before = before, self.value("FLOW_RUNS")
            return after != before

        for name in ("flowlib/fit/fit.go", "flowlib/imageflow/fit.go", "flowlib/new/new.go", "internal/new/new.go", "internal/kernel/vector_amd64.s", "go.mod", "go.sum"):
            self.assertTrue(changes(name), name)
        for name in ("flowlib/fit/fit_test.go", "flowlib/figure/bars.go", "flowlib/fit/fittest/fittest.go", "cmd/flow/main.go"):
            self.assertFalse(changes(name), name)
        self.assertEqual(self.value("FLOW_RUNS", FLOW_RUNS="/mine"), "/mine")

    def test_status_is_handed_on(self):
        self.assertEqual(self.script("with-env", "sh", "-c", "exit 7").returncode, 7)
        self.assertEqual(self.script("with-env").returncode, 2)


class Step(Tree):
    def test_success_is_one_line(self):
        done = self.script("step", "a thing", "echo", "chatter")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^▸ a thing … \d+ s\n$")

    def test_failure_names_cause_and_hint(self):
        done = self.script("step", "-h", "do this", "a thing", "sh", "-c", "echo ERROR: broken; echo bye; exit 3")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertRegex(done.stderr, r"^✗ a thing: ERROR: broken — do this \(all of it: \.tools/log/a-thing\.log\)\n$")

    def test_being_stopped_leaves_no_process(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number=number):
                pids = self.root / "pids"
                pids.unlink(missing_ok=True)
                step = subprocess.Popen(
                    [self.root / "scripts/step", "a thing", "bash", "-c", f"sleep 300 & echo $! $$ >{pids}; wait"],
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    # A shell's background job ignores Ctrl-C, and hands that on.
                    preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
                )
                deadline = time.monotonic() + LIMIT
                while not (pids.exists() and pids.read_text().strip()) and time.monotonic() < deadline:
                    time.sleep(0.05)
                started = [int(pid) for pid in pids.read_text().split()]
                step.send_signal(number)
                self.assertEqual(step.wait(LIMIT), 128 + number)
                deadline = time.monotonic() + LIMIT
                while any(map(exists, started)) and time.monotonic() < deadline:
                    time.sleep(0.05)  # init has them to bury
                self.assertEqual([pid for pid in started if exists(pid)], [])


class FindBackend(Tree):
    """With a stand-in for the probe, since what a machine has is not for a test to say."""

    def probe(self, text):
        path = self.root / ".tools/bin/probe"
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/bash\n" + text)
        path.chmod(0o755)

    def written(self):
        path = self.root / ".tools/backend.env"
        return path.read_text() if path.exists() else ""

    def test_plugin_of_the_user_comes_first(self):
        self.probe('[ "$PJRT_PLUGIN_LIBRARY_PATH" = /mine ]')
        done = self.script("find-backend", PJRT_PLUGIN_LIBRARY_PATH="/mine")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("GOMLX_BACKEND=xla:cpu\nPJRT_PLUGIN_LIBRARY_PATH=/mine\n", self.written())

    def test_each_failure_says_why_and_the_last_resort_is_go(self):
        self.probe('[ "$2" = go ] || { echo "no luck with $1 ${PJRT_PLUGIN_LIBRARY_PATH:-standard}" >&2; exit 1; }')
        done = self.script("find-backend", PJRT_PLUGIN_LIBRARY_PATH="/mine")
        self.assertEqual(done.returncode, 0, done.stderr)
        for why in ("PJRT_PLUGIN_LIBRARY_PATH=/mine does not work: no luck with check /mine", "standard places: no luck", "installer: no luck with install", "wheel from PyPI: "):
            self.assertIn(why, done.stdout)
        self.assertIn("backend go: pure Go, since no XLA plugin works here", done.stdout)
        self.assertIn("GOMLX_BACKEND=go\n", self.written())
        self.assertIn("rejected_plugins=/mine\n", self.written())

    def test_a_backend_asked_for_has_no_last_resort(self):
        self.probe('[ "$2" = go ]')
        done = self.script("find-backend", "xla:cpu")
        self.assertEqual(done.returncode, 1)
        self.assertIn("backend xla:cpu: no XLA plugin works here", done.stderr)
        self.assertEqual(self.written(), "")

    def test_a_plugin_that_crashes(self):
        self.probe('if [ "$2" != go ]; then kill -SEGV $$; fi')
        done = self.script("find-backend")
        self.assertIn("it crashes (signal 11)", done.stdout)
        self.assertIn("GOMLX_BACKEND=go\n", self.written())


class Vulncheck(unittest.TestCase):
    def test_a_database_that_is_out_of_reach_is_said_in_one_line(self):
        done = run(SCRIPTS / "vulncheck", GOVULNDB="http://127.0.0.1:9", PYTHON=sys.executable)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\A– govulncheck: its database is out of reach; .*\n\Z")


class CheckNotebooks(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.dir)
        self.path = self.dir / "a.ipynb"

    def write(self, outputs=(), count=None, kernel="flow", **metadata):
        cell = {"cell_type": "code", "execution_count": count, "id": "a", "metadata": {}, "outputs": list(outputs), "source": ["x"]}
        notebook = {"cells": [cell], "metadata": {"kernelspec": {"name": kernel}, **metadata}, "nbformat": 4, "nbformat_minor": 5}
        self.path.write_text(json.dumps(notebook))

    def check(self, *args):
        return run(sys.executable, SCRIPTS / "check_notebooks.py", *args, self.path)

    def test_stripped_passes(self):
        self.write()
        self.assertEqual(self.check().returncode, 0)

    def test_faults_are_named_and_stripped(self):
        output = {"output_type": "stream", "name": "stdout", "text": ["x"]}
        for fault, kind in (({"outputs": [output]}, "outputs"), ({"count": 3}, "count"), ({"kernel": "python3"}, "kernel"), ({"widgets": {}}, "widgets")):
            with self.subTest(kind=kind):
                self.write(**fault)
                done = self.check()
                self.assertEqual(done.returncode, 1)
                self.assertIn(kind, done.stderr)
                self.assertEqual(self.check("--strip").returncode, 0)
                self.assertEqual(self.check().returncode, 0)

    def test_not_a_notebook(self):
        self.path.write_text("{}")
        done = self.check()
        self.assertEqual(done.returncode, 1)
        self.assertIn("not a notebook", done.stderr)


if __name__ == "__main__":
    unittest.main()
