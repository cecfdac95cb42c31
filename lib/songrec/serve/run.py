"""What a run of the pipeline has made, as far as answering needs it: found, checked and loaded."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from songrec.checks import check_names
from songrec.config import read_profile
from songrec.data import Catalogue, Interactions, codes_of
from songrec.errors import DataError
from songrec.evaluation.metrics import METRICS
from songrec.files import read_json
from songrec.lists import NOTHING
from songrec.models import Recommender, create, load_model
from songrec.models.base import class_name
from songrec.paths import PROFILES, Paths
from songrec.recorded import check_recorded
from songrec.results import Results
from songrec.serve.songs import Songs
from songrec.splits import Split


@dataclass(frozen=True)
class _PathsIn(Paths):
    """The folders of a run in another data folder than this process's."""

    root: Path

    @property
    def interim(self) -> Path:
        return self.root / "interim" / self.profile

    @property
    def processed(self) -> Path:
        return self.root / "processed" / self.profile


@dataclass(frozen=True)
class ServedRun:
    """The last run of a profile.

    Attributes
    ----------
    paths : Paths
        Where it is.
    models : dict
        Label -> what the profile says of the model.
    results : Results
        Its tables.
    user_ids : array of str
        What the users' codes of its models stand for.
    song_ids : array of str
        What the songs' codes stand for.
    log : Interactions
        All that is known of every user.
    catalogue : Catalogue
        Titles and artists.
    """

    paths: Paths
    models: dict[str, Any]
    results: Results
    user_ids: np.ndarray
    song_ids: np.ndarray
    log: Interactions
    catalogue: Catalogue

    @property
    def again(self) -> str:
        return f"Make it again: songrec run --profile {self.paths.profile}"

    @property
    def synthetic(self) -> bool:
        return self.results.synthetic

    @property
    def item(self) -> str:
        return self.results.item

    @cached_property
    def songs(self) -> Songs:
        return Songs(self.log, self.catalogue)

    @cached_property
    def alike(self) -> Recommender | None:
        """What says which songs are alike, where the model that answers cannot; None where nothing does."""
        try:
            return self.load(self.named(similar=True)[0], whole=True) if self.comparing else None
        except DataError:  # it is not trained, say: there are no similar songs then
            return None

    @cached_property
    def comparing(self) -> list[str]:
        """Labels of the models that compare songs."""
        return [name for name, of in self.models.items() if type(create(of.estimator)).compares_songs()]

    def named(self, label: str | None = None, similar: bool = False) -> tuple[str, str]:
        """The model that answers, and why.

        Parameters
        ----------
        label : str, optional
            A label of the profile; by default the run's winner.
        similar : bool
            Whether songs are to be compared: the winner is then the best of those that can.

        Returns
        -------
        label : str
        why : str
            Empty where the model was asked for.

        Raises
        ------
        ConfigError
            For a model that the profile does not have.
        DataError
            For damaged tables.
        """
        try:
            found = label or self.results.winner(self.comparing or None if similar else None)
            why = "" if label else _why(self.results, found, "that compare songs and" if similar else "that")
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise self._damaged(error) from error
        check_names([found], self.models, "model", f"profile {self.paths.profile}")
        return found, why

    def folder(self, label: str) -> Path:
        """Where a model of the profile is saved; `DataError` where it is not trained."""
        folder = self.paths.processed / "models" / label
        if not folder.exists():
            raise DataError(f"model {label!r} is not trained yet: songrec run --profile {self.paths.profile}")
        return folder

    def load(self, label: str, whole: bool = False) -> Recommender:
        """A model of the profile, checked against its manifest, the profile and what the run recorded.

        Parameters
        ----------
        label : str
            Its label.
        whole : bool
            Whether every byte is checked, as for `load_model`.

        Raises
        ------
        DataError
            When it is not trained, damaged, of another run or of another log.
        """
        folder = self.folder(label)
        with ThreadPoolExecutor(1) as beside:  # each reads every byte, and neither holds the interpreter
            recorded = beside.submit(check_recorded, self.paths, f"train.{label}", folder)
            fitted = load_model(folder, self.song_ids, whole)
        if class_name(type(fitted)) != self.models[label].estimator or fitted.n_songs_ != len(self.song_ids):
            raise DataError(
                f"{folder} holds another model, {fitted} of {fitted.n_songs_} songs. {self.again}"
            )
        recorded.result()
        return plain(fitted)

    def _damaged(self, error: Exception) -> DataError:
        return DataError(f"the tables in {self.results.folder} are damaged ({error!r}). {self.again}")

    def check(self) -> None:
        """`DataError` where log, split, titles and searches are not those of one run."""
        try:
            tuned = list(self.results.facts("tune"))
            _ = self.synthetic, self.item
        except (KeyError, TypeError, AttributeError, IndexError) as error:
            raise self._damaged(error) from error
        for name in ("user_ids", "song_ids"):
            if not _of_one_log(getattr(self, name), getattr(self.log, name)):
                raise DataError(
                    f"{self.paths.processed}: the {name} of split and interactions differ. {self.again}"
                )
        for stage, output in (
            ("ingest", self.paths.interim / "songs.parquet"),
            ("ingest", self.paths.processed / "interactions"),
            ("split", self.paths.processed / "split"),
            *((f"tune.{one}", self.results.folder / "tune" / one) for one in tuned),
        ):
            check_recorded(self.paths, stage, output)


def open_run(profile: str, folder: Path | None = None) -> ServedRun:
    """What the last run of a profile made.

    Parameters
    ----------
    profile : str
        Name of the profile.
    folder : Path, optional
        A data folder that holds the profile as well: that of a registered version.

    Raises
    ------
    ConfigError
        For an unknown profile.
    DataError
        When it has not run yet, or when what it made is damaged or of another run.
    """
    known = read_profile(profile, folder / "profiles" if folder else PROFILES).models
    paths = _PathsIn(profile, folder) if folder else Paths(profile)
    results = (
        Results(profile, paths.tables, read_json(paths.header, dict)) if folder else Results.of_run(profile)
    )
    split, log = Split.load(paths.processed / "split"), Interactions.load(paths.processed / "interactions")
    ids = (np.asarray(of) for of in (split.user_ids, split.song_ids))
    log = replace(log, user_ids=np.asarray(log.user_ids), song_ids=np.asarray(log.song_ids))
    run = ServedRun(paths, known, results, *ids, log, Catalogue.load(paths.interim / "songs.parquet"))
    run.check()
    return run


def plain(model: Recommender) -> Recommender:
    """A loaded model with plain arrays over the same mapped memory, which are looked up in less time."""
    for name, value in vars(model).items():
        if isinstance(value, np.memmap):
            setattr(model, name, np.asarray(value))
    for member in getattr(model, "members_", {}).values():
        plain(member)
    return model


def _of_one_log(some: np.ndarray, all_of_them: np.ndarray, looks: int = 1_000) -> bool:
    """Whether ids are among the log's: of many, as many as are looked at."""
    return bool((codes_of(all_of_them, some[:: max(1, len(some) // looks)]) != NOTHING).all())


def _why(run: Results, label: str, which: str) -> str:
    """Why a model answers that nobody asked for."""
    found = run.facts("tune")[label]
    if found["value"] is None:
        return f"{label} answers: no model of the run was searched. --model names another."
    metric, _, cutoff = found["metric"].partition("@")
    return (
        f"{label} answers: of the models {which} are not made of others it was the best on validation "
        f"({METRICS[metric].title(int(cutoff))} {found['value']:.3f}). --model names another."
    )
