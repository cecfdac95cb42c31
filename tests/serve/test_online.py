"""The commands over the events of a folder, and a trial from the listeners to the report and the next log."""

import numpy as np
import pytest
from made_events import play, shown

from songrec.cli import main
from songrec.data import SyntheticWorld, triplets
from songrec.evaluation.interleaving import compare_online, credits_of
from songrec.serve.events import EventLog, Impression, Play
from songrec.serve.online import report
from songrec.splits import weak
from songrec.studies import trial


@pytest.fixture
def folder(tmp_path):
    with EventLog(tmp_path / "events") as log:
        log.append([shown(n, user=f"u{n}") for n in range(40)])
        log.append([play(n, user=f"u{n}", song="s1", list=f"list-{n}", plays=2) for n in range(30)])
        log.append([play(f"{n}b", user=f"u{n}", song="s2", list=f"list-{n}") for n in range(5)])
        log.append([play("alone", user="bob", song="s3")])
    return tmp_path / "events"


def test_plays_become_a_log(folder, tmp_path, capsys):
    out = tmp_path / "plays.txt"
    assert main(["events", str(folder), "--out", str(out)]) == 0
    assert capsys.readouterr().out == f"{out}: 36 triplets of 31 users, 66 plays\n"
    assert sorted(out.read_text().splitlines())[0] == "bob\ts3\t1"
    assert next(iter(triplets(out).read())) is not None


def test_a_trial_is_reported(folder, capsys):
    assert main(["compare-online", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "interleaved" in said
    assert "Split" not in said
    assert said.splitlines()[1].split()[:3] == ["interleaved", "x", "y"]
    row = report(folder).iloc[0]
    assert (row["n_users"], row["value"]) == (40, pytest.approx(25 / 40))


@pytest.mark.parametrize("command", [["compare-online"], ["events", "--out", "x.txt"]])
def test_a_folder_without_events(command, tmp_path, capsys):
    assert main([command[0], str(tmp_path), *command[1:]]) == 1
    assert "holds no events" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
    EventLog(tmp_path).close()
    assert main([command[0], str(tmp_path), *command[1:]]) == 1
    assert "to /v1/events first" in capsys.readouterr().err


def test_the_studys_listeners_through_the_log(tmp_path):
    """What listeners of the synthetic world do, kept as events, gives the report that the study gives."""
    world = SyntheticWorld(users=120, songs=150, seed=5)
    split = weak(world.interactions(), test=0.2)
    names = {"popularity": "Popularity", "item_knn": "ItemKNN"}
    tuned = {name: {"estimator": estimator, "hyperparameters": {}} for name, estimator in names.items()}
    lists, listener = trial.lists_of(tuned, split, 6), trial.Listener(20, 1.0)
    liked = trial.likings(world, split, lists, listener)
    user_ids = split.user_ids[split.test.users]
    items, plays = trial.events(*names, lists, liked, user_ids, listener, 2, 0)
    expected = compare_online(credits_of(items, plays))
    events = []
    for name, of in items.groupby("list"):
        told = [
            {"song": split.song_ids[row.song], "position": row.position, "version": row.version}
            for row in of.itertuples()
        ]
        user = of["user"].iloc[0]
        events.append(Impression(id=f"shown {name}", user=user, list=name, items=told))
    for row in plays.itertuples():
        song = split.song_ids[row.song]
        events.append(Play(id=f"{row.list} {song}", user=row.user, song=song, list=row.list))
    with EventLog(tmp_path) as log:
        for part in np.array_split(np.arange(len(events)), 7):
            log.append([events[number] for number in part])
        assert log.append(events).taken == 0
    found = report(tmp_path)
    assert found.drop(columns=["p"]).round(9).equals(expected.drop(columns=["p"]).round(9))
    assert found["design"].tolist() == ["interleaved", "split"]
    assert found["version"].tolist() == ["item_knn", "item_knn"]
