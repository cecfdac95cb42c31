"""The temporal protocol: what must be found was new after what a model may see."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from any_split import pairs, parts, random_logs, some_log
from hypothesis import assume, settings
from hypothesis import given as cases
from hypothesis import strategies as st
from run_notebook import run_notebook

from songrec.data import Interactions
from songrec.errors import ConfigError, DataError
from songrec.files import read_json
from songrec.splits import Split, temporal, triplet_holdout, weak
from songrec.splits.temporal import FEWEST, cut_offs

DAY = 86_400


def timed(users, songs, first) -> Interactions:
    """A log, each pair played once, at these times."""
    log = Interactions.from_triplets(users, songs, np.ones(len(songs), int))
    first = np.asarray(first)[log.order]
    return replace(log, first=first, last=first)


def when(log) -> dict[tuple[str, str], tuple[int, int]]:
    """Each pair's first time, and its place in the log."""
    rows = np.repeat(np.arange(log.n_users), np.diff(log.plays.indptr))
    keys = zip(log.user_ids[rows].tolist(), log.song_ids[log.plays.indices].tolist(), strict=True)
    return dict(zip(keys, zip(log.first.tolist(), log.order.tolist(), strict=True), strict=True))


def attempt(log, **parameters) -> Split:
    try:
        return temporal(log, **parameters)
    except DataError:
        assume(False)


def of_user(part, user):
    return [pair for pair in part if pair[0] == user]


# each user's last new songs


@settings(max_examples=60, deadline=None)
@cases(log=random_logs)
def test_each_held_out_song_was_new_after_all_that_is_shown_of_its_user(log):
    split, times = attempt(log, test=0.3, validation=0.2), when(log)
    found = parts(split)
    for name in ("validation", "test"):
        for user in split.user_ids[getattr(split, name).users]:
            shown = [times[pair] for pair in of_user(found[f"{name}.fold_in"], user)]
            hidden = [times[pair] for pair in of_user(found[f"{name}.holdout"], user)]
            assert max(shown) < min(hidden)  # of the same second: by the place in the log
    assert not found["test.holdout"].keys() & found["final"].keys()
    assert found["final"] | found["test.holdout"] == pairs(log.plays, log.user_ids, log.song_ids)


@settings(max_examples=30, deadline=None)
@cases(log=random_logs, test=st.sampled_from([0.2, 0.5]), share=st.sampled_from([0.1, 0.4]))
def test_as_many_songs_of_each_user_are_held_out_as_under_weak(log, test, share):
    split, drawn = attempt(log, test=test, validation=share), weak(log, test=test, validation=share)
    for one, other in ((split.test, drawn.test), (split.validation, drawn.validation)):
        assert one.users.tolist() == other.users.tolist()
        assert np.diff(one.holdout.indptr).tolist() == np.diff(other.holdout.indptr).tolist()


def test_by_hand():
    """Ten songs of one user, the last of them heard first."""
    split = temporal(timed(["a"] * 10, [*"0123456789"], np.arange(10)[::-1] * DAY))
    assert split.test.holdout.indices.tolist() == [0, 1]
    assert split.validation.holdout.indices.tolist() == [2]
    assert split.train.indices.tolist() == [3, 4, 5, 6, 7, 8, 9]
    assert (split.protocol, split.test.users.tolist()) == ("temporal", [0])


def test_songs_of_the_same_second_stand_in_the_order_of_the_log():
    split = temporal(timed(["a"] * 5 + ["b"] * 5, [*"edcba", *"bcade"], [7] * 10))
    held = parts(split)["test.holdout"]
    assert held.keys() == {("a", "a"), ("b", "e")}  # the last line of either


# a cut-off


@settings(max_examples=60, deadline=None)
@cases(log=random_logs, until=st.sampled_from([0.5, 0.7, "1970-01-20"]))
def test_nothing_that_was_new_after_the_cut_off_is_shown(log, until):
    split, times = attempt(log, until=until, validation=0.1), when(log)
    ends, found = cut_offs(log, until, 0.1), parts(split)
    assert ends.validation <= ends.test
    first = {name: [times[pair][0] for pair in part] for name, part in found.items()}
    for name in ("train", "validation.fold_in"):
        assert max(first[name], default=0) <= ends.validation
    for name in ("final", "test.fold_in"):
        assert max(first[name]) <= ends.test
    assert all(ends.validation < time <= ends.test for time in first["validation.holdout"])
    assert min(first["test.holdout"]) > ends.test
    whole = pairs(log.plays, log.user_ids, log.song_ids)
    assert found["final"] == {pair: plays for pair, plays in whole.items() if times[pair][0] <= ends.test}


