"""Walk a built site: pages, links and anchors, remote assets, alternative texts, failed cells."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

from songrec.errors import DataError

_LOADED = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "source": ("src", "srcset"),
    "iframe": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "video": ("src", "poster"),
    "audio": ("src",),
    "input": ("src",),
    "use": ("href", "xlink:href"),
    "image": ("href", "xlink:href"),
}
"""Attributes from which a browser loads by itself; `link` is looked at by its `rel`."""

_NOT_LOADED = {"canonical", "next", "prev", "search", "author", "index", "alternate", "license"}
_CSS_URL = re.compile(r"""url\(\s*['"]?([^'")]+)|@import\s+['"]([^'"]+)""")
_FAILED = re.compile(r"Traceback \(most recent call last\)|class=\"[^\"]*\b(?:traceback|system-message)\b")


@dataclass
class _Page(HTMLParser):
    """What one page links to, loads, and can be linked to."""

    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    silent: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    title: str = ""
    _inside: str = ""

    def __post_init__(self):
        super().__init__(convert_charrefs=True)

    __hash__ = object.__hash__

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self._inside = tag
        self.anchors.update(given[name] for name in ("id", "name") if given.get(name))
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag == "img" and not (given.get("alt") or "").strip():
            self.silent.append(given.get("src") or "an image")
        if tag == "link" and given.get("href") and not set((given.get("rel") or "").split()) & _NOT_LOADED:
            self.loads.append(given["href"])
        for name in _LOADED.get(tag, ()):
            if given.get(name):
                self.loads.append(given[name].split()[0])
        if given.get("style"):
            self.styles.append(given["style"])

    def handle_endtag(self, tag):
        self._inside = ""

    def handle_data(self, data):
        if self._inside == "style":
            self.styles.append(data)
        elif self._inside == "title" and not self.title:
            self.title = data.strip()


def check(folder: Path, expected: list[str] | None = None) -> list[str]:
    """What is wrong with the site in `folder`, a line a problem; an empty list when nothing is.

    expected : names of pages that must be there, without `.html`.
    """
    folder = Path(folder)
    pages = {path: _read(path) for path in sorted(folder.rglob("*.html")) if "_static" not in path.parts}
    if not pages:
        raise DataError(f"{folder} holds no page: build the book first")
    problems = [f"{name}.html is missing" for name in expected or [] if folder / f"{name}.html" not in pages]
    for path, page in pages.items():
        name = path.relative_to(folder)
        problems += [f"{name}: an image without alternative text: {source}" for source in page.silent]
        problems += [f"{name}: loads from elsewhere: {url}" for url in page.loads if _remote(url)]
        problems += [f"{name}: loads from elsewhere: {url}" for css in page.styles for url in _remote_in(css)]
        problems += [
            f"{name}: loads a file that is not there: {url}" for url in _absent(page.loads, path, folder)
        ]
        problems += [f"{name}: {problem}" for problem in _dead(page.links, path, pages, folder)]
        if not page.title:
            problems.append(f"{name}: the page has no title")
        if _FAILED.search(path.read_text(encoding="utf-8")):
            problems.append(f"{name}: shows an error of a cell or of the build")
    for path in sorted(folder.rglob("*.css")):
        found = _remote_in(path.read_text(encoding="utf-8", errors="replace"))
        problems += [f"{path.relative_to(folder)}: loads from elsewhere: {url}" for url in found]
    return problems


def _read(path: Path) -> _Page:
    page = _Page()
    page.feed(path.read_text(encoding="utf-8"))
    page.close()
    return page


def _remote(url: str) -> bool:
    return url.startswith("//") or urlsplit(url).scheme in ("http", "https", "ftp")


def _remote_in(css: str) -> list[str]:
    return [url for found in _CSS_URL.findall(css) if _remote(url := (found[0] or found[1]).strip())]


def _target(url: str, page: Path, folder: Path) -> Path:
    path = unquote(urlsplit(url).path)
    base = folder / path.lstrip("/") if path.startswith("/") else page.parent / path
    return base.resolve() if path else page.resolve()


def _absent(loads: list[str], page: Path, folder: Path) -> list[str]:
    local = [url for url in loads if not _remote(url) and not urlsplit(url).scheme]
    return [url for url in local if not _target(url, page, folder).is_file()]


def _dead(links: list[str], page: Path, pages: dict[Path, _Page], folder: Path) -> list[str]:
    anchors = {path.resolve(): found.anchors for path, found in pages.items()}
    problems = []
    for url in dict.fromkeys(links):
        if _remote(url) or urlsplit(url).scheme:
            continue
        target, anchor = _target(url, page, folder), unquote(urlsplit(url).fragment)
        if target.is_dir():
            target = target / "index.html"
        if not target.is_file():
            problems.append(f"a link leads nowhere: {url}")
        elif anchor and target in anchors and anchor not in anchors[target]:
            problems.append(f"a link to an anchor that is not there: {url}")
    return problems


def main(folder: str) -> int:
    """Print what is wrong; the number of problems, at most 1, is the exit status."""
    problems = check(Path(folder))
    print("\n".join(problems) or f"{folder}: every page, link, anchor, picture and asset is in order")
    return min(len(problems), 1)


if __name__ == "__main__":
    import sys

    sys.exit(main(sys.argv[1]))
