"""The whole Echo Nest Taste Profile."""

from pathlib import Path

from songrec.data.download import Dataset, File
from songrec.data.sources.contract import Asked, DataSource, Source, place
from songrec.data.sources.triplet_files import triplets

COUNTS = {"triplets": 48_373_586, "users": 1_019_318, "songs": 384_546}
"""Published (dawenl/expo-mf, processTasteProfile.ipynb)."""

_MSD = "http://millionsongdataset.com/sites/default/files/"

DATASET = Dataset(
    "taste-profile",
    "Echo Nest Taste Profile: 48,373,586 triplets, 1,019,318 users, 384,546 songs",
    "about 0.5 GB",
    "non-commercial research",
    "http://millionsongdataset.com/tasteprofile/",
    (
        File(f"{_MSD}challenge/train_triplets.txt.zip", b"PK"),
        File(f"{_MSD}tasteprofile/sid_mismatches.txt", b"ERROR: <SO"),
        File(f"{_MSD}AdditionalFiles/unique_tracks.txt", b"TR"),
    ),
)


def taste_profile(path: str | Path) -> Source:
    """The log in a file (train_triplets.txt, .gz, .zip), verified by its published counts."""
    return Source(DATASET.name, triplets(path).read, COUNTS)


def _open(asked: Asked) -> Source:
    return taste_profile(place(asked, DATASET))


TASTE_PROFILE = DataSource(DATASET.name, _open, dataset=DATASET)
