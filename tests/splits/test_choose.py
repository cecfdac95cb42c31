"""Protocols by name: each takes its own parameters and leaves the others."""

from dataclasses import replace

import numpy as np
import pytest
from any_split import halves, parts, some_log

from songrec.errors import ConfigError
from songrec.splits import (
    given,
    strong,
    strong_hashed,
    temporal,
    temporal_hashed,
    triplet_holdout,
    weak,
    weak_hashed,
)
from songrec.splits.choose import PROTOCOLS, divide

ALL = {
    "test": 0.3,
    "validation": 0.2,
    "min_listeners": 2,
    "min_songs": 3,
    "validation_users": 5,
    "test_users": 6,
    "holdout": 0.25,
    "until": "0.6",
}


def timed(log):
    """The log with a time for each pair."""
    first = np.random.default_rng(3).integers(0, 10**9, log.plays.nnz)
    return replace(log, first=first, last=first)


LOG = timed(some_log())


def test_each_protocol_gets_its_own_parameters():
    visible, hidden, other = halves(LOG, seed=9)
    strong_parameters = {name: ALL[name] for name in list(ALL)[2:-1]}
    expected = {
        "weak": weak(LOG, test=0.3, validation=0.2, seed=4),
        "triplet_holdout": triplet_holdout(LOG, test=0.3, validation=0.2, seed=4),
        "strong": strong(LOG, seed=4, **strong_parameters),
        "predefined": given(other, visible, hidden, validation=0.2, seed=4),
        "temporal": temporal(LOG, until=0.6, validation=0.2, seed=4),
        "weak_hashed": weak_hashed(LOG, test=0.3, validation=0.2, seed=4),
        "strong_hashed": strong_hashed(LOG, seed=4, **strong_parameters),
        "temporal_hashed": temporal_hashed(LOG, until=0.6, validation=0.2, seed=4),
    }
    assert set(expected) == set(PROTOCOLS)
    for protocol, split in expected.items():
        log = other if protocol == "predefined" else LOG
        found = divide(protocol, log, (visible, hidden), 4, **ALL)
        assert (found.protocol, found.seed) == (protocol, 4)
        assert parts(found) == parts(split), protocol


def test_the_seed_matters():
    one, other = (divide("weak", LOG, None, seed, **ALL) for seed in (1, 2))
    assert parts(one) != parts(other)


def test_an_unknown_protocol_is_refused_with_those_there_are():
    with pytest.raises(
        ConfigError, match=r"'week': did you mean 'weak'. Known: weak, triplet_holdout, predefined, s"
    ):
        divide("week", LOG, None, 0, **ALL)


def test_a_predefined_split_needs_its_files():
    with pytest.raises(ConfigError, match="`visible` and `hidden`"):
        divide("predefined", LOG, None, 0, **ALL)


def test_a_temporal_split_needs_times():
    with pytest.raises(ConfigError, match=r"'temporal' needs .* no times: name their column as `time`"):
        divide("temporal", replace(LOG, first=None, last=None), None, 0, **ALL)
