"""Spark gives what the single machine gives: ingest, filters, splits, models, lists and metrics."""

import tracemalloc
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from any_split import log_of_tastes, parts, random_log
from scipy.sparse import csr_array

from songrec.csr import row_of_entries
from songrec.data import Interactions, SyntheticWorld, apply_filters
from songrec.data import read_log as read_here
from songrec.data.rejects import read_rejects
from songrec.data.sources.triplet_files import triplets
from songrec.engines.spark import filters, histories, ingest, lists, models, splits
from songrec.engines.spark.session import Settings, check_spark, session
from songrec.errors import ConfigError, DataError
from songrec.evaluation import evaluate, summarise
from songrec.lists import TopN
from songrec.models import ALS, ItemKNN, Popularity, load_model
from songrec.splits import HeldOut, Split
from songrec.splits.choose import PROTOCOLS

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def spark(tmp_path_factory):
    try:
        check_spark()
    except ConfigError as error:
        pytest.skip(str(error))
    with session(Settings(memory="1g", partitions=3), tmp_path_factory.mktemp("spark")) as started:
        yield started


def frame(spark, log):
    """A log as Spark has it, its rows in no order."""
    order = np.random.default_rng(5).permutation(log.plays.nnz)
    rows = row_of_entries(log.plays)
    times = {
        name: None if (each := getattr(log, name)) is None else each[order] for name in ("first", "last")
    }
    made = {
        "user": log.user_ids[rows[order]],
        "song": log.song_ids[log.plays.indices[order]],
        "plays": log.plays.data[order],
        **times,
    }
    schema = "user string, song string, plays int, first long, last long"
    return spark.createDataFrame(
        pd.DataFrame(made).astype({"first": "Int64", "last": "Int64"}), schema
    ).repartition(3)


def here(split):
    """A split of Spark's in this process."""
    rows = split.rows.sort("user").toPandas()
    user_ids, n = rows["user_id"].to_numpy(str), len(split.song_ids)
    assert rows["user"].tolist() == list(range(split.n_users))
    found = {}
    for part in ("train", "validation", "test"):
        of = getattr(split, part)().sort("user").toPandas()
        users = of["user"].to_numpy(np.int32)
        if part == "train":
            matrix = as_matrix(of["songs"], n, of["plays"])
            full = csr_array((split.n_users, n), dtype=np.int32).tolil()
            full[users] = matrix
            found[part] = csr_array(full.tocsr())
        else:
            plays = dict(zip(rows["user"], zip(rows["songs"], rows["plays"], strict=True), strict=True))
            found[part] = HeldOut(
                users, *(held(of[name], users, plays, n) for name in ("fold_in", "holdout"))
            )
    return Split(split.protocol, split.seed, user_ids, split.song_ids, **found)


def held(lists_of, users, plays, n):
    counts = [
        [dict(zip(*plays[user], strict=True))[song] for song in songs]
        for user, songs in zip(users, lists_of, strict=True)
    ]
    return as_matrix(lists_of, n, pd.Series(counts))


def as_matrix(songs, n, plays):
    indptr = np.concatenate([[0], np.cumsum([len(one) for one in songs])])
    flat = [np.concatenate([np.asarray(one, np.int32) for one in each]) for each in (plays, songs)]
    return csr_array((*flat, indptr.astype(np.int32)), shape=(len(songs), n))


# Ingest

BROKEN = b"""u1\ts1\t3\r
u2\ts1\t0
u2\ts2\tmany
u3\ts\xff\t1
u3\ts1\t1\tmore
u1\ts1\t2
 u4\ts1\t1
u5\ts3\t2147483647
u5\ts3\t5
"""


