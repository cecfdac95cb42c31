"""Compare two built sites by the numbers that a reader sees.

    python tools/compare_books.py BEFORE/_build/html AFTER/_build/html [--all]

For each page of the old site: the numbers in its tables, in the values of its prose and in what its cells
say (findings), and whether a page that it became has each of them, to within half a unit of the coarser
number's last digit. A half-width may have become the two ends of an interval, and the other way round; per
cent is a share of 1. Times and memory, which no two runs share, are left out. What is missing is listed
(`--all`: all of it); exit status 1 when anything is.
"""

import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bs4 import BeautifulSoup, Tag

PAGES = {
    "runs/01_ingest.html": ["runs/**/*ingest*.html"],
    "runs/02_explore.html": ["runs/**/*explore*.html"],
    "runs/03_split.html": ["runs/**/*split*.html"],
    "runs/04_tune.*.html": ["runs/**/*tune*.html"],
    "runs/05_train.*.html": ["runs/**/*train*.html"],
    "runs/05b_tuning.html": ["runs/**/*tuning*.html", "runs/**/*tune*.html"],
    "runs/06_evaluate.html": ["runs/**/*evaluate*.html"],
    "runs/07_compare.html": ["runs/**/*compare*.html", "runs/**/*train*.html"],
    "runs/08_beyond_accuracy.html": ["runs/**/*beyond*.html"],
    "runs/09_scale.html": ["runs/**/*model_size*.html", "runs/**/*scale*.html"],
    "runs/10_recommend.html": ["runs/**/*recommend*.html"],
    "runs/11_cold_start.html": ["runs/**/*cold_start*.html"],
    "runs/13_definitions.html": ["runs/**/*definitions*.html"],
    "runs/14_repeats.html": ["runs/**/*repeats*.html"],
}
"""Old page (a pattern) -> pages that it became; a page that is not named is where it was."""

LEFT_OUT = ("api/*", "genindex.html", "py-modindex.html", "search.html")

NUMBER = re.compile(r"(?<![\w@.,])([-+]?)(\d{1,3}(?:,\d{3})+|\d+)(\.\d+)?(?:e([-+]?\d+))?(?![\w@])(\s*%)?")
MEASURED = re.compile(r"\s*(?:s|ms|MB|GB|GiB|seconds?|minutes?|hours?)\b")
TIMED = re.compile(r"\((?:s|ms|MB)\)|\b(?:ms|MB|seconds|memory)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Number:
    """A number as it is written: `unit` is one unit of its last digit."""

    text: str
    value: float
    unit: float

    def is_near(self, other: float, unit: float, units: float = 0.5) -> bool:
        return abs(self.value - other) <= units * max(self.unit, unit) * (1 + 1e-6)


def numbers(text: str) -> list[Number]:
    """The numbers of a text, in order; per cent as a share of 1.

    >>> [(each.value, each.unit) for each in numbers("MAP@10 of 0.121 (4.5 %), after 3 s")]
    [(0.121, 0.001), (0.045, 0.001)]
    """
    found = []
    for match in NUMBER.finditer(text):
        if MEASURED.match(text, match.end()):
            continue
        sign, whole, fraction, power, per_cent = match.groups()
        scale = 10.0 ** (int(power or 0) - (2 if per_cent else 0))
        value = float(f"{sign}{whole.replace(',', '')}{fraction or ''}") * scale
        unit = 10.0 ** -max(len(fraction or "") - 1, 0) * scale
        found.append(Number(match.group().strip(), round(value, 12), round(unit, 12)))
    return found


def texts(page: Path) -> list[str]:
    """What a page says in cells of tables, values of its prose and paragraphs of its cells' outputs."""
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    article = soup.find("article") or soup
    said = [cell for table in article.find_all("table") for cell in _cells(table)]
    said += [each.get_text(" ") for each in article.select("span.value")]
    outputs = article.select(".cell_output p, .cell_output li, .cell_output figcaption")
    said += [each.get_text() for each in outputs if not each.find_parent("table")]
    return [re.sub(r"\s+", " ", text.replace("\N{MINUS SIGN}", "-")) for text in said]


def _cells(table: Tag) -> Iterable[str]:
    """The texts of a table's cells, but for columns of times and memory."""
    timed: set[int] = set()
    for row in table.find_all("tr"):
        cells = row.find_all(["th", "td"])
        if not row.find("td"):
            timed = {place for place, cell in enumerate(cells) if TIMED.search(cell.get_text())}
        yield from (cell.get_text() for place, cell in enumerate(cells) if place not in timed)


def became(name: str, after: Path) -> list[Path]:
    """The pages of the new site that hold what this page of the old one said."""
    for pattern, globs in PAGES.items():
        if Path(name).match(pattern):
            return sorted({path for glob in globs for path in after.glob(glob)})
    return [after / name] if (after / name).is_file() else []


def missing(before: Iterable[str], after: Iterable[str]) -> list[Number]:
    """Numbers of the old texts that the new ones have not."""
    new = [number for text in after for number in numbers(text)]
    halves = [pair for text in after for pair in _pairs(text, "±")]
    ends = [pair for text in after for pair in _pairs(text, "to")]
    lost = []
    for text in before:
        rewritten = [
            half
            for middle, half in _pairs(text, "±")
            if any(
                low.value <= middle.value <= high.value
                and half.is_near((high.value - low.value) / 2, high.unit, 1)
                for low, high in ends
            )
        ]
        for low, high in _pairs(text, "to"):
            if any(
                low.is_near(middle.value - half.value, half.unit, 1)
                and high.is_near(middle.value + half.value, half.unit, 1)
                for middle, half in halves
            ):
                rewritten += [low, high]
        lost += [
            number
            for number in numbers(text)
            if number not in rewritten and not any(number.is_near(each.value, each.unit) for each in new)
        ]
    return lost


def _pairs(text: str, between: str) -> list[tuple[Number, Number]]:
    """Two numbers with only this between them: a number and its half-width, or the ends of an interval."""
    found = []
    for one in re.finditer(rf"(\S+(?: %)?)\s*{between}\s*(\S+(?: %)?)", text):
        left, right = (numbers(side.strip("();:,")) for side in one.groups())
        if len(left) == len(right) == 1:
            found.append((left[0], right[0]))
    return found


def main(before: Path, after: Path, everything: bool) -> int:
    total = 0
    for page in sorted(before.rglob("*.html")):
        name = page.relative_to(before).as_posix()
        if any(Path(name).match(pattern) for pattern in LEFT_OUT) or "_static" in name:
            continue
        if not (pages := became(name, after)):
            print(f"{name}: no page any more")
            total += 1
            continue
        old = texts(page)
        lost = missing(old, [text for each in pages for text in texts(each)])
        n = sum(len(numbers(text)) for text in old)
        total += len(lost)
        print(f"{name}: {n} values before, {n - len(lost)} found after, {len(lost)} missing")
        if lost:
            listed = list(dict.fromkeys(number.text for number in lost))
            shown = listed if everything else listed[:15]
            print(f"    {', '.join(shown)}{'' if len(shown) == len(listed) else ', ...'}")
    print(f"{total} missing in all")
    return total


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), "--all" in sys.argv) > 0)
