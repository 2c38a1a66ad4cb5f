"""A page in a real browser, for tests: what it asked for, and what went wrong in it.

Needs Chromium and playwright (scripts/requirements-test.lock). Without them the tests
are skipped; FLOW_REQUIRE_BROWSER=1 turns the skip into a failure.
"""

import os
import shutil
import signal
import tempfile
import time
import unittest
import uuid
from pathlib import Path

try:
    from playwright.sync_api import sync_playwright
except ImportError:
    sync_playwright = None

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
LOAD_SECONDS = 240  # for a page, on a machine that does much else


def alive(mark):
    """Processes, zombies aside, whose environment holds mark."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if int(entry.name) != os.getpid() and mark.encode() in (entry / "environ").read_bytes():
                if "\nState:\tZ" not in (entry / "status").read_text():
                    found.append(int(entry.name))
        except OSError:
            continue
    return found


def missing():
    """What the tests lack, or ""."""
    if not CHROMIUM:
        return "no Chromium (Debian: apt-get install chromium)"
    if not sync_playwright:
        return "no playwright (.tools/venv/bin/pip install --require-hashes -r scripts/requirements-test.lock)"
    return ""


def nothing_left(mark):
    """Fails if processes with mark in their environment do not end, and ends them."""
    deadline = time.monotonic() + 30
    while alive(mark) and time.monotonic() < deadline:
        time.sleep(0.1)
    if left := alive(mark):
        for pid in left:
            os.kill(pid, signal.SIGKILL)
        raise AssertionError(f"processes left behind: {left}")


def new_mark():
    return f"FLOW_TEST_MARK={uuid.uuid4().hex}"


class Page(unittest.TestCase):
    """Tests that share a browser, each with a page of its own."""

    @classmethod
    def setUpClass(cls):
        if missing():
            if os.environ.get("FLOW_REQUIRE_BROWSER") == "1":
                raise AssertionError(missing())
            raise unittest.SkipTest(missing())
        mark = new_mark()
        cls.addClassCleanup(nothing_left, mark)
        playwright = sync_playwright().start()
        cls.addClassCleanup(playwright.stop)
        # Chromium refuses its sandbox to root, whom only containers and CI let run a browser.
        args = ["--no-sandbox"] if os.geteuid() == 0 else []
        env = {**os.environ, **dict([mark.split("=")])}
        cls.browser = playwright.chromium.launch(executable_path=CHROMIUM, args=args, env=env)
        cls.addClassCleanup(cls.browser.close)

    def setUp(self):
        self.dir = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)
        mark = new_mark()
        self.addCleanup(nothing_left, mark)
        self.env = {**os.environ, **dict([mark.split("=")])}  # for what a test starts
        self.open_page(viewport={"width": 1200, "height": 1000})
        self.addCleanup(lambda: self.page.close())

    def open_page(self, **options):
        """A new page, whose requests and errors are listed from here on."""
        self.page = self.browser.new_page(**options)
        self.page.set_default_timeout(1000 * LOAD_SECONDS)
        self.requests, self.errors = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("console", lambda m: self.errors.append(m.text) if m.type == "error" else None)
        self.page.on("pageerror", lambda err: self.errors.append(str(err)))

    def until(self, expression):
        """Waits for an expression to be true. Playwright's own wait needs eval, which the pages' policy refuses."""
        deadline = time.monotonic() + LOAD_SECONDS
        while not self.page.evaluate(expression):
            self.assertLess(time.monotonic(), deadline, f"it never was true: {expression}")
            time.sleep(0.02)

    def assertOpensOffline(self, file):
        self.requests.clear()
        self.errors.clear()
        self.page.goto(file.as_uri())
        self.until("document.fonts.status === 'loaded'")
        self.assertEqual([url for url in self.requests if not url.startswith(("file:", "data:"))], [])
        self.assertEqual([url for url in self.requests if url.startswith("file:")], [file.as_uri()])
        self.assertEqual(self.errors, [])
        broken = self.page.evaluate("[...document.images].filter(i => i.naturalWidth === 0).map(i => i.alt)")
        self.assertEqual(broken, [], "pictures that do not load")
        if self.page.locator("math:visible").count():
            self.assertTrue(self.page.evaluate("document.fonts.check('16px \"Latin Modern Math\"')"))
            self.assertGreater(self.page.locator("math:visible").first.bounding_box()["width"], 1)
