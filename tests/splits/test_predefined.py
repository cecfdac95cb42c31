"""A split that comes with the data, by hand and on the challenge's own files."""

import numpy as np
import pytest
from small_logs import interactions, read_log
from small_logs import log_of as log

from songrec.errors import DataError
from songrec.splits import Split, given

VISIBLE = {"a": "stuv", "b": "suvw", "c": "tuvw"}
HIDDEN = {"a": "wx", "b": "t", "d": "sz"}


def test_without_a_training_file_visible_is_all_there_is():
    split = given(None, log(VISIBLE), log(HIDDEN), validation=0.25)
    assert split.user_ids.tolist() == ["a", "b", "c", "d"]
    assert split.song_ids.tolist() == ["s", "t", "u", "v", "w", "x", "z"]
    assert split.test.users.tolist() == [0, 1, 3]  # c has nothing hidden
    assert split.validation.users.tolist() == [0, 1, 2]  # one of four visible songs each
    assert np.diff(split.train.indptr).tolist() == [3, 3, 3, 0]
    assert np.diff(split.test.fold_in.indptr).tolist() == [4, 4, 0]  # of d nothing is known
    assert np.diff(split.test.holdout.indptr).tolist() == [2, 1, 2]


def test_a_training_file_is_learnt_from_and_folds_in():
    train = log({"a": "s", "d": "t", "e": "xyz"}, plays=7)
    split = given(train, log(VISIBLE), log(HIDDEN), validation=0.25)
    assert split.user_ids.tolist() == ["a", "b", "c", "d", "e"]
    row = {user: split.final_train().toarray()[code] for code, user in enumerate(split.user_ids)}
    assert split.song_ids[row["e"] > 0].tolist() == ["x", "y", "z"]
    assert row["a"][0] == 7  # the larger of the two counts
    fold_in = dict(zip(split.user_ids[split.test.users], split.test.fold_in.toarray(), strict=True))
    assert split.song_ids[fold_in["d"] > 0].tolist() == ["t"]


def test_what_is_carved_for_validation_is_taken_out_of_the_training_file_too():
    for seed in range(10):
        split = given(log(VISIBLE, plays=3), log(VISIBLE), log(HIDDEN), validation=0.5, seed=seed)
        train = split.train[split.validation.users]
        assert split.validation.holdout.nnz == 6
        assert train.multiply(split.validation.holdout).nnz == 0
        assert (split.validation.fold_in != train).nnz == 0
        assert set(split.validation.holdout.data) == {3}


def test_halves_of_different_logs():
    other = {"x": "st", "y": "t"}
    with pytest.raises(DataError, match=r"share no user \(3 and 2 users\)"):
        given(None, log(VISIBLE), log(other))
    with pytest.raises(DataError, match=r"share no song \(5 and 2 songs\)"):
        given(None, log(VISIBLE), log({"a": "12"}))


def test_hidden_songs_may_be_known_from_the_training_log_alone():
    hidden = {"a": "12"}
    split = given(log({"e": "1"}), log(VISIBLE), log(hidden), validation=0.25)
    assert split.song_ids[split.test.holdout.indices].tolist() == ["1", "2"]
    with pytest.raises(DataError, match=r"with the training log and .* no song \(6 and 2 songs\)"):
        given(log({"e": "sy"}), log(VISIBLE), log(hidden))
    with pytest.raises(DataError, match=r"share no user \(3 and 1 users\)"):  # nothing visible of e
        given(log({"e": "s"}), log(VISIBLE), log({"e": "t"}))


def test_a_hidden_triplet_that_is_also_known():
    for visible, train in ((VISIBLE | {"d": "z"}, None), (VISIBLE, log({"d": "z"}))):
        with pytest.raises(DataError, match="1 hidden triplets are also known, the first one user d, song z"):
            given(train, log(visible), log(HIDDEN))


def test_a_validation_file_is_what_is_to_be_found_on_validation():
    found = {"a": "x", "c": "xs", "e": "z"}
    split = given(None, log(VISIBLE), log({"a": "w", "b": "t", "d": "sz"}), log(found))
    assert split.user_ids[split.validation.users].tolist() == ["a", "c", "e"]
    assert np.diff(split.validation.holdout.indptr).tolist() == [1, 2, 1]
    assert (split.validation.fold_in != split.train[split.validation.users]).nnz == 0
    assert split.train.nnz == 12  # all that is visible
    assert split.final_train().nnz == 16
    assert np.diff(split.test.fold_in.indptr).tolist() == [5, 4, 0]


def test_the_final_fit_may_leave_validation_out(tmp_path):
    split = given(None, log(VISIBLE), log({"a": "w", "b": "t"}), log({"a": "x"}), refit=False)
    assert (split.final_train() != split.train).nnz == 0
    assert np.diff(split.test.fold_in.indptr).tolist() == [4, 4]
    split.save(tmp_path / "split")
    assert Split.load(tmp_path / "split").refit is False
    carved = given(None, log(VISIBLE), log(HIDDEN), validation=0.25, refit=False)
    assert carved.final_train().nnz == carved.train.nnz == 9
    assert np.diff(carved.test.fold_in.indptr).tolist() == [3, 3, 0]


def test_a_validation_triplet_that_is_also_known_or_hidden():
    for found, also in (({"a": "s"}, "known"), ({"a": "w"}, "hidden")):
        with pytest.raises(DataError, match=f"1 validation triplets are also {also}, the first one user a"):
            given(None, log(VISIBLE), log(HIDDEN), log(found))


def test_the_challenge_fragment(shared_data):
    """526 users of the Million Song Dataset Challenge, in its own files."""
    logs = []
    for half in ("visible", "hidden"):
        file = shared_data / f"msd-challenge-fragment/year1_test_triplets_{half}.txt"
        logs.append(interactions(read_log(file)))
    split = given(None, *logs)
    assert split.train.nnz + split.validation.holdout.nnz == 7093
    assert split.test.fold_in.nnz == 7093
    assert split.test.holdout.nnz == 7345
    assert len(split.test.users) == 526
