"""Sampled negatives: who is drawn, what rank comes of it, and whether two orders agree."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from songrec.errors import DataError
from songrec.evaluation.agreement import same_order
from songrec.models import ItemKNN, Popularity
from songrec.splits.contract import HeldOut
from songrec.studies import definitions
from songrec.studies.sampled import accuracy, draw_negatives, only, random_recall, ranks, some_users, unscored

N_USERS, N_SONGS = 60, 40


@pytest.fixture(scope="module")
def plays():
    generator = np.random.default_rng(0)
    return csr_array((generator.random((N_USERS, N_SONGS)) < 0.3).astype(np.int32))


@pytest.fixture(scope="module")
def held(plays):
    """Two or three songs of each user are hidden, the others known."""
    dense = plays.toarray()
    hidden = np.zeros_like(dense)
    for user, row in enumerate(dense):
        hidden[user, np.flatnonzero(row)[: 2 + user % 2]] = 1
    return HeldOut(np.arange(N_USERS, dtype=np.int32), csr_array(dense - hidden), csr_array(hidden))


def test_negatives_are_unheard_distinct_and_the_same_for_the_same_seed(held):
    questions = draw_negatives(held, 8, seed=3)
    heard = (held.fold_in + held.holdout).toarray() > 0
    assert questions.negatives.shape == (held.holdout.nnz, 8)
    assert (held.holdout.toarray()[questions.row, questions.song] == 1).all()
    for row, negatives in zip(questions.row, questions.negatives, strict=True):
        assert not heard[row, negatives].any()
        assert len(set(negatives.tolist())) == 8
    again, other = draw_negatives(held, 8, seed=3), draw_negatives(held, 8, seed=4)
    assert (questions.negatives == again.negatives).all()
    assert (questions.negatives != other.negatives).any()


def test_negatives_are_drawn_evenly(held):
    one = HeldOut(held.users[:1], held.fold_in[:1], held.holdout[:1])
    drawn = np.concatenate([draw_negatives(one, 5, seed).negatives.ravel() for seed in range(400)])
    left = np.flatnonzero((one.fold_in + one.holdout).toarray()[0] == 0)
    share = np.bincount(drawn, minlength=N_SONGS)[left] / len(drawn)
    assert share == pytest.approx(np.full(len(left), 1 / len(left)), abs=0.012)


@pytest.mark.parametrize("model", [Popularity(), ItemKNN(neighbours=3)])
def test_ranks_by_brute_force(plays, held, model):
    fitted = model.fit(held.fold_in)
    questions = draw_negatives(held, 6, seed=1)
    sampled, full = ranks(fitted, held, questions)
    unlisted = 0
    for question, (row, song) in enumerate(zip(questions.row, questions.song, strict=True)):
        (listed,), _ = fitted.recommend(held.fold_in[[row]], N_SONGS, users=held.users[[row]])
        listed = [s for s in listed.tolist() if s >= 0]
        hidden = set(held.holdout[[row]].indices.tolist())
        if song not in listed:
            unlisted += 1
            assert sampled[question] == full[question] == np.inf
            continue
        before = listed[: listed.index(song)]
        assert sampled[question] == 1 + len(set(before) & set(questions.negatives[question].tolist()))
        assert full[question] == 1 + len([s for s in before if s not in hidden])
    assert 0 < unlisted < len(full), "songs that are listed and songs that are not must be among those tried"


def test_against_all_unheard_songs_sampling_changes_nothing(plays, held):
    questions = draw_negatives(held, N_SONGS, seed=0)  # more than anybody has left
    assert (questions.negatives == -1).any()
    sampled, full = ranks(Popularity().fit(held.fold_in), held, questions)
    assert (sampled == full).all()


def test_blocks_of_users_change_nothing(held, monkeypatch):
    model, questions = ItemKNN().fit(held.fold_in), draw_negatives(held, 6, seed=1)
    whole = ranks(model, held, questions)
    monkeypatch.setattr("songrec.studies.sampled.CELLS", 7 * N_SONGS)
    for one, other in zip(whole, ranks(model, held, questions), strict=True):
        assert (one == other).all()


def test_accuracy_by_hand():
    fold_in, holdout = csr_array((2, 9), dtype=np.int32), csr_array([[1, 1, 0] * 3, [0, 0, 1] * 3])
    questions = draw_negatives(HeldOut(np.array([5, 9]), fold_in, holdout), 2, seed=0)
    rank = np.array([1, 2, 3, 4, np.inf, np.inf, 2, 5, 1], float)  # six questions, then three
    table = accuracy(rank, questions, np.array([5, 9]), k=3)
    assert table.index.tolist() == [5, 9]
    assert table["recall@3"].tolist() == pytest.approx([3 / 6, 2 / 3])
    assert table["average_precision@3"].tolist() == pytest.approx([(1 + 1 / 2 + 1 / 3) / 6, (1 / 2 + 1) / 3])
    second = 1 / np.log2(3)
    assert table["ndcg@3"].tolist() == pytest.approx([(1 + second + 1 / 2) / 6, (second + 1) / 3])


def test_chance_is_what_lots_would_do(held):
    questions = draw_negatives(held, 9, seed=0)
    assert random_recall(questions, held.users, 3) == pytest.approx(3 / 10)
    assert random_recall(questions, held.users, 20) == 1


def test_some_users_keep_their_rows_together(held):
    some = some_users(held, 10, seed=2)
    assert len(some.users) == 10
    assert (np.diff(some.users) > 0).all()
    assert (some.holdout.toarray() == held.holdout.toarray()[some.users]).all()
    assert (some.fold_in.toarray() == held.fold_in.toarray()[some.users]).all()
    assert some_users(held, N_USERS, seed=2) is held


def test_tau_by_hand():
    """Four models in the order 1 2 3 4 and 2 1 4 3: two of six pairs reversed, tau = (4 - 2) / 6."""
    noise = np.random.default_rng(0).normal(size=(50, 4)) * 0.001
    means = np.array([[1, 2, 3, 4], [2, 1, 4, 3]])
    found = same_order(*(dict(zip("abcd", (noise + of).T, strict=True)) for of in means))
    assert found.tau == pytest.approx(1 / 3)
    assert found.pairs == 6
    assert found.reversed == found.significant == [("b", "a"), ("d", "c")]


def test_a_reversal_within_noise_is_not_clear():
    generator = np.random.default_rng(1)
    noisy = generator.normal(size=50)
    ways = [noisy - noisy.mean() + 0.01, np.full(50, -1.0)]
    found = same_order(*({"a": np.zeros(50), "b": way} for way in ways))
    assert found.reversed == [("b", "a")]
    assert found.significant == []


def test_tau_of_one_model_is_unknown_and_ties_count_for_neither():
    one = {"a": np.arange(5.0)}
    assert np.isnan(same_order(one, one).tau)
    tied = {"a": np.zeros(5), "b": np.zeros(5), "c": np.ones(5)}
    apart = {"a": np.zeros(5), "b": np.full(5, 0.5), "c": np.ones(5)}
    assert same_order(tied, apart).tau == pytest.approx(2 / np.sqrt(2 * 3))
    with pytest.raises(DataError, match="same models"):
        same_order(one, tied)


def test_what_a_model_does_not_list_is_counted_by_user(held):
    questions = draw_negatives(held, 6, seed=1)
    _, full = ranks(ItemKNN(neighbours=3).fit(held.fold_in), held, questions)
    table = unscored(full, questions, held.users, 3)
    by_hand = [np.isinf(full[questions.row == row]).mean() for row in range(len(held.users))]
    assert table["unscored@3"].tolist() == pytest.approx(by_hand)


def test_the_songs_that_all_models_list_are_asked_alone(held):
    models = {
        "item_knn": ItemKNN(neighbours=3).fit(held.fold_in),
        "popularity": Popularity().fit(held.fold_in),
    }
    found = definitions.sampled_and_full(models, held, 6, 3, seed=1)
    questions = draw_negatives(held, 6, seed=1)
    rank = {name: ranks(model, held, questions) for name, model in models.items()}
    listed = np.isfinite(rank["item_knn"][1]) & np.isfinite(rank["popularity"][1])
    assert found.share_common == pytest.approx(listed.mean())
    few, users = only(questions, listed, held.users)
    assert few.song.tolist() == questions.song[listed].tolist()
    assert users[few.row].tolist() == held.users[questions.row[listed]].tolist()
    expected = accuracy(rank["popularity"][0][listed], few, users, 3)
    assert found.common["sampled"]["popularity"].equals(expected)
    assert definitions.unscored(found)["value"].tolist() == pytest.approx(
        [found.unscored[name]["unscored@3"].mean() for name in models]
    )
