"""What the division of the log came to, in sentences made from the values: true of any log."""

from typing import Any

from songrec.report.show import Prose, paragraphs
from songrec.report.words import INVENTED, counted, log_of, share


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
    return paragraphs(lines, INVENTED if report["synthetic"] else "")
