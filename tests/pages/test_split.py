"""What the page of the split says, from facts that are made up."""

import pandas as pd
import pytest
from made_up import breakable, frame, made_up_run

from songrec.pages import split

FACTS = {
    "protocol": "weak",
    "seed": 0,
    "users": 10,
    "songs": 5,
    "test": {"users": 8, "fold_in": 100, "holdout": 20},
    "test_unseen": 2,
}
LATER = {"protocol": "temporal"}
CUT = LATER | {"cut_offs": {"validation": "2010-04-11 08:00:00", "test": "2010-05-31 23:59:59"}, "fewest": 5}
ONE = {"users": 1, "test": {"users": 1, "fold_in": 1, "holdout": 1}}


def run(tmp_path, changed, tables=None, **options):
    return made_up_run(tmp_path, tables, FACTS | changed, stage="split", **options)


def test_facts(tmp_path):
    facts = split.facts(run(tmp_path, {}))
    assert (facts["mean"], facts["untested"], facts["unseen_share"]) == (2.5, 2, 0.1)
    assert split.facts(run(tmp_path, {"protocol": "strong"}))["untested"] == 0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "8 users of the log `made-up` are tested. A model sees 100 interactions of these users"),
        ({}, "of these users and must find 20 others, 2.5 per user on average."),
        ({}, "2 users have nothing held out: a model learns from them, but is not tested on them."),
        ({}, "2 held-out interactions (10 %) concern movies that nobody has in training: no model here"),
        (ONE, "1 user of the log `made-up` is tested. A model sees 1 interaction of this user and must"),
        (ONE, "must find 1 other."),
        ({"users": 9}, "1 user has nothing held out: a model learns from this user, but is not tested on"),
        (LATER, "Under the protocol `temporal`, 8 users of the log `made-up` are tested."),
        (
            LATER,
            "the movies that were new to a user last. Models also learn from what other users chose later.",
        ),
        (CUT, "The cut-off is 2010-05-31 (UTC): what a user first chose after it must be found, and models"),
        (CUT, "Their parameters are chosen by what came after 2010-04-11."),
        (CUT, "2 users are not tested: they knew fewer than 5 movies at the cut-off, or chose no new one"),
        (CUT | {"users": 9}, "1 user is not tested: this user knew fewer than 5 movies at the cut-off, or"),
        ({"test_unseen": 1}, "1 held-out interaction (5.0 %) concerns a movie that nobody has in training"),
    ],
)
def test_sentences_are_whole_in_every_case(tmp_path, changed, said):
    assert said in breakable(split.findings(run(tmp_path, changed, item="movie")))


def test_what_does_not_occur_is_not_said(tmp_path):
    text = split.findings(run(tmp_path, {"users": 8, "test_unseen": 0}))
    assert "nobody has" not in text
    assert "nothing held out" not in text
    assert "cut-off" not in text
    cut = split.findings(made_up_run(tmp_path, facts={"split": FACTS | CUT}))
    assert "nothing held out" not in cut
    assert "learnt from" not in cut


def test_the_figure_names_the_item_and_its_medians(tmp_path):
    sizes = [["fold_in", 1, 1.0], ["fold_in", 4, 0.5], ["holdout", 2, 1.0]]
    spread = [["fold_in", 1, 4, 2.5, 4, 4, 4], ["holdout", 2, 2, 2.0, 2, 2, 2]]
    heads = ["of", "min", "median", "mean", "90 %", "99 %", "max"]
    tables = {"sizes": frame("part value share_at_least", sizes)}
    tables["size_quantiles"] = pd.DataFrame(spread, columns=heads)
    made = run(tmp_path, {}, tables, item="artist")
    figure = split.sizes(made)
    assert "at least 4 to the model" in figure.alt
    assert "artists of a user (log scale)" in figure.svg()
    assert split.size_quantiles(made).columns["mean"].cells == ["2.5", "2.0"]
