"""The headless runner fails when a cell fails, says where, and leaves nothing behind.

Needs the kernel (make setup); FLOW_REQUIRE_GONB=1 turns the skip into a failure.
"""

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import uuid
from pathlib import Path
from unittest import mock

import nbformat

SCRIPTS = Path(__file__).resolve().parent.parent
ROOT = SCRIPTS.parent
sys.path.insert(0, str(SCRIPTS))

import gonb_says  # noqa: E402
import notebook_kernel  # noqa: E402
import run_notebooks  # noqa: E402

GONB = ROOT / ".tools" / "bin" / "gonb"
LIMIT = 300  # seconds for what takes a few, on a machine that does much else: cells may take 1200
KEEP = '%%\nos.WriteFile(filepath.Join(os.Getenv("FLOW_RESULTS"), "kept.json"), []byte("2"), 0o644)'


def alive(mark):
    """Processes, zombies aside, whose environment holds mark."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (entry / "environ").read_bytes() and "\nState:\tZ" not in (entry / "status").read_text():
                found.append((entry / "cmdline").read_bytes())
        except OSError:
            continue
    return found


class Runner(unittest.TestCase):
    def setUp(self):
        if not GONB.exists():
            text = f"no {GONB.relative_to(ROOT)}: run 'make setup'"
            if os.environ.get("FLOW_REQUIRE_GONB") == "1":
                self.fail(text)
            self.skipTest(text)
        self.dir = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.dir)
        self.out = self.dir / "built" / "notebooks"
        self.out.mkdir(parents=True)
        (self.out / "nb.ipynb").write_text("built before")
        self.results = self.dir / "results"
        self.results.mkdir()
        (self.results / "kept.json").write_text("1")
        self.mark = uuid.uuid4().hex
        self.tmp = self.dir / "tmp"
        self.tmp.mkdir()

    def tearDown(self):
        deadline = time.monotonic() + 30
        while alive(self.mark) and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertEqual(alive(self.mark), [], "processes left behind")
        self.assertEqual([str(p.relative_to(self.dir)) for p in self.tmp.rglob("*")], [], "files left behind")

    def command(self, *cells, name="nb", args=()):
        nb = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "flow", "display_name": "Go (flow)", "language": "go"}})
        for cell in cells:
            make = nbformat.v4.new_markdown_cell if cell.startswith("#") else nbformat.v4.new_code_cell
            nb.cells.append(make(cell))
        path = self.dir / f"{name}.ipynb"
        nbformat.write(nb, path)
        return [SCRIPTS / "with-env", sys.executable, SCRIPTS / "run_notebooks.py", "--out", self.out, "--results", self.results, *args, path]

    def env(self):
        return {**os.environ, "FLOW_TEST_MARK": self.mark, "TMPDIR": str(self.tmp), "JUPYTER_RUNTIME_DIR": str(self.tmp)}

    def execute(self, *cells, args=()):
        command = self.command(*cells, args=args)
        return subprocess.run(command, capture_output=True, text=True, check=False, env=self.env(), timeout=LIMIT)

    def assertUntouched(self):
        self.assertEqual((self.out / "nb.ipynb").read_text(), "built before")
        self.assertEqual([p.name for p in self.out.iterdir()], ["nb.ipynb"])
        self.assertEqual([p.name for p in self.out.parent.iterdir()], ["notebooks"])
        self.assertEqual([p.name for p in self.results.iterdir()], ["kept.json"])
        self.assertEqual((self.results / "kept.json").read_text(), "1")

    def assertFails(self, cells, *wanted, args=()):
        """Exit status 1, and one message that says each of wanted."""
        done = self.execute(*cells, args=args)
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertEqual(done.stderr.count("run_notebooks: "), 1, done.stderr)
        self.assertLessEqual(len(done.stderr.strip().splitlines()), 2, done.stderr)
        for part in ("nb.ipynb", *wanted):
            self.assertIn(part, done.stderr)
        self.assertNotIn("never", done.stdout)
        self.assertUntouched()

    def test_a_good_notebook(self):
        done = self.execute(
            "# A title with $x^2$\n\nAnd prose.",
            'func hello() string { return "hello" }',
            '%%\nfmt.Println(hello(), os.Getenv("FLOW_HEADLESS"))\nfmt.Fprintln(os.Stderr, "go: downloading nothing")',
            "%%\nwd, _ := os.Getwd()\nfmt.Println(wd)",
            KEEP,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"nb  cell 2/4  \d+\.\d s  fmt\.Println\(hello")
        self.assertEqual((self.results / "kept.json").read_text(), "2")
        nb = nbformat.read(self.out / "nb.ipynb", 4)
        text = "".join(o.get("text", "") for c in nb.cells for o in c.get("outputs", []))
        self.assertIn("hello 1\n", text)
        self.assertIn(str(self.dir.resolve()), text)
        page = (self.out / "nb.html").read_text()
        self.assertIn("<math", page)
        self.assertIn("hello 1", page)
        self.assertEqual(re.findall(r"(?:src|href)=[\"']https?:[^\"']*", page), [])

    def test_compile_error(self):
        self.assertFails(
            ['func hello() string { return "hello" }', "%%\nfmt.Println(hello())\nvar y string = 4\n_ = y"],
            "code cell 2 of 2", "fmt.Println(hello())", "cannot use 4", "line 3: var y string = 4",
        )  # fmt: skip

    def test_compile_error_outside_main(self):
        self.assertFails(["func hello() string {\n\treturn undefinedThing\n}"], "undefined: undefinedThing", "line 2: return undefinedThing")

    def test_panic(self):
        self.assertFails(
            ['%%\nvar a []int\nfmt.Println("before")\nfmt.Println(a[3])', '%%\nfmt.Println("never")'],
            "code cell 1 of 2", "index out of range [3]", "exit status 2", "line 4: fmt.Println(a[3])",
        )  # fmt: skip

    def test_exit_status(self):
        self.assertFails(
            [KEEP, '%%\nfmt.Fprintln(os.Stderr, "the pod bay doors are shut")\nos.Exit(3)', "# prose"],
            "code cell 2 of 2", "the pod bay doors are shut (exit status 3)",
        )  # fmt: skip

    def test_killed_program(self):
        self.assertFails(["%%\nsyscall.Kill(os.Getpid(), syscall.SIGKILL)"], "signal: killed")

    def test_failing_test(self):
        self.assertFails(
            [
                "func Add(a, b int) int { return a - b }",
                '%test\nfunc TestAdd(t *testing.T) {\n\tif got := Add(1, 2); got != 3 {\n\t\tt.Errorf("Add(1, 2) = %d, want 3", got)\n\t}\n}',
            ],
            "code cell 2 of 2", "--- FAIL: TestAdd", "Add(1, 2) = -1, want 3", "exit status 1",
        )  # fmt: skip

    def test_failing_shell_command(self):
        self.assertFails(["!ls /no/such/folder"], "No such file", "exit status 2")

    def test_unknown_command(self):
        self.assertFails(["%nonsense"], "%nonsense", "unknown")

    def test_an_unknown_command_that_a_program_prints(self):
        done = self.execute('%%\nfmt.Fprint(os.Stderr, "\\"%nonsense\\" unknown or not implemented yet.")')
        self.assertEqual(done.returncode, 0, done.stderr)

    SAY = 'func say() {\n\tfmt.Println("exit status 1")\n\tfmt.Fprintln(os.Stderr, "exit status 1")\n}'

    def test_an_exit_status_that_a_program_prints(self):
        done = self.execute(self.SAY, "%%\nsay()", "!echo exit status 1 >&2", '%%\nsay()\nfmt.Fprintln(os.Stderr, "signal: killed")')
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_an_exit_status_that_a_program_prints_and_another_that_it_has(self):
        self.assertFails([self.SAY, "%%\nsay()\nos.Exit(3)"], "code cell 2 of 2", "exit status 1 (exit status 3)")

    @unittest.skipUnless(notebook_kernel.READS, "who waits for input can be seen on Linux alone")
    def test_a_cell_that_waits_for_input(self):
        for cell in (
            "%%\nvar s string\nfmt.Scanln(&s)\nfmt.Println(s)",
            "!cat",
            "%with_inputs\n!read name",
            '%%\ngonbui.RequestInput("your name", false)\ntime.Sleep(time.Hour)',
        ):
            with self.subTest(cell):
                self.assertFails([cell], "code cell 1 of 1", "it waits for input")

    def test_input_that_a_cell_has(self):
        done = self.execute("!sleep 2 | cat; sleep 2", '%%\nc := exec.Command("cat")\nw, _ := c.StdinPipe()\nc.Start()\ntime.Sleep(2 * time.Second)\nw.Close()\nc.Wait()')
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_broken_notebook(self):
        command = self.command("%%")
        path = command[-1]
        text = path.read_text()
        for broken, wanted in {
            text[: len(text) // 2]: "nb.ipynb: not a notebook: ",
            text.replace('"nbformat": 4', '"nbformat": 99'): "version 99",
            text.replace('"name": "flow"', '"name": "none\\u001b[31m"'): "no kernel named",
        }.items():
            with self.subTest(wanted):
                path.write_text(broken)
                done = subprocess.run(command, capture_output=True, text=True, check=False, env=self.env(), timeout=LIMIT)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
                self.assertNotIn("\x1b", done.stdout + done.stderr)
                self.assertIn(wanted, done.stderr)
                self.assertUntouched()
        for broken in (
            "", "[]", "{}", "3", "null", "\0", "[" * 100_000, text.replace('"nbformat": 4', '"nbformat": "x"'),
            text.replace('"outputs": []', '"outputs": 3'), text.replace('"kernelspec"', '"kernel"'),
        ):  # fmt: skip
            with self.subTest(broken[:60]):
                path.write_text(broken)
                with self.assertRaises(run_notebooks.NotebookError) as caught:
                    run_notebooks.read(path)
                self.assertEqual(len(str(caught.exception).splitlines()), 1, caught.exception)
        path.write_bytes(b"\xff\xfe{}")
        self.assertRaises(run_notebooks.NotebookError, run_notebooks.read, path)

    def test_dead_kernel(self):
        self.assertFails(["%%\nsyscall.Kill(os.Getppid(), syscall.SIGKILL)\ntime.Sleep(time.Minute)"], "the kernel died")

    def test_time_out(self):
        # The program leaves the kernel's process group, and is ended all the same.
        self.assertFails(["%%\nsyscall.Setpgid(0, 0)\ntime.Sleep(time.Hour)"], "still running after 5 s", args=["--timeout", "5"])

    def stopped(self, number, when, *cells):
        """The status and stderr of a run of cells that gets the signal once when() says so."""
        runner = subprocess.Popen(
            self.command(*cells), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=self.env(),
            preexec_fn=lambda: [signal.signal(n, signal.SIG_DFL) for n in run_notebooks.SIGNALS],  # nohup and a shell's background ignore some
        )  # fmt: skip
        deadline = time.monotonic() + LIMIT
        while not when() and time.monotonic() < deadline:
            time.sleep(0.02)
        runner.send_signal(number)
        try:
            _, stderr = runner.communicate(timeout=LIMIT)
        finally:
            runner.kill()
            runner.stderr.close()
            runner.wait()
        return runner.returncode, stderr

    def test_stopped_by_a_signal(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            with self.subTest(number.name):
                flag = self.dir / f"started-{number.name}"
                got = self.stopped(number, lambda: flag.exists(), f'%%\nos.WriteFile("{flag}", nil, 0o644)\ntime.Sleep(time.Hour)')
                self.assertEqual(got, (status, "run_notebooks: stopped; nothing was written\n"))
                self.assertUntouched()

    def test_stopped_while_the_kernel_starts(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)):
            with self.subTest(number.name):
                got = self.stopped(number, lambda: any("gonb" in str(line) for line in alive(self.mark)), "%%\ntime.Sleep(time.Hour)")
                self.assertEqual(got, (status, "run_notebooks: stopped; nothing was written\n"))
                self.assertUntouched()

    def test_two_at_once(self):
        first = self.command('%%\nfmt.Println("first")', "%%\ntime.Sleep(2 * time.Second)", name="first")
        both = self.command('%%\nfmt.Println("second")', name="second", args=["--jobs", "2", first[-1]])
        done = subprocess.run(both, capture_output=True, text=True, check=False, env=self.env(), timeout=LIMIT)
        self.assertEqual(done.returncode, 0, done.stderr)
        for name in ("first", "second"):
            self.assertIn(name, nbformat.read(self.out / f"{name}.ipynb", 4).cells[0].outputs[0].text)

    def test_wrong_usage(self):
        for args in (["--timeout", "0", "x.ipynb"], [], ["no-such.ipynb"]):
            done = subprocess.run([sys.executable, SCRIPTS / "run_notebooks.py", *args], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 2, done.stderr)


class Words(unittest.TestCase):
    def test_line_of_a_trace_that_came_in_pieces(self):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "main.go"
            file.write_text("package main\n\nfunc main() {\n\tf(1)\n\tf(a[3])\n}\n")

            def line(number, cell):
                trace = f"panic: out of range\n\ngoroutine 1 [running]:\nmain.main()\n\t{file}:{number} +0x94\n"
                return gonb_says.line_of_bare_stack(trace, cell)

            self.assertEqual(line(5, "%%\nf(1)\nf(a[3])"), 3)
            self.assertIsNone(line(5, "%%\nf(a[3])\nf(a[3])"))  # which of the two?
            self.assertIsNone(line(5, "%%\nf(1)"))  # a line of another cell
            self.assertIsNone(line(99, "%%\nf(a[3])"))

    def test_progress(self):
        bar = {"text/html": '<progress value="250" max="1000"></progress> step 250 of 1,000, &minus;1.2 nats'}
        self.assertEqual(gonb_says.progress_text(bar), "25 % step 250 of 1,000, −1.2 nats")
        self.assertEqual(gonb_says.progress_text({"text/html": "<b>no bar</b>"}), "")

    def test_a_kernel_of_an_older_set_up_is_refused(self):
        nb = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "flow", "display_name": "Go"}})
        with tempfile.NamedTemporaryFile() as old, mock.patch.object(notebook_kernel, "GONB", Path(old.name)):
            with self.assertRaisesRegex(RuntimeError, "make setup"):
                asyncio.run(notebook_kernel.Client(nb, ROOT, 1).start({}, None, set()))

    def test_first_line(self):
        self.assertEqual(gonb_says.first_line("\n%%\n  a := 1\n"), "a := 1")
        self.assertEqual(len(gonb_says.first_line("x" * 200)), 60)


if __name__ == "__main__":
    unittest.main()
