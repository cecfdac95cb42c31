"""Published runs side by side: what accuracy costs, where to start, and where numbers come from."""

import numpy as np
from made_up import breakable, estimates, frame, write
from made_up_comparison import compared_run

from songrec.pages import benchmark, brief
from songrec.pages import situations as where_to_start
from songrec.results import Results

MODELS = {"popularity": 0.02, "item_knn": 0.11, "user_knn": 0.10, "ease": 0.12, "blend": 0.13}
FORMULAS = {"popularity": "8 * songs", "item_knn": "12 * songs", "user_knn": "16 * entries"}
FORMULAS["ease"] = "4 * songs ** 2"


def run(tmp_path, name="made-up", alike=("ease",), fits=(0.01, 0.5, 0.2, 2.0, 3.0), newcomers=True, **ingest):
    """A published run of five models, one of them made of others."""
    made = compared_run(tmp_path, MODELS, alike=alike, name=name)
    machine = {"processor": "P", "cores": 1, "memory_gib": 1.5, "system": "S", "python": "3"}
    header = made.header | {"machine": machine, "packages": {"numpy": "2"}, "seeds": {"split": 0}}
    header |= {"fingerprint": "f", "commit": "c", "date": "d", "title": f"Log, {name}"}
    for model, formula in FORMULAS.items():
        header["models"][model]["memory"] = formula
    header["models"]["blend"]["members"] = ["ease", "item_knn"]
    size = {"users": 10, "songs": 100, "triplets": 500}
    reached = MODELS | {"popularity": None}
    tuned = {m: {"hyperparameters": {}, "capped": m == "user_knn", "value": reached[m]} for m in MODELS}
    split = {"protocol": "triplet_holdout", "parameters": {"test": 0.2}, "test_unseen": 0}
    facts = {
        "ingest": size | {"read": size, "filters": {"core": 5, "min_songs": 1}, "known_titles": 0.5} | ingest,
        "split": split | {"test": {"users": 10, "holdout": 50}},
        "tune": tuned,
    }
    cost = made.table("train", "cost").assign(fit_seconds=fits, recommend_ms_per_user=[1, 2, 3, 0.5, 9])
    tables = {("train", "cost"): cost}
    if newcomers:
        values = [[m, n, v if n or m == "popularity" else 0.0] for m, v in MODELS.items() for n in (0, 5)]
        curve = estimates("model shown", values, 0.006).assign(metric="average_precision", k=10)
        tables["cold_start", "curve"] = curve
    write(made.folder, tables, facts)
    return Results(name, made.folder, header)


def situations(*args, full=None, **options):
    found = where_to_start.situations(run(*args, **options), full)
    return {row["situation"].split(",")[0]: row for row in found}


def test_where_to_start_follows_from_the_numbers(tmp_path):
    found = situations(tmp_path)
    first = found["accuracy first"]
    assert (first["model"], first["rival"]) == ("ease", "item_knn")
    assert first["measured"] == "MAP@10 0.1200 ± 0.0050"
    assert first["differ"].startswith("yes, by 0.010")
    assert found["fitted within a second"]["model"] == "item_knn"
    assert found["fitted within a second"]["measured"].endswith("; 0.5 s")
    fastest = found["fastest list"]
    assert (fastest["model"], fastest["rival"], fastest["differ"]) == (
        "ease",
        "item_knn",
        "yes: 4.0 times as much",
    )
    assert found["least memory"]["differ"] == "no: 1.0 times as much"
    newcomer = found["new users with 5 known songs"]
    assert (newcomer["model"], newcomer["rival"]) == ("ease", "item_knn")
    assert newcomer["differ"] == "not shown: the intervals overlap"
    assert found["users without a history"]["model"] == "popularity"
    assert found["users without a history"]["differ"] == "no other has a list"


def test_what_may_be_chance_is_not_called_a_difference(tmp_path):
    first = situations(tmp_path, alike=("ease", "item_knn", "user_knn"), newcomers=False)
    assert first["accuracy first"]["differ"].startswith("not shown: 0.010")
    assert "new users with 5 known songs" not in first


def test_a_row_that_nothing_measured_is_not_there(tmp_path):
    assert "fitted within a second" not in situations(tmp_path, fits=[2.0] * 5)
    assert not any("catalogue of" in name for name in situations(tmp_path))


def test_a_large_catalogue_takes_a_model_that_was_fitted_at_full_size(tmp_path):
    full = run(tmp_path, "full", users=1_000_000, songs=380_000)
    few = full.table("train", "cost")
    few = few[few["model"].isin(["user_knn", "popularity"])].assign(fit_seconds=[1, 60], peak_mb=4000)
    write(full.folder, {("train", "cost"): few}, {})
    full = Results("full", full.folder, full.header | {"synthetic": True})
    found = situations(tmp_path, full=full)["a catalogue of 380"]
    assert (found["model"], found["rival"]) == ("user_knn", "popularity")
    assert found["measured"].startswith(
        "fitted in 60 s, 4 GB at the peak, on a synthetic log of 1,000,000 users"
    )


