"""The figures of a log, and how close the synthetic world's come to the real ones.

`python tests/data/test_marginals.py FOLDER` measures the references anew from a folder of the real data and
rewrites reference_marginals.json.
"""

import io
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from songrec.data.interactions import Interactions
from songrec.data.marginals import REFERENCES, compare, figures, marginals, reference_marginals
from songrec.data.synthetic import SyntheticWorld
from songrec.data.synthetic_tables import FULL_SONGS
from songrec.errors import DataError
from songrec.files import read_json, write_json

CHALLENGE_USERS = 110_000


def figures_of_table(table: pd.DataFrame) -> dict:
    """Figures of a table whose columns are user, song and plays."""
    table.columns = ["user", "song", "plays"]
    users = table.groupby("user").size()
    return figures(table.groupby("song").size(), len(users), users, table["plays"])


def challenge_listeners(folder: Path) -> np.ndarray:
    return np.loadtxt(folder / "statistics/challenge_song_listeners.txt.gz", dtype=int)[:, 1]


def measure_references(folder: Path) -> dict:
    """The whole content of reference_marginals.json."""
    found = {}
    for name in ("taste-profile-3k-users", "taste-profile-10k-songs"):
        found[name] = figures_of_table(
            pd.read_csv(folder / name / "train_triplets.txt.gz", sep="\t", header=None)
        )
    found["msd-challenge"] = figures(challenge_listeners(folder), CHALLENGE_USERS)
    with zipfile.ZipFile(folder / "lastfm-2k/hetrec2011-lastfm-2k.zip") as archive:
        text = archive.read(next(name for name in archive.namelist() if name.endswith("user_artists.dat")))
    found["lastfm-2k"] = figures_of_table(pd.read_csv(io.BytesIO(text), sep="\t"))
    return {name: {"figures": round_all(value)} for name, value in found.items()}


def round_all(found: dict) -> dict:
    return {of: {name: round(value, 6) for name, value in rows.items()} for of, rows in found.items()}


@pytest.fixture(scope="module")
def sample() -> dict[tuple[str, str], float]:
    """The synthetic world in the shape of taste-profile-3k-users: as many users, the whole catalogue."""
    return marginals(SyntheticWorld(users=3000, songs=FULL_SONGS).interactions())["value"].to_dict()


# How far the synthetic world may be from taste-profile-3k-users, as a share of the real figure. Scatter from
# seed to seed is largest at rank 1 and for the 99 % quantiles.
BOUNDS = {
    ("size", "songs"): 0.06,
    ("size", "triplets"): 0.05,
    ("songs per user", "least"): 0,
    ("songs per user", "10 %"): 0,
    ("songs per user", "median"): 0.08,
    ("songs per user", "90 %"): 0.08,
    ("songs per user", "99 %"): 0.10,
    ("songs per user", "mean"): 0.05,
    ("listeners per song", "median"): 0,
    ("listeners per song", "90 %"): 0,
    ("listeners per song", "99 %"): 0.12,
    ("listeners per song", "mean"): 0.05,
    ("listeners per song", "share of ones"): 0.03,
    ("plays per triplet", "median"): 0,
    ("plays per triplet", "90 %"): 0,
    ("plays per triplet", "99 %"): 0.05,
    ("plays per triplet", "mean"): 0.03,
    ("plays per triplet", "share of ones"): 0.01,
    ("share of listening", "top 0.1 % of songs"): 0.20,
    ("share of listening", "top 1 % of songs"): 0.10,
    ("share of listening", "top 10 % of songs"): 0.05,
    ("share of listening", "Gini index"): 0.04,
    ("share of users", "song of rank 1"): 0.25,
    ("share of users", "song of rank 10"): 0.15,
    ("share of users", "song of rank 100"): 0.15,
    ("share of users", "song of rank 1000"): 0.15,
}


def far_from_real(found: dict[tuple[str, str], float]) -> dict:
    """The figures out of their bounds: (found, real)."""
    real = reference_marginals()["taste-profile-3k-users"]
    return {
        key: (found[key], real[key])
        for key, bound in BOUNDS.items()
        if abs(found[key] - real[key]) > bound * real[key] + 1e-9
    }


def test_synthetic_world_has_the_marginals_of_the_sample_of_its_shape(sample):
    assert far_from_real(sample) == {}


