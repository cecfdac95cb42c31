"""From a source to validated triplets: what is kept, what is rejected and why, and what stops the run."""

import gzip
import io
import os
import random
import zipfile
from importlib import import_module
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from songrec.data import (
    Asked,
    Interactions,
    batches,
    check,
    find_source,
    ingest,
    read_rejects,
    taste_profile,
    to_interactions,
    triplets,
)
from songrec.data import text as text_module
from songrec.errors import ConfigError, DataError

GOOD = "u2\ts1\t3\nu1\ts2\t1\nu1\ts1\t5\n"
ROWS = [("u2", "s1", 3), ("u1", "s2", 1), ("u1", "s1", 5)]


class Case:
    """A folder in which to write a log and ingest it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.out, self.bad = folder / "out" / "triplets.parquet", folder / "out" / "rejects.parquet"

    def write(self, content, name="log.txt") -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def take(self, content, share=0.01, name="log.txt", **how):
        return self.ingest(triplets(self.write(content, name), **how), share)

    def ingest(self, source, share=0.01):
        return ingest(source, self.out, self.bad, share)

    @property
    def rows(self):
        table = pq.read_table(self.out)
        return list(zip(*(table[name].to_pylist() for name in ("user", "song", "plays")), strict=True))

    @property
    def rejects(self):
        return [(reject.line, reject.reason) for reject in read_rejects(self.bad)]


@pytest.fixture
def case(tmp_path):
    return Case(tmp_path)


def zipped(**members) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            # A date of its own: tests are named by their contents, which must not change by the clock.
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


# ---- what is read


@pytest.mark.parametrize(
    ("content", "how"),
    [
        (GOOD, {}),
        (GOOD.rstrip("\n"), {}),
        (GOOD + "\n\n\r\n", {}),
        (GOOD.replace("\n", "\r\n"), {}),
        ("\ufeff" + GOOD, {}),
        (gzip.compress(GOOD.encode(), mtime=0), {}),
        # two members
        (gzip.compress(GOOD[:13].encode(), mtime=0) + gzip.compress(GOOD[13:].encode(), mtime=0), {}),
        (gzip.compress(GOOD.encode(), mtime=0) + b"\0" * 100, {}),  # padding
        (zipped(log=GOOD), {}),
        (zipped(readme="read me", log=GOOD), {"member": "log"}),
        ("user\tsong\tplays\n" + GOOD, {"header": True}),
        ("\ufeffuser\tsong\tplays\r\n" + GOOD, {"columns": ("user", "song", "plays")}),
        (GOOD.replace("\t", "|"), {"separator": "|"}),
        (
            "n,who,when,what\n3,u2,x,s1\n1,u1,,s2\n5,u1,y,s1\n",
            {"separator": ",", "columns": ("who", "what", "n")},
        ),
        ("3,u2,x,s1\n1,u1,,s2\n5,u1,y,s1\n", {"separator": ",", "columns": (1, 3, 0)}),
    ],
)
def test_the_same_log_in_many_forms(case, content, how):
    report = case.take(content, **how)
    assert case.rows == ROWS
    assert (report.lines, report.triplets, report.users, report.songs, report.plays) == (3, 3, 2, 2, 9)
    assert report.rejected == {}
    assert case.rejects == []


@pytest.mark.parametrize("name", ["log.csv", "LOG.CSV", "log.csv.gz"])
def test_csv_is_told_by_its_ending_and_may_be_quoted(case, name):
    content = b'"u,2",s1,3\nu1,"s2",1\nu1,s1,5\n'
    case.take(gzip.compress(content, mtime=0) if name.endswith("gz") else content, name=name)
    assert case.rows == [("u,2", "s1", 3), *ROWS[1:]]


def test_tab_separated_text_knows_no_quotes(case):
    case.take('"u"1\ts"\t1\n')
    assert case.rows == [('"u"1', 's"', 1)]


def test_several_files_are_one_log(case):
    first, second = (
        case.write("u1\ts1\t1\n", "a.txt"),
        case.write(gzip.compress(b"u0\ts1\t2\nu1\ts1\t4", mtime=0), "b.gz"),
    )
    report = case.ingest(triplets([first, second]))
    assert case.rows == [("u1", "s1", 5), ("u0", "s1", 2)]
    assert (report.source, report.duplicates) == ("a.txt, b.gz", 1)


@pytest.mark.parametrize("what", ["user", "song"])
def test_a_log_of_one_user_or_one_song(case, what):
    lines = [("u1", f"s{i}", "2") if what == "user" else (f"u{i}", "s1", "2") for i in range(5)]
    case.take("\n".join(map("\t".join, lines)))
    assert to_interactions(case.out).plays.shape == ((1, 5) if what == "user" else (5, 1))


def test_ids_like_missing_values_are_ids(case):
    case.take("NA\tnull\t1\nnan\tNone\t2\n")
    assert case.rows == [("NA", "null", 1), ("nan", "None", 2)]


@pytest.mark.parametrize("block", [64, 1000, 1 << 20])
def test_blocks_of_any_size_give_the_same(case, monkeypatch, block):
    monkeypatch.setattr(text_module, "BLOCK", block)
    monkeypatch.setattr(text_module, "SMALL", 32)
    monkeypatch.setattr("songrec.data.unpacking.CHUNK", 50)
    draw = random.Random(1)
    lines = [f"u{draw.randrange(9)}\ts{place}\t{draw.randrange(1, 9)}" for place in range(500)]
    bad = {7: "", 99: "u\ts", 100: "u\ts\t0", 444: "\0"}
    for place, line in bad.items():
        lines[place - 1] = line
    report = case.take("\r\n".join(lines) + "\n\n\n", share=0.1)
    expected = [tuple(line.split("\t")) for number, line in enumerate(lines, 1) if number not in bad]
    assert [(u, s, str(p)) for u, s, p in case.rows] == expected
    assert case.rejects == [
        (7, "missing field"),
        (99, "missing field"),
        (100, "plays below 1"),
        (444, "binary junk"),
    ]
    assert (report.lines, report.n_rejected, report.triplets) == (500, 4, 496)


def test_an_endless_line_does_not_fill_the_memory(case, monkeypatch):
    monkeypatch.setattr(text_module, "BLOCK", 1 << 12)
    monkeypatch.setattr(text_module, "MAX_LINE", 1 << 10)
    monkeypatch.setattr("songrec.data.unpacking.CHUNK", 1 << 10)
    longest = 0
    for block in text_module._blocks(iter([b"u\ts\t1\n", *[b"x" * 1024] * 500, b"\nv\ts\t1\n"])):
        longest = max(longest, len(block))
    assert longest < 10_000
    case.take(b"u\ts\t1\n" + b"x" * 500_000 + b"\nv\ts\t1\n", share=1)
    assert case.rejects == [(2, "missing field")]
    assert case.rows == [("u", "s", 1), ("v", "s", 1)]


# ---- duplicates


def test_duplicates_are_summed_at_their_first_place_and_counted(case):
    report = case.take("u2\ts1\t3\nu1\ts1\t1\nu2\ts1\t4\nu2\ts2\t1\nu1\ts1\t1\nu2\ts1\t1\n")
    assert case.rows == [("u2", "s1", 8), ("u1", "s1", 2), ("u2", "s2", 1)]
    assert (report.lines, report.duplicates, report.capped, report.triplets, report.plays) == (6, 3, 0, 3, 11)
    counts = ("lines", "duplicates", "triplets", "users", "songs")
    checked = check(triplets(case.folder / "log.txt"))
    assert [getattr(checked, name) for name in counts] == [6, 3, 3, 2, 2]


def test_a_sum_beyond_the_largest_count_is_cut_and_counted(case):
    report = case.take("u\ts\t2147483647\nu\tt\t1\nu\ts\t2147483647\n")
    assert case.rows == [("u", "s", 2147483647), ("u", "t", 1)]
    assert (report.duplicates, report.capped, report.plays) == (1, 1, 2**31)


def test_duplicates_over_many_row_groups_agree_with_a_dictionary(case, monkeypatch):
    monkeypatch.setattr(import_module("songrec.data.triplet_file"), "GROUP", 100)
    monkeypatch.setattr(text_module, "BLOCK", 1000)
    monkeypatch.setattr("songrec.data.unpacking.CHUNK", 500)
    draw = random.Random(3)
    rows = [(f"u{draw.randrange(30)}", f"s{draw.randrange(30)}", draw.randrange(1, 9)) for _ in range(1500)]
    expected = {}
    for user, song, plays in rows:
        expected[user, song] = expected.get((user, song), 0) + plays
    report = case.take("".join(f"{u}\t{s}\t{p}\n" for u, s, p in rows))
    assert case.rows == [(u, s, p) for (u, s), p in expected.items()]
    assert report.duplicates == 1500 - len(expected) > 500


# ---- what is rejected, and what stops the run


def test_every_reject_is_kept_with_file_line_reason_and_text(case):
    bad = [
        "u\ts",
        "u\ts\t1\tx",
        "u\ts\tmany",
        "u\ts\t1.5",
        "u\ts\t0",
        "u\ts\t-1",
        "u\ts\t9999999999",
        "\ts\t1",
    ]
    content = "\n".join([f"v\ts{i}\t1" for i in range(992)] + bad).encode() + b"\nu\ts\xff\t1\nu\t\0\t1\n"
    report = case.take(content)
    reasons = [
        "missing field",
        "too many fields",
        "plays not a number",
        "plays not an integer",
        "plays below 1",
        "plays below 1",
        "plays too large",
        "malformed id",
        "bad encoding",
        "binary junk",
    ]
    assert case.rejects == list(zip(range(993, 1003), reasons, strict=True))
    kept = read_rejects(case.bad)
    assert [reject.text for reject in kept[:8]] == bad
    assert {reject.file for reject in kept} == {"log.txt"}
    assert report.lines == report.triplets + report.n_rejected == 1002
    assert report.first_rejects == kept


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("u1,s1,3\nu2,s1,4\n", r"log\.txt:1: missing field: 'u1,s1,3'(.|\n)*separator"),
        ("user\tsong\tplays\n" + GOOD, r"log\.txt:1: looks like a header: 'user(.|\n)*name the columns"),
        ("u1\ts1\t3\t2009\n", r"log\.txt:1: too many fields(.|\n)*which are user, song and plays"),
        ("u1\ts1\t-3\n" * 9, r"9 of 9 lines .*100\.00%; at most 1\.00%.* plays below 1 9"),
        ("u1\ts1\t1.5\n", "plays not an integer"),
        ("u1\ts1\t0\n", "plays below 1"),
        ("u1\t" + "s" * 100_000 + "\t1\n", "malformed id"),
        (b"u1\ts\xe9\t1\n", r"bad encoding(.|\n)*UTF-8"),
        (random.Random(0).randbytes(20_000), "binary junk"),
    ],
)
def test_too_many_rejects_stop_the_run_and_are_kept(case, content, says):
    with pytest.raises(DataError, match=says) as caught:
        case.take(content)
    assert str(case.bad) in str(caught.value)
    assert len(read_rejects(case.bad)) >= 1
    assert [p.name for p in case.out.parent.iterdir()] == ["rejects.parquet"]


def test_the_stated_share_is_what_decides(case):
    content = "".join(f"u\ts{i}\t{int(i > 1)}\n" for i in range(100))
    with pytest.raises(DataError, match=r"2 of 100 lines .* \(2\.00%; at most 1\.00% may be\)"):
        case.take(content)
    report = case.take(content, share=0.02)
    assert (report.rejected, report.triplets) == ({"plays below 1": 2}, 98)


def test_a_failed_run_leaves_the_earlier_triplets_as_they_were(case):
    case.take(GOOD)
    before = case.out.read_bytes()
    with pytest.raises(DataError):
        case.take("nothing\n")
    assert case.out.read_bytes() == before


def test_another_format_is_not_read_to_its_end(case, monkeypatch):
    monkeypatch.setattr(text_module, "BLOCK", 1 << 16)
    with pytest.raises(DataError, match="missing field") as caught:
        case.take("u1 s1 3\n" * 300_000)
    assert "of 300,000 lines" not in str(caught.value)


@pytest.mark.parametrize(
    "content", ["", "\n\n", "\ufeff", "user\tsong\tplays\n", gzip.compress(b"", mtime=0), zipped(log="")]
)
def test_a_log_without_triplets_is_an_error(case, content):
    with pytest.raises(DataError, match=r"log\.txt is empty|log\.txt holds no triplets"):
        case.take(content, header=isinstance(content, str) and content.startswith("user"))


@pytest.mark.parametrize("keep", [0.2, 0.9, 0.999])
def test_a_truncated_gzip_stops_the_run_whatever_the_share(case, keep):
    lines = "".join(f"user{i % 97}\tsong{i}\t{i % 7 + 1}\n" for i in range(50_000))
    packed = gzip.compress(lines.encode(), mtime=0)
    with pytest.raises(DataError, match=r"truncated archive(.|\n)*fetch it again"):
        case.take(packed[: int(len(packed) * keep)], share=1, name="log.gz")
    (reject,) = read_rejects(case.bad)
    assert (reject.file, reject.reason) == ("log.gz", "truncated archive")
    assert 50_001 * keep * 0.8 < reject.line <= 50_001
    assert not case.out.exists()


def test_a_gzip_without_its_last_bytes_is_truncated(case):
    with pytest.raises(DataError, match="truncated archive"):
        case.take(gzip.compress(GOOD.encode(), mtime=0)[:-4])
    assert case.rejects == [(4, "truncated archive")]


@pytest.mark.parametrize(
    "packed", [gzip.compress(GOOD.encode() * 99, mtime=0), zipped(log=GOOD * 99)], ids=["gzip", "zip"]
)
def test_a_damaged_archive_stops_the_run(case, packed):
    middle = len(packed) // 2 if packed[:2] != b"PK" else packed.index(b"log") + 20
    with pytest.raises(DataError, match=r"damaged archive(.|\n)*fetch it again"):
        case.take(packed[:middle] + b"\xff\xff\xff" + packed[middle + 3 :], share=1)


def test_a_truncated_zip_stops_the_run(case):
    with pytest.raises(DataError, match="truncated archive"):
        case.take(zipped(log=GOOD)[:60], share=1)
    assert case.rejects == [(1, "truncated archive")]


def test_a_zip_with_several_files_asks_which(case):
    with pytest.raises(DataError, match=r"log\.txt holds a, b: .*Name one"):
        case.take(zipped(a=GOOD, b=GOOD))
    with pytest.raises(DataError, match="'c' is not among them"):
        case.take(zipped(a=GOOD), member="c")


# ---- what is asked for wrongly


@pytest.mark.parametrize(
    ("how", "error", "says"),
    [
        (
            {"columns": ("user", "artist", "plays")},
            DataError,
            r"no column artist in the header, which has: user, song",
        ),
        (
            {"columns": (0, 1, 5), "header": True},
            DataError,
            r"line 1 has 3: user, song, plays \(cut at '\\t'\)",
        ),
        ({"columns": (0,)}, ConfigError, "three places or three names"),
        ({"columns": (0, 1, 1)}, ConfigError, "three places or three names"),
        ({"columns": (0, "song", 1)}, ConfigError, "three places or three names"),
        ({"encoding": "utf-9"}, ConfigError, "no encoding 'utf-9'"),
    ],
)
def test_columns_and_separators_that_cannot_be(case, how, error, says):
    with pytest.raises(error, match=says):
        case.take("user\tsong\tplays\n" + GOOD, **how)


@pytest.mark.parametrize(
    ("content", "how"),
    [
        (GOOD, {}),
        ("\ufeff" + GOOD.replace("\n", "\r\n"), {}),
        ("3,u2,x,s1\n1,u1,,s2\n", {"separator": ",", "columns": (1, 3, 0)}),
    ],
)
def test_a_triplet_is_not_swallowed_as_a_header(case, content, how):
    says = r"first line of .*log\.txt looks like data, not like a header: '[3u](.|\n)*leave header out"
    with pytest.raises(DataError, match=says):
        case.take(content, header=True, **how)
    assert not case.out.exists()


def test_paths_that_cannot_be_read(case):
    file = case.write(GOOD)
    for path, says in (
        (case.folder / "none", "No such file"),
        (file / "x", "Not a dir"),
    ):
        with pytest.raises(DataError, match=f"cannot read {path}: {says}"):
            case.ingest(triplets(path))
    with pytest.raises(ConfigError, match="at least one file"):
        triplets([])


def test_an_output_that_lies_below_a_regular_file(case):
    file = case.write(GOOD)
    with pytest.raises(DataError, match=f"cannot write {file / 'x' / 'triplets.parquet'}"):
        ingest(triplets(file), file / "x" / "triplets.parquet", case.bad)
    assert file.read_text() == GOOD


def open_log(name, path="", **asked):
    return find_source(name).open(Asked(path, **asked))


def test_a_source_by_name(case, monkeypatch):
    monkeypatch.setenv("SONGREC_DATA", str(case.folder))
    (case.folder / "raw").mkdir()
    case.write("a,b,c\n" + GOOD.replace("\t", ","), "raw/mine.csv")
    case.ingest(open_log("triplets", "mine.csv", columns=["a", "b", "c"]))
    assert case.rows == ROWS
    case.ingest(open_log("triplets", "mine.csv", columns=["0", "1", "2"], separator="", header=True))
    assert case.rows == ROWS
    with pytest.raises(ConfigError, match="there are: synthetic, synthetic-text, triplets, taste-profile"):
        find_source("mine.csv")
    with pytest.raises(ConfigError, match="needs a path"):
        open_log("triplets")
    with pytest.raises(DataError, match=r"other\.csv' does not exist"):
        open_log("triplets", "other.csv")


def test_a_part_of_the_taste_profile_is_not_taken_for_the_whole(case):
    with pytest.raises(DataError, match=r"3 triplets instead of 48,373,586(.|\n)*use the source 'triplets'"):
        case.ingest(taste_profile(case.write(GOOD)))
    assert not case.out.exists()


# ---- Parquet and memory


def test_parquet_by_place_or_name(case):
    users, songs, plays = zip(*ROWS, strict=True)
    table = pa.table({"n": plays, "u": users, "s": songs})
    path = case.folder / "log.parquet"
    pq.write_table(table, path, row_group_size=2)
    for columns in (("u", "s", "n"), (1, 2, 0)):
        case.ingest(triplets(path, columns=columns))
        assert case.rows == ROWS
    for columns in (("u", "s", "x"), (0, 1, 9)):
        with pytest.raises(DataError, match="are asked for"):
            case.ingest(triplets(path, columns=columns))
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(DataError, match="damaged Parquet"):
        case.ingest(triplets(path))


@pytest.mark.parametrize(
    ("plays", "reasons"),
    [
        (pa.array([1, 0, -5, 2**31, None]), {2: "plays below 1", 3: "plays below 1", 4: "plays too large"}),
        (
            pa.array([1.0, 0.0, 2.5, float("nan"), None]),
            {2: "plays below 1", 3: "plays not an integer", 4: "plays not a number"},
        ),
        (
            pa.array(["1", "x", "2.5", "0", None]),
            {2: "plays not a number", 3: "plays not an integer", 4: "plays below 1"},
        ),
        (
            pa.array([1, 2**64 - 1, 0, 0, None], pa.uint64()),
            {2: "plays too large", 3: "plays below 1", 4: "plays below 1"},
        ),
    ],
)
def test_rows_of_a_table_are_rejected_for_the_same_reasons(case, plays, reasons):
    path = case.folder / "log.parquet"
    pq.write_table(pa.table({"u": list("abcde"), "s": [1, 2, 3, 4, 5], "n": plays}), path)
    case.ingest(triplets(path), share=1)
    assert case.rows == [("a", "1", 1)]
    assert case.rejects == sorted({**reasons, 5: "missing field"}.items())


def test_ids_of_a_table_are_checked(case):
    users = pa.array(["a", "b ", "", None, "e"]).dictionary_encode()
    case.ingest(batches("memory", lambda: [(users, ["s", "s", "s", "s", "\0"], np.ones(5, int))]), share=1)
    assert case.rows == [("a", "s", 1)]
    assert case.rejects == [
        (2, "space before or after an id"),
        (3, "malformed id"),
        (4, "missing field"),
        (5, "malformed id"),
    ]


def test_batches_number_their_rows_on_and_drop_unused_ids(case):
    everybody = pa.array(["a", "b", "c"])
    codes = [pa.array([1, 1], pa.int32()), pa.array([0], pa.int32())]

    def read():
        for part in codes:
            users = pa.DictionaryArray.from_arrays(part, everybody)
            yield (
                users,
                np.array([f"s{i}" for i in range(len(part))]),
                np.zeros(len(part)) + [1, 0][: len(part)],
            )

    report = case.ingest(batches("memory", read), share=1)
    assert case.rows == [("b", "s0", 1), ("a", "s0", 1)]
    assert (report.users, report.songs) == (2, 1)
    assert case.rejects == [(2, "plays below 1")]
    assert to_interactions(case.out).user_ids.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("batch", "says"),
    [
        (([1.5], ["s"], [1]), "the user column holds double"),
        ((["u"], ["s"], [True]), "the plays column holds bool"),
        ((["u"], ["s", "t"], [1]), "differ in length"),
    ],
)
def test_columns_of_the_wrong_kind(case, batch, says):
    with pytest.raises(DataError, match=says):
        case.ingest(batches("memory", lambda: [batch]))


# ---- the matrix


def test_the_matrix_holds_what_was_ingested_in_the_order_of_the_log(case):
    case.take(GOOD)
    log, expected = to_interactions(case.out), Interactions.from_triplets(*zip(*ROWS, strict=True))
    assert log.fingerprint() == expected.fingerprint()
    assert log.order.tolist() == [2, 1, 0]


def test_a_missing_or_broken_triplets_file(case):
    for name in ("none.parquet", case.write("junk", "junk.parquet").name):
        with pytest.raises(DataError, match=f"cannot read .*{name}"):
            to_interactions(case.folder / name)


def test_the_same_log_gives_the_same_bytes(case):
    case.take(GOOD * 3)
    first = case.out.read_bytes(), case.bad.read_bytes()
    case.take(GOOD * 3)
    assert (case.out.read_bytes(), case.bad.read_bytes()) == first
    assert sorted(os.listdir(case.out.parent)) == ["rejects.parquet", "triplets.parquet"]
