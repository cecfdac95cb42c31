"""The results of a run: a folder of tidy tables, the present run's or a published one's, read the same way.

    run.json                    the header: which log, which models; once published also where it was made
    <stage>/<table>.csv         the tables of a stage
    <stage>/facts.json          its single values
    <stage>/<model>/...         the same of a stage that runs once a model, as long as it is not published

A published run (`data/results/<profile>`) holds the tables of such a stage one below the other, with a column
`model`, and its facts by model.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from songrec import __version__
from songrec.config import suggest
from songrec.errors import DataError
from songrec.evaluation.comparisons import ALPHA, DRAWS, PER_COMPARISON
from songrec.evaluation.metrics import DECIDING, METRICS
from songrec.files import read_json
from songrec.modelspec import MODELS, look_of, memory_bytes, read_models
from songrec.paths import RESULTS, Paths
from songrec.tables import FACTS, read_table

HEADER = "run.json"

VERSION = __version__
"""Of the library that tells the results, whatever measured them."""

DAGGER = "\N{NO-BREAK SPACE}†"
"""Stands after the name of a model whose search was ended by time, before it had all its trials."""

_SIGNED = ("effect", "win_rate_difference")
"""Columns of a difference, beside value and interval, whose sign changes when the models change places."""


class Estimate(NamedTuple):
    """A number with its 95 % interval and the number of users behind it.

    A number of all lists together (coverage, Gini) has no interval: both ends are NaN.
    """

    value: float
    low: float = np.nan
    high: float = np.nan
    n_users: int = 0

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Estimate":
        """The estimate in a row of a table: `value`, and `ci_low`, `ci_high`, `n_users` where it has them."""
        n_users = row.get("n_users", 0)
        return cls(
            row["value"],
            row.get("ci_low", np.nan),
            row.get("ci_high", np.nan),
            int(n_users) if n_users == n_users else 0,
        )


@dataclass(frozen=True)
class Results:
    """One run's results.

    Attributes
    ----------
    name : str
        The profile's name.
    folder : Path
        Where `run.json` and the stages' folders are.
    header : dict
        `run.json`: profile, title, description, synthetic, item, models and, once published, provenance.
    stages : frozenset of str or None
        The only stages whose tables may be read: what a page declares. None for all.
    """

    name: str
    folder: Path
    header: dict[str, Any] = field(repr=False, compare=False)
    stages: frozenset[str] | None = None
    _read: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of_run(cls, profile: str, stages: Iterable[str] | None = None) -> "Results":
        """The results of the last run of a profile.

        Raises
        ------
        DataError
            When the profile has not run here.
        """
        folder = Paths(profile).processed / "tables"
        if not (folder / HEADER).is_file():
            raise DataError(f"profile {profile!r} has not run here yet: songrec run --profile {profile}")
        named = None if stages is None else frozenset(stages)
        return cls(profile, folder, read_json(folder / HEADER, dict), named)

    @classmethod
    def published(cls, name: str, results: Path = RESULTS) -> "Results":
        """A published run; models are shown as `models.yml` shows them today, with its formulas of memory.

        Raises
        ------
        DataError
            When there is none of this name; it names the nearest.
        """
        folder = results / name
        if not (folder / HEADER).is_file():
            known = [path.parent.name for path in sorted(results.glob(f"*/{HEADER}"))]
            raise DataError(
                f"no results are published for {name!r}{suggest(name, known)} Published: "
                f"{', '.join(known) or 'none'}. `songrec run`, then `songrec publish`, puts them there."
            )
        header = read_json(folder / HEADER, dict)
        today = _told_of_models(MODELS.stat().st_mtime_ns if MODELS.exists() else 0)
        models = header["models"]
        shown = {label: models.get(label, {}) | today.get(label, {}) for label in [*models, *today]}
        return cls(name, folder, header | {"models": shown})

    @property
    def files(self) -> list[Path]:
        """Every file of it: what a page that quotes it depends on."""
        return sorted(path for path in self.folder.rglob("*") if path.suffix in (".csv", ".json"))

    @property
    def title(self) -> str:
        return self.header["title"]

    @property
    def item(self) -> str:
        """What is recommended: songs, artists, movies, or whatever the profile says."""
        return self.header.get("item", "song")

    @property
    def event(self) -> str:
        """What is counted: songs and artists are played; of other items the log holds events."""
        return "play" if self.item in ("song", "artist") else "event"

    @property
    def synthetic(self) -> bool:
        return self.header["synthetic"]

    # Tables and facts

    def has(self, stage: str, name: str) -> bool:
        """Whether there is such a table."""
        return bool(self._files(stage, f"{name}.csv"))

    def table(self, stage: str, name: str) -> pd.DataFrame:
        """A table; that of a stage which runs once a model has a column `model` first.

        Raises
        ------
        DataError
            When there is none.
        """
        if (key := f"{stage}/{name}") not in self._read:
            files = self._found(stage, f"{name}.csv")
            tables = {model: read_table(path) for model, path in files.items()}
            if "" in tables:
                self._read[key] = tables[""]
            else:
                parts = [table.assign(model=model) for model, table in tables.items() if len(table)]
                whole = pd.concat(parts or list(tables.values()), ignore_index=True)
                first = whole.pop("model") if "model" in whole else pd.Series([], dtype=object)
                whole.insert(0, "model", first)
                self._read[key] = whole
        return self._read[key]

    def facts(self, stage: str) -> dict[str, Any]:
        """The single values of a stage; by model for a stage that runs once a model."""
        if (key := f"{stage}/") not in self._read:
            found = {model: read_json(path, dict) for model, path in self._found(stage, FACTS).items()}
            self._read[key] = found.get("", found)
        return self._read[key]

    def _found(self, stage: str, file: str) -> dict[str, Path]:
        if self.stages is not None and stage not in self.stages:
            raise DataError(
                f"this page does not declare that it reads {stage}: add it to `page` in pipeline.yml"
            )
        if not (files := self._files(stage, file)):
            raise DataError(f"{self.folder / stage}: there is no {file}")
        return files

    def _files(self, stage: str, file: str) -> dict[str, Path]:
        """Model -> file; the empty name for a file of the whole stage."""
        if (whole := self.folder / stage / file).is_file():
            return {"": whole}
        each = {model: self.folder / stage / model / file for model in self.header["models"]}
        return {model: path for model, path in each.items() if path.is_file()}

    # Models

    def label(self, model: str) -> str:
        """The model's name for a reader, with a dagger where time ended its search."""
        entry = self.header["models"].get(model, {})
        return (entry.get("title") or model.replace("_", " ")) + (DAGGER if self.capped(model) else "")

    def capped(self, model: str) -> bool:
        """Whether time ended the model's search before it had all its trials."""
        if (self.stages is not None and "tune" not in self.stages) or not self._files("tune", FACTS):
            return False
        return bool(self.facts("tune").get(model, {}).get("capped", False))

    def look(self, model: str) -> list[str]:
        """Colour and marker of the model."""
        return self.header["models"].get(model, {}).get("look") or look_of(model)

    def made_of_others(self, model: str) -> bool:
        """Whether the model runs others: its cost is the sum of theirs, and it is no place to start."""
        return bool(self.header["models"].get(model, {}).get("members"))

    def absent(self, models: Iterable[str]) -> list[str]:
        """The models of the run that are not among these."""
        # A published run knows today's models as well, by their looks alone; a hybrid is the cold start's.
        entries = self.header["models"].items()
        mine = [model for model, entry in entries if entry.get("estimator", "Hybrid") != "Hybrid"]
        return [model for model in mine if model not in set(models)]

    def memory(self, model: str, users: int, songs: int, entries: int) -> int | None:
        """The bytes that the model, as it was tuned, would keep of a log of this size; None if unknown."""
        if not (formula := self.header["models"].get(model, {}).get("memory")):
            return None
        return memory_bytes(formula, users, songs, entries, **self.facts("tune")[model]["hyperparameters"])

    def models(self, by: str = DECIDING, cutoff: int = 10) -> list[str]:
        """Names of the models, best first by a metric; by one that only describes, largest first."""
        rows = self.rows("evaluate", "metrics", metric=by, k=cutoff)
        if rows.empty:
            raise self._lacks("evaluate", "metrics", f"no {by}@{cutoff}")
        up = METRICS[by].best == "low"
        return rows.sort_values("value", ascending=up, kind="stable")["model"].tolist()

    def single(self, cutoff: int = 10) -> str:
        """The first model, by the deciding metric, that is not made of others."""
        return next(model for model in self.models(cutoff=cutoff) if not self.made_of_others(model))

    def chosen(self, single: bool = False) -> str:
        """The model with the highest value on validation, of all or of those that are not made of others.

        A model without a search, popularity for one, has no such value and is passed over.
        """
        reached = {
            model: facts["value"]
            for model, facts in self.facts("tune").items()
            if facts.get("value") is not None and not (single and self.made_of_others(model))
        }
        if not reached:
            raise DataError(f"{self.folder / 'tune'}: no value on validation")
        return max(reached, key=reached.__getitem__)

    def winner(self, among: Iterable[str] | None = None) -> str:
        """The model to serve: of those that are not made of others the best on validation.

        Not of the test, whose best would be flattered by being the best. Where nothing was searched it is the
        first of the profile. `among` some models it is the best of these.
        """
        found = {model: facts["value"] for model, facts in self.facts("tune").items()}
        of = [
            model for model in found if not self.made_of_others(model) and (among is None or model in among)
        ]
        searched = [model for model in of if found[model] is not None]
        return max(searched, key=found.__getitem__) if searched else of[0]

    def best(self, metric: str = DECIDING, cutoff: int = 10, among: Iterable[str] | None = None) -> set[str]:
        """The best model by a metric and all that are not significantly worse, as the comparison decided.

        `among` some models it is the best of these; every two are compared by the deciding metric only.
        """
        if among is not None:
            of = set(among)
            first, *others = [model for model in self.models(metric, cutoff) if model in of] or [None]
            tests = {model: self.difference(first, model, metric, cutoff)["p_holm"] for model in others}
            return ({first} if first else set()) | {model for model, p in tests.items() if p >= ALPHA}
        rows = self.rows("compare", "best", metric=metric, k=cutoff)
        return set(rows.loc[rows["best"].astype(str) == "True", "model"])

    # Single estimates

    def estimate(self, stage: str, table: str, **keys: Any) -> Estimate:
        """The estimate in the one row of a table whose columns have these values.

        Raises
        ------
        DataError
            When not exactly one row fits.
        """
        rows = self.rows(stage, table, **keys)
        if len(rows) != 1:
            raise self._lacks(stage, table, f"{len(rows)} rows fit {keys}, not one")
        return Estimate.of(rows.iloc[0])

    def rows(self, stage: str, table: str, **keys: Any) -> pd.DataFrame:
        """Rows of a table whose columns have these values."""
        rows = self.table(stage, table)
        for column, value in keys.items():
            if column not in rows:
                raise self._lacks(stage, table, f"no column {column!r}{suggest(column, rows.columns)}")
            rows = rows[rows[column] == value]
        return rows

    def _row(self, stage: str, table: str, **keys: Any) -> dict[str, Any] | None:
        """The same for one row, of a table that is asked often; None where there is none."""
        if (place := (stage, table, *keys)) not in self._read:
            rows = self.table(stage, table).to_dict("records")
            self._read[place] = {tuple(row[key] for key in keys): row for row in rows}
        return self._read[place].get(tuple(keys.values()))

    def _lacks(self, stage: str, table: str, what: str) -> DataError:
        return DataError(f"{self.folder / stage / table}.csv: {what}")

    def metric(self, model: str, metric: str = DECIDING, cutoff: int = 10) -> Estimate:
        """What was measured for a model."""
        if (row := self._row("evaluate", "metrics", model=model, metric=metric, k=cutoff)) is None:
            known = sorted(set(self.table("evaluate", "metrics")["model"]))
            raise self._lacks(
                "evaluate", "metrics", f"no {metric}@{cutoff} of {model}{suggest(model, known)}"
            )
        return Estimate.of(row)

    def difference(self, model: str, than: str, metric: str = DECIDING, cutoff: int = 10) -> dict[str, Any]:
        """The row of the comparison of two models, the first minus the second, in either order."""
        return self._pair("differences", model, than, metric, cutoff)

    def least_p(self) -> float:
        """The smallest p, corrected, that drawn signs can give: none was as extreme. 0 where p is exact."""
        p = self.table("compare", "differences")["p"].dropna()
        least = 1 / (1 + max(DRAWS, PER_COMPARISON * len(p) - 1))
        return len(p) * least if np.isclose(p.min(), least, rtol=1e-3) else 0.0

    def ratio(self, model: str, than: str, metric: str = DECIDING, cutoff: int = 10) -> Estimate:
        """The ratio of two models' means with its interval (Fieller's)."""
        return Estimate.of(self._pair("ratios", model, than, metric, cutoff))

    def _pair(self, table: str, model: str, than: str, metric: str, cutoff: int) -> dict[str, Any]:
        by = {"metric": metric, "k": cutoff}
        if (row := self._row("compare", table, model=model, than=than, **by)) is not None:
            return row
        if (row := self._row("compare", table, model=than, than=model, **by)) is None:
            raise self._lacks("compare", table, f"{model} and {than} are not compared by {metric}@{cutoff}")
        turned = row | {"model": model, "than": than, "ci_low": row["ci_high"], "ci_high": row["ci_low"]}
        for name in {"value", "ci_low", "ci_high", *_SIGNED} & turned.keys():
            turned[name] = 1 / turned[name] if table == "ratios" else 0.0 - turned[name]
        return turned

    def beside(self, name: str) -> pd.DataFrame:
        """A table that is published beside the runs and belongs to none of them."""
        return read_table(self.folder.parent / f"{name}.csv")

    def only(self, stages: Iterable[str]) -> "Results":
        """The same results, of which only these stages may be read."""
        return replace(self, stages=frozenset(stages))


@cache
def _told_of_models(modified: int) -> dict[str, dict[str, Any]]:
    """What models.yml tells a reader of each model; `modified` keeps the cache true when it is edited."""
    return {
        label: spec.model_dump(include={"title", "look", "memory"}) for label, spec in read_models().items()
    }
