"""Sentences made from values, by templates: one file a page, beside the page's module.

In a template a blank line ends a paragraph, and a line break is a space. Filters write values:

    {{ best | model }}                  a model's name           {{ names | models }}       a, b and c
    {{ estimate | estimate }}           0.146 (0.141 to 0.151)   {{ estimate | interval }}  0.141 to 0.151
    {{ estimate | value }}              0.146                    all three take unit="%" and signed=true
    {{ users | count("user") }}         1 user, 1,200 users      {{ part | share }}         43 %
    {{ words | listed }}                a, b and c               {{ item | article }}       an artist
    {{ rows | each("{model} {estimate}") | series(";") }}        ease 0.1 (...); and als 0.2 (...)

Every template knows `run`, `item`, `event` (what is counted) and `log` (how it is called). A value that is
missing is an error, never a text. What is to say of a synthetic log comes last on every page.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import pandas as pd

from songrec.errors import DataError
from songrec.results import Estimate, Results
from songrec.show.numbers import megabytes, significant, unbroken, written
from songrec.show.numbers import share as write_share

INVENTED = "The log is synthetic: its listeners, titles and play counts are invented."
CAUTION = (
    "The log is synthetic. These numbers show that the whole pipeline works; which model suits real "
    "listeners is decided on real data (the published results)."
)


class Prose(str):
    """Markdown text that a notebook renders; elsewhere simply the text."""

    def _repr_markdown_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return str(self)


def prose(template: str, run: Results, caution: str = CAUTION, /, **facts: Any) -> Prose:
    """The text of a page's template for these facts.

    Parameters
    ----------
    template : str
        File name beside the page modules, such as `cold_start.jinja`.
    run : Results
        Whose models and items are named.
    caution : str
        The last paragraph where the log is synthetic.
    **facts
        What the template asks for.

    Raises
    ------
    DataError
        When a value that the template shows is missing (None, NaN, undefined).
    """
    from jinja2 import UndefinedError

    known = {
        "run": run,
        "item": as_written(run.item),
        "event": run.event,
        "log": f"the {'synthetic ' if run.synthetic else ''}log `{run.name}`",
    }
    names = {
        "model": run.label,
        "models": lambda models, last="and": listed([run.label(model) for model in models], last),
        "each": lambda rows, text, unit="": [text.format_map(_Row(run, row, unit)) for row in rows],
    }
    environment = _environment().overlay()
    environment.filters = environment.filters | names
    try:
        text = environment.get_template(template).render(known | facts)
    except UndefinedError as error:
        raise DataError(f"{template}: {error}") from error
    # A tag that ends a line leaves a space before the sign that follows.
    paragraphs = [re.sub(r" ([,.;:)])", r"\1", " ".join(part.split())) for part in text.split("\n\n")]
    paragraphs += [caution] if run.synthetic else []
    return Prose("\n\n".join(capital(unbroken(part)) for part in paragraphs if part))


@cache
def _environment():
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("songrec", "pages"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    environment.filters |= {
        "article": article,
        "capital": capital,
        "count": counted,
        "estimate": lambda one, unit="", signed=False: _number(one, unit, signed, "brackets"),
        "interval": lambda one, unit="", signed=False: _number(one, unit, signed, "ends"),
        "listed": listed,
        "megabytes": megabytes,
        "series": series,
        "share": write_share,
        "size": significant,
        "value": lambda one, unit="", signed=False: _number(one, unit, signed, "none"),
    }
    return environment


class _Row(dict):
    """What a row holds, models by their names; `estimate` is its value with the interval."""

    def __init__(self, run: Results, row: Mapping[str, Any], unit: str):
        super().__init__(row)
        self.run, self.unit = run, unit

    def __getitem__(self, name: str) -> Any:
        if name == "estimate":
            return _number(self, self.unit, False, "brackets")
        value = _shown(super().__getitem__(name))
        return self.run.label(value) if name in ("model", "than") else value


def _shown(value: Any) -> Any:
    if value is None or value != value:
        raise DataError(f"a template shows a missing value ({value})")
    return value


def _number(one: Estimate | Mapping[str, Any], unit: str, signed: bool, interval: str) -> str:
    """One estimate as text; a number without an interval says so where the interval is asked for."""
    one = one if isinstance(one, Estimate) else Estimate.of(one)
    (text,) = written([one], unit, signed, interval)
    if not text:
        return "no interval" if interval == "ends" and one.value == one.value else _shown(one.value)
    return text


def listed(words: Iterable[object], last: str = "and") -> str:
    """Words as an enumeration.

    >>> listed(["a"]), listed(["a", "b", "c"]), listed([1, 2], "or")
    ('a', 'a, b and c', '1 or 2')
    """
    *before, end = map(str, words)
    return f"{', '.join(before)} {last} {end}" if before else end


def series(parts: Iterable[str], mark: str = ",") -> str:
    """Parts with a mark after each but the last.

    >>> series(["a"]), series(["a 1", "b 2", "c 3"], ";")
    ('a', 'a 1; b 2; and c 3')
    """
    *before, end = parts
    return f"{mark} ".join([*before, f"and {end}" if before else end])


def told(run: Results, rows: pd.DataFrame, text: str, between: str = "; ") -> str:
    """The same words about every model, with its numbers.

    Parameters
    ----------
    run : Results
        Whose models they are.
    rows : DataFrame
        `model`, `value` and whatever else is told: the first row of a model has it.
    text : str
        Names columns in braces, `{model}` for the model's name; and `{first}`, `{last}`, `{least}` and
        `{most}` for values of its rows.
    between : str
        Stands between two models.
    """
    parts = []
    for model, of in rows.groupby("model", sort=False):
        value = of["value"]
        ends = {"first": value.iloc[0], "last": value.iloc[-1], "least": value.min(), "most": value.max()}
        parts.append(text.format_map(of.iloc[0].to_dict() | ends | {"model": run.label(model)}))
    return between.join(parts)


def counted(number: int, word: str, plural: str = "") -> str:
    """A number with its noun.

    >>> counted(1, "song"), counted(1200, "user")
    ('1 song', '1,200 users')
    """
    return f"{number:,} {word if number == 1 else plural or f'{word}s'}"


def article(word: str) -> str:
    """The word with its indefinite article.

    >>> article("artist"), article("song")
    ('an artist', 'a song')
    """
    return f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def capital(text: str) -> str:
    """The text with a capital at its beginning: model names are written small."""
    return text[:1].upper() + text[1:]


def two_lines(title: str) -> str:
    """A title on two lines, where it has a comma.

    >>> two_lines("Last.fm, 2,000 users")
    'Last.fm,\\n2,000 users'
    """
    return title.replace(", ", ",\n", 1)


def as_written(text: str) -> str:
    """Text of a person's own as Markdown that shows it just so: no markup, no formula, no HTML comes of it.

    >>> print(as_written("Ke$ha & A$AP | *best* <b>of</b>"))
    Ke\\$ha \\& A\\$AP \\| \\*best\\* \\<b\\>of\\</b\\>
    """
    line = " ".join(text.split())
    line = re.sub(r"([\\\\`*_{}\[\]<>&$|#~^@])", r"\\\1", line)
    return re.sub(r"^(\d*)([-+=:%.)(])", r"\1\\\2", line)  # what begins a list or a block


def banner(run: Results) -> Prose:
    """What the reader of a page must know first: which run it belongs to, and what its log is."""
    kind = "a synthetic log: its listeners, titles and play counts are invented"
    item = as_written(run.item)
    items = "" if run.item in ("song", "item") else f" Its items are {item}s."
    return Prose(f"*Run `{run.name}`, on {kind if run.synthetic else 'a real log'}.{items}*")
