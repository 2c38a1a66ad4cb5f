"""What the measurements of tables count, without the libraries that are measured."""

import math
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tables"))

import counts  # noqa: E402


def row(worse, se=0.01, impossible=0, best="mixture", **flows):
    others = dict.fromkeys(counts.SIMPLE, worse) | flows
    return {"impossible": impossible, "best": best, "worse": others, "se": dict.fromkeys(others, se), "nll": dict.fromkeys(others, 1.0)}


class Counts(unittest.TestCase):
    def test_clearly_is_both_a_size_and_two_standard_errors(self):
        rows = [row(0.06), row(0.04), row(0.06, se=0.04), row(-0.06), row(-0.06, se=0.04), {"error": "no"}]
        got = counts.counts(rows)
        self.assertEqual(got["clearly worse than the best simple model"], 1)
        self.assertEqual(got["clearly worse than a Gaussian"], 1)
        self.assertEqual(got["clearly better than all simple models"], 1)
        self.assertEqual((got["tables"], got["refused"]), (6, 1))

    def test_a_row_that_is_impossible_is_a_loss(self):
        got = counts.counts([row(-math.inf, impossible=1, zuko=-math.inf)])
        self.assertEqual(got["with impossible rows"], 1)
        self.assertEqual(got["clearly worse than a Gaussian"], 1)
        self.assertEqual(got["clearly better than all simple models"], 0)
        self.assertEqual((got["beside zuko"], got["lower than zuko"]), (1, 0))

    def test_flows_are_counted_where_they_ran(self):
        got = counts.counts([row(0, zuko=-0.001), row(0, zuko=0.001), row(0)])
        self.assertEqual((got["beside zuko"], got["lower than zuko"]), (2, 1))
        self.assertNotIn("beside flowjax", got)

    def test_medians(self):
        rows = [{"truth": "a", "impossible": 0, "kl": kl, "sample gaussian": 1} for kl in (1.5, 1.1, 9)]
        rows += [{"truth": "b", "impossible": n, "kl": 0.1} for n in (1, 2, 0)]
        rows += [{"truth": "c", "error": "no"}]
        self.assertEqual(counts.medians(rows), {"a": 0.5, "b": math.inf, "c": None})


if __name__ == "__main__":
    unittest.main()
