"""Neighbour sets against brute force with exact arithmetic; threads, memory, silence."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import coo_array, csr_array
from small_logs import interactions, read_log

import songrec.similarity.exact as exact
from songrec.data import Interactions
from songrec.ranking import binarised
from songrec.similarity import Similarity, nearest, neighbours


def brute_force(queries, items, k, own, worth, value):
    """Per query the k items most worth, one pair at a time, with their values; ties to the lower code."""
    rows = []
    for x, self_code in zip(queries, own, strict=True):
        ranked = []
        for code, y in enumerate(items):
            common = (x * y).sum()
            if common and code != self_code:
                ranked.append((-worth(common, (x * x).sum(), (y * y).sum()), code))
        rows.append({code: value(-found) for found, code in sorted(ranked)[:k]})
    return rows


def by_cosine(queries, items, k, own):
    """By the squared cosine, as an exact fraction."""

    def worth(common, a, b):
        return Fraction(int(common) ** 2, int(a) * int(b))

    def value(square):
        return np.float32(np.sqrt(float(square)))

    return brute_force(queries.astype(int), items.astype(int), k, own, worth, value)


def by_definition(queries, items, k, similarity, own):
    """By the papers' formulas: of sets in double precision, else rounded to single."""
    alpha, beta = similarity.alpha, similarity.beta

    def worth(common, a, b):
        if similarity.of_sets:
            return common / (common + alpha * (a - common) + beta * (b - common) + similarity.shrink)
        return np.float32(common / (float(a) ** alpha * float(b) ** beta + similarity.shrink))

    return brute_force(queries.astype(float), items.astype(float), k, own, worth, np.float32)


def as_rows(matrix):
    spans = zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True)
    return [dict(zip(matrix.indices[a:b], matrix.data[a:b], strict=True)) for a, b in spans]


binary = st.tuples(st.integers(1, 14), st.integers(1, 8)).flatmap(lambda shape: arrays(bool, shape))


def asked(data, items):
    """Queries of a few items, and what each of them must not find."""
    queries = data.draw(arrays(bool, st.tuples(st.integers(1, 6), st.just(items.shape[1]))))
    return queries, data.draw(arrays(np.int64, len(queries), elements=st.integers(-1, len(items) - 1)))


@pytest.fixture(params=[exact.LOGGED, 0])
def logged(request, monkeypatch):
    """Also with logs so short that each is full after a row or two."""
    monkeypatch.setattr(exact, "LOGGED", request.param)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=binary, k=st.integers(1, 16))
def test_equals_brute_force_with_many_ties(logged, rows, k):
    found = neighbours(csr_array(rows), k)
    assert as_rows(found) == by_cosine(rows, rows, k, range(len(rows)))
    assert found.has_sorted_indices
    assert found.dtype == np.float32


@settings(max_examples=100, deadline=None)
@given(data=st.data(), items=binary, k=st.integers(1, 5))
def test_queries_need_not_be_items(data, items, k):
    queries, own = asked(data, items)
    columns = binarised(csr_array(items.T))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact, "CELLS", 40)  # so few that there are several blocks
        found = nearest(binarised(csr_array(queries)), columns, k, own=own)
    assert as_rows(found) == by_cosine(queries, items, k, own)


def test_a_tie_of_unequal_counts_is_a_tie():
    """1/√(1·4) and 2/√(4·4) differ in no bit that matters: both are one half, and the lower code is kept."""
    songs = np.zeros((4, 8), bool)
    songs[0, :4] = True  # the song asked about: 4 listeners
    songs[1, [0, 1, 4, 5]] = True  # 2 in common, 4 listeners
    songs[2, 0] = True  # 1 in common, 1 listener
    songs[3, [0, 1, 2, 3]] = True
    assert set(as_rows(neighbours(csr_array(songs), 2))[0]) == {1, 3}
    assert set(as_rows(neighbours(csr_array(songs[[0, 2, 1, 3]]), 2))[0]) == {1, 3}


def test_more_ties_than_a_row_has_room_for():
    """One user alone heard 300 songs: every song ties with 299."""
    found = neighbours(csr_array(np.ones((300, 1))), 5)
    assert found.indices.reshape(300, 5)[[0, 3, 299]].tolist() == [
        [1, 2, 3, 4, 5],
        [0, 1, 2, 4, 5],
        [0, 1, 2, 3, 4],
    ]


