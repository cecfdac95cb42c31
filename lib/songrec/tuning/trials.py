"""The trials of one search: each point proposed, fitted and looked at on validation."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from songrec.errors import ConfigError
from songrec.evaluation.hits import find_hits
from songrec.evaluation.metrics import average_precision
from songrec.models import create
from songrec.models.iterative import Iterative
from songrec.splits import HeldOut
from songrec.tuning.spaces import EPOCHS, beyond, drawn, edges, nested

CUTOFF = 10
METRIC = f"average_precision@{CUTOFF}"
LOOKS = 5
"""How often a model in epochs is looked at, at most."""

PATIENCE = 3
"""Looks without an improvement after which a trial ends."""

RANDOM_TRIALS = 7
"""Trials at random, the first being the defaults, before the sampler learns from them."""


class Trials:
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
        chosen = flat(untuned | nested(best))
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


def flat(hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """Hyper-parameters, and the parts of those that have parts by dotted names too."""
    parts = {
        f"{name}.{part}": value
        for name, inner in hyperparameters.items()
        if isinstance(inner, dict)
        for part, value in inner.items()
    }
    return {**hyperparameters, **parts}


def _inside(value: Any, entry: Mapping[str, Any]) -> Any:
    return min(max(value, entry["low"]), entry["high"]) if "low" in entry else value
