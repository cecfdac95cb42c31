"""EASE, EDLAE and RDLAE against the papers' formulas; on real data they stand in `test_anchor`."""

from itertools import product

import numpy as np
import pytest
from scipy.optimize import lsq_linear
from scipy.sparse import csr_array
from small_logs import same, steep_log

from songrec import measure
from songrec.errors import DataError
from songrec.models import EASE, dense, ease, ease_kernel, song_weights, spd_inverse


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
    heard = steep_log()
    model = EASE(l2, dropout).fit(csr_array(heard))
    assert model.weights_.dtype == np.float32
    assert np.abs(model.weights_ - closed_form(heard, l2, dropout)).max() < 2e-6
    assert (np.diag(model.weights_) == 0).all()
    assert (model.weights_[-1] == 0).all()
    assert (model.weights_[:, -1] == 0).all()


def test_each_column_is_the_ridge_regression_of_a_song_on_all_others():
    heard, l2 = steep_log(songs=12), 7.0
    weights = EASE(l2).fit(csr_array(heard)).weights_
    for song in range(12):
        others = np.arange(12) != song
        inputs = np.vstack([heard[:, others], np.sqrt(l2) * np.eye(11)])
        solution = np.linalg.lstsq(inputs, np.append(heard[:, song], np.zeros(11)))[0]
        assert weights[others, song] == pytest.approx(solution, abs=1e-6)


def test_dropout_is_the_least_expected_loss_over_all_ways_to_hide_songs():
    """Every subset of the others may remain, scaled by 1/(1-p): one least-squares problem, spelt out."""
    heard, p, l2, songs = steep_log(users=30, songs=6), 0.4, 3.0, 6
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


@pytest.mark.parametrize("relaxation", [0.0, 0.1, 0.5, 0.999])
@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_relaxation_is_the_least_loss_with_a_bounded_diagonal(relaxation, dropout):
    """Each column by a solver that knows the loss and the bound on the song's own weight, no closed form."""
    heard, l2, songs = steep_log(songs=12), 20.0, 12
    weights = EASE(l2, dropout, relaxation).fit(csr_array(heard)).weights_
    penalty = l2 + dropout / (1 - dropout) * heard.sum(axis=0)
    inputs = np.vstack([heard, np.diag(np.sqrt(penalty))])
    bound = []
    for song in range(songs):
        targets = np.append(heard[:, song], np.zeros(songs))
        most = np.full(songs, np.inf)
        most[song] = relaxation or 1e-12  # the solver wants room between the bounds
        least = np.where(np.arange(songs) == song, -1.0, -np.inf)
        solution = lsq_linear(inputs, targets, (least, most), method="bvls", tol=1e-14).x
        others = np.arange(songs) != song
        assert weights[others, song] == pytest.approx(solution[others], abs=2e-6)
        bound.append(solution[song] > relaxation - 1e-6)
    assert (np.diag(weights) == 0).all()
    assert all(bound[:-1]) if relaxation == 0 else any(bound) == (relaxation < 0.9)
    if relaxation == 0.5:
        assert not all(bound)  # both cases of the formula
    if relaxation == 0.999:  # nothing binds: ridge regression of all songs on all
        ridge = np.linalg.solve(inputs.T @ inputs, heard.T @ heard)
        np.fill_diagonal(ridge, 0)
        assert weights == pytest.approx(ridge, abs=2e-6)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_without_relaxation_no_bit_differs(dropout):
    """From dividing by the inverse's diagonal, also where rounding would let the other case in."""
    heard, l2 = csr_array(steep_log(), dtype=np.float32), 1e8
    inverse = dense.common_listeners(heard)
    np.einsum("ii->i", inverse)[:] += np.float32(l2) + np.diag(inverse) * np.float32(dropout / (1 - dropout))
    spd_inverse.invert(inverse)
    inverse /= -np.diag(inverse).copy()
    np.fill_diagonal(inverse, 0)
    assert EASE(l2, dropout).fit(heard).weights_.tobytes() == inverse.tobytes()


