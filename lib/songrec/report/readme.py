"""The README's headline: the table of page one, kept between two marks."""

from collections.abc import Sequence
from pathlib import Path

from songrec.errors import DataError
from songrec.files import write_text
from songrec.paths import REPOSITORY
from songrec.report.record import Record, on_record
from songrec.report.record_choice import decision
from songrec.report.record_tables import markdown, results

START, END = "<!-- headline -->", "<!-- /headline -->"


def headline(records: Sequence[Record]) -> str:
    """What stands between the marks: page one's data set and its table; nothing without a record."""
    if not records:
        return ""
    run = records[0].run
    what = f"{run['users']:,} users, {run['songs']:,} {records[0].item}s and {run['triplets']:,} triplets"
    return (
        f"On real data, **{run['title']}** ({what}):\n\n{markdown(results(records[0]))}\n\n"
        f"Where to start:\n\n{markdown(decision(records[0]))}\n"
    )


def placed(text: str, block: str) -> str:
    """The README's text with the block between its marks; `DataError` when they are not there.

    >>> placed("a\\n<!-- headline -->\\nold\\n<!-- /headline -->\\nz", "new\\n")
    'a\\n<!-- headline -->\\n\\nnew\\n\\n<!-- /headline -->\\nz'
    """
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise DataError(f"the README lacks its marks {START} and {END}")
    return f"{before}{START}\n" + (f"\n{block}\n" if block else "") + f"{END}{after}"


def refresh(path: Path = REPOSITORY / "README.md") -> None:
    """Write the headline of what is on record into the README."""
    text = path.read_text(encoding="utf-8")
    write_text(path, placed(text, headline(on_record())))


if __name__ == "__main__":
    refresh()
