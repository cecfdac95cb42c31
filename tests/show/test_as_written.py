"""What a person wrote is shown as written, wherever Markdown is made of it."""

from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt
from mdit_py_plugins.amsmath import amsmath_plugin
from mdit_py_plugins.colon_fence import colon_fence_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin
from mdit_py_plugins.myst_role import myst_role_plugin

from songrec.show.prose import as_written

PLUGINS = [amsmath_plugin, colon_fence_plugin, dollarmath_plugin, myst_block_plugin, myst_role_plugin]

HOSTILE = [
    "Ke$ha & A$AP | *best* <b>of</b>",
    "<script>alert(20)</script>",
    '<img src="x" onerror="alert(1)">',
    "[here](javascript:alert(1)) ![x](y)",
    "{eval}`1` {{ x }}",
    "$$x$$",
    "# heading",
    "- a",
    "+ a",
    "1. a",
    "2) a",
    "> a",
    "::: note",
    "``` python",
    "~~~ x",
    "% hidden",
    "+++ block",
    "(target)=",
    "===",
    "a_b_c **d** __e__ \\\\ &lt; &#36;",
    "<!-- gone -->",
]


class _Seen(HTMLParser):
    def __init__(self):
        super().__init__()
        self.text, self.tags = "", []

    def handle_data(self, data):
        self.text += data

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)


@pytest.mark.parametrize("text", HOSTILE)
def test_as_written(text):
    parser = MarkdownIt("commonmark").enable("table")
    for plugin in PLUGINS:
        parser.use(plugin)
    seen = _Seen()
    seen.feed(parser.render(f"# {as_written(text)}\n\n{as_written(text)} The rest.\n"))
    assert seen.text.split() == f"{text} {text} The rest.".split()
    assert seen.tags == ["h1", "p"]
