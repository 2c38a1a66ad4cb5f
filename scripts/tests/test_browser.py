"""What a reader opens from disk, in a real browser: the report, notebooks' pages, the page of flow eval.

Needs Chromium and playwright (scripts/requirements-test.lock). Without them the
tests are skipped; FLOW_REQUIRE_BROWSER=1 turns the skip into a failure.
"""

import re
import subprocess
import sys
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(SCRIPTS), str(SCRIPTS / "tests")]

import nbformat  # noqa: E402

import chromium  # noqa: E402
import notebook_html  # noqa: E402
import test_notebook_html  # noqa: E402

ROOT = SCRIPTS.parent
FIXTURES = Path(__file__).resolve().parent / "fixtures"


class Browser(chromium.Page):
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
        program = self.dir / "flow"
        build = [SCRIPTS / "with-env", "env", "GOWORK=off", "go", "build", "-ldflags=-s -w", "-o", program, "./cmd/flow"]
        subprocess.run(build, cwd=ROOT, check=True)

        def flow(*args):
            subprocess.run([SCRIPTS / "with-env", program, *args], cwd=ROOT, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        table, model, file = (str(self.dir / name) for name in ("moons.csv", "model", "page.html"))
        flow("data", "sample", "moons05", "-n", "500", "-o", table)
        flow("fit", table, "-o", model, "--model", "realnvp", "--steps", "20")
        flow("eval", model, table, "-o", file)
        self.assertOpensOffline(Path(file))
        self.assertIn("data:image/png", Path(file).read_text())  # of the heat map, which the policy must allow

    def test_a_page_of_hostile_outputs_does_nothing(self):
        secret = self.dir / "secret.svg"
        secret.write_text(test_notebook_html.SVG)
        # What is left must be harmless without the policy, and the policy must hold without that.
        for outputs in (test_notebook_html.hostile(str(secret)), []):
            nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("%%", outputs=[out]) for out in outputs])
            notebook_html.write(nb, self.dir / "nb.html")
            page = (self.dir / "nb.html").read_text()
            if outputs:
                page = re.sub(r"<meta http-equiv=[^>]*>", "", page)
            else:
                page = page.replace("</body>", "<script>document.title = 'run'</script><img src=x onerror='document.title = 1'></body>")
            (self.dir / "nb.html").write_text(page)
            self.requests.clear()
            self.page.goto((self.dir / "nb.html").as_uri())
            self.assertEqual(self.page.title(), "nb")
            if outputs:
                self.assertEqual([u for u in self.requests if not u.startswith("data:")], [(self.dir / "nb.html").as_uri()])
                self.assertEqual(self.errors, [])
        self.assertTrue(any("Content Security Policy" in error for error in self.errors), self.errors)


if __name__ == "__main__":
    unittest.main()
