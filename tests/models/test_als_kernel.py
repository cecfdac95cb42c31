"""The half-steps of ALS, each against a dense computation, and the same bits on every machine."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest
from scipy.sparse import csr_array
from small_logs import random_plays
from threadpoolctl import threadpool_limits

from songrec.models import ALS, als_kernel
from songrec.models.als_kernel import eigenbasis, solve, turn

FACTORS = 20


def log(users=90):
    """A user without songs, a song without listeners, and songs that more than a tile of users know."""
    plays = random_plays(users=users).toarray()
    plays[5], plays[:, 7], plays[10:, 3] = 0, 0, 1
    return csr_array(plays.astype(np.float32))


def vectors(entries, kind=np.float32):
    random = np.random.default_rng(0)
    return [random.standard_normal((n, FACTORS)).astype(kind) / 10 for n in reversed(entries.shape)]


def half_step(entries, fixed, solved, *, unobserved=1.0, tolerance=1e-26, penalties=None):
    gram, basis = eigenbasis(fixed, 1)
    for side in (fixed, solved):
        turn(side, basis, 1)
    penalties = np.full(len(solved), 0.5) if penalties is None else penalties
    numbers = {"alpha": 3.0, "unobserved": unobserved, "tolerance": tolerance}
    solve(entries, fixed, gram, penalties, solved, **numbers, threads=1)
    return solved


def objective(entries, users, songs):
    plays = entries.toarray()
    errors = (1 + 3.0 * plays) * ((plays > 0) - users @ songs.T) ** 2
    return errors.sum() + 0.5 * ((users**2).sum() + (songs**2).sum())


@pytest.mark.parametrize(
    ("entries", "unobserved"),
    [(log(), 1.0), (log(), 0.2), (csr_array(log(users=als_kernel.NEAR + 100).T.tocsr()), 1.0)],
    ids=["users", "that count less unobserved", "songs, one of more users than are gathered once"],
)
def test_a_row_solves_its_own_equation(entries, unobserved):
    penalties = np.random.default_rng(1).uniform(0.1, 5, entries.shape[0])
    songs, users = vectors(entries, np.float64)
    half_step(entries, songs, users, unobserved=unobserved, penalties=penalties)
    for plays, penalty, found in zip(entries.toarray().astype(float), penalties, users, strict=True):
        count = np.where(plays > 0, unobserved + 3.0 * plays, unobserved)
        within = songs.T @ np.diag(count) @ songs + penalty * np.eye(FACTORS)
        best = np.linalg.solve(within, songs.T @ (count * (plays > 0)))
        assert found == pytest.approx(best, rel=1e-8, abs=1e-10)
    assert (users[np.diff(entries.indptr) == 0] == 0).all()


def test_the_objective_falls_at_every_half_step_and_every_tolerance_is_kept():
    entries = log()
    by_song = csr_array(entries.T.tocsr())
    songs, users = vectors(entries)
    users[:] = 0
    before = objective(entries, users.astype(np.float64), songs.astype(np.float64))
    for _ in range(6):
        for rows, fixed, solved in ((entries, songs, users), (by_song, users, songs)):
            exact, same = solved.astype(np.float64), fixed.astype(np.float64)
            half_step(rows, same, exact)
            half_step(rows, fixed, solved, tolerance=1e-6)
            sides = [each.astype(np.float64) for each in (users, songs)]
            found, least = objective(entries, *sides), objective(rows, exact, same)
            assert found < before
            assert found - least < 1e-6 * 3 * (1 + entries.data).sum() + 1e-5
            before = found
    assert (songs[7] == 0).all()


def test_the_eigenbasis_makes_the_gram_matrix_diagonal():
    songs, users = vectors(log(), np.float64)
    songs[:, 4] = songs[:, 2]  # one rank less
    before = songs @ users.T
    values, basis = eigenbasis(songs, threads=1)
    for side in (songs, users):
        turn(side, basis, threads=1)
    assert songs.T @ songs == pytest.approx(np.diag(values), abs=1e-10)
    assert songs @ users.T == pytest.approx(before, abs=1e-12)
    assert values.min() == pytest.approx(0, abs=1e-12)


def digest():
    model = ALS(factors=FACTORS, epochs=3, confidence="log_plays", frequency_exponent=0.5).fit(log(users=300))
    users = model._encode_users(log().astype(np.float32), None)
    return hashlib.sha256(model.song_factors_.tobytes() + users.tobytes()).hexdigest()


def test_threads_do_not_change_a_bit(monkeypatch):
    monkeypatch.setattr(als_kernel, "PART", 16)
    found = []
    for threads in (1, 2):
        with threadpool_limits(threads, user_api="blas"):
            found.append(digest())
    assert found[0] == found[1]


@pytest.mark.slow
def test_blas_of_another_processor_does_not_change_a_bit():
    here = "import test_als_kernel; print(test_als_kernel.digest())"
    search = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    found = {
        subprocess.run(
            [sys.executable, "-c", here],
            env={**os.environ, "PYTHONPATH": search, "OPENBLAS_CORETYPE": core},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for core in ("Haswell", "Sandybridge")
    }
    assert found == {digest() + "\n"}
