#!/usr/bin/env python3
"""Execute notebooks without a browser, and fail when one of their cells fails.

nbclient runs the cells with the kernel each notebook names. A cell fails where it
does not compile, and where its program panics, exits non-zero or fails a %test
(of which scripts/tools/gonb/kernel.patch makes an error). What nbclient does not
see fails as well: an unknown %command, a cell that waits for input (Linux), one
over its time-out and a dead kernel.

Executed notebooks go to --out as .ipynb and .html; the figures and values they
keep for the report (in the folder that FLOW_RESULTS names to them) to --results.
Both all at the end and only if every notebook passed: after a failure the earlier
ones are still there.

Exit status: 0 all passed, 1 a notebook failed, 2 wrong usage,
130 / 143 / 129 stopped by Ctrl-C / SIGTERM / SIGHUP.
"""

import argparse
import asyncio
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import uuid
import warnings
from pathlib import Path

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stopped(number, _frame=None):
    print("run_notebooks: stopped; nothing was written", file=sys.stderr, flush=True)
    os._exit(128 + number)


if __name__ == "__main__":  # the imports below take a while
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
            signal.signal(number, stopped)

# nbformat checks by jsonschema, which would build a parser of web addresses, for longer than all else here takes to
# import. No notebook has what it is for.
sys.modules.setdefault("rfc3987_syntax", None)

import nbformat  # noqa: E402
from jupyter_client.kernelspec import NoSuchKernel  # noqa: E402
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError  # noqa: E402

import gonb_says  # noqa: E402
import notebook_html  # noqa: E402
import pandoc  # noqa: E402
from gonb_says import first_line, plain  # noqa: E402
from notebook_kernel import Client, kill_group, marked_processes  # noqa: E402

RUN_MARK = "FLOW_NOTEBOOK_RUN"  # in the environment of every process of a run
HEARTBEAT_SECONDS = 15  # between two lines about a long cell, when not on a terminal


class NotebookError(Exception):
    """A notebook failed; the text is all the user sees."""


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