def test_the_front_is_what_no_other_equals_for_less():
    levels = {"cheap": 0.1, "same": 0.1, "dear": 0.2, "wasteful": 0.15, "best": 0.3}
    rows = frame("model value s", [[*each, s] for s, each in enumerate(levels.items(), 1)])
    assert benchmark.front(rows, "s") == ["cheap", "dear", "best"]


def test_every_log_is_a_column_with_its_own_marks(tmp_path):
    runs = [run(tmp_path, "a"), run(tmp_path, "b", alike=())]
    made = benchmark.across(runs)
    assert made.columns["model"].cells == ["blend", "EASE", "item-KNN", "user-KNN", "popularity"]
    assert made.columns["Log, a"].bold[:2] == [True, True]
    assert made.columns["Log, b"].bold[:2] == [True, False]
    assert made.columns["Log, a"].cells[3].endswith("†")
    assert "† Its search was ended" in made.note
    assert benchmark.across(runs, models=["ease"]).columns["model"].cells == ["EASE"]


def test_what_validation_would_have_chosen_stands_beside_the_first_on_test(tmp_path):
    made = benchmark.selection([run(tmp_path)])
    assert made.columns["chosen by validation"].cells == ["blend", "EASE"]
    assert made.columns["ahead by"].cells == ["same model"] * 2


def test_what_all_logs_share_is_said_once(tmp_path):
    made = benchmark.provenance([run(tmp_path, "a"), run(tmp_path, "b", users=7)])
    assert made.columns[""].cells == ["filtered"]
    assert "filters: core of 5;" in made.note
    assert "as read: 10 users, 100 items, 500 triplets" in made.note
    assert len(benchmark.datasets([run(tmp_path, "c")])) == 2


def test_figures_say_their_numbers(tmp_path):
    runs = [run(tmp_path, "a"), run(tmp_path, "b")]
    for figure in (benchmark.headline(runs), benchmark.cost(runs[0])):
        assert figure.svg()
        assert "EASE" in figure.alt
    assert "fit (s): popularity, user-KNN †, item-KNN" in breakable(benchmark.cost(runs[0]).alt)


def test_evaluators_stand_side_by_side(tmp_path):
    made_up = run(tmp_path)
    rows = [
        ["songrec", "1", 8, 5, 10, 100, 0.017, 0.017, 9, 1.0, "A machine."],
        ["ranx", "2", 7, 5, 10, 100, np.nan, 1, 9, 1, ""],
        ["lenskit", "3", 4, 5, 10, 100, 26.46, 26.4, 1, 1533, "A machine."],
    ]
    (tmp_path / "bench").mkdir()
    names = "evaluator version metrics cutoffs users n seconds cpu_seconds runs times machine"
    frame(names, rows).to_csv(tmp_path / "bench" / "evaluators.csv", index=False)
    made = benchmark.evaluators([made_up])
    assert made.columns["evaluator"].cells == ["this project 1", "LensKit 3"]
    assert made.columns["5 cut-offs, ms"].cells == ["17", "26,500"]
    assert "LensKit with 5 cut-offs: 1 run. A machine." in made.note


def test_the_readme_names_the_log_and_where_to_start(tmp_path):
    text = benchmark.readme(run(tmp_path))
    assert "**Log, made-up** (10 users, 100 songs and 500 triplets)" in text
    assert "accuracy first" in text
    assert "the book has all 5" in text


def test_the_brief_is_read_backwards(tmp_path):
    made = brief.implied(run(tmp_path))
    cells = {name: cells for (name, *cells) in zip(*(of.cells for of in made.columns.values()), strict=True)}
    assert cells["songs held out per user, 10 × P@10 / R@10 of popularity"] == ["15", "10.0"]
    assert cells["songs in popularity's lists"] == ["", "1"]
    assert cells["precision@10 of item-KNN over that of popularity"][0] == "2.8"
    beside = brief.brief([run(tmp_path, "b")])
    assert len(beside) == 12
    assert beside.columns["brief"].cells[-1] == "52 %"


def test_the_front_is_named_in_the_drawing(tmp_path):
    svg = benchmark.cost(run(tmp_path)).svg()
    for name in ("popularity", "blend"):
        assert f">{name}</text>" in svg


def test_findings_say_who_leads_and_what_is_no_better_than_popularity(tmp_path):
    text = breakable(benchmark.findings([run(tmp_path, "a"), run(tmp_path, "b", alike=list(MODELS))]))
    assert "* **Log, a:** blend leads with MAP@10 0.1300 (0.1250 to 0.1350)" in text
    assert "and among models that run no others EASE with" in text
    assert "Not significantly worse than the first is EASE." in text
    assert "Every model is significantly better than popularity." in text
    assert "Not significantly better than popularity: blend, EASE, item-KNN and user-KNN †." in text
    assert "it would have chosen EASE, the same." in text
