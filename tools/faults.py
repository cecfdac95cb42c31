"""Faults put into runs of a profile, at random but by a seed, and what comes of each, as a table.

`python tools/faults.py --n 20 --seed 0 --seconds 280`

The profile's studies up to the comparison run once, in a folder of their own. Then runs are killed, files
altered, and so on; after each fault `songrec recommend` must answer as before or say what is wrong, and
`songrec run` must make every table, list and array as it was, byte by byte. Where it refuses (a pipe in an
output's place), what its message names is deleted first. Exits with 1 when anything is lost, wrong in
silence, crashes, hangs or does not heal.
"""

import argparse
import hashlib
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

LIBRARY = Path(__file__).resolve().parents[1] / "lib"
WAIT = 120  # seconds after which something hangs
ASIDE = {".dvc", "stages", "failed", "unfinished", "notebooks", "took", "run.lock"}  # not results
MEASURED = {"cost.csv", "exponents.csv", "optimisations.csv"}  # results that are times

HEALED, RIGHT, ERROR = "healed", "right answer", "clear error"
BAD = ("wrong, silent", "traceback", "crash", "hang", "does not heal")


@dataclass
class World:
    """One profile's data folder, how it is when nothing is wrong, and the dice."""

    root: Path
    profile: str
    dice: random.Random
    files: dict[str, str] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)
    questions: list[list[str]] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def processed(self) -> Path:
        return self.data / "processed" / self.profile

    def start(self, *arguments: str, **options) -> subprocess.Popen:
        """The command line, in a group of processes of its own."""
        environment = os.environ | {"SONGREC_DATA": str(self.data), "PYTHONPATH": str(LIBRARY)}
        return subprocess.Popen(
            [sys.executable, "-m", "songrec.cli", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            start_new_session=True,
            **options,
        )

    def run(self, **options) -> subprocess.Popen:
        return self.start("run", "--profile", self.profile, "--only", "study.compare", **options)

    def results(self) -> list[Path]:
        """Every file that a stage made, in a fixed order."""
        folders = (self.processed, self.data / "interim" / self.profile)
        found = (path for folder in folders for path in folder.rglob("*") if path.is_file())
        return sorted(path for path in found if not ASIDE & set(path.relative_to(self.data).parts))

    def hashes(self) -> dict[str, str]:
        return {
            str(path.relative_to(self.data)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.results()
            if path.name not in MEASURED
        }

    def prepare(self) -> None:
        """Run once; keep a copy, hashes and answers."""
        verdict, said = ended(self.run(), 600)
        if verdict != "done":
            sys.exit(f"the run without a fault fails:\n{said}")
        ids = self.data / "processed" / self.profile / "interactions"
        user, song = (str(np.load(ids / f"{name}_ids.npy")[7]) for name in ("user", "song"))
        shared = ["--profile", self.profile, "--model", "item_knn"]
        self.questions = [["recommend", "--profile", self.profile, "--user", user]]
        self.questions += [["recommend", *shared, "--user", user], ["similar", *shared, "--song", song]]
        self.answers = [ended(self.start(*question))[1] for question in self.questions]
        self.files = self.hashes()
        shutil.copytree(self.data, self.root / "copy", symlinks=True)

    def restore(self) -> None:
        """Begin anew from the copy."""
        shutil.rmtree(self.data)
        shutil.copytree(self.root / "copy", self.data, symlinks=True)

    def ask(self) -> str:
        """What comes of a question, of those that are asked in turn."""
        place = self.dice.randrange(len(self.questions))
        verdict, said = ended(self.start(*self.questions[place]))
        if verdict == "done":
            return RIGHT if said == self.answers[place] else f"wrong, silent: {said[:200]}"
        return verdict if verdict != "failed" else ERROR

    def heal(self) -> str:
        """What comes of the next run: healed, or refused and then healed, or not."""
        outcome = HEALED
        for _ in range(3):
            verdict, said = ended(self.run())
            if verdict == "done":
                wrong = sorted(n for n, h in (self.files.items() ^ self.hashes().items()))
                return f"does not heal: {', '.join(dict.fromkeys(wrong))}" if wrong else outcome
            named = re.findall(rf"{re.escape(str(self.data))}[^\s:'\"]+", said)
            if verdict != "failed" or not named:
                return verdict if verdict != "failed" else f"does not heal: {said[-300:]}"
            outcome = ERROR
            path = Path(named[0].rstrip(".,;"))
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return f"does not heal: {said[-300:]}"


def ended(process: subprocess.Popen, seconds: float = WAIT) -> tuple[str, str]:
    """How a process ends: done, failed (with a message), interrupted, busy, traceback, crash, hang."""
    try:
        out, wrong = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return "hang", ""
    if "Traceback (most" in wrong:
        return f"traceback: {wrong[-300:]}", wrong
    if process.returncode < 0:
        return f"crash: signal {-process.returncode}", wrong
    ways = {0: "done", 1: "failed", 2: "failed", 75: "busy", 130: "interrupted"}
    return ways.get(process.returncode, "crash"), wrong if process.returncode else out


def _a_file(world: World, kind: str = "") -> Path:
    return world.dice.choice([path for path in world.results() if kind in str(path)])


def _flip(path: Path, dice: random.Random) -> None:
    content = bytearray(path.read_bytes()) or bytearray(b"x")
    content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    path.write_bytes(content)


def _replace(path: Path, make: Callable[[Path], object]) -> None:
    path.unlink()
    make(path)


DAMAGES: dict[str, Callable[[Path, World], object]] = {
    "a flipped bit": lambda path, world: _flip(path, world.dice),
    "cut": lambda path, world: os.truncate(path, world.dice.randrange(path.stat().st_size or 1)),
    "missing": lambda path, world: path.unlink(),
    "empty": lambda path, world: path.write_bytes(b""),
    "zeros": lambda path, world: path.write_bytes(bytes(path.stat().st_size)),
    "noise": lambda path, world: path.write_bytes(world.dice.randbytes(path.stat().st_size)),
    "another file": lambda path, world: (
        shutil.copyfile(_a_file(world, path.suffix), path.with_name("tmp"))
        and os.replace(path.with_name("tmp"), path)
    ),
    "a pipe": lambda path, world: _replace(path, os.mkfifo),
    "a folder": lambda path, world: _replace(path, os.mkdir),
    "a link to /dev/zero": lambda path, world: _replace(path, lambda p: p.symlink_to("/dev/zero")),
}


def altered(world: World, where: str = "") -> tuple[str, str]:
    """A file that a stage made is damaged."""
    path = _a_file(world, where)
    name = world.dice.choice(list(DAMAGES))
    DAMAGES[name](path, world)
    return f"{path.relative_to(world.data)}: {name}", _both(world.ask(), world.heal())


def altered_model(world: World) -> tuple[str, str]:
    """The same, of a model that is asked."""
    return altered(world, "/models/item_knn/")


def rotten(world: World) -> tuple[str, str]:
    """A bit is flipped, and size and date stay: seen by whoever reads the file, or hashes all again."""
    path = world.dice.choice([p for p in world.results() if p.stat().st_size and p.name not in MEASURED])
    before = path.stat()
    _flip(path, world.dice)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    asked = world.ask()
    code = (
        "from songrec.pipeline.engine import Engine; from songrec.pipeline.plan import make_plan\n"
        f"print(list(Engine(make_plan({world.profile!r})).changes(verify=True)))"
    )
    environment = os.environ | {"SONGREC_DATA": str(world.data), "PYTHONPATH": str(LIBRARY)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True)
    return f"{path.relative_to(world.data)}: a flipped bit, its date kept", _both(asked, world.heal())


def exchanged(world: World) -> tuple[str, str]:
    """A model's folder holds another model."""
    models = sorted(path.name for path in (world.processed / "models").iterdir() if path.name != "item_knn")
    other = world.dice.choice(models)
    shutil.rmtree(world.processed / "models" / "item_knn")
    shutil.copytree(world.processed / "models" / other, world.processed / "models" / "item_knn")
    return f"models/item_knn: {other}", _both(world.ask(), world.heal())


def killed(world: World) -> tuple[str, str]:
    """Something is to be made; the run, its group or its youngest process is killed at a random moment."""
    path = _a_file(world)
    path.unlink()
    seconds, run = world.dice.uniform(0.2, 9), world.run()
    time.sleep(seconds)
    whom = world.dice.choice(["group", "run", "stage"])
    if whom == "group":
        os.killpg(run.pid, signal.SIGKILL)
    else:
        inner = subprocess.run(["pgrep", "-P", str(run.pid)], capture_output=True, text=True, check=False)
        run_or_stage = int(inner.stdout.split()[-1]) if whom == "stage" and inner.stdout.split() else run.pid
        os.kill(run_or_stage, signal.SIGKILL)
    verdict, _ = ended(run)
    said = verdict if verdict.startswith(("traceback", "hang")) else RIGHT
    return f"{path.relative_to(world.data)} missing, {whom} killed after {seconds:.1f} s", _both(
        said, world.heal()
    )


def interrupted(world: World) -> tuple[str, str]:
    """The same with an interrupt, to the run alone or to its group."""
    path = _a_file(world)
    path.unlink()
    seconds = world.dice.uniform(1, 9)
    run = world.run(preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    time.sleep(seconds)
    send, whom = world.dice.choice([(os.kill, "run"), (os.killpg, "group")])
    if run.poll() is None:
        send(run.pid, signal.SIGINT)
    verdict, _ = ended(run)
    fine = ("done", "interrupted", "crash: signal 2")  # the last: while Python itself was about to end
    said = RIGHT if verdict in fine or seconds < 2 else verdict  # before that Python was about to start
    return f"{path.relative_to(world.data)} missing, {whom} interrupted after {seconds:.1f} s", _both(
        said, world.heal()
    )


def no_room(world: World) -> tuple[str, str]:
    """Something is to be made, and no file may become larger than some kilobytes."""
    path = _a_file(world)
    path.unlink()
    room = world.dice.choice([0, 1_000, 5_000, 20_000, 100_000])

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    verdict, _ = ended(world.run(preexec_fn=limit))
    said = {"done": RIGHT, "failed": ERROR}.get(verdict, verdict)
    return f"{path.relative_to(world.data)} missing, files of {room:,} bytes at most", _both(
        said, world.heal()
    )


def engine_state(world: World) -> tuple[str, str]:
    """What the engine keeps for itself is damaged."""
    inner = [*(world.processed / ".dvc").rglob("*"), *(world.processed / "stages").rglob("*")]
    path = world.dice.choice(sorted(path for path in inner if path.is_file()))
    name = world.dice.choice(["a flipped bit", "cut", "missing", "empty", "noise"])
    DAMAGES[name](path, world)
    return f"{path.relative_to(world.processed)}: {name}", world.heal()


def engine_lock(world: World) -> tuple[str, str]:
    """What a killed run left of the engine's lock: nothing, a half, or a process number in use again."""
    lock = world.processed / ".dvc" / "tmp" / "rwlock"
    entry = json.dumps({str(world.processed / "split"): {"write": {"pid": os.getpid(), "cmd": "x"}}})
    text = world.dice.choice(["", entry[:20], entry])
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text(text)
    _a_file(world, "/split/").unlink()
    return f"the engine's lock: {text[:30]!r}", world.heal()


def two_at_once(world: World) -> tuple[str, str]:
    """Two runs in one instant: one runs, one says so."""
    path = _a_file(world)
    path.unlink()
    verdicts = sorted(ended(run)[0] for run in [world.run(), world.run()])
    said = RIGHT if verdicts in (["busy", "done"], ["done", "done"]) else " and ".join(verdicts)
    return f"{path.relative_to(world.data)} missing, two runs at once", _both(said, world.heal())


LOGS: dict[str, Callable[[random.Random], bytes]] = {
    "noise": lambda dice: dice.randbytes(5_000),
    "half a gzip": lambda dice: b"\x1f\x8b\x08\0" + dice.randbytes(3_000),
    "half a zip": lambda dice: b"PK\x03\x04" + dice.randbytes(3_000),
    "half a Parquet": lambda dice: b"PAR1" + dice.randbytes(3_000),
    "nothing": lambda dice: b"",
    "zeros": lambda dice: bytes(9_000),
    "one endless line": lambda dice: b"a," * 2_000_000,
    "brackets": lambda dice: b"[" * 1_000_000,
    "quotes": lambda dice: b'u,s,p\n"' + b"a,b\n" * 9_999,
    "numbers out of range": lambda dice: b"u,s,plays\n" + b"a,b,1e999\n" * 99,
}


def hostile_log(world: World) -> tuple[str, str]:
    """A file that is no log is checked."""
    name = world.dice.choice(list(LOGS))
    path = world.root / f"log.{world.dice.choice(['csv', 'tsv.gz', 'zip', 'parquet', 'json', 'txt'])}"
    path.write_bytes(LOGS[name](world.dice))
    verdict, _ = ended(world.start("data", "check", str(path)))
    return f"{path.name}: {name}", {"done": RIGHT, "failed": ERROR}.get(verdict, verdict)


PROFILES = {
    "aliases": "a0: &a0 [x]\n" + "".join(f"a{i + 1}: &a{i + 1} [{f'*a{i},' * 9}]\n" for i in range(9)),
    "depth": "shared: " + "[" * 5_000,
    "code": "title: !!python/object/apply:os.system [exit]\n",
    "a loop": "extends: hostile\n",
    "a path": "extends: ../../../etc/passwd\n",
    "a list": "- 1\n",
    "bytes": "title: \x00\n",
    "itself": "a: &a [*a]\n",
}


def hostile_profile(world: World) -> tuple[str, str]:
    """A profile that nobody should read."""
    name = world.dice.choice(list(PROFILES))
    (world.root / "hostile.yml").write_text(PROFILES[name])
    code = (
        "import sys, songrec.config as g; from pathlib import Path\n"
        "try: g.read_profile('hostile', Path(sys.argv[1]))\n"
        "except g.ConfigError as e: sys.exit(f'songrec: {e}')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(world.root)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(LIBRARY)},
        start_new_session=True,
    )
    verdict, _ = ended(process, 10)
    return f"a profile: {name}", {"done": "wrong, silent", "failed": ERROR}.get(verdict, verdict)


KINDS = [
    altered_model, killed, altered, engine_state, exchanged, rotten, interrupted, engine_lock, no_room,
    two_at_once, hostile_log, hostile_profile,
]  # fmt: skip


def _both(asked: str, healed: str) -> str:
    """The worse of what a question and the next run came to; an error that was said, of two good ones."""
    for outcome in (asked, healed):
        if outcome not in (HEALED, RIGHT, ERROR):
            return outcome
    return ERROR if ERROR in (asked, healed) else HEALED


def table(outcomes: list[tuple[str, str, str]]) -> str:
    """Kinds by outcomes, in Markdown; then each fault that came to no good."""
    columns = [HEALED, RIGHT, ERROR, *BAD]
    lines = [f"| fault | tried | {' | '.join(columns)} |", f"|:--|--:|{'--:|' * len(columns)}"]
    counted = Counter((kind, outcome.partition(":")[0]) for kind, _, outcome in outcomes)
    for kind in dict.fromkeys(kind for kind, _, _ in outcomes):
        cells = [counted[kind, column] for column in columns]
        of_kind = [outcome for one, _, outcome in outcomes if one == kind]
        lines.append(f"| {kind} | {len(of_kind)} | {' | '.join(map(str, cells))} |")
    lines += [f"\n{what}\n    {came}" for _, what, came in outcomes if came not in (HEALED, RIGHT, ERROR)]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=20, help="how many faults")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="after which none begins")
    parser.add_argument("--profile", default="tiny")
    asked = parser.parse_args()
    start, outcomes = time.monotonic(), []
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder).resolve(), asked.profile, random.Random(asked.seed))
        world.prepare()
        for number in range(asked.n):
            if time.monotonic() - start > asked.seconds:
                print(f"{number} of {asked.n} faults: the time is up")
                break
            kind = KINDS[number % len(KINDS)]
            world.dice = random.Random(f"{asked.seed} {number}")  # each fault can be had by itself
            what, came = kind(world)
            print(f"{number:3d} {kind.__name__}: {what} -> {came}", file=sys.stderr, flush=True)
            outcomes.append((kind.__name__.replace("_", " "), what, came))
            if came not in (HEALED, RIGHT, ERROR):
                world.restore()
    print(table(outcomes))
    return int(any(came not in (HEALED, RIGHT, ERROR) for _, _, came in outcomes))


if __name__ == "__main__":
    sys.exit(main())
