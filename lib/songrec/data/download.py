"""A published data set: where it comes from, on what terms, whether it is here; and its download."""

from dataclasses import dataclass
from pathlib import Path

from songrec.data.transfer import download
from songrec.paths import data_root, raw_folders


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
    """A data set that can be downloaded; the first of its files holds the triplets."""

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

    def fetch(self) -> list[Path]:
        """Download what is missing into data/raw/NAME. An interrupted download is resumed.

        Returns
        -------
        list of Path
            The files of the data set.

        Raises
        ------
        DataError
            Naming the address and the place to put the file by hand, when the site cannot be reached.
        """
        folder = data_root() / "raw" / self.name
        return [download(f.url, folder / f.name, begins=f.begins, sha256=f.sha256) for f in self.files]

    def locate(self) -> Path:
        """The file that holds its triplets; if it is not here, the data set is fetched first."""
        return self.path or self.fetch()[0]

    def __str__(self) -> str:
        here = self.path or f"not here: songrec data fetch {self.name}"
        return f"{self.name}: {self.title}; {self.size}, {self.licence}; {self.homepage}\n  {here}"
