"""Fills the slots of the report's Markdown from JSON; nobody types a number.

    {{topic.path.to.key|filter}}   a value of results/topic.json or measured/topic.json;
                                   a number in the path indexes a list
    {{table:topic}}                a Markdown table of a list of training runs: a row for each data set, a column
                                   for each model
    {{rows:topic.path.to.rows}}    a Markdown table of a list of rows of strings, the first of which is the header
    {{version:NAME}}               a version pinned in a go.mod or in requirements.lock
    ![caption](fig:NAME){…}        the figure results/NAME.svg

Filters of numbers: a printf format (%.3f, %g), a Python format (.3f), int
(35,344), sci (1.2×10⁻⁵, becomes math: for text only), pct (0.042 → 4.2%),
min (seconds → minutes). A whole number needs none, a fraction does. Filters of
strings: code (in backticks). A value that is missing, null, NaN or infinite is
an error; all errors of a text are reported together.
"""

import html
import json
import math
import re
import statistics
import xml.etree.ElementTree as ElementTree
from pathlib import Path

SLOT = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
FIGURE = re.compile(r"\]\(fig:([^)\s]*)\)(\{[^}]*\})?")
PRINTF = re.compile(r"%[-+ 0#]*\d*(?:\.\d+)?[defgDEFG]\Z")
PYTHON_FORMAT = re.compile(r",?(?:\.\d+)?[defg]\Z")


class SlotError(Exception):
    """The text has slots that cannot be filled; one line for each."""


class Missing(Exception):
    """Why one slot has no value."""


class Values:
    """Looks values up in folders of JSON files and in lists of pinned versions."""

    def __init__(self, folders, version_files=()):
        self.folders = [Path(folder) for folder in folders]
        self.version_files = [Path(file) for file in version_files]
        self.topics = {}
        self.versions = None

    def topic(self, name):
        if name not in self.topics:
            tried = [folder / f"{name}.json" for folder in self.folders]
            found = [path for path in tried if path.is_file()]
            if not found:
                raise Missing(f"no {' or '.join(str(path) for path in tried)}")
            if len(found) > 1:
                raise Missing(f"both {found[0]} and {found[1]} exist")
            try:
                self.topics[name] = (found[0], json.loads(found[0].read_text(encoding="utf-8")))
            except ValueError as err:
                raise Missing(f"{found[0]} is not JSON: {err}") from None
        return self.topics[name]

    def value(self, path):
        topic, *keys = path.split(".")
        file, value = self.topic(topic)
        for depth, key in enumerate(keys):
            try:
                value = value[int(key)] if isinstance(value, list) else value[key]
            except (KeyError, IndexError, ValueError, TypeError):
                raise Missing(f"no {'.'.join(keys[: depth + 1])} in {file}") from None
        check(value, file)
        return value

    def version(self, name):
        if self.versions is None:
            self.versions = {}
            for file in self.version_files:
                text = file.read_text(encoding="utf-8")
                pins = re.findall(r"^\s*(?:require\s+)?(\S+) (v\d\S*)", text, re.MULTILINE)
                pins += re.findall(r"^([\w.-]+)==([^\s;\\]+)", text, re.MULTILINE)
                pins += [("go", v) for v in re.findall(r"^go (\S+)$", text, re.MULTILINE)]
                for key, version in pins:
                    self.versions.setdefault(key, version)
        try:
            return self.versions[name]
        except KeyError:
            raise Missing(f"no version of it in {', '.join(str(f) for f in self.version_files)}") from None


def check(value, file):
    if value is None:
        raise Missing(f"null in {file}")
    if isinstance(value, float) and not math.isfinite(value):
        raise Missing(f"{value} in {file}, not a number to print")


def escape(text):
    text = " ".join(text.split())  # a line of its own could begin a block
    return re.sub(r"([\\`*_{}\[\]<>#$~^|@])", r"\\\1", text)


def show(value, spec):
    """value as Markdown, in the form the filter asks for."""
    if isinstance(value, str):
        if spec == "":
            return escape(value)
        if spec == "code":
            if "`" in value or "\n" in value:
                raise Missing(f"{value!r} cannot be shown as code: it has a backtick or more than one line")
            return f"`{value}`"
        raise Missing(f"filter {spec!r} is not one for the string {value!r}")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Missing(f"a {type(value).__name__} is neither a number nor a string")
    if spec == "":
        if isinstance(value, float) and not value.is_integer():
            raise Missing(f"{value!r} needs a filter that says how many digits")
        spec = "int"
    if spec == "int":
        text = f"{value:,.0f}"
    elif spec == "pct":
        text = f"{100 * value:.1f}%"
    elif spec == "min":
        text = f"{value / 60:.1f}\u00a0min"
    elif spec == "sci":
        mantissa, _, exponent = f"{value:.1e}".partition("e")
        return f"${mantissa} \\times 10^{{{int(exponent)}}}$" if value else "0"
    elif PRINTF.match(spec):
        text = spec % value
    elif PYTHON_FORMAT.match(spec):
        text = format(int(value) if spec.endswith("d") else value, spec)
    else:
        raise Missing(f"unknown filter {spec!r}")
    return text.replace("-", "−")


