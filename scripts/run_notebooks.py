#!/usr/bin/env python3
"""Execute notebooks without a browser, and fail when one of their cells fails.

nbclient runs the cells with the kernel each notebook names. What it does not
see: a GoNB cell whose program panics, exits non-zero or fails a %test still
reports "ok". The one trace is a message of its own on stderr, the program's
wait status ("exit status 2", "signal: killed"). We look for it. We also fail
on compile errors, unknown %commands, a cell over its time-out and a dead kernel.

Executed notebooks go to --out as .ipynb and .html; the figures and values they
keep for the report (in the folder that FLOW_RESULTS names to them) to --results.
Both all at the end and only if every notebook passed: after a failure the earlier
ones are still there.

Exit status: 0 all passed, 1 a notebook failed, 2 wrong usage,
130 / 143 stopped by Ctrl-C / SIGTERM.
"""

import argparse
import asyncio
import html
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import uuid
from pathlib import Path

import nbformat
from jupyter_client.kernelspec import NoSuchKernel
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

import notebook_html
import pandoc

# What GoNB publishes, as one stderr message, when a cell's program ends badly
# (internal/jpyexec/jpyexec.go, Executor.Exec: the error of cmd.Wait).
WAIT_STATUS = re.compile(r"\A(?:\^C\n)?((?:exit status \d+|signal: [^\n]+|wait: [^\n]+))\n\Z")
UNKNOWN_COMMAND = re.compile(r'\A("%.*" unknown or not implemented yet)\.\Z', re.DOTALL)

# Where GoNB says a compile error stands: "Cell[3]: Line 2" in a traceback
# entry; "[[ Cell [3] Line 2 ]] …/main.go:12" in a panic's stack trace.
COMPILE_LINE = re.compile(r"\ACell(?:\[(\d+)\]:)? Line (\d+)")
STACK_LINE = re.compile(r"\[\[ Cell (?:\[(\d+)\] )?Line (\d+) \]\]")
BARE_STACK_LINE = re.compile(r"^\s+(/\S+/main(?:_test)?\.go):(\d+)\b", re.MULTILINE)
GO_FILE = re.compile(r"^.*main(?:_test)?\.go:\d+:\d+: ")
ANSI = re.compile(r"\x1b\[[0-9;]*m")

PROGRESS = re.compile(r"<progress\b[^>]*>", re.IGNORECASE)
TAG = re.compile(r"<[^>]+>")

RUN_MARK = "FLOW_NOTEBOOK_RUN"  # in the environment of every process of a run
HEARTBEAT_SECONDS = 15  # between two lines about a long cell, when not on a terminal
KERNEL_START_SECONDS = 120


class NotebookError(Exception):
    """A notebook failed; the text is all the user sees."""


def first_line(source, width=60):
    """The first line of a cell that says something, cut to width."""
    for line in source.splitlines():
        if line.strip() and line.strip() != "%%":
            line = line.strip()
            return line if len(line) <= width else line[: width - 1] + "…"
    return "(empty)"


def progress_text(data):
    """What a display with a <progress> bar says, as one line; "" for any other."""
    text = data.get("text/html") or ""
    if isinstance(text, list):
        text = "".join(text)
    bar = PROGRESS.search(text)
    if not bar:
        return ""
    percent = ""
    value = re.search(r"\bvalue=[\"']?([\d.]+)", bar.group())
    maximum = re.search(r"\bmax=[\"']?([\d.]+)", bar.group())
    if value:
        whole = float(maximum.group(1)) if maximum else 1.0
        percent = f"{100 * float(value.group(1)) / whole:.0f} %" if whole > 0 else ""
    words = html.unescape(TAG.sub(" ", text)).split()
    return " ".join(([percent] if percent else []) + words)


class Screen:
    """Progress: in place on a terminal, else a line now and then."""

    def __init__(self, stream, in_place):
        self.stream = stream
        self.in_place = in_place
        self.open_line = False

    def line(self, text):
        self._clear()
        print(text, file=self.stream, flush=True)

    def update(self, text):
        """Replaces the last update; only for a terminal."""
        self._clear()
        width = shutil.get_terminal_size().columns - 1
        print(text[:width], end="", file=self.stream, flush=True)
        self.open_line = True

    def _clear(self):
        if self.open_line:
            print("\r\x1b[K", end="", file=self.stream)
            self.open_line = False


