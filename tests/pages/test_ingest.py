"""What the page of the ingest says, from facts that are made up."""

import pytest
from made_up import frame, made_up_run, whole

from songrec.pages import ingest

FACTS = {
    "lines": 7,
    "rejected": {"no plays": 1, "no user": 2},
    "duplicates": 1,
    "read": {"users": 2, "songs": 2, "triplets": 3},
    "users": 2,
    "songs": 2,
    "triplets": 3,
    "fingerprint": "abc",
    "known_titles": 0.5,
}


def run(tmp_path, changed, **options):
    return made_up_run(tmp_path, facts=FACTS | changed, stage="ingest", **options)


def test_facts(tmp_path):
    facts = ingest.facts(run(tmp_path, {}))
    assert (facts["rejected"], facts["rejected_share"]) == (3, pytest.approx(3 / 7))
    assert facts["reasons"] == ["no user: 2", "no plays: 1"]
    assert facts["lost"] == 0


def test_every_line_is_accounted_for(tmp_path):
    rows = [["read", "", 7, 1], ["rejected", "no plays", 1, 0.1429], ["merged", "", 1, 0.1429]]
    lines = {"lines": frame("what reason lines share", rows)}
    table = ingest.lines(made_up_run(tmp_path, lines, stage="ingest", item="movie"))
    assert table.columns["what"].cells[1:] == [
        "rejected: no plays",
        "merged into an earlier line of the same user and movie",
    ]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({}, "Of 7 lines, 3 were rejected (43 % of all; no user: 2, no plays: 1); 1 line repeats an earlier"),
        ({"rejected": {"no user": 1}}, "Of 7 lines, 1 was rejected (14 % of all; no user: 1);"),
        ({"rejected": {}, "duplicates": 0}, "All 7 lines could be used; none repeats an earlier one"),
        ({"lines": 1, "rejected": {}, "duplicates": 0}, "The only line could be used; it repeats none."),
        ({}, "The filters removed nothing."),
        ({"users": 1, "triplets": 2}, "The filters removed 1 interaction (33 %)."),
        ({"users": 1, "songs": 1}, "the log `made-up`: 1 user, 1 movie, 3 interactions, fingerprint `abc`."),
        ({"days": ["2024-01-03", "2024-12-30"]}, "The events are of 2024-01-03 to 2024-12-30."),
        ({"notes": ["Merged counts were set to it: 2."]}, "Merged counts were set to it: 2."),
        ({"known_titles": 1.0}, "Every movie has a known name."),
        ({"known_titles": 0.0}, "No name is known: the movies are shown by their ids."),
    ],
)
def test_sentences_are_whole_in_every_case(tmp_path, changed, words):
    text = whole(ingest.findings(run(tmp_path, changed, item="movie")))
    assert words in text
    assert "invented" not in text
    assert "song" not in text


def test_a_synthetic_log_is_called_so(tmp_path):
    assert ingest.findings(run(tmp_path, {}, synthetic=True)).endswith("are invented.")
