"""Numbers for prose: a short expression names a value on record, and gives it rounded as it deserves.

    <profile>/<model>/<metric>@<k>                taste-profile-10k-songs/item_knn/precision@10
    <profile>/<a> over <b>/<metric>@<k>           a ratio of two models: a gain
    <profile>/<a> minus <b>/<metric>@<k>          a difference of two models
    <profile>/<a> minus <b>/<metric>@<k>/<column> what the tests say of it: p_holm, effect, superiority
    <profile>/run/<key>[/<key>]                   run.json: users, songs, title, read/users, packages/numpy
    <profile>/cost/<model>/<column>               cost.csv: fit_seconds, peak_mb
    <profile>/params/<model>/<name>               params.json: neighbours
    <profile>/tuning/<model>/<column>             tuning.csv: untuned, value, difference
    <profile>/study/<stage>/<table>/<column>?...  a table that a stage kept: songrec.report.study_values

`best` and `second` stand for the models that come first and second by MAP@10, `single` for the first that is
not made of others, `chosen` and `chosen single` for those that validation would have shipped, so that a
sentence stays true when another model wins. After a colon stands how to write it: a Python format (`.3f`,
`,`, `.0%`), `ci` (the ends of the 95 % interval), `pm` (value ± half of it), `users` (how many it is a mean
of), `model` (the model's name); `ci%` and `pm%` write a number of a study or of the tuning as per cent.
"""

from collections.abc import Callable, Sequence
from math import isnan, nan
from typing import Any

from songrec.config import suggest
from songrec.errors import DataError
from songrec.report.numbers import decimals, ends, with_interval
from songrec.report.pairs import TESTED
from songrec.report.record import SHARES, Estimate, Record, digits, written
from songrec.report.study_values import study_estimate
from songrec.report.style import label


def write_value(expression: str, load: Callable[[str], Record]) -> str:
    """The text that stands for the expression; `DataError` when it means nothing or is not on record.

    load : gives the record of a profile.
    """
    path, _, form = expression.strip().partition(":")
    profile, *parts = path.split("/")
    record = load(profile)
    match parts:
        case ["run", *keys] if keys:
            value = _look_up(record.run, keys, expression)
        case ["params", model, key]:
            value = _look_up(record.params, [_name(model, record), key], expression)
        case ["cost", model, column]:
            cost = record.cost.to_dict(orient="index")
            value = _look_up(cost, [_name(model, record), column], expression)
        case ["tuning", model, column]:
            tuning = record.tuning.to_dict(orient="index")
            value = _look_up(tuning, [_name(model, record), column], expression)
            row = tuning[_name(model, record)]
            low, high = (row["ci_low"], row["ci_high"]) if column == "difference" else (nan, nan)
            return _studied(Estimate(value, nan, low, high, int(row["n_users"])), form, expression)
        case ["study", stage, *rest] if rest:
            found = study_estimate(record, stage, "/".join(rest), lambda model: _name(model, record))
            return _studied(found, form, expression)
        case [models, metric, column] if "@" in metric and " minus " in models:
            value = _tested(record, models, metric, column, expression)
        case [models, metric] if "@" in metric:
            return _measured(record, models, metric, form)
        case _:
            raise DataError(f"{expression!r} names no value: see songrec.report.values for what it may be")
    return _plain(value, form, expression)


def _look_up(tree: dict[str, Any], keys: Sequence[str], expression: str) -> Any:
    for key in keys:
        if not isinstance(tree, dict) or key not in tree:
            known = ", ".join(map(str, tree)) if isinstance(tree, dict) else "a single value"
            raise DataError(f"{expression!r}: {key!r} is not on record; there is {known}")
        tree = tree[key]
    return tree


def _name(model: str, record: Record) -> str:
    match model:
        case "best":
            return record.ranked()[0]
        case "second":
            return record.ranked()[1]
        case "single":
            return record.single()
        case "chosen" | "chosen single":
            return record.chosen(single=model.endswith("single"))
    return model


def _measured(record: Record, models: str, metric: str, form: str) -> str:
    for word in (" over ", " minus "):
        if word in models:
            first, second = (_name(model, record) for model in models.split(word))
            return _compared(record, word.strip(), first, second, metric, form)
    model = _name(models, record)
    estimate = record.estimate(model, metric)
    if form == "model":
        return label(model)
    if form == "users":
        return f"{estimate.n_users:,}"
    name = metric.split("@")[0]
    places = digits(name, estimate.margin)
    if form == "ci":
        return _checked(ends(estimate.low, estimate.high, places), models, metric)
    if form == "pm":
        return written(name, estimate)
    if not form:
        form = ".1%" if name in SHARES else f".{places}f"
    return _spaced(format(estimate.value, form))


def _tested(record: Record, models: str, metric: str, column: str, expression: str) -> float:
    """One of the columns `pairs.TESTED` of gains.csv."""
    if column not in TESTED:
        raise DataError(f"{expression!r}: no column {column!r}{suggest(column, TESTED)}")
    first, second = (_name(model, record) for model in models.split(" minus "))
    if isnan(found := record.tested(first, second, metric, column)):
        raise DataError(f"{expression!r}: no test of it is on record")
    return found


def _studied(found: Estimate, form: str, expression: str) -> str:
    """A number of a study or of the tuning; its interval decides how many decimals they have."""
    if form == "users":
        return f"{found.n_users:,}"
    if form not in ("ci", "pm", "ci%", "pm%"):
        return _plain(found.value, form, expression)
    if isnan(found.margin):
        raise DataError(f"{expression!r}: no interval is on record for it")
    scale, unit = (100, "\N{NO-BREAK SPACE}%") if form.endswith("%") else (1, "")
    value, low, high = (scale * each for each in (found.value, found.low, found.high))
    places = decimals((high - low) / 2)
    return (ends(low, high, places) if form[:2] == "ci" else with_interval(value, low, high, places)) + unit


def _spaced(text: str) -> str:
    """A per cent sign stands after a space that does not break."""
    return text.replace("%", "\N{NO-BREAK SPACE}%")


def _compared(record: Record, word: str, first: str, second: str, metric: str, form: str) -> str:
    compared: Estimate = record.compare(word, first, second, metric)
    places = 2 if word == "over" else digits(metric.split("@")[0], compared.margin)
    if form == "ci":
        return _checked(ends(compared.low, compared.high, places), f"{first} {word} {second}", metric)
    if not form:
        form = f".{places}f" if word == "over" else f"+.{places}f"
    return format(compared.value, form)


def _checked(interval: str, models: str, metric: str) -> str:
    if not interval:
        raise DataError(f"{models}, {metric}: no interval is on record for it")
    return interval


def _plain(value: Any, form: str, expression: str) -> str:
    if isinstance(value, dict | list):
        raise DataError(f"{expression!r} is not a single value")
    if not form and isinstance(value, int) and not isinstance(value, bool):
        form = ","
    try:
        text = format(value, form)
        return _spaced(text) if form.endswith("%") else text
    except ValueError as error:
        raise DataError(f"{expression!r}: {value!r} cannot be written as {form!r}: {error}") from error
