"""Where things are on disk. No other module spells a directory of the project."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from songrec.errors import ConfigError, DataError

LIBRARY = Path(__file__).resolve().parents[1]
"""The folder that holds the package `songrec`."""

IN_CHECKOUT = (LIBRARY.parent / "notebooks").is_dir()
REPOSITORY = LIBRARY.parent if IN_CHECKOUT else LIBRARY / "songrec" / "_project"
"""The checkout; where the library was installed from a wheel, what the wheel brings along of it."""

WORK = REPOSITORY if IN_CHECKOUT else Path.cwd()
"""Where data and the site are put: the checkout, else the working directory."""

NOTEBOOKS = REPOSITORY / "notebooks"
PROFILES = NOTEBOOKS / "profiles"
RESULTS = REPOSITORY / "data" / "results"
BOOK = REPOSITORY / "book"
SITE = WORK / "build" / "site"


def data_root() -> Path:
    """The folder that the variable SONGREC_DATA names, else `data/` of the checkout or working directory.

    A relative name is taken from where the process stands when it first asks; for itself, when it goes
    elsewhere, and for the processes that it starts it becomes an absolute one.
    """
    root = Path(os.environ.get("SONGREC_DATA") or WORK / "data").resolve()
    if os.environ.get("SONGREC_DATA"):
        os.environ["SONGREC_DATA"] = str(root)
    return root


def own_profiles() -> Path:
    """Where a person's profiles are written: with the data, where a wheel brought the project's along."""
    return PROFILES if IN_CHECKOUT else data_root() / "profiles"


def raw_folders() -> list[Path]:
    """Where raw files are looked for, in this order: `data/raw`, then `shared/data` beside the checkout."""
    return [data_root() / "raw", WORK.parent / "shared" / "data"]


def find_raw(name: str) -> Path:
    """The raw file of a name.

    Parameters
    ----------
    name : str
        Relative to one of `raw_folders()`, or absolute.

    Raises
    ------
    DataError
        When it is in none of them, naming each place that was tried.
    """
    given = Path(name).expanduser()
    tried = [given] if given.is_absolute() else [folder / given for folder in raw_folders()]
    for path in tried:
        try:
            if path.exists():
                if not (path.is_file() or path.is_dir()):
                    raise DataError(f"{path} is a pipe or a device, not a file: it might never end")
                return path
        except OSError as error:  # a name too long, a folder that may not be entered
            raise DataError(f"the raw file {name!r} cannot be looked up: {error.strerror}") from error
    places = "\n".join(f"  {path}" for path in tried)
    raise DataError(
        f"the raw file {name!r} does not exist. Looked for:\n{places}\nPut it in the first place."
    )


@dataclass(frozen=True)
class Paths:
    """The folders of one profile's run."""

    profile: str

    def __post_init__(self):
        # It becomes a folder and stands in commands.
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", self.profile):
            raise ConfigError(f"{self.profile!r} is not a profile's name: letters, digits, - and _ only")

    @property
    def interim(self) -> Path:
        return data_root() / "interim" / self.profile

    @property
    def processed(self) -> Path:
        return data_root() / "processed" / self.profile

    @property
    def notebooks(self) -> Path:
        """Executed notebooks of stages that succeeded."""
        return self.processed / "notebooks"

    @property
    def tables(self) -> Path:
        """The run's results: a folder for each stage, and the header."""
        return self.processed / "tables"

    @property
    def header(self) -> Path:
        """What a page knows of the run besides tables: titles, looks, what the models are."""
        return self.tables / "run.json"

    @property
    def plan(self) -> Path:
        """What the last run resolved: stage -> notebook and parameters."""
        return self.processed / "plan.json"

    @property
    def failed(self) -> Path:
        """Unfinished notebooks of stages that failed."""
        return self.processed / "failed"

    @property
    def took(self) -> Path:
        """What each stage took when it last ran: seconds, and the peak of its process's memory."""
        return self.processed / "took"

    @property
    def unfinished(self) -> Path:
        """What a stage that was cut off needs to go on."""
        return self.processed / "unfinished"
