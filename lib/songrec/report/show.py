"""Tables and sentences as a notebook displays them: the same in JupyterLab, in the book and in plain text."""

from collections.abc import Mapping
from html import escape

import numpy as np
import pandas as pd


class Prose(str):
    """Markdown text that a notebook renders; elsewhere simply the text."""

    def _repr_markdown_(self) -> str:
        return str(self)

    def __repr__(self) -> str:
        return str(self)


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
) -> Table:
    """A frame for reading: whole numbers with thousands separators, others with a fixed number of decimals.

    frame : a named index becomes the first column; a nameless one (row numbers) is left out.
    digits : decimals of the columns that are not whole numbers, one for all or by column (3 where unnamed).
    strong : booleans, same columns as `frame` or fewer: these cells are set in bold (a star in plain text).
    right : columns of text to be aligned right as numbers are.
    note : a line below the table.

    >>> table(pd.DataFrame({"model": ["popularity"], "users": [12345], "recall": [0.04321]}), digits=4)
         model  users recall
    popularity 12,345 0.0432
    """
    frame = frame.reset_index() if frame.index.name else frame
    decimals = digits if isinstance(digits, Mapping) else dict.fromkeys(frame.columns, digits)
    cells = {name: [_text(value, decimals.get(name, 3)) for value in frame[name]] for name in frame.columns}
    left = [not (pd.api.types.is_numeric_dtype(frame[name]) or name in right) for name in frame.columns]
    bold = np.zeros(frame.shape, bool)
    if strong is not None:
        for name in strong.columns:
            bold[:, frame.columns.get_loc(name)] = strong[name].to_numpy(bool)
    return Table(pd.DataFrame(cells, columns=frame.columns), left, bold, note)


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
