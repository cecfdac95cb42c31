"""RP3beta against its definition, and against similaripy."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from small_logs import neighbourhoods

from songrec.models import RP3beta

LOG = np.random.default_rng(7).random((60, 40)) < 0.15


def by_definition(heard, alpha, beta):
    """Transition probabilities to the power alpha, two steps from song to song, divided by listeners^beta."""
    heard = heard.astype(float)
    from_song = (heard / np.maximum(heard.sum(axis=0), 1)).T ** alpha * heard.T
    from_user = (heard / np.maximum(heard.sum(axis=1, keepdims=True), 1)) ** alpha * heard
    reached = from_song @ from_user / np.maximum(heard.sum(axis=0), 1) ** beta
    np.fill_diagonal(reached, 0)
    return reached


@pytest.mark.parametrize(("alpha", "beta"), [(1.0, 0.0), (1.0, 0.6), (0.5, 0.5), (1.7, 1.2), (0.0, 0.3)])
def test_the_definition(alpha, beta):
    expected = by_definition(LOG, alpha, beta)
    model = RP3beta(neighbours=40, alpha=alpha, beta=beta, normalize=False).fit(csr_array(LOG))
    assert model.similarity_.toarray() == pytest.approx(expected, rel=1e-6)
    few = RP3beta(neighbours=5, alpha=alpha, beta=beta, normalize=False).fit(csr_array(LOG))
    few = few.similarity_.toarray()
    rounded = expected.astype(np.float32)
    for row, line in enumerate(few):
        best = np.argsort(-rounded[row], kind="stable")[:5]
        assert np.sort(line[line > 0]) == pytest.approx(np.sort(rounded[row, best]), rel=1e-6)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("normalize", [False, True])
def test_neighbourhoods(reverse, normalize):
    expected = by_definition(LOG, 0.7, 0.4).astype(np.float32)
    expected = neighbourhoods(expected, 6, reverse, normalize)
    model = RP3beta(neighbours=6, alpha=0.7, beta=0.4, reverse=reverse, normalize=normalize)
    assert model.fit(csr_array(LOG)).similarity_.toarray() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("beta", [0.0, 0.6])
def test_similaripy(beta):
    """It counts a popularity of columns of the transposed log: the listeners of songs, as here."""
    import similaripy

    rows = csr_array(LOG.T).astype(np.float32)
    theirs = similaripy.rp3beta(rows, alpha=0.8, beta=beta, k=40, verbose=False).toarray()
    np.fill_diagonal(theirs, 0)
    ours = RP3beta(neighbours=40, alpha=0.8, beta=beta, normalize=False).fit(csr_array(LOG))
    ours = ours.similarity_.toarray()
    assert ours == pytest.approx(theirs, rel=1e-4)
