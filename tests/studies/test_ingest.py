"""What the ingest counts, against a log that is counted by hand."""

import numpy as np

from songrec.data import Catalogue, IngestReport, Interactions, apply_filters
from songrec.data.validation import Reject
from songrec.studies import ingest

LOG = Interactions.from_triplets(["u1", "u1", "u2", "u3"], ["a", "b", "a", "a"], [1, 2, 5, 1])
REPORT = IngestReport(
    "file", "artist", 6, {"no plays": 1}, [Reject("log.txt", 3, "no plays", "u1\ta")], 1, 0, 4, 3, 2, 9
)
CATALOGUE = Catalogue.from_columns(["a"], ["One"])


def test_every_line_is_accounted_for():
    table = ingest.lines(REPORT)
    assert table["what"].tolist() == ["read", "rejected", "merged", "kept"]
    assert table["lines"].tolist() == [6, 1, 1, 4]
    np.testing.assert_allclose(table["share"], np.array([6, 1, 1, 4]) / 6)
    (reject,) = ingest.rejects(REPORT).to_dict("records")
    assert reject == {"file": "log.txt", "line": 3, "reason": "no plays", "text": "u1\ta"}


def test_the_most_heard_come_first_with_all_their_plays():
    table = ingest.most_heard(LOG, CATALOGUE)
    assert table.to_numpy().tolist() == [[1, "One", 3, 7], [2, "b", 1, 2]]


def test_facts_tell_what_was_read_from_what_was_kept():
    kept, taken = apply_filters(LOG, min_songs=2)
    asked = {"mismatches": "", "min_listeners": 1, "min_songs": 2, "core": 1}
    facts = ingest.facts(REPORT, taken, kept, CATALOGUE, False, asked)
    assert facts["read"] == {"users": 3, "songs": 2, "triplets": 4}
    assert (facts["users"], facts["songs"], facts["triplets"]) == (1, 2, 2)
    assert facts["filters"] == {"min_songs": 2}
    assert (facts["known_titles"], facts["item"], facts["rejected"]) == (0.5, "artist", {"no plays": 1})
    assert ingest.steps(taken)["triplets"].tolist() == [4, 2]