def test_every_pair_is_counted_once(monkeypatch):
    """Half of the multiply-adds of a product that leaves the diagonal out."""
    from songrec.similarity import kernel

    work, collect = [], kernel.collect
    monkeypatch.setattr(kernel, "collect", lambda *a: work.append(collect(*a)) or work[-1])
    rows = csr_array(np.random.default_rng(6).random((300, 200)) < 0.1)
    neighbours(rows, 10)
    per_feature = np.bincount(rows.indices)
    assert sum(done for *_, done in work) == (per_feature * (per_feature - 1)).sum() // 2


def test_thousands_of_common_listeners_are_counted_exactly():
    """Where float32 is coarse: compared with an integer product."""
    rows = np.random.default_rng(0).random((40, 30_000)) < np.linspace(0.01, 0.9, 40)[:, None]
    counts = rows.astype(np.int64) @ rows.T.astype(np.int64)
    sizes = counts.diagonal()
    expected = np.sqrt(counts**2 / (sizes[:, None] * sizes)).astype(np.float32)
    np.fill_diagonal(expected, 0)
    assert (neighbours(csr_array(rows), 39).toarray() == expected).all()


def test_threads_change_nothing_and_nothing_is_printed(capfd, logged):
    rng = np.random.default_rng(1)
    rows = csr_array((rng.random((500, 300)) < 0.02) * rng.random(300))
    for kind in (rows > 0, rows):
        one, two = (neighbours(csr_array(kind), 10, threads=threads) for threads in (1, 2))
        for part in ("data", "indices", "indptr"):
            assert (getattr(one, part) == getattr(two, part)).all()
    assert capfd.readouterr() == ("", "")


LIKENESSES = {
    "cosine, shrunk": Similarity(shrink=2.5),
    "asymmetric": Similarity(0.25, 0.75),
    "asymmetric, shrunk": Similarity(1.6, -0.6, shrink=10.0),
    "Tversky": Similarity(0.5, 2.0, of_sets=True),
    "Tversky, shrunk": Similarity(0.3, 0.3, shrink=1.0, of_sets=True),
    "Jaccard": Similarity(1.0, 1.0, of_sets=True),
}


@pytest.mark.parametrize("similarity", LIKENESSES.values(), ids=LIKENESSES)
@settings(max_examples=40, deadline=None)
@given(data=st.data(), items=binary, k=st.integers(1, 12))
def test_every_similarity_by_its_definition(similarity, data, items, k):
    queries, own = asked(data, items)
    found = nearest(binarised(queries), binarised(items.T), k, similarity, own=own)
    assert as_rows(found) == by_definition(queries, items, k, similarity, own)
    assert found.dtype == np.float32
    among = neighbours(binarised(items), k, similarity)
    assert as_rows(among) == by_definition(items, items, k, similarity, range(len(items)))


def test_weights_of_features_count_and_leave_the_sizes_alone():
    rng = np.random.default_rng(7)
    rows, worth = rng.random((40, 30)) < 0.2, 1 / rng.integers(1, 9, 30)
    found = neighbours(csr_array(rows), 39, Similarity(0.8, 0.3), feature_weights=worth).toarray()
    sizes = rows.sum(axis=1).clip(1)
    expected = (rows * worth) @ rows.T / (sizes[:, None] ** 0.8 * sizes**0.3)
    np.fill_diagonal(expected, 0)
    assert np.allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("factor", [2, 0.3])
def test_a_common_factor_changes_no_cosine(factor):
    """On a log full of ties: ones, whole numbers, and numbers that are not."""
    rows = csr_array(np.random.default_rng(3).random((300, 200)) < 0.05).astype(np.float64)
    ones, others = neighbours(rows, 10), neighbours(rows * factor, 10)
    assert (ones.indices == others.indices).all()
    assert np.allclose(ones.data, others.data, rtol=1e-6)


def test_weights_count_and_a_batch_is_like_each_alone():
    rng = np.random.default_rng(4)
    rows = (rng.random((60, 40)) < 0.2) * rng.integers(1, 9, (60, 40))
    weights, columns = csr_array(rows), csr_array(rows.T)
    for similarity in (Similarity(), Similarity(0.2, 0.8, 3.0)):
        found = nearest(weights, columns, 7, similarity)
        assert as_rows(found) == by_definition(rows, rows, 7, similarity, [-1] * 60)
        alone = [as_rows(nearest(weights[[row]], columns, 7, similarity))[0] for row in range(60)]
        assert as_rows(found) == alone


