"""What a reader does in JupyterLab in a real browser: run a notebook, see an error, play, complete.

Behind https and below a path, as on a JupyterHub; test_explore.py does without. Needs
what test_browser.py needs, the kernel and gopls; without gopls completion is skipped, and
FLOW_REQUIRE_GONB=1 turns the skip into a failure.
"""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import time
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(SCRIPTS / "tests")]

import lab  # noqa: E402

ROOT = SCRIPTS.parent
COMPLETION_SECONDS = 10  # between two times Tab


class JupyterLab(lab.Playground):
    def setUp(self):
        super().setUp()
        self.assertTrue((ROOT / ".tools" / "bin" / "gonb").exists(), "no kernel: run 'make setup'")
        if shutil.which("openssl"):
            self.path, self.certificate = "/user/someone/", self.dir / "server.pem"
            make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
            subprocess.run([*make, "-keyout", self.certificate, "-out", self.dir / "cert.pem"], check=True, capture_output=True)
            self.certificate.write_text(self.certificate.read_text() + (self.dir / "cert.pem").read_text())
        self.page.close()
        self.open_page(ignore_https_errors=True, viewport={"width": 1200, "height": 1000})

    def test_notebooks_beside_each_other(self):
        """One server and one page for all of it: their start costs more than what is run there."""
        self.a_notebook_runs()
        self.run_all_stops_at_a_panic()
        self.the_playground_plays()
        self.tab_completes_the_names_of_a_package()

    def a_notebook_runs(self):
        [notebook] = (ROOT / "notebooks").glob("01-*.ipynb")
        cells = [c for c in json.loads(notebook.read_text())["cells"] if c["cell_type"] == "code" and "".join(c["source"]).strip()]
        (self.dir / "notebooks").mkdir()
        self.open(Path(shutil.copy(notebook, self.dir / "notebooks")))  # JupyterLab saves what it runs
        self.run_all()
        self.ran(len(cells))
        self.assertEqual(self.errors_of_cells(), [])
        figures = self.page.locator(".jp-OutputArea-output svg, .jp-OutputArea-output img").all()
        boxes = [box for box in (figure.bounding_box() for figure in figures) if box]
        self.assertTrue(any(box["width"] > 100 and box["height"] > 50 for box in boxes), f"no figure among {boxes}")

    def run_all_stops_at_a_panic(self):
        self.open_beside(self.write("panic.ipynb", '%%\nfmt.Println("before:", 6*7)', '%%\npanic("lost")', '%%\nfmt.Println("behind:", 6*7)'))
        self.run_all()
        with self.explained():
            self.page.get_by_text("before: 42").wait_for(timeout=1000 * lab.RUN_SECONDS)
            self.page.wait_for_function(f"{lab.ERRORS}.length", timeout=1000 * lab.RUN_SECONDS)
            self.page.wait_for_function(f"{lab.NOTEBOOK}.sessionContext.session.kernel.status === 'idle'")
        self.assertEqual(self.errors_of_cells(), ["ProgramFailed exit status 2"])
        self.assertEqual(self.page.get_by_text("behind: 42").count(), 0)

    def the_playground_plays(self):
        self.open_beside(self.write("explore.ipynb", *self.CELLS))
        self.run_all()
        self.at_rest("^8 layers, 35,344 parameters")
        self.move("layers", 2)
        self.at_rest("^2 layers")
        self.click("done")
        with self.explained():
            self.page.get_by_text("later: 42").wait_for(timeout=1000 * lab.RUN_SECONDS)

    def tab_completes_the_names_of_a_package(self):
        if not shutil.which("gopls"):
            missing = "no completion without gopls: run 'make .tools/stamps/gopls'"
            self.assertNotEqual(os.environ.get("FLOW_REQUIRE_GONB"), "1", missing)
            with self.subTest("completion"):
                self.skipTest(missing)
            return
        self.open_beside(self.write("complete.ipynb", 'import "normflow/flowlib/flow"', ""))
        self.run_all()
        self.ran(1)
        cell = self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-CodeCell .cm-content").last
        item = self.page.locator(".jp-Completer-item", has_text="RealNVP").first
        start, tries = time.monotonic(), 0
        with self.explained():
            cell.click()
            self.page.keyboard.type("%%\nc := flow.R")
            # On a machine that does much else gopls is not ready when the page asks first.
            while not item.is_visible():
                if time.monotonic() > start + lab.RUN_SECONDS / 2:
                    item.wait_for(timeout=1)
                tries += 1
                cell.click()
                self.page.keyboard.press("Control+End")
                self.page.keyboard.press("Tab")
                with contextlib.suppress(lab.BrowserError):
                    item.wait_for(timeout=1000 * COMPLETION_SECONDS)
        print(f"\ncompletion: flow.R offers RealNVP after {time.monotonic() - start:.1f} s, {tries} times Tab", file=sys.stderr)


if __name__ == "__main__":
    unittest.main()