def runs_of(values, topic):
    """The runs of a topic in groups by (model, data set), in the order of the file."""
    file, runs = values.topic(topic)
    if not isinstance(runs, list) or not runs:
        raise Missing(f"{file} is not a list of runs")
    groups = {}
    for number, run in enumerate(runs):
        for key in ("model", "data", "seed", "params", "kl"):
            if not isinstance(run, dict) or key not in run:
                raise Missing(f"run {number} in {file} has no {key}")
            check(run[key], file)
        groups.setdefault((run["model"], run["data"]), []).append(run)
    return groups


def table(values, topic):
    """The median KL over the seeds, in three decimals, or four below 0.01."""
    groups = runs_of(values, topic)
    models, data = (list(dict.fromkeys(key[axis] for key in groups)) for axis in (0, 1))

    def row(name, cell):
        return "| " + " | ".join([name] + [cell(model) for model in models]) + " |"

    def parameters(model):
        return show(max(run["params"] for key in groups if key[0] == model for run in groups[key]), "int")

    def median(model, one):
        kl = [run["kl"] for run in groups.get((model, one), [])]
        if not kl:
            return "–"
        middle = statistics.median(kl)
        return show(middle, "%.3f" if abs(middle) >= 0.01 else "%.4f")

    lines = [row("data", escape), "|:--|" + "--:|" * len(models)]
    lines += [row(escape(one), lambda model, one=one: median(model, one)) for one in data]
    lines += [row("parameters", parameters)]
    return "\n".join(lines)


def rows(values, path):
    """A table as a notebook has made it: the first column to the left, the others to the right."""
    table = values.value(path)
    if not isinstance(table, list) or len(table) < 2 or not all(
        isinstance(row, list) and len(row) == len(table[0]) and all(isinstance(cell, str) for cell in row) for row in table
    ):
        raise Missing("not a header and rows of as many strings")
    lines = ["| " + " | ".join(escape(cell) for cell in row) + " |" for row in table]
    return "\n".join([lines[0], "|:--|" + "--:|" * (len(table[0]) - 1), *lines[1:]])


def fill_one(slot, values):
    kind, colon, name = slot.partition(":")
    if colon and kind == "rows":
        return rows(values, name)
    if colon and kind == "table":
        return table(values, name)
    if colon and kind == "version":
        return escape(values.version(name))
    path, _, spec = slot.partition("|")
    return show(values.value(path.strip()), spec.strip())


def figure(name, attributes, folder):
    """The link of a figure, with the SVG's own title and description as alt text."""
    path = Path(folder) / f"{name}.svg"
    if not path.is_file():
        raise Missing(f"no {path}")
    try:
        root = ElementTree.fromstring(path.read_bytes())
    except ElementTree.ParseError as err:
        raise Missing(f"{path} is not SVG: {err}") from None
    said = [root.findtext(f"{{http://www.w3.org/2000/svg}}{tag}") for tag in ("title", "desc")]
    alt = " ".join(". ".join(text.strip().rstrip(".") for text in said if text and text.strip()).split())
    inside = (attributes or "{}")[1:-1]
    if "alt=" not in inside:
        if not alt:
            raise Missing(f"{path} has no <title>, and the image no alt=")
        inside += f' alt="{html.escape(alt)}."'
    return f"]({name}.svg){{{inside.strip()}}}"


def fill(text, values, figures, name="report.md"):
    """Returns the text with every slot filled, and the names of its figures."""
    errors, used = [], []

    def attempt(number, what, make):
        try:
            return make()
        except Missing as why:
            errors.append(f"{name}:{number}: {what}: {why}")
            return ""

    lines = []
    for number, line in enumerate(text.splitlines(), 1):

        def slot(match, number=number):
            return attempt(number, match.group(0), lambda: fill_one(match.group(1), values))

        def image(match, number=number):
            used.append(match.group(1))
            return attempt(number, f"fig:{match.group(1)}", lambda: figure(*match.groups(), figures))

        line = SLOT.sub(slot, FIGURE.sub(image, line))
        if "{{" in line or "(fig:" in line:
            errors.append(f"{name}:{number}: a slot that is not complete: {line.strip()}")
        lines.append(line)
    if errors:
        raise SlotError("\n".join(errors))
    return "\n".join(lines) + "\n", used
