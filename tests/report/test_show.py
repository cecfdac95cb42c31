"""Tables and sentences for readers."""

import numpy as np
import pandas as pd
import pytest

from songrec.report import show

FRAME = pd.DataFrame({"model": ["a <b>", "c"], "users": [1234, 5], "value": [0.12345, np.nan]})


def test_numbers_are_written_for_reading():
    cells = show.table(FRAME, digits={"value": 2}).cells
    assert cells.to_dict("list") == {"model": ["a <b>", "c"], "users": ["1,234", "5"], "value": ["0.12", ""]}


def test_html_escapes_aligns_and_has_the_class_that_the_theme_styles():
    html = show.table(FRAME, strong=pd.DataFrame({"value": [True, False]}), note="a < b")._repr_html_()
    assert '<table class="dataframe">' in html
    assert '<td style="text-align: left">a &lt;b&gt;</td>' in html
    assert '<td style="text-align: right"><strong>0.123</strong></td>' in html
    assert "a &lt; b" in html
    assert "<b>" not in html


def test_plain_text_has_no_row_numbers_and_a_star_for_bold():
    text = repr(show.table(FRAME, strong=pd.DataFrame({"users": [False, True]})))
    assert text.splitlines()[1].split() == ["a", "<b>", "1,234", "0.123"]
    assert "5 *" in text.splitlines()[2]


def test_text_columns_may_be_aligned_as_numbers():
    assert show.table(FRAME, right=("model",)).left == [False, False, False]


def test_a_named_index_is_a_column_and_a_nameless_one_is_not():
    named = pd.DataFrame({"x": [1]}, index=pd.Index(["r"], name="row"))
    assert list(show.table(named).cells.columns) == ["row", "x"]


@pytest.mark.parametrize(
    "empty", [show.table(FRAME.iloc[:0], empty="Nothing."), show.tables({}, empty="Nothing.")]
)
def test_an_empty_table_is_said_in_words(empty):
    assert empty._repr_markdown_() == "Nothing."


def test_several_tables_carry_their_names():
    both = show.tables({"One & two": FRAME, "Three": FRAME})
    assert both._repr_html_().count("<table") == 2
    assert "One &amp; two" in both._repr_html_()
    assert repr(both).splitlines()[0] == "One & two"


def test_missing_integers_and_truths_are_readable():
    frame = pd.DataFrame({"n": pd.array([1, None], "Int64"), "hit": pd.array([True, None], "boolean")})
    assert show.table(frame).cells.to_numpy().tolist() == [["1", "yes"], ["", ""]]


def test_the_banner_says_synthetic_only_where_it_is_and_which_word_to_read():
    assert "synthetic" in show.banner("tiny", True)
    real = show.banner("lastfm-2k", False, "artist")
    assert "synthetic" not in real
    assert "read artist where the text says song" in real
