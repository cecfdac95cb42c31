"""What a stage will need: memory, against what is free, and time, on this machine.

pipeline.yml says it of each stage and models.yml of each model's fit, as formulas of the log's counts. The
constants were measured; where a log is denser or shorter than those they were measured on, an estimate may
be half of it or double. What a log will count is known once it was ingested, and guessed before.
"""

import math
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from songrec import measure
from songrec.errors import DataError
from songrec.files import read_json, write_json
from songrec.modelspec import ModelSpec, far_end, memory_bytes, named
from songrec.paths import data_root
from songrec.pipeline.plan import Plan, PlannedStage
from songrec.tables import FACTS

LIBRARIES = 300_000_000
"""Bytes that a stage's process takes before it reads anything: interpreter, libraries, notebook."""

REFERENCE = {"memory": 0.025, "arithmetic": 0.027}
"""Seconds of `benchmark` on the machine that the constants were measured on: two cores of an AMD EPYC."""


@dataclass(frozen=True)
class Size:
    """How large a log is taken to be, after filters.

    Attributes
    ----------
    users : int
        Its rows.
    songs : int
        Its columns.
    entries : int
        Pairs of a user and a song.
    tested : int
        Users who get lists.
    """

    users: int
    songs: int
    entries: int
    tested: int = 0


@dataclass(frozen=True)
class Need:
    """What a stage is expected to take.

    Attributes
    ----------
    bytes : int, optional
        Of memory at its peak; None where nobody knows.
    seconds : float, optional
        On the reference machine.
    lower : tuple of str
        Keys of the profile that, lowered, make it less.
    """

    bytes: int | None = None
    seconds: float | None = None
    lower: tuple[str, ...] = ()


def need_of(stage: PlannedStage, plan: Plan) -> Need:
    """What the stage will need, as far as it is known."""
    declared, spec = stage.declaration, plan.profile.models.get(stage.model or "")
    if stage.page or not (declared.memory or declared.seconds):
        return Need()
    size = _size(plan)
    names = vars(size) | {"models": len(plan.profile.models)} | _numbers(stage.parameters)
    names["kept"] = _together([_of_model(each, label, plan, size, "memory") for label, each in _all(plan)])
    peak = fit = None
    if spec is not None:
        peak = _of_model(spec, stage.model, plan, size, "peak", searched=declared.name == "tune")
        fit = _of_model(spec, stage.model, plan, size, "seconds")
        names |= {name: value for name, value in (("peak", peak), ("fit", fit)) if value is not None}
    memory = _value(declared.memory, names)
    lower = ()
    if spec is not None and declared.name == "train":
        lower = tuple(f"models.{stage.model}.hyperparameters.{name}" for name in _levers(spec))
    elif spec is not None:
        lower = tuple(f"models.{stage.model}.space.{name}" for name in _levers(spec) if name in spec.space)
    return Need(None if memory is None else memory + LIBRARIES, _value(declared.seconds, names), lower)


def refuse_too_large(stage: PlannedStage, plan: Plan) -> None:
    """`DataError` where the stage needs more memory than is free, with the numbers and what to change."""
    need, free = need_of(stage, plan), measure.free_memory()
    if need.bytes is None or need.bytes <= free:
        return
    size = _size(plan)
    change = [f"lower {key}" for key in need.lower]
    if stage.model:
        change.append(f"take {stage.model} out of the profile's models")
    change.append("raise stages.ingest.min_listeners or stages.ingest.min_songs, which keep less of the log")
    raise DataError(
        f"stage {stage.name} needs about {_gib(need.bytes)}, {_gib(free)} are free: the log has "
        f"{size.users:,} users, {size.songs:,} songs and {size.entries:,} entries. In the profile "
        f"{plan.profile_name}, {'; or '.join(change)}. Or take a machine with more memory."
    )


def told(plan: Plan, stages: list[str]) -> str:
    """A table of what these stages are expected to take on this machine; empty where nothing is known."""
    needs = {name: need_of(plan.stages[name], plan) for name in stages}
    known = {name: need for name, need in needs.items() if need.bytes or need.seconds}
    if not known:
        return ""
    slower = calibrated()
    rows = [
        (name, _minutes(need.seconds, slower), "" if need.bytes is None else _gib(need.bytes))
        for name, need in known.items()
    ]
    whole = sum(need.seconds or 0 for need in known.values())
    largest = max(need.bytes or 0 for need in known.values())
    rows.append(("all", _minutes(whole, slower), _gib(largest)))
    width = max(len(name) for name, *_ in rows)
    lines = [f"{'stage':<{width}}{'time':>12}{'memory':>12}"]
    lines += [f"{name:<{width}}{seconds:>12}{memory:>12}".rstrip() for name, seconds, memory in rows]
    return "\n".join([*lines, f"Free: {_gib(measure.free_memory())}. Rough estimates."])