def asked(tmp_path, kind):
    """Files of a log with faults, and how they are read."""
    if kind == "text":
        for name in ("one", "two"):
            (tmp_path / f"{name}.txt").write_bytes(BROKEN + name.encode() + b"\ts9\t1\n" + BROKEN)
        return {}
    if kind == "csv":
        lines = [f'"u{n}",{n % 7},"a, b",{n % 3}' for n in range(300)]
        (tmp_path / "log.csv").write_text(
            "\n".join(["who,plays,text,what", *lines, "u1,1,c", '"u2",1,d,"x y"'])
        )
        return {"columns": ["who", "what", "plays"]}
    users, songs = [f"u{n % 5}" for n in range(40)], [None if n == 3 else n % 4 for n in range(40)]
    when = pa.array([1_500_000_000 + 1000 * n for n in range(40)], pa.timestamp("s"))
    pq.write_table(pa.table({"who": users, "what": songs, "when": when}), tmp_path / "events.parquet")
    return {"columns": ["who", "what"], "time": "when"}


@pytest.mark.parametrize("kind", ["text", "csv", "events"])
def test_every_line_is_taken_or_rejected_as_on_one_machine(kind, spark, tmp_path):
    (tmp_path / "log").mkdir()
    options = asked(tmp_path / "log", kind)
    source = triplets(tmp_path / "log", **options)
    report, log = read_here(source, tmp_path / "rejects.parquet", 1.0)
    found = ingest.read_log(spark, [str(tmp_path / "log")], **options, name=source.name, max_reject_share=1.0)
    assert replace(found.report, first_rejects=[]) == replace(report, first_rejects=[])
    assert [tuple(row) for row in found.rejects.sort("file", "line").collect()] == sorted(
        map(tuple, read_rejects(tmp_path / "rejects.parquet"))
    )
    assert found.report.first_rejects == sorted(found.report.first_rejects)
    rows = found.triplets.sort("user", "song").collect()
    row = row_of_entries(log.plays)
    keys = zip(log.user_ids[row].tolist(), log.song_ids[log.plays.indices].tolist(), strict=True)
    assert [(one.user, one.song) for one in rows] == list(keys)
    assert [one.plays for one in rows] == log.plays.data.tolist()
    if log.first is not None:
        assert [(one.first, one.last) for one in rows] == list(
            zip(log.first.tolist(), log.last.tolist(), strict=True)
        )


def test_numbers_of_lines_go_through_a_file_that_is_read_in_pieces(spark, tmp_path):
    text = "".join(f"u{n % 50}\ts{n % 90}\t{n % 11}\n" for n in range(5000))
    (tmp_path / "log.txt").write_text(text)
    report, _ = read_here(triplets(tmp_path / "log.txt"), tmp_path / "rejects.parquet", 1.0)
    spark.conf.set("spark.sql.files.maxPartitionBytes", "7000")
    try:
        found = ingest.read_log(spark, [str(tmp_path / "log.txt")], name="log.txt", max_reject_share=1.0)
        assert found.report == report
        assert found.rejects.count() == report.n_rejected
        expected = [one.line for one in read_rejects(tmp_path / "rejects.parquet")]
        assert sorted(row.line for row in found.rejects.collect()) == expected
    finally:
        spark.conf.unset("spark.sql.files.maxPartitionBytes")


def test_a_log_that_is_mostly_broken_is_refused(spark, tmp_path):
    (tmp_path / "log.txt").write_bytes(BROKEN)
    with pytest.raises(DataError, match=r"lines read were rejected .*\n  log.txt:2: plays below 1"):
        ingest.read_log(spark, [str(tmp_path / "log.txt")])


# Filters, codes, splits

LOG = random_log(seed=0, users=60, songs=40, density=0.3)


@pytest.mark.parametrize(
    "asked", [{"min_listeners": 14, "min_songs": 9}, {"core": 8}, {"remove": ["s01", "s33"]}]
)
def test_filters(spark, asked):
    log, steps = apply_filters(LOG, **asked)
    found, taken = filters.apply_filters(frame(spark, LOG), **asked)
    assert taken == steps
    heard = histories.histories(found)
    rows = heard.rows.sort("user").toPandas()
    user = np.repeat(np.arange(len(rows)), rows["songs"].map(len))
    columns = (np.concatenate(rows[name].to_numpy()) for name in ("songs", "plays"))
    again = Interactions.from_codes(user, *columns, rows["user_id"].to_numpy(str), heard.song_ids)
    assert (again.user_ids == log.user_ids).all()
    assert (again.song_ids == log.song_ids).all()
    assert (again.plays != log.plays).nnz == 0


