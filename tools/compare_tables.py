"""Compare tables from before studies and pages with those of now: is every number still there?

    python tools/compare_tables.py records BEFORE/data/results data/results
    python tools/compare_tables.py runs BEFORE/data/processed/PROFILE data/processed/PROFILE

Tables became longer, narrower or others, so what is compared is the numbers of a topic as a multiset: `lost`
are those that occurred before and occur no more, `fewer` those that occur less often than they did. Columns
that say which row it is (k, rank, n_users...) and timings are left out. Exit status 1 when one is lost.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import pandas as pd

KEYS = {
    "k",
    "rank",
    "n_users",
    "shown",
    "seed",
    "trial",
    "share",
    "kappa",
    "lambda",
    "song",
    "user",
    "song_id",
    "id",
}
"""Columns that name a row: a number in one is no finding."""

TIMES = {"seconds", "fit_seconds", "recommend_ms_per_user", "peak_mb", "search_seconds", "threads"}

TOPICS = {
    "single values": (["run.json", "params.json", "split.json"], ["run.json", "ingest", "split", "tune"]),
    "evaluate": (["metrics.csv"], ["evaluate"]),
    "compare": (["gains.csv", "tables/compare"], ["compare", "evaluate", "train"]),
    "tuning": (["tuning.csv", "tables/tuning", "trials.csv", "trials"], ["tuning_gain", "tune"]),
    "cost": (["cost.csv"], ["train", "tune"]),
    "explore": (["tables/explore"], ["explore"]),
    "recommend": (["examples.csv", "similar.csv", "tables/recommend"], ["recommend"]),
    **{
        new: ([f"studies/{old}", f"tables/{old}"], [new, *more])
        for old, new, *more in (
            ("beyond", "beyond"),
            ("definitions", "definitions"),
            ("repeats", "repeats"),
            ("cold_start", "cold_start"),
            ("scale", "model_size"),
        )
    },
}
"""Topic -> files and folders that held it, stages that hold it now."""

LEFT_OUT = {
    "titles.csv": "titles of lists: in the notebook of a run only",
    "by_cutoff.csv": "rows of metrics",
    "trade_off.csv": "rows of metrics",
    "progress.csv": "from trials",
    "points.csv": "from trials",
}
"""Old tables that only repeated others, or are read nowhere."""


def numbers(files: Iterable[Path], times: bool) -> Counter[str]:
    """How often each number occurs, to four significant digits."""
    found: Counter[str] = Counter()
    for path in files:
        if path.suffix == ".json":
            found.update(_in_json(json.loads(path.read_text(encoding="utf-8"))))
            continue
        try:
            table = pd.read_csv(path, dtype=str, keep_default_na=False)
        except pd.errors.EmptyDataError:
            continue
        out = KEYS | (set() if times else TIMES)
        for name in table:
            if name == "point":
                found.update(_in_json([json.loads(point) for point in table[name]]))
            elif name not in out:
                found.update(filter(None, map(_number, table[name])))
    return found


def _in_json(value: object) -> Iterator[str]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _in_json(each)
    elif text := _number(str(value)):
        yield text


def _number(text: str) -> str | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return f"{value:.4g}" if value == value else None


def files(folder: Path, names: Iterable[str], facts: bool) -> list[Path]:
    """These files, and the tables (and facts) of these folders."""
    found = []
    for name in names:
        path = folder / name
        inside = [*path.rglob("*.csv"), *(path.rglob("*.json") if facts else [])]
        found += [path] if path.is_file() else inside
    return sorted(path for path in found if path.name not in LEFT_OUT)


def compare(before: Path, after: Path, times: bool) -> int:
    """Print what each topic of one folder lost; returns how many numbers are lost."""
    lost = 0
    for topic, (old, new) in TOPICS.items():
        was = numbers(files(before, old, facts=False), times)
        now = numbers(files(after, new, facts=True), times)
        if not was:
            continue
        gone = [number for number in was if number not in now]
        fewer = {number: count for number, count in (was - now).items() if number not in gone}
        lost += len(gone)
        print(
            f"  {topic:13} {was.total():6} numbers before, {now.total():6} now; "
            f"{len(gone)} lost, {len(fewer)} fewer{': ' + ', '.join(gone[:12]) if gone else ''}"
        )
        if fewer:
            shown = [f"{number} ({was[number]} to {now[number]})" for number in list(fewer)[:6]]
            print(f"{'':15}fewer: {', '.join(shown)}{', ...' if len(fewer) > 6 else ''}")
    return lost


def main(kind: str, before: Path, after: Path) -> int:
    if kind == "runs":
        return compare(before, after / "tables", times=False)
    lost = 0
    for path in sorted(before.glob("*/run.json")):
        name = path.parent.name
        print(name)
        lost += compare(before / name, after / name, times=True)
    return lost


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in ("records", "runs"):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])) > 0)