class Client(NotebookClient):
    """A NotebookClient that remembers what GoNB says beside "ok"."""

    def __init__(self, nb, **kw):
        super().__init__(nb, **kw)
        self.failure = ""  # of the running cell
        self.stderr = ""  # of the running cell
        self.progress = ""  # of the running cell

    def process_message(self, msg, cell, cell_index):
        content = msg["content"]
        if msg["msg_type"] == "stream" and content["name"] == "stderr":
            text = content["text"]
            failed = WAIT_STATUS.match(text) or UNKNOWN_COMMAND.match(text)
            if failed:
                self.failure = self.failure or failed.group(1)
            else:
                self.stderr += text
        elif msg["msg_type"] in ("display_data", "update_display_data"):
            self.progress = progress_text(content.get("data", {})) or self.progress
        return super().process_message(msg, cell, cell_index)


class Runner:
    def __init__(self, timeout, jobs, screen):
        self.timeout = timeout
        self.jobs = jobs
        self.screen = screen
        self.mark = uuid.uuid4().hex
        self.groups = set()  # process groups of our kernels
        self.tmp = self.results = None
        self.stopping = False

    async def run_all(self, paths, out, results):
        """Executes every notebook; moves what they made to out and results if all passed."""
        made = []
        try:
            staging = inside(out, made)
            self.results = inside(results, made)
            self.tmp = Path(tempfile.mkdtemp(prefix="flow-notebooks-"))
            made.append(self.tmp)
            turns = asyncio.Semaphore(self.jobs)

            async def one(path):
                async with turns:
                    await self.run(path, staging)

            tasks = [asyncio.ensure_future(one(path)) for path in paths]
            try:
                await asyncio.gather(*tasks)
            except BaseException:
                self.kill()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                raise
            for source, target in ((staging, out), (self.results, results)):
                for file in sorted(source.iterdir()):
                    os.replace(file, target / file.name)
        finally:
            self.kill()
            for folder in made:
                shutil.rmtree(folder, ignore_errors=True)

    async def run(self, path, staging):
        start = time.monotonic()
        nb = nbformat.read(path, as_version=4)
        kernel = nb.metadata.get("kernelspec", {}).get("name")
        if not kernel:
            raise NotebookError(f"{path}: the notebook names no kernel (metadata.kernelspec.name)")
        cells = [i for i, c in enumerate(nb.cells) if c.cell_type == "code" and c.source.strip()]
        self.screen.line(f"▸ {path.stem}  {len(cells)} cells")

        client = Client(
            nb,
            kernel_name=kernel,
            timeout=self.timeout,
            startup_timeout=KERNEL_START_SECONDS,
            # Without these two a late message, perhaps the wait status, is dropped silently.
            iopub_timeout=60,
            raise_on_iopub_timeout=True,
            record_timing=False,  # the same results give the same notebook
            shutdown_kernel="immediate",
            resources={"metadata": {"path": str(path.parent.resolve())}},
        )
        client.log.setLevel("CRITICAL")
        log_path = self.tmp / f"{path.stem}-{uuid.uuid4().hex[:8]}.log"
        with open(log_path, "w+b") as log:
            await self._start(client, path, kernel, log, log_path)
            try:
                for number, index in enumerate(cells, 1):
                    await self._cell(client, path, nb.cells[index], index, number, len(cells), log_path)
            finally:
                await self._stop(client)

        nbformat.write(nb, staging / f"{path.stem}.ipynb")
        try:
            notebook_html.write(nb, staging / f"{path.stem}.html")
        except pandoc.PandocError as err:
            raise NotebookError(f"{path}: {err}") from err
        self.screen.line(f"✓ {path.stem}  {time.monotonic() - start:.1f} s")

    async def _start(self, client, path, kernel, log, log_path):
        env = dict(os.environ, FLOW_HEADLESS="1", FLOW_RESULTS=str(self.results))
        env[RUN_MARK] = self.mark
        client.km = client.create_kernel_manager()
        try:
            await client.async_start_new_kernel(env=env, stdout=log, stderr=log)
            self.groups.add(os.getpgid(client.km.provisioner.pid))
            await client.async_start_new_kernel_client()
        except NoSuchKernel:
            raise NotebookError(
                f"{path}: no kernel named {kernel!r} is installed (JUPYTER_PATH={os.environ.get('JUPYTER_PATH', '')})"
            ) from None
        except (RuntimeError, OSError, TimeoutError) as err:
            await self._stop(client)
            raise NotebookError(f"{path}: kernel {kernel!r} did not start: {last_line(log_path) or err}") from None

    async def _stop(self, client):
        """Ends the kernel: asks it (it then removes its temporary files), then kills its process group."""
        if client.km is None:
            return
        try:
            group = os.getpgid(client.km.provisioner.pid)
        except (ProcessLookupError, AttributeError, TypeError):
            group = None
        try:
            if client.kc is not None and await client.km.is_alive():
                client.kc.shutdown()
                for _ in range(20):
                    if not await client.km.is_alive():
                        break
                    await asyncio.sleep(0.05)
            await client._async_cleanup_kernel()
        finally:
            if group is not None:
                kill_group(group)
                self.groups.discard(group)

    async def _cell(self, client, path, cell, index, number, count, log_path):
        start = time.monotonic()
        client.failure = client.stderr = client.progress = ""
        title = first_line(cell.source)

        def status():
            extra = f"  [{client.progress}]" if client.progress else ""
            return f"▸ {path.stem}  cell {number}/{count}  {time.monotonic() - start:.1f} s  {title}{extra}"

        def fail(why, line=None):
            raise NotebookError(message(path, number, count, title, why, cell.source, line))

        ticker = asyncio.ensure_future(self._tick(status))
        try:
            await client.async_execute_cell(cell, index)
        except CellExecutionError as err:
            why, line = compile_error(err, cell)
            fail(why, line)
        except CellTimeoutError:
            fail(f"still running after {self.timeout} s (the time-out of a cell, --timeout); ended it")
        except DeadKernelError:
            # nbclient reports a cancelled task as a dead kernel, too.
            if self.stopping:
                raise asyncio.CancelledError() from None
            fail(f"the kernel died: {last_line(log_path) or 'it left no message'}")
        finally:
            ticker.cancel()
        if client.failure:
            why, line = run_error(client.failure, client.stderr, cell)
            fail(why, line)
        client.progress = ""
        self.screen.line(status())

    async def _tick(self, status):
        in_place = self.screen.in_place
        while True:
            await asyncio.sleep(0.5 if in_place else HEARTBEAT_SECONDS)
            (self.screen.update if in_place else self.screen.line)(status())

    def kill(self):
        """Ends every process of this run, also orphans that left their group."""
        self.stopping = True
        for group in list(self.groups):
            kill_group(group)
        self.groups.clear()
        needle = f"{RUN_MARK}={self.mark}".encode()
        for pid in marked_processes(needle):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def inside(folder, made):
    """A new hidden folder in folder, from where files are renamed into it; noted in made."""
    folder.mkdir(parents=True, exist_ok=True)
    new = Path(tempfile.mkdtemp(prefix=".new-", dir=folder)).resolve()
    made.append(new)
    return new