@settings(max_examples=30, deadline=None)
@cases(log=random_logs)
def test_users_are_tested_who_knew_enough_songs_and_found_a_new_one(log):
    split, end = attempt(log, until=0.6), cut_offs(log, 0.6, 0.1).test
    rows = np.repeat(np.arange(log.n_users), np.diff(log.plays.indptr))
    known = np.bincount(rows[log.first <= end], minlength=log.n_users)
    new = np.bincount(rows[log.first > end], minlength=log.n_users)
    assert split.test.users.tolist() == np.flatnonzero((known >= FEWEST) & (new > 0)).tolist()
    assert np.diff(split.test.holdout.indptr).tolist() == new[split.test.users].tolist()


def test_the_parts_have_the_shares_of_a_random_holdout():
    """Of a log whose times all differ, 70, 10 and 20 %: what `triplet_holdout` draws by default."""
    random = np.random.default_rng(0)
    users, songs = np.divmod(np.arange(4000), 100)
    split = temporal(timed(users, songs, random.permutation(4000)), until=0.8, validation=0.1)
    sizes = split.train.nnz, split.validation.holdout.nnz, split.test.holdout.nnz
    assert sizes == (2800, 400, 800)
    drawn = triplet_holdout(timed(users, songs, songs))
    assert (
        np.abs(
            np.subtract(sizes, (drawn.train.nnz, drawn.validation.holdout.nnz, drawn.test.holdout.nnz))
        ).max()
        < 150
    )


def test_a_date_stands_for_its_last_second_by_utc():
    midnight = int(datetime(2010, 6, 1, tzinfo=UTC).timestamp())
    log = timed(["a"] * 8, [*"abcdefgh"], [*range(midnight - 7, midnight + 1)])
    assert cut_offs(log, "2010-05-31", 0.3) == (midnight - 3, midnight - 1)
    assert parts(temporal(log, until="2010-05-31"))["test.holdout"].keys() == {("a", "h")}


def test_a_share_ends_at_a_first_play():
    log = timed(["a"] * 10, [*"abcdefghij"], range(100, 200, 10))
    assert cut_offs(log, 0.8, 0.1) == cut_offs(log, "0.8", 0.1) == (160, 170)


def test_songs_that_nobody_knew_stay_in_the_holdout():
    log = timed(["a"] * 6 + ["b"] * 6, [*"uvwxyz", *"uvwxyn"], [*range(6), *range(6)])
    split = temporal(log, until=0.8, validation=0.1)
    assert parts(split)["test.holdout"].keys() == {("a", "z"), ("b", "n")}
    assert split.song_ids.tolist() == log.song_ids.tolist()


def test_another_future_changes_nothing_that_a_model_is_given():
    """After the cut-off other songs at other times: the same matrices, byte by byte."""
    log = some_log()
    end = cut_offs(log, "1970-01-28", 0.1).test
    later = log.first > end
    songs = log.plays.indices.copy()
    rows = np.repeat(np.arange(log.n_users), np.diff(log.plays.indptr))
    for user in range(log.n_users):
        mine = rows == user
        free = np.setdiff1d(np.arange(log.n_songs), songs[mine & ~later])
        songs[mine & later] = free[-int((mine & later).sum()) :] if (mine & later).any() else 0
    times = np.where(later, log.first + 5 * DAY, log.first)
    by_log = np.argsort(log.order)
    other = Interactions.from_codes(
        *(array[by_log] for array in (rows, songs, log.plays.data)),
        log.user_ids,
        log.song_ids,
        times[by_log],
        times[by_log],
    )
    one, two = (temporal(each, until="1970-01-28") for each in (log, other))
    assert parts(one)["test.holdout"] != parts(two)["test.holdout"]
    for a, b in zip(shown(one), shown(two), strict=True):
        assert bytes_of(a) == bytes_of(b)


def shown(split):
    return split.train, split.final_train(), split.validation.holdout, split.test.fold_in


def bytes_of(matrix):
    return [array.tobytes() for array in (matrix.indptr, matrix.indices, matrix.data)]


# both


