"""Train, visible and hidden files of one's own, from text to result table, by the stages' own code."""

import numpy as np
import pandas as pd
import pytest
from run_notebook import run_notebook

from songrec.errors import DataError
from songrec.tables import read_table

K = 40  # lists as deep as that, as the challenge's are 500


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A training log as CSV with a header and columns in another order; halves in the same form."""
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
        named.loc[rows, ["count", "song", "listener"]].to_csv(folder / f"{name}.csv", index=False)
    return folder, frame[~hidden], frame[hidden]


def run_line(folder, monkeypatch, models, visible="visible.csv", hidden="hidden.csv"):
    """Ingest to evaluation; the result table."""

    def run(notebook, inputs, outputs=(), within="", **parameters):
        tables = run_notebook(monkeypatch, notebook, folder / within, inputs, outputs, **parameters)
        return {name: folder / within / name for name in outputs} | {f"{notebook[3:]}_tables": tables}

    made = run(
        "01_ingest",
        {},
        ("triplets", "rejects", "songs", "interactions", "predefined"),
        source="triplets",
        path=str(folder / "train.csv"),
        columns=["listener", "song", "count"],
        header=True,
        visible=str(folder / visible),
        hidden=str(folder / hidden),
    )
    made = run("03_split", made, ("split",), protocol="predefined", validation=0.3)
    lists = {}
    for model, (estimator, space) in models.items():
        own = {"model": model, "estimator": estimator, "hyperparameters": {}, "space": space, "trials": 2}
        tuned = run("04_tune", made | {"members": {}}, within=model, **own)
        outputs = ("model", "lists", "untuned_lists")
        lists[model] = run("05_train", made | tuned, outputs, within=model, model=model, n=K)["lists"]
    made = run("07_evaluate", made | {"lists": lists}, ("per_user",), cutoffs=[10, K])
    return read_table(made["evaluate_tables"] / "metrics.csv")


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
        run_line(folder, monkeypatch, {}, visible="visible.csv", hidden="visible.csv")
