"""Sphinx extension: what stands around the text of every page.

A description and a preview for search engines and messengers, version and date in the footer, a page for
addresses that lead nowhere, what the pages' scripts load and no more, the records' tables as one file, and
the box that says how to cite the book. The canonical address is Sphinx's own (`html.baseurl` in _config.yml);
without one the preview's picture has the address relative to the page.
"""

import datetime
import os
import re
import shutil
from html import escape
from pathlib import Path
from urllib.parse import urljoin

import yaml
from docutils import nodes
from sphinx.domains.math import MathDomain
from sphinx.util.docutils import SphinxDirective

from songrec import __version__
from songrec.book.site import FILES, RUNS, write_zip
from songrec.paths import REPOSITORY

WEB = Path(__file__).parent / "web"
"""Scripts and styles of the pages."""

TABLES = "songbook-tables.zip"
"""The tables of all records, in the site's folder."""

PREVIEW = "preview.png"
"""The picture that stands for a page where somebody sends its address, in `book/_static`."""

LONGEST = 200
"""Characters of a description."""

LOST = """<h1>There is no such page</h1>
<p>The address leads to nothing here: the page may have another name now.</p>
<ul>
<li><a href="{index}">The first page</a> has the answer, and the contents of the book.</li>
<li><a href="{search}">The search</a> finds pages by their words.</li>
</ul>"""


def describe(doctree: nodes.document | None) -> str:
    """The first paragraph of a page as plain text, cut at a word; empty where there is none.

    >>> from docutils.utils import new_document
    >>> page = new_document("page")
    >>> page += nodes.section("", nodes.title("", "A title"), nodes.paragraph("", "word " * 60))
    >>> len(describe(page)), describe(page)[-6:]
    (196, 'word …')
    """
    if doctree is None:
        return ""
    within = (node for node in doctree.findall(nodes.paragraph) if not isinstance(node.parent, nodes.entry))
    text = next((found for node in within if (found := " ".join(node.astext().split()))), "")
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rsplit(" ", 1)[0] + " …"


def add_metadata(app, pagename, templatename, context, doctree) -> None:
    """Description, preview and footer of a page (event `html-page-context`)."""
    base = app.config.html_baseurl
    picture = context["pathto"](f"_static/{PREVIEW}", 1)
    title = nodes.Text(context.get("title", "")).astext()
    said = {
        "og:type": "article",
        "og:site_name": app.config.html_title or app.config.project,
        "og:title": title,
        "og:description": describe(doctree),
        "og:image": urljoin(base, f"_static/{PREVIEW}") if base else picture,
        "og:image:alt": "Songbook: which recommender should we ship for this listening log?",
        "og:url": context.get("pageurl") or "",
    }
    lines = [f'<meta property="{name}" content="{escape(text)}">' for name, text in said.items() if text]
    if said["og:description"]:
        lines.append(f'<meta name="description" content="{escape(said["og:description"])}">')
    lines.append('<meta name="twitter:card" content="summary_large_image">')
    if pagename == "404" and base:  # it is shown at any address
        lines.insert(0, f'<base href="{escape(base)}">')
    context["metatags"] = "\n".join([context.get("metatags") or "", *lines])
    # On that page itself its own address is "#".
    cite = f"{context['pathto']('bibliography').removesuffix('#')}#how-to-cite-this-book"
    said = f'Songbook {__version__}, built on {built_on()}. <a href="{cite}">How to cite it</a>'
    context["theme_extra_footer"] = said


def built_on() -> str:
    """The day of the build, or the one that SOURCE_DATE_EPOCH says: 5 March 2026."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    day = datetime.datetime.fromtimestamp(int(epoch), datetime.UTC) if epoch else datetime.datetime.now()
    return f"{day.day} {day:%B %Y}"


def add_lost_page(app):
    """The page for addresses that lead nowhere (event `html-collect-pages`)."""
    base = app.config.html_baseurl
    links = {name: urljoin(base, f"{name}.html") if base else f"{name}.html" for name in ("index", "search")}
    yield "404", {"title": "There is no such page", "body": LOST.format(**links)}, "page.html"


def copy_files(app, error) -> None:
    """What pages load and offer, beside them (event `build-finished`)."""
    if error or app.builder.format != "html":
        return
    loaded = Path(app.srcdir, RUNS, FILES)
    if loaded.is_dir():
        shutil.copytree(loaded, Path(app.outdir, RUNS, FILES), dirs_exist_ok=True)
    write_zip(Path(app.config.songrec_results), Path(app.outdir, TABLES))
    trim_icons(Path(app.outdir))


_ICON = re.compile(r'("?([\w-]+)"?:\[\d+,\d+,(\[[^\]]*\]),"\w+",)"[^"]+"\]')

_CHARACTER = re.compile(r"(?:\.fa-[\w-]+(?:::?before)?,?)+\{(?:--fa:|content:)[^}]*\}")


def trim_icons(site: Path) -> None:
    """Leave the theme's icons that some page or script names, and empty the others: a tenth of the bytes."""
    scripts = site / "_static" / "scripts"
    if not (icons := scripts / "fontawesome.js").is_file():
        return
    naming = [*site.rglob("*.html"), *(path for path in scripts.glob("*.js") if path != icons)]
    used = {name for path in naming for name in re.findall(r"\bfa-([\w-]+)", path.read_text("utf-8"))}

    def kept(found: re.Match) -> str:
        names = {found[2], *re.findall(r'"([\w-]+)"', found[3])}
        return found[0] if names & used else f'{found[1]}""]'

    icons.write_text(_ICON.sub(kept, icons.read_text("utf-8")), "utf-8")
    # The script draws the icons: the styles need not name a character for each.
    for style in (site / "_static" / "styles").glob("*.css"):
        style.write_text(_CHARACTER.sub("", style.read_text("utf-8")), "utf-8")


class CiteBox(SphinxDirective):
    """What CITATION.cff says, as BibTeX."""

    def run(self):
        cff = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))
        authors = " and ".join("{" + author["name"] + "}" for author in cff["authors"])
        entry = {
            "author": authors,
            "title": "{" + cff["title"] + "}",
            "version": cff["version"],
            "year": built_on().rsplit(" ", 1)[1],
            "url": self.config.html_baseurl,
        }
        body = "\n".join(f"  {name} = {{{text}}}," for name, text in entry.items() if text)
        text = f"@software{{songbook,\n{body}\n}}"
        return [nodes.literal_block(text, text, language="bibtex")]


class PageMath(MathDomain):
    """Formulas page by page: Sphinx loads MathJax also where only a page below in the contents has one."""

    def has_equations(self, docname: str | None = None) -> bool:
        return self.data["has_equations"].get(docname, False) if docname else super().has_equations()


def add_static(app, config) -> None:
    """Scripts and styles into the site's `_static` (event `config-inited`)."""
    config.html_static_path.append(str(WEB))


def setup(app):
    app.add_domain(PageMath, override=True)
    app.connect("config-inited", add_static)
    app.connect("html-page-context", add_metadata, priority=900)
    app.connect("html-collect-pages", add_lost_page)
    app.connect("build-finished", copy_files)
    app.add_css_file("frame.css")
    app.add_js_file("frame.js", defer="defer")
    app.add_directive("cite-box", CiteBox)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
