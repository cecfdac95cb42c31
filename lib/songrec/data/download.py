"""The published data sets: where they come from, on what terms, and whether they are here."""

from dataclasses import dataclass
from pathlib import Path

from songrec.data.transfer import download
from songrec.errors import ConfigError
from songrec.paths import data_root, raw_folders

_MSD = "http://millionsongdataset.com/sites/default/files/"
_GROUPLENS = "https://files.grouplens.org/datasets/hetrec2011/"


@dataclass(frozen=True)
class File:
    """One file of a data set.

    Attributes
    ----------
    url : str
        Its address.
    begins : bytes
        How it begins.
    sha256 : str or None
        Its checksum, where that is published.
    """

    url: str
    begins: bytes
    sha256: str | None = None

    @property
    def name(self) -> str:
        return self.url.rsplit("/", 1)[1]


@dataclass(frozen=True)
class Dataset:
    """A data set that `fetch` can get; the first of its files holds the triplets."""

    name: str
    title: str
    size: str
    licence: str
    homepage: str
    files: tuple[File, ...]

    @property
    def path(self) -> Path | None:
        """Where its triplets are, if they are here: below data/raw or in shared/data beside the checkout."""
        places = [folder / self.name / self.files[0].name for folder in raw_folders()]
        return next((place for place in places if place.is_file()), None)

    def __str__(self) -> str:
        here = self.path or f"not here: songrec data fetch {self.name}"
        return f"{self.name}: {self.title}; {self.size}, {self.licence}; {self.homepage}\n  {here}"


DATASETS = {
    dataset.name: dataset
    for dataset in (
        Dataset(
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
        ),
        Dataset(
            "lastfm-2k",
            "HetRec 2011 Last.fm: 92,834 triplets, 1,892 users, 17,632 artists",
            "2.6 MB",
            "non-commercial research",
            "https://grouplens.org/datasets/hetrec-2011/",
            (
                File(
                    f"{_GROUPLENS}hetrec2011-lastfm-2k.zip",
                    b"PK",
                    "6738f48195667ff03caaab4d32ca9a3133d8cc026b7c3cdaf6ce1010e913c59c",
                ),
            ),
        ),
    )
}


def available() -> list[Dataset]:
    """Every data set that `fetch` knows."""
    return list(DATASETS.values())


def find_dataset(name: str) -> Dataset:
    """The data set of that name; a `ConfigError` lists the names there are."""
    if name not in DATASETS:
        raise ConfigError(f"there is no data set {name!r} to fetch; there are: {', '.join(DATASETS)}")
    return DATASETS[name]


def fetch(name: str, folder: Path | None = None) -> list[Path]:
    """Download what is missing of a data set. An interrupted download is resumed.

    Parameters
    ----------
    name : str
        Name of the data set.
    folder : Path, optional
        The files come into `folder`/NAME; by default data/raw/NAME.

    Returns
    -------
    list of Path
        The files of the data set.

    Raises
    ------
    DataError
        Naming the address and the place to put the file by hand, when the site cannot be reached.
    """
    dataset = find_dataset(name)
    folder = (folder or data_root() / "raw") / name
    return [download(f.url, folder / f.name, begins=f.begins, sha256=f.sha256) for f in dataset.files]


def locate(name: str) -> Path:
    """The file that holds a data set's triplets; if it is not here, the data set is fetched first."""
    return find_dataset(name).path or fetch(name)[0]
