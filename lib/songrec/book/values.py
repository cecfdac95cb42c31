"""Numbers of the published results in a few words, and claims that are held to them.

A page's front matter names the log of its numbers, short names of other logs, and the cut-off:

    ---
    log: taste-profile-10k-songs
    logs: {lastfm: lastfm-2k}
    cutoff: 10
    ---

A value is words, maybe after the name of another log and a colon (`lastfm: fs_slim precision`):

    fs_slim precision                          a model and a metric; MAP where none is named; @20: a cut-off
    fs_slim over popularity precision          a ratio of two models
    fs_slim minus item_knn p_holm              a difference, or another column of the comparison
    cold_start.gains item_knn 1                the row of a table whose key columns hold these words
    repeats.order fs_slim ease smallest        of that row another column than `value`
    beyond.summary highest coverage            the row with the highest value of all that fit
    split test users, tune fs_slim trials      a fact of a stage
    run title                                  a fact of the header, of ingest or of split
    cost fs_slim fit_seconds                   a row of the table train.cost
    params fs_slim neighbours                  a hyper-parameter

A space within a word is written `_`. Of a table the metric is MAP and the cut-off the page's where no word
says otherwise. For models stand `best`, `second`, `single` (the first that is not made of others), `chosen`
and `chosen_single` (by validation). A number has the digits that its interval supports; after a bar stands
how else to write it: `interval` (its ends), `estimate` (value and interval), `model` (its name), `users`,
`share` (per cent), `+` (signed), or a number of decimals.

A claim is two values, or a value and a number, with `>`, `<`, `>=`, `<=`, `~` or `is` between them. Before a
colon may stand several logs, or `all` that the front matter names; it must hold on each:

    fs_slim > ease precision                   significantly higher: p after Holm's correction below .05
    fs_slim ~ ease                             no significant difference;   >= and <= compare the means alone
    cold_start.gains item_knn 1 > 0            the interval excludes 0;   ~ 0: it does not
    all: every cold_start.gains 5 > 0          so it is with every row that fits
    beyond.lift ease everybody > beyond.lift held_out everybody          the intervals are apart
    best is fs_slim                            the model; of a table the words that tell the row apart
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from songrec.config import suggest
from songrec.errors import DataError
from songrec.evaluation.comparisons import ALPHA
from songrec.evaluation.metrics import DECIDING, METRICS
from songrec.results import Estimate, Results
from songrec.show.numbers import p_value, plain, significant, unbroken, written

_MODELS = ("model", "than", "one", "other")
_EXTREMES = {"highest": pd.Series.idxmax, "lowest": pd.Series.idxmin}
_TESTS = ("p", "p_holm", "wilcoxon", "wilcoxon_holm")
_CLAIM = re.compile(r"(.+?) (>=|<=|>|<|~|is) (.+)")


@dataclass(frozen=True)
class Page:
    """What a page's front matter says of its numbers."""

    log: str = ""
    logs: Mapping[str, str] = field(default_factory=dict)
    cutoff: int = 10

    def profile(self, log: str = "") -> str:
        """The profile of a log's short name, or of the page's log."""
        if not (log or self.log):
            raise DataError("the page's front matter names no log: add `log: PROFILE`, or say which")
        return self.logs.get(log, log) if log else self.log


@dataclass(frozen=True)
class Found:
    """A value as it was found: an estimate with its unit, or anything else that is written as it is."""

    value: Any
    unit: str = ""
    model: str = ""
    p: float = np.nan
    told_apart: tuple[str, ...] = ()

    @property
    def estimate(self) -> Estimate:
        """The value as an estimate; one without an interval is as wide as it is."""
        one = self.value if isinstance(self.value, Estimate) else Estimate(float(self.value))
        return one if one.low == one.low else one._replace(low=one.value, high=one.value)


def write_value(expression: str, page: Page, load: Callable[[str], Results]) -> str:
    """The text that stands for the expression.

    Parameters
    ----------
    expression : str
        Words, and after a bar how to write the value.
    page : Page
        Log and cut-off where the words name none.
    load : callable
        Gives the published results of a profile.

    Raises
    ------
    DataError
        When it means nothing or is not published.
    """
    asked, _, form = expression.partition("|")
    log, _, words = asked.rpartition(":")
    if not words.split() or len(log.split()) > 1:
        raise DataError(f"{expression!r} names no value")
    (run,) = _runs(log, page, load)
    return unbroken(_write(_find(words.split(), run, page.cutoff), form.split(), run, expression))


def check_claim(expression: str, page: Page, load: Callable[[str], Results]) -> str:
    """Why the claim does not hold; nothing when it holds. Raises `DataError` as `write_value` does."""
    asked, colon, claim = expression.strip().rpartition(":")
    if not (match := _CLAIM.fullmatch(claim.strip())):
        raise DataError(f"{expression!r} is no claim: it has none of > < >= <= ~ is between two values")
    left, sign, right = match[1].split(), match[2], match[3].split()
    for run in _runs(asked if colon else "", page, load):
        if wrong := _untrue(left, sign, right, run, page.cutoff):
            return f"{claim.strip()} does not hold on {run.name}: {wrong}"
    return ""


