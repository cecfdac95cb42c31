"""The table to filter and sort: all of it in the page, nothing from elsewhere."""

import re

import pandas as pd
import pytest

pytest.importorskip("itables", reason="needs itables")

from songrec.book.filtered import html_of


def test_the_page_holds_program_and_rows_and_asks_nobody():
    rows = pd.DataFrame({"Model": ["a<b", "c"], "Mean": [0.5, 0.25]})
    html = html_of(rows, "All & more", "some-table")
    assert 'id="some-table"' in html
    assert "All &amp; more" in html
    assert not re.search(r"""src=["']?(?:https?:)?//|from 'https|<link""", html)
    assert "a<b" not in re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)
