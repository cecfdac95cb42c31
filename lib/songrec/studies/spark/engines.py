"""The steps of the line, by this process and by Spark: the same names, the same tables."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from songrec import measure
from songrec.data import Asked, IngestReport, Interactions, apply_filters, find_source, read_log
from songrec.data.filters import Step
from songrec.data.synthetic_text import text_file
from songrec.evaluation import score_lists
from songrec.evaluation.metrics import ACCURACY
from songrec.evaluation.statistics import student
from songrec.models import ALS, ItemKNN, Popularity
from songrec.models.base import Recommender
from songrec.paths import find_raw
from songrec.splits import Split
from songrec.splits.choose import divide


@dataclass(frozen=True)
class AskedLog:
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
class LinePlan:
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

    def read(self, log: AskedLog) -> IngestReport:
        """Read and validate."""
        report, self.log = read_log(
            find_source(log.source).open(log.asked), self._rejects, log.max_reject_share
        )
        return report

    def filter(self, **filters: int) -> list[Step]:
        """Leave out what is asked."""
        self.log, steps = apply_filters(self.log, **filters)
        return steps

    def divide(self, plan: LinePlan) -> pd.DataFrame:
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

    def read(self, log: AskedLog) -> IngestReport:
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

    def divide(self, plan: LinePlan) -> pd.DataFrame:
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
