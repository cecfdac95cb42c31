"""One look for every figure; the same figure is the same bytes."""

import re
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from made_up import made_up_run

from songrec.modelspec import COLOURS, read_models
from songrec.show import style
from songrec.show.figure import Figure, legend, lines, log_scale, points, subplots

PAGES = ("#ffffff", "#121212")
"""The grounds of the book's two themes."""


def luminance(colour: str) -> float:
    channels = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one: str, other: str) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


def looks() -> dict[str, tuple[str, str]]:
    return {label: tuple(each.look) for label, each in read_models().items() if each.look}


def test_every_colour_can_be_seen_on_both_pages():
    colours = [colour for colour, _ in looks().values()]
    colours += [style.INK, *style.ACCENTS, *COLOURS, *(colour for colour, _ in style.GROUPS)]
    assert len(colours) > 10
    for colour in colours:
        for page in PAGES:
            assert contrast(colour, page) >= 3, (colour, page)


def test_no_two_models_share_a_colour_or_a_marker():
    assert len(looks()) > 10
    for one, other in combinations(looks().values(), 2):
        assert one[0] != other[0]
        assert one[1] != other[1]
    assert not {colour for colour, _ in looks().values()} & set(COLOURS)


@pytest.fixture
def drawn(tmp_path) -> Figure:
    run = made_up_run(tmp_path)
    rows = pd.DataFrame(
        {"model": ["popularity"] * 2 + ["ease"] * 2, "k": [1, 10] * 2, "value": [0.1, 0.2, 0.3, 0.4]}
    )
    rows = rows.assign(ci_low=rows["value"] - 0.05, ci_high=rows["value"] + 0.05)
    canvas, (axes,) = subplots()
    lines(axes, rows, "k", run)
    points(axes, rows[rows["k"] == 1], [0.5, 0.6], ["popularity", "ease"], run)
    log_scale(axes.xaxis)
    legend(canvas, axes)
    return Figure(canvas, rows, "What to see.", "What is drawn.")


def test_the_same_figure_is_the_same_bytes_without_a_date_and_its_text_is_text(drawn):
    svg = drawn.svg()
    assert svg == drawn.svg()
    assert not re.search(r"\d{4}-\d\d-\d\d|matplotlib v", svg.lower())
    assert ">popularity</text>" in svg
    assert svg.count(">EASE</text>") == 1


def test_a_notebook_gets_the_picture_the_numbers_and_the_words(drawn):
    data, metadata = drawn._repr_mimebundle_()
    assert set(data) == {"image/svg+xml", "text/plain"}
    assert metadata == {"caption": "What to see.", "alt": "What is drawn."}
    assert data["text/plain"].splitlines()[0] == "What to see."
    assert "0.35" in data["text/plain"]


def test_the_ground_is_transparent(drawn):
    assert not re.search(r'style="fill: #fff', drawn.svg())


def test_very_many_marks_are_pixels(tmp_path):
    rows = pd.DataFrame(
        {"model": "ease", "k": np.arange(3000), "value": np.random.default_rng(0).random(3000)}
    )
    canvas, (axes,) = subplots()
    lines(axes, rows, "k", made_up_run(tmp_path), band=False)
    svg = Figure(canvas, rows, "", "").svg()
    assert "data:image/png;base64" in svg
    assert len(svg) < 200_000


@pytest.mark.parametrize(("share", "text"), [(False, "1,000"), (True, "100000 %")])
def test_logarithmic_ticks_are_plain_numbers(share, text):
    _, (axes,) = subplots()
    axes.plot([1, 1000], [1, 1000])
    log_scale(axes.yaxis, share)
    assert axes.get_yscale() == "log"
    assert axes.yaxis.get_major_formatter()(1000, 0) == text
