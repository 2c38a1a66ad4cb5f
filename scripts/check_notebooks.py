#!/usr/bin/env python3
"""Check that notebooks are as they are committed: no outputs, no execution
counts, our kernel. With --strip, make them so.

Needs nothing but Python. Exit status: 0 all well, 1 a notebook is not, 2 wrong
usage.
"""

import argparse
import json
import os
import sys

KERNELSPEC = {"display_name": "Go (flow)", "language": "go", "name": "flow"}
KEPT = {"kernelspec", "language_info"}  # of the notebook's metadata


def faults(nb):
    """What keeps nb from being committed, a line each."""
    for number, cell in enumerate(nb["cells"], 1):
        if cell["cell_type"] != "code":
            continue
        if cell.get("outputs"):
            yield f"cell {number} has outputs"
        if cell.get("execution_count") is not None:
            yield f"cell {number} has an execution count"
        if "execution" in cell.get("metadata", {}):
            yield f"cell {number} has times of execution"
    name = nb["metadata"].get("kernelspec", {}).get("name")
    if name != KERNELSPEC["name"]:
        yield f"its kernel is {name!r}, not {KERNELSPEC['name']!r}"
    for key in sorted(set(nb["metadata"]) - KEPT):
        yield f"it has metadata of an editor: {key}"


def strip(nb):
    for cell in nb["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"] = []
            cell["execution_count"] = None
            cell.get("metadata", {}).pop("execution", None)
    nb["metadata"] = {key: value for key, value in nb["metadata"].items() if key in KEPT}
    nb["metadata"]["kernelspec"] = KERNELSPEC


def main():
    parser = argparse.ArgumentParser(description="Check that notebooks are as they are committed.")
    parser.add_argument("--strip", action="store_true", help="make them so")
    parser.add_argument("notebooks", nargs="*", metavar="NOTEBOOK")
    args = parser.parse_args()
    bad = False
    for path in args.notebooks:
        try:
            with open(path, encoding="utf-8") as file:
                nb = json.load(file)
            found = list(faults(nb))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as err:
            print(f"✗ {path}: not a notebook: {err!r}", file=sys.stderr)
            bad = True
            continue
        if found and args.strip:
            strip(nb)
            with open(path + ".new", "w", encoding="utf-8") as file:
                json.dump(nb, file, ensure_ascii=False, indent=1, sort_keys=True)
                file.write("\n")
            os.replace(path + ".new", path)
            print(f"stripped {path}")
        elif found:
            print(f"✗ {path}: {found[0]} (make strip takes it out)", file=sys.stderr)
            bad = True
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
