"""Sphinx extension: numbers, claims, tables and figures of the published results, so that no page types one.

The roles `value` and `claim` take the words of `songrec.book.values`; a claim shows nothing, and is a
warning where it does not hold. The directives show what a page of `songrec.pages` makes; their content is the
caption:

    ```{table} cold_start.curve
    :log: lastfm
    :name: table-cold-lastfm
    New listeners of Last.fm.
    ```

`log` is a profile or a short name of the page's front matter, several for a function over `runs`; without it,
the page's log, and for `runs` all main ones. Every other option is a keyword parameter of the function.
`{findings}` writes the sentences that a page function makes, which hold whatever was found.
`{sketch}` shows a picture that needs no results, a function of `songrec.book.sketches`, in the same way, and
`{drawing}` one within the page.
What is not published is a warning, which fails the strict build. Every file that was read becomes a
dependency of the page.
"""

import inspect
import re
from collections import defaultdict
from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import UnionType
from typing import Any, ClassVar, Union, get_args, get_origin

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from songrec import pages
from songrec.book.sketches import sketch
from songrec.book.values import Page, check_claim, write_value
from songrec.config import suggest
from songrec.errors import DataError, SongrecError
from songrec.files import write_text
from songrec.modelspec import MODELS
from songrec.paths import RESULTS
from songrec.results import HEADER, Results, published
from songrec.show.figure import Figure
from songrec.show.hover import Hover
from songrec.show.numbers import unbroken
from songrec.show.prose import Prose
from songrec.show.style import NARROW
from songrec.show.table import Table

log = logging.getLogger(__name__)

FIGURES = "runs/figures"
"""Where the drawings go, within the book's folder."""

_FRONT_MATTER = re.compile(r"---\n(.*?)\n---\n", re.DOTALL)


class _Published:
    """What roles and directives share: the page's front matter, and results whose files it depends on."""

    @property
    def page(self) -> Page:
        matter = _FRONT_MATTER.match(Path(self.env.doc2path(self.env.docname)).read_text(encoding="utf-8"))
        stated = yaml.safe_load(matter[1]) if matter else {}
        return Page(**{name: stated[name] for name in ("log", "logs", "cutoff") if name in stated})

    def load(self, profile: str) -> Results:
        """The published results of a profile: read once, as long as none of their files changes."""
        folder = Path(self.config.songrec_results)
        files = [path for path in sorted((folder / profile).rglob("*.*")) if path.is_file()]
        for file in (*files, MODELS):
            self.env.note_dependency(str(file))
        return _read(profile, folder, tuple(file.stat().st_mtime_ns for file in (*files, MODELS)))

    def all_runs(self, every: bool) -> list[Results]:
        """All main results, or those of every protocol."""
        folder = Path(self.config.songrec_results)
        headers = tuple(file.stat().st_mtime_ns for file in sorted(folder.glob(f"*/{HEADER}")))
        return [self.load(name) for name in _names(folder, every, headers)]

    def warn(self, error: SongrecError | str) -> None:
        log.warning("%s: %s", self.name, error, location=self.get_location())


@cache
def _read(profile: str, folder: Path, modified: tuple[int, ...]) -> Results:
    return Results.published(profile, folder)


@cache
def _names(folder: Path, every: bool, modified: tuple[int, ...]) -> list[str]:
    return [run.name for run in published(folder, all_protocols=every)]


class Value(_Published, SphinxRole):
    """A published number, in a sentence."""

    def run(self):
        try:
            text = write_value(self.text, self.page, self.load)
        except SongrecError as error:
            self.warn(error)
            return [nodes.problematic(self.rawtext, self.text)], []
        return [nodes.inline("", text, classes=["value"])], []


class Claim(_Published, SphinxRole):
    """What a sentence says in words, held to the published numbers; it shows nothing."""

    def run(self):
        try:
            if wrong := check_claim(self.text, self.page, self.load):
                self.warn(wrong)
        except SongrecError as error:
            self.warn(error)
        return [], []


class _Shown(_Published, SphinxDirective):
    required_arguments = 1
    has_content = True
    # As they are written: which there are is a matter of the function that is named.
    option_spec: ClassVar = defaultdict(lambda: directives.unchanged, log=directives.unchanged)

    def run(self):
        try:
            made = self.make()
            return self.show(made)
        except SongrecError as error:
            self.warn(error)
            return []

    def make(self) -> Any:
        """What the function makes of the results and options that the directive names."""
        function = page_function(self.arguments[0])
        options = {name: value for name, value in self.options.items() if name not in ("log", "name")}
        parameters = inspect.signature(function, eval_str=True).parameters.values()
        if not parameters:  # it tells what is so of every run
            return function(**converted(options, []))
        first, *named = parameters
        logs = [self.page.profile(each) for each in self.options.get("log", "").split()]
        if first.name == "run":
            if len(logs) > 1:
                raise DataError(f"{self.arguments[0]} shows one log, not {len(logs)}")
            shown = self.load(logs[0] if logs else self.page.profile())
        else:
            shown = [self.load(each) for each in logs] or self.all_runs(every=first.name == "every")
        return function(shown, **converted(options, named))

    def caption(self, node_class: type[nodes.Element], otherwise: str = "") -> list[nodes.Element]:
        """The directive's content as one caption."""
        if not self.content:
            return [node_class("", unbroken(otherwise))] if otherwise else []
        paragraphs = self.parse_content_to_nodes()
        return [node_class("", "", *(child for paragraph in paragraphs for child in paragraph.children))]

    def named(self, node: nodes.Element) -> nodes.Element:
        self.add_name(node)
        self.set_source_info(node)
        return node


