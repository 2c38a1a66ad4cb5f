"""What a reader does, in a real browser: run a notebook in JupyterLab, open the report.

Needs Chromium and playwright (scripts/requirements-test.lock). Without them the
tests are skipped; FLOW_REQUIRE_BROWSER=1 turns the skip into a failure.
"""

import json
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(SCRIPTS), str(SCRIPTS / "tests")]

import nbformat  # noqa: E402

import lab  # noqa: E402
import notebook_html  # noqa: E402
import test_notebook_html  # noqa: E402

ROOT = SCRIPTS.parent
FIXTURES = Path(__file__).resolve().parent / "fixtures"
NOTEBOOKS = ROOT / "notebooks"


class Browser(lab.Lab):
    def build(self, source):
        subprocess.run(
            [sys.executable, SCRIPTS / "build_report.py", "--source", source, "--results", FIXTURES / "results"]
            + ["--measured", FIXTURES / "measured", "--out", self.dir],
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def test_a_wide_figure_fills_the_column_and_the_dark_is_dark(self):
        source = self.dir / "report.md"
        text = (FIXTURES / "report.md").read_text()
        source.write_text(text.replace("{#fig:square}", "{#fig:square .wide width=100% height=2.5cm}"))
        self.build(source)
        for scheme, dark in (("light", False), ("dark", True)):
            for width in (1200, 390):
                self.page.close()
                self.open_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
                self.assertOpensOffline(self.dir / "report.html")
                picture = self.page.locator("figure.wide img, figure.wide svg").first.bounding_box()["width"]
                column = self.page.locator("p").first.evaluate("p => p.parentElement.clientWidth - 2 * parseFloat(getComputedStyle(p.parentElement).paddingLeft)")
                self.assertGreater(picture, 0.98 * column, f"{scheme}, {width} px wide")
                for colour, light in (("backgroundColor", not dark), ("color", dark)):
                    value = self.page.evaluate(f"getComputedStyle(document.documentElement).{colour}")
                    bright = sum(map(int, re.findall(r"\d+", value)[:3])) > 3 * 128
                    self.assertEqual(bright, light, f"{scheme}: {colour} is {value}")

    def test_the_report_opens_from_disk(self):
        self.build(FIXTURES / "report.md")
        files = [self.dir / "report.html", ROOT / "report" / "build" / "report.html"]
        files += sorted((ROOT / "report" / "build" / "notebooks").glob("*.html"))
        for file in filter(Path.exists, files):
            with self.subTest(file):
                self.assertOpensOffline(file)
                self.page.set_viewport_size({"width": 390, "height": 844})
                wide = self.page.evaluate("document.documentElement.scrollWidth")
                self.assertLessEqual(wide, 390, "a phone must scroll sideways")
                self.page.set_viewport_size({"width": 1200, "height": 1000})

    def test_the_page_of_flow_eval_opens_from_disk(self):
        def flow(*args):
            command = [SCRIPTS / "with-env", "env", "GOWORK=off", "go", "run", "./cmd/flow", *args]
            subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        table, model, file = (str(self.dir / name) for name in ("moons.csv", "model", "page.html"))
        flow("data", "sample", "moons05", "-n", "500", "-o", table)
        flow("fit", table, "-o", model, "--model", "realnvp", "--steps", "20")
        flow("eval", model, table, "-o", file)
        self.assertOpensOffline(Path(file))
        self.assertIn("data:image/png", Path(file).read_text())  # of the heat map, which the policy must allow

    def test_a_page_of_hostile_outputs_does_nothing(self):
        secret = self.dir / "secret.svg"
        secret.write_text(test_notebook_html.SVG)
        outputs = test_notebook_html.hostile(str(secret))
        # What is left must be harmless without the policy, and the policy must hold without that.
        for out in outputs + [None]:
            nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("%%", outputs=[out] if out else [])])
            notebook_html.write(nb, self.dir / "nb.html")
            page = (self.dir / "nb.html").read_text()
            if out:
                page = re.sub(r"<meta http-equiv=[^>]*>", "", page)
            else:
                page = page.replace("</body>", "<script>document.title = 'run'</script><img src=x onerror='document.title = 1'></body>")
            (self.dir / "nb.html").write_text(page)
            self.requests.clear()
            self.page.goto((self.dir / "nb.html").as_uri())
            self.assertEqual(self.page.title(), "nb")
            if out:
                self.assertEqual([u for u in self.requests if not u.startswith("data:")], [(self.dir / "nb.html").as_uri()], out)
        self.assertTrue(any("Content Security Policy" in error for error in self.errors), self.errors)

    def test_a_notebook_runs_in_jupyterlab(self):
        gonb = ROOT / ".tools" / "bin" / "gonb"
        self.assertTrue(gonb.exists(), "no kernel: run 'make setup'")
        [notebook] = NOTEBOOKS.glob("02-*.ipynb")
        # A copy: JupyterLab saves what it runs.
        folder = self.dir / "notebooks"
        folder.mkdir()
        shutil.copy(notebook, folder)
        cells = [c for c in json.loads(notebook.read_text())["cells"] if c["cell_type"] == "code" and "".join(c["source"]).strip()]
        self.open(folder / notebook.name)
        self.run_all()
        self.ran(len(cells))
        self.assertEqual(self.errors_of_cells(), [])
        figures = self.page.locator(".jp-OutputArea-output svg, .jp-OutputArea-output img").all()
        boxes = [box for box in (figure.bounding_box() for figure in figures) if box]
        self.assertTrue(any(box["width"] > 100 and box["height"] > 50 for box in boxes), f"no figure among {boxes}")

    def write(self, name, *cells):
        """A notebook of these cells in a folder of its own."""
        notebook = self.dir / "notebooks" / name
        notebook.parent.mkdir()
        kernel = {"kernelspec": {"name": "flow", "display_name": "Go (flow)", "language": "go"}}
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in cells], metadata=kernel), notebook)
        return notebook

    def test_run_all_stops_at_a_panic(self):
        cells = ('%%\nfmt.Println("before:", 6*7)', '%%\npanic("lost")', '%%\nfmt.Println("behind:", 6*7)')
        notebook = self.write("panic.ipynb", *cells)
        self.open(notebook)
        self.run_all()
        with self.explained():
            self.page.get_by_text("before: 42").wait_for(timeout=1000 * lab.RUN_SECONDS)
            self.page.wait_for_function(f"{lab.ERRORS}.length", timeout=1000 * lab.RUN_SECONDS)
            idle = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
            self.page.wait_for_function(idle)
        self.assertEqual(self.errors_of_cells(), ["ProgramFailed exit status 2"])
        self.assertEqual(self.page.get_by_text("behind: 42").count(), 0)


if __name__ == "__main__":
    unittest.main()
