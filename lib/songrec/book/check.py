"""Walk a built site: pages, links and anchors, remote assets, alternative texts, failed cells."""

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from songrec.errors import DataError

_LOADED = ("src", "srcset", "poster", "data", "href", "xlink:href")
"""Attributes from which a browser loads by itself; of an `<a>` nothing, of a `<link>` as its `rel` says."""

_LINKS = ("a", "area", "base")
_NOT_LOADED = {"canonical", "next", "prev", "search", "author", "index", "alternate", "license"}
_CSS_URL = re.compile(r"""url\(\s*['"]?([^'")]+)|@import\s+['"]([^'"]+)""")
_FAILED = re.compile(r"Traceback \(most recent call last\)|class=\"[^\"]*\b(?:traceback|system-message)\b")


@dataclass
class _Page(HTMLParser):
    """What one page links to, loads, and can be linked to."""

    html: str
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    without_words: list[str] = field(default_factory=list)
    title: str = ""
    _inside: str = ""

    def __post_init__(self):
        super().__init__(convert_charrefs=True)
        self.feed(self.html)
        self.close()

    def handle_starttag(self, tag, attributes):
        given = {name: value for name, value in attributes if value}
        self._inside = tag
        self.anchors.update(given[name] for name in ("id", "name") if name in given)
        if tag in _LINKS:
            self.links += [given["href"]] if "href" in given else []
        elif not set(given.get("rel", "").split()) & _NOT_LOADED:
            self.loads += [given[name].split()[0] for name in _LOADED if name in given]
        if tag == "img" and not given.get("alt", "").strip():
            self.without_words.append(given.get("src", "an image"))
        self.loads += _in_css(given.get("style", ""))

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside == "style":
            self.loads += _in_css(data)
        elif self._inside == "title":
            self.title = self.title or data.strip()


def check(folder: Path, expected: Iterable[str] = ()) -> list[str]:
    """What is wrong with the site in `folder`, a line a problem; an empty list when nothing is.

    Parameters
    ----------
    folder : Path
        Where the HTML pages are.
    expected : iterable of str
        Names of pages that must be there, without `.html`.
    """
    folder = Path(folder).resolve()
    found = [path for path in sorted(folder.rglob("*.html")) if "_static" not in path.parts]
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in found}
    if not pages:
        raise DataError(f"{folder} holds no page: build the book first")
    problems = [f"{name}.html is missing" for name in expected if folder / f"{name}.html" not in pages]
    for path, page in pages.items():
        wrong = [f"an image without alternative text: {source}" for source in page.without_words]
        for url in page.loads:
            if _remote(url):
                wrong.append(f"loads from elsewhere: {url}")
            elif not urlsplit(url).scheme and not _target(url, path, folder).is_file():
                wrong.append(f"loads a file that is not there: {url}")
        wrong += [
            problem for url in dict.fromkeys(page.links) if (problem := _dead(url, path, pages, folder))
        ]
        if not page.title:
            wrong.append("the page has no title")
        if _FAILED.search(page.html):
            wrong.append("shows an error of a cell or of the build")
        problems += [f"{path.relative_to(folder)}: {each}" for each in wrong]
    for path in sorted(folder.rglob("*.css")):
        remote = filter(_remote, _in_css(path.read_text(encoding="utf-8", errors="replace")))
        problems += [f"{path.relative_to(folder)}: loads from elsewhere: {url}" for url in remote]
    return problems


def _in_css(css: str) -> list[str]:
    """Addresses that a style sheet loads, but for data within it and its own fragments."""
    urls = [(url or imported).strip() for url, imported in _CSS_URL.findall(css)]
    return [url for url in urls if not url.startswith("#")]


def _remote(url: str) -> bool:
    return url.startswith("//") or urlsplit(url).scheme in ("http", "https", "ftp")


def _target(url: str, page: Path, folder: Path) -> Path:
    path = unquote(urlsplit(url).path)
    base = folder / path.lstrip("/") if path.startswith("/") else page.parent / path
    return base.resolve() if path else page


def _dead(url: str, page: Path, pages: dict[Path, _Page], folder: Path) -> str:
    """What is wrong with a link; nothing for one that leads to another site."""
    if _remote(url) or urlsplit(url).scheme:
        return ""
    target, anchor = _target(url, page, folder), unquote(urlsplit(url).fragment)
    if target.is_dir():
        target = target / "index.html"
    if not target.is_file():
        return f"a link leads nowhere: {url}"
    known = target not in pages or not anchor or anchor in pages[target].anchors
    return "" if known else f"a link to an anchor that is not there: {url}"


def main(arguments: Sequence[str]) -> int:
    """Print what is wrong; the exit status is 1 when anything is."""
    problems = check(Path(arguments[0]))
    print("\n".join(problems) or f"{arguments[0]}: every page, link, anchor, picture and asset is in order")
    return min(len(problems), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
