"""What the chapter on protocols shows, from results that are made up."""

import pytest
from made_up import breakable, estimates, frame, made_up_run

from songrec.errors import DataError
from songrec.pages import protocols

LEVELS = {"popularity": 0.02, "item_knn": 0.09, "ease": 0.091, "edlae": 0.2}


def run(folder, name, protocol, fingerprint, levels=LEVELS, significant=(), cutoff=10, asked=10):
    """Results by MAP and precision; `significant` names pairs whose p is below .05."""
    ranked = sorted(levels, key=lambda model: -levels[model])
    both = ("average_precision", "precision")
    metrics = [[model, metric, cutoff, levels[model]] for metric in both for model in ranked]
    pairs = [(a, b) for place, a in enumerate(ranked) for b in ranked[place + 1 :]]
    differences = [[a, b, "average_precision", cutoff, levels[a] - levels[b]] for a, b in pairs]
    best = [["average_precision", cutoff, model, model == ranked[0]] for model in ranked]
    clear = [set(pair) for pair in significant]
    tests = {"p_holm": [0.01 if set(pair) in clear else 0.4 for pair in pairs]}
    tables = {
        ("evaluate", "metrics"): estimates("model metric k", metrics),
        ("compare", "differences"): estimates("model than metric k", differences).assign(**tests),
        ("compare", "ratios"): frame("model than metric k value", []),
        ("compare", "best"): frame("metric k model best", best),
    }
    facts = {
        "split": {"protocol": protocol, "test": {"holdout": 250}, "test_unseen": 30},
        "ingest": {"fingerprint": fingerprint},
        "tune": {model: {"asked": asked, "capped": False} for model in levels},
    }
    return made_up_run(folder, tables, facts, list(levels), name=name, title=name.upper())


CLEAR = [("popularity", "item_knn"), ("popularity", "ease")]
SWAPPED = LEVELS | {"item_knn": 0.095}


@pytest.fixture
def every(tmp_path):
    return [
        run(tmp_path, "main", "triplet_holdout", "one", significant=CLEAR, asked=20),
        run(tmp_path, "other", "triplet_holdout", "two", significant=CLEAR),
        run(tmp_path, "main-strong", "strong", "one", SWAPPED, significant=CLEAR),
        run(tmp_path, "main-weak", "weak", "one", significant=CLEAR),
        run(tmp_path, "not-comparable", "weak", "three"),
    ]


def test_each_log_under_each_protocol_with_the_models_that_all_share(every):
    columns = protocols.protocols(every).columns
    assert columns["data set"].cells == ["MAIN", *[""] * 8, "OTHER", "", ""]
    ran = [cell for cell in columns["protocol"].cells if cell]
    assert ran == ["weak", "triplet_holdout", "strong", "triplet_holdout"]
    assert columns["model"].cells[:3] == ["EASE", "item-KNN", "popularity"]
    assert columns["users"].cells[:3] == ["100", "", ""]
    assert columns["MAP@10"].cells[0] == "0.091 ± 0.020"
    assert columns["MAP@10"].bold == [True, True, False] * 4
    assert "NDCG@100" not in columns


def test_what_is_held_out(every):
    columns = protocols.hidden(every).columns
    assert columns["held out"].cells == ["250"] * 4
    assert columns["held out per user"].cells == ["2.50"] * 4
    assert columns["Precision@10, popularity"].cells[0] == "0.020 (0.000 to 0.040)"


def test_pairs_in_another_order(every):
    columns = protocols.orders(every).columns
    assert columns["protocols"].cells == ["weak, triplet_holdout", "weak, strong", "triplet_holdout, strong"]
    assert columns["trials"].cells == ["10, 20", "10, 10", "20, 10"]
    assert columns["first"].cells == ["EASE", "EASE, item-KNN", "EASE, item-KNN"]
    assert columns["ranked differently"].cells[:2] == ["0 of 3", "1 of 3: EASE and item-KNN"]
    assert columns["significant under both"].cells == ["0", "0", "0"]
    assert columns["Kendall's tau"].cells == ["1.00", "0.33", "0.33"]


def test_a_reversal_that_is_significant_under_both(tmp_path):
    pair = [("ease", "item_knn")]
    runs = [run(tmp_path, "a", "weak", "one", significant=pair)]
    runs.append(run(tmp_path, "b", "strong", "one", SWAPPED, significant=pair))
    assert protocols.orders(runs).columns["significant under both"].cells == ["1"]
    assert repr(protocols.orders(runs[:1])) == "No log is published under two protocols."


def test_the_challenge_beside_what_was_published(every, tmp_path):
    assert protocols.challenge(every).columns["log"].cells[0] == "published, whole challenge"
    fragment = run(tmp_path, protocols.CHALLENGE, "predefined", "four", cutoff=500)
    made = protocols.challenge([*every, fragment])
    assert made.columns["log"].cells == ["this fragment", *[""] * 3, "published, whole challenge", *[""] * 4]
    assert made.columns["model"].cells[:2] == ["edlae", "EASE"]
    assert made.columns["MAP@500"].bold == [True] + [False] * 8
    assert "30 of the 250 held-out triplets" in made.note


def test_ranks_go_from_protocol_to_protocol(every, tmp_path):
    figure = protocols.ranks(every)
    drawn = figure.drawn[figure.drawn["log"] == "MAIN"]
    assert drawn["protocol"].unique().tolist() == ["weak", "triplet_holdout", "strong"]
    assert set(figure.drawn["log"]) == {"MAIN"}, "a log under one protocol has no line"
    assert "strong item-KNN, EASE, popularity" in figure.alt
    hollow = drawn[(drawn["protocol"] == "weak") & drawn["hollow"]]["model"].tolist()
    assert hollow == ["ease", "item_knn"]
    with pytest.raises(DataError, match="under two protocols"):
        protocols.ranks(every[:2])


def test_findings_tell_of_levels_and_pairs(every, tmp_path):
    text = breakable(protocols.findings(every))
    assert "* **MAIN:** the precision@10 of popularity, which has nothing to tune, is" in text
    assert (
        "`weak` and `triplet_holdout` rank all 3 pairs of models alike; their searches had 10 and 20 trials."
        in text
    )
    assert (
        "`weak` and `strong` rank 1 of 3 pairs of models differently, none of them significantly under both."
        in text
    )
    pair = [("ease", "item_knn"), ("edlae", "item_knn")]
    runs = [run(tmp_path / "x", "a", "weak", "one", significant=pair)]
    runs.append(run(tmp_path / "x", "b", "strong", "one", SWAPPED, significant=pair))
    assert "1 of them significantly under both" in protocols.findings(runs)
