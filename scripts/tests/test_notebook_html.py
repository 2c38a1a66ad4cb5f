"""The page of an executed notebook: what its cells and outputs become."""

import sys
import unittest
from pathlib import Path

try:
    import nbformat
except ImportError:
    nbformat = None

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


@unittest.skipUnless(nbformat, "no nbformat: run `make setup` and use scripts/with-env")
class NotebookHtml(unittest.TestCase):
    def markdown(self, *cells):
        from notebook_html import markdown

        return markdown(nbformat.v4.new_notebook(cells=list(cells)))

    def test_a_link_to_a_notebook_leads_to_its_page(self):
        text = self.markdown(nbformat.v4.new_markdown_cell("[next](02-coupling.ipynb), [else](https://x.org/a.ipynb)"))
        self.assertIn("[next](02-coupling.html), [else](https://x.org/a.ipynb)", text)

    def test_an_image_keeps_its_text(self):
        image = '<p class="figure"><img alt="two moons" src="data:image/svg+xml;base64,PHN2Zy8+"></p>'
        out = nbformat.v4.new_output("display_data", data={"text/html": image})
        text = self.markdown(nbformat.v4.new_code_cell("%%\nshow()", outputs=[out]))
        self.assertIn(image, text)
        self.assertIn("show()", text)

    def test_printed_text_cannot_become_markup(self):
        out = nbformat.v4.new_output("stream", name="stdout", text="1 < 2 & <b>")
        self.assertIn("1 &lt; 2 &amp; &lt;b&gt;", self.markdown(nbformat.v4.new_code_cell("%%", outputs=[out])))


if __name__ == "__main__":
    unittest.main()
