"""Published facts about the strong protocol, counted on the data themselves."""

from importlib import import_module
from typing import NamedTuple

import numpy as np
import pytest
from small_logs import interactions, read_log

from songrec.data import Interactions, ingest, keep_minimum, to_interactions
from songrec.data.sources import taste_profile
from songrec.errors import DataError
from songrec.paths import find_raw
from songrec.splits import strong

WHOLE = "taste-profile/train_triplets.txt.zip"


class Counts(NamedTuple):
    events: int
    users: int
    songs: int
    train_users: int


def counts(log: Interactions, min_listeners=200, min_songs=20, held_out=50_000) -> Counts:
    """What is left of a log after the filters, and how many users train."""
    kept = keep_minimum(log, min_listeners, min_songs)
    split = strong(
        log,
        min_listeners=min_listeners,
        min_songs=min_songs,
        validation_users=held_out,
        test_users=held_out,
    )
    assert split.user_ids.tolist() == kept.user_ids.tolist()
    return Counts(kept.plays.nnz, kept.n_users, kept.n_songs, np.count_nonzero(np.diff(split.train.indptr)))


@pytest.mark.slow
def test_the_whole_taste_profile_gives_the_published_counts(tmp_path):
    """33,633,450 events of 571,355 users and 41,140 songs, of whom 471,355 train (Liang et al. 2018)."""
    try:
        file = find_raw(WHOLE)
    except DataError:
        pytest.skip(f"needs the whole Taste Profile: songrec data fetch taste-profile puts it at {WHOLE}")
    ingest(taste_profile(file), tmp_path / "triplets.parquet", tmp_path / "rejects.parquet")
    log = to_interactions(tmp_path / "triplets.parquet")
    assert counts(log) == Counts(33_633_450, 571_355, 41_140, 471_355)


def test_they_are_counted_as_pandas_counts_them(shared_data):
    """The same count on the sample of 3,000 users, smaller sizes, songs first and users then."""
    file = shared_data / "taste-profile-3k-users/train_triplets.txt.gz"
    frame = read_log(file)
    log = interactions(frame)
    kept = frame[frame.groupby("song")["user"].transform("size") >= 5]
    kept = kept[kept.groupby("user")["song"].transform("size") >= 5]
    users, songs = kept["user"].nunique(), kept["song"].nunique()
    assert counts(log, 5, 5, held_out=300) == Counts(len(kept), users, songs, users - 600)


def test_a_log_that_counts_as_the_taste_profile_must_come_out_as_published(monkeypatch):
    rng = np.random.default_rng(0)
    users, songs = np.nonzero(rng.random((60, 40)) < 0.7)
    log = Interactions.from_triplets(users.astype(str), songs.astype(str), np.ones(len(users), int))
    module = import_module("songrec.splits.strong")
    assert module.TASTE_PROFILE == taste_profile.COUNTS
    asked = {"validation_users": 5, "test_users": 5, "min_listeners": 200}
    counted = {"triplets": log.plays.nnz, "users": log.n_users, "songs": log.n_songs}
    with pytest.raises(DataError, match="only 0"):
        strong(log, **asked)
    monkeypatch.setattr(module, "TASTE_PROFILE", counted)
    with pytest.raises(DataError, match=r"published are .*33633450"):
        strong(log, **asked)
    monkeypatch.setattr(module, "PUBLISHED", {"triplets": 0, "users": 0, "songs": 0})
    with pytest.raises(DataError, match="only 0"):
        strong(log, **asked)
