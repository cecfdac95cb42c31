"""Python in processes of their own, which begin with the packages that this project uses already imported.

A server imports them once and forks for each command. A fork imports the library itself anew, from where its
PYTHONPATH says: it runs what a new interpreter would run, a second of imports earlier.
"""

import json
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

PACKAGES = (
    *("click", "dvc.repo", "dvc.repo.reproduce", "dvc.repo.status", "dvc.stage.serialize", "dvc_data.index"),
    *("pandas", "pyarrow.compute", "pyarrow.dataset", "pydantic", "scipy.sparse", "scipy.special"),
    *("tqdm", "yaml"),
)


class Forks:
    """A server that runs Python in forks of itself."""

    def __init__(self):
        # The working directory is no place to import from: `-P`.
        command = [sys.executable, "-P", __file__]
        self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, arguments: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess:
        """What `python -m MODULE ...` or `python -c CODE` gives in this environment."""
        with TemporaryDirectory() as folder:
            asked = {"arguments": arguments, "environment": dict(environment), "folder": folder}
            self._server.stdin.write(json.dumps(asked) + "\n")
            self._server.stdin.flush()
            code = int(self._server.stdout.readline())
            said = [Path(folder, name).read_text() for name in ("out", "err")]
        return subprocess.CompletedProcess([sys.executable, *arguments], code, *said)

    def close(self) -> None:
        self._server.stdin.close()
        self._server.wait()


def _become(arguments: list[str], environment: dict[str, str], folder: str) -> None:
    """Be the process that was asked for."""
    for number, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(f"{folder}/{name}", os.O_WRONLY | os.O_CREAT), number)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = environment["PYTHONPATH"].split(os.pathsep)
    sys.argv = arguments[1:]
    if arguments[0] == "-m":
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv[0] = "-c"
        exec(compile(arguments[1], "<string>", "exec"), {"__name__": "__main__"})


def _serve() -> None:
    for package in PACKAGES:
        __import__(package)
    answers = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # of the forks: they read nothing
    for line in os.fdopen(ASKED):
        if not (child := os.fork()):
            _become(**json.loads(line))
            sys.exit()
        status = os.waitpid(child, 0)[1]
        os.write(answers, b"%d\n" % os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    ASKED = os.dup(0)
    _serve()
