"""The results on record, `data/results/<profile>/`: one object that the book takes its numbers from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from songrec.config import suggest
from songrec.errors import DataError
from songrec.evaluation.comparisons import ALPHA
from songrec.files import read_json
from songrec.paths import RESULTS
from songrec.report.numbers import decimals, with_interval
from songrec.report.pairs import PAIRED
from songrec.report.style import DAGGER, label

HEADLINE = "taste-profile-10k-songs"
"""The data set of page one."""

DECIDING = "average_precision@10"
"""Orders the models: it rewards finding many of the held-out songs, and early."""

LOWER_IS_BETTER = ("gini",)

SHARES = ("coverage",)
"""Metrics that are written as per cent."""

MADE_OF_OTHERS = ("blend", "hybrid")
"""Labels of models that run others: their cost is the sum of those, and they are no place to start."""

RANGE = "± is half of the 95 % interval."
"""Below a table whose numbers are `written` with their interval."""

IN_BITS = ("novelty",)
"""Metrics that are not bounded by 1: their decimals follow from their error. All others have four."""

_COLUMNS = {
    "metrics.csv": ["protocol", "model", "metric", "k", "value", "se", "ci_low", "ci_high", "n_users"],
    "cost.csv": ["model", "fit_seconds", "recommend_ms_per_user", "peak_mb", "threads"],
    "gains.csv": PAIRED,
}


@dataclass(frozen=True)
class Estimate:
    """A measured mean: its standard error, its 95 % interval, and the number of users behind it.

    A figure of a whole list (coverage, Gini) has no standard error: `se` and both limits are NaN.
    """

    value: float
    se: float
    low: float
    high: float
    n_users: int

    @property
    def margin(self) -> float:
        """Half the width of the interval."""
        return (self.high - self.low) / 2


@dataclass(frozen=True)
class Record:
    """One profile's results on record: tables are read when they are asked for, once."""

    profile: str
    folder: Path

    @classmethod
    def load(cls, profile: str, results: Path = RESULTS) -> "Record":
        """The record of a profile; `DataError` names the nearest profile on record when there is none."""
        if not (results / profile / "run.json").is_file():
            known = [path.parent.name for path in sorted(results.glob("*/run.json"))]
            raise DataError(
                f"nothing is on record for {profile!r}{suggest(profile, known)} On record: "
                f"{', '.join(known) or 'nothing'}. `songrec run`, then `songrec publish`, puts it there."
            )
        return cls(profile, results / profile)

    @property
    def files(self) -> list[Path]:
        """Every file of the record: what a page that quotes it depends on."""
        return sorted(path for path in self.folder.rglob("*") if path.suffix in (".csv", ".json"))

    @cached_property
    def run(self) -> dict[str, Any]:
        """Provenance: title, counts, fingerprint, protocol, seeds, commit, machine, packages, date."""
        return read_json(self.folder / "run.json")

    @cached_property
    def params(self) -> dict[str, Any]:
        """Hyper-parameters used, by model."""
        return read_json(self.folder / "params.json")

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """All rows of metrics.csv, with a column `name` such as `precision@10`."""
        frame = self._table("metrics.csv")
        return frame.assign(name=frame["metric"] + "@" + frame["k"].astype(str))

    @cached_property
    def gains(self) -> pd.DataFrame:
        """All rows of gains.csv (`pairs.gains`), with a column `name`; none where there is no such file."""
        columns = _COLUMNS["gains.csv"]
        here = (self.folder / "gains.csv").is_file()
        frame = self._table("gains.csv") if here else pd.DataFrame(columns=columns)
        return frame.assign(name=frame["metric"] + "@" + frame["k"].astype(str))

    @cached_property
    def cost(self) -> pd.DataFrame:
        """cost.csv by model."""
        return self._table("cost.csv").set_index("model")

    @cached_property
    def tuning(self) -> pd.DataFrame:
        """tuning.csv by model: what the search was worth; no rows where nothing was tuned."""
        here = (self.folder / "tuning.csv").is_file()
        table = self._table("tuning.csv") if here else pd.DataFrame({"model": [], "asked": [], "capped": []})
        return table.set_index("model")

    def label(self, model: str) -> str:
        """The model's name, with a dagger where time ended its search."""
        capped = model in self.tuning.index and bool(self.tuning.loc[model, "capped"])
        return label(model) + (DAGGER if capped else "")

    @cached_property
    def examples(self) -> pd.DataFrame:
        """examples.csv: histories and lists of a few users."""
        return self._table("examples.csv")

    @cached_property
    def similar(self) -> pd.DataFrame:
        """similar.csv: songs like a few that many know, by model."""
        return self._table("similar.csv")

    def study(self, stage: str, name: str) -> pd.DataFrame:
        """A table that a stage kept, `studies/<stage>/<name>.csv`; `DataError` when it is not on record."""
        return self._table(f"studies/{stage}/{name}.csv")

    @property
    def item(self) -> str:
        """What is recommended: song, or artist."""
        return self.run.get("item", "song")

    def _table(self, name: str) -> pd.DataFrame:
        try:
            frame = pd.read_csv(self.folder / name, keep_default_na=False, na_values=["", "nan"])
        except (OSError, ValueError) as error:
            raise DataError(f"cannot read {self.folder / name}: {error}") from error
        if absent := [column for column in _COLUMNS.get(name, []) if column not in frame]:
            raise DataError(f"{self.folder / name}: no column {', '.join(absent)}")
        return frame

    def estimate(self, model: str, name: str) -> Estimate:
        """What was measured for a model by `metric@k`; `DataError` when that is not on record."""
        rows = self._estimates.get((model, name), [])
        if len(rows) != 1:
            known = self.models() if name in set(self.metrics["name"]) else sorted(set(self.metrics["name"]))
            wrong = model if name in set(self.metrics["name"]) else name
            raise DataError(
                f"{self.folder / 'metrics.csv'}: {len(rows)} rows for {model}, {name}{suggest(wrong, known)}"
            )
        return rows[0]

    @cached_property
    def _estimates(self) -> dict[tuple[str, str], list[Estimate]]:
        """Rows of metrics.csv by model and `metric@k`: the book looks thousands of them up."""
        found: dict[tuple[str, str], list[Estimate]] = {}
        for row in self.metrics.to_dict("records"):
            estimate = Estimate(row["value"], row["se"], row["ci_low"], row["ci_high"], int(row["n_users"]))
            found.setdefault((row["model"], row["name"]), []).append(estimate)
        return found

    def models(self, by: str | None = None) -> list[str]:
        """Names of the models: as they stand on record, or best first by `metric@k`."""
        names = list(dict.fromkeys(self.metrics["model"]))
        if by is None:
            return names
        sign = 1 if by.split("@")[0] in LOWER_IS_BETTER else -1
        return sorted(names, key=lambda model: sign * self.estimate(model, by).value)

    def ranked(self) -> list[str]:
        """Names of the models, best first by the deciding metric, MAP@10."""
        return self.models(by=DECIDING)

    def single(self) -> str:
        """The first model, best by MAP@10, that is not made of others."""
        return next(model for model in self.ranked() if model not in MADE_OF_OTHERS)

    def chosen(self, single: bool = False) -> str:
        """The model with the highest value on validation, of all or of those that are not made of others.

        Models without a search, popularity for one, have no such value and are passed over.
        """
        if "validation" not in self.tuning or not (reached := self.tuning["validation"].dropna()).size:
            raise DataError(f"{self.folder / 'tuning.csv'}: no model has a value on validation")
        models = [model for model in reached.index if not (single and model in MADE_OF_OTHERS)]
        return str(reached[models].idxmax())

    def compare(self, how: str, first: str, second: str, name: str) -> Estimate:
        """`first` "over" or "minus" `second` by `metric@k`: the ratio or the difference of their means.

        With the paired interval where gains.csv holds that pair, else with NaN for its limits.
        """
        ours, theirs = self.estimate(first, name), self.estimate(second, name)
        if how == "minus":
            value, column = ours.value - theirs.value, "difference"
        elif theirs.value:
            value, column = ours.value / theirs.value, "ratio"
        else:
            raise DataError(f"{self.folder / 'metrics.csv'}: {name} of {second} is 0, nothing can be over it")
        if (pair := self._pair(first, second, name)) is not None:
            found, low, high = (pair[each] for each in (column, f"{column}_low", f"{column}_high"))
        elif (pair := self._pair(second, first, name)) is not None:  # the same pair, told the other way round
            turned = [pair[each] for each in (column, f"{column}_high", f"{column}_low")]
            found, low, high = [-x for x in turned] if how == "minus" else [1 / x for x in turned]
        else:
            return Estimate(value, np.nan, np.nan, np.nan, ours.n_users)
        return Estimate(found, np.nan, low, high, int(pair["n_users"]))

    def _pair(self, model: str, than: str, name: str) -> dict[str, Any] | None:
        """The row of gains.csv, if there is one."""
        rows = self._pairs.get((model, than, name), [])
        return rows[0] if len(rows) == 1 else None

    @cached_property
    def _pairs(self) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
        """Rows of gains.csv by the two models and `metric@k`."""
        found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
        for row in self.gains.to_dict("records"):
            found.setdefault((row["model"], row["than"], row["name"]), []).append(row)
        return found

    def tested(self, first: str, second: str, name: str, column: str = "p_holm") -> float:
        """What the tests say of two models (`pairs.TESTED`), as `first` against `second`.

        The p-value after Holm's correction, or another column; NaN where gains.csv does not hold it.
        """
        for pair, sign in ((self._pair(first, second, name), 1), (self._pair(second, first, name), -1)):
            if pair is not None and column in pair:
                return float(pair[column]) * (sign if column in ("effect", "superiority") else 1)
        return np.nan

    def not_worse(self, name: str, among: Sequence[str] | None = None) -> list[str]:
        """The best model by `metric@k`, of all or `among` some, and all whose difference could be chance.

        From the paired test, corrected for all comparisons of the run, where gains.csv holds it; from the
        paired difference's interval where it holds only that. Without, the difference's standard error is
        taken as if the two models had met different users: they met the same ones and both do well on the
        easy ones, so the true error is smaller, and too many are called equal rather than too few.
        """
        first, *others = [model for model in self.models(by=name) if among is None or model in among]
        best = self.estimate(first, name)
        close = [first]
        for model in others:
            other = self.estimate(model, name)
            if not np.isnan(p := self.tested(first, model, name)):
                close += [model] if p >= ALPHA else []
                continue
            low = self.compare("minus", first, model, name).low
            if np.isnan(low):
                low = best.value - other.value - 1.96 * (best.se**2 + other.se**2) ** 0.5
            if low <= 0:
                close.append(model)
        return close


