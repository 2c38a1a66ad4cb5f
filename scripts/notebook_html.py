"""An executed notebook as one HTML file that opens offline.

nbconvert's own page loads MathJax and require.js from a CDN. This one goes
through pandoc, as the report does: math becomes MathML, fonts and style are
embedded, pictures are data URIs (inline SVGs of one page share their ids).
"""

import base64
import html
import re

import pandoc

ANSI = re.compile(r"\x1b\[[0-9;]*m")


def raw(text):
    """text as a raw HTML block of pandoc's Markdown."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"\n{fence}{{=html}}\n{text}\n{fence}\n"


def fenced(text, language):
    longest = max((len(run) for run in re.findall(r"~+", text)), default=0)
    fence = "~" * max(3, longest + 1)
    return f"\n{fence} {{.{language}}}\n{text}\n{fence}\n"


def joined(value):
    return "".join(value) if isinstance(value, list) else value


# From one notebook to the next: the pages stand beside each other too.
NOTEBOOK_LINK = re.compile(r"\]\(([\w.-]+)\.ipynb\)")


def svg_image(svg):
    """The SVG as an image whose alt text is its own title and description."""
    said = [re.search(rf"<{tag}\b[^>]*>(.*?)</{tag}>", svg, re.DOTALL) for tag in ("title", "desc")]
    alt = ". ".join(html.unescape(m.group(1)).strip().rstrip(".") for m in said if m) or "figure"
    data = base64.b64encode(svg.encode()).decode()
    return f'<p class="figure"><img alt="{html.escape(alt)}" src="data:image/svg+xml;base64,{data}"></p>'


def output(out):
    """One output of a cell as Markdown."""
    if out.output_type == "stream":
        text = html.escape(ANSI.sub("", out.text))
        return raw(f'<pre class="stream {out.name}">{text}</pre>')
    if out.output_type == "error":
        return raw(f'<pre class="stream stderr">{html.escape(ANSI.sub("", chr(10).join(out.traceback)))}</pre>')
    data = out.data
    if "image/svg+xml" in data:
        return raw(svg_image(joined(data["image/svg+xml"])))
    for kind in ("image/png", "image/jpeg"):
        if kind in data:
            return raw(f'<p class="figure"><img alt="figure" src="data:{kind};base64,{joined(data[kind]).strip()}"></p>')
    if "text/html" in data:
        text = joined(data["text/html"])
        svg = re.fullmatch(r"\s*(?:<div>)?\s*(?:<\?xml[^>]*>\s*)?(<svg\b.*</svg>)\s*(?:</div>)?\s*", text, re.DOTALL)
        if svg and text.count("<svg") == 1:  # GoNB sends SVG as HTML
            return raw(svg_image(svg.group(1)))
        return raw(f'<div class="html">{text}</div>')
    if "text/markdown" in data:
        return "\n" + joined(data["text/markdown"]) + "\n"
    if "text/plain" in data:
        return raw(f'<pre class="stream">{html.escape(joined(data["text/plain"]))}</pre>')
    return ""


def markdown(nb):
    parts = []
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            parts.append("\n" + NOTEBOOK_LINK.sub(r"](\1.html)", cell.source) + "\n")
        elif cell.cell_type == "code" and cell.source.strip():
            parts.append(fenced(cell.source, "go"))
            parts.extend(output(out) for out in cell.outputs)
    return "\n".join(parts)


def title(nb, fallback):
    for cell in nb.cells:
        heading = re.search(r"^#\s+(.+)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else None
        if heading:
            return re.sub(r"[`*_$]", "", heading.group(1)).strip()
    return fallback


def write(nb, path):
    """Writes nb as a self-contained page to path."""
    page = pandoc.html(
        markdown(nb),
        "notebook.html",
        "--from=markdown-yaml_metadata_block-implicit_figures",
        "--syntax-highlighting=pygments",
        f"--metadata=pagetitle:{title(nb, path.stem)}",
    )
    path.write_text(page, encoding="utf-8")
