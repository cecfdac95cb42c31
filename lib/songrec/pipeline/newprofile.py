"""A profile for a log that nobody has described yet: `songrec init`."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import yaml

from songrec.csr import row_of_entries
from songrec.data import IngestReport, Interactions, Source, k_core, read_log
from songrec.data.guess import Reading, guess, source_of
from songrec.data.ingest import MAX_REJECT_SHARE
from songrec.data.sources.triplet_files import files_of
from songrec.errors import ConfigError, DataError
from songrec.files import write_text
from songrec.measure import free_memory
from songrec.modelspec import ModelSpec, far_end, memory_bytes, read_models
from songrec.paths import Paths, own_profiles, raw_folders
from songrec.pipeline.needs import Size

ROWS = 1_000_000
"""So many rows are looked at."""

FEWEST_USERS, FEWEST_ITEMS = 30, 20
TRIALS = 20
MOST_MINUTES = 60
"""A model whose search would take longer is left out."""

_WISHED = ("popularity", "user_knn", "item_knn", "rp3beta", "fs_slim", "ease", "pure_svd", "als", "bpr")


@dataclass(frozen=True)
class Need:
    """What a model would need on the log.

    Attributes
    ----------
    label : str
        Its name in models.yml.
    megabytes : float
        That the fitted model keeps.
    minutes : float
        That its search takes.
    why_not : str
        Why it is left out; empty where it is taken.
    """

    label: str
    megabytes: float
    minutes: float
    why_not: str

    @property
    def memory(self) -> str:
        return f"{self.megabytes:,.0f} MB" if self.megabytes >= 1 else "under 1 MB"

    @property
    def search(self) -> str:
        return f"{self.minutes:,.0f} min" if self.minutes >= 1 else "under 1 min"


@dataclass(frozen=True)
class Proposal:
    """A profile as it was worked out, and what it rests on.

    Attributes
    ----------
    name : str
        Of the profile.
    reading : Reading
        How the log is read.
    report : IngestReport
        Of the rows that were looked at.
    whole : bool
        Whether these were all.
    size : Size
        Of the log after filters.
    core : int
        Every user has so many items, and every item so many users, at least; 1: no filter.
    needs : list of Need
        Of the models.
    text : str
        The profile.
    """

    name: str
    reading: Reading
    report: IngestReport
    whole: bool
    size: Size
    core: int
    needs: list[Need]
    text: str

    def __str__(self) -> str:
        """What a person is shown."""
        looked = "" if self.whole else f" (of the first {self.report.lines:,} rows, as are all numbers here)"
        lines = [str(self.reading), "", f"{str(self.report).split(': ', 1)[1]}{looked}", ""]
        item = self.reading.item
        if self.core > 1:
            lines += [
                f"{self.core}-core: {self.size.users:,} users, {self.size.songs:,} {item}s kept",
                "",
            ]
        lines.append(f"{'model':<16}{'memory':>12}{'search':>12}")
        for one in self.needs:
            lines.append(f"{one.label:<16}{one.memory:>12}{one.search:>12}  {one.why_not}".rstrip())
        return "\n".join(lines)


def propose(
    files: Sequence[Path], name: str = "", max_reject_share: float = MAX_REJECT_SHARE, **said: Any
) -> Proposal:
    """Look at a log and work out a profile that it can bear.

    Parameters
    ----------
    files : sequence of Path
        Files and folders of one log.
    name : str
        Of the profile; by default after the first file.
    max_reject_share : float
        Largest share of the lines that may be rejected.
    **said
        What is known of the log, as fields of `songrec.data.guess.Reading`.

    Raises
    ------
    DataError
        When the log cannot be read, or is too small to compare anything on it.
    """
    files = [Path(file).absolute() for file in files]
    reading = guess(files, **said)
    name = Paths(name or name_of(files[0])).profile
    report, log, whole = _look(reading, max_reject_share)
    if problem := report.problem(max_reject_share):
        raise DataError(problem)
    core, kept = _core(log)
    if kept.n_users < FEWEST_USERS or kept.n_songs < FEWEST_ITEMS:
        raise DataError(
            f"{report.source} is too small to compare recommenders on it: {log.n_users:,} users and "
            f"{log.n_songs:,} {reading.item}s ({kept.n_users:,} of the users have two of these or more). At "
            f"least {FEWEST_USERS} users and {FEWEST_ITEMS} {reading.item}s are wanted."
        )
    size = _size(kept, report, files, whole)
    estimates = [_estimate(label, spec, size) for label, spec in read_models().items() if label in _WISHED]
    ingested = {"core": core} if core > 1 else {"min_songs": 2}
    if max_reject_share != MAX_REJECT_SHARE:
        ingested["max_reject_share"] = max_reject_share
    text = _profile(name, reading, report, kept, ingested, estimates, whole)
    return Proposal(name, reading, report, whole, size, core, estimates, text)


def name_of(file: Path) -> str:
    """A profile's name after a file."""
    stem = file.name.split(".")[0] or "log"
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_") or "log"