ALL = {
    "test": 0.3,
    "validation": 0.2,
    "min_listeners": 14,
    "min_songs": 9,
    "validation_users": 12,
    "test_users": 15,
    "holdout": 0.25,
}


@pytest.mark.parametrize(
    ("protocol", "changed"),
    [
        ("weak_hashed", {}),
        ("weak_hashed", {"test": 0.02, "validation": 0.03}),
        ("strong_hashed", {}),
        ("temporal_hashed", {"until": ""}),
        ("temporal_hashed", {"until": "0.6"}),
        ("temporal_hashed", {"until": "1970-01-30"}),
    ],
)
def test_a_split_is_the_single_machines_id_by_id(spark, protocol, changed):
    options = ALL | {"until": ""} | changed
    own = {name: options[name] for name in PROTOCOLS[protocol].__kwdefaults__ if name != "seed"}
    expected = PROTOCOLS[protocol](LOG, seed=4, **own)
    found = here(splits.divide(protocol, frame(spark, LOG), 4, **options))
    assert (found.protocol, found.seed) == (protocol, 4)
    assert (found.user_ids == expected.user_ids).all()
    assert (found.song_ids == expected.song_ids).all()
    assert parts(found) == parts(expected)


def test_protocols_that_follow_an_order_are_refused(spark):
    with pytest.raises(
        ConfigError, match="divides by weak_hashed, strong_hashed, temporal_hashed, not by 'weak'"
    ):
        splits.divide("weak", None, 0)


# Models, lists, metrics


@pytest.fixture(scope="module")
def divided(spark):
    log = log_of_tastes(150, 60)
    split = PROTOCOLS["weak_hashed"](log, test=0.3, validation=0.1, seed=1)
    there = splits.divide("weak_hashed", frame(spark, log), 1, test=0.3, validation=0.1)
    train = there.final_train()
    return SimpleNamespace(
        here=split,
        there=there,
        train=train,
        n=len(there.song_ids),
        counts=models.song_counts(train, len(there.song_ids)),
    )


def same_arrays(one, other):
    for part in ("data", "indices", "indptr"):
        a, b = getattr(one, part), getattr(other, part)
        assert (a.dtype, a.tobytes()) == (b.dtype, b.tobytes()), part


@pytest.mark.parametrize("by", ["listeners", "plays"])
def test_popularity(divided, by):
    expected = Popularity(by).fit(divided.here.final_train())
    assert (models.popularity(divided.counts, by=by).popularity_ == expected.popularity_).all()


