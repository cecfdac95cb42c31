"""What the page beyond accuracy says, from tables that are made up."""

import pytest
from made_up import estimates, frame, made_up_run, whole

from songrec.pages import beyond, learning_curve, rerank, segments

MODELS = ("popularity", "item_knn", "ease")
LEVELS = {
    "average_precision": (0.02, 0.1, 0.15),
    "serendipity": (0.0, 0.12, 0.11),
    "coverage": (0.01, 0.6, 0.5),
    "gini": (0.99, 0.7, 0.8),
    "lift": (2.0, 0.01, -0.5),
    "novelty": (3.0, 5.0, 4.5),
    "diversity": (0.8, 0.9, 0.85),
}
GROUPS = {"history": ("short", "middle", "long"), "taste": ("niche", "middle", "mainstream")}
GROUPS |= {"hidden song": ("head", "middle", "tail")}


def run(tmp_path, models=MODELS, chosen=0.5, best=("item_knn",), ahead=0.1, half=0.02, ratio=0.96, **options):
    """A made-up run; `ahead` is the lead with a tenth of the log, `ratio` what another order leaves.

    `whole` is the lead with all of the log, `overlap` how alike every two models' lists are.
    """
    every, overlap = options.pop("whole", 0.1), options.pop("overlap", None)

    def told(columns, rows):
        found = estimates(columns, rows, half)
        return found if half else found.assign(ci_low=None, ci_high=None)

    measured = [[m, name, LEVELS[name][MODELS.index(m)]] for m in reversed(models) for name in LEVELS]
    summary = told("model metric", measured)
    summary["best"] = [row[0] in best if row[1] == "serendipity" else None for row in measured]
    lifts = [[m, g, LEVELS["lift"][MODELS.index(m)]] for m in models for g in ("everybody", *GROUPS["taste"])]
    lifts += [["held out", group, 0.05] for group in ("everybody", *GROUPS["taste"])]
    parts = [[by, g, m, 0.1 + 0.1 * i] for by in GROUPS for i, g in enumerate(GROUPS[by]) for m in models]
    classes = [["head", 10, 0.1, 0.3, 0.3], ["middle", 30, 0.3, 0.3, 0.3], ["tail", 60, 0.6, 0.4, 0.4]]
    both = [(m, share) for m in models for share in (1.0, 0.1)]
    lead = [[m, "popularity", s, ahead if s < 1 else every] for m, s in both if m != "popularity"]
    start = {"average_precision": (0.1, -0.02), "diversity": (0.8, 0.2), "coverage": (0.5, 0)}
    tried = [
        [part, value, metric, 10, level + slope * value]
        for part in ("validation", "test")
        for value in (0.0, 0.5)
        for metric, (level, slope) in start.items()
    ]
    changes = [
        [metric, 10, statistic, {"ratio": ratio, "difference": -0.004}.get(statistic, 0.1)]
        for metric in ("average_precision", "recall", "novelty", "diversity")
        for statistic in ("before", "after", "difference", "ratio")
    ]
    caps = [[2, *row] for row in changes] + [
        [2, "artists", 10, statistic, value] for statistic, value in (("after", 7.5), ("difference", 1.5))
    ]
    pairs = [[a, b, overlap or 0.1 + 0.1 * len(b)] for i, a in enumerate(models) for b in models[i + 1 :]]
    tables = {
        "summary": summary,
        "lift": told("model group", lifts),
        "lorenz": frame("model song_share place_share", [[m, x, x * x] for m in models for x in (0, 0.5, 1)]),
        "segments": told("by group model", parts),
        "classes": frame("songs number catalogue listening hidden", classes),
        "learning_curve": told("model share", [[*each, 0.1 * each[1]] for each in both]),
        "learning_kept": told("model share", [[*each, each[1]] for each in both]),
        # Published records know the lower end of a lead alone.
        "learning_lead": told("model than share", lead).assign(value=None, ci_high=None),
        "rerank_curve": told("part lambda metric k", tried),
        "rerank_effect": told("metric k statistic", changes),
        "rerank_caps": told("cap metric k statistic", caps),
        "overlap": told("one other", pairs),
    }
    marks = [["average_precision", 10, m, m == models[-1]] for m in models]
    asked = {"cutoff": 10, "baseline": "popularity", "member": models[-1], "lambda": chosen, "allowed": 0.05}
    named = {("beyond", name): table for name, table in tables.items()}
    named["compare", "best"] = frame("metric k model best", marks)
    return made_up_run(tmp_path, named, {"beyond": asked | options.pop("facts", {})}, models, **options)


def test_facts(tmp_path):
    facts = beyond.facts(run(tmp_path))
    assert facts["first"]["model"] == "ease"
    assert (facts["top"]["model"], facts["as_good"]) == ("item_knn", [])
    signs = {sign: [row["model"] for row in rows] for sign, rows in facts["lifts"].items()}
    assert signs == {"more": ["popularity"], "less": ["ease"], "neither": ["item_knn"]}
    assert facts["lifts"]["less"][0]["value"] == pytest.approx(0.5)
    assert (facts["least"], facts["ahead"], facts["behind"]) == (0.1, ["item_knn", "ease"], {})
    assert facts["apart"]
    assert facts["pairs"][0]["value"] > facts["pairs"][-1]["value"]


