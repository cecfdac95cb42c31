"""Arrays on disk: what a damaged folder, metadata or file comes to."""

import json
import os
import shutil
import zipfile

import numpy as np
import pytest
from scipy.sparse import csr_array

from songrec.arrays import SAMPLES, hash_of, load_arrays, save_arrays
from songrec.errors import DataError
from songrec.files import read_json


@pytest.fixture
def saved(tmp_path):
    save_arrays(tmp_path / "a", {"rows": np.arange(9), "m": csr_array(np.eye(4))}, {"note": "x"})
    return tmp_path / "a"


def test_what_was_saved_comes_back(saved):
    arrays, meta = load_arrays(saved)
    assert arrays["rows"].tolist() == list(range(9))
    assert (arrays["m"].toarray() == np.eye(4)).all()
    assert meta == {"note": "x"}


@pytest.mark.parametrize("name", ["meta.json", "rows.npy", "m.data.npy", "m.indices.npy", "m.indptr.npy"])
def test_one_altered_byte_anywhere_is_noticed_and_the_file_named(saved, name):
    good = (saved / name).read_bytes()
    for place in range(0, len(good), 7):
        bad = bytearray(good)
        bad[place] ^= 1
        (saved / name).write_bytes(bad)
        with pytest.raises(DataError, match=rf"{name}"):
            load_arrays(saved)


def _zip(path):
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.npy", b"x")


_HEADER = b"\x93NUMPY\x01\x00" + (9_000).to_bytes(2, "little") + b"(" * 9_000


@pytest.mark.parametrize(
    "damage",
    [
        _zip,
        os.unlink,
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(_HEADER),
        lambda path: (path.unlink(), os.mkfifo(path)),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: shutil.copy(path, path.with_name("other.npy")),
    ],
)
def test_files_that_are_no_arrays(saved, damage):
    damage(saved / "rows.npy")
    with pytest.raises(DataError, match=r"(rows|other)\.npy"):
        load_arrays(saved)


@pytest.mark.parametrize("text", ["[]", "{}", "3", "[" * 100_000, '{"sparse": null, "seal": 1}', ""])
def test_metadata_that_are_none(saved, text):
    (saved / "meta.json").write_text(text)
    with pytest.raises(DataError, match=r"meta\.json"):
        load_arrays(saved)


@pytest.mark.parametrize("part", ["indices", "indptr"])
def test_a_matrix_whose_indices_lead_out_of_it(tmp_path, part):
    matrix = csr_array(np.ones((3, 3)))
    getattr(matrix, part)[1] = 10**6
    save_arrays(tmp_path / "a", {"m": matrix})
    with pytest.raises(DataError, match="damaged"):
        load_arrays(tmp_path / "a")


def test_a_large_file_is_hashed_by_its_ends_and_samples(tmp_path, monkeypatch):
    monkeypatch.setattr("songrec.arrays.WHOLE", 1 << 20)
    path = tmp_path / "large"
    path.write_bytes(bytes(SAMPLES << 18))
    before, seen = hash_of(path), 0
    for place in (0, 1000, (SAMPLES << 18) - 1):
        content = bytearray(path.read_bytes())
        content[place] ^= 1
        path.write_bytes(content)
        seen += hash_of(path) != before
        before = hash_of(path)
    assert seen == 3


def test_json_names_its_file_whatever_is_wrong(tmp_path):
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(DataError, match=r"pipe\.json: it is not a regular file"):
        read_json(tmp_path / "pipe.json")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(DataError, match=r"list\.json: it holds a list, not a dict"):
        read_json(tmp_path / "list.json", dict)


def test_of_a_large_file_every_byte_is_looked_at_where_that_is_asked_for(saved, monkeypatch):
    monkeypatch.setattr("songrec.arrays.WHOLE", 10)
    monkeypatch.setattr("songrec.arrays.PIECE", 1)
    monkeypatch.setattr("songrec.arrays.SAMPLES", 2)
    save_arrays(saved, {"rows": np.arange(900)})
    bad = bytearray((saved / "rows.npy").read_bytes())
    bad[len(bad) // 2] ^= 1
    (saved / "rows.npy").write_bytes(bad)
    load_arrays(saved)
    with pytest.raises(DataError, match=r"rows.npy is damaged"):
        load_arrays(saved, whole=True)


def test_a_later_format_is_refused(saved):
    meta = read_json(saved / "meta.json")
    (saved / "meta.json").write_text(json.dumps(meta | {"format": 2}))
    with pytest.raises(DataError, match=r"is in format 2, and this version of songrec reads 1"):
        load_arrays(saved)
