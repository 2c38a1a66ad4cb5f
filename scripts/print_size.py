"""How large the letters of a figure are on paper, where report.typ puts it."""

import re
import xml.etree.ElementTree as ElementTree

COLUMN, PAGE = 236.7, 493.2  # points: 83.5 mm and 174 mm, of report.typ
LEAST = 6.0  # points

FIGURE = re.compile(r"\]\(fig:([^)\s]*)\)\{([^}]*)\}")


def letters(svg, attributes):
    """The size in points of the smallest letters of an SVG at the width that the attributes set."""
    root = ElementTree.fromstring(svg)
    sizes = [float(e.get("font-size")) for e in root.iter() if e.get("font-size")]
    if not sizes or not root.get("viewBox"):
        return None
    width = float(root.get("viewBox").split()[2])
    share = re.search(r"width=(\d+)%", attributes)
    return min(sizes) * (PAGE if ".wide" in attributes else COLUMN) * (int(share[1]) / 100 if share else 1) / width


def too_small(markdown, folder):
    """A message for each figure of the text whose letters would be too small."""
    for name, attributes in FIGURE.findall(markdown):
        if "height=" in attributes:
            continue  # made to fit, whatever the number of layers, on which the size of its letters depends
        file = folder / f"{name}.svg"
        points = letters(file.read_bytes(), attributes) if file.is_file() else None
        if points is not None and round(points, 1) < LEAST:
            yield f"{name}.svg: its letters would be {points:.1f} pt on paper, expected at least {LEAST:g}: make it wider, or draw it at half the width"
