"""Tables and sentences as a notebook displays them: the same in JupyterLab, in the book and in plain text."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import pandas as pd


class Prose(str):
    """Markdown text that a notebook renders; elsewhere simply the text."""

    def _repr_markdown_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return str(self)


def paragraphs(lines: Sequence[str], last: str = "") -> Prose:
    """Sentences as paragraphs; `last` is left out where it is empty."""
    return Prose("\n\n".join([*lines, *([last] if last else [])]))


class Table:
    """A frame made ready for reading: every cell is text already, numbers are aligned right.

    The class `dataframe` on the HTML table is what the book's theme styles for light and dark.
    """

    def __init__(self, cells: pd.DataFrame, left: list[bool], strong: np.ndarray, note: str):
        self.cells = cells
        self.left = left
        self.strong = strong
        self.note = note

    def _repr_html_(self) -> str:
        heads = "".join(
            f'<th scope="col" style="text-align: {_side(left)}">{escape(str(name))}</th>'
            for name, left in zip(self.cells.columns, self.left, strict=True)
        )
        rows = "\n".join(
            f"<tr>{self._row(row, strong)}</tr>"
            for row, strong in zip(self.cells.itertuples(index=False, name=None), self.strong, strict=True)
        )
        note = f"<p><small>{escape(self.note)}</small></p>" if self.note else ""
        return (
            '<div style="overflow-x: auto">\n<table class="dataframe">\n'
            f"<thead><tr>{heads}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table>\n</div>{note}"
        )

    def _row(self, row: tuple, strong: np.ndarray) -> str:
        cells = []
        for text, left, bold in zip(row, self.left, strong, strict=True):
            inner = f"<strong>{escape(text)}</strong>" if bold else escape(text)
            cells.append(f'<td style="text-align: {_side(left)}">{inner}</td>')
        return "".join(cells)

    def __repr__(self) -> str:
        text = self.cells.copy()
        text = text.where(~self.strong, text + " *") if self.strong.any() else text
        return text.to_string(index=False) + (f"\n{self.note}" if self.note else "")


def table(
    frame: pd.DataFrame,
    digits: int | Mapping[str, int] = 3,
    strong: pd.DataFrame | None = None,
    right: tuple[str, ...] = (),
    note: str = "",
    empty: str = "",
) -> Table | Prose:
    """A frame for reading: whole numbers with thousands separators, others with a fixed number of decimals.

    frame : a named index becomes the first column; a nameless one (row numbers) is left out.
    digits : decimals of the columns that are not whole numbers, one for all or by column (3 where unnamed).
    strong : booleans, same columns as `frame` or fewer: these cells are set in bold (a star in plain text).
    right : columns of text to be aligned right as numbers are.
    note : a line below the table; empty : what stands in its place when it has no rows.

    >>> table(pd.DataFrame({"model": ["popularity"], "users": [12345], "recall": [0.04321]}), digits=4)
         model  users recall
    popularity 12,345 0.0432
    """
    if empty and not len(frame):
        return Prose(empty)
    frame = frame.reset_index() if frame.index.name else frame
    decimals = digits if isinstance(digits, Mapping) else dict.fromkeys(frame.columns, digits)
    cells = {name: [_text(value, decimals.get(name, 3)) for value in frame[name]] for name in frame.columns}
    left = [not (pd.api.types.is_numeric_dtype(frame[name]) or name in right) for name in frame.columns]
    bold = np.zeros(frame.shape, bool)
    if strong is not None:
        for name in strong.columns:
            bold[:, frame.columns.get_loc(name)] = strong[name].to_numpy(bool)
    return Table(pd.DataFrame(cells, columns=frame.columns), left, bold, note)


def right_aligned(made: Table, left: int = 1) -> Table:
    """All columns but the first `left` aligned right: they hold numbers, though as text."""
    return Table(made.cells, [place < left for place in range(made.cells.shape[1])], made.strong, made.note)


class Tables:
    """Several tables, each under a line that names it."""

    def __init__(self, named: Mapping[str, Table]):
        self.named = named

    def _repr_html_(self) -> str:
        parts = [
            f'<p style="margin-top: 1.5em"><strong>{escape(name)}</strong></p>\n{one._repr_html_()}'
            for name, one in self.named.items()
        ]
        return "\n".join(parts)

    def __repr__(self) -> str:
        return "\n\n".join(f"{name}\n{one!r}" for name, one in self.named.items())


def tables(frames: Mapping[str, pd.DataFrame], digits: int = 3, empty: str = "") -> Tables | Prose:
    """Several frames for reading, as `table` shows each; `empty` stands in their place when there is none."""
    return Tables({name: table(frame, digits) for name, frame in frames.items()}) if frames else Prose(empty)


def banner(profile: str, synthetic: bool, item: str = "song") -> Prose:
    """What the reader of a page must know first: which run it belongs to, and what its log is.

    >>> banner("tiny", True)
    *Run `tiny`, on a synthetic log: its listeners, titles and play counts are invented.*
    """
    kind = (
        "a synthetic log: its listeners, titles and play counts are invented" if synthetic else "a real log"
    )
    reading = (
        "" if item == "song" else f" In it listeners play {item}s: read {item} where the text says song."
    )
    return Prose(f"*Run `{profile}`, on {kind}.{reading}*")


def _text(value, decimals: int) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if isinstance(value, int | np.integer):
        return f"{value:,}"
    if isinstance(value, float | np.floating):
        return f"{value:,.{decimals}f}"
    return str(value)


def _side(left: bool) -> str:
    return "left" if left else "right"
