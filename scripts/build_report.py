#!/usr/bin/env python3
"""Render the report: Markdown with slots → report.html and report.pdf.

    report.md ─ slots filled (report_slots.py) ─► pandoc ─► report.html
                                                  └► Typst ─► report.pdf

Where a figure has the class play, the HTML holds a player of the trained flows (player.py)
in its place, and play.html is a page with that alone, from player/play.md.

The same text, results and fonts give the same bytes. The build fails, and
leaves the report built before as it is, when a slot has no value, a figure is
missing, letters of one would be too small on paper, pandoc or Typst warns, an equation is wider than its column, or the PDF
has not two pages (Typst's own page counter, asked with a query).

Exit status: 0 built, 1 not built, 2 wrong usage.
"""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

import typst

import pandoc
import player
import print_size
import report_slots

ROOT = Path(__file__).resolve().parent.parent
REPORT = ROOT / "report"
READER = "--from=markdown+table_attributes-smart"
FILTER = f"--lua-filter={REPORT / 'template' / 'report.lua'}"
VERSION_FILES = [ROOT / "go.mod", *sorted((ROOT / "scripts" / "tools").glob("*/go.mod")), ROOT / "scripts" / "requirements.lock"]


class ReportError(Exception):
    """The report cannot be built; the text is all the user sees."""


def render_pdf(source, folder):
    """Returns the PDF of Typst source, whose figures are in folder, and its number of pages."""
    file = folder / "report.typ"
    file.write_text(source, encoding="utf-8")
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(REPORT / "fonts")])
    try:
        compiler = typst.Compiler(str(file), root=str(folder), font_paths=fonts)
        pdf, warnings = compiler.compile_with_warnings(format="pdf")
        pages = int(compiler.query("<pages>", field="value", one=True))
    except typst.TypstError as err:
        raise ReportError(f"typst: {err.message}") from None
    if warnings:
        raise ReportError("\n".join(f"typst warns: {w.message}" for w in warnings))
    return pdf, pages


def render_play(args, values, staging):
    """Returns the page play.html."""
    source = player.FOLDER / "play.md"
    markdown, figures = report_slots.fill(source.read_text(encoding="utf-8"), values, args.results, str(source))
    for name in figures:
        shutil.copyfile(args.results / f"{name}.svg", staging / f"{name}.svg")
    return pandoc.html(markdown, "report.html", READER, FILTER, f"--resource-path={staging}:{REPORT}")


def build(args):
    text = args.source.read_text(encoding="utf-8")
    values = report_slots.Values([args.results, args.measured], VERSION_FILES)
    markdown, figures = report_slots.fill(text, values, args.results, str(args.source))
    small = list(print_size.too_small(text, args.results))
    if small:
        raise ReportError("\n".join(small))

    args.out.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".report-", dir=args.out))
    try:
        for name in figures:
            shutil.copyfile(args.results / f"{name}.svg", staging / f"{name}.svg")
        page = pandoc.html(markdown, "report.html", READER, FILTER, f"--resource-path={staging}:{REPORT}")
        source = pandoc.run(
            markdown, READER, FILTER, "--to=typst", "--standalone", f"--template={REPORT / 'template' / 'report.typ'}"
        )
        source = source.replace("dot.circle", "dot.o")  # pandoc's name, deprecated in Typst, of TeX's odot
        pdf, length = render_pdf(source, staging)
        if length != args.pages:
            kept = args.out / "report-wrong-length.pdf"
            kept.write_bytes(pdf)
            raise ReportError(
                f"{args.source}: the PDF has {length} page{'s' * (length != 1)}, not {args.pages}; see {kept} and "
                f"{'shorten' if length > args.pages else 'lengthen'} the text or its figures"
            )
        pages = {"report.html": page}
        if player.FIGURE.search(page):
            flows = (args.results / "player.json").read_text(encoding="utf-8")
            pages["play.html"] = render_play(args, values, staging)
            pages = {name: player.insert(page, flows) for name, page in pages.items()}
        for name, page in pages.items():
            (staging / name).write_text(page, encoding="utf-8")
        (staging / "report.pdf").write_bytes(pdf)
        for name in (*pages, "report.pdf"):
            os.replace(staging / name, args.out / name)
        (args.out / "report-wrong-length.pdf").unlink(missing_ok=True)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def parse(argv):
    parser = argparse.ArgumentParser(description="Render the report as HTML and PDF.")
    parser.add_argument("--source", type=Path, default=REPORT / "report.md", help="Markdown with slots (default report/report.md)")
    parser.add_argument("--results", type=Path, default=REPORT / "results", help="what the notebooks left (default report/results)")
    parser.add_argument("--measured", type=Path, default=REPORT / "measured", help="committed measurements (default report/measured)")
    parser.add_argument("--out", type=Path, default=REPORT / "build", help="where the report goes (default report/build)")
    parser.add_argument("--pages", type=int, default=2, help="how many pages the PDF must have (default %(default)s)")
    args = parser.parse_args(argv)
    if not args.source.is_file():
        parser.error(f"no text {args.source}")
    return args


def main(argv):
    args = parse(argv)
    start = time.monotonic()
    try:
        build(args)
    except (ReportError, report_slots.SlotError, pandoc.PandocError, player.PlayerError, OSError) as err:
        for line in str(err).splitlines():
            print(f"build_report: {line}", file=sys.stderr)
        return 1
    print(f"report: {args.out / 'report.html'} and {args.out / 'report.pdf'} in {time.monotonic() - start:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
