"""What the page of the ingest found, in sentences made from the values: true of any log."""

from typing import Any

from songrec.data import Interactions
from songrec.report.show import Prose, paragraphs
from songrec.report.words import INVENTED, counted, known_names, log_of, share


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
    return paragraphs(lines, INVENTED if report["synthetic"] else "")


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
