"""The README's headline: what the main published run says, kept between two marks."""

from pathlib import Path

from songrec.errors import DataError
from songrec.files import write_text
from songrec.paths import REPOSITORY

START, END = "<!-- headline -->", "<!-- /headline -->"


def placed(text: str, block: str) -> str:
    """The README's text with the block between its marks.

    Raises
    ------
    DataError
        When the marks are not there.

    Examples
    --------
    >>> placed("a\\n<!-- headline -->\\nold\\n<!-- /headline -->\\nz", "new\\n")
    'a\\n<!-- headline -->\\n\\nnew\\n\\n<!-- /headline -->\\nz'
    """
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise DataError(f"the README lacks its marks {START} and {END}")
    return f"{before}{START}\n" + (f"\n{block}\n" if block else "") + f"{END}{after}"


def refresh(path: Path = REPOSITORY / "README.md") -> None:
    """Write the headline of what is published into the README; none where nothing is."""
    from songrec.pages.benchmark import readme
    from songrec.results import published

    runs = published()
    text = path.read_text(encoding="utf-8")
    write_text(path, placed(text, readme(runs[0]) if runs else ""))
