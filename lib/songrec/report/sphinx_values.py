"""Sphinx extension: numbers, tables and figures of the results on record, so that no page types one.

A role `value` (its expressions are those of `songrec.report.values`) and two directives; their content is the
caption:

    {value}`taste-profile-10k-songs/best/precision@10:pm`

    ```{record-table} results
    :profile: lastfm-2k
    :name: table-lastfm
    Results on Last.fm.
    ```

    ```{record-figure} headline
    :name: figure-headline
    What was found.
    ```

Without `:profile:` the record is page one's. What is not on record is a warning, which fails the strict
build. Every file that was read becomes a dependency of the page.
"""

from functools import cache, cached_property
from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from songrec.errors import SongrecError
from songrec.files import replacing
from songrec.paths import RESULTS
from songrec.report.record import HEADLINE, Record, on_record
from songrec.report.values import write_value

log = logging.getLogger(__name__)


class _Recorded:
    """What role and directives share: records, and a page that depends on their files."""

    def record(self, profile: str) -> Record:
        found = Record.load(profile, Path(self.config.songrec_results))
        files = found.files
        for file in files:
            self.env.note_dependency(str(file))
        return _read_once(found, tuple(file.stat().st_mtime_ns for file in files))


@cache
def _read_once(record: Record, modified: tuple[int, ...]) -> Record:
    """The same object as long as no file of the record changes: hundreds of numbers quote its tables."""
    return record


class Value(_Recorded, SphinxRole):
    """A number of the record, in a sentence."""

    def run(self):
        try:
            text = _unbroken(write_value(self.text, self.record))
            return [nodes.inline("", text, classes=["value"])], []
        except SongrecError as error:
            log.warning("value: %s", error, location=self.get_location())
            return [nodes.problematic(self.rawtext, self.text)], []


class _RecordDirective(_Recorded, SphinxDirective):
    required_arguments = 1
    has_content = True
    option_spec = {"profile": directives.unchanged, "name": directives.unchanged}  # noqa: RUF012 (docutils' own form)

    @cached_property
    def records(self) -> list[Record]:
        """The profile's record alone, or all of them, page one's first."""
        if "profile" in self.options:
            return [self.record(self.options["profile"])]
        return [self.record(HEADLINE)] + [
            self.record(other.profile)
            for other in on_record(Path(self.config.songrec_results))
            if other.profile != HEADLINE
        ]

    def run(self):
        try:
            return self.show()
        except SongrecError as error:
            log.warning("%s: %s", self.name, error, location=self.get_location())
            return []

    def caption(self, node_class: type[nodes.Element]) -> list[nodes.Element]:
        """The directive's content as one caption."""
        if not self.content:
            return []
        paragraphs = self.parse_content_to_nodes()
        return [node_class("", "", *(child for paragraph in paragraphs for child in paragraph.children))]


class RecordTable(_RecordDirective):
    """A table of `songrec.report.record_tables`."""

    option_spec = {  # noqa: RUF012
        **_RecordDirective.option_spec,
        "metrics": str.split,
        "cutoff": int,
        "model": directives.unchanged,
        "user": int,
        "song": int,
        "models": directives.unchanged,
    }

    def show(self):
        from songrec.report.record_tables import record_table

        options = {name: value for name, value in self.options.items() if name not in ("profile", "name")}
        made = record_table(self.arguments[0], self.records, **options)
        table = nodes.table("", *self.caption(nodes.title), _group(made), classes=["record"])
        self.add_name(table)
        self.set_source_info(table)
        note = [nodes.paragraph("", made.note, classes=["table-note"])] if made.note else []
        return [table, *note]


class RecordFigure(_RecordDirective):
    """A figure of `songrec.report.record_figures`, drawn into book/runs/figures/ during the build."""

    def show(self):
        from songrec.report.record_figures import record_figure

        kind = self.arguments[0]
        chart, words = record_figure(kind, self.records)
        name = f"runs/figures/{kind}-{self.options.get('profile', 'all')}.png"
        _draw(Path(self.env.srcdir) / name, chart._repr_png_())
        figure = nodes.figure(
            "", nodes.image(uri=f"/{name}", alt=words), *self.caption(nodes.caption), align="center"
        )
        self.add_name(figure)
        self.set_source_info(figure)
        return [figure]


def _group(made) -> nodes.tgroup:
    """The cells of a `show.Table` as docutils has them."""
    columns = made.cells.columns
    head = nodes.thead("", _row(columns, made.left, [False] * len(columns)))
    rows = zip(made.cells.itertuples(index=False, name=None), made.strong, strict=True)
    body = nodes.tbody("", *(_row(texts, made.left, strong) for texts, strong in rows))
    widths = [
        nodes.colspec(colwidth=max(len(str(text)) for text in (name, *made.cells[name]))) for name in columns
    ]
    return nodes.tgroup("", *widths, head, body, cols=len(columns))


def _row(texts, left, strong) -> nodes.row:
    cells = []
    for text, at_left, bold in zip(texts, left, strong, strict=True):
        text = _unbroken(text)
        inner = nodes.strong("", text) if bold else nodes.Text(text)
        entry = nodes.entry("", nodes.paragraph("", "", inner))
        entry["classes"].append("text-left" if at_left else "text-right")
        cells.append(entry)
    return nodes.row("", *cells)


def _unbroken(text: str) -> str:
    """A line may break before a ±, not after it and not before a per cent sign."""
    return text.replace("± ", "±\N{NO-BREAK SPACE}").replace(" %", "\N{NO-BREAK SPACE}%")


def _draw(path: Path, picture: bytes) -> None:
    if not (path.is_file() and path.read_bytes() == picture):
        with replacing(path) as temporary:
            temporary.write_bytes(picture)


def setup(app):
    """Register role, directives and the folder of the records."""
    app.add_config_value("songrec_results", str(RESULTS), "env")
    app.add_role("value", Value())
    app.add_directive("record-table", RecordTable)
    app.add_directive("record-figure", RecordFigure)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