def kill_group(group):
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass


def marked_processes(needle):
    """Processes whose environment holds needle (Linux; elsewhere none)."""
    for entry in Path("/proc").glob("[0-9]*/environ"):
        pid = int(entry.parent.name)
        try:
            if pid != os.getpid() and needle in entry.read_bytes().split(b"\0"):
                yield pid
        except OSError:
            continue  # ended meanwhile, or not ours


def last_line(path):
    """What the kernel's log says last about an error; GoNB logs through klog (I… information, E…, F…)."""
    text = ANSI.sub("", path.read_text(errors="replace"))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"[EF]\d{4} |panic: |fatal error: ", line)]
    if not errors and not any(re.match(r"I\d{4} ", line) for line in lines):
        errors = lines  # not GoNB speaking: its launcher could not start it
    return errors[-1] if errors else ""


def compile_error(err, cell):
    """The first error GoNB reports, and its line of this cell (None if it stands elsewhere)."""
    lines = [line.strip() for line in ANSI.sub("", err.evalue or "").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")] or [err.ename]
    placed = [line for line in lines if GO_FILE.match(line)]
    if placed:
        why = GO_FILE.sub("", placed[0])
    elif lines[0].startswith("failed to run"):
        why = " ".join(lines[:3])
    else:
        why = lines[0]
    entries = [ANSI.sub("", entry) for out in cell.outputs if out.output_type == "error" for entry in out.traceback]
    entry = next((e for e in entries if e.rstrip().endswith(why)), "")
    where = COMPILE_LINE.search(entry)
    if where and int(where.group(1) or 0) == cell.execution_count:
        return why, int(where.group(2))
    # GoNB knows no line for code outside main, but shows the source above a caret.
    shown = entry.splitlines()
    caret = next((i for i, line in enumerate(shown) if line.strip() == "^"), 0)
    source = [line.strip() for line in cell.source.splitlines()]
    text = shown[caret - 1].strip() if caret else ""
    return why, source.index(text) + 1 if text and source.count(text) == 1 else None


def run_error(status, stderr, cell):
    """What a program that ended badly said, and the line of this cell its stack names first."""
    text = ANSI.sub("", stderr)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = None
    for where in STACK_LINE.finditer(text):
        # Line 0: a frame in a declaration, whose line GoNB does not know.
        if int(where.group(2)) > 0 and where.group(1) in (None, str(cell.execution_count)):
            line = int(where.group(2))
            break
    if line is None:
        line = line_of_bare_stack(text, cell.source)
    said = next((x for x in lines if x.startswith(("panic: ", "fatal error: "))), "")
    if not said and is_test(cell.source):
        # go test writes its verdict to stdout.
        out = "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stdout")
        failed = [x.strip() for x in out.splitlines() if x.strip().startswith("--- FAIL")]
        reasons = [x.strip() for x in out.splitlines() if re.match(r"\s+main_test\.go:\d+: ", x)]
        said = ": ".join(failed[:1] + [re.sub(r"^main_test\.go:\d+: ", "", x) for x in reasons[:1]])
    if not said and lines:
        said = lines[-1]
    return f"{said} ({status})" if said else status, line


