"""Search spaces: which values of a hyper-parameter are looked at.

They are declared in `notebooks/models.yml`, in the block of each model: a changed range makes only that
model's search run again.
"""

from collections.abc import Mapping
from math import exp, log
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from songrec.config import check_names
from songrec.errors import ConfigError

EPOCHS = "epochs"
MARGIN = 0.02
"""A chosen value this near to an end of its range, as a share of the range, lies at its edge."""

FURTHER = 1 / 3
"""How far a search goes beyond an edge, as a share of the range."""


class Dimension(BaseModel):
    """One hyper-parameter's range: `low` to `high`, or one of `choices`, or `epochs` up to `stop`.

    Attributes
    ----------
    low : int or float, optional
        The lower end of a range.
    high : int or float, optional
        The upper end of it.
    log : bool
        Whether values are spread evenly over orders of magnitude.
    choices : list, optional
        The values to choose from.
    stop : int, optional
        The most epochs.
    when : dict
        Only asked for where another hyper-parameter has one of these values.
    times : str
        Another hyper-parameter, of the range before: this one is the number drawn times that one, so that the
        range is one of their ratio.
    natural : list of str
        Ends, "low" or "high", beyond which there is nothing to look for.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    low: int | float | None = None
    high: int | float | None = None
    log: bool = False
    choices: list[Any] | None = None
    stop: int | None = None
    when: dict[str, list[Any]] = {}
    times: str = ""
    natural: list[Literal["low", "high"]] = []

    @model_validator(mode="after")
    def _one_kind(self) -> "Dimension":
        ranged = self.low is not None and self.high is not None
        if sum([ranged, bool(self.choices), self.stop is not None]) != 1:
            raise ValueError("give either low and high, or choices, or stop")
        if ranged and (self.low >= self.high or (self.log and self.low <= 0)):
            raise ValueError("low must be below high, and above 0 on a log scale")
        if self.times and not isinstance(self.low, float):
            raise ValueError("times goes with a range of numbers that are not whole")
        return self


def check_space(space: Mapping[str, Any], where: str) -> None:
    """`ConfigError` that names the hyper-parameter whose range makes no sense."""
    before: set[str] = set()
    for name, entry in space.items():
        try:
            dimension = Dimension.model_validate(entry)
        except ValidationError as error:
            raise ConfigError(f"{where}: space.{name}: {error.errors()[0]['msg']}") from error
        if dimension.times and dimension.times not in before:
            raise ConfigError(f"{where}: space.{name}: times names {dimension.times!r}, no range before it")
        if dimension.low is not None and not dimension.when:
            before.add(name)


def searched(
    space: Mapping[str, Any], fixed: Mapping[str, Any], known: Mapping[str, Any], where: str
) -> dict[str, Any]:
    """The part of a space that is left to search, the hyper-parameters in `fixed` being settled.

    Parameters
    ----------
    space : mapping
        Hyper-parameter -> its range, as the model's block declares it. A name `weights.*` stands for one
        weight for each member.
    fixed : mapping
        Hyper-parameters that are settled, with their values.
    known : mapping
        Every hyper-parameter of the estimator.
    where : str
        What an error names.
    """
    check_names([name.split(".")[0] for name in space], known, "hyper-parameter", where)
    left: dict[str, Any] = {}
    for name, entry in space.items():
        whole, dot, _ = name.partition(".")
        if whole in fixed:
            continue
        when = entry.get("when", {})
        if any(fixed[key] not in values for key, values in when.items() if key in fixed):
            continue
        rest = {key: value for key, value in entry.items() if key != "when"}
        if left_open := {key: values for key, values in when.items() if key not in fixed}:
            rest["when"] = left_open
        if (factor := fixed.get(entry.get("times", ""))) is not None:
            rest |= {end: rest[end] * factor for end in ("low", "high")}
            del rest["times"]
        names = [f"{whole}.{label}" for label in fixed.get("members") or {}] if dot else [name]
        left |= dict.fromkeys(names, rest)
    return left


def nested(flat: Mapping[str, Any]) -> dict[str, Any]:
    """Names with a dot as dicts.

    >>> nested({"by": "rank", "weights.ease": 0.5, "weights.als": 1.0})
    {'by': 'rank', 'weights': {'ease': 0.5, 'als': 1.0}}
    """
    found: dict[str, Any] = {}
    for name, value in flat.items():
        whole, dot, part = name.partition(".")
        if dot:
            found.setdefault(whole, {})[part] = value
        else:
            found[name] = value
    return found


def edges(space: Mapping[str, Any], chosen: Mapping[str, Any]) -> dict[str, str]:
    """Which of the chosen values lie at the edge of their range: name -> "low" or "high".

    Beyond such an edge there may be something better. A natural one is none, and choices have none.

    >>> edges({"l2": {"low": 1.0, "high": 1000.0, "log": True}}, {"l2": 999.0})
    {'l2': 'high'}
    """
    found = {}
    for name, entry in space.items():
        if name not in chosen or entry.get("choices"):
            continue
        dimension = Dimension.model_validate(entry)
        place = _place(dimension, drawn(entry, chosen[name], chosen))
        end = "low" if place <= MARGIN else "high" if place >= 1 - MARGIN else ""
        if end and end not in dimension.natural:
            found[name] = end
    return found


def drawn(entry: Mapping[str, Any], value: Any, chosen: Mapping[str, Any]) -> Any:
    """The number of a range that gave a hyper-parameter this value, the others being as `chosen`."""
    return value / chosen[entry["times"]] if entry.get("times") else value


def beyond(entry: Mapping[str, Any], end: str) -> tuple[dict[str, Any], Any]:
    """A range that goes on beyond an edge, on its own scale, and the middle of what was added.

    >>> beyond({"low": 1.0, "high": 1000.0, "log": True}, "high")
    ({'low': 1.0, 'high': 10000.0, 'log': True}, 3162.0)
    >>> beyond({"stop": 30}, "high")
    ({'stop': 40}, 40)
    """
    if stop := entry.get("stop"):
        longer = round(stop * (1 + FURTHER))
        return {**entry, "stop": longer}, longer
    low, high = entry["low"], entry["high"]
    whole = isinstance(low, int) and isinstance(high, int)
    to, back = (log, exp) if entry.get("log") else (float, float)
    width = FURTHER * (to(high) - to(low))
    found = []
    for share in (1, 0.5):
        number = back(to(high) + share * width if end == "high" else to(low) - share * width)
        found.append(round(number) if whole else float(f"{number:.4g}"))
    return {**entry, end: found[0]}, found[1]


def _place(dimension: Dimension, value: float) -> float:
    """Where a value lies in its range, from 0 to 1."""
    if dimension.stop is not None:
        return 0.5 if value < dimension.stop else 1.0
    low, high = dimension.low, dimension.high
    if value <= low:  # a default may lie outside of its range, at 0 below a logarithmic one
        return 0.0
    if dimension.log:
        low, high, value = log(low), log(high), log(value)
    return (value - low) / (high - low)
