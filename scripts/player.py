"""Puts the player of trained flows into a page, self-contained and under its policy.

report/player holds it: flow.js (the numbers), picture.js (what is drawn), player.js,
player.css. The page keeps its still figure for readers without JavaScript and for paper.
The Content-Security-Policy of the page then allows this one script, by its hash.
"""

import base64
import hashlib
import json
import re

import pandoc

FOLDER = pandoc.REPORT / "player"
SCRIPTS = ("flow.js", "picture.js", "player.js")
FIGURE = re.compile(r'<figure\b[^>]*\bclass="(?:[^"]* )?play[" ]')
MOST = 60_000  # bytes of script


class PlayerError(Exception):
    """The player cannot be put into the page; the text says why."""


def script():
    text = '"use strict";\n(() => {\n' + "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS) + "})();\n"
    if len(text.encode()) > MOST:
        raise PlayerError(f"the scripts in {FOLDER} have {len(text.encode())} bytes, expected at most {MOST}")
    return text


def insert(page, data):
    """The page with a player before the caption of its figure of class play; data is JSON text of the flows."""
    figure = FIGURE.search(page)
    if not figure:
        raise PlayerError("the page has no figure of class play")
    code = script()
    data = json.dumps(json.loads(data), separators=(",", ":")).replace("<", "\\u003c")
    digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
    caption = page.index("<figcaption", figure.end())
    style = f"<style>\n{(FOLDER / 'player.css').read_text(encoding='utf-8')}</style>\n"
    box = '<div class="player" role="group" aria-label="A trained flow to play with" hidden></div>\n'
    page = page[:caption] + box + page[caption:]
    page = page.replace("</head>", f"{style}</head>", 1)
    policy = r"(Content-Security-Policy\" content=\"default-src (?:'|&#39;)none(?:'|&#39;);)"  # as pandoc writes it
    page, allowed = re.subn(policy, rf"\1 script-src 'sha256-{digest}';", page)
    if allowed != 1:
        raise PlayerError("the page has no Content-Security-Policy that begins default-src 'none'")
    scripts = f'<script type="application/json" id="player-data">{data}</script>\n<script>{code}</script>\n'
    head, end, tail = page.rpartition("</body>")
    return head + scripts + end + tail
