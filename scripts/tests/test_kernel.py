"""The kernel does what scripts/tools/gonb/kernel.patch says.

Needs the kernel (make setup); FLOW_REQUIRE_GONB=1 turns the skip into a failure.
"""

import os
import shutil
import signal
import tempfile
import time
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
GONB = ROOT / ".tools" / "bin" / "gonb"
LIMIT = 300  # seconds for what takes a few, on a machine that does much else

try:
    from jupyter_client.manager import KernelManager
except ImportError:
    KernelManager = None


def slow(lines):
    """A cell that takes long to compile: one function of so many lines."""
    body = "".join(f"x = x*x + {k}\nif x > 3 {{ y += x }}\n" for k in range(lines))
    return f'%%\nx, y := len(os.Args), {time.time_ns()}\n{body}fmt.Print("compiled", x*y)'


class Kernel(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not GONB.exists() or KernelManager is None:
            text = "no kernel: run 'make setup', and the tests through scripts/with-env"
            if os.environ.get("FLOW_REQUIRE_GONB") == "1":
                raise AssertionError(text)
            raise unittest.SkipTest(text)
        cls.dir = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.dir, ignore_errors=True)
        cls.manager = KernelManager(kernel_name="flow")
        # As from a script's background, `make lab &`, which has SIGINT ignored: its cells can be interrupted all the same.
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
        cls.manager.start_kernel(stdout=open(os.devnull, "w"), stderr=open(os.devnull, "w"), cwd=cls.dir)
        signal.signal(signal.SIGINT, before)
        cls.addClassCleanup(cls.manager.shutdown_kernel, now=True)
        cls.client = cls.manager.client()
        cls.client.start_channels()
        cls.addClassCleanup(cls.client.stop_channels)
        cls.client.wait_for_ready(timeout=LIMIT)

    def outcome(self, request):
        """The reply to a request, and the messages with what it shows, both as they came."""
        shown = []
        while True:
            msg = self.client.get_iopub_msg(timeout=LIMIT)
            if msg["parent_header"].get("msg_id") != request:
                continue
            if msg["msg_type"] == "status" and msg["content"]["execution_state"] == "idle":
                break
            if msg["msg_type"] not in ("status", "execute_input"):
                shown.append((msg["msg_type"], msg["content"]))
        while True:
            reply = self.client.get_shell_msg(timeout=LIMIT)
            if reply["parent_header"]["msg_id"] == request:  # not one of the kernel_info requests of the start
                return reply["content"], shown

    def run_all(self, *cells):
        """The outcomes of cells that are sent at once, as "Run All" does."""
        return [self.outcome(request) for request in [self.client.execute(cell) for cell in cells]]

    def test_cells_behind_one_that_fails_are_not_run(self):
        for cell, said in (
            ('%%\npanic("lost")', ("ProgramFailed", "exit status 2")),
            ("%%\nos.Exit(3)", ("ProgramFailed", "exit status 3")),
            ("%%\nundefined()", ("ERROR", None)),
            ("!exit 4", ("ProgramFailed", "exit status 4")),
        ):
            with self.subTest(cell):
                flag = self.dir / "run"
                [(failed, shown), *behind] = self.run_all(cell, f'%%\nos.WriteFile("{flag}", nil, 0o666)', "func g() {}")
                self.assertEqual((failed["status"], failed["ename"], failed["evalue"] if said[1] else None), ("error", *said))
                self.assertEqual([m for m, _ in shown].count("error"), 1)
                self.assertEqual([(reply["status"], out) for reply, out in behind], [("aborted", []), ("aborted", [])])
                self.assertFalse(flag.exists())
        [(reply, shown)] = self.run_all('%%\nfmt.Print("again")')
        self.assertEqual((reply["status"], shown[-1]), ("ok", ("stream", {"name": "stdout", "text": "again"})))

    def stderr(self, cell):
        [(_, shown)] = self.run_all(cell)
        return "".join(content["text"] for kind, content in shown if kind == "stream" and content["name"] == "stderr")

    def test_a_panic_names_the_line_of_the_cell(self):
        stderr = self.stderr("%%\nvar a []int\nfmt.Println(a[3])")
        self.assertIn("index out of range [3]", stderr)
        self.assertRegex(stderr, r"Cell \[\d+\] Line 3 \]\]")

    def test_a_trace_that_comes_in_pieces_names_the_line_of_the_cell(self):
        stderr = self.stderr(
            "%%\n_, file, line, _ := runtime.Caller(0)\n"
            'for _, piece := range []string{"main.main()\\n\\t", file, ":", fmt.Sprint(line), " +0x52\\n\\tnot ended"} {\n'
            "\tos.Stderr.WriteString(piece)\n\ttime.Sleep(20 * time.Millisecond)\n}"
        )
        self.assertRegex(stderr, r"Cell \[\d+\] Line 2 \]\]")
        self.assertTrue(stderr.endswith(" +0x52\n\tnot ended"), stderr)

    def interrupted(self, cell, when):
        first, second = self.client.execute(cell), self.client.execute('%%\nfmt.Print("never")')
        when()
        self.manager.interrupt_kernel()
        reply, shown = self.outcome(first)
        self.assertEqual((reply["status"], reply["ename"], reply["traceback"]), ("error", "Interrupted", ["interrupted"]))
        self.assertEqual(self.outcome(second)[0]["status"], "aborted")
        return "".join(content["text"] for kind, content in shown if kind == "stream")

    def waiting_for(self, flag):
        def wait():
            deadline = time.monotonic() + LIMIT
            while not flag.exists() and time.monotonic() < deadline:
                time.sleep(0.02)

        return wait

    def test_an_interrupt_ends_a_program_that_does_not_expect_it(self):
        flag = self.dir / "asleep"
        self.assertEqual(self.interrupted(f'%%\nos.WriteFile("{flag}", nil, 0o666)\ntime.Sleep(time.Hour)', self.waiting_for(flag)), "")

    def test_an_interrupt_is_an_error_though_the_program_ends_well(self):
        flag = self.dir / "listening"
        cell = f'%%\nc := make(chan os.Signal, 1)\nsignal.Notify(c, os.Interrupt)\nos.WriteFile("{flag}", nil, 0o666)\n<-c\nfmt.Print("stopped")'
        self.assertEqual(self.interrupted(cell, self.waiting_for(flag)), "stopped")

    def test_an_interrupt_ends_a_compilation(self):
        self.assertEqual(self.interrupted(slow(20_000), self.said_compiling), "")
        [(reply, _)] = self.run_all('%%\nfmt.Print("again")')
        self.assertEqual(reply["status"], "ok")

    def said_compiling(self):
        while self.client.get_iopub_msg(timeout=LIMIT)["msg_type"] != "display_data":
            pass

    def test_what_compiles_for_a_while_says_so_until_it_runs(self):
        [(reply, shown)] = self.run_all(slow(6_000))
        self.assertEqual(reply["status"], "ok", reply)
        self.assertEqual([kind for kind, _ in shown], ["display_data", "clear_output", "stream"])
        self.assertEqual(shown[0][1]["data"], {"text/plain": "compiling …"})

    def test_declarations_are_compiled_and_not_run(self):
        flag = self.dir / "declared"
        outcomes = self.run_all(
            f'func touch(name string) int {{ os.WriteFile(name, nil, 0o666); return 1 }}\nconst touched = "{flag}"',
            "type pair struct{ a, b int }",
        )
        self.assertEqual([reply["status"] for reply, _ in outcomes], ["ok", "ok"])
        [(bad, _)] = self.run_all("func wrong() int { return undefinedThing }")
        self.assertIn("undefined: undefinedThing", bad["evalue"])
        self.assertFalse(flag.exists())
        # A variable must have its value, or be refused, where it stands.
        [(reply, _)] = self.run_all("var once = touch(touched)")
        self.assertEqual((reply["status"], flag.exists()), ("ok", True))
        [(reply, _)] = self.run_all('var bad = func() int { panic("no") }()')
        self.assertEqual(reply["status"], "error")
        self.run_all("%reset")

    def test_gopls_is_started_where_somebody_types(self):
        folder = self.dir / "stand-in"
        folder.mkdir()
        said = folder / "said"
        (folder / "gopls").write_text(f'#!/bin/sh\necho "$@" >{said}.new; mv {said}.new {said}\n')
        (folder / "gopls").chmod(0o755)
        for headless in "1", "":
            env = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "FLOW_HEADLESS": headless}
            manager = KernelManager(kernel_name="flow")
            manager.start_kernel(stdout=open(os.devnull, "w"), stderr=open(os.devnull, "w"), cwd=self.dir, env=env)
            try:
                client = manager.client()
                client.start_channels()
                client.wait_for_ready(timeout=LIMIT)  # it starts gopls before it answers
                if not headless:
                    self.waiting_for(said)()
                self.assertEqual(said.exists(), not headless)
                client.stop_channels()
            finally:
                manager.shutdown_kernel(now=True)
        self.assertIn("-listen.timeout", said.read_text())


if __name__ == "__main__":
    unittest.main()
