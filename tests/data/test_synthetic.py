"""The synthetic world: its bytes, its forms, and that there is something in it to learn."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from songrec.data.synthetic import BLOCK, SyntheticWorld
from songrec.data.synthetic_catalogue import grow_tree
from songrec.data.synthetic_tables import ACTIVITY, PLAYS, CountTable, popularity_weights, split_by_tier
from songrec.errors import ConfigError

GOLDEN = "e0a31f32e39e"


@pytest.fixture(scope="module")
def world():
    return SyntheticWorld(users=1000, songs=1500, seed=0)


@pytest.fixture(scope="module")
def log(world):
    return world.interactions()


@pytest.fixture(scope="module")
def catalogue(world):
    return world.catalogue()


# The same bytes


def test_the_same_seed_gives_the_same_world(log, catalogue):
    again = SyntheticWorld(users=1000, songs=1500, seed=0)
    assert again.interactions().fingerprint() == log.fingerprint() == GOLDEN
    assert again.catalogue().equals(catalogue)
    assert again.interactions().fingerprint() == GOLDEN  # reading it twice draws nothing twice


def test_another_seed_gives_another_world(log):
    other = SyntheticWorld(users=1000, songs=1500, seed=1).interactions()
    assert other.fingerprint() != log.fingerprint()
    assert not np.intersect1d(other.user_ids, log.user_ids).size


def test_another_processor_gives_the_same_bytes():
    """With NumPy's vector units switched off `exp` rounds differently; that must steer no draw."""
    script = (
        "import hashlib, numpy as np\n"
        "from songrec.data.synthetic import SyntheticWorld\n"
        "world = SyntheticWorld(users=1000, songs=1500, seed=0)\n"
        "print(world.interactions().fingerprint())\n"
        "print(hashlib.sha256(world.catalogue().to_csv().encode()).hexdigest())\n"
    )
    plain = {
        **os.environ,
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL X86_V3",
        "OPENBLAS_CORETYPE": "Sandybridge",
    }
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], env=plain, capture_output=True, text=True, check=True
    )
    csv = SyntheticWorld(users=1000, songs=1500, seed=0).catalogue().to_csv()
    assert ran.stdout.split() == [GOLDEN, hashlib.sha256(csv.encode()).hexdigest()]


def test_more_users_only_add_to_the_log():
    few = next(SyntheticWorld(users=BLOCK, songs=1000).blocks())
    more = SyntheticWorld(users=BLOCK + 10, songs=1000).blocks()
    for a, b in zip(few, next(more), strict=True):
        np.testing.assert_array_equal(a, b)
    assert len(next(more)[0]) == 10
    assert next(more, None) is None


# Forms


def test_ids_have_the_real_form_and_say_that_they_are_invented(log, world):
    assert world.song_ids.tolist() == sorted(set(world.song_ids.tolist()))
    assert all(
        len(i) == 18 and i.startswith("SOSYN") and i.isalnum() and i == i.upper() for i in world.song_ids
    )
    assert len(log.user_ids) == 1000
    assert all(
        len(i) == 40 and i.startswith("facade") and not set(i) - set("0123456789abcdef") for i in log.user_ids
    )


def test_triplets_come_user_by_user_as_in_the_real_file(world):
    users, songs, plays = (np.concatenate(parts) for parts in zip(*world.triplets(), strict=True))
    first = np.flatnonzero(np.r_[True, users[1:] != users[:-1]])
    assert len(first) == len(np.unique(users)) == 1000
    assert not np.all(users[first][1:] > users[first][:-1])  # in no order of their ids
    same = users[1:] == users[:-1]
    assert np.all(songs[1:][same] > songs[:-1][same])  # ascending, so none twice
    assert plays.dtype == np.int32
    assert plays.min() == 1


def test_the_catalogue_describes_every_song(catalogue, world, log):
    assert catalogue.columns.tolist() == ["song_id", "title", "artist", "year", "genre"]
    assert catalogue["song_id"].tolist() == world.song_ids.tolist()
    assert np.isin(log.song_ids, catalogue["song_id"]).all()
    assert catalogue[["title", "artist", "genre"]].notna().all(axis=None)
    assert catalogue["title"].str.fullmatch(r"[A-Za-z ,()]+").all()
    assert not catalogue["title"].str.contains(r"[^aeiouAEIOU ,()]{5}").any()  # it can be said aloud
    assert catalogue["year"].dropna().between(1960, 2010).all()
    assert 0.05 < catalogue["year"].isna().mean() < 0.15
    assert catalogue.groupby("artist")["genre"].nunique().max() <= 2  # two artists may share a name


def test_every_genre_scene_and_artist_is_one_run_of_places():
    tree = grow_tree(700, 48.0, np.random.default_rng(3))
    for node, starts in tree.levels:
        for number in np.unique(node):
            assert (node[starts[number] : starts[number + 1]] == number).all()
        assert starts[-1] == 700