def write_profile(proposal: Proposal, force: bool = False) -> Path:
    """Write the profile; a `ConfigError` where there is one of that name, unless it may be replaced."""
    path = own_profiles() / f"{proposal.name}.yml"
    if path.exists() and not force:
        raise ConfigError(f"{path} exists: name another with --name, or replace it with --force")
    write_text(path, proposal.text)
    return path


def _look(reading: Reading, max_reject_share: float) -> tuple[IngestReport, Interactions, bool]:
    """Ingest the beginning of the log into a folder that goes."""
    source, whole = source_of(reading), True

    def read():
        nonlocal whole
        n = 0
        for rows in source.read():
            if n >= ROWS:
                whole = False
                return
            yield rows
            n += rows.read

    with TemporaryDirectory() as folder:
        looked_at = Source(source.name, read, item=reading.item)
        try:
            found = read_log(looked_at, Path(folder) / "rejects.parquet", max_reject_share)
        except DataError as error:  # the folder that it may speak of last goes
            raise DataError(str(error).partition("\nThe rejected lines are in")[0]) from error
        return *found, whole


def _core(log: Interactions) -> tuple[int, Interactions]:
    """The largest core up to 5 that leaves most of the plays and enough users and items."""
    for core in (5, 3, 2):
        kept = k_core(log, core)
        enough = kept.n_users >= max(FEWEST_USERS, log.n_users / 3) and kept.n_songs >= FEWEST_ITEMS
        if enough and kept.plays.nnz >= 0.5 * log.plays.nnz:
            return core, kept
    return 1, log.select(users=np.diff(log.plays.indptr) >= 2)


def _size(kept: Interactions, report: IngestReport, files: Sequence[Path], whole: bool) -> Size:
    """Of the whole log: where only its beginning was read, by the size of its files."""
    if whole:
        return Size(kept.n_users, kept.n_songs, kept.plays.nnz)
    size = sum(file.stat().st_size for path in files for file in files_of(path))
    share = max(1.0, size / (report.lines * 30))  # a row of text takes 30 to 70 bytes, packed text a third
    early = kept.order < np.median(kept.order)
    users = row_of_entries(kept.plays)
    grown = []
    for ids, n in ((users, kept.n_users), (kept.plays.indices, kept.n_songs)):
        # Ids grow as a power of the rows (Heaps 1978): as they did from the first half of these rows to all.
        power = math.log2(n / max(1, len(np.unique(ids[early]))))
        grown.append(round(n * share ** min(power, 1.0)))
    return Size(*grown, round(kept.plays.nnz * share))


def _estimate(label: str, spec: ModelSpec, size: Size) -> Need:
    known = far_end(spec.space)
    known |= {name: value for name, value in spec.hyperparameters.items() if isinstance(value, int | float)}
    of_log = {"users": size.users, "songs": size.songs, "entries": size.entries}
    memory = memory_bytes(spec.memory, **of_log, **known) if spec.memory else 0
    seconds = memory_bytes(spec.seconds, **of_log, **known) if spec.seconds else 0
    minutes = TRIALS * seconds / 60
    limit = free_memory() / 2
    why_not = ""
    if memory > limit:
        why_not = f"left out: more than half of the {2 * limit / 1e6:,.0f} MB that are free"
    elif minutes > MOST_MINUTES:
        why_not = f"left out: its search would take more than {MOST_MINUTES} minutes"
    return Need(label, memory / 1e6, minutes, why_not)


