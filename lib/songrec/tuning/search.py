"""The search for hyper-parameters: one rule for every model, evaluated on validation alone."""

import json
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
from scipy.sparse import csr_array

from songrec.errors import ConfigError
from songrec.models import create
from songrec.splits import HeldOut
from songrec.tuning.selection import select
from songrec.tuning.spaces import EPOCHS, edges, nested
from songrec.tuning.study import identity_of, n_points, open_study
from songrec.tuning.trials import CUTOFF, METRIC, Trials, flat

MORE = 3
"""Beyond an edge a search makes one trial more for so many that it made before."""

SHARE = 4
"""One trial of so many, at most, is the defaults with another choice."""


@dataclass(frozen=True)
class Search:
    """What a search found.

    Attributes
    ----------
    hyperparameters : dict
        All of the chosen point, the fixed ones among them.
    untuned : dict
        Those of trial 0.
    trials : DataFrame
        A row a trial: `trial`, `value` (mean AP@10 over the validation users), `state`, and `point`, the
        hyper-parameters that were tried, by flat name, as JSON.
    seconds : list of float
        Of each trial.
    asked : int
        Trials asked for, those beyond an edge among them.
    capped : bool
        Whether time ended the search before its number of trials did.
    space : dict
        What was searched.
    beyond : dict
        Where the search went on beyond a range: name -> "low" or "high", the edge.
    source : str
        Whose hyper-parameters these are, where nothing was searched because they were known.
    """

    hyperparameters: dict[str, Any]
    untuned: dict[str, Any]
    trials: pd.DataFrame = field(default_factory=lambda: _table([]))
    seconds: list[float] = field(default_factory=list)
    asked: int = 0
    capped: bool = False
    space: dict[str, Any] = field(repr=False, default_factory=dict)
    beyond: dict[str, str] = field(default_factory=dict)
    source: str = ""

    @property
    def facts(self) -> dict[str, Any]:
        """What is kept for training and for the page, without the estimator; `record.read_tuned` reads it."""
        values = self.trials["value"].tolist()
        return {
            "hyperparameters": self.hyperparameters,
            "untuned": self.untuned,
            "searched": list(self.space),
            "edges": edges(self.space, flat(self.hyperparameters)),
            "beyond": self.beyond,
            "asked": self.asked,
            "trials": len(self.trials),
            "capped": self.capped,
            "metric": METRIC,
            "value": max(values, default=None),
            "untuned_value": values[0] if values else None,
            **({"source": self.source} if self.source else {}),
        }

    def cost(self, threads: int) -> pd.DataFrame:
        """What each trial took: trial, seconds, threads."""
        table = pd.DataFrame({"trial": range(len(self.seconds)), "seconds": self.seconds})
        return table.assign(threads=threads)


