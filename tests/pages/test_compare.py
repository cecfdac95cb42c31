"""What the pages of evaluation and comparison say, from tables that are made up."""

import pytest
from made_up import whole
from made_up_comparison import MAP
from made_up_comparison import compared_run as run

from songrec.pages import compare, evaluate


def test_facts(tmp_path):
    facts = compare.facts(run(tmp_path, alike=["user_knn"]))
    assert facts["best"]["model"] == "item_knn"
    assert [row["model"] for row in facts["alike"]] == ["user_knn"]
    assert facts["gain"]["value"] == pytest.approx(0.09)
    assert facts["level"]["value"] == 0.02
    assert facts["ratio"].value == pytest.approx(5.5)
    assert facts["coverage"] == {"item_knn": 0.5}
    assert facts["top"] == {"item_knn": 0.2, "popularity": 0.2}
    facts = evaluate.facts(run(tmp_path))
    assert facts["served"][0]["model"] == facts["best"] == "item_knn"
    assert facts["gap"]["value"] == 0.01


EDGES = [
    {},
    {"alike": ["user_knn"]},
    {"alike": ["user_knn", "ease"]},
    {"levels": {"popularity": 0.1}},
    {"levels": {"popularity": 0.1, "ease": 0.05}},
    {"levels": {"ease": 0.1, "user_knn": 0.05}},
    {"half": float("nan"), "users": 1, "detectable": float("nan")},
    {"half": 0.2},
    {"coverage": 1.0},
    {"groups": 1, "item": "movie", "synthetic": True},
]


@pytest.mark.parametrize("options", EDGES, ids=str)
def test_findings_are_whole_sentences_whatever_was_found(tmp_path, options):
    made = run(tmp_path, **options)
    for page in (compare, evaluate):
        text = whole(page.findings(made))
        assert made.item == "song" or "song" not in text


def test_no_model_is_said_to_reach_more_where_all_reach_as_much(tmp_path):
    text = whole(compare.findings(run(tmp_path, coverage=1.0)))
    assert "cover 100 % of the songs, and no other model's cover more." in text


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("options", EDGES, ids=str)
def test_tables_and_figures_stand_whatever_was_found(tmp_path, options):
    made = run(tmp_path, **options)
    for name in ("results", "gains", "ratios", "against_best", "pairs", "cost"):
        assert getattr(compare, name)(made)._repr_html_()
    figures = [compare.gains_figure, compare.forest, compare.trade_off, compare.reach]
    figures = [draw(made) for draw in (*figures, evaluate.hits, evaluate.by_activity)]
    for figure in (*figures, compare.by_cutoff(made, ["recall", MAP[0]])):
        assert figure.svg()
        assert "nan" not in figure.alt
    assert len(evaluate.metrics(made)) == 5
    assert len(evaluate.activity(made)) == options.get("groups", 2)


def test_the_best_are_bold_and_what_is_described_is_not(tmp_path):
    made = run(tmp_path, alike=["user_knn"])
    results = compare.results(made)
    assert results.columns["model"].cells == ["item-KNN", "user-KNN", "EASE", "popularity"]
    assert results.columns["MAP@10"].bold == [True, True, False, False]
    assert results.columns["Coverage@10"].cells[0] == "50.0 %"
    assert not any(results.columns["Coverage@10"].bold)
    assert "No value is best" in compare.results(made, ["coverage"]).note
    some = compare.results(made, models=["ease", "user_knn"])
    assert some.columns["MAP@10"].bold == [True, False]


def test_the_forest_has_a_row_a_model_with_interval_and_p(tmp_path):
    axes = compare.forest(run(tmp_path, alike=["user_knn"])).canvas.axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["user-KNN", "EASE", "popularity"]
    bars = [each for each in axes.containers if type(each).__name__ == "ErrorbarContainer"]
    assert [bar.lines[0].get_markerfacecolor() == "none" for bar in bars] == [True, False, False]
    (ends,) = bars[0].lines[2][0].get_segments()
    assert ends[:, 0] == pytest.approx([-0.015, -0.005])
    assert [patch.get_width() / 2 for patch in axes.patches] == pytest.approx([0.004] * 3)
    p = [text.get_text() for text in axes.child_axes[0].get_yticklabels()]
    assert p[:2] == ["p = 0.500", "p = 0.010"]


def test_a_model_far_behind_does_not_take_the_others_room(tmp_path):
    levels = {"popularity": 0.001} | {f"m{place}": 0.4 - place / 1000 for place in range(9)}
    axes = compare.forest(run(tmp_path, levels)).canvas.axes[0]
    assert axes.get_xlim()[0] > -0.03
    (text,) = axes.texts
    assert text.get_text() == "\N{BLACK LEFT-POINTING SMALL TRIANGLE} \N{MINUS SIGN}0.399"
