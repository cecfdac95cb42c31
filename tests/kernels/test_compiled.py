"""Compiled loops: kept on disk, in whatever place there is; the same selection as a full sort."""

import subprocess
import sys

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from songrec.kernels.compiled import compiled
from songrec.kernels.selection import select, sort

COUNTED = """
from songrec.kernels.selection import select
import numpy as np
values, codes = np.arange(5.0), np.arange(5, dtype=np.int32)
select(values, codes, 5, 2)
print(sorted(values[:2].tolist()), len(select.stats.cache_misses), len(select.stats.cache_hits))
"""


@pytest.mark.slow
def test_a_second_process_compiles_nothing(tmp_path):
    """In a place of its own, as where the package's folder cannot be written."""

    def run():
        place = {"NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": ":".join(sys.path)}
        return subprocess.run([sys.executable, "-c", COUNTED], env=place, capture_output=True, text=True)

    assert [run().stdout for _ in range(2)] == ["[3.0, 4.0] 1 0\n", "[3.0, 4.0] 0 1\n"]
    assert list(tmp_path.rglob("*.nbi"))


def test_without_any_place_to_keep_it_a_loop_is_compiled_all_the_same(monkeypatch):
    njit = numba.njit

    def refuse(*function, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(*function, **options)

    monkeypatch.setattr(numba, "njit", refuse)
    assert compiled(lambda x: x + 1)(1) == 2


@settings(max_examples=200, deadline=None)
@given(values=st.lists(st.integers(0, 5), min_size=1, max_size=40), data=st.data())
def test_the_best_come_first_and_the_last_of_them_at_its_place(values, data):
    k = data.draw(st.integers(1, len(values)))
    worth, codes = np.array(values, float), np.random.default_rng(0).permutation(len(values)).astype(np.int32)
    expected = sorted(zip(-worth, codes.tolist(), strict=True))[:k]
    select(worth, codes, len(values), k)
    assert (-worth[k - 1], codes[k - 1]) == expected[-1]
    sort(worth, codes, k)
    assert list(zip(-worth[:k], codes[:k].tolist(), strict=True)) == expected