def _profile(
    name: str,
    reading: Reading,
    report: IngestReport,
    log: Interactions,
    ingested: dict[str, Any],
    estimates: Sequence[Need],
    whole: bool,
) -> str:
    """The text of the profile: values by YAML, comments by hand."""
    stages: list[tuple[str, Any, str]] = [
        *_split(reading),
        ("tune", {"trials": TRIALS}, "points that each model's search tries"),
        *_pages(log.n_songs),
        # Left out:
        ("scaling", None, "how costs grow with the size of synthetic logs: it says nothing of this one"),
        ("search_seeds", None, "each search from several seeds: it takes as many times as long"),
        ("spark", None, "the same on a cluster's engine"),
        ("trial", None, "offline against online where true tastes are known: on a synthetic log"),
    ]
    seen = f"{report.lines:,} rows" if whole else f"the first {report.lines:,} rows"
    head = [
        f"# As `songrec init` saw it: {seen}; {log.n_users:,} users, {log.n_songs:,} {reading.item}s kept.",
        "# Change what you like: `songrec explain` says what a change would run again.",
        *(f"# {note}" for note in reading.notes),
        _yaml({"title": name, "description": f"The log in {report.source}.", "synthetic": False}),
        _yaml({"shared": {"item": reading.item}}),
        "stages:",
        "  ingest:",
        *(_commented(f"    {name}", value, comment) for name, value, comment in _ingest(reading, ingested)),
        *(_commented(f"  {stage}", value, comment) for stage, value, comment in stages),
        "models:",
    ]
    models = []
    for one in estimates:
        cost = f"{one.memory}, search {one.search}"
        models.append(
            f"  {'# ' if one.why_not else ''}{one.label}:  # {cost}{'; ' if one.why_not else ''}{one.why_not}"
        )
    return "\n".join([*head, *models]) + "\n"


def _yaml(value: dict[str, Any]) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=10_000).rstrip("\n")


def _commented(key: str, value: Any, comment: str) -> str:
    flow = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000)
    text = f"{key}: {flow.strip().removesuffix('...').strip()}"
    return f"{text}  # {comment}" if comment else text


def _ingest(reading: Reading, ingested: dict[str, Any]) -> list[tuple[str, Any, str]]:
    roles = ", ".join(("user", reading.item, "plays")[: len(reading.columns)])
    comments = {
        "path": "files and folders, absolute or below data/raw",
        "columns": f"{roles}: names, or places from 0" + ("" if reading.plays else "; each row counts once"),
        "core": f"users with fewer {reading.item}s, and {reading.item}s with fewer users, are left out",
        "min_songs": f"users with one {reading.item} tell nothing of a recommender",
        "time": "of each row",
        "max_reject_share": "of the lines",
    }
    values = {"source": "triplets", "path": [_as_raw(path) for path in reading.files], **reading.parameters()}
    values |= ingested
    return [(name, value, comments.get(name, "")) for name, value in values.items()]


def _as_raw(path: Path) -> str:
    """Relative to the folders of raw files where it lies in one of them."""
    for folder in raw_folders():
        if path.is_relative_to(folder):
            return path.relative_to(folder).as_posix()
    return path.as_posix()


def _split(reading: Reading) -> list[tuple[str, Any, str]]:
    """How the log is divided."""
    parameters: dict[str, Any] = {"protocol": "weak"}
    comment = "a fifth of each user's items is held out at random"
    if reading.time:
        comment += "; protocol: temporal holds out each one's last"
    return [("split", parameters, comment)]


def _pages(n_songs: int) -> list[tuple[str, Any, str]]:
    """Sizes of pages that the log affords, where the page does not see to it."""
    stages: list[tuple[str, Any, str]] = []
    length = min(100, max(10, n_songs // 2))
    if length < 100:
        stages.append(("train", {"n": length}, "length of the lists"))
        cutoffs = [k for k in (5, 10, 20, 50) if k < length] + [length]
        stages.append(("evaluate", {"cutoffs": cutoffs}, "how much of a list is looked at"))
    return stages
