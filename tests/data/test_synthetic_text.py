"""The synthetic log as a text file: the same log, written once."""

import numpy as np

from songrec.data import Asked, SyntheticWorld, find_source, read_log
from songrec.data.synthetic_text import text_file


def test_the_text_holds_the_world_and_is_written_once(tmp_path, monkeypatch):
    monkeypatch.setenv("SONGREC_DATA", str(tmp_path))
    world = SyntheticWorld(users=300, songs=200, seed=4)
    asked, rejects = Asked(world=world), tmp_path / "rejects.parquet"
    made, (report, read) = (
        read_log(find_source(name).open(asked), rejects) for name in ("synthetic", "synthetic-text")
    )
    assert (report, read.fingerprint()) == (made[0], made[1].fingerprint())
    file = text_file(world)
    assert file.is_relative_to(tmp_path / "raw")
    written = file.stat().st_mtime_ns
    assert text_file(world) == file
    assert file.stat().st_mtime_ns == written
    assert text_file(SyntheticWorld(users=300, songs=200, seed=5)) != file


def test_a_damaged_text_is_written_again(tmp_path, monkeypatch):
    monkeypatch.setenv("SONGREC_DATA", str(tmp_path))
    world = SyntheticWorld(users=50, songs=100)
    file = text_file(world)
    good = file.read_bytes()
    file.write_bytes(good[:-10])
    assert text_file(world).read_bytes() == good
    file.with_suffix(".json").unlink()
    assert text_file(world).read_bytes() == good


def test_a_text_of_another_version_of_the_world_is_written_again(tmp_path, monkeypatch):
    monkeypatch.setenv("SONGREC_DATA", str(tmp_path))
    world = SyntheticWorld(users=50, songs=100)
    old = text_file(world).read_bytes()
    monkeypatch.setattr(SyntheticWorld, "song_ids", np.char.add("SONEW", np.arange(1000, 1100).astype(str)))
    assert text_file(SyntheticWorld(users=50, songs=100)).read_bytes() != old
