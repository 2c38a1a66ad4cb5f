#!/usr/bin/env python3
"""How long a reader waits from a changed number of layers to the new picture.

    scripts/with-env python scripts/cell_times.py [--repeat N] [NOTEBOOK ...]

Runs the cells of notebooks 3, 4 and 5 in the project's kernel up to a picture, with
trainings of their own, then changes the line with the layers and runs again: once
that line and the cell of the picture alone, once all cells between them. Says the
seconds on the clock and on the processors, and how busy the machine is with other work.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

from jupyter_client.manager import KernelManager

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
LIMIT = 600  # seconds for a cell

# Of each notebook: the line to change, what the picture's cell holds, the seconds that are aimed at on two
# quiet cores.
WAITS = {
    "03-training": ("nb.Layers(8)", "nb.Layers(%d)", 'nb.Figure("density"', 15),
    "04-layers": ("nb.LayerCounts(2, 4, 6, 8, 12)", "nb.LayerCounts(2, 4, 6, 8, %d)", 'nb.Figure("layers"', 8),
    "05-using": ("nb.Layers(8)", "nb.Layers(%d)", 'nb.Figure("anomaly-map"', 8),
}


def cpu_seconds(pid):
    """Of a process and those that it has waited for."""
    text = Path(f"/proc/{pid}/stat").read_text()
    return sum(map(int, text[text.rindex(")") :].split()[12:16])) / os.sysconf("SC_CLK_TCK")


class Kernel:
    def __init__(self, folder):
        env = {**os.environ, "FLOW_HEADLESS": "1", "FLOW_RUNS": folder, "FLOW_RESULTS": "", "FLOW_LAYERS": "", "FLOW_STEPS": ""}
        self.manager = KernelManager(kernel_name="flow")
        self.manager.start_kernel(cwd=NOTEBOOKS, env=env, stdout=open(os.devnull, "w"), stderr=open(os.devnull, "w"))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=LIMIT)

    def run(self, source):
        """Runs a cell; returns the seconds on the clock and on the processors."""
        pid, start = self.manager.provisioner.pid, time.monotonic()
        cpu = cpu_seconds(pid)
        reply = self.client.execute_interactive(source, timeout=LIMIT, output_hook=lambda _: None)["content"]
        if reply["status"] != "ok":
            sys.exit(f"cell_times: {reply['ename']}: {reply['evalue']}\n{source}")
        return time.monotonic() - start, cpu_seconds(pid) - cpu

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def measure(name, repeat):
    old, new, picture, aim = WAITS[name]
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    cells = ["".join(c["source"]) for c in cells if c["cell_type"] == "code"]
    [line] = [i for i, c in enumerate(cells) if old in c]
    [end] = [i for i, c in enumerate(cells) if picture in c]
    with tempfile.TemporaryDirectory() as folder:
        kernel = Kernel(folder)
        try:
            for cell in cells[: end + 1]:
                kernel.run(cell)
            layers = 9
            for _ in range(repeat):
                for what, between in (("the line and the picture", []), ("all cells between", range(line + 1, end))):
                    layers += 1  # not trained before
                    took = [kernel.run(cells[line].replace(old, new % layers))]
                    took += [kernel.run(cells[i]) for i in (*between, end)]
                    wall, cpu = map(sum, zip(*took, strict=True))
                    each = " ".join(f"{t[0]:.1f}" for t in took)
                    print(f"{name}, {layers} layers, {what}: {wall:.1f} s ({each}), {cpu:.1f} s of processor, load {os.getloadavg()[0]:.1f} (aim: {aim} s on two quiet cores)", flush=True)
        finally:
            kernel.close()


def main():
    parser = argparse.ArgumentParser(description="How long a reader waits from a changed number of layers to the new picture.")
    parser.add_argument("notebooks", nargs="*", metavar="NOTEBOOK", help=f"of {', '.join(WAITS)} (default: all)")
    parser.add_argument("--repeat", type=int, default=3, help="how often (default %(default)s)")
    args = parser.parse_args()
    if unknown := set(args.notebooks) - set(WAITS):
        parser.error(f"no such notebook: {', '.join(sorted(unknown))}")
    for name in args.notebooks or WAITS:
        measure(name, args.repeat)


if __name__ == "__main__":
    main()
