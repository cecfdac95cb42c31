"""The study's line from files to metrics, on one machine or on Spark: the same steps, the same tables."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from songrec import measure
from songrec.checks import check_names
from songrec.data import Asked, IngestReport, Interactions, apply_filters, find_source, read_log
from songrec.data.filters import Step
from songrec.data.synthetic import SyntheticWorld
from songrec.data.synthetic_text import text_file
from songrec.errors import ConfigError
from songrec.evaluation import score_lists
from songrec.evaluation.metrics import ACCURACY, DECIDING
from songrec.evaluation.statistics import student
from songrec.models import ALS, ItemKNN, Popularity
from songrec.models.base import Recommender
from songrec.paths import find_raw
from songrec.splits import Split
from songrec.splits.choose import divide
from songrec.studies.stacked import ESTIMATE, stacked

ENGINES = ("local", "spark")
STEPS = ("ingest", "filter", "split", "popularity", "item_knn", "als", "recommend and evaluate")


@dataclass(frozen=True)
class Log:
    """Which log, and how it is read.

    Attributes
    ----------
    source : str
        As a profile names it.
    asked : Asked
        What was asked of the source.
    max_reject_share : float
        Largest share of rejected lines.
    filters : mapping
        Parameters of `songrec.data.apply_filters`.
    """

    source: str
    asked: Asked
    max_reject_share: float = 0.01
    filters: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    """What is done with the log.

    Attributes
    ----------
    protocol : str
        One that follows from ids: `songrec.splits.hashed`.
    seed : int
        Of the split.
    shares : mapping
        The protocols' parameters.
    n : int
        Length of the lists.
    cutoffs : sequence of int
        Of the metrics; the first decides.
    neighbours : int
        Of item-KNN.
    als : mapping
        Hyper-parameters of ALS that are given.
    regularization : sequence of float
        Those that are tried on validation, each with each `alpha`.
    alpha : sequence of float
        Likewise.
    """

    protocol: str
    seed: int
    shares: Mapping[str, Any]
    n: int
    cutoffs: Sequence[int]
    neighbours: int
    als: Mapping[str, int]
    regularization: Sequence[float]
    alpha: Sequence[float]


@dataclass(frozen=True)
class Line:
    """What came of it.

    Attributes
    ----------
    report : IngestReport
        Of the log.
    steps : list of Step
        What the filters left.
    parts : DataFrame
        As `songrec.studies.split.parts`.
    tuning : DataFrame
        model, regularization, alpha, metric, k, value (on validation), chosen.
    metrics : DataFrame
        protocol, model, metric, k, value, se, ci_low, ci_high, n_users. Intervals are Student's: a cluster
        adds up sums, and does not draw users again as the bootstrap does.
    cost : DataFrame
        engine, step, triplets, seconds, peak_mb (of this process and Spark's), threads, machine.
    """

    report: IngestReport
    steps: list[Step]
    parts: pd.DataFrame
    tuning: pd.DataFrame
    metrics: pd.DataFrame
    cost: pd.DataFrame


def line(
    engine: str,
    log: Log,
    plan: Plan,
    keep: Path,
    settings: Mapping[str, Any] | None = None,
) -> Line:
    """Run the whole line.

    Parameters
    ----------
    engine : str
        `local`: this process; `spark`: Spark.
    log : Log
        What is read.
    plan : Plan
        What is done.
    keep : Path
        A folder for the fitted models, in the one format.
    settings : mapping, optional
        Of `songrec.engines.spark.session.Settings`, and `scratch`: a folder that every machine of a cluster
        can reach, for what Spark keeps between its steps. Without it, one of this machine, which is deleted.

    Raises
    ------
    ConfigError
        For an unknown engine, and where Spark or Java is missing.
    """
    check_names([engine], ENGINES, "engine", "spark")
    keep.parent.mkdir(parents=True, exist_ok=True)
    with (
        TemporaryDirectory(dir=keep.parent) as folder,
        _opened(engine, Path(folder), dict(settings or {})) as on,
    ):
        return _run(on, log, plan, keep)


def on_engines(
    engines: Sequence[str],
    log: Log,
    plan: Plan,
    keep: Path,
    settings: Mapping[str, Any] | None = None,
) -> dict[str, Line]:
    """`line` by each of these engines: a folder of models each."""
    if not engines:
        raise ConfigError(f"spark.engines is empty: name one or both of {', '.join(ENGINES)}")
    return {engine: line(engine, log, plan, keep / engine, settings) for engine in engines}


def by_engine(made: Mapping[str, Line], table: str) -> pd.DataFrame:
    """One of the tables of all lines, a column `engine` first."""
    tables = [
        getattr(one, table).assign(engine=engine)[["engine", *getattr(one, table)]]
        for engine, one in made.items()
    ]
    return pd.concat(tables, ignore_index=True)


def differing(made: Mapping[str, Line]) -> list[str]:
    """What is not equal on all engines, of what must be.

    These are `report`, `steps` and `parts` of the log, and the metrics of `popularity` and `item_knn`, but
    for 1e-12. ALS begins with other random vectors on either engine.
    """
    first, *others = made.values()
    found = {
        name
        for other in others
        for name in ("report", "steps")
        if getattr(other, name) != getattr(first, name)
    }
    for other in others:
        if not other.parts.equals(first.parts):
            found.add("parts")
        for model in ("popularity", "item_knn"):
            one, two = (table[table["model"] == model] for table in (first.metrics, other.metrics))
            if not np.allclose(one[ESTIMATE.split()], two[ESTIMATE.split()], rtol=0, atol=1e-12):
                found.add(model)
    return sorted(found)


@contextmanager
def _opened(engine: str, folder: Path, settings: dict[str, Any]) -> Iterator[Any]:
    if engine == "local":
        yield OneMachine(folder)
        return
    from songrec.engines.spark.session import Settings, session

    scratch = settings.pop("scratch", "") or folder
    with session(Settings(**settings), scratch) as spark:
        yield OnSpark(spark)


def _run(on: "OneMachine | OnSpark", log: Log, plan: Plan, keep: Path) -> Line:
    took: dict[str, float] = dict.fromkeys(STEPS, 0.0)

    def timed(step: str, work: Callable, *arguments: Any, **named: Any) -> Any:
        with measure.timed() as cost:
            found = work(*arguments, **named)
        took[step] += cost.seconds
        return found

    report = timed("ingest", on.read, log)
    steps = timed("filter", on.filter, **log.filters)
    parts = timed("split", on.divide, plan)
    tried, first = [], plan.cutoffs[:1]
    for regularization, alpha in product(plan.regularization, plan.alpha):
        point = {"regularization": regularization, "alpha": alpha}
        model = timed("als", on.als, final=False, **plan.als, **point)
        score = timed("recommend and evaluate", on.score, model, "validation", *first, first)
        value = float(score.loc[score["metric"] == DECIDING, "value"].iloc[0])
        tried.append({"model": "als", **point, "metric": DECIDING, "k": plan.cutoffs[0], "value": value})
    tuning = pd.DataFrame(tried)
    best = int(tuning["value"].to_numpy().argmax())
    tuning["chosen"] = np.arange(len(tuning)) == best
    point = {name: tried[best][name] for name in ("regularization", "alpha")}
    fitted = {
        "popularity": timed("popularity", on.popularity),
        "item_knn": timed("item_knn", on.item_knn, neighbours=plan.neighbours),
        "als": timed("als", on.als, final=True, **plan.als, **point),
    }
    scored = []
    for label, model in fitted.items():
        model.save(keep / label)
        found = timed("recommend and evaluate", on.score, model, "test", plan.n, plan.cutoffs)
        scored.append(found.assign(protocol=plan.protocol, model=label))
    metrics = stacked(scored, f"protocol model metric k {ESTIMATE}")
    cost = pd.DataFrame({"step": list(took), "seconds": list(took.values())})
    cost.insert(0, "engine", on.name)
    cost.insert(2, "triplets", report.triplets)
    told = {"peak_mb": on.peak_mb(), "threads": on.threads(), "machine": measure.machine_line()}
    return Line(report, steps, parts, tuning, metrics, cost.assign(**told))


def _parts(rows: Sequence[tuple[str, int, int, int | None]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["part", "users", "seen", "held_out"])
    return table.astype({"held_out": "Int64"})


class OneMachine:
    """The line in this process."""

    name = "local"
    log: Interactions
    split: Split

    def __init__(self, folder: Path):
        self._rejects = folder / "rejects.parquet"

    def read(self, log: Log) -> IngestReport:
        """Read and validate."""
        report, self.log = read_log(
            find_source(log.source).open(log.asked), self._rejects, log.max_reject_share
        )
        return report

    def filter(self, **filters: int) -> list[Step]:
        """Leave out what is asked."""
        self.log, steps = apply_filters(self.log, **filters)
        return steps

    def divide(self, plan: Plan) -> pd.DataFrame:
        """Divide, and count the parts."""
        from songrec.studies.split import parts

        self.split = divide(plan.protocol, self.log, None, plan.seed, **plan.shares)
        return parts(self.split)

    def popularity(self) -> Recommender:
        """Fit."""
        return Popularity().fit(self.split.final_train())

    def item_knn(self, **parameters: Any) -> Recommender:
        """Fit."""
        return ItemKNN(**parameters).fit(self.split.final_train())

    def als(self, final: bool, **parameters: Any) -> Recommender:
        """Fit on training, or on training and validation."""
        train = self.split.final_train() if final else self.split.train
        return ALS(penalty="entries", **parameters).fit(train)

    def score(self, model: Recommender, part: str, n: int, cutoffs: Sequence[int]) -> pd.DataFrame:
        """Lists of the users of a part, and the means of their metrics."""
        held = getattr(self.split, part)
        songs, _ = model.recommend(held.fold_in, n, users=held.users)
        tables = [score_lists(songs, held.holdout, k, held.users, list(ACCURACY)) for k in cutoffs]
        values = pd.concat(tables, axis=1)[[f"{name}@{k}" for name in ACCURACY for k in cutoffs]]
        sums = (values.mean(), values.std(), values.min(), values.max())
        return student(list(values), len(values), *(each.to_numpy() for each in sums))

    def peak_mb(self) -> float:
        """Memory of this process."""
        return measure.peak_mb()

    def threads(self) -> int:
        """Threads that may be used."""
        from songrec.kernels.threads import blas_threads

        return blas_threads()


class OnSpark:
    """The line on Spark."""

    name = "spark"

    def __init__(self, spark: Any):
        self._spark = spark

    def read(self, log: Log) -> IngestReport:
        """Read and validate. A synthetic log is written as text first, as Spark reads files."""
        from songrec.engines.spark.ingest import check_source, read_log

        check_source(log.source)
        source, asked = find_source(log.source), log.asked
        invented = source.invented
        files = [str(text_file(asked.world))] if invented else _places(asked)
        columns = [int(c) if str(c).isdigit() else c for c in asked.columns] or None
        time = int(asked.time) if str(asked.time).isdigit() else asked.time
        how = () if invented else (columns, asked.separator, asked.header, time)
        named = {"name": source.open(asked).name if invented else "", "item": asked.item}
        found = read_log(self._spark, files, *how, **named, max_reject_share=log.max_reject_share)
        self._log = found.triplets
        return found.report

    def filter(self, **filters: int) -> list[Step]:
        """Leave out what is asked."""
        from songrec.engines.spark.filters import apply_filters

        self._log, steps = apply_filters(self._log, **filters)
        return steps

    def divide(self, plan: Plan) -> pd.DataFrame:
        """Divide, and count the parts."""
        from songrec.engines.spark.splits import divide

        split = self._split = divide(plan.protocol, self._log, plan.seed, **plan.shares)
        self._n = len(split.song_ids)
        self._train = split.final_train()
        seen = split.train().selectExpr("count(*)", "sum(size(songs))").first()
        rows = [("training", *seen, None)]
        for part in ("validation", "test"):
            held = getattr(split, part)()
            sums = held.selectExpr("count(*)", "sum(size(fold_in))", "sum(size(holdout))").first()
            rows.append((part, *sums))
        return _parts(rows)

    def popularity(self) -> Recommender:
        """Fit. What is counted for it, item-KNN takes as well."""
        from songrec.engines.spark.models import popularity, song_counts

        self._counts = song_counts(self._train, self._n)
        return popularity(self._counts)

    def item_knn(self, **parameters: Any) -> Recommender:
        """Fit."""
        from songrec.engines.spark.models import item_knn

        return item_knn(self._train, self._counts, **parameters)

    def als(self, final: bool, **parameters: Any) -> Recommender:
        """Fit on training, or on training and validation."""
        from songrec.engines.spark.models import als

        return als(self._train if final else self._split.train(), self._n, **parameters)[0]

    def score(self, model: Recommender, part: str, n: int, cutoffs: Sequence[int]) -> pd.DataFrame:
        """Lists of the users of a part, and the means of their metrics."""
        from songrec.engines.spark.lists import per_user, recommend, summary

        return summary(per_user(recommend(model, getattr(self._split, part)(), n), self._n, cutoffs))

    def peak_mb(self) -> float:
        """Memory of this process and of Spark's driver, which locally holds the executors as well."""
        pid = self._spark._jvm.java.lang.ProcessHandle.current().pid()
        return measure.peak_mb() + measure.peak_mb(pid)

    def threads(self) -> int:
        """Cores that Spark may use."""
        return self._spark.sparkContext.defaultParallelism


def _places(asked: Asked) -> list[str]:
    """Files of this machine, and addresses (hdfs://...) as they are."""
    named = [asked.path] if isinstance(asked.path, str | Path) else asked.path
    return [str(one) if "://" in str(one) else str(find_raw(str(one))) for one in named]


FACTORS = (1, 100, 10_000)
SONGS_PER_USER = 0.4
"""Of synthetic logs: the Taste Profile has about as many."""

UNIT_COSTS = {
    "cluster_seconds": 200.0,  # of one core for a million triplets, the whole line
    "core_hour": 0.05,  # price of a core for an hour
    "here_seconds": 10.0,  # of one machine for a million triplets, the whole line
    "here_bytes": 165.0,  # of its memory for a triplet
    "memory_gib": 64.0,  # that the one machine has
    "hours": 8.0,  # that a run may take
}
"""Measured by tools/spark_sizes.py, or to be looked up; a reader replaces them."""

ID_BYTES = 58
"""Of the two ids of a triplet in the Taste Profile."""


def on_paper(
    planned: Mapping[str, float],
    factors: int,
    unit_costs: Mapping[str, float],
    factors_of_size: Sequence[int] = FACTORS,
) -> pd.DataFrame:
    """What the line would take on a cluster, for so many times a log, by arithmetic.

    Parameters
    ----------
    planned : mapping
        triplets, users and songs of the log. Users grow with it, the catalogue with its square root.
    factors : int
        Of ALS.
    unit_costs : mapping
        What of `UNIT_COSTS` is to be something else.
    factors_of_size : sequence of int
        How many times the log.

    Returns
    -------
    DataFrame
        times, triplets, users, songs, partitions (of the input, 128 MB each), group_gb (what bringing users'
        songs together sends), knn_gb (what item-KNN sends), als_gb (what one epoch of ALS sends), core_hours,
        cost.

    Notes
    -----
    Item-KNN sends a history to each block of songs that it touches. Blocks of `CELLS` entries (see
    `songrec.engines.spark.models`) are as many as the squares of the histories' lengths add up to, over that;
    the squares are taken as twice those of the mean, for histories are uneven. A user of h songs touches at
    most h blocks. ALS sends each vector to every block of the other side that needs it: at most one for each
    entry.
    """
    from songrec.engines.spark.models import CELLS

    unit, rows = all_costs(unit_costs), []
    for times in factors_of_size:
        entries, people = (round(planned[of]) * times for of in ("triplets", "users"))
        catalogue = planned["songs"] * times**0.5
        history = entries / people
        blocks = max(1.0, 2 * entries * history / CELLS)
        copies = min(history, blocks)
        hours = entries / 1e6 * unit["cluster_seconds"] / 3600
        rows.append(
            {
                "times": times,
                "triplets": entries,
                "users": people,
                "songs": catalogue,
                "partitions": max(1, round(entries * (ID_BYTES + 4) / 128e6)),
                "group_gb": entries * (ID_BYTES + 12) / 1e9,
                "knn_gb": entries * copies * 4 / 1e9,
                "als_gb": min(entries, (people + catalogue) * 200) * 4 * factors / 1e9,
                "core_hours": hours,
                "cost": hours * unit["core_hour"],
            }
        )
    return pd.DataFrame(rows)


def all_costs(unit_costs: Mapping[str, float]) -> dict[str, float]:
    """`UNIT_COSTS` with some of them replaced; `ConfigError` for one that is unknown."""
    check_names(unit_costs, UNIT_COSTS, "unit cost", "spark")
    return UNIT_COSTS | dict(unit_costs)


def largest_here(unit_costs: Mapping[str, float]) -> dict[str, float]:
    """The log at which one machine ends, in triplets: by its memory, and by the time that a run may take.

    >>> largest_here({"here_seconds": 30})["by_time"]
    960000000.0
    """
    unit = all_costs(unit_costs)
    return {
        "by_memory": unit["memory_gib"] * 2**30 / unit["here_bytes"],
        "by_time": unit["hours"] * 3600 / unit["here_seconds"] * 1e6,
        **unit,
    }


def cluster_settings(asked: Mapping[str, str]) -> dict[str, Any]:
    """What `line` takes, from master, memory, partitions, scratch and Spark's own (`spark. ...`)."""
    options = {name: value for name, value in asked.items() if name.startswith("spark.")}
    own = {name: value for name, value in asked.items() if name not in options}
    check_names(own, ("master", "memory", "partitions", "scratch"), "setting", "spark.cluster")
    return own | {"partitions": int(own.get("partitions", 4)), "options": options}


def own_parameters(shares: Mapping[str, float], until: str) -> dict[str, Any]:
    """The numbers that a protocol takes, counts among them as whole numbers, and its cut-off."""
    counted = ("min_listeners", "min_songs", "validation_users", "test_users")
    numbers = {name: int(value) if name in counted else value for name, value in shares.items()}
    return numbers | {"until": until}


def costs(
    made: Mapping[str, Line],
    sizes: Sequence[int],
    plan: Plan,
    keep: Path,
    settings: Mapping[str, Any],
) -> pd.DataFrame:
    """What the lines took and, where Spark is asked for, what synthetic logs take by both engines.

    Parameters
    ----------
    made : mapping
        The lines that were run, by engine.
    sizes : sequence of int
        Users of the synthetic logs.
    plan, keep, settings
        As for `line`.

    Returns
    -------
    DataFrame
        Rows of `Line.cost`.
    """
    found = [one.cost for one in made.values()]
    for users in sizes if "spark" in made else ():
        world = SyntheticWorld(users, max(40, round(SONGS_PER_USER * users)), 1)
        log = Log("synthetic-text", Asked(world=world))
        found += [line(each, log, plan, keep / f"{each}-{users}", settings).cost for each in ENGINES]
    return pd.concat(found, ignore_index=True)
