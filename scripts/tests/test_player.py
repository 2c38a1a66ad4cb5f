"""The player of the report in a real browser: its numbers are Go's, and it answers at once."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(SCRIPTS), str(SCRIPTS / "tests")]

import chromium  # noqa: E402
import player  # noqa: E402

ROOT = SCRIPTS.parent
FIXTURES = Path(__file__).resolve().parent / "fixtures"
PLAYER = "document.querySelector('.player').player"


class Player(chromium.Page):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.built = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.built)
        results = cls.built / "results"
        shutil.copytree(FIXTURES / "results", results)
        for name in ("player.json", "player-points.json"):
            shutil.copy(FIXTURES / "player" / name, results)
        shutil.copy(results / "square.svg", results / "forward.svg")
        (results / "training.json").write_text('{"layers": 8}')
        source = cls.built / "report.md"
        text = (FIXTURES / "report.md").read_text()
        source.write_text(re.sub(r"\{#fig:([\w-]+)", r"{#fig:\1 .play", text, count=1))
        done = subprocess.run(
            [sys.executable, SCRIPTS / "build_report.py", "--source", source, "--results", results]
            + ["--measured", FIXTURES / "measured", "--out", cls.built],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise AssertionError(done.stderr)

    def setUp(self):
        super().setUp()
        shutil.copytree(self.built, self.dir, dirs_exist_ok=True)

    def value(self, expression):
        return self.page.evaluate(f"(() => {{ const p = {PLAYER}; return {expression}; }})()")

    def settled(self):
        """Waits until what was asked for is drawn."""
        self.until(f"!{PLAYER}.frame")

    def test_it_opens_offline_at_every_width_and_in_the_dark(self):
        for file in ("report.html", "play.html"):
            for options in ({"viewport": {"width": 1200, "height": 1000}}, {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True}):
                with self.subTest(file=file, **options):
                    self.page.close()
                    self.open_page(**options)
                    self.assertOpensOffline(self.dir / file)
                    self.assertTrue(self.page.locator(".player").is_visible())
                    self.assertFalse(self.page.locator(".playable .picture").is_visible())
                    wide = self.page.evaluate("document.documentElement.scrollWidth")
                    self.assertLessEqual(wide, options["viewport"]["width"])
                    self.assertFalse(self.page.evaluate("[...document.querySelectorAll('canvas')].some(c => c.width < 300)"))

    def test_its_numbers_are_those_of_go(self):
        """On 1,000 points of each flow, by the networks in float64, also of those of the last report."""
        pages = [(self.dir / "play.html", self.dir / "results")]
        built = ROOT / "report" / "build" / "play.html", ROOT / "report" / "results"
        if built[0].exists() and (built[1] / "player-points.json").exists():
            pages.append(built)
        for file, results in pages:
            self.assertOpensOffline(file)
            flows = json.loads((results / "player-points.json").read_text())
            self.assertEqual(self.value("p.flows.length"), len(flows))
            for i, flow in enumerate(flows):
                flow["points"] = list(zip(flow["points"][::2], flow["points"][1::2], strict=True))
                self.assertEqual(len(flow["points"]), 1000)
                got = self.page.evaluate(f"points => points.map(x => {PLAYER}.flows[{i}].logProb(x))", flow["points"])
                # The sum that the reader sees, term by term, is the same number.
                sums = self.page.evaluate(
                    f"""points => points.map(x => {{
                        const flow = {PLAYER}.flows[{i}], z = flow.standardize(x);
                        flow.inverse(z, flow.couplings.length);
                        return flow.terms(z, flow.couplings.length).reduce((a, b) => a + b);
                    }})""",
                    flow["points"],
                )
                for x, want, one, other in zip(flow["points"], flow["log_prob"], got, sums, strict=True):
                    near = 1e-6 * max(1, abs(want))  # far out it goes to -1e10
                    self.assertAlmostEqual(one, want, delta=near, msg=f"{file}, flow {i} at {x}")
                    self.assertAlmostEqual(other, want, delta=near, msg=f"{file}, flow {i} at {x}: the sum of the terms")

    def test_layers_can_be_passed_in_part_and_taken_back(self):
        self.assertOpensOffline(self.dir / "play.html")
        worst = self.page.evaluate(
            f"""() => {{
                let worst = 0;
                for (const flow of {PLAYER}.flows)
                    for (let depth = 0; depth <= flow.layers; depth += 0.25)
                        for (const z of [[0.3, -1.2], [2, 2], [-0.5, 0]]) {{
                            const v = [...z], there = flow.forward(v, depth), back = flow.inverse(v, depth);
                            worst = Math.max(worst, Math.abs(v[0] - z[0]), Math.abs(v[1] - z[1]), Math.abs(there - back));
                        }}
                return worst;
            }}"""
        )
        self.assertLess(worst, 1e-9)

    def test_a_drag_is_answered_at_once(self):
        self.assertOpensOffline(self.dir / "play.html")
        canvas = self.page.locator(".player canvas").nth(1)
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        self.settled()
        self.page.evaluate(
            f"""() => {{
                const p = {PLAYER}, draw = p.draw.bind(p);
                window.times = [];
                document.querySelectorAll('.player canvas')[1].addEventListener('pointermove', () => window.moved ??= performance.now(), true);
                p.draw = () => {{ draw(); if (window.moved) window.times.push(performance.now() - window.moved); window.moved = undefined; }};
            }}"""
        )
        self.page.mouse.move(box["x"] + 100, box["y"] + 100)
        self.page.mouse.down()
        for i in range(40):
            self.page.mouse.move(box["x"] + 100 + 3 * i, box["y"] + 100 + 2 * i)
        self.page.mouse.up()
        self.settled()
        times = sorted(self.page.evaluate("window.times"))
        self.assertGreater(len(times), 5)
        print(f"\nplayer: a drag was answered within {times[len(times) // 2]:.0f} ms, the slowest of {len(times)} within {times[-1]:.0f} ms (goal: 50)", file=sys.stderr)
        # The goal is for a quiet machine; on one that does much else frames come late.
        self.assertLess(times[len(times) // 4], 500, times)
        at = self.value("p.place(1)")
        want = self.value(f"p.planes[1].point({100 + 3 * 39}, {100 + 2 * 39})")
        for a, b in zip(at, want, strict=True):
            self.assertAlmostEqual(a, b, delta=0.05)  # a pixel
        self.assertEqual(self.errors, [])

    def test_keys_menus_and_the_walk(self):
        self.assertOpensOffline(self.dir / "play.html")
        self.assertEqual(self.value("p.depth"), 8)
        self.page.locator(".player canvas").first.focus()
        before = self.value("p.z")
        self.page.keyboard.press("ArrowRight")
        self.page.keyboard.press("Shift+ArrowUp")
        self.settled()
        after = self.value("p.z")
        self.assertAlmostEqual(after[0] - before[0], 0.05)
        self.assertAlmostEqual(after[1] - before[1], 0.25)
        self.until("document.querySelector('.player [aria-live]').textContent.includes('log p')")
        self.page.locator(".player input").focus()
        self.page.keyboard.press("PageDown")
        self.page.keyboard.press("ArrowLeft")
        self.settled()
        self.assertAlmostEqual(self.value("p.depth"), 6.9)
        self.assertIn("6.90 of 8 layers", self.page.locator(".player output").inner_text())
        self.assertEqual(self.page.locator(".player tr.off").count(), 1)
        rows = self.page.locator(".player tbody tr").all_inner_texts()
        self.assertEqual(len(rows), 1 + 8 + 1 + 1)
        values = [float(row.split()[-1].replace("−", "-")) for row in rows]
        self.assertAlmostEqual(sum(values[:-1]), values[-1], delta=0.01)  # each rounded
        self.page.locator(".player select").nth(1).select_option("2")
        self.page.locator(".player select").first.select_option("checkerboard")
        self.settled()
        self.assertEqual(self.value("[p.flow.data, p.flow.layers, p.depth]"), ["checkerboard", 3, 3])
        self.page.locator(".player button").click()
        self.until(f"{PLAYER}.depth > 0.1")
        self.assertFalse(self.value("(p.playing && p.play.click(), p.playing)"))
        self.assertEqual(self.errors, [])

    def test_without_motion_it_goes_from_layer_to_layer(self):
        self.page.close()
        self.open_page(reduced_motion="reduce", viewport={"width": 800, "height": 800})
        self.assertOpensOffline(self.dir / "play.html")
        self.page.evaluate(f"() => {{ window.depths = []; const p = {PLAYER}, go = p.go.bind(p); p.go = d => {{ window.depths.push(d); go(d); }}; }}")
        self.page.locator(".player button").click()
        self.until("window.depths.length > 2")
        self.assertTrue(all(d == int(d) for d in self.page.evaluate("window.depths")))

    def test_a_finger_drags_the_probe_and_else_scrolls(self):
        self.page.close()
        self.open_page(viewport={"width": 390, "height": 844}, has_touch=True)
        self.assertOpensOffline(self.dir / "play.html")
        canvas = self.page.locator(".player canvas").first
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        self.page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.settled()
        self.assertLess(max(map(abs, self.value("p.z"))), 0.05)
        stopped = self.page.evaluate(
            """([left, top]) => [[left, top], [left + 120, top + 120]].map(([clientX, clientY]) => {
                const target = document.querySelector('.player canvas');
                const touch = new Touch({identifier: 1, target, clientX, clientY});
                return !target.dispatchEvent(new TouchEvent('touchstart', {touches: [touch], cancelable: true, bubbles: true}));
            })""",
            [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2],
        )
        self.assertEqual(stopped, [True, False])

    def test_the_still_figure_stands_without_javascript_and_on_paper(self):
        context = self.browser.new_context(java_script_enabled=False)
        page = context.new_page()
        page.goto((self.dir / "report.html").as_uri())
        self.assertTrue(page.locator("figure.play .picture").is_visible())
        self.assertFalse(page.locator(".player").is_visible())
        context.close()
        self.assertOpensOffline(self.dir / "report.html")
        self.page.emulate_media(media="print")
        self.assertTrue(self.page.locator("figure.play .picture").is_visible())
        self.assertFalse(self.page.locator(".player").is_visible())

    def test_no_other_script_runs(self):
        file = self.dir / "play.html"
        file.write_text(file.read_text().replace("</body>", "<script>document.title = 'run'</script></body>"))
        self.page.goto(file.as_uri())
        self.assertNotEqual(self.page.title(), "run")
        self.assertTrue(any("Content Security Policy" in error for error in self.errors), self.errors)


class Insert(unittest.TestCase):
    PAGE = """<head><meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:"></head>
<body><figure id="a" class="wide play"><figcaption>A</figcaption></figure></body>"""

    def test_script_is_small_and_the_only_one_allowed(self):
        page = player.insert(self.PAGE, '{"flows": ["</script>"]}')
        self.assertEqual(page.count("<script"), 2)
        self.assertIn("script-src 'sha256-", page)
        self.assertIn('{"flows":["\\u003c/script>"]}', page)
        self.assertLess(len(player.script().encode()), player.MOST)

    def test_it_says_what_is_missing(self):
        for page, want in {
            self.PAGE.replace("play", "playful"): "no figure of class play",
            self.PAGE.replace("default-src", "img-src"): "no Content-Security-Policy",
        }.items():
            with self.assertRaisesRegex(player.PlayerError, want):
                player.insert(page, "{}")


if __name__ == "__main__":
    unittest.main()
