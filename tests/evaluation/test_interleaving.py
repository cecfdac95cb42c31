"""Splits that stick, team draft by its definition, and what trials say, against the plain way."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind

from songrec.errors import ConfigError, DataError
from songrec.evaluation.interleaving import arm_of, compare_online, credits_of, team_draft, welch

ids = st.lists(st.integers(0, 30), unique=True, max_size=20)


def test_a_split_sticks_and_has_its_shares():
    users = [f"user {n}" for n in range(20_000)]
    arms = np.array([arm_of(user, (1, 2, 1)) for user in users])
    assert np.bincount(arms) / len(users) == pytest.approx([0.25, 0.5, 0.25], abs=0.01)
    assert arms.tolist() == [arm_of(user, (1, 2, 1)) for user in users]
    other = np.array([arm_of(user, (1, 2, 1), trial="another") for user in users])
    together = np.mean((arms == 1) & (other == 1))
    assert together == pytest.approx(0.25, abs=0.01), "trials divide independently"


def test_a_split_does_not_depend_on_the_machine():
    assert [arm_of(user, (0.5, 0.5), "t") for user in ("ann", "bob", "eve", "🎵", "")] == [1, 1, 0, 0, 0]


@pytest.mark.parametrize("shares", [(), (0.5, 0), (1, -1)])
def test_shares_that_are_none(shares):
    with pytest.raises(ConfigError, match="above 0"):
        arm_of("ann", shares)


@given(ids, ids, st.integers(0, 40), st.text(max_size=5))
def test_a_draft_is_fair_and_full(first, second, n, key):
    """As many items as there are, each once; each team's in its own order; never two picks ahead."""
    items, teams = team_draft(first, second, n, key)
    assert len(items) == len(teams) == min(n, len({*first, *second}))
    assert len(set(items)) == len(items)
    for team, ranking in enumerate((first, second)):
        own = [ranking.index(item) for item, whose in zip(items, teams, strict=True) if whose == team]
        assert own == sorted(own)
    # While both still have something to give, picks come in rounds of one each.
    for end in range(2, len(items) + 1, 2):
        if all(set(ranking) - set(items[: end - 1]) for ranking in (first, second)):
            assert sorted(teams[end - 2 : end]) == [0, 1]
    for place, (item, team) in enumerate(zip(items, teams, strict=True)):
        ranking = (first, second)[team]
        assert item == next(one for one in ranking if one not in items[:place]), "the highest one left"


def test_coins_are_even_and_a_key_is_a_list():
    firsts = [team_draft("ab", "cd", 4, f"list {n}")[1] for n in range(4_000)]
    assert np.mean([teams[0] for teams in firsts]) == pytest.approx(0.5, abs=0.03)
    assert np.mean([teams[2] for teams in firsts]) == pytest.approx(0.5, abs=0.03)
    assert np.mean([teams[0] == teams[2] for teams in firsts]) == pytest.approx(0.5, abs=0.03)
    assert team_draft("ab", "cd", 4, "x") == team_draft("ab", "cd", 4, "x")


def test_padding_ends_a_list():
    assert team_draft([4, -1, -1], [-1, -1], 5, "x") == ([4], [0])
    assert team_draft([], [], 5, "x") == ([], [])


def made_up(rates, users=200, lists=2, seed=0, split=False):
    """Lists of two items, one of each version, or of one version; played with these chances."""
    rng, items, plays = np.random.default_rng(seed), [], []
    for user in range(users):
        for name in range(lists):
            for song, version in enumerate(["x", "y"]):
                whose = ["x", "y"][user % 2] if split else version
                items.append([f"{user}.{name}", f"u{user}", song, whose])
                if rng.random() < rates[whose]:
                    plays.append([f"{user}.{name}", f"u{user}", song])
    return (
        pd.DataFrame(items, columns=["list", "user", "song", "version"]),
        pd.DataFrame(plays, columns=["list", "user", "song"]),
    )


def test_credits_are_counted_as_by_hand():
    items = pd.DataFrame(
        [
            ["1", "ann", "a", "x"],
            ["1", "ann", "b", "y"],
            ["2", "ann", "a", "x"],
            ["2", "ann", "c", "y"],
            ["3", "bob", "a", "x"],
            ["4", "bob", "a", "x"],
            ["5", "eve", "a", "x"],
            ["5", "eve", "b", "y"],
            ["5", "eve", "c", "z"],
        ],
        columns=["list", "user", "song", "version"],
    )
    plays = pd.DataFrame(
        [
            ["1", "ann", "a"],
            ["1", "ann", "a"],  # twice from one list counts once
            ["2", "ann", "c"],
            ["2", "ann", "b"],  # was not in that list
            [None, "ann", "a"],  # from no list
            ["3", "ann", "a"],  # from somebody else's list
            ["4", "bob", "a"],
            ["5", "eve", "a"],  # three versions: not counted
        ],
        columns=["list", "user", "song"],
    )
    found = credits_of(items, plays)
    assert found.to_numpy().tolist() == [
        ["ann", "x", "y", 2, 1],
        ["ann", "y", "x", 2, 1],
        ["bob", "x", "", 2, 1],
    ]
    doubled = credits_of(pd.concat([items, items]), plays)
    assert doubled.equals(found), "an impression that came twice shows nothing twice"


def test_interleaving_finds_the_better_version():
    report = compare_online(credits_of(*made_up({"x": 0.2, "y": 0.4})))
    assert report["design"].tolist() == ["interleaved"]
    row = report.iloc[0]
    assert (row["version"], row["than"], row["n_users"], row["lists"]) == ("y", "x", 200, 400)
    assert row["ci_low"] < 0.2 < row["ci_high"]
    assert row["ci_low"] > 0
    assert row["p"] < 0.001
    assert 0 < row["wins"] < 1


def test_a_split_is_a_comparison_of_means():
    credits = credits_of(*made_up({"x": 0.2, "y": 0.4}, split=True))
    row = compare_online(credits).iloc[0]
    assert (row["design"], row["version"], row["than"]) == ("split", "y", "x")
    by = {version: of["played"] / of["lists"] for version, of in credits.groupby("version")}
    expected = ttest_ind(by["y"], by["x"], equal_var=False)
    assert row["p"] == pytest.approx(expected.pvalue)
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(expected.confidence_interval()))


def test_who_saw_two_versions_alone_is_in_no_split():
    items, plays = made_up({"x": 0.2, "y": 0.4}, split=True)
    more = items.assign(version="y", list="later", user="u0")
    report = compare_online(credits_of(pd.concat([items, more]), plays))
    assert report["n_users"].item() == 199


def test_equal_versions_are_rarely_told_apart():
    p = [compare_online(credits_of(*made_up({"x": 0.3, "y": 0.3}, 60, 1, n)))["p"].item() for n in range(60)]
    assert np.mean(np.array(p) < 0.05) < 0.17


def test_one_version_is_no_trial():
    items, plays = made_up({"x": 0.2, "y": 0.4})
    with pytest.raises(DataError, match="no two versions"):
        compare_online(credits_of(items.assign(version="x"), plays))


def test_means_of_too_few():
    assert np.isnan(welch(np.array([1.0]), np.array([0.0, 1.0]))[1:]).all()
    assert np.isnan(welch(np.ones(3), np.ones(3))[1:]).all()
