"""JupyterLab in a real browser, for tests: a notebook opened, and its cells run."""

import contextlib
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from pathlib import Path

try:
    from playwright.sync_api import Error as BrowserError
except ImportError:
    BrowserError = None  # chromium.py says what is missing

import nbformat

SCRIPTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(SCRIPTS / "tests")]

import chromium  # noqa: E402
from chromium import LOAD_SECONDS  # noqa: E402

NOTEBOOK = "window.jupyterapp?.shell.currentWidget"  # the one that is seen
# What the cells that failed say. The page shows an error as it shows a line on stderr.
ERRORS = f"""{NOTEBOOK}.content.widgets.filter(cell => cell.model.type === "code")
    .flatMap(cell => cell.model.outputs.toJSON()).filter(output => output.output_type === "error").map(output => `${{output.ename}} ${{output.evalue}}`)"""
RUN_SECONDS = 600  # for all cells of a notebook, the first build of what they import included


class Lab(chromium.Page):
    path, certificate = "/", None  # where the server is, and the file that makes it one on https

    def start(self, folder):
        """Starts JupyterLab on folder; returns the address and the token that it wants."""
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
        token = uuid.uuid4().hex
        settings = self.dir / "settings"
        tracker = settings / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
        tracker.parent.mkdir(parents=True)
        tracker.write_text('{"windowingMode": "none"}')  # all cells in the page, also those out of sight
        env = {
            **self.env,
            "JUPYTERLAB_SETTINGS_DIR": str(settings),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.dir / "workspaces"),
        }
        log = open(self.dir / "lab.log", "w")
        self.addCleanup(log.close)
        server = subprocess.Popen(
            [SCRIPTS / "with-env", "jupyter", "lab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
            + [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
            + [f"--ServerApp.root_dir={folder}", "--expose-app-in-browser", f"--ServerApp.base_url={self.path}"]
            + ([f"--ServerApp.certfile={self.certificate}"] if self.certificate else []),
            env=env,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )

        def stop():
            server.send_signal(signal.SIGTERM)  # ends the kernels, then the server
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()

        self.addCleanup(stop)
        address = f"{'https' if self.certificate else 'http'}://127.0.0.1:{port}{self.path}".rstrip("/")
        anyone = ssl._create_unverified_context() if self.certificate else None
        deadline = time.monotonic() + LOAD_SECONDS
        while True:
            try:
                urllib.request.urlopen(f"{address}/api/status?token={token}", timeout=5, context=anyone).close()
                return address, token
            except OSError:
                if server.poll() is not None or time.monotonic() > deadline:
                    self.fail(f"JupyterLab did not start:\n{(self.dir / 'lab.log').read_text()[-2000:]}")
                time.sleep(0.2)

    def write(self, name, *cells):
        """A notebook of these cells in the folder that JupyterLab is to work in."""
        notebook = self.dir / "notebooks" / name
        notebook.parent.mkdir(exist_ok=True)
        kernel = {"kernelspec": {"name": "flow", "display_name": "Go (flow)", "language": "go"}}
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in cells], metadata=kernel), notebook)
        return notebook

    def open(self, notebook):
        """Opens a notebook, whose folder JupyterLab is to work in, with its kernel connected."""
        address, token = self.start(notebook.parent)
        with self.explained():
            self.page.goto(f"{address}/lab/tree/{notebook.name}?token={token}")
            self.page.get_by_text("Go (flow)").first.wait_for()
        self.shown(notebook)

    def open_beside(self, notebook):
        """Opens another notebook of the folder in the page that shows one."""
        with self.explained():
            self.page.evaluate("path => { window.jupyterapp.commands.execute('docmanager:open', { path }) }", notebook.name)
        self.shown(notebook)

    def shown(self, notebook):
        with self.explained():
            self.page.wait_for_function(f"name => {NOTEBOOK}?.context?.path === name && {NOTEBOOK}.node.querySelector('.jp-CodeCell')", arg=notebook.name)
            # Cells run before the kernel is connected are dropped silently. The kernel's
            # status will not do: GoNB leaves it at "unknown" until the first cell runs.
            self.page.wait_for_function(f"{NOTEBOOK}.sessionContext?.session?.kernel?.connectionStatus === 'connected'")

    @contextlib.contextmanager
    def explained(self):
        """An error of the browser within fails the test, with a picture and what the server said."""
        try:
            yield
        except BrowserError as err:
            picture = Path(tempfile.gettempdir()) / "flow-browser-test.png"
            self.page.screenshot(path=picture)
            self.fail(f"{err}\nthe page: {picture}\nthe server: {(self.dir / 'lab.log').read_text()[-1000:]}")

    def errors_of_cells(self):
        return self.page.evaluate(ERRORS)

    def run_all(self):
        with self.explained():
            self.page.locator(".lm-MenuBar-itemLabel", has_text=re.compile("^Run$")).click()
            self.page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()

    def ran(self, count):
        """Waits until so many cells have run, or one has failed."""
        with self.explained():
            self.page.wait_for_function(
                f"count => [...{NOTEBOOK}.node.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]"
                r".filter(p => /^\[\d+\]:$/.test(p.textContent.trim())).length >= count"
                f" || {ERRORS}.length",
                arg=count,
                timeout=1000 * RUN_SECONDS,
            )


class Playground(Lab):
    """A notebook's playground, its controls, and what it says below its picture."""

    LINE = ".flow-explore-line"
    CELLS = ('import "normflow/notebooks/nb/runs"', '%%\nruns.Explore("moons05")', '%%\nfmt.Println("later:", 6*7)')

    def line(self, pattern):
        """Waits for a line below the picture that matches."""
        with self.explained():
            self.page.locator(self.LINE, has_text=re.compile(pattern)).wait_for(timeout=1000 * RUN_SECONDS)

    def at_rest(self, pattern):
        """Waits for a line that matches when nothing is trained; returns it."""
        with self.explained():
            still = self.page.locator(self.LINE + "[data-running=false]", has_text=re.compile(pattern))
            still.wait_for(timeout=1000 * RUN_SECONDS)
        return still.inner_text()

    def move(self, name, value):
        slider = f"document.querySelector('.flow-explore [name={name}]')"
        self.page.evaluate(f"{slider}.value = {value}; {slider}.dispatchEvent(new Event('input', {{bubbles: true}}))")

    def click(self, name):
        with self.explained():
            self.page.locator(f".flow-explore [name={name}]").click()
