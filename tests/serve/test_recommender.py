"""Lists by code: exactly n, and why."""

import numpy as np
import pytest
from small_logs import quick_model, random_plays

import songrec.models
from songrec.data import Interactions
from songrec.extras import missing
from songrec.lists import TopN
from songrec.models import create
from songrec.models.registry import model_names
from songrec.serve.recommender import DEPTH, Listener, SongRecommender, Wish, find
from songrec.serve.why import contributions
from songrec.studies.rerank import mmr

NAMES = [name for name in model_names() if not missing(getattr(songrec.models, name).extra)]
NOBODY = np.empty(0, np.int32)


def recommender(model, songs=300, artists=None) -> SongRecommender:
    plays = random_plays(users=80, songs=songs, density=0.06)
    rows, columns = plays.nonzero()
    log = Interactions.from_triplets(
        [f"u{row:03}" for row in rows], [f"s{column:03}" for column in columns], plays.data
    )
    fitted = create(model) if isinstance(model, str) else model
    return SongRecommender(fitted.fit(log.plays), log.user_ids, log.song_ids, log, artists)


@pytest.fixture(scope="module")
def knn() -> SongRecommender:
    return recommender("ItemKNN")


@pytest.mark.parametrize("name", NAMES)
def test_the_parts_of_a_score_add_up_to_it(name):
    plays = random_plays()
    model = quick_model(name).fit(plays)
    for user in (0, 7):
        fold_in = plays[[user]]
        songs, scores = (found[0] for found in model.recommend(fold_in, 8, users=np.array([user])))
        songs, scores = songs[songs >= 0], scores[songs >= 0]
        row = model.row_of(fold_in.indices, fold_in.data)
        parts, exact = contributions(model, row, user, songs)
        assert parts.shape == (fold_in.nnz, len(songs))
        assert np.isfinite(parts).all()
        if exact and name not in ("Hybrid", "Popularity"):
            own = model.song_factors_[songs, -1] if name == "BPR" else 0
            assert parts.sum(axis=0) + own == pytest.approx(scores, rel=1e-4, abs=1e-6)
        if name in (
            "ItemKNN",
            "UserKNN",
            "EASE",
            "FsSLIM",
            "RP3beta",
            "GFCF",
            "ELSA",
            "PureSVD",
            "ALS",
            "Blend",
        ):
            assert exact


@pytest.mark.parametrize("model", ["ItemKNN", "EASE", "UserKNN", "ALS", "Popularity"])
@pytest.mark.parametrize("gone", [0, 10, 250, 299, 300])
def test_exactly_n_come_back_wherever_so_many_are_admissible(model, gone):
    of = recommender(model)
    exclude = np.random.default_rng(0).permutation(of.log.n_songs)[:gone].astype(np.int32)
    for heard in (False, True):
        for user in ("u003", "nobody"):
            listener = of.user(user)
            out = exclude if heard else np.union1d(exclude, listener.songs)
            admissible = of.log.n_songs - len(np.unique(out))
            for n in (1, 20, 500):
                found = of.recommend(listener, Wish(n, exclude, heard))
                assert len(found.songs) == len(set(found.songs.tolist())) == min(n, admissible)
                assert not set(found.songs.tolist()) & set(out.tolist())


def test_the_ladder_goes_down_and_says_so(knn):
    found = knn.recommend(knn.user("u001"), Wish(knn.log.n_songs, NOBODY))
    assert [rung for place, rung in enumerate(found.rungs) if rung not in found.rungs[:place]] == [
        "known_user",
        "popular",
    ]
    assert found.rung == "known_user"
    assert knn.recommend(Listener.of([1, 2], [1, 1]), Wish(3, NOBODY)).rung == "fold_in"
    assert knn.recommend(knn.user("nobody"), Wish(3, NOBODY)).rung == "popular"
    nothing = knn.recommend(knn.user("nobody"), Wish(3, np.arange(knn.log.n_songs)))
    assert (nothing.rung, len(nothing.songs)) == ("", 0)


def test_similar_songs_answer_where_the_model_has_nothing():
    deaf = recommender("Popularity")
    like = SongRecommender(
        deaf.model, deaf.user_ids, deaf.song_ids, deaf.log, alike=recommender("ItemKNN").model
    )
    listener = like.user("u001")
    most = like.model.recommend_to(*like.modelled(listener), 500, excluded=NOBODY)[0]
    found = like.recommend(listener, Wish(5, most[:-1]))
    assert found.rungs[:1] == ["known_user"]
    songs, scores, to = like.alike_to(listener, 5, listener.songs)
    assert (np.diff(scores) <= 0).all()
    assert set(to.tolist()) <= set(listener.songs.tolist())
    assert not set(songs.tolist()) & set(listener.songs.tolist())


def test_a_list_is_the_models_own_whatever_is_remembered(knn):
    kept = {}

    def remembered(key, make):
        return kept.setdefault(key, None) or kept.__setitem__(key, make()) or kept[key]

    rng = np.random.default_rng(1)
    for user in ("u001", "u002"):
        listener = knn.user(user)
        for gone in (0, 5, 100, 280):
            exclude = rng.permutation(knn.log.n_songs)[:gone]
            for n in (5, 60, DEPTH + 50):
                plain, cached = (knn.recommend(listener, Wish(n, exclude), how) for how in (None, remembered))
                assert plain.songs.tolist() == cached.songs.tolist()
                assert plain.scores.tolist() == cached.scores.tolist()
                assert plain.rungs == cached.rungs
    assert len(kept) == 2


def test_no_artist_has_more_songs_than_the_cap():
    artists = (np.arange(300) % 7).astype(np.int32)
    artists[::10] = -1
    of = recommender("EASE", artists=artists)
    listener = of.user("u001")
    for n, cap in ((10, 1), (30, 3), (60, 2)):
        for diversity in (0.0, 0.5):
            found = of.recommend(listener, Wish(n, NOBODY, per_artist=cap, diversity=diversity))
            named = artists[found.songs]
            assert np.bincount(named[named >= 0]).max() <= cap
            admissible = np.isin(np.arange(300), listener.songs, invert=True)
            most = sum(min(cap, (admissible & (artists == one)).sum()) for one in range(7))
            assert len(found.songs) == min(n, most + (admissible & (artists == -1)).sum())


def test_diversity_is_that_of_the_study():
    of = recommender("EASE")
    listener = of.user("u004")
    songs, scores = of.from_model(listener, DEPTH, listener.songs)
    for value in (0.2, 0.8):
        expected = mmr(TopN(np.zeros(1, int), songs[None], scores[None]), of.log.plays, [value], 10)[value][0]
        found = of.recommend(listener, Wish(10, NOBODY, diversity=value))
        assert found.songs.tolist() == expected.tolist()
    assert len(of.recommend(listener, Wish(250, NOBODY, diversity=0.5)).songs) == 250


def test_plays_that_were_posted_count(knn):
    listener = knn.user("u001", {"s001": 3, "nope": 1})
    assert listener.songs.tolist() == sorted({*knn.user("u001").songs.tolist(), 1})
    new = knn.user("new", {"s001": 3})
    assert (new.known, new.user, new.songs.tolist(), new.plays.tolist()) == (False, -1, [1], [3])


def test_a_long_id_makes_no_long_copies():
    ids = np.array(["a", "b"])
    assert find(ids, ["b", "a" * 10_000_000, "b\0", ""]).tolist() == [1, -1, -1, -1]
    assert find(ids[:0], ["a"]).tolist() == [-1]