def test_impossible_sizes_are_refused():
    for wrong in ({"users": 0}, {"songs": 39}, {"seed": -1}):
        with pytest.raises(ConfigError):
            SyntheticWorld(**wrong)


def test_the_smallest_world_still_works():
    log = SyntheticWorld(users=1, songs=40).interactions()
    assert (log.n_users, log.plays.nnz) == (1, 10)


# Draws


def test_count_tables_draw_what_their_knots_say():
    uniform = (np.arange(200_000) + 0.5) / 200_000
    for knots in (ACTIVITY, PLAYS):
        drawn = CountTable(knots)(uniform)
        for count, share in knots:
            assert (drawn <= count).mean() == pytest.approx(share, abs=1e-4)
    capped = CountTable(ACTIVITY, largest=50)
    assert capped(uniform).max() == 50
    assert capped.mean() == pytest.approx(capped(uniform).mean(), rel=1e-4)


def test_share_above_is_uniform_over_everything_counted():
    rng, table = np.random.default_rng(0), CountTable(ACTIVITY)
    drawn = table(rng.random(100_000))
    above = table.share_above(drawn, rng.random(len(drawn)))
    weight = np.histogram(above, bins=10, range=(0, 1), weights=drawn)[0] / drawn.sum()
    np.testing.assert_allclose(weight, 0.1, atol=0.005)
    assert above[drawn > 400].max() < above[drawn < 20].min()


def test_a_small_catalogue_has_a_flatter_curve_with_the_same_head():
    small, whole = popularity_weights(1500, 48.0), popularity_weights(384_546, 48.0)
    assert np.all(np.diff(whole) <= 0)
    assert 0.28 < 48 * small[0] / small.sum() <= 0.30
    assert small[0] / small[750] < whole[0] / whole[192_273]


def test_tiers_together_leave_every_weight_as_it_was():
    weights = popularity_weights(3000, 48.0)
    tiers = split_by_tier(weights)
    assert np.abs(tiers.sum(axis=0) - weights).max() <= 5
    favourite = (tiers * np.log(weights)).sum(axis=1) / tiers.sum(axis=1)
    assert np.all(np.diff(favourite) > 0)  # from the tail to the hits


def test_songs_per_user_do_not_depend_on_the_size():
    def median(users, songs):
        return np.median(np.concatenate([np.bincount(b[1]) for b in SyntheticWorld(users, songs).blocks()]))

    assert abs(median(2000, 3000) - median(4000, 30_000)) <= 2
    assert np.diff(SyntheticWorld(300, 120).interactions().plays.indptr).max() == 30  # a quarter of the songs


# Something to learn


def test_neighbours_find_far_more_than_popularity(log):
    """Item cosine against popularity, precision@10 on a fifth of the triplets: like the real sets."""
    heard = log.plays.toarray() > 0
    test = heard & (np.random.default_rng(0).random(heard.shape) < 0.2)
    train = (heard & ~test).astype(np.float32)
    popular = train.sum(axis=0)
    unit = train / np.sqrt(np.maximum(popular, 1))
    cosine = unit.T @ unit
    np.fill_diagonal(cosine, 0)

    def precision(scores):
        top = np.argsort(-np.where(train > 0, -1, scores), axis=1, kind="stable")[:, :10]
        return np.take_along_axis(test, top, axis=1).mean()

    by_popularity, by_neighbours = precision(np.tile(popular, (len(train), 1))), precision(train @ cosine)
    assert 0.02 < by_popularity < 0.05
    assert 0.10 < by_neighbours < 0.16
    assert by_neighbours > 3 * by_popularity


def test_users_return_to_artists_and_play_them_more(log, catalogue):
    artist = np.unique(catalogue["artist"], return_inverse=True)[1][
        np.isin(catalogue["song_id"], log.song_ids)
    ]
    user = np.repeat(np.arange(log.n_users), np.diff(log.plays.indptr))
    pair = user * (artist.max() + 1) + artist[log.plays.indices]
    songs = np.bincount(pair)[pair]
    chance = np.random.default_rng(0).permutation(pair % (artist.max() + 1)) + user * (artist.max() + 1)
    assert (songs >= 3).mean() > 1.5 * (np.bincount(chance)[chance] >= 3).mean()
    assert log.plays.data[songs >= 3].mean() > 1.1 * log.plays.data[songs == 1].mean()


def test_who_hears_little_hears_hits(log):
    n = np.diff(log.plays.indptr)
    listeners = np.bincount(log.plays.indices)
    fame = np.log(listeners[log.plays.indices])
    mean = np.add.reduceat(fame, log.plays.indptr[:-1]) / n
    assert np.corrcoef(np.log(n), mean)[0, 1] < -0.15
