"""What a cell has put out, as HTML that can do no harm on a page for others.

Text is escaped. A picture must be one, and is shown as an image, in which no script
runs and which fetches nothing; what would is taken out of an SVG all the same. HTML keeps the elements listed here, and pictures that
it carries itself; scripts, frames, forms, styles, links and what an address would
fetch go.
"""

import base64
import binascii
import html
import re
from xml.etree import ElementTree

import bleach
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

for prefix, space in (("", "http://www.w3.org/2000/svg"), ("xlink", "http://www.w3.org/1999/xlink")):
    ElementTree.register_namespace(prefix, space)

ANSI = re.compile(r"\x1b\[[0-9;]*m")

PICTURES = {  # and how their files begin
    "image/png": b"\x89PNG\r\n\x1a\n",
    "image/jpeg": b"\xff\xd8\xff",
    "image/gif": b"GIF8",
}
ELEMENTS = """abbr b br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 hr i img
    ins kbd li mark ol p pre progress q s samp small span strong sub summary sup table tbody td tfoot th thead tr u ul var""".split()
ATTRIBUTES = {
    "*": ["class", "title", "dir", "lang"],
    "progress": ["value", "max"],
    "td": ["colspan", "rowspan"],
    "th": ["colspan", "rowspan", "scope"],
    "ol": ["start"],
    "img": lambda _tag, name, value: name in ("alt", "width", "height", "class") or name == "src" and data_picture(value) == value,
}
# What goes with all that is in it; of other elements the text stays.
GONE = re.compile(r"(?is)<(script|style|template|iframe|object|noscript|title|textarea|svg|math)\b.*?(?:</\1\s*>|\Z)")
ALONE = re.compile(r"\s*(?:<div>)?\s*(?:<\?xml[^>]*>\s*)?(<svg\b.*</svg>)\s*(?:</div>)?\s*", re.DOTALL)
SVG = re.compile(r"<svg\b.*?</svg\s*>", re.DOTALL)
DATA = re.compile(r"data:(image/[a-z+]+);base64,([A-Za-z0-9+/=\s]*)")


def joined(value):
    return "".join(value) if isinstance(value, list) else str(value)


def image(kind, content, alt):
    data = base64.b64encode(content).decode()
    return f'<p class="figure"><img alt="{html.escape(alt)}" src="data:{kind};base64,{data}"></p>'


def is_picture(kind, content):
    """Whether content is a picture of that kind; an SVG has no entities, which could be without end."""
    if kind != "image/svg+xml":
        return kind in PICTURES and content.startswith(PICTURES[kind])
    try:
        return fromstring(content).tag == "{http://www.w3.org/2000/svg}svg"
    except (ParseError, DefusedXmlException, ValueError):
        return False


def without_active(svg):
    """The SVG without what would run or fetch where it is not shown as an image, but saved and opened."""
    root, changed = fromstring(svg), False
    for element in root.iter():
        for child in list(element):
            if child.tag.rpartition("}")[2].lower() in ("script", "foreignobject", "iframe", "handler", "set", "animate"):
                element.remove(child)
                changed = True
        for name, value in list(element.attrib.items()):
            local = name.rpartition("}")[2].lower()
            if local.startswith("on") or local in ("href", "src") and not re.match(r"\s*(#|data:image/)", value):
                del element.attrib[name]
                changed = True
    return ElementTree.tostring(root, encoding="unicode") if changed else svg


def decoded(kind, text):
    """The bytes of a picture in base64, None if it is none."""
    try:
        content = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return content if is_picture(kind, content) else None


def data_picture(address):
    """The address if it is that of a picture which it holds itself, else ""."""
    data = DATA.fullmatch(address)
    content = decoded(data.group(1), data.group(2)) if data else None
    if content is None or data.group(1) == "image/svg+xml" and without_active(content) != content:
        return ""
    return address


def svg_image(svg):
    """The SVG as an image whose alt text is its own title and description."""
    said = [re.search(rf"<{tag}\b[^>]*>(.*?)</{tag}>", svg, re.DOTALL) for tag in ("title", "desc")]
    alt = ". ".join(html.unescape(m.group(1)).strip().rstrip(".") for m in said if m) or "figure"
    return image("image/svg+xml", without_active(svg).encode(), alt)


def shown(data):
    """The picture or HTML in an output's data as HTML, "" where there is none."""
    svg = joined(data.get("image/svg+xml", ""))
    if svg and is_picture("image/svg+xml", svg.encode()):
        return svg_image(svg)
    for kind in PICTURES:
        content = decoded(kind, joined(data.get(kind, "")))
        if content:
            return image(kind, content, "figure")
    if "text/html" not in data:
        return ""
    text = joined(data["text/html"])
    svg = ALONE.fullmatch(text)
    if svg and is_picture("image/svg+xml", svg.group(1).encode()):  # so GoNB sends one
        return svg_image(svg.group(1))
    text = SVG.sub(lambda svg: svg_image(svg.group()) if is_picture("image/svg+xml", svg.group().encode()) else "", text)
    clean = bleach.clean(GONE.sub("", text), tags=ELEMENTS, attributes=ATTRIBUTES, protocols=["data"], strip=True)
    clean = re.sub(r"<img\b(?![^>]*\ssrc=)[^>]*>", "", clean)
    return f'<div class="html">{clean}</div>'


def output(out):
    """One output of a cell as HTML."""
    if out.output_type == "stream":
        return f'<pre class="stream {html.escape(out.name)}">{html.escape(ANSI.sub("", out.text))}</pre>'
    if out.output_type == "error":
        return f'<pre class="stream stderr">{html.escape(ANSI.sub("", chr(10).join(out.traceback)))}</pre>'
    text = shown(out.data)
    if not text and "text/plain" in out.data:
        text = f'<pre class="stream">{html.escape(joined(out.data["text/plain"]))}</pre>'
    return text
