"""GF-CF against the paper's formula with dense matrices."""

import numpy as np
import pytest
from scipy.sparse import csr_array
from small_logs import lists_by_sorting, steep_log

from songrec.models import GFCF, gf_cf


@pytest.mark.parametrize(("alpha", "power"), [(0, 1.0), (0.3, 1.0), (2.0, 0.6)])
def test_it_is_the_formula(alpha, power, monkeypatch):
    monkeypatch.setattr(gf_cf, "COUNTED", 7)
    heard = steep_log()
    users, songs = np.maximum(heard.sum(axis=1), 1), np.maximum(heard.sum(axis=0), 1)
    normalised = np.diag(users**-0.5) @ heard @ np.diag(songs**-0.5)
    low = np.linalg.svd(normalised)[2][:6]
    weights = (normalised.T @ normalised) ** power
    weights += alpha * np.diag(songs**-0.5) @ low.T @ low @ np.diag(songs**0.5)
    np.fill_diagonal(weights, 0)
    model = GFCF(factors=6, alpha=alpha, power=power).fit(csr_array(heard))
    assert model.weights_.dtype == np.float32
    assert model.weights_ == pytest.approx(weights, abs=1e-6)
    scores = np.where((heard > 0) | (heard @ weights <= 0), -np.inf, heard @ weights)
    found, expected = model.recommend(csr_array(heard), 5), lists_by_sorting(scores, 5)
    assert (found[0] == expected[0]).mean() > 0.99
