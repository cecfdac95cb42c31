"""Tables: numbers become text by the type of their column, and then look alike everywhere.

A page says what its columns are; a `Table` is shown by JupyterLab (HTML), by the book (docutils), by the
README (Markdown) and as plain text.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape

import pandas as pd

from songrec.evaluation.metrics import METRICS
from songrec.results import DAGGER, Estimate, Results
from songrec.show.numbers import p_value, plain, share, significant, unbroken, written

RANGE = "± and brackets: 95 % interval."
"""What stands below a table of estimates."""

BEST = f"{RANGE} Bold: the best, and all that are not significantly worse."


def capped(run: Results, models: Iterable[str]) -> str:
    """What the dagger in names of models means, where one of these has it: the end of a note."""
    named = any(run.capped(model) for model in models)
    return f" {DAGGER.strip()} Its search was ended by time, before it had all its trials." if named else ""


@dataclass(frozen=True)
class Column:
    """The cells of one column as text.

    Attributes
    ----------
    cells : list of str
    left : bool
        Aligned left, as words are; numbers are aligned right.
    bold : list of bool
        Which cells are bold; empty for none.
    """

    cells: list[str]
    left: bool = False
    bold: list[bool] = field(default_factory=list)

    def marked(self, which: Iterable[bool]) -> "Column":
        """The same column with these cells bold."""
        return replace(self, bold=[bool(each) for each in which])


def words(values: Iterable[object]) -> Column:
    """A column of words; a missing one is an empty cell."""
    return Column([plain(value) for value in values], left=True)


def counts(values: Iterable[object]) -> Column:
    """A column of whole numbers, or of any values that are written as they are and aligned as numbers."""
    return Column([plain(_whole(value)) for value in values])


def _whole(value: object) -> object:
    """A count that a missing neighbour has turned into a float is a whole number again."""
    return int(value) if isinstance(value, float) and value == value and value == int(value) else value


def estimates(
    rows: pd.DataFrame, unit: str = "", signed: bool = False, interval: str = "auto", column: str = "value"
) -> Column:
    """A column of estimates (`value`, `ci_low`, `ci_high`), written by `show.numbers.written`."""
    named = rows.rename(columns={column: "value"}) if column != "value" else rows
    found = [Estimate.of(row) for row in named.to_dict("records")]
    return Column(written(found, unit, signed, interval))


def numbers(values: Iterable[float], digits: int = 3) -> Column:
    """A column of numbers without an interval, with so many decimals."""
    return Column(["" if value != value else f"{value:,.{digits}f}" for value in values])


def sizes(values: Iterable[float]) -> Column:
    """A column of timings, sizes or counts that are measured: three significant digits."""
    return Column([significant(value) for value in values])


def shares(values: Iterable[float]) -> Column:
    """A column of shares as per cent."""
    return Column(["" if value != value else share(value) for value in values])


def p_values(values: Iterable[float], least: float = 0.0) -> Column:
    """A column of p-values, the least of which may be a bound."""
    return Column([p_value(value, least) for value in values])


def measured(run: Results, metric: str, cutoff: int, models: Sequence[str]) -> Column:
    """A column of means by a metric, a row a model; bold are the best and all not significantly worse."""
    rows = run.rows("evaluate", "metrics", metric=metric, k=cutoff).set_index("model").reindex(models)
    best = run.best(metric, cutoff) if METRICS[metric].best else set()
    return estimates(rows, METRICS[metric].unit).marked(model in best for model in models)


def spread(rows: pd.DataFrame) -> dict[str, Column]:
    """Columns of a table of quantiles of counts: min, median, mean, 90 %, 99 %, max."""
    heads = ["min", "median", "mean", "90 %", "99 %", "max"]
    return {head: numbers(rows[head], digits=1) if head == "mean" else counts(rows[head]) for head in heads}


@dataclass(frozen=True)
class Table:
    """Columns under their heads, with a note below.

    Attributes
    ----------
    columns : dict of str to Column
    note : str
        A line below the table.
    empty : str
        What stands in its place when it has no rows.
    """

    columns: dict[str, Column]
    note: str = ""
    empty: str = ""

    def __len__(self) -> int:
        return max((len(column.cells) for column in self.columns.values()), default=0)

    @property
    def left(self) -> list[bool]:
        """By column, whether it is aligned left."""
        return [column.left for column in self.columns.values()]

    def rows(self) -> list[list[tuple[str, bool]]]:
        """Row by row, each cell's text and whether it is bold."""
        marked = [
            zip(column.cells, column.bold or [False] * len(column.cells), strict=True)
            for column in self.columns.values()
        ]
        return [list(row) for row in zip(*marked, strict=True)]

    def _repr_html_(self) -> str:
        if not len(self):
            return f"<p>{escape(self.empty)}</p>"
        sides = ["left" if left else "right" for left in self.left]
        heads = "".join(
            f'<th scope="col" style="text-align: {side}">{escape(name)}</th>'
            for name, side in zip(self.columns, sides, strict=True)
        )
        body = "\n".join("<tr>" + "".join(map(_cell, row, sides)) + "</tr>" for row in self.rows())
        note = f"<p><small>{escape(unbroken(self.note))}</small></p>" if self.note else ""
        # The book's theme styles tables of the class `dataframe` for light and dark.
        return (
            '<div style="overflow-x: auto">\n<table class="dataframe">\n'
            f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>{note}"
        )

    def __repr__(self) -> str:
        if not len(self):
            return self.empty
        cells = [[f"{text} *" if bold else text for text, bold in row] for row in self.rows()]
        text = pd.DataFrame(cells, columns=list(self.columns)).to_string(index=False)
        return text + (f"\n{self.note}" if self.note else "")

    def markdown(self) -> str:
        """The table as GitHub's Markdown, bold cells in bold, the note below it."""
        from tabulate import tabulate

        cells = [[f"**{text}**" if bold else text for text, bold in row] for row in self.rows()]
        sides = ["left" if left else "right" for left in self.left]
        body = tabulate(cells, list(self.columns), tablefmt="pipe", colalign=sides, disable_numparse=True)
        return body + (f"\n\n{self.note}" if self.note else "")