@pytest.mark.parametrize(
    "parameters",
    [
        {"neighbours": 7},
        {"neighbours": 100, "shrink": 3.0, "q": 2.0},
        {"similarity": "asymmetric", "alpha": 0.3, "neighbours": 9},
        {"similarity": "tversky", "alpha": 0.2, "beta": 1.5, "neighbours": 9},
        {"similarity": "jaccard", "neighbours": 5},
    ],
)
def test_neighbours_are_the_single_machines_to_the_last_bit(divided, parameters, monkeypatch):
    monkeypatch.setattr(models, "CELLS", int(divided.counts["beside"].sum()) // 5)
    assert models.blocks_of(divided.counts["beside"]).max() >= 4
    expected = ItemKNN(**parameters).fit(divided.here.final_train())
    found = models.item_knn(divided.train, divided.counts, **parameters)
    same_arrays(found.similarity_, expected.similarity_)


def test_weights_that_spark_does_not_compare_are_refused(divided):
    with pytest.raises(ConfigError, match="weighting binary"):
        models.item_knn(divided.train, divided.counts, weighting="bm25")


def test_folding_in_finds_sparks_own_vectors(divided):
    """To 1e-4 of the longest vector: Spark rounds what it finds to single precision."""
    asked = {"factors": 8, "regularization": 0.05, "alpha": 5.0, "epochs": 4}
    model, vectors = models.als(divided.train, divided.n, **asked)
    vectors = vectors.sort("id").toPandas()
    users, expected = vectors["id"].to_numpy(), np.stack(vectors["features"].to_numpy())
    found = model._encode_users(divided.here.final_train()[users], users)
    assert np.abs(found - expected).max() < 1e-4 * np.abs(expected).max()


def test_sparks_objective_is_ours_with_a_penalty_for_each_entry(divided):
    asked = {"factors": 8, "regularization": 0.05, "alpha": 5.0, "epochs": 12}
    train = divided.here.final_train()
    ours = ALS(**asked, penalty="entries").fit(train)
    theirs, _ = models.als(divided.train, divided.n, **asked)
    one, other = (objective(model, train) for model in (ours, theirs))
    assert one == pytest.approx(other, rel=0.02)
    plain = ALS(**asked).fit(train)
    assert objective(plain, train) > 1.2 * one


def objective(model, train):
    """What both minimise, with the users' vectors that are best for the songs'."""
    heard = (train.toarray() > 0).astype(float)
    users = np.zeros((len(heard), model.factors))
    songs = model.song_factors_.astype(float)
    for user, row in enumerate(heard):
        confidence = 1 + model.alpha * row
        penalty = model.regularization * row.sum() * np.eye(model.factors)
        users[user] = np.linalg.solve(songs.T * confidence @ songs + penalty, songs.T @ (confidence * row))
    residuals = (1 + model.alpha * heard) * (heard - users @ songs.T) ** 2
    lengths = heard.sum(1) @ (users**2).sum(1) + heard.sum(0) @ (songs**2).sum(1)
    return residuals.sum() + model.regularization * lengths


def test_lists_and_metrics_are_the_single_machines(divided, tmp_path):
    test, train = divided.here.test, divided.here.final_train()
    fitted = models.item_knn(divided.train, divided.counts, neighbours=20)
    fitted.save(tmp_path / "model")
    songs, scores = load_model(tmp_path / "model").recommend(test.fold_in, 15, users=test.users)
    ranked = lists.recommend(fitted, divided.there.test(), 15)
    found = ranked.sort("user").toPandas()
    assert (found["user"] == test.users).all()
    assert (np.stack(found["songs"].to_numpy()) == songs).all()
    assert np.stack(found["scores"].to_numpy()).astype(np.float32).tobytes() == scores.tobytes()
    expected = evaluate(TopN(test.users, songs, scores), test.holdout, train, [5, 10]).per_user
    values = lists.per_user(ranked, divided.n, [5, 10])
    measured = values.sort("user").toPandas().set_index("user")
    assert np.abs(measured - expected[measured.columns]).to_numpy().max() < 1e-12
    means = lists.summary(values)
    reference = summarise(expected[measured.columns])
    assert means[["metric", "k", "n_users"]].equals(reference[["metric", "k", "n_users"]])
    assert np.allclose(means[["value", "se"]], reference[["value", "se"]], atol=1e-12)
    assert (means["ci_low"] <= means["value"]).all()


def test_the_driver_does_not_grow_with_the_users(spark, tmp_path):
    """Ten times the users of one catalogue: the whole line takes the driver's Python the same memory."""

    def peak(users):
        path = tmp_path / f"{users}.parquet"
        columns = (
            np.concatenate(each) for each in zip(*SyntheticWorld(users, 200, 1).triplets(), strict=True)
        )
        pq.write_table(pa.table(dict(zip(("user", "song", "plays"), columns, strict=True))), path)
        tracemalloc.start()
        try:
            log = ingest.read_log(spark, [str(path)]).triplets
            split = splits.divide(
                "weak_hashed", filters.apply_filters(log, core=2)[0], 0, test=0.2, validation=0.1
            )
            train, n = split.final_train(), len(split.song_ids)
            model = models.item_knn(train, models.song_counts(train, n), neighbours=20)
            lists.summary(lists.per_user(lists.recommend(model, split.test(), 20), n, [10]))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(200)  # what is imported and kept once
    assert peak(3000) < 1.25 * peak(300) + 100_000
