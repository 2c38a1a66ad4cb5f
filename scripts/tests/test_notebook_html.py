"""The page of an executed notebook: what its cells and outputs become, and what they cannot do."""

import base64
import contextlib
import io
import re
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import nbformat
except ImportError:
    nbformat = None

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><title>dots</title><rect width="4" height="4"/></svg>'
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
SECRET = "the contents of a file of this machine"


def hostile(secret):
    """Outputs that try to run a script, to fetch something, or to take in the file secret."""
    html = [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        f'<img src="{secret}"><img src="file://{secret}"><img src="../../{secret}">',
        '<img src="https://evil.example/a.png"><img srcset="https://evil.example/b.png 2x">',
        f'<iframe src="{secret}"></iframe><object data="{secret}"></object><embed src="{secret}">',
        f'<link rel="stylesheet" href="{secret}"><style>@import url({secret}); body {{ background: url({secret}) }}</style>',
        f'<p style="background: url({secret})" onclick="alert(1)">text</p>',
        '<a href="javascript:alert(1)">a</a><a href="https://evil.example/">b</a><base href="https://evil.example/">',
        '<form action="https://evil.example"><input name="a"><button>go</button></form>',
        '<meta http-equiv="refresh" content="0; url=https://evil.example/">',
        f'<video src="{secret}" poster="{secret}"></video><audio src="{secret}"></audio>',
        f'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><image href="{secret}"/><script>alert(1)</script></svg>',
        '<svg><a xlink:href="javascript:alert(1)"><text>x</text></a></svg><svg></svg>',
        '<math><mtext><img src=x onerror=alert(1)></mtext></math>',
        "<scr<script></script>ipt>alert(1)</script>",
        "</div></body><script>alert(1)</script>",
        '<img alt="x" src="data:text/html;base64,PHNjcmlwdD4=">',
        '<img alt="x" src="data:image/png;base64,PHNjcmlwdD4=">',
    ]
    markdown = [
        f"![secret]({secret}) ![](file://{secret}) ![][r]\n\n[r]: {secret}",
        "<script>alert(1)</script> [a](javascript:alert(1)) [b](https://evil.example/) <https://evil.example/>",
        "```{=html}\n<script>alert(1)</script>\n```\n\n`<script>alert(1)</script>`{=html}",
        f'::: {{style="background: url({secret})" onclick="alert(1)"}}\ntext\n:::\n\n[x]{{onclick="alert(1)"}}\n\n# H {{onclick="alert(1)"}}',
        f'```{{.go style="background: url({secret})" onclick="alert(1)"}}\ncode\n```',
    ]
    data = [{"text/html": text} for text in html] + [{"text/markdown": text} for text in markdown]
    data += [{"image/png": '"><script>alert(1)</script>'}, {"image/jpeg": PNG}, {"image/svg+xml": "<p>no picture</p><script>alert(1)</script>"}]
    data += [{"image/svg+xml": f'<!DOCTYPE svg [<!ENTITY x SYSTEM "{secret}">]><svg xmlns="http://www.w3.org/2000/svg"><text>&x;</text></svg>'}]
    data += [{"application/javascript": "alert(1)"}, {"text/plain": "<script>alert(1)</script>"}]
    return [nbformat.v4.new_output("display_data", data=d) for d in data]


