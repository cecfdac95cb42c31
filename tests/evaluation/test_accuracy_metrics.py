"""Accuracy metrics against hand-made cases and scikit-learn."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from songrec.evaluation import ACCURACY, find_hits, metrics

LOG3 = 1.5849625007211562  # log2(3)


# One list of five, hits at ranks 2 and 5; four songs were held out.
HAND_MADE = {
    ("precision", 1): 0,
    ("precision", 2): 1 / 2,
    ("precision", 5): 2 / 5,
    ("recall", 2): 1 / 4,
    ("recall", 5): 2 / 4,
    ("recall_capped", 2): 1 / 2,
    ("recall_capped", 5): 2 / 4,
    ("f1", 1): 0,
    ("f1", 2): 2 * (1 / 2) * (1 / 4) / (1 / 2 + 1 / 4),
    ("f1", 5): 2 * (2 / 5) * (2 / 4) / (2 / 5 + 2 / 4),
    ("average_precision", 1): 0,
    ("average_precision", 2): (1 / 2) / 2,
    ("average_precision", 5): (1 / 2 + 2 / 5) / 4,
    ("ndcg", 1): 0,
    ("ndcg", 2): (1 / LOG3) / (1 + 1 / LOG3),
    ("hit_rate", 1): 0,
    ("hit_rate", 2): 1,
    ("hit_rate", 5): 1,
    ("reciprocal_rank", 1): 0,
    ("reciprocal_rank", 2): 1 / 2,
    ("reciprocal_rank", 5): 1 / 2,
}


@pytest.mark.parametrize(("case", "expected"), HAND_MADE.items(), ids=lambda case: str(case))
def test_hand_made_case(case, expected):
    name, k = case
    judged = find_hits(np.array([[5, 1, 6, 7, 3]]), csr_array([[0, 1, 1, 1, 1, 0, 0, 0]]))
    assert ACCURACY[name](judged, k)[0] == pytest.approx(expected, rel=0, abs=1e-15)


@pytest.mark.parametrize("n_relevant", [1, 3, 8])
def test_a_perfect_list_scores_one_where_a_list_of_its_length_can(n_relevant):
    judged = find_hits(np.arange(5)[None, :], csr_array([[1] * n_relevant + [0] * (8 - n_relevant)]))
    for name in ("recall_capped", "average_precision", "ndcg", "hit_rate", "reciprocal_rank"):
        assert ACCURACY[name](judged, 5)[0] == pytest.approx(1, rel=0, abs=1e-15), name
    assert metrics.precision(judged, 5)[0] == min(n_relevant, 5) / 5
    assert metrics.recall(judged, 5)[0] == min(n_relevant, 5) / n_relevant


def test_one_user_does_not_change_another():
    lists, holdout = (
        np.array([[0, 1, 2], [4, 3, -1], [2, 0, 1]]),
        csr_array(np.eye(3, 5, dtype=int) + np.eye(3, 5, 3)),
    )
    together = find_hits(lists, holdout)
    for name, metric in ACCURACY.items():
        alone = [metric(find_hits(lists[[row]], holdout[[row]]), 2)[0] for row in range(3)]
        assert metric(together, 2).tolist() == alone, name


def complete_ranking():
    """Scores without ties, the full ranking they give, and binary relevance: 30 users, 25 songs."""
    rng = np.random.default_rng(11)
    scores = rng.permuted(np.tile(np.arange(25.0), (30, 1)), axis=1)
    relevant = rng.random((30, 25)) < 0.2
    relevant[np.arange(30), rng.integers(0, 25, 30)] = True
    return scores, np.argsort(-scores, axis=1), relevant.astype(int)


@pytest.mark.parametrize("k", [1, 5, 10, 25])
def test_ndcg_is_scikit_learns_with_binary_gains(k):
    from sklearn.metrics import ndcg_score

    scores, ranked, relevant = complete_ranking()
    expected = [ndcg_score(relevant[[u]], scores[[u]], k=k) for u in range(30)]
    np.testing.assert_allclose(
        metrics.ndcg(find_hits(ranked, csr_array(relevant)), k), expected, rtol=0, atol=1e-12
    )


def test_average_precision_is_scikit_learns_when_the_list_is_the_whole_catalogue():
    # scikit-learn divides by n and ranks everything; with k = n_songs >= n, min(n, k) is n as well.
    from sklearn.metrics import average_precision_score

    scores, ranked, relevant = complete_ranking()
    expected = [average_precision_score(relevant[u], scores[u]) for u in range(30)]
    values = metrics.average_precision(find_hits(ranked, csr_array(relevant)), 25)
    np.testing.assert_allclose(values, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("k", [1, 4, 10])
def test_precision_recall_and_f1_are_scikit_learns_of_the_set_of_the_first_k(k):
    from sklearn.metrics import precision_recall_fscore_support

    scores, ranked, relevant = complete_ranking()
    judged = find_hits(ranked, csr_array(relevant))
    chosen = (scores >= 25 - k).astype(int)
    p, r, f, _ = precision_recall_fscore_support(relevant.T, chosen.T, average=None, zero_division=0)
    np.testing.assert_allclose(metrics.precision(judged, k), p, rtol=0, atol=1e-12)
    np.testing.assert_allclose(metrics.recall(judged, k), r, rtol=0, atol=1e-12)
    np.testing.assert_allclose(metrics.f1(judged, k), f, rtol=0, atol=1e-12)


def test_reciprocal_rank_is_scikit_learns_label_ranking_precision_when_one_song_is_held_out():
    from sklearn.metrics import label_ranking_average_precision_score

    scores, ranked, _ = complete_ranking()
    relevant = np.eye(30, 25, dtype=int)
    relevant[25:, 3] = 1
    values = metrics.reciprocal_rank(find_hits(ranked, csr_array(relevant)), 25)
    assert values.mean() == pytest.approx(
        label_ranking_average_precision_score(relevant, scores), rel=0, abs=1e-12
    )
