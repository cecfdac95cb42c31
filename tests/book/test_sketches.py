"""Pictures that need no record: the same bytes each time, words beside them, true to the library."""

import re

import pytest

from songrec.book.sketches import SKETCHES, sketch, splits
from songrec.errors import DataError
from songrec.paths import BOOK


@pytest.mark.parametrize("name", SKETCHES)
def test_a_picture_has_words_and_is_the_same_each_time(name):
    figure = sketch(name)()
    assert figure.svg() == sketch(name)().svg()
    assert figure.caption
    assert len(figure.alt) > 100
    assert "nan" not in repr(figure).lower()


def test_every_picture_is_on_a_chapter_and_there_are_no_others():
    pages = [path.read_text(encoding="utf-8") for path in BOOK.rglob("*.md")]
    shown = [name for page in pages for name in re.findall(r"```\{sketch\} (\S+)", page)]
    assert sorted(shown) == sorted(SKETCHES)


def test_each_protocol_hides_what_its_name_says():
    rows = {name: "".join(of) for name, of in splits().drawn.groupby("protocol", sort=False)["songs"]}
    assert len(rows) == 4
    for marks in rows.values():
        assert len(marks) == 48
        assert {"1", "v", "T"} <= set(marks)
    assert "f" in rows["strong"]
    for row in splits().drawn.query("protocol == 'strong'")["songs"]:
        assert "1" not in row or not {"f", "v", "T"} & set(row)


def test_an_unknown_picture_names_the_nearest():
    with pytest.raises(DataError, match="splits"):
        sketch("split")