@unittest.skipUnless(nbformat, "no nbformat: run `make setup` and use scripts/with-env")
class NotebookHtml(unittest.TestCase):
    def page(self, *cells):
        from notebook_html import write

        with tempfile.TemporaryDirectory() as folder:
            write(nbformat.v4.new_notebook(cells=list(cells)), Path(folder) / "nb.html")
            return (Path(folder) / "nb.html").read_text()

    def outputs(self, *data):
        outputs = [nbformat.v4.new_output("display_data", data=d) for d in data]
        return self.page(nbformat.v4.new_code_cell("%%\nshow()", outputs=outputs)).partition("<body>")[2]

    def test_a_link_to_a_notebook_leads_to_its_page(self):
        page = self.page(nbformat.v4.new_markdown_cell("[next](02-coupling.ipynb), [else](https://x.org/a.ipynb)"))
        page = " ".join(page.partition("<body>")[2].split())
        self.assertIn('<a href="02-coupling.html">next</a>, <a href="https://x.org/a.ipynb">else</a>', page)

    def test_text_math_and_code(self):
        page = self.page(nbformat.v4.new_markdown_cell("# The *title* of $x$\n\n| a |\n|--:|\n| 1 |"), nbformat.v4.new_code_cell("var x = 1"))
        self.assertIn("<title>The title of x</title>", page)
        self.assertIn("<math", page)
        self.assertIn("<table>", page)
        self.assertIn('<span class="kw">var</span>', page)
        self.assertIn("code span.kw", page)  # its style

    def test_pictures(self):
        image = f'<p class="figure"><img alt="two moons" src="data:image/svg+xml;base64,{base64.b64encode(SVG.encode()).decode()}"></p>'
        body = self.outputs({"text/html": image}, {"image/svg+xml": SVG}, {"text/html": f"<div>{SVG}</div>"}, {"image/png": PNG})
        self.assertIn(image, body)
        self.assertEqual(body.count('<img alt="dots" src="data:image/svg+xml;base64,'), 2)
        self.assertIn(f'src="data:image/png;base64,{PNG}"', body)

    def test_what_is_taken_out_of_a_picture(self):
        link = 'xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href'
        body = self.outputs({"image/svg+xml": SVG.replace("<rect", f'<script>alert(1)</script><a {link}="javascript:alert(1)"/><image href="/etc/passwd"/><use href="#a"/><rect onclick="alert(1)"')})
        [data] = re.findall(r'src="data:image/svg\+xml;base64,([^"]*)"', body)
        svg = base64.b64decode(data).decode()
        for bad in ("script", "alert", "passwd"):
            self.assertNotIn(bad, svg)
        self.assertIn('<use href="#a" />', svg)
        self.assertIn('<rect width="4" height="4" />', svg)
        active = base64.b64encode(SVG.replace("<rect", "<script/><rect").encode()).decode()
        self.assertNotIn("<img", self.outputs({"text/html": f'<img alt="x" src="data:image/svg+xml;base64,{active}">'}))

    def test_html_and_markdown_that_outputs_may_have(self):
        body = self.outputs(
            {"text/html": '<div>moons <progress value="2" max="5"></progress> <b>2</b> of 5</div><table><tr><td colspan="2">x</td></tr></table>'},
            {"text/markdown": "| *a* | $x^2$ |\n|:--|--:|\n| 1 | `2` |"},
        )
        self.assertIn('<div>moons <progress value="2" max="5"></progress> <b>2</b> of 5</div>', body)
        self.assertIn('<td colspan="2">x</td>', body)
        self.assertEqual(self.outputs({"text/html": f"<b>two</b> {SVG} and {SVG}"}).count('<img alt="dots"'), 2)
        self.assertIn("<em>a</em>", body)
        self.assertIn("<math", body)
        self.assertIn("<code>2</code>", body)

    def test_printed_text_cannot_become_markup(self):
        out = nbformat.v4.new_output("stream", name="stdout", text="1 < 2 & <b>")
        self.assertIn("1 &lt; 2 &amp; &lt;b&gt;", self.page(nbformat.v4.new_code_cell("%%", outputs=[out])))

    def test_what_hostile_outputs_leave(self):
        with tempfile.NamedTemporaryFile("w", suffix=".svg") as secret:
            secret.write(SVG.replace("dots", SECRET))
            secret.flush()
            cells = [nbformat.v4.new_code_cell("%%", outputs=[out]) for out in hostile(secret.name)]
            cells.append(nbformat.v4.new_markdown_cell(f"![]({secret.name}) <img src={secret.name}> [a](javascript:alert(1)) [x]{{onclick=alert(1)}}"))
            page = self.page(*cells)
        self.assertIn("default-src &#39;none&#39;", page)
        self.assertNotIn("script-src", page)
        body = page.partition("<body>")[2]
        self.assertNotIn(base64.b64encode(SECRET.encode()).decode()[:20], page)
        self.assertNotIn(SECRET, page)
        tags = re.findall(r"<([a-zA-Z]+)((?:\s+[^\s=>]+(?:=(?:\"[^\"]*\"|'[^']*'|[^\s>]*))?)*)\s*/?>", body)
        self.assertGreater(len(tags), 50)
        for tag, attributes in tags:
            self.assertNotIn(tag.lower(), "script iframe object embed link style form input button meta base video audio svg image".split())
            for name, value in re.findall(r"\s([^\s=]+)=[\"']?([^\"'\s>]*)", attributes):
                self.assertFalse(name.lower().startswith("on"), f"<{tag}{attributes}>")
                if name in ("src", "srcset", "poster", "data", "action"):
                    self.assertRegex(value, r"\Adata:image/(png|svg\+xml);base64,", f"<{tag}{attributes}>")
                if name in ("href", "xlink:href"):
                    self.assertRegex(value, r"\A#cb", f"<{tag}{attributes}>")
                if name == "style":
                    self.assertNotIn("url", value)


@unittest.skipUnless(nbformat, "no nbformat: run the tests through scripts/with-env")
class Index(unittest.TestCase):
    def test_it_lists_questions_and_times(self):
        import notebook_index

        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        for name, question, seconds in (("01-a", "What is *a*?", "61.2\n"), ("02-b", "And\n`b`?", None)):
            cell = nbformat.v4.new_markdown_cell(f"# Title {name}\n\n**The question.** {question}\n\nMore.")
            nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / f"{name}.ipynb")
            if seconds:
                (folder / f"{name}.seconds").write_text(seconds)
        self.assertEqual(notebook_index.main([str(folder)]), 0)
        page = " ".join((folder / "index.html").read_text().split())
        for part in ('<a href="01-a.html">Title 01-a</a>', "What is <em>a</em>?", "It took 61 s.", "All together took 1.0 minutes", 'href="02-b.html"', "<code>b</code>"):
            self.assertIn(part, page)
        self.assertEqual(page.count("It took"), 1)

    def test_a_folder_without_notebooks(self):
        import notebook_index

        folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, folder)
        with contextlib.redirect_stderr(io.StringIO()) as said:
            self.assertEqual(notebook_index.main([str(folder)]), 1)
        self.assertIn("holds no executed notebook", said.getvalue())


if __name__ == "__main__":
    unittest.main()
