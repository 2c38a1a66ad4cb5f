"""The numbers of docs/cluster.md are those that make test-cluster CLUSTER=--measure has written."""

import json
import re
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class ClusterPage(unittest.TestCase):
    def test_what_scoring_costs(self):
        measured = json.loads((ROOT / "report/measured/cluster.json").read_text())["scoring"]
        page = (ROOT / "docs/cluster.md").read_text()
        table = re.search(r"^\| started by .*?\n\n", page, re.M | re.S)[0]
        rows = {r[0]: r[1:] for r in re.findall(r"^\| ([^|]*[^| ]) +\| ([\d.]+) \| ([\d.]+) \| (\d+) \|$", table, re.M)}
        want = {
            name: (f"{m['cpu_seconds_per_million_rows']:.2f}", f"{m['cpu_seconds_per_million_rows'] / 3.6:.2f}", f"{m['wall_seconds']:.0f}")
            for name, m in measured.items()
        }
        self.assertEqual(rows, want)
        plain = measured["one process"]["cpu_seconds_per_million_rows"]
        for name in ("Slurm", "Spark, files", "Spark, SQL"):
            self.assertLessEqual(measured[name]["cpu_seconds_per_million_rows"], 1.3 * plain, name)
        hours = round(plain / 3.6 * 1000, -1)
        self.assertIn(f"About {hours:.0f} CPU hours", page)


if __name__ == "__main__":
    unittest.main()
