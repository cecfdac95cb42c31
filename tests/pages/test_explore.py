"""What the page of the log says, from the tables of logs that are made up."""

import pytest
from any_split import random_log
from made_up import breakable, frame, made_up_run

from songrec.data import Interactions
from songrec.errors import DataError
from songrec.pages import explore
from songrec.show.figure import Figure
from songrec.studies import distributions
from songrec.studies import explore as study

LOG = Interactions.from_triplets(["u1", "u1", "u2"], ["a", "b", "a"], [1, 1, 5])
ONE = Interactions.from_triplets(["u1"] * 3, list("abc"), [3, 4, 5])


def of(tmp_path, log, **options):
    users, songs = study.songs_per_user(log), study.listeners_per_song(log)
    tail, real = study.long_tail(log), study.beside_real(log)
    spread = {"songs per user": users, "listeners per song": songs, "plays per interaction": log.plays.data}
    tables = {
        "summary": study.summary(log),
        "sparsity": study.density_grid(log),
        "quantiles": distributions.quantiles(spread),
        "songs_per_user": distributions.survival(users),
        "listeners_per_song": distributions.survival(songs),
        "long_tail": tail,
        "top_shares": study.top_shares(tail),
        "plays": study.play_bins(log.plays.data),
        "beside_real": real,
        "real_points": study.real_points(real),
        "own_curves": study.own_curves(log),
    }
    facts = {"fingerprint": "abc", "few_listeners": study.few_listeners(log)}
    return made_up_run(tmp_path, tables, facts, stage="explore", **options)


def test_facts(tmp_path):
    facts = explore.facts(of(tmp_path, LOG))
    assert (facts["users"], facts["songs"], facts["density"], facts["median"]) == (2, 2, 0.75, 1)
    assert facts["head"] == {"1 %": pytest.approx(2 / 3), "10 %": pytest.approx(2 / 3)}
    assert (facts["few"], facts["once"]) == (1, pytest.approx(2 / 3))
    assert facts["here"]["mean"] == 1.5
    assert facts["there"]["ones"] == pytest.approx(0.587, abs=0.001)


def test_sentences_are_whole(tmp_path):
    text = breakable(explore.findings(of(tmp_path, LOG, item="movie")))
    assert "fills 75 % of the matrix of its 2 users and 2 movies. A user has 1.5 movies on average" in text
    assert "67 % of the interactions are single events. For most interactions the count adds nothing" in text
    assert "here it is 1.5 movies" in text
    one = breakable(explore.findings(of(tmp_path, ONE)))
    assert "of its 1 user and 3 songs. The user has 3 songs; there is nothing else to rank." in one
    assert "The most popular song holds" in one
    assert "None of the interactions is a single play. For most interactions the count says more" in one


def test_a_full_log_without_counts(tmp_path):
    full = random_log(seed=0, users=30, songs=20, density=1.0)
    full.plays.data[:] = 1
    text = breakable(explore.findings(of(tmp_path, full, item="product")))
    assert "A user has 20 products on average (median 20); there is nothing else to rank." in text
    assert "Every interaction is a single event: there are no counts to learn from." in text


def test_shares_and_counts_are_written_each_in_their_way(tmp_path):
    table = explore.figures(of(tmp_path, LOG, item="artist"))
    shown = zip(*(table.columns[name].cells for name in ("of", "figure", "this log")), strict=True)
    rows = {(of, figure): text for of, figure, text in shown}
    assert rows["artists per user", "mean"] == "1.50"
    assert rows["plays per interaction", "share of ones"] == "67 %"
    assert rows["plays per interaction", "most"] == "5"


@pytest.mark.parametrize("item", ["song", "artist"])
def test_figures_name_the_item_and_say_which_axes_are_logarithmic(tmp_path, item):
    run = of(tmp_path, random_log(seed=0, users=60, songs=50, density=0.2), item=item)
    draw = (explore.activity, explore.long_tail, explore.plays, explore.sparsity, explore.beside_real)
    for figure in (each(run) for each in draw):
        assert isinstance(figure, Figure)
        axes = figure.canvas.axes
        assert item in " ".join(each.get_xlabel() + each.get_ylabel() for each in axes)
        for axis in (axis for each in axes for axis in (each.xaxis, each.yaxis)):
            if axis.get_label_text():
                assert (axis.get_scale() == "log") == ("log scale" in axis.get_label_text())
        assert ("log scale" in figure.caption) == ("logarithmic" in figure.alt)
        assert figure.svg()


def test_a_log_that_lacks_a_table_is_named(tmp_path):
    made = of(tmp_path, LOG)
    bare = made_up_run(tmp_path, name="bare", title="Bare log")
    figure = explore.tails([made, bare])
    assert "The long tail is not on record for Bare log." in figure.caption
    assert set(figure.drawn["log"]) == {made.title}
    with pytest.raises(DataError, match="publish it anew"):
        explore.tails([bare])


def test_the_synthetic_log_lies_over_the_real_ones(tmp_path):
    made = of(tmp_path, LOG)
    sizes = frame("part value share_at_least", [["fold_in", 3, 1.0], ["fold_in", 9, 0.5]])
    made_up_run(tmp_path, {("split", "sizes"): sizes}, name="msd-scale", title="Made", synthetic=True)
    figure = explore.tails([made])
    assert "Made" in figure.alt
    assert "stroke-dasharray" in figure.svg()