def line_of_bare_stack(text, source):
    """The line of the cell that a stack trace names by GoNB's file alone, None if that is not clear.

    Where a loaded machine hands GoNB a trace in pieces, it does not recognize its lines as the cell's.
    """
    for where in BARE_STACK_LINE.finditer(text):
        try:
            said = Path(where.group(1)).read_text().splitlines()[int(where.group(2)) - 1].strip()
        except (OSError, IndexError):
            continue
        places = [number for number, own in enumerate(source.splitlines(), 1) if own.strip() == said]
        if len(places) == 1:
            return places[0]
    return None


def is_test(source):
    return any(line.startswith("%test") for line in source.splitlines())


def message(path, number, count, title, why, source, line):
    text = f"{path}: code cell {number} of {count} ({title}): {why}"
    lines = source.splitlines()
    if line is not None and 0 < line <= len(lines):
        text += f"\n    line {line}: {lines[line - 1].strip()}"
    return text


def parse(argv):
    parser = argparse.ArgumentParser(description="Execute notebooks and fail when one of their cells fails.")
    parser.add_argument("notebooks", nargs="+", type=Path, metavar="NOTEBOOK")
    parser.add_argument("--out", type=Path, default=Path("report/build/notebooks"), help="folder of the executed notebooks (default %(default)s)")
    parser.add_argument("--results", type=Path, default=Path("report/results"), help="folder of what they keep for the report (default %(default)s)")
    parser.add_argument("--timeout", type=int, default=1200, help="seconds a cell may take (default %(default)s)")
    parser.add_argument("--jobs", type=int, default=1, help="notebooks executed at once (default %(default)s)")
    args = parser.parse_args(argv)
    if args.timeout < 1 or args.jobs < 1:
        parser.error("--timeout and --jobs must be at least 1")
    for path in args.notebooks:
        if not path.is_file():
            parser.error(f"no notebook {path}")
    stems = [path.stem for path in args.notebooks]
    if len(set(stems)) != len(stems):
        parser.error("two notebooks have the same name; their copies would overwrite each other")
    return args


async def main_async(args):
    if os.environ.get("IPYTHONDIR"):  # jupyter_client warns when its parent is missing
        os.makedirs(os.environ["IPYTHONDIR"], exist_ok=True)
    runner = Runner(args.timeout, args.jobs, Screen(sys.stdout, sys.stdout.isatty() and args.jobs == 1))
    task = asyncio.ensure_future(runner.run_all(args.notebooks, args.out, args.results))
    caught = []

    def stop(number):
        caught.append(number)
        runner.kill()
        task.cancel()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop, number)
    start = time.monotonic()
    try:
        await task
    except (asyncio.CancelledError, Exception) as err:
        runner.screen.line("")
        if caught:
            print("run_notebooks: stopped; nothing was written", file=sys.stderr)
            return 128 + caught[0]
        if not isinstance(err, (NotebookError, OSError)):
            raise
        print(f"run_notebooks: {err}", file=sys.stderr)
        return 1
    runner.screen.line(f"{len(args.notebooks)} notebooks passed in {time.monotonic() - start:.1f} s → {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main_async(parse(sys.argv[1:]))))