@pytest.mark.parametrize("l2", [1.0, 100.0])
@pytest.mark.parametrize(("dropout", "relaxation"), [(0.0, 0.0), (0.3, 0.0), (0.3, 0.2)])
def test_the_dual_form_gives_the_weights_of_the_primal(l2, dropout, relaxation, monkeypatch):
    heard = csr_array(steep_log(users=50, songs=300))
    monkeypatch.setattr(ease, "primal", None)
    by_users = EASE(l2, dropout, relaxation).fit(heard)
    monkeypatch.undo()
    monkeypatch.setattr(ease, "has_few_users", lambda users, songs: False)
    by_songs = EASE(l2, dropout, relaxation).fit(heard)
    assert np.abs(by_users.weights_ - by_songs.weights_).max() < 3e-6
    assert (by_users.recommend(heard, 10)[0] == by_songs.recommend(heard, 10)[0]).mean() > 0.99
    assert (np.diag(by_users.weights_) == 0).all()


def test_the_form_is_chosen_by_the_users_with_plays():
    assert ease.has_few_users(1_859, 2_823)
    assert not ease.has_few_users(8_552, 9_003)
    few, many = steep_log(users=20), np.zeros((500, 40))
    many[::25] = few
    assert same([EASE().fit(csr_array(many)).weights_], [EASE().fit(csr_array(few)).weights_])


def test_lists_hold_the_highest_positive_scores():
    heard = steep_log()
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


@pytest.mark.parametrize(("threads", "columns"), [(1, 8192), (2, 8192), (2, 16)])
def test_the_compiled_sums_have_the_bits_of_scipys_product(threads, columns, monkeypatch):
    monkeypatch.setattr(ease_kernel, "COLUMNS", columns)
    random = np.random.default_rng(0)
    weights = random.standard_normal((50, 70)).astype(np.float32)
    weights[:, 3] = 0
    users = csr_array(random.random((33, 50)) < np.linspace(0, 0.9, 33)[:, None], dtype=np.float32)
    assert {*np.diff(users.indptr) % 4} == {0, 1, 2, 3}
    assert users[[0]].nnz == 0
    expected = dense.positive_only(users @ weights)
    found = ease_kernel.positive_sums(users, weights, threads)
    assert found.tobytes() == expected.tobytes()
    assert (found == -np.inf).any()


def test_few_users_and_many_get_the_same_scores(monkeypatch):
    train = csr_array(steep_log())
    model = EASE(20.0, 0.2).fit(train)
    many = model.recommend(train, 10)
    monkeypatch.setattr(song_weights, "FEW", len(many[0]))
    assert same(model.recommend(train, 10), many)


def test_counts_are_made_in_parts(monkeypatch):
    heard = steep_log()
    monkeypatch.setattr(ease_kernel, "COUNTED", 7)
    monkeypatch.setattr(spd_inverse, "TILE", 9)
    assert (dense.common_listeners(csr_array(heard, dtype=np.float32)) == heard.T @ heard).all()


def test_memory_is_stated_and_refused_before_anything_is_made(monkeypatch, caplog):
    caplog.set_level("INFO", "songrec")
    EASE().fit(csr_array(np.eye(3)))
    assert "GiB for 3 songs" in caplog.text
    monkeypatch.setattr(song_weights, "free_memory", lambda: 5 * 2**30)
    with pytest.raises(
        DataError,
        match=r"EASE needs 6\.\d GiB for 40,000 songs, 5\.0 GiB are free: use FsSLIM, or keep fewer songs",
    ):
        EASE().fit(csr_array(([1], ([0], [0])), shape=(3, 40_000)))


def test_what_is_said_to_be_needed_holds_matrix_and_workspace():
    for songs in (1_000, 10_000, 40_000):
        assert 4 * songs**2 < ease.memory_needed(songs, songs) < 4 * songs**2 + 16_384 * songs


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
