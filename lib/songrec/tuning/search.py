"""The search for hyper-parameters: one rule for every model, evaluated on validation alone."""

import json
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from songrec.errors import ConfigError
from songrec.evaluation.hits import find_hits
from songrec.evaluation.metrics import average_precision
from songrec.models import create
from songrec.models.iterative import Iterative
from songrec.splits import HeldOut
from songrec.tuning.selection import select
from songrec.tuning.spaces import EPOCHS, beyond, drawn, edges, nested
from songrec.tuning.study import identity_of, n_points, open_study

CUTOFF = 10
METRIC = f"average_precision@{CUTOFF}"
LOOKS = 5
"""How often a model in epochs is looked at, at most."""

PATIENCE = 3
"""Looks without an improvement after which a trial ends."""

MORE = 3
"""Beyond an edge a search makes one trial more for so many that it made before."""

RANDOM_TRIALS = 7
"""Trials at random, the first being the defaults, before the sampler learns from them."""

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
            "edges": edges(self.space, _flat(self.hyperparameters)),
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
    run = _Run(estimator, dict(fixed), dict(space), train, validation, study, first)
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


class _Run:
    """A search under way."""

    def __init__(self, estimator, fixed, space, train, validation: HeldOut, study, first):
        self.estimator, self.fixed, self.space = estimator, fixed, space
        self.train, self.validation, self.study = train, validation, study
        self.last: tuple[dict[str, Any], Any] | None = None  # the model fitted last, and with what
        self.set = dict(enumerate(first))  # points that the sampler does not choose
        self.random = RANDOM_TRIALS - 1 + len(first)

    @property
    def done(self) -> list[Any]:
        """Finished trials, pruned ones among them, in their order."""
        return [trial for trial in self.study.get_trials(deepcopy=False) if "value" in trial.user_attrs]

    @property
    def seconds(self) -> list[float]:
        return [trial.user_attrs["seconds"] for trial in self.done]

    def best(self, n: int | None = None) -> dict[str, Any]:
        """The hyper-parameters of the best trial, or of the best of the first `n`, by flat name."""
        best = max(self.done[:n], key=lambda trial: (trial.user_attrs["value"], -trial.number))
        return best.user_attrs["parameters"]

    def until(self, n: int, seed: int, seconds: float) -> None:
        """Try points until there are `n`, or time is over."""
        while len(self.done) < n and sum(self.seconds) < seconds:
            self.trial(seed, deadline=time.perf_counter() + seconds - sum(self.seconds))

    def go_beyond(self, n: int, untuned: Mapping[str, Any]) -> dict[str, str]:
        """Widen the ranges at whose edge the best of `n` points lies; the next trial lies beyond."""
        best, went = self.best(n), {}
        chosen = _flat(untuned | nested(best))
        moved = {name: drawn(self.space[name], value, chosen) for name, value in best.items()}
        for name, end in edges(self.space, chosen).items():
            entry, middle = beyond(self.space[name], end)
            if name in best and self._allowed(entry, end, name):
                self.space[name], went[name], moved[name] = entry, end, middle
        for name in (each for each in self.space if each in moved):
            if factor := self.space[name].get("times"):
                moved[name] = float(f"{moved[name] * moved.get(factor, chosen[factor]):.4g}")
        self.set[n] = moved
        return went

    def _allowed(self, entry: Mapping[str, Any], end: str, name: str) -> bool:
        """Whether the estimator takes the end of a range."""
        if "stop" in entry or entry.get("times") or "." in name:
            return entry.get(end, 1) > 0
        try:
            create(self.estimator, **self.fixed, **{name: entry[end]})._check_parameters()
        except ConfigError:
            return False
        return True

    def trial(self, seed: int, deadline: float) -> None:
        """Try one more point."""
        import optuna

        number = len(self.done)
        # A sampler of its own for each trial: a search that goes on proposes what it would have proposed.
        self.study.sampler = optuna.samplers.TPESampler(
            seed=seed * 10_007 + number, n_startup_trials=self.random
        )
        given = self.set.get(number, {})
        if given:
            told = {name: drawn(self.space[name], value, given) for name, value in given.items()}
            self.study.enqueue_trial({name: _inside(told[name], self.space[name]) for name in told})
        trial = self.study.ask()
        start = time.perf_counter()
        point = self._suggest(trial)
        # A default outside of its range is tried as it is; the sampler is told the nearest.
        point |= {name: given[name] for name in point if name in given and name != EPOCHS}
        pruned = False
        if (twin := self._tried(point)) is not None:
            value, point = twin.user_attrs["value"], twin.user_attrs["parameters"]
        else:
            value, point, pruned = self._value(trial, point, deadline)
        trial.set_user_attr("parameters", point)  # by flat name, the epochs of the best look among them
        trial.set_user_attr("seconds", time.perf_counter() - start)
        trial.set_user_attr("value", value)  # last: what a trial that was cut off does not have
        state = optuna.trial.TrialState.PRUNED if pruned else optuna.trial.TrialState.COMPLETE
        self.study.tell(trial, None if pruned else value, state=state)

    def _suggest(self, trial) -> dict[str, Any]:
        point: dict[str, Any] = {}
        for name, entry in self.space.items():
            if any(point.get(key) not in values for key, values in entry.get("when", {}).items()):
                continue
            if entry.get("stop"):
                point[name] = entry["stop"]
            elif entry.get("choices"):
                point[name] = trial.suggest_categorical(name, entry["choices"])
            else:
                whole = isinstance(entry["low"], int) and isinstance(entry["high"], int)
                suggest = trial.suggest_int if whole else trial.suggest_float
                value = suggest(name, entry["low"], entry["high"], log=entry.get("log", False))
                value *= point[entry["times"]] if entry.get("times") else 1
                point[name] = value if whole else float(f"{value:.4g}")
        return point

    def _tried(self, point: Mapping[str, Any]) -> Any:
        """A finished trial of the same point, if there is one."""
        if EPOCHS in self.space:
            return None
        return next((trial for trial in self.done if trial.user_attrs["parameters"] == point), None)

    def _value(self, trial, point, deadline) -> tuple[float, dict[str, Any], bool]:
        """(value, point with the epochs that gave it, whether the trial was given up)."""
        given = self.fixed | nested(point)
        model = create(self.estimator, **given)
        if not (isinstance(model, Iterative) and EPOCHS in point):
            return self._score(self._fitted(model, given)), point, False
        looks = np.unique(np.linspace(0, point[EPOCHS], LOOKS + 1).round().astype(int)[1:])
        best, at, worse = -1.0, 0, 0
        for epoch in model.fit_epochs(self.train):
            if epoch not in looks:
                continue
            value = self._score(model)
            worse = 0 if value > best else worse + 1
            best, at = (value, epoch) if value > best else (best, at)
            trial.report(best, epoch)
            if worse >= PATIENCE or time.perf_counter() > deadline:
                break
            if epoch < looks[-1] and trial.should_prune():
                return best, point | {EPOCHS: at}, True
        return best, point | {EPOCHS: int(at)}, False

    def _fitted(self, model, given):
        """The model fitted; the last one again where only its manner of ranking differs."""
        same = {name: value for name, value in given.items() if name not in model.ranking_only}
        if self.last is not None and model.ranking_only and self.last[0] == same:
            return self.last[1].set_params(**given)
        model.fit(self.train)
        self.last = (same, model)
        return model

    def _score(self, model) -> float:
        songs, _ = model.recommend(self.validation.fold_in, CUTOFF, users=self.validation.users)
        value = average_precision(find_hits(songs, self.validation.holdout), CUTOFF).mean()
        return float(f"{value:.6g}")


def _flat(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """Hyper-parameters, and the parts of those that have parts by dotted names too."""
    parts = {
        f"{name}.{part}": value
        for name, inner in hyperparameters.items()
        if isinstance(inner, dict)
        for part, value in inner.items()
    }
    return {**hyperparameters, **parts}


def _other_choices(space: Mapping[str, Any], defaults: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The defaults with each choice of each hyper-parameter that counts there, one at a time."""
    for name, entry in space.items():
        if all(defaults.get(key) in values for key, values in entry.get("when", {}).items()):
            yield from (
                {**defaults, name: value} for value in entry.get("choices") or [] if value != defaults[name]
            )


def _inside(value: Any, entry: Mapping[str, Any]) -> Any:
    return min(max(value, entry["low"]), entry["high"]) if "low" in entry else value


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