def _untrue(left: list[str], sign: str, right: list[str], run: Results, cutoff: int) -> str:
    """What is there instead of what is claimed; nothing where it holds."""
    if sign == "is":
        found = _find(left, run, cutoff)
        told = [*found.told_apart] or [found.model]
        return "" if told == right else f"it is {' '.join(told)}"
    if len(left) == 1 and "." not in left[0]:
        pair = _find([*left, "minus", *right], run, cutoff)
        one, other = pair.estimate, Estimate(0.0, 0.0, 0.0)
        if pair.p == pair.p:  # the test decides, which is corrected for all comparisons; the interval is not
            ends = (one.value, one.value) if pair.p < ALPHA else (-np.inf, np.inf)
            one = one._replace(low=ends[0], high=ends[1])
        ones = [one]
    else:
        every = left[0] == "every"
        found = _rows(left[1], left[2:], run, cutoff) if every else [_find(left, run, cutoff)]
        ones = [each.estimate for each in found]
        other = _number(" ".join(right)) or _find(right, run, cutoff).estimate
    holds = {
        ">": lambda one: one.low > other.high,
        "<": lambda one: one.high < other.low,
        ">=": lambda one: one.value >= other.value,
        "<=": lambda one: one.value <= other.value,
        "~": lambda one: one.low <= other.high and other.low <= one.high,
    }[sign]
    wrong = next((one for one in ones if not holds(one)), None)
    return f"{wrong.value:.4g} ({wrong.low:.4g} to {wrong.high:.4g})" if wrong else ""


def _number(text: str) -> Estimate | None:
    try:
        return Estimate(float(text), float(text), float(text))
    except ValueError:
        return None


def _runs(logs: str, page: Page, load: Callable[[str], Results]) -> list[Results]:
    """The results of the logs that are named, of the page's own without a name, of all for `all`."""
    names = ["", *page.logs] if logs.split() == ["all"] else logs.split() or [""]
    return [load(page.profile(name)) for name in names]


def _find(words: Sequence[str], run: Results, cutoff: int) -> Found:
    at = [int(cut) for word in words for cut in re.findall(r"@(\d+)$", word)]
    words = [name for word in words if (name := re.sub(r"@\d+$", "", word))]
    cutoff = at[0] if at else cutoff
    match words:
        case ["run", *keys]:
            known = [run.facts(stage) for stage in ("ingest", "split") if (run.folder / stage).is_dir()]
            return _fact([run.header, *known], keys, run)
        case ["params", model, name]:
            return _fact([run.facts("train")], [model, "hyperparameters", name], run)
        case ["cost", *keys]:
            return Found(significant(_row("train.cost", keys, run, cutoff).value))
        case [table, *keys] if "." in table:
            return _row(table, keys, run, cutoff)
        case [model, ("over" | "minus") as how, than, *rest]:
            return _pair(_model(model, run), how, _model(than, run), rest, run, cutoff)
        case [stage, *keys] if (run.folder / stage).is_dir():
            return _fact([run.facts(stage)], keys, run)
        case [model, *rest] if len(rest) < 2:
            metric, name = (rest or [DECIDING])[0], _model(model, run)
            return Found(run.metric(name, metric, cutoff), _unit(metric), name)
    raise DataError(f"{' '.join(words)!r} names no value: see songrec.book.values for what it may be")


def _model(word: str, run: Results) -> str:
    """The model that a word stands for; any other word as it is."""
    match word:
        case "best" | "second":
            return run.models()[word == "second"]
        case "single":
            return run.single()
        case "chosen" | "chosen_single":
            return run.chosen(single=word == "chosen_single")
    return word


def _unit(metric: str) -> str:
    return "%" if metric in METRICS and METRICS[metric].unit == "%" else ""


def _pair(model: str, how: str, than: str, rest: Sequence[str], run: Results, cutoff: int) -> Found:
    metric = next((word for word in rest if word in METRICS), DECIDING)
    columns = [word for word in rest if word != metric]
    if how == "over" and not columns:
        return Found(run.ratio(model, than, metric, cutoff), "", model)
    row = run.difference(model, than, metric, cutoff)
    if not columns:
        return Found(Estimate.of(row), _unit(metric), model, p=row["p_holm"])
    if len(columns) > 1 or how == "over" or columns[0] not in row:
        raise DataError(f"no column {columns[0]!r} of a comparison{suggest(columns[0], row)}")
    least = run.least_p() if columns[0] == "p_holm" else 0.0
    return _cell(row, columns[0], model, least)