def read(path):
    """The notebook in path, in today's format, with a kernel that it names."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        json.loads(text)  # says where it is wrong
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cells without an id get one
            nb = nbformat.convert(nbformat.reader.reads(text), 4)
            nbformat.validate(nb)
    except nbformat.ValidationError as err:
        raise NotebookError(f"{path}: not a notebook: {first_line(err.message, 200)}") from None
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError) as err:
        raise NotebookError(f"{path}: not a notebook: {first_line(str(err), 200)}") from None
    if not nb.metadata.get("kernelspec", {}).get("name"):
        raise NotebookError(f"{path}: the notebook names no kernel (metadata.kernelspec.name)")
    return nb


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
        notebooks = [(path, read(path)) for path in paths]
        made = []
        try:
            staging = inside(out, made)
            self.results = inside(results, made)
            self.tmp = Path(tempfile.mkdtemp(prefix="flow-notebooks-"))
            made.append(self.tmp)
            turns = asyncio.Semaphore(self.jobs)

            async def one(path, nb):
                async with turns:
                    await self.run(path, nb, staging)

            tasks = [asyncio.ensure_future(one(*notebook)) for notebook in notebooks]
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

    async def run(self, path, nb, staging):
        start = time.monotonic()
        cells = [i for i, c in enumerate(nb.cells) if c.cell_type == "code" and c.source.strip()]
        self.screen.line(f"▸ {path.stem}  {len(cells)} cells")

        client = Client(nb, path.parent.resolve(), self.timeout)
        log_path = self.tmp / f"{path.stem}-{uuid.uuid4().hex[:8]}.log"
        with open(log_path, "w+b") as log:
            try:
                await self._start(client, path, log, log_path)
                for number, index in enumerate(cells, 1):
                    await self._cell(client, path, nb.cells[index], index, number, len(cells), log_path)
            finally:
                await client.stop()
                self.groups.discard(client.pid)

        nbformat.write(nb, staging / f"{path.stem}.ipynb")
        try:
            notebook_html.write(nb, staging / f"{path.stem}.html")
        except pandoc.PandocError as err:
            raise NotebookError(f"{path}: {err}") from err
        took = time.monotonic() - start
        (staging / f"{path.stem}.seconds").write_text(f"{took:.1f}\n")  # for the index; the notebook has no times
        self.screen.line(f"✓ {path.stem}  {took:.1f} s")

    async def _start(self, client, path, log, log_path):
        env = dict(os.environ, FLOW_HEADLESS="1", FLOW_RESULTS=str(self.results))
        env[RUN_MARK] = self.mark
        try:
            await client.start(env, log, self.groups)
        except NoSuchKernel:
            raise NotebookError(
                f"{path}: no kernel named {client.kernel_name!r} is installed (JUPYTER_PATH={os.environ.get('JUPYTER_PATH', '')})"
            ) from None
        except (RuntimeError, OSError, TimeoutError) as err:
            said = gonb_says.last_line(log_path) or first_line(str(err), 200)
            raise NotebookError(f"{path}: kernel {client.kernel_name!r} did not start: {said}") from None

    async def _cell(self, client, path, cell, index, number, count, log_path):
        start = time.monotonic()
        title = first_line(cell.source)

        def status():
            extra = f"  [{client.progress}]" if client.progress else ""
            return f"▸ {path.stem}  cell {number}/{count}  {time.monotonic() - start:.1f} s  {title}{extra}"

        def fail(why, line=None):
            raise NotebookError(message(path, number, count, title, why, cell.source, line))

        executed = asyncio.ensure_future(client.async_execute_cell(cell, index))
        asked = asyncio.ensure_future(client.asked_for_input())
        beside = [asked, asyncio.ensure_future(self._tick(status))]
        try:
            await asyncio.wait((executed, asked), return_when=asyncio.FIRST_COMPLETED)
            if not executed.done():
                asked.result()
                fail("it waits for input, which nobody can type here; ended it")
            await executed
        except CellExecutionError as err:
            if err.ename == gonb_says.PROGRAM_FAILED:
                fail(*gonb_says.run_error(err.evalue, client.stderr, cell))
            fail(*gonb_says.compile_error(err, cell))
        except CellTimeoutError:
            fail(f"still running after {self.timeout} s (the time-out of a cell, --timeout); ended it")
        except DeadKernelError:
            # nbclient reports a cancelled task as a dead kernel, too.
            if self.stopping:
                raise asyncio.CancelledError() from None
            fail(f"the kernel died: {gonb_says.last_line(log_path) or 'it left no message'}")
        finally:
            for task in (executed, *beside):
                task.cancel()
            await asyncio.gather(executed, *beside, return_exceptions=True)
        if client.unknown:
            fail(client.unknown)
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
        # A heartbeat of jupyter_client that has just begun may find its sockets closed, and would print a traceback.
        threading.excepthook = lambda _: None
        for group in self.groups:
            kill_group(group)
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


def message(path, number, count, title, why, source, line):
    text = plain(f"{path}: code cell {number} of {count} ({title}): {why}")
    lines = source.splitlines()
    if line is not None and 0 < line <= len(lines):
        text += f"\n    line {line}: {plain(lines[line - 1].strip())}"
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
    for number in SIGNALS:
        if signal.getsignal(number) != signal.SIG_IGN:
            loop.add_signal_handler(number, stop, number)
    start = time.monotonic()
    try:
        await task
    except (asyncio.CancelledError, Exception) as err:
        runner.screen.line("")
        if caught:
            stopped(caught[0])
        if not isinstance(err, (NotebookError, OSError)):
            raise
        print(f"run_notebooks: {err}", file=sys.stderr)
        return 1
    runner.screen.line(f"{len(args.notebooks)} notebooks passed in {time.monotonic() - start:.1f} s → {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main_async(parse(sys.argv[1:]))))
