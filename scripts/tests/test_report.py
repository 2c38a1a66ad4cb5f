"""The renderer of the report: slots, errors, page count, same bytes."""

import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
FIXTURES = Path(__file__).resolve().parent / "fixtures"
sys.path.insert(0, str(SCRIPTS))

import pandoc  # noqa: E402
import report_slots  # noqa: E402


class Renderer(unittest.TestCase):
    def setUp(self):
        self.dir = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.dir)
        for name in ("results", "measured"):
            shutil.copytree(FIXTURES / name, self.dir / name)
        self.source = self.dir / "report.md"
        self.text = (FIXTURES / "report.md").read_text()

    def build(self, text=None, out="build", *more):
        self.source.write_text(self.text if text is None else text)
        return subprocess.run(
            [sys.executable, SCRIPTS / "build_report.py", "--source", self.source, "--results", self.dir / "results"]
            + ["--measured", self.dir / "measured", "--out", self.dir / out, *more],
            capture_output=True,
            text=True,
            check=False,
        )

    def built(self, out="build"):
        return {name: (self.dir / out / name).read_bytes() for name in ("report.html", "report.pdf")}

    def assertBuilds(self, *args):
        done = self.build(*args)
        self.assertEqual(done.returncode, 0, done.stderr)

    def assertRefuses(self, text, *wanted):
        """The build fails with one line that says each of wanted, and touches nothing."""
        self.assertBuilds()
        before = self.built()
        done = self.build(text)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
        for part in wanted:
            self.assertIn(str(part), done.stderr)
        self.assertEqual(self.built(), before)
        self.assertEqual([p.name for p in (self.dir / "build").glob(".*")], [])

    def test_page_holds_what_the_slots_say_and_fetches_nothing(self):
        self.assertBuilds()
        page = self.built()["report.html"].decode()
        text = re.sub(r"<annotation.*?</annotation>|<[^>]+>", "", page)
        self.assertIn("Loss −0.12", text)
        self.assertIn("row 0.250", text)
        self.assertIn("see (1), Figure 1 and Table 1", " ".join(text.split()))
        self.assertIn("A test square. A blue square &amp; its name.", page)
        self.assertIn(">0.200<", page)
        fetched = re.findall(r"(?:src|xlink:href)=[\"'](?!data:)[^\"']*", page) + re.findall(r"url\((?!data:|#)[^)]*\)", page)
        fetched += [link for link in re.findall(r"<link[^>]*>", page) if 'href="data:' not in link]
        self.assertEqual(fetched, [])
        self.assertNotIn("<script", page)

    def test_figures_in_a_row(self):
        image = next(line for line in self.text.splitlines() if line.startswith("!["))
        first = re.sub(r"\{.*\}", "{#fig:first width=60%}", image)
        second = re.sub(r"\{.*\}", "{#fig:second .wide width=30%}", image)
        text = self.text.replace(image, f"::: row\n{first}\n\n{second}\n:::\n\nSee @fig:first and @fig:second.\n\n{image}")
        self.assertBuilds(text)
        page = self.built()["report.html"].decode()
        text_of_page = " ".join(re.sub(r"<[^>]+>", "", page[page.index("<main>") :]).split())
        self.assertIn("See Figure 1 and Figure 2. Figure 3. A square.", text_of_page)
        rows = text[text.index("::: row") : text.index("See @fig")].replace("fig:square", "square.svg")
        lua = SCRIPTS.parent / "report" / "template" / "report.lua"
        source = pandoc.run(rows, "--from=markdown", f"--lua-filter={lua}", "--to=typst")
        self.assertIn('scope: "parent", grid(columns: (60%, 30%,)', source)
        self.assertEqual(source.count('#figure(placement: none, scope: "column", image("square.svg", width: 100%'), 2)
        self.assertEqual(source.count("<fig:first>"), 1)

    def test_same_results_give_the_same_bytes(self):
        self.assertBuilds(None, "one")
        time.sleep(1.1)  # past the second, should a date slip in
        self.assertBuilds(None, "two")
        self.assertEqual(self.built("one"), self.built("two"))

    def test_a_change_of_the_text_is_built(self):
        self.assertBuilds()
        before = self.built()
        self.assertBuilds(self.text.replace("Loss", "The loss"))
        self.assertIn(b"The loss", self.built()["report.html"])
        self.assertNotEqual(self.built()["report.pdf"], before["report.pdf"])

    def test_a_key_that_no_notebook_left(self):
        self.assertRefuses(
            self.text.replace("toy.loss", "toy.rows.7.kl"), "report.md:8: {{toy.rows.7.kl|%.2f}}", "no rows.7", "results/toy.json"
        )

    def test_a_topic_that_no_notebook_left(self):
        self.assertRefuses(self.text.replace("toy.loss", "absent.loss"), "report.md:8", "results/absent.json", "measured/absent.json")

    def test_a_value_that_is_not_a_number(self):
        self.assertRefuses(self.text.replace("toy.loss", "toy.bad"), "report.md:8", "nan", "toy.json")
        self.assertRefuses(self.text.replace("toy.loss", "toy.nothing"), "null")

    def test_a_value_in_a_table_that_is_not_a_number(self):
        self.build()
        runs = self.dir / "measured" / "toyruns.json"
        runs.write_text(runs.read_text().replace("0.4", "Infinity"))
        done = self.build()
        self.assertEqual(done.returncode, 1)
        self.assertIn("inf in", done.stderr)

    def test_an_unknown_filter(self):
        self.assertRefuses(self.text.replace("%.2f", "roundish"), "report.md:8", "unknown filter 'roundish'")

    def test_a_fraction_without_digits(self):
        self.assertRefuses(self.text.replace("toy.loss|%.2f", "toy.loss"), "how many digits")

    def test_a_slot_left_open(self):
        self.assertRefuses(self.text.replace("|%.2f}}", "|%.2f}"), "not complete")

    def test_a_figure_that_no_notebook_left(self):
        self.assertRefuses(self.text.replace("fig:square)", "fig:circle)"), "report.md:12: fig:circle", "results/circle.svg")

    def test_a_figure_that_says_nothing_to_a_screen_reader(self):
        picture = self.dir / "results" / "mute.svg"
        picture.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
        self.assertRefuses(self.text.replace("fig:square)", "fig:mute)"), "no <title>")

    def test_a_figure_whose_letters_are_too_small(self):
        picture = self.dir / "results" / "wide.svg"
        made = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 100"><title>Wide</title><text font-size="11.5">a</text></svg>'
        picture.write_text(made)
        self.assertRefuses(self.text.replace("fig:square){", "fig:wide){width=100% "), "wide.svg: its letters would be 3.8 pt on paper")
        self.assertBuilds(self.text.replace("fig:square){", "fig:wide){width=100% .wide "))

    def test_every_fault_is_named(self):
        done = self.build(self.text.replace("toy.loss", "toy.x").replace("toy.error", "toy.y"))
        self.assertEqual(len(done.stderr.splitlines()), 2, done.stderr)

    def test_three_pages(self):
        longer = self.text + "\n```{=typst}\n#pagebreak()\n```\n\nToo long.\n"
        self.assertRefuses(longer, "the PDF has 3 pages, not 2")

    def test_one_page(self):
        self.assertRefuses(self.text.replace("#pagebreak()", ""), "the PDF has 1 page, not 2")

    def test_an_equation_wider_than_its_column(self):
        self.assertRefuses(self.text.replace("\\sum_i s_i", "+".join(["\\sum_i s_i"] * 20)), "an equation is", "wide")

    def test_a_reference_to_nothing(self):
        done = self.build(self.text.replace("@eq:one", "@eq:two"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("eq:two", done.stderr)

    def test_no_text(self):
        done = subprocess.run(
            [sys.executable, SCRIPTS / "build_report.py", "--source", self.dir / "none.md"], capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, 2)
        self.assertIn("none.md", done.stderr)


class Slots(unittest.TestCase):
    def setUp(self):
        self.values = report_slots.Values(
            [FIXTURES / "results", FIXTURES / "measured"], [SCRIPTS.parent / "go.mod", SCRIPTS / "requirements.lock"]
        )

    def test_filters(self):
        for slot, want in {
            "toy.loss|%.3f": "−0.123",
            "toy.loss|.1f": "−0.1",
            "toy.layers": "3",
            "toy.count": "1,234,567",
            "toy.count|int": "1,234,567",
            "toy.error|sci": "$1.2 \\times 10^{-15}$",
            "toy.share|pct": "4.2%",
            "toy.seconds|min": "1.5\u00a0min",
            "toy.title": "A \\* test\\_flow",
            "toy.title|code": "`A * test_flow`",
            "toy.rows.0.kl|%g": "0.5",
        }.items():
            with self.subTest(slot):
                self.assertEqual(report_slots.fill_one(slot, self.values), want)

    def test_table_has_the_median_of_the_seeds(self):
        lines = report_slots.fill_one("table:toyruns", self.values).splitlines()
        self.assertEqual(lines, ["| data | toy |", "|:--|--:|", "| squares | 0.200 |", "| rings | −0.0010 |", "| parameters | 12 |"])

    def test_table_of_several_models(self):
        def run(model, data, kl, params=1000, seed=0):
            return {"model": model, "data": data, "seed": seed, "params": params, "kl": kl}

        runs = [run("nsf_a", "moons05", 0.0098, 61348), run("realnvp", "moons05", 0.01), run("nsf_a", "spirals", 0.05, 61348)]
        runs += [run("realnvp", "moons05", 0.03, seed=1)]
        self.values.topics["made"] = ("made.json", runs)
        lines = report_slots.fill_one("table:made", self.values).splitlines()
        self.assertEqual(lines[0], "| data | nsf\\_a | realnvp |")
        self.assertEqual(lines[2:], ["| moons05 | 0.0098 | 0.020 |", "| spirals | 0.050 | – |", "| parameters | 61,348 | 1,000 |"])
        for bad in (runs + [run("realnvp", "spirals", float("nan"))], [], [{"model": "realnvp"}]):
            self.values.topics["made"] = ("made.json", bad)
            with self.assertRaisesRegex(report_slots.Missing, "made.json"):
                report_slots.fill_one("table:made", self.values)

    def test_rows_that_a_notebook_made(self):
        made = [["engine", "256"], ["by_hand", "1,460"], ["JAX", "–"]]
        self.values.topics["made"] = ("made.json", {"table": made})
        lines = report_slots.fill_one("rows:made.table", self.values).splitlines()
        self.assertEqual(lines, ["| engine | 256 |", "|:--|--:|", "| by\\_hand | 1,460 |", "| JAX | – |"])
        for bad in ([["engine", "256"]], made + [["PyTorch"]], made + [["PyTorch", 3]], made + ["PyTorch"], "fast"):
            self.values.topics["made"] = ("made.json", {"table": bad})
            with self.assertRaisesRegex(report_slots.Missing, "not a header and rows"):
                report_slots.fill_one("rows:made.table", self.values)
        with self.assertRaisesRegex(report_slots.Missing, "no absent in made.json"):
            report_slots.fill_one("rows:made.absent", self.values)

    def test_versions_come_from_the_pins(self):
        gomlx = report_slots.fill_one("version:github.com/gomlx/gomlx", self.values)
        self.assertIn(f"github.com/gomlx/gomlx {gomlx}", (SCRIPTS.parent / "go.mod").read_text())
        with self.assertRaisesRegex(report_slots.Missing, "go.mod"):
            report_slots.fill_one("version:example.com/none", self.values)


class Math(unittest.TestCase):
    def test_thin_space_after_function_names(self):
        page = pandoc.tidy_math(pandoc.run(r"$\log x$ and $\log(x)$ and $\left|\det J\right|$.", "--to=html5", "--mathml"))
        page = re.sub(r"<annotation.*?</annotation>", "", page)
        self.assertEqual(page.count('<mspace width="0.167em">'), 2, page)

    def test_no_space_among_the_children_of_a_script(self):
        text = r"$s_{\max} = \tanh^2 x$ and $\tanh' = 1$, $\left|s_{\max} - \tanh^2 x\right|$, $\log_2(x)$ and $\min_i x_i$."
        page = pandoc.tidy_math(pandoc.run(text, "--to=html5", "--mathml"))
        page = re.sub(r"<annotation.*?</annotation>", "", page)
        for math in re.findall(r"<math.*?</math>", page):
            for element in ElementTree.fromstring(math.replace("&#8289;", "")).iter():
                children = {"msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}.get(element.tag.split("}")[1])
                self.assertIn(len(element), [children or len(element)], f"{element.tag} in {math}")
        self.assertIn('</msup><mspace width="0.167em"></mspace><mi>x</mi>', page)

    def test_no_line_break_before_a_full_stop(self):
        page = pandoc.tidy_math(pandoc.run("So $x = f(z)$. And $y$ goes on.", "--to=html5", "--mathml"))
        self.assertEqual(page.count("nowrap"), 1, page)


if __name__ == "__main__":
    unittest.main()
