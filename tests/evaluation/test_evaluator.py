"""From lists to values by user."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from songrec.errors import ConfigError, DataError
from songrec.evaluation import (
    ACCURACY,
    catalogue_coverage,
    evaluate,
    find_hits,
    gini,
    intra_list_diversity,
    load_per_user,
    novelty,
    save_per_user,
)
from songrec.lists import TopN

CUTOFFS = [1, 3, 5]


def make(seed=0, n_users=20, n_songs=30, n=5):
    """Lists, holdout and train of a small random world."""
    rng = np.random.default_rng(seed)
    songs = np.argsort(rng.random((n_users, n_songs)), axis=1)[:, :n].astype(np.int32)
    songs[4, 2:] = -1
    holdout = rng.random((n_users, n_songs)) < 0.2
    holdout[:, 0] = True
    lists = TopN(np.arange(n_users, dtype=np.int32) * 2, songs, np.zeros(songs.shape, np.float32))
    return (
        lists,
        csr_array(holdout.astype(np.int32)),
        csr_array((rng.random((50, n_songs)) < 0.1).astype(np.int32)),
    )


def test_every_column_is_its_metric():
    lists, holdout, train = make()
    result = evaluate(lists, holdout, train, CUTOFFS)
    names = [*ACCURACY, "novelty", "diversity"]
    assert list(result.per_user.columns) == [f"{name}@{k}" for name in names for k in CUTOFFS]
    assert result.per_user.index.name == "user"
    assert result.per_user.index.tolist() == lists.users.tolist()
    assert set(result.per_user.dtypes) == {np.dtype(np.float64)}
    judged = find_hits(lists.songs, holdout)
    for k in CUTOFFS:
        for name, metric in ACCURACY.items():
            assert result.per_user[f"{name}@{k}"].tolist() == metric(judged, k).tolist()
        assert result.per_user[f"novelty@{k}"].tolist() == novelty(lists.songs, train, k).tolist()
        diversity = intra_list_diversity(lists.songs, train, [k])[:, 0]
        np.testing.assert_allclose(result.per_user[f"diversity@{k}"], diversity, rtol=0, atol=1e-12)
        assert result.catalogue.loc[k].to_dict() == {
            "coverage": catalogue_coverage(lists.songs, 30, k),
            "gini": gini(lists.songs, 30, k),
        }


def test_nothing_is_written_into_the_inputs():
    lists, holdout, train = make()
    for array in (lists.users, lists.songs, holdout.indices, holdout.indptr, train.indices, train.data):
        array.flags.writeable = False  # as when they are memory-mapped
    assert len(evaluate(lists, holdout, train, CUTOFFS).per_user) == 20


def test_parts_that_do_not_fit_together_are_refused():
    lists, holdout, train = make()
    with pytest.raises(DataError, match="19 users but 20 lists"):
        evaluate(replace(lists, users=lists.users[1:]), holdout, train, CUTOFFS)
    with pytest.raises(DataError, match="stands twice"):
        evaluate(replace(lists, users=lists.users // 4), holdout, train, CUTOFFS)
    with pytest.raises(DataError, match="holdout has 30 songs, the training matrix 29"):
        evaluate(lists, holdout, train[:, :29], CUTOFFS)
    with pytest.raises(DataError, match="20 lists but 19 holdout rows"):
        evaluate(lists, holdout[:19], train, CUTOFFS)
    twice = csr_array((np.ones(2), np.array([3, 3]), np.array([0, 2])), shape=(1, 30))
    with pytest.raises(DataError, match="twice or out of order"):
        evaluate(lists, holdout, twice, CUTOFFS)


@pytest.mark.parametrize(
    ("cutoffs", "message"), [([], "at least one"), ([3, 1], "ascend"), ([1, 6], "cut at 5")]
)
def test_cutoffs_are_checked(cutoffs, message):
    with pytest.raises(ConfigError, match=message):
        evaluate(*make(), cutoffs)


def test_per_user_values_travel_exactly_and_the_same_values_give_the_same_bytes(tmp_path):
    per_user = {model: evaluate(*make(seed), CUTOFFS).per_user for seed, model in enumerate("ab")}
    for name in ("one", "two"):
        save_per_user(per_user, tmp_path / name)
    loaded = load_per_user(tmp_path / "one", ["b", "a"])
    assert list(loaded) == ["b", "a"]
    pd.testing.assert_frame_equal(loaded["a"], per_user["a"], check_exact=True)
    written = (tmp_path / "one" / "a.parquet").read_bytes()
    assert written == (tmp_path / "two" / "a.parquet").read_bytes()
    assert b"pandas" not in written, "a pandas version in the file would change with the environment"


def test_a_damaged_or_missing_file_is_named(tmp_path):
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 but nothing more")
    for name in ("broken", "absent"):
        with pytest.raises(DataError, match=rf"{name}\.parquet"):
            load_per_user(tmp_path, [name])
