"""Costs are measured, not guessed."""

import os
import subprocess
import sys
import time
from contextlib import suppress

from threadpoolctl import threadpool_info

from songrec import measure

_PEAK = "from songrec.measure import peak_mb; x = bytearray({size} * 10**6); print(peak_mb())"


def test_seconds_are_wall_clock_even_when_the_block_fails():
    with suppress(ValueError), measure.timed() as cost:
        time.sleep(0.05)
        raise ValueError
    assert 0.05 <= cost.seconds < 5


def test_the_peak_is_this_process_s_own_and_grows_with_what_it_held():
    """A child of a large process must not be charged for its parent."""
    ballast = bytearray(300 * 10**6)
    peaks = [[sys.executable, "-c", _PEAK.format(size=size)] for size in (1, 200)]
    small, large = (float(subprocess.check_output(command)) for command in peaks)
    assert len(ballast) > 0
    assert small < 150
    assert 190 < large - small < 215


def test_threads_are_held_within_the_block_and_given_back():
    import numpy as np

    np.ones((4, 4)) @ np.ones((4, 4))
    before = [pool["num_threads"] for pool in threadpool_info()]
    assert before
    with measure.threads(1):
        assert {pool["num_threads"] for pool in threadpool_info()} == {1}
        assert os.environ["OMP_NUM_THREADS"] == "1"
    assert [pool["num_threads"] for pool in threadpool_info()] == before
    assert os.environ.get("OMP_NUM_THREADS") != "1" or before == [1]


def test_the_machine_is_named():
    found = measure.machine()
    assert found["cores"] >= 1
    assert found["memory_gib"] > 0.1
    assert found["processor"]
    assert found["processor"] in measure.machine_line()