@pytest.mark.parametrize(("ratio", "bound"), [(0.98, "kept"), (0.9, "broken"), (0.95, "open")])
def test_the_bound_of_validation_on_test(tmp_path, ratio, bound):
    assert beyond.facts(run(tmp_path, ratio=ratio))["bound"] == bound


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"models": ("popularity",)},
        {"models": ("item_knn", "popularity"), "best": ("item_knn", "popularity")},
        {"best": ("item_knn", "ease", "popularity")},
        {"chosen": 0.0},
        {"ahead": 0.0},
        {"ahead": 0.0, "whole": 0.0},
        {"overlap": 1.0},
        {"half": 0},
        {"item": "movie", "synthetic": True},
    ],
    ids=str,
)
def test_findings_are_whole_sentences_whatever_was_found(tmp_path, options):
    assert options.get("item", "song") in whole(beyond.findings(run(tmp_path, **options)))


def test_a_figure_of_movies_says_nothing_of_songs(tmp_path):
    figure = segments.by_group(run(tmp_path, item="movie"))
    assert "tail hidden movie" in figure.alt
    assert "song" not in figure.alt + figure.caption


def test_what_holds_of_all_is_said_once(tmp_path):
    text = whole(beyond.findings(run(tmp_path, ahead=0.0, whole=0.0, overlap=1.0)))
    assert "With none of these shares is the lead over popularity significant for item-KNN or EASE." in text
    assert "Every two models' lists of 10 songs have the same mean Jaccard index, 1.000." in text


def test_models_that_are_left_out_are_named(tmp_path):
    made = run(tmp_path)
    made.header["models"] |= {"als": {"estimator": "ALS"}, "hybrid": {"estimator": "Hybrid"}, "bpr": {}}
    assert "Of the models of this run, als is not looked at here." in whole(beyond.findings(made))


def test_tables(tmp_path):
    made = run(tmp_path, facts={"known_artists": 0.5})
    shown = beyond.summary(made, ["serendipity", "coverage", "artist_coverage"])
    assert list(shown.columns) == ["model", "MAP@10", "Serendipity@10", "Coverage@10"]
    assert shown.columns["MAP@10"].bold == [True, False, False]
    assert shown.columns["Serendipity@10"].bold == [False, True, False]
    assert "50 %" in shown.note
    assert list(beyond.lift(made).columns) == ["model", "niche", "middle", "mainstream", "everybody"]
    assert len(beyond.all_lifts([made, made], ["ease"])) == 2
    thirds = ["short history", "long history", "niche taste", "mainstream taste"]
    assert list(segments.by_user(made).columns) == ["model", *thirds]
    assert len(segments.all_by_song([made], ["ease"])) == 1
    assert len(segments.all_by_user([made])) == 3
    assert len(rerank.effect(made)) == 4
    row = [column.cells[0] for column in rerank.caps(made).columns.values()]
    assert (row[:2], row[2][:4], row[4][:4]) == (["2", "7.500 ± 0.020"], "+1.5", "96.0")
    column = rerank.all_effects([made]).columns["Made up"].cells
    assert (column[0], column[1][:4], column[-1]) == ("0.5", "96.0", "50.0 ± 2.0 % to 50.0 ± 2.0 %")


def test_titles_mark_what_was_hidden_and_who_is_disputed(tmp_path):
    rows = [["7", "history", None, 1, "A", None], ["7", "recommended", "ease", 1, "B", True]]
    rows += [["7", "recommended", "ease", 2, "C", False]]
    examples = {"titles": frame("user kind model rank label hit", rows)}
    made = beyond.titles(made_up_run(tmp_path, examples, {"lowest_overlap": ["7"]}, stage="beyond"))
    ((name, table),) = made.named.items()
    assert name == "User 7, on whom the models agree least"
    assert table.columns["EASE"].bold == [True, False]
    assert table.columns["history"].cells == ["A", ""]


@pytest.mark.parametrize("models", [MODELS, ("popularity",)], ids=str)
def test_figures_have_a_mark_for_every_model(tmp_path, models):
    made = run(tmp_path, models)
    n = len(models)
    assert [len(axes.containers) for axes in beyond.accuracy_against(made).canvas.axes] == [n] * 4
    assert len(beyond.lorenz(made).canvas.axes[0].lines) == n + 1
    rows = beyond.lift_by_group(made).canvas.axes[0].get_yticklabels()
    assert [text.get_text() for text in rows][-1] == "what they really chose"
    assert len(rows) == n
    assert [len(axes.containers) for axes in segments.by_group(made).canvas.axes] == [n] * 3
    assert len(learning_curve.curves([made, made]).canvas.axes) == 2
    assert [text.get_text() for text in rerank.curve(made).canvas.axes[0].texts] == ["0", "0.5"]
    assert len(beyond.overlap(made).canvas.axes[0].texts) == n * n
