"""The look of the figures."""

import subprocess
import sys
from itertools import combinations

import pytest

from songrec.report import style
from songrec.report.style import _MODELS, _OTHERS


def test_no_two_models_share_a_colour_or_a_marker():
    looks = [(style.colour(name), style.marker(name)) for name in _MODELS]
    for one, other in combinations(looks, 2):
        assert one[0] != other[0]
        assert one[1] != other[1]


def test_known_models_and_others_never_look_alike():
    assert not {colour for colour, _, _ in _MODELS.values()} & set(_OTHERS)


def test_an_unknown_model_has_the_same_look_in_every_process():
    code = "from songrec.report.style import colour, marker; print(colour('my_model'), marker('my_model'))"
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "12"
    }
    assert seen == {f"{style.colour('my_model')} {style.marker('my_model')}\n"}


def test_the_same_figure_is_the_same_bytes():
    pictures = []
    for _ in range(2):
        figure, (axes,) = style.chart()
        axes.plot([1, 10], [0.1, 1], label="a line")
        style.log_scale(axes.xaxis)
        style.key(figure, axes)
        pictures.append(figure._repr_png_())
    assert pictures[0] == pictures[1]
    assert pictures[0].startswith(b"\x89PNG")
    assert b"matplotlib" not in pictures[0].lower()


@pytest.mark.parametrize(("share", "text"), [(False, "1,000"), (True, "100000 %")])
def test_logarithmic_ticks_are_plain_numbers(share, text):
    figure, (axes,) = style.chart()
    axes.plot([1, 1000], [1, 1000])
    style.log_scale(axes.yaxis, share)
    assert axes.get_yscale() == "log"
    assert axes.yaxis.get_major_formatter()(1000, 0) == text
    assert repr(figure) == "<figure of 1 panel>"


def test_figures_need_no_pyplot():
    drawing = "songrec.report.figures_models, songrec.report.figures_log"
    code = f"import sys, {drawing}; print('matplotlib.pyplot' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
