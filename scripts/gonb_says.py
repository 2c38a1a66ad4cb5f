"""What GoNB says of a cell: in its log, in messages to the client, in stack traces."""

import html
import re
from pathlib import Path

# The name of the error of a cell whose program failed: scripts/tools/gonb/kernel.patch.
PROGRAM_FAILED = "ProgramFailed"
UNKNOWN_COMMAND = re.compile(r'\A("%(.*)" unknown or not implemented yet)\.\Z', re.DOTALL)

# Where GoNB says a compile error is: "Cell[3]: Line 2" in a traceback
# entry; "[[ Cell [3] Line 2 ]] …/main.go:12" in a panic's stack trace.
COMPILE_LINE = re.compile(r"\ACell(?:\[(\d+)\]:)? Line (\d+)")
STACK_LINE = re.compile(r"\[\[ Cell (?:\[(\d+)\] )?Line (\d+) \]\]")
BARE_STACK_LINE = re.compile(r"^\s+(/\S+/main(?:_test)?\.go):(\d+)\b", re.MULTILINE)
GO_FILE = re.compile(r"^.*main(?:_test)?\.go:\d+:\d+: ")
ANSI = re.compile(r"\x1b\[[0-9;]*m")

PROGRESS = re.compile(r"<progress\b[^>]*>", re.IGNORECASE)
TAG = re.compile(r"<[^>]+>")


def plain(text):
    """text without what steers a terminal."""
    return "".join(c if c.isprintable() else "�" for c in ANSI.sub("", text).replace("\t", " "))


def first_line(source, width=60):
    """The first line of a cell that says something, cut to width."""
    for line in source.splitlines():
        if line.strip() and line.strip() != "%%":
            line = plain(line.strip())
            return line if len(line) <= width else line[: width - 1] + "…"
    return "(empty)"


def progress_text(data):
    """What a display with a <progress> bar says, as one line; "" for any other."""
    text = data.get("text/html") or ""
    if isinstance(text, list):
        text = "".join(text)
    bar = PROGRESS.search(text)
    if not bar:
        return ""
    percent = ""
    value = re.search(r"\bvalue=[\"']?([\d.]+)", bar.group())
    maximum = re.search(r"\bmax=[\"']?([\d.]+)", bar.group())
    if value:
        whole = float(maximum.group(1)) if maximum else 1.0
        percent = f"{100 * float(value.group(1)) / whole:.0f} %" if whole > 0 else ""
    words = plain(" ".join(html.unescape(TAG.sub(" ", text)).split())).split()
    return " ".join(([percent] if percent else []) + words)


def unknown_command(text, source):
    """What a message on stderr says of a %command of the cell that GoNB does not know, or "".

    A program can print the same, so the cell must have that command.
    """
    said = UNKNOWN_COMMAND.match(text)
    if said and any(re.match(rf"\s*(?://gonb:)?%{re.escape(said.group(2))}(?!\S)", line) for line in source.splitlines()):
        return said.group(1)
    return ""


def last_line(path):
    """What the kernel's log says last about an error; GoNB logs through klog (I… information, E…, F…)."""
    text = ANSI.sub("", path.read_text(errors="replace"))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if re.match(r"[EF]\d{4} |panic: |fatal error: ", line)]
    if not errors and not any(re.match(r"I\d{4} ", line) for line in lines):
        errors = lines  # not GoNB speaking: its launcher could not start it
    return errors[-1] if errors else ""


def compile_error(err, cell):
    """The first error GoNB reports, and its line of this cell (None if it is elsewhere)."""
    lines = [line.strip() for line in ANSI.sub("", err.evalue or "").splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")] or [err.ename]
    placed = [line for line in lines if GO_FILE.match(line)]
    if placed:
        why = GO_FILE.sub("", placed[0])
    elif lines[0].startswith("failed to run"):
        why = " ".join(lines[:3])
    else:
        why = lines[0]
    entries = [ANSI.sub("", entry) for out in cell.outputs if out.output_type == "error" for entry in out.traceback]
    entry = next((e for e in entries if e.rstrip().endswith(why)), "")
    where = COMPILE_LINE.search(entry)
    if where and int(where.group(1) or 0) == cell.execution_count:
        return why, int(where.group(2))
    # GoNB knows no line for code outside main, but shows the source above a caret.
    shown = entry.splitlines()
    caret = next((i for i, line in enumerate(shown) if line.strip() == "^"), 0)
    source = [line.strip() for line in cell.source.splitlines()]
    text = shown[caret - 1].strip() if caret else ""
    return why, source.index(text) + 1 if text and source.count(text) == 1 else None


def run_error(status, stderr, cell):
    """What a program that ended badly said, and the line of this cell its stack names first."""
    text = ANSI.sub("", stderr)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = None
    for where in STACK_LINE.finditer(text):
        # Line 0: a frame in a declaration, whose line GoNB does not know.
        if int(where.group(2)) > 0 and where.group(1) in (None, str(cell.execution_count)):
            line = int(where.group(2))
            break
    if line is None:
        line = line_of_bare_stack(text, cell.source)
    said = next((x for x in lines if x.startswith(("panic: ", "fatal error: "))), "")
    if not said and is_test(cell.source):
        # go test writes its verdict to stdout.
        out = "".join(o.text for o in cell.outputs if o.output_type == "stream" and o.name == "stdout")
        failed = [x.strip() for x in out.splitlines() if x.strip().startswith("--- FAIL")]
        reasons = [x.strip() for x in out.splitlines() if re.match(r"\s+main_test\.go:\d+: ", x)]
        said = ": ".join(failed[:1] + [re.sub(r"^main_test\.go:\d+: ", "", x) for x in reasons[:1]])
    if not said and lines:
        said = lines[-1]
    return f"{said} ({status})" if said else status, line


def line_of_bare_stack(text, source):
    """The line of the cell that a stack trace names by GoNB's file alone, None if that is not clear.

    Where a loaded machine hands GoNB a trace in pieces, it does not recognize its lines as the cell's.
    """
    for where in BARE_STACK_LINE.finditer(text):
        try:
            said = Path(where.group(1)).read_text().splitlines()[int(where.group(2)) - 1].strip()
        except (OSError, IndexError):
            continue
        places = [number for number, own in enumerate(source.splitlines(), 1) if own.strip() == said]
        if len(places) == 1:
            return places[0]
    return None


def is_test(source):
    return any(line.startswith("%test") for line in source.splitlines())