@pytest.mark.parametrize("until", ["", 0.7])
def test_the_same_bytes_twice(until, tmp_path):
    for name in ("one", "two"):
        temporal(some_log(), until=until).save(tmp_path / name)
    one, two = ({f.name: f.read_bytes() for f in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two


@pytest.mark.parametrize("until", ["", 0.7])
def test_a_log_as_it_is_read_from_disk(until, tmp_path):
    log = some_log()
    log.save(tmp_path / "log")
    assert parts(temporal(Interactions.load(tmp_path / "log"), until=until)) == parts(
        temporal(log, until=until)
    )


@pytest.mark.parametrize("until", ["", 0.8])
def test_one_user(until):
    split = temporal(timed(["a"] * 10, [*"abcdefghij"], range(10)), until=until)
    assert parts(split)["test.holdout"].keys() == {("a", "i"), ("a", "j")}
    assert parts(split)["validation.holdout"].keys() == {("a", "h")}


@pytest.mark.parametrize("until", ["", 0.8, "2010-05-31"])
def test_a_log_without_times(until):
    with pytest.raises(
        ConfigError, match=r"protocol 'temporal' .* no times: .* `time` \(a parameter of ingest\)"
    ):
        temporal(replace(some_log(), first=None, last=None), until=until)


def test_nothing_is_after_a_cut_off_when_all_times_are_the_same():
    log = timed(["a"] * 10, [*"abcdefghij"], [DAY] * 10)
    assert temporal(log).test.holdout.nnz == 2
    with pytest.raises(
        DataError, match=r"nothing was first played after 1970-01-02 00:00:00, .* to 1970-01-02"
    ):
        temporal(log, until=0.5)


@pytest.mark.parametrize(
    ("until", "said"),
    [("1969-12-31", "until 1969-12-31 23:59:59"), ("9999-12-31", "after 9999-12-31 23:59:59")],
)
def test_a_cut_off_outside_of_the_log(until, said):
    log = timed(["a"] * 10, [*"abcdefghij"], range(10))
    with pytest.raises(
        DataError, match=f"nothing was first played {said}, and the log's first plays go from"
    ):
        temporal(log, until=until)


@pytest.mark.parametrize("until", ["May", "2010-31-05", 0, 1, 1.5, "-0.2", True, "nan", None])
def test_what_is_no_cut_off(until):
    with pytest.raises(ConfigError, match=r"until must be a date such as 2010-05-31, or a share between"):
        temporal(some_log(), until=until)


def test_shares_that_leave_nothing():
    with pytest.raises(ConfigError, match=r"test \+ validation = 1: nothing would be left to train on"):
        temporal(some_log(), test=0.6, validation=0.4)
    with pytest.raises(ConfigError, match="validation must be a share"):
        temporal(some_log(), until=0.8, validation=0)
    with pytest.raises(DataError, match=r"20 of 40 pairs .* leaves nothing to train on with a share of 0.5"):
        temporal(timed(np.arange(40) // 10, np.arange(40) % 10, range(40)), until=0.5, validation=0.5)


@pytest.mark.parametrize("until", ["", 0.8])
def test_logs_that_are_too_small(until):
    none = some_log().select(users=np.zeros(40, bool))
    with pytest.raises(DataError, match="the log holds no triplets"):
        temporal(none, until=until)
    with pytest.raises(DataError, match=r"longest history has 1 songs|after 1970-01-01 00:00:09"):
        temporal(timed(["a"], ["x"], [9]), until=until)


def test_nobody_who_can_be_tested():
    with pytest.raises(DataError, match=f"until: no user knew {FEWEST} songs by 1970-01-01 00:00:03"):
        temporal(timed(["a"] * 8, [*"abcdefgh"], range(8)), until=0.5, validation=0.2)
    with pytest.raises(DataError, match="no user has anything held out for test"):
        temporal(timed(list("aabb"), list("xyxy"), range(4)))


# the stages: from a file with a column of times


def divide_a_file(folder, patch, **parameters):
    """The split of a file in which nine users hear a song a day, and the facts of the study."""
    rows = [f"u{day % 9},s{day // 9 * 5 % 17:02},{DAY * day}" for day in range(9 * 17)]
    (folder / "log.csv").write_text("\n".join(["who,what,when", *rows]))
    asked = {
        "source": "triplets",
        "path": [str(folder / "log.csv")],
        "columns": ["who", "what"],
        "header": True,
    }
    outputs = ("triplets", "rejects", "songs", "interactions", "predefined")
    run_notebook(patch, "01_ingest", folder, {}, outputs, **asked, time="when")
    made = {name: folder / name for name in outputs}
    tables = run_notebook(patch, "03_split", folder, made, ("split",), protocol="temporal", **parameters)
    return Split.load(folder / "split"), read_json(tables / "facts.json")


def test_the_stages_divide_a_file_by_its_times(tmp_path, monkeypatch):
    split, facts = divide_a_file(tmp_path, monkeypatch)
    last = [f"s{place * 5 % 17:02}" for place in (14, 15, 16)]  # of each user's 17 songs
    assert parts(split)["test.holdout"].keys() == {(f"u{user}", song) for user in range(9) for song in last}
    assert facts["parameters"] == {"test": 0.2, "validation": 0.1}


def test_the_stages_divide_a_file_at_a_cut_off(tmp_path, monkeypatch):
    split, facts = divide_a_file(tmp_path, monkeypatch, until="1970-05-01")  # day 120 of 0 to 152
    assert facts["cut_offs"] == {"validation": "1970-04-16 00:00:00", "test": "1970-05-01 23:59:59"}
    assert (split.train.nnz, split.validation.holdout.nnz, split.test.holdout.nnz) == (106, 15, 32)
    assert facts["test"]["users"] == 9
