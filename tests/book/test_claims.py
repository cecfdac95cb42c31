"""Claims: measured sections show their numbers with intervals, and what the prose says in words holds."""

import re
from pathlib import Path

import pytest

from songrec.report.record import HEADLINE, Record

BOOK = Path(__file__).resolve().parents[2] / "book"
CHAPTERS = sorted([*BOOK.glob("*.md"), *BOOK.glob("models/*.md")])
MEASURED = ("What was found", "What holds")
"""Titles of sections in which each paragraph and each bullet speaks of results."""

SHOWN = re.compile(r"\{value\}`[^`]+:(ci|pm)%?`|\{numref\}`")
BARE = re.compile(
    r"\b(by far|clearly|obviously|undoubtedly|visibly|dramatic(ally)?|drastic(ally)?|vastly|hugely|massively"
    r"|enormous(ly)?|remarkabl[ey]|impressive(ly)?|state[ -]of[ -]the[ -]art|many times as"
    r"|significantly(?! worse))\b",
    re.IGNORECASE,
)


def blocks(section: str) -> list[str]:
    """Paragraphs and bullets of a section; fenced blocks, headings, comments and its summary are none."""
    fence = r"^(```|:::)[^\n]*\n.*?^\1\s*$"
    text = re.sub(r"<!--.*?-->", "", section, flags=re.DOTALL)
    prose = re.sub(fence, "\n", text, flags=re.DOTALL | re.MULTILINE)
    parts = re.split(r"\n\s*\n|\n(?=[*-] )", prose)
    return [part for part in map(str.strip, parts) if part and not part.startswith(("#", "**In short:**"))]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.relative_to(BOOK).as_posix())
def test_a_measured_paragraph_shows_a_number_with_its_interval(path):
    for section in re.split(r"^## ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        title, _, body = section.partition("\n")
        without = [block for block in blocks(body) if title in MEASURED and not SHOWN.search(block)]
        assert not without, f"{path.name}, {title}: neither an interval nor a table referred to in {without}"


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.relative_to(BOOK).as_posix())
def test_no_word_stands_for_a_number(path):
    """The chapter on statistics may say what "significantly" means."""
    text = re.sub(r"```.*?```|\{cite:.\}`[^`]*`", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = {match[0] for match in BARE.finditer(text)}
    assert found <= ({"significantly"} if path.stem == "statistics" else set()), f"{path.name}: {found}"


USERS, ARTISTS = "taste-profile-3k-users", "lastfm-2k"
AHEAD = {
    HEADLINE: "item_knn>user_knn item_knn>item_knn_plays fs_slim>ease als>bpr als>pure_svd user_knn>mult_vae "
    "user_knn>ncf rp3beta>user_knn",
    USERS: "item_knn>user_knn rp3beta>item_knn fs_slim>ease blend>fs_slim als>bpr als>pure_svd user_knn>ncf",
    ARTISTS: "edlae>ease ease>mult_vae als>bpr als>pure_svd als_plays>item_knn",
}
OPEN = {
    HEADLINE: "rp3beta=item_knn edlae=ease als_plays=als blend=fs_slim",
    USERS: "edlae=ease als_plays=als",
    ARTISTS: "item_knn=user_knn item_knn=item_knn_plays rp3beta=item_knn fs_slim=ease als_plays=als "
    "blend=als_plays als_plays=edlae user_knn=mult_vae user_knn=ncf",
}


@pytest.mark.parametrize("profile", AHEAD)
def test_who_is_ahead_and_what_could_be_chance_is_said_rightly(profile):
    """Every pair of which a chapter says in words that one leads, or that no difference is seen."""
    record = Record.load(profile)
    for pair in (*AHEAD[profile].split(), *OPEN[profile].split()):
        first, second = re.split("[=>]", pair)
        tied = len(record.not_worse("average_precision@10", among=[first, second])) == 2
        difference = record.compare("minus", first, second, "average_precision@10").value
        assert tied == ("=" in pair), f"{profile}: {pair}"
        assert tied or difference > 0, f"{profile}: {pair}"


def test_what_else_is_said_in_words():
    """Tuning that lost, the hybrid's first song, and factors that help one log and harm another."""
    songs, artists = Record.load(HEADLINE), Record.load(ARTISTS)
    assert artists.tuning.loc["ease", "ci_high"] < 0
    for record, sign in ((songs, 1), (artists, -1)):
        behind = record.study("cold_start", "behind").set_index(["model", "shown"]).loc[("fs_slim", 1)]
        assert min(sign * behind["ci_low"], sign * behind["ci_high"]) > 0
        ranks = record.study("scale", "accuracy").query("model == 'pure_svd'").set_index("rank")
        assert sign * (ranks["average_precision"][400] - ranks["average_precision"][25]) > 0
