"""A disk that is full: a clear error, and nothing half-written."""

import errno
import subprocess
import sys
import textwrap

import pyarrow.parquet as pq
import pytest

from songrec.data import Catalogue, ingest, triplets
from songrec.errors import DataError


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "log.txt"
    path.write_text("".join(f"user{i:05}\tsong{i * 7919 % 10007:05}\t1\n" for i in range(30_000)))
    return path


def full(*_, **__):
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize("name", ["triplets.parquet", "rejects.parquet"])
def test_no_space_at_the_writer(log, tmp_path, monkeypatch, name):
    out = tmp_path / "out"
    if name == "rejects.parquet":
        log.write_text(log.read_text() + "broken\n")
    write = pq.ParquetWriter.write_table

    def write_table(writer, table, **how):
        (full if ("reason" in table.column_names) == (name == "rejects.parquet") else write)(
            writer, table, **how
        )

    monkeypatch.setattr(pq.ParquetWriter, "write_table", write_table)
    with pytest.raises(DataError, match=f"cannot write .*{name}.*No space left on device"):
        ingest(triplets(log), out / "triplets.parquet", out / "rejects.parquet")
    # The rejected lines are kept whatever happens to the others.
    assert [path.name for path in out.iterdir()] == ["rejects.parquet"][: name != "rejects.parquet"]


def test_no_space_for_the_titles(tmp_path, monkeypatch):
    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(DataError, match=r"cannot write .*songs\.parquet: No space left"):
        Catalogue.from_columns(["s"], ["t"]).save(tmp_path / "songs.parquet")
    assert list(tmp_path.iterdir()) == []


def test_a_limit_on_the_size_of_files(log, tmp_path):
    """RLIMIT_FSIZE: the system itself refuses to write on, in the middle of a file."""
    program = """
        import resource, sys
        from pathlib import Path
        from songrec.data import ingest, triplets
        from songrec.errors import DataError
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        log, out = map(Path, sys.argv[1:])
        try:
            ingest(triplets(log), out / "triplets.parquet", out / "rejects.parquet")
        except DataError as error:
            sys.exit(f"told: {error}")
    """
    out = tmp_path / "out"
    command = [sys.executable, "-c", textwrap.dedent(program), str(log), str(out)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1, done.stderr
    assert f"told: cannot write {out / 'triplets.parquet'}" in done.stderr
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(out.glob("*triplets*"))
    assert not list(out.glob(".*"))