def _cell(row: Mapping[str, Any], column: str, model: str = "", least: float = 0.0) -> Found:
    value = p_value(row[column], least) if column in _TESTS else row[column]
    return Found(value, "%" if column == "win_rate_difference" else "", model)


def _fact(trees: Sequence[Mapping[str, Any]], keys: Sequence[str], run: Results) -> Found:
    tree = next((tree for tree in trees if keys and keys[0] in tree), trees[-1])
    for key in keys:
        key = _model(key, run)
        if not isinstance(tree, Mapping) or key not in tree:
            known = ", ".join(map(str, tree)) if isinstance(tree, Mapping) else "a single value"
            raise DataError(f"{run.name}: {key!r} is not among its facts; there is {known}")
        tree = tree[key]
    if isinstance(tree, Mapping | list) or tree is None:
        raise DataError(f"{run.name}: {' '.join(keys)!r} is not a single value")
    return Found(tree)


def _row(place: str, words: Sequence[str], run: Results, cutoff: int) -> Found:
    found = _rows(place, words, run, cutoff)
    if len(found) != 1:
        raise DataError(f"{run.name}, {place}: {len(found)} rows fit {' '.join(words)!r}, and it must be one")
    return found[0]


def _rows(place: str, words: Sequence[str], run: Results, cutoff: int) -> list[Found]:
    """Cells of a table: words are values of key columns, in the order of the columns, or name a column."""
    stage, _, name = place.partition(".")
    rows = run.table(stage, name)
    columns = list(rows.columns)
    keys = [each for each in columns[: columns.index("value") if "value" in columns else None] if each != "k"]
    if "k" in rows and cutoff in set(rows["k"]):
        rows = rows[rows["k"] == cutoff]
    column, extreme, open_keys = "value", None, sorted(keys, key=lambda each: each != "metric")
    for word in words:
        if word in _EXTREMES:
            extreme = _EXTREMES[word]
        elif word in columns:
            column = word
        else:
            word = _model(word, run)
            if (key := next((each for each in open_keys if _equal(rows[each], word).any()), None)) is None:
                known = sorted({str(value).replace(" ", "_") for each in open_keys for value in rows[each]})
                raise DataError(
                    f"{run.name}, {place}: no row with {word!r}{suggest(word, known)} "
                    f"It may be a column or one of: {', '.join(known)}"
                )
            rows = rows[_equal(rows[key], word)]
            open_keys.remove(key)
    if "metric" in open_keys and len(set(rows["metric"])) > 1:
        rows = rows[rows["metric"] == DECIDING]
        open_keys.remove("metric")
    if column not in rows:
        raise DataError(f"{run.name}, {place}: no column {column!r}, name one of: {', '.join(columns)}")
    told_apart = []
    if extreme and len(rows):
        told_apart = [key for key in open_keys if len(set(rows[key])) > 1]
        rows = rows.loc[[extreme(rows[column])]]
    return [_found(row, column, name, told_apart) for row in rows.to_dict("records")]


def _found(row: Mapping[str, Any], column: str, table: str, told_apart: Sequence[str]) -> Found:
    model = next((row[key] for key in _MODELS if key in row), "")
    apart = tuple(str(row[key]).replace(" ", "_") for key in told_apart)
    if column == "value":
        return Found(Estimate.of(row), _unit(row.get("metric", table)), model, told_apart=apart)
    return replace(_cell(row, column, model), told_apart=apart)


def _equal(column: pd.Series, word: str) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column) and (number := _number(word)):
        return np.isclose(column, number.value)
    return column.astype(str).str.replace(" ", "_") == word


def _write(found: Found, forms: Sequence[str], run: Results, expression: str) -> str:
    value, unit = found.value, "%" if "share" in forms else found.unit
    signed = "+" in forms
    ways = [form for form in forms if form not in ("share", "+")]
    way = ways[0] if ways else "none"
    if len(ways) > 1 or not (way in ("none", "interval", "estimate", "model", "users") or way.isdigit()):
        raise DataError(f"{expression!r}: cannot be written as {' '.join(ways)!r}")
    if way == "model":
        return run.label(found.model)
    if not isinstance(value, Estimate):
        number = isinstance(value, int | float | np.number) and not isinstance(value, bool | np.bool_)
        if not number or (way == "none" and not (signed or unit)):
            return plain(value)
        value = Estimate(float(value))
    if way == "users":
        return f"{value.n_users:,}"
    if way.isdigit():
        scaled = value.value * (100 if unit else 1)
        text = f"{scaled:{'+' if signed else ''},.{way}f}".replace("-", "\N{MINUS SIGN}")
        return f"{text} %" if unit else text
    if way in ("interval", "estimate") and value.low != value.low:
        raise DataError(f"{expression!r}: no interval is published for it")
    (text,) = written([value], unit, signed, {"interval": "ends", "estimate": "auto"}.get(way, "none"))
    return text
