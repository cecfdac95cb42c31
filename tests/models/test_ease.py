"""EASE and EDLAE against the papers' formulas, and on real data."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from songrec import measure
from songrec.data import Interactions
from songrec.errors import ConfigError, DataError
from songrec.models import EASE, dense, ease, load_model
from songrec.splits import triplet_holdout


def world(seed=0, users=200, songs=40):
    """Who heard what: popularity falls steeply, and the last song is heard by nobody."""
    random = np.random.default_rng(seed)
    heard = random.random((users, songs)) < 0.6 * np.linspace(1, 0, songs) ** 2
    heard[:, -1] = False
    return heard.astype(np.float64)


def closed_form(heard, l2, dropout=0.0):
    """Steck 2019, equation 8, and Steck 2020, in double precision with NumPy's inverse."""
    counts = heard.T @ heard
    inverse = np.linalg.inv(counts + np.diag(l2 + dropout / (1 - dropout) * np.diag(counts)))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return weights


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("l2", [1, 40.0, 1000.0])
def test_the_formula(l2, dropout):
    heard = world()
    model = EASE(l2, dropout).fit(csr_array(heard))
    assert model.weights_.dtype == np.float32
    assert np.abs(model.weights_ - closed_form(heard, l2, dropout)).max() < 2e-6
    assert (np.diag(model.weights_) == 0).all()
    assert (model.weights_[-1] == 0).all()
    assert (model.weights_[:, -1] == 0).all()


def test_each_column_is_the_ridge_regression_of_a_song_on_all_others():
    heard, l2 = world(songs=12), 7.0
    weights = EASE(l2).fit(csr_array(heard)).weights_
    for song in range(12):
        others = np.arange(12) != song
        inputs = np.vstack([heard[:, others], np.sqrt(l2) * np.eye(11)])
        solution = np.linalg.lstsq(inputs, np.append(heard[:, song], np.zeros(11)))[0]
        assert weights[others, song] == pytest.approx(solution, abs=1e-6)


def test_dropout_is_the_least_expected_loss_over_all_ways_to_hide_songs():
    """Every subset of the others may remain, scaled by 1/(1-p): one least-squares problem, spelt out."""
    heard, p, l2, songs = world(users=30, songs=6), 0.4, 3.0, 6
    weights = EASE(l2, p).fit(csr_array(heard)).weights_
    for song in range(songs):
        others = [other for other in range(songs) if other != song]
        inputs, targets = [np.sqrt(l2) * np.eye(songs - 1)], [np.zeros(songs - 1)]
        for remains in product([0, 1], repeat=songs - 1):
            chance = np.prod([1 - p if stays else p for stays in remains])
            inputs.append(np.sqrt(chance) * heard[:, others] * remains / (1 - p))
            targets.append(np.sqrt(chance) * heard[:, song])
        solution = np.linalg.lstsq(np.vstack(inputs), np.concatenate(targets))[0]
        assert weights[others, song] == pytest.approx(solution, abs=1e-6)


def test_lists_hold_the_highest_positive_scores():
    heard = world()
    model = EASE(20.0).fit(csr_array(heard))
    scores = heard @ closed_form(heard, 20.0)
    songs, values = model.recommend(csr_array(heard), 40)
    for user, (row, value) in enumerate(zip(songs, values, strict=True)):
        row, value = row[row >= 0], value[row >= 0]
        candidates = np.flatnonzero((heard[user] == 0) & (scores[user] > 1e-6))
        assert set(candidates) <= set(row)
        assert value == pytest.approx(scores[user, row], abs=1e-5)
        assert (value > 0).all()
    assert (songs == -1).any()  # some are below zero, so that the sign was tested


def test_similar_songs_are_the_list_of_who_heard_that_song_alone(monkeypatch):
    model = EASE(20.0).fit(csr_array(world()))
    monkeypatch.setattr("songrec.models.base.CELLS", 100)  # two songs at a time
    similar = model.similar_songs(np.arange(40), 5)
    listed = model.recommend(csr_array(np.eye(40)), 5)
    assert (similar[0] == listed[0]).all()
    assert (similar[1] == listed[1]).all()
    assert model.similar_songs(np.array([], int), 5)[0].shape == (0, 5)


def test_counts_are_made_by_blocks(monkeypatch):
    heard = world()
    monkeypatch.setattr(dense, "COUNTED", 7)
    assert (dense.common_listeners(csr_array(heard, dtype=np.float32)) == heard.T @ heard).all()


@pytest.mark.parametrize("l2", [0, -1.0, np.inf, np.nan, "40", True, None])
def test_an_l2_that_makes_no_sense(l2):
    with pytest.raises(ConfigError, match=r"l2 must be .*, not "):
        EASE(l2).fit(csr_array(np.eye(3)))


@pytest.mark.parametrize("dropout", [1, 1.0, -0.1, np.nan, "0.5", None])
def test_a_dropout_that_makes_no_sense(dropout):
    with pytest.raises(ConfigError, match=r"dropout must be .*, not "):
        EASE(1.0, dropout).fit(csr_array(np.eye(3)))


