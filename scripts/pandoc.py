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
        start_new_session=True,  # Ctrl-C is for us to answer
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
    return tidy_math(page)


def tidy_math(page):
    """Mends two things in pandoc's MathML that one sees.

    Browsers set no thin space after log, det, exp, which pandoc marks with an
    invisible "apply" sign, or inside fences not at all; TeX sets one unless a
    parenthesis follows. And a line may break between a formula and its full stop.
    """
    space = '<mspace width="0.167em"></mspace>'
    apply, opening = r"<mo>(?:\u2061|&#8289;)</mo>", r"<mo[^>]*>[(\[]"
    # In tanh² or log₂ the name is the base of a script, which takes no third child: there the space comes behind.
    based = "".join(f"(?<!<{tag}>)" for tag in ("msub", "msup", "msubsup", "munder", "mover", "munderover"))
    named = rf'<mi[^>]*>[^<]*</mi>{apply}'
    page = re.sub(rf"{based}(<mrow>{named}</mrow>)(?!{opening})", rf"\1{space}", page)
    page = re.sub(rf"(<(msu[bp])><mrow>{named}</mrow>(?:(?!</?msu[bp]>).)*</\2>)(?!{opening})", rf"\1{space}", page)
    page = re.sub(
        rf'{based}(<mi mathvariant="normal">(?:log|det|exp|max|min|tanh)</mi>)(?!{apply}|{opening}|</m)', rf"\1{space}", page
    )
    formula = r'<math display="inline"(?:(?!</math>).)*</math>'
    return re.sub(rf"(\(?{formula}[.,:;?!)]+)", r'<span style="white-space: nowrap">\1</span>', page, flags=re.DOTALL)