def digits(metric: str, half_width: float) -> int:
    """Decimals of a metric, the same wherever it is written: four; in bits, as many as its error supports.

    >>> digits("precision", 0.02), digits("novelty", 0.02)
    (4, 3)
    """
    return decimals(half_width) if metric in IN_BITS else 4


def written(metric: str, estimate: Estimate, widest: float | None = None) -> str:
    """The metric's value with half of its interval; a share as per cent.

    widest : the largest half-width of a column, which decides the decimals of all its numbers.

    >>> written("recall", Estimate(0.18, 0.004, 0.172, 0.188, 500))
    '0.1800 ± 0.0080'
    """
    if metric in SHARES:
        return f"{100 * estimate.value:.1f} %"
    places = digits(metric, estimate.margin if widest is None else widest)
    return with_interval(estimate.value, estimate.low, estimate.high, places)


def on_record(results: Path = RESULTS) -> list[Record]:
    """The main records: page one's first, then songs before artists, by name.

    They share page one's protocol, where that is on record: levels compare within one protocol only. The
    others stand in `all_on_record`.
    """
    records = all_on_record(results)
    main = next((record.run.get("protocol") for record in records if record.profile == HEADLINE), None)
    return [record for record in records if main is None or record.run.get("protocol") == main]


def all_on_record(results: Path = RESULTS) -> list[Record]:
    """The records of all runs on real data, whatever their protocol, in the order of `on_record`."""
    records = [Record.load(path.parent.name, results) for path in sorted(results.glob("*/run.json"))]
    real = [record for record in records if not record.run.get("synthetic", False)]
    return sorted(
        real, key=lambda record: (record.profile != HEADLINE, record.item != "song", record.profile)
    )