@pytest.mark.parametrize(
    ("name", "params", "similarity"),
    [
        ("asymmetric_cosine", {"alpha": 0.3}, Similarity(0.3, 0.7, 5.0)),
        ("tversky", {"alpha": 0.4, "beta": 1.5}, Similarity(0.4, 1.5, 5.0, of_sets=True)),
        ("jaccard", {}, Similarity(1.0, 1.0, 5.0, of_sets=True)),
    ],
)
def test_the_same_neighbours_as_similaripy(name, params, similarity):
    """Wherever no tie at the k-th place leaves the choice open."""
    import similaripy

    rows = csr_array(np.random.default_rng(5).random((200, 150)) < 0.1).astype(np.float32)
    theirs = getattr(similaripy, name)(rows, k=200, shrink=5, verbose=False, **params).toarray()
    np.fill_diagonal(theirs, 0)
    ours = neighbours(rows, 20, similarity).toarray()
    assert (np.count_nonzero(ours, axis=1) == 20).all()
    assert np.allclose(ours[ours > 0], theirs[ours > 0], rtol=1e-5)
    left_out = np.where(ours > 0, 0, theirs).max(axis=1)
    assert (np.where(ours > 0, ours, np.inf).min(axis=1) > left_out * (1 - 1e-5)).all()


@pytest.mark.parametrize("rows", [np.zeros((3, 4)), np.zeros((3, 0)), np.zeros((0, 3)), np.eye(3)])
def test_nothing_in_common(rows):
    found = neighbours(csr_array(rows), 2)
    assert found.shape == (len(rows), len(rows))
    assert found.nnz == 0


def test_binarised_counts_neither_zeros_nor_repeats_and_leaves_its_input_alone():
    messy = coo_array(([2.0, 1.0, 0.0, 1.0, -1.0], ([0, 0, 0, 1, 1], [3, 3, 0, 2, 2])), shape=(2, 4))
    assert binarised(messy).toarray().tolist() == [[0, 0, 0, 1], [0, 0, 0, 0]]
    assert messy.nnz == 5


def test_a_read_only_matrix_is_fine(tmp_path):
    log = Interactions.from_triplets(list("aabb"), list("xyxz"), [1, 2, 3, 4])
    log.save(tmp_path / "log")
    found = neighbours(binarised(Interactions.load(tmp_path / "log").plays), 1)
    assert found.toarray()[0, 1] == np.float32(0.5)


def test_memory_does_not_grow_with_songs_times_songs():
    """20,000 songs: dense they would take 1.6 GB in float32; the search is allowed a tenth of that."""
    import tracemalloc

    rng = np.random.default_rng(2)
    songs = csr_array(
        (np.ones(200_000), (rng.integers(0, 20_000, 200_000), rng.integers(0, 5_000, 200_000))),
        shape=(20_000, 5_000),
    )
    tracemalloc.start()
    neighbours(songs, 20)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 160e6


def test_equals_brute_force_on_real_data(shared_data):
    """A thousand songs of 9,071 and their 100 neighbours: the kernel alone gets three of four rows wrong."""
    file = shared_data / "taste-profile-10k-songs/train_triplets.txt.gz"
    songs = binarised(interactions(read_log(file)).plays.T)
    found = neighbours(songs, 100)
    assert np.diff(found.indptr).max() == 100
    sample = np.random.default_rng(0).choice(songs.shape[0], 1000, replace=False)
    common = (songs[sample] @ songs.T).toarray().astype(np.float64)
    sizes = np.diff(songs.indptr)
    squares = common**2 / (sizes[sample][:, None] * sizes)
    squares[np.arange(1000), sample] = 0
    order = np.argsort(-squares, axis=1, kind="stable")[:, :100]
    for row, expected, values in zip(sample, order, np.take_along_axis(squares, order, axis=1), strict=True):
        span = slice(found.indptr[row], found.indptr[row + 1])
        assert set(found.indices[span]) == set(expected[values > 0])
