#!/usr/bin/env python3
"""Write index.html for executed notebooks: what each asks, and how long its cells took.

    notebook_index.py FOLDER     of run_notebooks.py, with NAME.ipynb, NAME.html and NAME.seconds

Exit status: 0 written, 1 not, 2 wrong usage.
"""

import re
import sys
from pathlib import Path

import nbformat

import notebook_html


def question(nb):
    """The first paragraph that is a question to answer, or ""."""
    for cell in nb.cells:
        found = re.search(r"\*\*The question\.\*\*\s+(.+?)(?:\n\n|\Z)", cell.source, re.DOTALL) if cell.cell_type == "markdown" else None
        if found:
            return " ".join(found[1].split())
    return ""


def text(folder):
    """The index as Markdown."""
    lines, total = [], 0.0
    for path in sorted(folder.glob("*.ipynb")):
        nb = nbformat.read(path, as_version=4)
        measured = path.with_suffix(".seconds")
        took = float(measured.read_text()) if measured.exists() else 0
        total += took
        time = f" *It took {took:.0f} s.*" if took else ""
        lines.append(f"**[{notebook_html.title(nb, path.stem)}]({path.stem}.html)** {question(nb)}{time}\n")
    if not lines:
        raise FileNotFoundError(f"{folder} holds no executed notebook: run 'make report'")
    head = "# The notebooks, executed\n\nNormalizing flows in Go, from what a log-likelihood is to anomalies in a table. Each page opens offline."
    if total:
        head += f" All together took {total / 60:.1f} minutes on the machine that made these pages, compiling included; trainings that were finished before are not made again."
    return head + "\n\n" + "\n".join(lines)


def main(argv):
    if len(argv) != 1:
        print("usage: notebook_index.py FOLDER", file=sys.stderr)
        return 2
    try:
        folder = Path(argv[0])
        page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text(folder))])
        notebook_html.write(page, folder / "index.html")
    except OSError as err:
        print(f"notebook_index: {err}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
