"""A split by the name of its protocol, from the parameters of a stage."""

from inspect import signature
from typing import Any

import numpy as np

from songrec.config import check_names
from songrec.data.interactions import Interactions
from songrec.errors import ConfigError, DataError
from songrec.splits.contract import Split, nobody
from songrec.splits.hashed import strong_hashed, temporal_hashed, weak_hashed
from songrec.splits.predefined import given
from songrec.splits.strong import strong
from songrec.splits.temporal import temporal
from songrec.splits.weak import triplet_holdout, weak

PROTOCOLS = {
    "weak": weak,
    "triplet_holdout": triplet_holdout,
    "predefined": given,
    "strong": strong,
    "temporal": temporal,
    "weak_hashed": weak_hashed,
    "strong_hashed": strong_hashed,
    "temporal_hashed": temporal_hashed,
}
FEWEST = 6
"""With fewer test users no study has anything to say."""

TAKES = {
    name: tuple(p.name for p in signature(made).parameters.values() if p.kind is p.KEYWORD_ONLY)[:-1]
    for name, made in PROTOCOLS.items()
}
"""Protocol -> the parameters that are its own: the last one, the seed, they have in common."""


def divide(
    protocol: str,
    log: Interactions,
    halves: tuple[Interactions, ...] | None,
    seed: int,
    **parameters: Any,
) -> Split:
    """Divide the log by a protocol of `PROTOCOLS`.

    Parameters
    ----------
    protocol : str
        Name of the protocol.
    log : Interactions
        The whole log.
    halves : tuple of Interactions, optional
        Visible, hidden and maybe validation part of a split that came with the data: for `predefined` only.
    seed : int
        Of the protocol's draws.
    **parameters
        Those of all protocols; each protocol takes its own and ignores the others.

    Raises
    ------
    ConfigError
        For an unknown protocol, `predefined` without the two parts, or `temporal` without times.
    DataError
        When the log is too small for the protocol, or nobody is left to choose parameters on.
    """
    check_names([protocol], PROTOCOLS, "protocol", "split")
    own = {name: parameters[name] for name in TAKES[protocol] if name in parameters}
    if protocol == "predefined" and halves is None:
        raise ConfigError(
            "protocol 'predefined' needs the files `visible` and `hidden` (parameters of ingest)"
        )
    both = halves if protocol == "predefined" else ()
    split = PROTOCOLS[protocol](log, *both, seed=seed, **own)
    if not len(split.validation.users):
        raise nobody("validation", np.diff(log.plays.indptr).max())
    if len(split.test.users) < FEWEST:
        raise DataError(
            f"the log is too small: models are compared user by user, and {len(split.test.users)} can be "
            f"tested where at least {FEWEST} are wanted. Hold out a larger share (split.test), or bring more "
            "data."
        )
    return split
