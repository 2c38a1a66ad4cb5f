"""An executed notebook as one HTML file that opens offline and trusts no output.

nbconvert's own page loads MathJax and require.js from a CDN, and holds the HTML of
outputs as it is. This one goes through pandoc, as the report does: math becomes
MathML, fonts and style are embedded, pictures are data URIs (inline SVGs of one page
would share their ids). What a cell has put out cannot run a script, fetch anything
or take in a file of this machine: see output_html.py for HTML and pictures,
report/template/notebook.lua for Markdown. The page's Content-Security-Policy says
the same to the browser.
"""

import re
import uuid

import output_html
import pandoc

# Nothing of the Markdown goes to the page unread: no raw HTML, no attributes.
READER = "--from=markdown-" + "-".join(
    """yaml_metadata_block implicit_figures raw_html raw_attribute raw_tex native_divs native_spans fenced_divs
    bracketed_spans header_attributes link_attributes inline_code_attributes citations""".split()
)
FILTER = f"--lua-filter={pandoc.REPORT / 'template' / 'notebook.lua'}"

# Links between notebooks: the pages are beside each other too.
NOTEBOOK_LINK = re.compile(r"\]\(([\w.-]+)\.ipynb\)")


def fenced(text, language):
    longest = max((len(run) for run in re.findall(r"~+", text)), default=0)
    fence = "~" * max(3, longest + 1)
    return f"\n{fence} {{.{language}}}\n{text}\n{fence}\n"


def body(nb):
    """The page's body: pandoc reads the Markdown and the code, outputs come in behind it."""
    parts, outputs = [], {}
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            parts.append("\n" + NOTEBOOK_LINK.sub(r"](\1.html)", cell.source) + "\n")
        elif cell.cell_type == "code" and cell.source.strip():
            parts.append(fenced(cell.source, "go"))
            for out in cell.outputs:
                place = f"output{uuid.uuid4().hex}"
                outputs[f"<p>{place}</p>"] = output(out)
                parts.append(f"\n{place}\n")
    page = pandoc.run("\n".join(parts), READER, FILTER, "--to=html5", "--mathml", "--syntax-highlighting=pygments")
    return re.sub(r"<p>output[0-9a-f]{32}</p>", lambda m: outputs.get(m.group(), ""), pandoc.tidy_math(page))


def output(out):
    """One output of a cell as HTML."""
    if out.output_type in ("display_data", "execute_result") and not output_html.shown(out.data) and "text/markdown" in out.data:
        text = output_html.joined(out.data["text/markdown"])
        return pandoc.tidy_math(pandoc.run(text, READER, FILTER, "--metadata=outputs:true", "--to=html5", "--mathml"))
    return output_html.output(out)


def title(nb, fallback):
    for cell in nb.cells:
        heading = re.search(r"^#\s+(.+)$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else None
        if heading:
            return re.sub(r"[`*_$]", "", heading.group(1)).strip()
    return fallback


def write(nb, path):
    """Writes nb as a self-contained page to path."""
    # The code is there for its style, which pandoc gives only where there is some.
    page = pandoc.html(
        "PAGE\n\n~~~ {.go}\nPAGE\n~~~\n",
        "notebook.html",
        "--from=markdown",
        "--syntax-highlighting=pygments",
        f"--metadata=pagetitle:{title(nb, path.stem)}",
    )
    text = body(nb)
    page = re.sub(r"(?s)(<body>\n).*(\n</body>)", lambda m: m.group(1) + text + m.group(2), page)
    path.write_text(page, encoding="utf-8")