def test_memory_is_stated_and_refused_before_anything_is_made(monkeypatch, caplog):
    caplog.set_level("INFO", "songrec")
    EASE().fit(csr_array(np.eye(3)))
    assert "GiB for 3 songs" in caplog.text
    monkeypatch.setattr(ease, "free_memory", lambda: 5 * 2**30)
    with pytest.raises(
        DataError,
        match=r"EASE needs 6\.\d GiB for 40,000 songs, 5\.0 GiB are free: use FsSLIM, or keep fewer songs",
    ):
        EASE().fit(csr_array(([1], ([0], [0])), shape=(3, 40_000)))


def test_what_is_said_to_be_needed_holds_matrix_and_workspace():
    for songs in (1_000, 10_000, 40_000):
        assert 4 * songs**2 < ease.memory_needed(songs) < 4 * songs**2 + 16_384 * songs


def limits(folder, limit, used, cached, version):
    """The files of a control group."""
    names = {2: ("memory.max", "memory.current", "inactive_file")}
    names[1] = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    for name, value in zip(names[version], (limit, used), strict=False):
        (folder / name).write_text(f"{value}\n")
    (folder / "memory.stat").write_text(f"anon 5\n{names[version][2]} {cached}\n")
    return folder / names[version][0], *names[version][1:]


def test_free_memory_is_the_tightest_of_machine_and_container(monkeypatch, tmp_path):
    memory = tmp_path / "meminfo"
    memory.write_text("MemTotal: 900 kB\nMemFree: 3 kB\nMemAvailable:     600 kB\n")
    monkeypatch.setattr(measure, "_MEMORY", memory)
    monkeypatch.setattr(measure, "_CONTAINER", [(tmp_path / "no", "such", "group")])
    assert measure.free_memory() == 600 * 1024
    for version in (1, 2):
        group = limits(tmp_path, limit=500_000, used=300_000, cached=100_000, version=version)
        monkeypatch.setattr(measure, "_CONTAINER", [group])
        assert measure.free_memory() == 300_000
    limits(tmp_path, limit="max", used=300_000, cached=100_000, version=2)
    assert measure.free_memory() == 600 * 1024
    memory.unlink()
    assert measure.free_memory() > 2**20


@pytest.fixture(scope="module")
def anchor(shared_data):
    """(fitted model, training matrix, test) on the anchor split of the first measurements."""
    file = shared_data / "taste-profile-10k-songs/train_triplets.txt.gz"
    log = pd.read_csv(file, sep="\t", names=["user", "song", "plays"])
    size = 0
    while size != len(log):
        size = len(log)
        for side in ("user", "song"):
            log = log[log.groupby(side)["plays"].transform("size") >= 5]
    interactions = Interactions.from_triplets(log["user"], log["song"], log["plays"])
    split = triplet_holdout(interactions, test=0.2, seed=0)
    train = split.final_train()
    return EASE(l2=40.0).fit(train), train, split.test


def test_reproduces_the_first_measurements(anchor):
    model, train, test = anchor
    songs, _ = model.recommend(test.fold_in, 10, users=test.users)
    relevant = test.holdout.toarray() > 0
    hits = np.take_along_axis(relevant, np.maximum(songs, 0), axis=1) & (songs >= 0)
    n = relevant.sum(axis=1)
    precisions = np.cumsum(hits, axis=1) / np.arange(1, 11)
    average = (precisions * hits).sum(axis=1) / np.minimum(n, 10)
    measured = [values.mean() for values in (hits.sum(axis=1) / 10, hits.sum(axis=1) / n, average)]
    assert measured == pytest.approx([0.1063, 0.2102, 0.1335], abs=0.0005)
    assert len(np.unique(songs[songs >= 0])) / train.shape[1] == pytest.approx(0.64, abs=0.005)


def test_real_columns_solve_their_normal_equations(anchor):
    """(G + λ I) without song j, times the weights into j, gives the column G_j (double precision)."""
    model, train, _ = anchor
    heard = csr_array(train > 0).astype(np.float64)
    counts = heard.T.tocsr() @ heard
    columns = np.random.default_rng(0).choice(train.shape[1], 50, replace=False)
    weights = model.weights_[:, columns].astype(np.float64)
    target = counts[:, columns].toarray()
    residual = counts @ weights + 40.0 * weights - target
    residual[columns, np.arange(50)] = 0
    assert np.abs(residual).max() < 1e-3


def test_a_large_model_is_mapped_and_gives_the_same_lists(anchor, tmp_path):
    model, train, _ = anchor
    model.save(tmp_path / "ease")
    loaded = load_model(tmp_path / "ease")
    assert isinstance(loaded.weights_, np.memmap)
    assert loaded.weights_.flags.c_contiguous
    expected, found = model.recommend(train[:200], 10), loaded.recommend(train[:200], 10)
    assert (found[0] == expected[0]).all()
    assert (found[1] == expected[1]).all()
