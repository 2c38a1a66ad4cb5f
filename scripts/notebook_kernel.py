"""One notebook's kernel: started, asked to run cells, and ended with all that it started."""

import asyncio
import os
import platform
import shutil
import signal
from pathlib import Path

from nbclient import NotebookClient

import gonb_says

ROOT = Path(__file__).resolve().parent.parent
GONB = ROOT / ".tools" / "bin" / "gonb"
START_SECONDS = 120

# System calls that read, by their number on this machine; the first argument is the file (Linux).
READS = {
    "x86_64": {0, 19, 275, 326},  # read, readv, splice, copy_file_range
    "aarch64": {63, 65, 76, 285},
}.get(platform.machine(), set())


class Client(NotebookClient):
    """A NotebookClient that remembers what GoNB reports besides "ok", and leaves nothing running."""

    def __init__(self, nb, folder, timeout):
        super().__init__(
            nb,
            kernel_name=nb.metadata.kernelspec.name,
            timeout=timeout,
            startup_timeout=START_SECONDS,
            # Without these two a late message is dropped silently.
            iopub_timeout=60,
            raise_on_iopub_timeout=True,
            record_timing=False,  # the same results give the same notebook
            shutdown_kernel="immediate",
            resources={"metadata": {"path": str(folder)}},
        )
        self.log.setLevel("CRITICAL")
        self.pid = None  # of the kernel
        self.polls = set()  # nbclient's tasks for the running cell
        self.forget()

    def forget(self):
        """Forgets what was said of the last cell."""
        self.unknown = ""  # a command of the cell that GoNB does not know
        self.stderr = ""
        self.progress = ""

    async def start(self, env, log, groups):
        """Starts the kernel, whose own output goes to log, and adds its process group to groups."""
        if GONB.exists() and gonb_says.PROGRAM_FAILED.encode() not in GONB.read_bytes():
            raise RuntimeError("the GoNB of an older set-up does not say which program failed: run 'make setup'")
        self.km = self.create_kernel_manager()
        await self.async_start_new_kernel(env=env, stdout=log, stderr=log)
        self.pid = self.km.provisioner.pid  # the leader of a group of its own
        groups.add(self.pid)
        await self.async_start_new_kernel_client()

    async def stop(self):
        """Ends the kernel: asks it (it then removes its temporary files), then kills its process group."""
        try:
            if self.kc is not None and await self.km.is_alive():
                self.kc.shutdown()
                for _ in range(20):
                    if not await self.km.is_alive():
                        break
                    await asyncio.sleep(0.05)
            if self.km is not None:
                await self._async_cleanup_kernel()
        finally:
            if self.pid is not None:
                kill_group(self.pid)
                # Where jupyter/kernels/flow/launch.sh lets it compile.
                shutil.rmtree(ROOT / ".tools" / "tmp" / f"kernel-{self.pid}", ignore_errors=True)

    async def async_execute_cell(self, cell, cell_index, *args, **kwargs):
        """Runs the cell, and ends what nbclient leaves behind where it is interrupted.

        After a time-out it goes on to read the cell's messages, and after a cancellation to ask
        whether the kernel lives: both would fail, seen by nobody, once the kernel is ended.
        """
        self.forget()
        try:
            return await super().async_execute_cell(cell, cell_index, *args, **kwargs)
        finally:
            for task in self.polls:
                task.cancel()
            await asyncio.gather(*self.polls, return_exceptions=True)
            self.polls.clear()

    async def _async_poll_output_msg(self, *args):
        self.polls.add(asyncio.current_task())
        await super()._async_poll_output_msg(*args)

    async def _async_poll_kernel_alive(self):
        self.polls.add(asyncio.current_task())
        await super()._async_poll_kernel_alive()

    async def asked_for_input(self):
        """Returns when the running cell waits for input, which nobody will type."""
        waiting = set()
        while not await self.kc.stdin_channel.msg_ready():
            before, waiting = waiting, stdin_readers(self.pid)
            if before & waiting:  # twice: input that GoNB has itself comes at once
                return
            await asyncio.sleep(0.3)

    def process_message(self, msg, cell, cell_index):
        content = msg["content"]
        if msg["msg_type"] == "stream" and content["name"] == "stderr":
            unknown = gonb_says.unknown_command(content["text"], cell.source)
            self.unknown = self.unknown or unknown
            if not unknown:
                self.stderr += content["text"]
        elif msg["msg_type"] in ("display_data", "update_display_data"):
            self.progress = gonb_says.progress_text(content.get("data", {})) or self.progress
        return super().process_message(msg, cell, cell_index)


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


def links(folder):
    """The targets of the readable links in folder."""
    for entry in folder.glob("[0-9]*"):
        try:
            yield os.readlink(entry)
        except OSError:
            continue


def stdin_readers(kernel):
    """Threads that stand in a read from their standard input, a pipe that the kernel holds (Linux; elsewhere none).

    It gives one to every program, writes nothing into it, and closes it when the program has ended.
    """
    pipes = {link for link in links(Path(f"/proc/{kernel}/fd")) if link.startswith("pipe:")}
    found = set()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if int(entry.name) == kernel or os.readlink(entry / "fd" / "0") not in pipes:
                continue
            for task in (entry / "task").iterdir():
                call = (task / "syscall").read_text().split()
                if call[0].isdigit() and int(call[0]) in READS and int(call[1], 16) == 0:
                    found.add(task.name)
        except OSError:
            continue
    return found