def test_the_bounds_reject_other_worlds():
    smaller = marginals(SyntheticWorld(users=3000, songs=60_000).interactions())["value"]
    assert ("size", "songs") in far_from_real(smaller)
    assert ("share of listening", "Gini index") in far_from_real(smaller)
    fewer = marginals(SyntheticWorld(users=2000, songs=FULL_SONGS).interactions())["value"]
    assert ("listeners per song", "share of ones") in far_from_real(fewer)


def test_synthetic_popularity_curve_is_the_challenges(shared_data):
    """An eighth of the challenge, against the real curve thinned at random to as many triplets.

    The challenge's users heard few songs (in its fragment 27 in the mean, 89 at most), and half of each
    history is visible; heavier users would flatten the head, because nobody can hear a hit twice.
    """
    rng = np.random.default_rng(0)
    listeners, users = np.zeros(FULL_SONGS, int), 0
    for _, user, song, _ in SyntheticWorld(users=16_384, songs=FULL_SONGS, seed=1).blocks():
        light = np.bincount(user) <= 75
        users += light.sum()
        visible = light[user] & (rng.random(len(user)) < 0.5)
        listeners += np.bincount(song[visible], minlength=FULL_SONGS)
    real = challenge_listeners(shared_data)
    real = figures(rng.binomial(real, listeners.sum() / real.sum()), users)
    found = figures(listeners, users)
    assert found["size"]["triplets"] / users == pytest.approx(1_450_933 / CHALLENGE_USERS, rel=0.06)
    assert found["size"]["songs"] == pytest.approx(real["size"]["songs"], rel=0.08)
    for top, bound in {"top 1 % of songs": 0.10, "top 10 % of songs": 0.05, "Gini index": 0.05}.items():
        assert found["share of listening"][top] == pytest.approx(real["share of listening"][top], rel=bound)
    for rank, bound in {1: 0.3, 10: 0.25, 100: 0.15, 1000: 0.15}.items():
        name = f"song of rank {rank}"
        assert found["share of users"][name] == pytest.approx(real["share of users"][name], rel=bound)


def test_references_are_what_the_real_data_say(shared_data):
    assert read_json(REFERENCES) == measure_references(shared_data)


def test_references_agree_with_the_published_figures():
    real = reference_marginals()
    songs = real["taste-profile-3k-users"]["songs per user"]
    assert songs[["least", "median", "90 %", "99 %"]].tolist() == [10, 27, 112, 281]
    assert real.loc[("plays per triplet", "share of ones"), "taste-profile-3k-users"].round(3) == 0.587
    assert real.loc[("size", "triplets"), "msd-challenge"] == 1_450_933
    assert real.loc["songs per user", "msd-challenge"].isna().all()


def test_figures_of_a_log_counted_by_hand():
    log = Interactions.from_triplets(list("uuuvvw"), list("abcaba"), [1, 2, 3, 1, 1, 10])
    found = marginals(log)["value"]
    assert found["size"].to_dict() == {"users": 3, "songs": 3, "triplets": 6, "density": 6 / 9}
    assert found["songs per user"].tolist() == [1, 1, 2, 3, 3, 3, 2, 1 / 3]
    assert found["plays per triplet", "mean"] == 3
    assert found["plays per triplet", "share of ones"] == 0.5
    assert found["share of listening", "top 10 % of songs"] == 0.5  # the first song, heard by 3
    assert found["share of listening", "Gini index"] == pytest.approx(
        2 * (1 * 1 + 2 * 2 + 3 * 3) / 18 - 4 / 3
    )
    assert found["share of users"].to_dict() == {"song of rank 1": 1.0}


def test_gini_index_knows_its_ends():
    assert figures([5] * 7, 5)["share of listening"]["Gini index"] == pytest.approx(0)
    assert figures([1] * 999 + [999_999_001], 10)["share of listening"]["Gini index"] > 0.998
    assert figures([4, 0, 4], 4) == figures([4, 4], 4)  # a song that nobody heard is in no log


def test_compare_puts_the_log_first_and_keeps_every_row():
    table = compare(SyntheticWorld(users=50, songs=200).interactions())
    assert table.columns.tolist() == ["this log", *reference_marginals().columns]
    assert table.loc[("size", "users"), "this log"] == 50
    assert np.isnan(table.loc[("share of users", "song of rank 1000"), "this log"])
    assert table.loc[("share of users", "song of rank 1000"), "lastfm-2k"] > 0


def test_an_empty_log_is_refused():
    with pytest.raises(DataError, match="without triplets"):
        marginals(Interactions.from_triplets([], [], np.empty(0, int)))


if __name__ == "__main__":
    write_json(REFERENCES, measure_references(Path(sys.argv[1])))
    sys.exit()
