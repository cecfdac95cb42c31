"""Records of one log under several protocols: who stands in the main tables, and the one table of all."""

import json
from types import SimpleNamespace

import pytest

from songrec.pipeline import publish
from songrec.report.record import HEADLINE, Record, all_on_record, on_record
from songrec.report.record_protocols import CHALLENGE, COLUMNS, PUBLISHED
from songrec.report.record_tables import record_table

LEVELS = {"popularity": 0.02, "item_knn": 0.09, "ease": 0.091, "edlae": 0.2}


def write(folder, profile, protocol, fingerprint, level=1.0, **run):
    """A record with four models, of which the last is not among those of every protocol."""
    (folder / profile).mkdir()
    rows = ["protocol,model,metric,k,value,se,ci_low,ci_high,n_users"]
    for name in [*COLUMNS, "average_precision@500"]:
        metric, k = name.split("@")
        for model, each in LEVELS.items():
            value = level * each
            rows.append(f"{protocol},{model},{metric},{k},{value:.4g},0.002,{value - 0.004:.4g},")
            rows[-1] += f"{value + 0.004:.4g},526"
    (folder / profile / "metrics.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    known = {"profile": profile, "title": profile.upper(), "item": "song", "synthetic": False}
    known |= {"protocol": protocol, "fingerprint": fingerprint, **run}
    (folder / profile / "run.json").write_text(json.dumps(known), encoding="utf-8")


@pytest.fixture
def results(tmp_path):
    write(tmp_path, HEADLINE, "triplet_holdout", "one")
    write(tmp_path, "other", "triplet_holdout", "two")
    write(tmp_path, f"{HEADLINE}-strong", "strong", "one", level=0.5)
    write(tmp_path, f"{HEADLINE}-weak", "weak", "one", level=0.8)
    write(tmp_path, "nobody-s-log", "weak", "three")
    return tmp_path


def test_the_main_tables_hold_one_protocol(results):
    assert [record.profile for record in on_record(results)] == [HEADLINE, "other"]
    assert len(all_on_record(results)) == 5
    (results / HEADLINE / "run.json").unlink()
    assert len(on_record(results)) == 4  # without page one's record none is the main protocol


def test_one_table_of_all_protocols(results):
    made = record_table("protocols", on_record(results))
    cells = made.cells
    assert cells["data set"].tolist() == [HEADLINE.upper(), *[""] * 8, "OTHER", "", ""]
    assert [name for name in cells["protocol"] if name] == [
        "weak",
        "triplet_holdout",
        "strong",
        "triplet_holdout",
    ]
    assert cells["model"].tolist() == ["EASE", "item-KNN", "popularity"] * 4  # EDLAE ran under one only
    assert cells["MAP@10"].tolist()[:3] == ["0.0728 ± 0.0040", "0.0720 ± 0.0040", "0.0160 ± 0.0040"]
    assert cells["users"].tolist()[:3] == ["526", "", ""]
    best = made.strong[:, list(cells.columns).index("MAP@10")]
    assert best.tolist() == [True, True, False] * 4


def test_the_best_among_some(results):
    record = Record.load(HEADLINE, results)
    assert record.not_worse("ndcg@100") == ["edlae"]
    assert record.not_worse("ndcg@100", ["popularity", "item_knn", "ease"]) == ["ease", "item_knn"]


def test_the_challenge_beside_what_was_published(results):
    alone = record_table("challenge", on_record(results))
    assert alone.cells["MAP@500"].tolist() == [f"{value:.4f}" for value in PUBLISHED.values()]
    write(results, CHALLENGE, "given", "four", hidden_triplets=7345, unseen_triplets=1478)
    made = record_table("challenge", on_record(results))
    assert made.cells[""].tolist() == ["this fragment", "", "", "", "published, whole challenge", *[""] * 4]
    assert made.cells["MAP@500"].tolist()[0] == "0.2000 ± 0.0040"
    assert made.strong[:, 3].tolist() == [True] + [False] * 8
    assert "1,478 of the 7,345 hidden triplets" in made.note


def test_a_record_needs_what_it_is_made_from_and_no_more(tmp_path):
    """A run that stopped at the comparison goes on record; a study that has run must be fresh, too."""
    asked = []
    plan = SimpleNamespace(paths=SimpleNamespace(processed=tmp_path), select=asked.append)
    publish._recorded(plan)
    (tmp_path / "tables" / "scale").mkdir(parents=True)
    (tmp_path / "tables" / "explore").mkdir()
    publish._recorded(plan)
    assert asked == [["tuning", "compare"], ["tuning", "compare", "scale"]]