def search(
    estimator: str,
    fixed: Mapping[str, Any],
    space: Mapping[str, Any],
    train: csr_array,
    validation: HeldOut,
    *,
    trials: int,
    seconds: float,
    journal: Path,
    most: int = 0,
    seed: int = 0,
    known: Mapping[str, Any] | None = None,
) -> Search:
    """Search a space for the hyper-parameters with the highest mean AP@10 of the validation users.

    Parameters
    ----------
    estimator : str
        Name of the model's class.
    fixed : dict
        Hyper-parameters that are not searched.
    space : dict
        As `spaces.searched` gives it.
    train : csr_array (n_users, n_songs)
        Plays to fit on.
    validation : HeldOut
        Users to evaluate on.
    trials : int
        How many points are tried; the first is the estimator's defaults, the next are the defaults with one
        choice changed, where there are trials enough for all of these. A space of fewer points is tried
        whole. A search whose best point lies at an edge of a range, and at none that is natural or beyond
        which the estimator takes nothing, goes on beyond it once, with a third as many trials.
    seconds : float
        No trial begins after so many; a safety, not a budget.
    journal : Path
        File that keeps finished trials, so that a search which was cut off goes on where it stopped and finds
        what it would have found; removed at the end. One of another search is not continued.
    most : int
        With more than `trials`, so many points are tried for each hyper-parameter that is searched, up to
        this. The number of epochs is found on the way, and counts for none.
    seed : int
        Of the points.
    known : dict, optional
        What another search found (its `facts`): its hyper-parameters are taken, and nothing is searched.

    Notes
    -----
    Points are proposed by a tree-structured Parzen estimator (the library Optuna), each from a seed of its
    own. A model in epochs is looked at now and then: the best look counts and gives the number of epochs, and
    a trial that lies below the median of the earlier ones is given up.

    The weights of a model that is made of others are found by `selection.select` instead, which needs neither
    a number of trials nor a journal.

    References
    ----------
    Bergstra et al. 2011, "Algorithms for hyper-parameter optimization".
    """
    untuned = create(estimator, **fixed).get_params()
    if known:
        source = known.get("source", "published results")
        return Search(known["hyperparameters"], untuned, source=source)
    untuned |= nested({name: _default(untuned, name) for name in space})
    if not space or not trials:
        return Search(untuned, untuned)
    if not len(validation.users):
        raise ConfigError("the split holds out nobody for validation: choose a split that does, or trials=0")
    if any(name.startswith("weights.") for name in space):
        return _selected(estimator, fixed, untuned, space, train, validation, seconds)
    identity = identity_of(estimator, fixed, space, seed, train, validation)
    study = open_study(journal, identity)
    asked = min(n_trials(space, trials, most), n_points(space))
    first = [{name: _default(untuned, name) for name in space}]
    others = list(_other_choices(space, first[0]))
    first += others if SHARE * len(others) <= asked else []
    run = Trials(estimator, dict(fixed), dict(space), train, validation, study, first)
    run.until(asked, seed, seconds)
    went = run.go_beyond(asked, untuned) if len(run.done) >= asked else {}
    if went:
        asked += math.ceil(asked / MORE)
        run.until(asked, seed, seconds)
    chosen, done = untuned | nested(run.best()), run.done
    found = Search(
        chosen, untuned, _table(done), run.seconds, asked, len(done) < asked, run.space, beyond=went
    )
    journal.unlink(missing_ok=True)
    return found


def n_trials(space: Mapping[str, Any], trials: int, most: int) -> int:
    """How many trials a search of this space is to have, by its number of hyper-parameters.

    >>> n_trials({"l2": {}, "dropout": {}, "epochs": {}}, 20, 60), n_trials({}, 20, 0)
    (40, 20)
    """
    return max(trials, min(trials * len(set(space) - {EPOCHS}), most))


def _selected(estimator, fixed, untuned, space, train, validation: HeldOut, seconds: float) -> Search:
    """The search of a model made of weighted members: `selection.select`, which needs no number of trials."""
    start = time.perf_counter()
    blend = create(estimator, **fixed).fit(train)
    found, trials = select(blend, validation, CUTOFF, seconds)
    elapsed = time.perf_counter() - start
    members = {label: fixed["members"][label] for label in found["weights"]}
    points = [
        {f"weights.{label}": weight for label, weight in point["weights"].items()} | {"by": point["by"]}
        for point in trials["point"]
    ]
    table = trials.assign(trial=range(len(trials)), state="complete", point=list(map(json.dumps, points)))
    return Search(
        untuned | {"members": members} | found,
        untuned,
        table[["trial", "value", "state", "point"]],
        [elapsed],
        len(trials),
        elapsed > seconds,
        {name: {"choices": True} for name in space},  # steps have no edge
    )


def _other_choices(space: Mapping[str, Any], defaults: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The defaults with each choice of each hyper-parameter that counts there, one at a time."""
    for name, entry in space.items():
        if all(defaults.get(key) in values for key, values in entry.get("when", {}).items()):
            yield from (
                {**defaults, name: value} for value in entry.get("choices") or [] if value != defaults[name]
            )


def _default(untuned: Mapping[str, Any], name: str) -> Any:
    """The value that trial 0 has; a weight that nobody set is 1."""
    whole, dot, part = name.partition(".")
    return (untuned.get(whole) or {}).get(part, 1.0) if dot else untuned[name]


def _table(done: list[Any]) -> pd.DataFrame:
    rows = [
        [
            number,
            trial.user_attrs["value"],
            trial.state.name.lower(),
            json.dumps(trial.user_attrs["parameters"]),
        ]
        for number, trial in enumerate(done)
    ]
    return pd.DataFrame(rows, columns=["trial", "value", "state", "point"])