def calibrated() -> float:
    """How many times the reference machine's time work takes here; measured once, and kept with the data."""
    file, machine = data_root() / "machine.json", measure.machine()
    try:
        kept = read_json(file, dict)
        if kept.get("machine") == machine:
            return float(kept["times"])
    except (DataError, KeyError, TypeError, ValueError):
        pass  # measured again below
    found = benchmark()
    times = math.sqrt(math.prod(found[name] / REFERENCE[name] for name in REFERENCE))
    write_json(file, {"machine": machine, "seconds": found, "times": times})
    return times


def benchmark() -> dict[str, float]:
    """Seconds of a loop that waits for memory and of one that computes: each the best of several."""
    rng = np.random.default_rng(0)
    places, values = rng.integers(0, 1 << 22, 1 << 22), np.ones(1 << 22, np.float32)
    factors = rng.random((768, 768), dtype=np.float32)
    work = {"memory": lambda: values[places].sum(), "arithmetic": lambda: factors @ factors @ factors}
    found = {}
    for name, one in work.items():
        spent = []
        for _ in range(7):
            start = time.perf_counter()
            one()
            spent.append(time.perf_counter() - start)
        found[name] = min(spent)
    return found


def _size(plan: Plan) -> Size:
    """By the split if there is one, else by the ingested log, else by what the source seems to hold."""
    split = plan.stages.get("split")
    tested = int(split.parameters.get("test_users", 0)) if split else 0
    strong = bool(split) and str(split.parameters.get("protocol")).startswith("strong")
    for stage, entries in (("split", "train"), ("ingest", "triplets")):
        try:
            facts = read_json(plan.paths.tables / stage / FACTS, dict)
            users, songs, count = (int(facts[name]) for name in ("users", "songs", entries))
        except (DataError, KeyError, TypeError, ValueError):
            continue
        known = facts.get("test", {}).get("users") if stage == "split" else None
        return Size(users, songs, count, known or (min(tested, users) if strong else users))
    parameters = plan.stages["ingest"].parameters if "ingest" in plan.stages else {}
    if str(parameters.get("source", "")).startswith("synthetic"):
        users, songs = parameters["users"], parameters["songs"]
        entries = users * min(49, songs // 4)  # the Taste Profile's mean, as `synthetic_tables` has it
    else:
        entries = sum(map(_rows, plan.stages["ingest"].raw)) if "ingest" in plan.stages else 0
        users = songs = entries // 40
    return Size(users, songs, entries, min(tested, users) if strong else users)


def _rows(path: Path) -> int:
    """How many lines a file may hold: 60 bytes each, or ten where it is packed."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    packed = {".gz", ".zip", ".bz2", ".xz", ".zst"}
    return sum(file.stat().st_size // (10 if file.suffix in packed else 60) for file in files)


def _all(plan: Plan) -> list[tuple[str, ModelSpec]]:
    return list(plan.profile.models.items())


def _of_model(
    spec: ModelSpec, label: str, plan: Plan, size: Size, what: str, searched: bool = False
) -> float | None:
    """A formula of the model's block, its members' added: while it is searched, at the space's far end."""
    values = [_value(getattr(spec, what), hyperparameters(spec, label, plan, searched) | vars(size))]
    members = [plan.profile.models[member] for member in spec.members if member in plan.profile.models]
    values += [
        _of_model(each, member, plan, size, what) for member, each in zip(spec.members, members, strict=False)
    ]
    return _together(values)


def hyperparameters(spec: ModelSpec, label: str, plan: Plan, searched: bool) -> dict[str, float]:
    """The numbers among a model's hyper-parameters: those that its search found, or may yet try."""
    from songrec.models import create

    known: dict[str, Any] = dict(create(spec.estimator).get_params())
    tune = plan.stages.get(f"tune.{label}")
    if tune is None or tune.parameters.get("trials", 0) > 0:
        known |= far_end(spec.space)
    if not searched:
        with suppress(DataError, KeyError, TypeError):  # it was not tuned yet
            known |= read_json(plan.paths.tables / "tune" / label / FACTS, dict)["hyperparameters"]
    return {name: value for name, value in (known | spec.hyperparameters).items() if _is_number(value)}


def _levers(spec: ModelSpec) -> list[str]:
    """Hyper-parameters by which the model's memory grows."""
    return sorted(named(spec.peak) - {"users", "songs", "entries"}) if spec.peak else []


def _value(formula: str, names: Mapping[str, Any]) -> float | None:
    """What a formula comes to; None where there is none, or where it names what is not known here."""
    if not formula or not named(formula) <= names.keys():
        return None
    return memory_bytes(formula, **names)


def _together(values: list[float | None]) -> float:
    return sum(value or 0 for value in values)


def _numbers(parameters: Mapping[str, Any]) -> dict[str, float]:
    """The study's own; of a list of numbers the largest."""
    lists = {name: value if isinstance(value, list) else [value] for name, value in parameters.items()}
    return {name: max(values) for name, values in lists.items() if values and all(map(_is_number, values))}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _gib(count: float) -> str:
    return f"{count / 2**30:,.1f} GiB"


def _minutes(seconds: float | None, slower: float) -> str:
    if seconds is None:
        return ""
    seconds *= slower
    return f"{seconds / 60:,.0f} min" if seconds >= 90 else f"{max(1, math.ceil(seconds))} s"
