"""Whether a run's model takes the place of the one that is live: both on today's test, the same users.

The numbers that were stored with the live model are of another day: other users, other plays held out. So
the live model itself is asked for lists to today's users and scored on what is held out of them today. A
user of whom it was fitted on a play that is held out today would flatter it, and does not count. With
`weak_hashed` and the protocols by time nearly all do count, since what they hold out stays held out; with
`weak`, which draws anew for a log that has grown, few do.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from scipy.sparse import csr_array

from songrec.data import codes_of
from songrec.errors import ConfigError, DataError
from songrec.evaluation import paired_difference
from songrec.evaluation.comparisons import ALPHA, sign_flip
from songrec.evaluation.metrics import ACCURACY, DECIDING, score_lists
from songrec.files import read_json
from songrec.lists import NOTHING, TopN
from songrec.models import load_model
from songrec.paths import Paths
from songrec.registry import VERSION
from songrec.splits import Split

Rule = Literal["better", "not-worse", "always"]

FEWEST = 30
"""Users, for a test: with fewer the rule is not asked, and the live model stays."""


@dataclass(frozen=True)
class Decision:
    """What was decided about a model, and the numbers that decided it.

    Attributes
    ----------
    promoted : bool
        Whether it takes the live model's place.
    why : str
        In words.
    rule : str
        What was asked for.
    metric : str
        By what they were compared, `metric@k`.
    candidate : float
        Mean over the users of the new model; NaN where nothing was compared, as below.
    champion : float
        Of the live model.
    value : float
        The difference, new minus live.
    ci_low : float
        Lower end of its 95 % interval.
    ci_high : float
        Upper end of it.
    p : float
        Of the paired permutation test, two-sided.
    n_users : int
        How many were compared.
    """

    promoted: bool
    why: str
    rule: str
    metric: str
    candidate: float = np.nan
    champion: float = np.nan
    value: float = np.nan
    ci_low: float = np.nan
    ci_high: float = np.nan
    p: float = np.nan
    n_users: int = 0

    @property
    def numbers(self) -> dict[str, float]:
        """Those that were found."""
        return {name: each for name, each in asdict(self).items() if type(each) is not str and each == each}


def decide(
    profile: str,
    label: str,
    champion: Path | None,
    rule: Rule = "better",
    metric: str = DECIDING,
    cutoff: int = 10,
) -> Decision:
    """Hold a run's model against the live one.

    Parameters
    ----------
    profile : str
        Whose last run it is.
    label : str
        The model.
    champion : Path or None
        The live version's folder (`songrec.pipeline.tracking` says what is in it); None: nothing is live.
    rule : {"better", "not-worse", "always"}
        `better`: it is, significantly. `not-worse`: it is not significantly worse. Ties keep the live model
        under the first, and the fresher one is taken under the second.
    metric : str
        A metric of accuracy.
    cutoff : int
        Of the metric.

    Raises
    ------
    ConfigError
        For an unknown rule or metric.
    DataError
        When the two are of different logs.
    """
    if rule not in get_args(Rule):
        raise ConfigError(f"there is no rule {rule!r}: {', '.join(get_args(Rule))}")
    if metric not in ACCURACY:
        raise ConfigError(f"models are not compared by {metric!r}: {', '.join(ACCURACY)}")
    name = f"{metric}@{cutoff}"
    if champion is None:
        return Decision(True, "no model was live", rule, name)
    processed = Paths(profile).processed
    split = Split.load(processed / "split")
    ours = TopN.load(processed / "lists" / label).songs
    theirs, flattered = live_lists(champion, split, cutoff)
    fair = ~flattered
    found = [
        score_lists(songs, split.test.holdout, cutoff, split.test.users, [metric])[fair]
        for songs in (ours, theirs)
    ]
    if (n_users := int(fair.sum())) < FEWEST:
        why = f"only {n_users} users count: of the others the live model knows what is held out"
        return Decision(rule == "always", why, rule, name, n_users=n_users)
    row = paired_difference(*found).iloc[0]
    values = np.column_stack([each[name] for each in found])
    p = float(sign_flip(values, np.array([0]), np.array([1]))[0])
    numbers = {key: float(row[key]) for key in ("value", "ci_low", "ci_high")}
    candidate, live = values.mean(axis=0).tolist()
    promoted, why = _ruled(rule, numbers["value"], p)
    return Decision(promoted, why, rule, name, candidate, live, **numbers, p=p, n_users=n_users)


def _ruled(rule: str, value: float, p: float) -> tuple[bool, str]:
    significant = p < ALPHA
    if significant:
        found = "significantly better than" if value > 0 else "significantly worse than"
    else:
        found = "not significantly different from"
    promoted = rule == "always" or (value > 0 if significant else rule == "not-worse")
    return promoted, f"it is {found} the live model"


def live_lists(champion: Path, split: Split, n: int) -> tuple[np.ndarray, np.ndarray]:
    """What a live version recommends to the test users of a split.

    Parameters
    ----------
    champion : Path
        The version's folder.
    split : Split
        Today's.
    n : int
        Length of the lists.

    Returns
    -------
    songs : int32 array (n_users, n)
        Codes of `split`; songs that are no longer in the log are passed over, as a service would have to.
    flattered : bool array (n_users,)
        Whether the version was fitted on a play that is held out of the user now.
    """
    version = version_of(champion)
    processed = champion / "processed" / version["profile"]
    model, known = load_model(processed / "models" / version["model"]), Split.load(processed / "split")
    songs = codes_of(known.song_ids, split.song_ids)
    users = codes_of(known.user_ids, split.user_ids[split.test.users])
    if (songs == NOTHING).all():
        raise DataError(
            f"the live model, of profile {version['profile']}, knows none of the songs of this log"
        )
    back = codes_of(split.song_ids, known.song_ids)
    gone = np.count_nonzero(back == NOTHING)
    fold_in = _recoded(split.test.fold_in, songs, len(known.song_ids))
    listed, _ = model.recommend(fold_in, min(n + min(n, gone), len(known.song_ids)), users=users)
    today = np.where(listed == NOTHING, NOTHING, back[listed])
    order = np.argsort(today == NOTHING, axis=1, kind="stable")  # what is left moves up
    today = np.take_along_axis(today, order, axis=1)[:, :n]
    fitted = known.final_train()[users]
    fitted.data = np.where(np.repeat(users, np.diff(fitted.indptr)) == NOTHING, 0, fitted.data)
    held = _recoded(split.test.holdout, songs, len(known.song_ids))
    flattered = np.asarray(fitted.minimum(held).sum(axis=1)).ravel() > 0
    return today, flattered


def version_of(folder: Path) -> dict[str, Any]:
    """What a version's folder says of itself: profile, model, fingerprint."""
    return read_json(folder / VERSION, dict)


def _recoded(rows: csr_array, codes: np.ndarray, n_songs: int) -> csr_array:
    """The same plays by other codes of songs; songs without one are left out."""
    rows = rows.tocoo()
    columns = codes[rows.col]
    known = columns != NOTHING
    shape = (rows.shape[0], n_songs)
    return csr_array((rows.data[known], (rows.row[known], columns[known])), shape=shape)
