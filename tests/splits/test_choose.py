"""Protocols by name: each takes its own parameters and leaves the others."""

from dataclasses import replace

import numpy as np
import pytest

from songrec.data import Interactions
from songrec.errors import ConfigError
from songrec.splits import given, strong, temporal, triplet_holdout, weak
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


@pytest.fixture(scope="module")
def log() -> Interactions:
    random = np.random.default_rng(3)
    cells = random.permutation(np.flatnonzero(random.random(60 * 25) < 0.4))
    log = Interactions.from_triplets(cells // 25 + 100, cells % 25 + 100, random.integers(1, 9, len(cells)))
    first = random.integers(0, 10**9, len(cells))
    return replace(log, first=first, last=first)


@pytest.fixture(scope="module")
def halves(log) -> tuple[Interactions, Interactions]:
    split = weak(log, test=0.5, validation=0.1, seed=9)
    ids = split.user_ids, split.song_ids
    parts = []
    for rows in (split.test.fold_in, split.test.holdout):
        coo = rows.tocoo()
        parts.append(Interactions.from_triplets(ids[0][split.test.users[coo.row]], ids[1][coo.col], coo.data))
    return parts[0], parts[1]


def same(one, other) -> bool:
    matrices = [(s.train, s.validation.holdout, s.test.fold_in, s.test.holdout) for s in (one, other)]
    return all((a != b).nnz == 0 for a, b in zip(*matrices, strict=True))


def test_each_protocol_gets_its_own_parameters(log, halves):
    strong_parameters = {name: ALL[name] for name in list(ALL)[2:-1]}
    expected = {
        "weak": weak(log, test=0.3, validation=0.2, seed=4),
        "triplet_holdout": triplet_holdout(log, test=0.3, validation=0.2, seed=4),
        "strong": strong(log, seed=4, **strong_parameters),
        "predefined": given(halves[0], *halves, validation=0.2, seed=4),
        "temporal": temporal(log, until=0.6, validation=0.2, seed=4),
    }
    assert set(expected) == set(PROTOCOLS)
    for protocol, split in expected.items():
        source = halves[0] if protocol == "predefined" else log
        found = divide(protocol, source, halves, 4, **ALL)
        assert (found.protocol, found.seed) == (protocol, 4)
        assert same(found, split), protocol


def test_the_seed_matters(log):
    assert not same(divide("weak", log, None, 1, **ALL), divide("weak", log, None, 2, **ALL))


def test_an_unknown_protocol_is_refused_with_those_there_are(log):
    with pytest.raises(
        ConfigError, match=r"'week': did you mean 'weak'. Known: weak, triplet_holdout, predefined, s"
    ):
        divide("week", log, None, 0, **ALL)


def test_a_predefined_split_needs_its_files(log):
    with pytest.raises(ConfigError, match="`visible` and `hidden`"):
        divide("predefined", log, None, 0, **ALL)


def test_a_temporal_split_needs_times(log):
    with pytest.raises(ConfigError, match=r"'temporal' needs .* no times: name their column as `time`"):
        divide("temporal", replace(log, first=None, last=None), None, 0, **ALL)
