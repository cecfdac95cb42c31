"""The routine end to end, with real servers: run, record, gate, service, events, the next night, and back."""

import shutil

import numpy as np
import pytest

from songrec.extras import missing

if line := missing("tracking") or missing("serve"):
    pytest.skip(f"the routine {line}", allow_module_level=True)

if not shutil.which("redis-server"):
    pytest.skip("redis-server is not installed: apt-get install redis-server", allow_module_level=True)

pytestmark = pytest.mark.slow


def test_two_nights(tmp_path):
    from nights import NEW_SONG, NEWCOMER, two_nights

    from songrec.serve.run import open_run

    told = two_nights(tmp_path)
    assert set(told.statuses) == {200}  # while versions went live and were taken back
    assert told.statuses[200] > 200
    assert [version.split("-")[1] for version in told.versions] == ["1", "2", "1"]
    assert "no model was live" in told.said["first night: gate"]
    assert "72 triplets of 61 users" in told.said["second night: events"]
    refused, promoted = (told.said[f"second night: gate, {how}"] for how in ("refused", "promoted"))
    assert "the champion is kept: it is significantly worse" in refused
    assert "promoted: it is significantly better" in promoted
    assert "is version 1" in told.said["rollback"]
    before, after = told.versions[:2]
    assert (told.newcomer[before], told.newcomer[after]) == ("fold_in", "known_user")
    folders = {
        path.name.split("-")[0]: path for path in (tmp_path / "work/data/registry/songbook").glob("[0-9]*")
    }
    assert set(folders) == {"1", "2"}
    for version in (before, after):
        run = open_run("nights", folders[version.split("-")[1]])
        (label,) = (path.name for path in (run.paths.processed / "models").iterdir())
        model = run.load(label)
        for user, songs in told.lists[version].items():
            row = np.flatnonzero(run.log.user_ids == user)
            listed, _ = model.recommend(run.log.plays[row], 10)
            assert run.song_ids[listed[0]].tolist() == songs
    assert {NEWCOMER} < set(run.log.user_ids)
    assert NEW_SONG in run.log.song_ids