def _cell(content: tuple[str, bool], side: str) -> str:
    text, bold = escape(unbroken(content[0])), content[1]
    return f'<td style="text-align: {side}">{f"<strong>{text}</strong>" if bold else text}</td>'


def table(columns: Mapping[str, Column], note: str = "", empty: str = "") -> Table:
    """A table of these columns.

    >>> table({"model": words(["popularity"]), "users": counts([12345])})
         model  users
    popularity 12,345
    """
    return Table(dict(columns), note, empty)


def frame(
    rows: pd.DataFrame, note: str = "", empty: str = "", **kinds: Callable[[pd.Series], Column]
) -> Table:
    """A table of a frame's columns under their names: words where they hold text, else whole numbers.

    `kinds` names what makes a column that is neither.

    >>> frame(pd.DataFrame({"part": ["test"], "users": [1200], "held out": [0.25]}), **{"held out": shares})
    part users held out
    test 1,200     25 %
    """
    made = {}
    for name in rows:
        usual = counts if pd.api.types.is_numeric_dtype(rows[name]) else words
        made[name] = kinds.get(name, usual)(rows[name])
    return Table(made, note, empty)


def wide(
    rows: pd.DataFrame,
    index: str,
    across: str,
    *,
    name: Callable[[str], str] = str,
    first: str = "",
    heading: str | Callable[[object], str] = "{}",
    unit: str = "",
    signed: bool = False,
    interval: str = "auto",
    missing: str = "",
    note: str = RANGE,
    empty: str = "",
) -> Table:
    """Estimates as a grid: a row for each value of one column, a column for each value of another.

    All numbers have the same digits; cells are bold where a column `best` of the rows says so.

    Parameters
    ----------
    rows : DataFrame
        `index`, `across`, `value`, `ci_low`, `ci_high`, maybe `best`; at most one row for each pair.
    index : str
        The column whose values are the rows.
    across : str
        The column whose values are the columns.
    name : callable
        Writes a value of `index`: `run.label` for models.
    first : str
        The head of the first column; the name of `index` where it is empty.
    heading : str or callable
        Makes a column's head of a value of `across`.
    unit, signed, interval
        As in `show.numbers.written`.
    missing : str
        Stands in a cell without a row.
    note : str
        A line below the table.
    empty : str
        What stands in its place when it has no rows.
    """
    heads = heading if callable(heading) else lambda value: heading.format(plain(value))
    text = estimates(rows, unit, signed, interval).cells
    best = rows["best"].astype(str) == "True" if "best" in rows else [False] * len(rows)
    cells = {
        (row, column): (text or missing, bold)
        for row, column, text, bold in zip(rows[index], rows[across], text, best, strict=True)
    }
    names = list(dict.fromkeys(rows[index]))
    columns = {first or index: words(name(each) for each in names)}
    for each in dict.fromkeys(rows[across]):
        column = [cells.get((row, each), (missing, False)) for row in names]
        columns[heads(each)] = Column([text for text, _ in column]).marked(bold for _, bold in column)
    return Table(columns, note, empty)


def turned(lines: Mapping[str, Column], first: str, heads: Iterable[str], note: str = "") -> Table:
    """A table whose rows are given as columns are, with a head for each of their cells."""
    columns, left = {first: words(lines)}, all(line.left for line in lines.values())
    for place, head in enumerate(heads):
        cells = Column([line.cells[place] for line in lines.values()], left)
        columns[head] = cells.marked(line.bold and line.bold[place] for line in lines.values())
    return Table(columns, note)


def stacked(tables: Mapping[str, Table], first: str = "log", note: str = "", empty: str = "") -> Table:
    """Tables one below the other, each under its name in a first column; a column that one lacks is empty."""
    tables = {name: each for name, each in tables.items() if len(each)}
    heads = list(dict.fromkeys(head for each in tables.values() for head in each.columns))
    names = [text for name, each in tables.items() for text in [name, *[""] * (len(each) - 1)]]
    columns = {first: words(names)}
    for head in heads:
        parts = [each.columns.get(head, Column([""] * len(each), left=True)) for each in tables.values()]
        left = all(
            part.left for part, each in zip(parts, tables.values(), strict=True) if head in each.columns
        )
        bold = [mark for part in parts for mark in part.bold or [False] * len(part.cells)]
        columns[head] = Column([text for part in parts for text in part.cells], left, bold)
    return Table(columns, note, empty)


def by_log(runs: Sequence[Results], make: Callable[[Results], Table], note: str = "") -> Table:
    """One log's table below the other, with this note or the first one's."""
    made = {run.title: make(run) for run in runs}
    return stacked(made, note=note or next(iter(made.values())).note)


class Tables:
    """Several tables, each under a line that names it."""

    def __init__(self, named: Mapping[str, Table], empty: str = ""):
        self.named = {name: each for name, each in named.items() if len(each)}
        self.empty = empty

    def _repr_html_(self) -> str:
        parts = [
            f'<p style="margin-top: 1.5em"><strong>{escape(name)}</strong></p>\n{each._repr_html_()}'
            for name, each in self.named.items()
        ]
        return "\n".join(parts) or f"<p>{escape(self.empty)}</p>"

    def __repr__(self) -> str:
        return "\n\n".join(f"{name}\n{each!r}" for name, each in self.named.items()) or self.empty
