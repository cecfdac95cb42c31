"""Train, visible and hidden files of one's own, from text to result table, by the stages' own code."""

import numpy as np
import pandas as pd
import pytest
from test_leakage import run_notebook

from songrec.errors import DataError
from songrec.evaluation import load_results
from songrec.pipeline.stage import Stage

K = 40  # lists as deep as that, as the challenge's are 500


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A training log as CSV with a header and columns in another order; halves in the usual form."""
    folder = tmp_path_factory.mktemp("own")
    random = np.random.default_rng(4)
    likes = np.arange(150)[:, None] % 3 == np.arange(70) % 3
    user, song = np.nonzero(random.random((150, 70)) < np.where(likes, 0.4, 0.05))
    frame = pd.DataFrame({"user": np.char.mod("u%03d", user), "song": np.char.mod("s%02d", song)})
    frame["plays"] = random.integers(1, 20, len(frame))
    tested = frame["user"] >= "u110"
    hidden = tested & (random.random(len(frame)) < 0.5)
    named = frame.rename(columns={"plays": "count", "user": "listener"})
    named.loc[~tested, ["count", "song", "listener"]].to_csv(folder / "train.csv", index=False)
    for name, rows in (("visible", tested & ~hidden), ("hidden", hidden)):
        frame[rows].to_csv(folder / f"{name}.txt", sep="\t", header=False, index=False)
    return folder, frame[~hidden], frame[hidden]


def run_line(folder, monkeypatch, models, visible="visible.txt", hidden="hidden.txt"):
    """Ingest to evaluation; the result table."""
    at = {name: folder / name for name in ("triplets", "rejects", "songs", "interactions", "given", "split")}
    at |= {"report": folder / "ingest.json", "split_report": folder / "split.json"}
    at |= {"per_user": folder / "per_user", "metrics": folder / "metrics.csv"}

    def run(notebook, name, inputs, outputs, **parameters):
        stage = Stage(name, "tiny", inputs, outputs, folder / f"unfinished.{notebook}")
        run_notebook(notebook, stage, monkeypatch, **parameters)

    def of(*names):
        return {name: at[name] for name in names}

    run(
        "01_ingest",
        "ingest",
        {},
        of("triplets", "rejects", "songs", "report", "interactions", "given"),
        source="triplets",
        path=str(folder / "train.csv"),
        columns=["listener", "song", "count"],
        header=True,
        visible=str(folder / visible),
        hidden=str(folder / hidden),
    )
    run(
        "03_split",
        "split",
        of("interactions", "given", "report"),
        of("split", "split_report"),
        protocol="predefined",
        validation=0.3,
    )
    tuned, lists = {}, {}
    for model, (estimator, space) in models.items():
        made = {name: folder / f"{name}.{model}" for name in ("tuned", "trials", "search_cost")}
        made |= {name: folder / f"{name}.{model}" for name in ("model", "lists", "untuned_lists", "cost")}
        tuned[model], lists[model] = made["tuned"], made["lists"]
        named = {"model": model, "estimator": estimator}
        common = of("split", "split_report")
        searched = {"hyperparameters": {}, "space": space, "trials": 2}
        run("04_tune", "tune", common | {"members": {}}, made, **named, **searched)
        run("05_train", "train", common | {"tuned": tuned[model]}, made, **named, n=K)
    run(
        "06_evaluate",
        "evaluate",
        of("split", "split_report") | {"tuned": tuned, "lists": lists},
        of("per_user", "metrics"),
        cutoffs=[10, K],
    )
    return load_results(at["metrics"])


def map_at(k, lists, hidden):
    """Mean over the users with something hidden of AP / min(n, k), one user and one place at a time."""
    found = []
    for user, songs in hidden.groupby("user")["song"]:
        wanted, hits, total = set(songs), 0, 0.0
        for place, song in enumerate(lists[user][:k], start=1):
            if song in wanted:
                hits += 1
                total += hits / place
        found.append(total / min(len(wanted), k))
    return float(np.mean(found)), len(found)


def test_own_files_get_the_same_treatment(files, monkeypatch):
    folder, known, hidden = files
    models = {
        "popularity": ("Popularity", {}),
        "item_knn": ("ItemKNN", {"neighbours": {"low": 5, "high": 60, "log": True}}),
    }
    metrics = run_line(folder, monkeypatch, models)
    rows = metrics[(metrics["metric"] == "average_precision")].set_index(["model", "k"])
    charts = known.groupby("song")["user"].nunique().sort_index().sort_values(ascending=False, kind="stable")
    heard = known.groupby("user")["song"].agg(set)
    lists = {user: [song for song in charts.index if song not in heard[user]] for user in heard.index}
    for k in (10, K):
        expected, users = map_at(k, lists, hidden)
        assert rows.loc[("popularity", k), "value"] == pytest.approx(expected, rel=1e-3)
        assert rows.loc[("popularity", k), "n_users"] == users
        assert rows.loc[("item_knn", k), "value"] > 1.5 * expected
    assert set(metrics["protocol"]) == {"predefined"}


def test_a_hidden_triplet_that_is_also_visible_stops_the_line(files, monkeypatch):
    folder, _, _ = files
    with pytest.raises(DataError, match="hidden triplets are also known"):
        run_line(folder, monkeypatch, {}, visible="visible.txt", hidden="visible.txt")
