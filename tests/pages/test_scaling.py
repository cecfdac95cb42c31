"""What the page of the scaling says, from tables that are made up."""

import pytest
from made_up import frame, made_up_run, whole

from songrec.pages import scaling

MACHINE = "A processor, 2 cores, 16 GiB, Linux, Python 3.11."
ENTRIES = [1000, 4000, 16_000]


def run(tmp_path, slopes=None, ratios=None, logs=3, ease_songs=400, equal=True, **options):
    """Logs of 100, 400 and 1,600 users; steps with these exponents, optimisations with these ratios."""
    slopes = slopes or {"matrix": 1.0, "item_knn": 1.3, "ease": 2.0}
    sizes = [[n // 10, n // 25, n, 10.0, 5 * n] for n in ENTRIES[:logs]]
    cost = [
        [step, users, songs, n, 5 * n, 1e-6 * n**slope, n / 1000, 2, MACHINE]
        for step, slope in slopes.items()
        for users, songs, n, *_ in sizes
        if step != "ease" or songs <= ease_songs
    ]
    exponents = [
        [step, against, logs, slope if logs > 1 else None]
        for step, slope in slopes.items()
        for against in ("entries", "multiply_adds")[: 1 if step == "matrix" else 2]
    ]
    ratios = ratios or {"sparse": 0.5, "partial_sort": 4.0, "in_place": 1.0}
    ways = [
        [what, 500, 200, ratio / 100, 0.01, ratio, 4 * ratio, 4.0, equal, 2, MACHINE]
        for what, ratio in ratios.items()
    ]
    tables = {
        "work": frame("users songs entries songs_per_user pairs", sizes),
        "cost": frame("step users songs entries multiply_adds seconds peak_mb threads machine", cost),
        "exponents": frame("step against logs exponent", exponents),
        "optimisations": frame(
            "what users songs plain better ratio plain_mb better_mb equal threads machine", ways
        ),
    }
    return made_up_run(tmp_path, tables, {"ease_songs": ease_songs}, stage="scaling", **options)


def test_facts_name_what_grows_and_what_pays(tmp_path):
    facts = scaling.facts(run(tmp_path))
    assert [one["step"] for one in facts["steep"]] == ["ease", "item_knn"]
    assert facts["slowest"]["step"] == "ease"
    assert facts["hungriest"]["step"] == "matrix"
    assert facts["without_ease"] == 1
    assert [one["what"] for one in facts["faster"]] == ["partial_sort"]
    assert [one["what"] for one in facts["slower"]] == ["sparse"]
    assert facts["even"] == ["inverse of the item-item matrix"]
    assert facts["saving"]["what"] == "partial_sort"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "EASE was not fitted where the catalogue has more than 400 songs, on 1 of the logs."),
        ({"logs": 1, "synthetic": True}, "nothing can be said of growth."),
        ({"slopes": {"matrix": 0.9, "als": -0.2}}, "No step's time grows faster than the log"),
        ({"slopes": {"matrix": 1.2, "als": 1.5, "fs_slim": 1.4}}, "ALS (1.50), fsSLIM (1.40) and building"),
        (
            {"slopes": {"matrix": 1.2, "als": 1.0}},
            "by the exponents in brackets, for building the matrix (1.20); for the others",
        ),
        ({"ease_songs": 10}, "EASE was not fitted at all: every catalogue has more than 10 songs."),
        ({"ease_songs": 10_000}, "EASE takes most time"),
        ({"equal": False}, "the two ways differ for item-item counts, the top of a list and inverse"),
        ({"ratios": {"sparse": 0.5}}, "None of them is faster on a log of this size. One is slower"),
        ({"ratios": {"sparse": 0.99, "float32": 1.0}}, "No difference in time is seen for item-item counts"),
        ({"ratios": {"sparse": 3, "float32": 2, "factors": 9}}, "All are faster: a few factors instead of"),
        ({"ratios": {"sparse": 0.2, "float32": 0.3}}, "None of them saves memory."),
    ],
)
def test_findings_are_whole_sentences_whatever_was_found(tmp_path, options, said):
    assert said in whole(scaling.findings(run(tmp_path, **options)))


def test_tables_and_figure(tmp_path):
    made = run(tmp_path)
    assert scaling.work(made).columns["entries"].cells == ["1,000", "4,000", "16,000"]
    cost = scaling.cost(made)
    assert cost.columns["step"].cells == ["building the matrix", "item-KNN", "EASE"]
    assert cost.columns["users"].cells == ["1,600", "1,600", "400"]
    exponents = scaling.exponents(made)
    assert exponents.columns["against multiply-adds"].cells == ["", "1.30", "2.00"]
    ways = scaling.optimisations(made)
    assert ways.columns["times as fast"].cells == ["0.5", "4", "1"]
    assert ways.columns["equal"].cells == ["yes"] * 3
    for table in (cost, exponents, ways):
        assert table.note.endswith(f"2 threads; {MACHINE}")
    figure = scaling.cost_lines(made)
    assert [axes.get_xscale() for axes in figure.canvas.axes] == ["log", "log"]
    labels = [line.get_label() for axes in figure.canvas.axes for line in axes.get_lines()]
    assert labels == ["item-KNN (1.30)", "EASE (2.00)", "building the matrix (1.00)"]


def test_one_log_has_no_exponent(tmp_path):
    made = run(tmp_path, logs=1)
    assert scaling.exponents(made).columns["against entries"].cells == ["", "", ""]
    labels = [line.get_label() for axes in scaling.cost_lines(made).canvas.axes for line in axes.get_lines()]
    assert labels[0] == "item-KNN"