def page_function(place: str) -> Callable[..., Any]:
    """The function that `page.function` names.

    Raises
    ------
    DataError
        When there is no such page or function; it names the nearest.
    """
    page, _, name = place.partition(".")
    known = [module.name for module in iter_modules(pages.__path__)]
    if page not in known:
        raise DataError(f"there is no page {page!r}{suggest(page, known)} Pages: {', '.join(known)}")
    module = import_module(f"{pages.__name__}.{page}")
    functions = {
        each: function
        for each, function in inspect.getmembers(module, inspect.isfunction)
        if function.__module__ == module.__name__ and not each.startswith("_")
    }
    if name not in functions:
        raise DataError(
            f"page {page} shows no {name!r}{suggest(name, functions)} It has: {', '.join(functions)}"
        )
    return functions[name]


def converted(options: dict[str, str], parameters: list[inspect.Parameter]) -> dict[str, Any]:
    """Options as a function's keyword parameters take them, by their annotations.

    Raises
    ------
    DataError
        For an option that is none, or has another type.
    """
    types = {each.name: each.annotation for each in parameters}
    found = {}
    for name, text in options.items():
        if name not in types:
            raise DataError(f"no option {name!r}{suggest(name, types)} Options: {', '.join(types) or 'none'}")
        wanted = types[name]
        if get_origin(wanted) in (Union, UnionType):
            wanted = next(each for each in get_args(wanted) if each is not type(None))
        try:
            found[name] = text.split() if get_origin(wanted) else wanted(text)
        except ValueError as error:
            raise DataError(f"option {name}: {text!r} is no {wanted.__name__}") from error
    return found


class ShownTable(_Shown):
    """A table of a page."""

    def show(self, made: Any) -> list[nodes.Node]:
        if not isinstance(made, Table):
            raise DataError(f"{self.arguments[0]} is no table")
        if not len(made):
            return [nodes.paragraph("", made.empty)]
        table = nodes.table("", *self.caption(nodes.title), _group(made), classes=["record"])
        note = [nodes.paragraph("", unbroken(made.note), classes=["table-note"])] if made.note else []
        return [self.named(table), *note]


class ShownFigure(_Shown):
    """A figure of a page, drawn into `FIGURES` during the build."""

    def show(self, made: Any) -> list[nodes.Node]:
        if not isinstance(made, Figure):
            raise DataError(f"{self.arguments[0]} is no figure")
        given = [value for option, value in sorted(self.options.items()) if option != "name"]
        words = [self.arguments[0], self.page.log, *(each for text in given for each in text.split())]
        name = "-".join(filter(None, words))
        path = Path(self.env.srcdir) / FIGURES / f"{name}.svg"
        drawing = made.svg()
        if not (path.is_file() and path.read_text(encoding="utf-8") == drawing):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, drawing)
        image = nodes.image(uri=f"/{FIGURES}/{path.name}", alt=made.alt)
        figure = nodes.figure("", image, *self.caption(nodes.caption, made.caption), align="center")
        if made.canvas.get_figwidth() > NARROW:
            figure["classes"].append("wide")
        return [self.named(figure)]


class ShownDrawing(_Shown):
    """A drawing within the page, whose marks say what they are; nothing where the results hold none."""

    def show(self, made: Any) -> list[nodes.Node]:
        return [nodes.raw("", made._repr_html_(), format="html")] if isinstance(made, Hover) else []


class ShownFindings(_Shown):
    """Sentences that a page makes from the numbers."""

    has_content = False

    def show(self, made: Any) -> list[nodes.Node]:
        if not isinstance(made, Prose):
            raise DataError(f"{self.arguments[0]} makes no sentences")
        return self.parse_text_to_nodes(str(made))


class ShownSketch(ShownFigure):
    """A picture of `songrec.book.sketches`, which needs no results."""

    def make(self) -> Figure:
        return sketch(self.arguments[0])()


def _group(made: Table) -> nodes.tgroup:
    """The cells of a table as docutils has them."""
    head = nodes.thead("", _row([(name, False) for name in made.columns], made.left))
    body = nodes.tbody("", *(_row(row, made.left) for row in made.rows()))
    widths = [
        nodes.colspec(colwidth=max(map(len, [name, *column.cells]))) for name, column in made.columns.items()
    ]
    return nodes.tgroup("", *widths, head, body, cols=len(widths))


def _row(cells: list[tuple[str, bool]], left: list[bool]) -> nodes.row:
    entries = []
    for (text, bold), at_left in zip(cells, left, strict=True):
        inner = nodes.strong("", unbroken(text)) if bold else nodes.Text(unbroken(text))
        side = "text-left" if at_left else "text-right"
        entries.append(nodes.entry("", nodes.paragraph("", "", inner), classes=[side]))
    return nodes.row("", *entries)


def setup(app):
    """Register roles, directives and the folder of the results; docutils' own table and figure give way."""
    app.add_config_value("songrec_results", str(RESULTS), "env")
    app.add_role("value", Value())
    app.add_role("claim", Claim())
    app.add_directive("table", ShownTable, override=True)
    app.add_directive("figure", ShownFigure, override=True)
    app.add_directive("drawing", ShownDrawing)
    app.add_directive("findings", ShownFindings)
    app.add_directive("sketch", ShownSketch)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
