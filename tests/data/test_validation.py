"""What a triplet may hold; and that reading whole blocks decides as reading line by line does."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from songrec.data import text
from songrec.data.validation import MAX_PLAYS, Layout, plays_of, read_line, shown, valid_ids

TAB, COMMA = Layout("\t"), Layout(",", 2, 0, 1, width=4)
TIMED = Layout("::", 0, 1, None, 2)


@pytest.mark.parametrize(
    ("field", "read"),
    [
        ("1", 1),
        ("007", 7),
        (str(MAX_PLAYS), MAX_PLAYS),
        (str(MAX_PLAYS + 1), "plays too large"),
        ("9" * 5000, "plays too large"),
        ("0", "plays below 1"),
        ("-3", "plays below 1"),
        ("2.5", "plays not an integer"),
        ("1e3", 1000),
        ("3.0", 3),
        ("-2.0", "plays below 1"),
        ("1e400", "plays too large"),
        ("nan", "plays not a number"),
        ("0x10", "plays not a number"),
        (" 3", "plays not a number"),
        ("1_000", "plays not a number"),
        ("٣", "plays not a number"),  # a digit, but not one that every reader knows
        ("", "missing field"),
    ],
)
def test_play_counts(field, read):
    assert plays_of(field) == read


@pytest.mark.parametrize("bad", ["", " a", "a\xa0", "a\x07", "a\u2028", "\ufeffa", "x" * 257])
def test_ids_that_are_malformed(bad):
    assert valid_ids(["good", "é" * 256, "Café Tacvba"])
    assert not valid_ids(["good", bad])


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"u\ts", "missing field"),
        (b"", "missing field"),
        (b"u\ts\t", "missing field"),
        (b"u,s,1", "missing field"),
        (b"u\ts\t1\t", "too many fields"),
        (b"u\ts\tmany", "plays not a number"),
        (b"\ts\t1", "malformed id"),
        (b"u\ts \t1", "space before or after an id"),
        (b"u\ts\r\t1", "malformed id"),
        (b"u\ts\xff\t1", "bad encoding"),
        (b"u\ts\x00\t1", "binary junk"),
    ],
)
def test_reasons_for_which_a_line_is_rejected(line, reason):
    assert read_line(line, TAB) == reason


def test_a_rejected_line_stays_readable_and_short():
    assert shown(b"caf\xc3\xa9 \xff\n") == "café \\xff\n"
    assert len(shown(b"x" * 10_000)) == len(shown(b"\xff" * 10_000)) == 200


PIECES = [
    "u1",
    "s2",
    "é",
    "7",
    "0",
    "-1",
    "2.5",
    "::",
    "2015-06-02T05:02:12Z",
    "x" * 257,
    " ",
    "\t",
    "\t",
    ",",
    ",",
    ",",
    '"',
    '""',
    "\r",
    "\0",
]
LINES = st.lists(st.lists(st.sampled_from(PIECES), max_size=9).map("".join), min_size=1, max_size=4)
GOOD = [f"{a},{b},u{a},{c}" for a, b, c in [("a", 1, '"x,y"'), ('"b"', 2, ""), ('"c""d"', 3, '"')]]


@pytest.mark.parametrize("layout", [TAB, COMMA, TIMED], ids=["tab", "comma", "timed"])
@settings(max_examples=400, deadline=None)
@given(lines=LINES, end=st.sampled_from(["\n", "\r\n"]), last=st.booleans(), junk=st.binary(max_size=2))
@example(lines=["u\ts\t1", "u\tt\t0x2", "v\ts\t 3"], end="\n", last=True, junk=b"")
@example(lines=GOOD, end="\r\n", last=False, junk=b"")
@example(lines=['s,1,u,"', 's,1,u,"'], end="\n", last=True, junk=b"")  # a quoted line end
def test_a_block_at_once_is_read_as_line_by_line(layout, lines, end, last, junk):
    block = end.join(lines).encode() + junk + end.encode() * last
    if not block:
        return
    at_once = text._parse(block, layout)
    careful = text._read_lines(block, "log", 1, layout)
    assert careful.read <= text._lines(block)
    if at_once is None:
        return
    assert careful.read == text._lines(block)
    assert careful.rejects == []
    assert (at_once.users.to_pylist(), at_once.songs.to_pylist()) == (
        careful.users.to_pylist(),
        careful.songs.to_pylist(),
    )
    assert at_once.plays.tolist() == careful.plays.tolist()
    assert (at_once.seconds is None) == (layout.time is None)
    assert at_once.seconds is None or at_once.seconds.tolist() == careful.seconds.tolist()


def test_a_block_without_fault_is_read_at_once():
    timed = ["u::s::1433221332117", "é::s::2015-06-02"]
    for layout, lines in ((TAB, ["u\ts\t1", "é\ts\t2"]), (COMMA, GOOD), (TIMED, timed)):
        for end in ("\n", "\r\n"):
            assert text._parse(end.join(lines).encode(), layout) is not None
