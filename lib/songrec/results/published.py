"""The published runs, in the order in which they are told."""

from pathlib import Path

from songrec.paths import RESULTS
from songrec.results.run import HEADER, Results

MAIN = "taste-profile-10k-songs"
"""The published run that stands first."""


def published(results: Path = RESULTS, all_protocols: bool = False) -> list[Results]:
    """The published comparisons on real data, the main one first, then songs before artists, by name.

    Levels compare within one protocol only: those under another than the main one's are left out, unless
    `all_protocols`.
    """
    found = [Results.published(path.parent.name, results) for path in sorted(results.glob(f"*/{HEADER}"))]
    real = sorted(
        (run for run in found if not run.synthetic and run.has("compare", "differences")),
        key=lambda run: (run.name != MAIN, run.item != "song", run.name),
    )
    main = next((protocol_of(run) for run in real if run.name == MAIN), None)
    return [run for run in real if all_protocols or main in (None, protocol_of(run))]


def protocol_of(run: Results) -> str:
    """The protocol by which the run's log was split."""
    return run.facts("split")["protocol"]
