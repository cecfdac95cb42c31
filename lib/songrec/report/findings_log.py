"""What the log's notebooks found, said in sentences made from the values: true of any log."""

from typing import Any

import numpy as np
import pandas as pd

from songrec.data import Interactions
from songrec.report.show import Prose
from songrec.report.words import counted, known_names, log_of, sentence, share

_INVENTED = "The log is synthetic: its listeners, titles and play counts are invented."


def ingest(profile: str, report: dict[str, Any], log: Interactions, item: str) -> Prose:
    """How much of the source was usable, and what the filters left.

    report : `ingest.json`: `synthetic`, `lines`, `rejected` (reason -> lines), `duplicates`, `triplets`, and
    `known_titles`, the share of the songs kept that have a title.
    """
    lines = [_usable(report, item)]
    lost = report["triplets"] - log.plays.nnz
    lines.append(
        f"The filters removed {counted(lost, 'interaction')} ({share(lost / max(report['triplets'], 1))})."
        if lost
        else "The filters removed nothing."
    )
    lines.append(
        f"What every later page rests on is {log_of(profile, report['synthetic'])}: "
        f"{counted(log.n_users, 'user')}, {counted(log.n_songs, item)}, "
        f"{counted(log.plays.nnz, 'interaction')}, fingerprint `{log.fingerprint()}`."
    )
    lines.append(known_names(report["known_titles"], item))
    return _prose(lines, report["synthetic"])


def _usable(report: dict[str, Any], item: str) -> str:
    rejected, repeated = sum(report["rejected"].values()), report["duplicates"]
    text = f"All {counted(report['lines'], 'line')} could be used"
    if rejected:
        part = share(rejected / report["lines"])
        text = (
            f"Of {counted(report['lines'], 'line')}, {rejected:,} ({part}) were rejected "
            f"({_reasons(report['rejected'])})"
        )
    same = f"line of the same user and {item}"
    return text + (
        f"; {repeated:,} repeated an earlier {same}." if repeated else f"; none repeated a {same}."
    )


def _reasons(rejected: dict[str, int]) -> str:
    ordered = sorted(rejected.items(), key=lambda pair: (-pair[1], pair[0]))
    return ", ".join(f"{reason}: {count:,}" for reason, count in ordered if count)


def explore(profile: str, log: Interactions, tops: pd.DataFrame, item: str, synthetic: bool) -> Prose:
    """Sparsity, the long tail, activity and plays, in a sentence each.

    tops : `tables_log.top_shares`.
    """
    songs = np.diff(log.plays.indptr)
    held = tops.set_index("top")["interactions"]
    once = float(np.mean(log.plays.data == 1))
    few = float(np.mean(np.bincount(log.plays.indices, minlength=log.n_songs) < 10))
    name = log_of(profile, synthetic)
    lines = [
        f"{sentence(name)} fills {100 * log.density:.2g} % of its {counted(log.n_users, 'user')} × "
        f"{counted(log.n_songs, item)} matrix. A user has {float(songs.mean()):,.1f} {item}s in the mean and "
        f"{_median(songs):,} in the median; all the others must be ranked from these.",
        f"The most heard 1 % of the {item}s hold {share(held['1 %'])} of the interactions, the most heard "
        f"10 % hold {share(held['10 %'])}. Of the {item}s, {share(few)} have fewer than ten "
        "listeners: about those every model knows little.",
        f"{sentence(share(once))} of the interactions are a single play. "
        + (
            f"For most of them the count adds nothing to the fact that the {item} was played at all."
            if once > 0.5
            else f"For most of them the count says more than the bare fact that the {item} was played."
        ),
    ]
    return _prose(lines, synthetic)


def _median(counts: np.ndarray) -> int:
    return int(np.quantile(counts, 0.5, method="inverted_cdf"))


def distance(curves: dict[str, pd.DataFrame], own: str) -> pd.DataFrame:
    """How far this log's marginals lie from the real ones: largest gap between two survival curves.

    curves : as `figures_log.marginals` draws them. Columns `marginal`, `gap` (Kolmogorov and Smirnov's
    distance: 0 for equal distributions, 1 for disjoint ones).
    """
    rows = []
    for name, table in curves.items():
        real = table.loc[table["log"] != own]
        mine = table.loc[table["log"] == own]
        rows.append([name, _gap(mine, real)])
    return pd.DataFrame(rows, columns=["marginal", "gap"])


def _gap(one: pd.DataFrame, other: pd.DataFrame) -> float:
    values = np.union1d(one["value"], other["value"])
    return float(np.max(np.abs(_at_least(one, values) - _at_least(other, values))))


def _at_least(table: pd.DataFrame, values: np.ndarray) -> np.ndarray:
    place = np.searchsorted(table["value"].to_numpy(), values)
    return np.append(table["share_at_least"].to_numpy(), 0.0)[place]


def split(profile: str, report: dict[str, Any], item: str = "song") -> Prose:
    """Who is tested on what.

    report : `split.json`, as `tables_split.report` makes it.
    """
    test = report["test"]
    lines = [
        f"Under the protocol `{report['protocol']}` (seed {report['seed']}), "
        f"{counted(test['users'], 'user')} of {log_of(profile, report['synthetic'])} are tested. Of theirs "
        f"a model sees {counted(test['fold_in'], 'interaction')} and must find {test['holdout']:,} more, "
        f"{test['holdout'] / test['users']:.1f} a user in the mean.",
    ]
    left_out = report["users"] - test["users"]
    if left_out and report["protocol"] != "strong":
        lines.append(
            f"{counted(left_out, 'user')} had nothing held out: a model learns from them, but is not "
            "tested on them."
        )
    unseen = report["test_unseen"]
    if unseen:
        lines.append(
            f"{counted(unseen, 'held-out interaction')} ({share(unseen / test['holdout'])}) concern {item}s "
            "that nobody has in training: no model here can find those."
        )
    return _prose(lines, report["synthetic"])


def _prose(lines: list[str], synthetic: bool) -> Prose:
    return Prose("\n\n".join([*lines, *([_INVENTED] if synthetic else [])]))
