"""Numbers become text by one rule, and tables look alike everywhere."""

import made_up
import numpy as np
import pytest

from songrec.results import Estimate
from songrec.show import banner
from songrec.show.numbers import plain, written
from songrec.show.table import Tables, counts, estimates, numbers, stacked, table, wide, words

ROWS = made_up.estimates(
    "model shown best",
    [["a <b>", 1, True, 0.1234], ["a <b>", 5, False, 0.2], ["c", 1, False, 0.3]],
    half=0.01,
)


def test_the_widest_interval_of_a_column_gives_the_digits_of_all():
    narrow, broad = Estimate(0.12345, 0.12325, 0.12365), Estimate(0.5, 0.4, 0.6)
    assert written([narrow]) == ["0.1235 ± 0.0002"]
    assert written([narrow, broad]) == ["0.12 ± 0.00", "0.50 ± 0.10"]


def test_an_interval_without_a_width_says_nothing_and_is_not_written():
    same = Estimate(1.0, 1.0, 1.0)
    assert written([same], unit="%") == ["100 %"]
    assert written([same, Estimate(0.5, 0.4, 0.6)]) == ["1.00", "0.50 ± 0.10"]
    assert written([Estimate(0.0, 0.0, 0.0)], interval="brackets") == ["0.000"]
    assert written([same], interval="ends") == ["1.000 to 1.000"]  # where a sentence has a place for them


def test_an_interval_that_is_not_symmetric_is_never_written_with_a_plus_minus():
    lopsided = Estimate(0.0402, 0.031, 0.0512)
    assert written([lopsided]) == ["0.040 (0.031 to 0.051)"]
    assert written([lopsided, Estimate(0.1, 0.09, 0.11)])[1] == "0.100 (0.090 to 0.110)"
    for low, high in np.random.default_rng(0).uniform(0.001, 0.3, (200, 2)):
        (text,) = written([Estimate(0.5, 0.5 - low, 0.5 + high)])
        if "±" in text:
            value, half = map(float, text.split(" ± "))
            unit = 10.0 ** -len(text.split(" ")[0].partition(".")[2])
            assert abs(value - half - (0.5 - low)) <= 2 * unit
            assert abs(value + half - (0.5 + high)) <= 2 * unit


def test_signs_units_and_missing_numbers():
    assert written([Estimate(-0.00001, -0.1, 0.1)], signed=True) == ["0.00 ± 0.10"]
    both = [Estimate(0.5, 0.4, 0.6), Estimate(-0.5, -0.6, -0.4)]
    assert written(both, signed=True) == ["+0.50 ± 0.10", "−0.50 ± 0.10"]
    assert written([Estimate(0.742), Estimate(np.nan)], unit="%") == ["74.2 %", ""]
    assert written([Estimate(0.5)], interval="ends") == [""]
    assert [plain(value) for value in (1234, np.int64(5), None, np.nan, True)] == [
        "1,234",
        "5",
        "",
        "",
        "yes",
    ]


def test_html_escapes_aligns_and_has_the_class_that_the_theme_styles():
    made = table({"model": words(["a <b>"]), "n": counts([1234]).marked([True])}, note="a < b")
    html = made._repr_html_()
    assert '<table class="dataframe">' in html
    assert '<td style="text-align: left">a &lt;b&gt;</td>' in html
    assert '<td style="text-align: right"><strong>1,234</strong></td>' in html
    assert "a &lt; b" in html
    assert "color" not in html


def test_plain_text_and_markdown_show_the_same_cells():
    made = table({"model": words(["a"]), "x": numbers([0.5]).marked([True])}, note="Below.")
    assert repr(made).splitlines()[1].split() == ["a", "0.500", "*"]
    assert made.markdown().splitlines()[:3] == [
        "| model   |         x |",
        "|:--------|----------:|",
        "| a       | **0.500** |",
    ]
    assert made.markdown().endswith("\n\nBelow.")


def test_a_grid_has_one_number_of_digits_and_says_what_is_missing():
    made = wide(ROWS, "model", "shown", name=str.upper, heading="{} shown", missing="no list")
    assert list(made.columns) == ["model", "1 shown", "5 shown"]
    assert made.columns["model"].cells == ["A <B>", "C"]
    assert made.columns["1 shown"].cells == ["0.123 ± 0.010", "0.300 ± 0.010"]
    assert made.columns["1 shown"].bold == [True, False]
    assert made.columns["5 shown"].cells == ["0.200 ± 0.010", "no list"]


def test_tables_below_one_another_carry_their_names_once():
    one, two = table({"x": counts([1, 2])}), table({"x": counts([3]), "y": words(["z"])})
    made = stacked({"First": one, "Second": two, "None": table({"x": counts([])})})
    assert made.columns["log"].cells == ["First", "", "Second"]
    assert made.columns["x"].cells == ["1", "2", "3"]
    assert made.columns["y"].cells == ["", "", "z"]
    assert not made.columns["x"].left


@pytest.mark.parametrize("empty", [table({"x": counts([])}, empty="Nothing."), Tables({}, "Nothing.")])
def test_an_empty_table_is_said_in_words(empty):
    assert repr(empty) == "Nothing."
    assert empty._repr_html_() == "<p>Nothing.</p>"


def test_several_tables_carry_their_names():
    both = Tables({"One & two": table({"x": counts([1])}), "Three": table({"x": counts([2])})})
    assert both._repr_html_().count("<table") == 2
    assert "One &amp; two" in both._repr_html_()
    assert repr(both).splitlines()[0] == "One & two"


def test_estimates_of_another_column():
    rows = ROWS.rename(columns={"value": "mean"})
    assert estimates(rows, column="mean").cells == estimates(ROWS).cells


def test_the_banner_says_synthetic_only_where_it_is_and_which_word_to_read(tmp_path):
    assert "synthetic" in banner(made_up.made_up_run(tmp_path, synthetic=True))
    real = banner(made_up.made_up_run(tmp_path, item="artist"))
    assert "synthetic" not in real
    assert "Its items are artists." in real
    assert "Its items" not in banner(made_up.made_up_run(tmp_path, item="item"))
