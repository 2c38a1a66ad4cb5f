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

SCRIPTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(SCRIPTS / "tests")]

import chromium  # noqa: E402
from chromium import LOAD_SECONDS  # noqa: E402

CONNECTED = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.connectionStatus === 'connected'"
# What the cells that failed say. The page shows an error as it shows a line on stderr.
ERRORS = """window.jupyterapp.shell.currentWidget.content.widgets.filter(cell => cell.model.type === "code")
    .flatMap(cell => cell.model.outputs.toJSON()).filter(output => output.output_type === "error").map(output => `${output.ename} ${output.evalue}`)"""
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

    def open(self, notebook):
        """Opens a notebook, whose folder JupyterLab is to work in, with its kernel connected."""
        address, token = self.start(notebook.parent)
        with self.explained():
            self.page.goto(f"{address}/lab/tree/{notebook.name}?token={token}")
            self.page.get_by_text("Go (flow)").first.wait_for()
            self.page.locator(".jp-CodeCell").first.wait_for()
            # Cells run before the kernel is connected are dropped silently. The kernel's
            # status will not do: GoNB leaves it at "unknown" until the first cell runs.
            self.page.wait_for_function(CONNECTED)

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
                "count => [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]"
                r".filter(p => /^\[\d+\]:$/.test(p.textContent.trim())).length >= count"
                f" || {ERRORS}.length",
                arg=count,
                timeout=1000 * RUN_SECONDS,
            )
