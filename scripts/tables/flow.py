"""Our command, as a user calls it: fits, scores and draws in a folder of its own."""

import io
import json
import subprocess
import tempfile
import time
from pathlib import Path

import pandas as pd


class Refused(Exception):
    """The last line that flow wrote before it gave up."""


class Flow:
    """A fit with no option to the rows of a data frame."""

    def __init__(self, command, train):
        self.command, self.folder = command, tempfile.TemporaryDirectory()
        start = time.perf_counter()
        self.record = json.loads(self._run("fit", self._save(train, "train.csv"), "-o", "m", "--json"))
        self.seconds = time.perf_counter() - start
        # Columns on a grid have a density only with noise of one step.
        self.steps = dict(zip(self.record["features"], self.record.get("dequantised") or [], strict=False))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.folder.cleanup()

    def log_prob(self, rows):
        out = self._run("score", "m", self._save(rows, "new.csv"))
        scores = pd.read_csv(io.StringIO(out), skip_blank_lines=False).iloc[:, -1].to_numpy(float)
        if len(scores) != len(rows):
            raise Refused(f"{len(scores)} scores for {len(rows)} rows")
        return scores

    def draws(self, n):
        return pd.read_csv(io.StringIO(self._run("sample", "m", "-n", str(n))))

    def noisy(self, rows, rng):
        """The rows with the noise that their grids get."""
        rows = rows.copy()
        for name, step in self.steps.items():
            if step:
                rows[name] = rows[name].astype(float) + step * (rng.random(len(rows)) - 0.5)
        return rows

    def _save(self, rows, name):
        rows.to_csv(Path(self.folder.name) / name, index=False)
        return name

    def _run(self, *args):
        done = subprocess.run([self.command, *args], cwd=self.folder.name, capture_output=True, text=True)
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
            raise Refused(lines[-1])
        return done.stdout
