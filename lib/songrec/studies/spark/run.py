"""The study's line from files to metrics, on one machine or on Spark: the same steps, the same tables."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pandas as pd

from songrec import measure
from songrec.checks import check_names
from songrec.data import Asked, IngestReport
from songrec.data.filters import Step
from songrec.data.synthetic import SyntheticWorld
from songrec.errors import ConfigError
from songrec.evaluation.metrics import DECIDING
from songrec.studies.spark.engines import AskedLog, LinePlan, OneMachine, OnSpark
from songrec.studies.stacked import ESTIMATE, stacked

ENGINES = ("local", "spark")
STEPS = ("ingest", "filter", "split", "popularity", "item_knn", "als", "recommend and evaluate")
SONGS_PER_USER = 0.4
"""Of synthetic logs: the Taste Profile has about as many."""


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
    log: AskedLog,
    plan: LinePlan,
    keep: Path,
    settings: Mapping[str, Any] | None = None,
) -> Line:
    """Run the whole line.

    Parameters
    ----------
    engine : str
        `local`: this process; `spark`: Spark.
    log : AskedLog
        What is read.
    plan : LinePlan
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
    log: AskedLog,
    plan: LinePlan,
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


def _run(on: OneMachine | OnSpark, log: AskedLog, plan: LinePlan, keep: Path) -> Line:
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
    plan: LinePlan,
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
        log = AskedLog("synthetic-text", Asked(world=world))
        found += [line(each, log, plan, keep / f"{each}-{users}", settings).cost for each in ENGINES]
    return pd.concat(found, ignore_index=True)
