"""Sphinx extension: a table that the reader filters and sorts, and takes along as CSV.

    ```{filtered} all_results.means
    Every mean on record.
    ```

shows the frame that a function of a page makes, by itables (DataTables), whose program travels in the page:
it works offline and from a disk, and no other page loads it. Without JavaScript its first rows stand there.
"""

import re
from html import escape
from typing import Any

import pandas as pd
from docutils import nodes

from songrec.book.directives import ShownTable
from songrec.errors import DataError

SHOWN = 25
"""Rows of a page of the table."""

_STYLE = "width: 100%; margin: 0"

_LANGUAGE = {
    "search": "Search all columns:",
    "info": "_START_ to _END_ of _TOTAL_ rows",
    "infoFiltered": "(of _MAX_)",
    "lengthMenu": "_MENU_ rows a page",
    "emptyTable": "No row fits.",
    "zeroRecords": "No row fits.",
}

_CONTROLS = [["orderAsc", "orderDesc", "searchList"]]
"""In a column's head, a menu: sort by it, and choose among its values."""


class FilteredTable(ShownTable):
    """A frame that can be filtered, sorted and downloaded."""

    def show(self, made: Any) -> list[nodes.Node]:
        if not isinstance(made, pd.DataFrame):
            raise DataError(f"{self.arguments[0]} is no frame")
        caption = " ".join(node.astext() for node in self.parse_content_to_nodes())
        return [nodes.raw("", html_of(made, caption, self.arguments[0].replace(".", "-")), format="html")]


def html_of(rows: pd.DataFrame, caption: str, name: str) -> str:
    """The table as HTML, with the program that makes it filtered and sorted.

    Parameters
    ----------
    rows : DataFrame
        Words and numbers.
    caption : str
        Plain text; also the table's name to a screen reader.
    name : str
        The element's id, and the name of the file that is downloaded.
    """
    from itables import options, to_html_datatable
    from itables.javascript import generate_init_offline_itables_html

    few = [
        place
        for place, column in enumerate(rows)
        if not pd.api.types.is_float_dtype(rows[column]) and rows[column].nunique() <= 60
    ]
    table = to_html_datatable(
        rows,
        caption=escape(caption),
        table_id=name,
        connected=False,
        showIndex=False,
        maxBytes=0,
        pageLength=SHOWN,
        classes="display compact",
        style=_STYLE,
        layout={
            "topStart": "buttons",
            "topEnd": "search",
            "bottomStart": "info",
            "bottomEnd": "paging",
        },
        buttons=[
            {"extend": "csvHtml5", "text": "Download these rows as CSV", "filename": f"songbook-{name}"},
        ],
        columnDefs=[
            {"targets": few, "columnControl": _CONTROLS},
            {"targets": "_all", "columnControl": [_CONTROLS[0][:2]]},
        ],
        ordering={"indicators": False, "handler": False},
        language=_LANGUAGE,
        display_logo_when_loading=False,
    )
    program = generate_init_offline_itables_html(options.dt_bundle)
    return f'<div class="filtered">{re.sub(r"<div style.*?</div>", "", program, flags=re.S)}{table}</div>'


def setup(app):
    app.add_directive("filtered", FilteredTable)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
