"""pandoc as the renderers of this folder use it."""

import os
import re
import subprocess
from pathlib import Path

import pypandoc

REPORT = Path(__file__).resolve().parent.parent / "report"


class PandocError(Exception):
    """pandoc refused or warned; the text says why."""


def run(markdown, *args):
    """Returns what pandoc makes of the Markdown; a warning is an error."""
    done = subprocess.run(
        [pypandoc.get_pandoc_path(), "--fail-if-warnings", f"--resource-path={REPORT}", *args],
        input=markdown.encode(),
        capture_output=True,
        check=False,
        # The same text gives the same bytes.
        env={**os.environ, "SOURCE_DATE_EPOCH": "0"},
    )
    if done.returncode != 0:
        raise PandocError(f"pandoc: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode()


def html(markdown, template, *args):
    """A self-contained page: math as MathML, everything embedded, nothing fetched."""
    page = run(
        markdown,
        "--to=html5",
        "--standalone",
        "--mathml",
        "--embed-resources",
        f"--template={REPORT / 'template' / template}",
        *args,
    )
    return space_operators(page)


def space_operators(page):
    """Puts back the thin space that browsers leave out after log, det, exp.

    pandoc marks a function name with an invisible "apply" sign; TeX sets a thin
    space there unless a parenthesis follows.
    """
    return re.sub(r"(<mo>⁡</mo></mrow>)(?!<mo[^>]*>[(\[])", r'\1<mspace width="0.167em"></mspace>', page)
