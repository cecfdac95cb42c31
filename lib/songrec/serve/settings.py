"""What a service is started with."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from songrec.errors import ConfigError

VARIABLE = "SONGREC_SERVE"
"""The variable that carries the settings from the process that starts workers to these."""

API_KEY, ADMIN_KEY = "SONGREC_API_KEY", "SONGREC_ADMIN_KEY"
"""Variables with the keys: on a command line everybody on the machine could read them."""


@dataclass(frozen=True)
class ServiceSettings:
    """Of one service.

    Attributes
    ----------
    profile : str
        Whose last run is served.
    model : str
        A label of the profile, or the address of a registered model (`models:/NAME@ALIAS`), which brings its
        log along; empty: the run's winner.
    host : str
        Address that it listens on.
    port : int
        Port that it listens on.
    redis : str
        URL of Redis; empty: none, and one worker.
    index : str
        Where indexes of vectors are, as `songrec.serve.index.open_index` has it; empty: none. Models without
        vectors do without.
    workers : int
        Processes.
    threads : int
        Lists that a worker makes at once.
    queue : int
        Requests that may wait for a thread before more are turned away.
    rate : float
        Requests a second of one client, in one worker; 0: as many as come.
    body : int
        Bytes of a request's body.
    tracking : str
        URL of the MLflow server that knows the registered model.
    poll : float
        Seconds after which it is asked again which version is live.
    api_key : str
        What clients must send; empty: nothing.
    admin_key : str
        What administration must send; empty: there is none.
    """

    profile: str
    model: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    redis: str = ""
    index: str = ""
    workers: int = 1
    threads: int = 2
    queue: int = 128
    rate: float = 0.0
    body: int = 1 << 20
    tracking: str = ""
    poll: float = 10.0
    api_key: str = ""
    admin_key: str = ""

    def to_environment(self) -> None:
        """For the workers that this process starts."""
        keys = {API_KEY: self.api_key, ADMIN_KEY: self.admin_key}
        told = {name: value for name, value in asdict(self).items() if name not in ("api_key", "admin_key")}
        os.environ.update({VARIABLE: json.dumps(told), **{name: key for name, key in keys.items() if key}})

    @classmethod
    def from_environment(cls, **told) -> "ServiceSettings":
        """What the starting process said, or `told`, with the keys of the environment."""
        told = told or json.loads(os.environ[VARIABLE])
        return cls(**told, api_key=os.environ.get(API_KEY, ""), admin_key=os.environ.get(ADMIN_KEY, ""))


def run_in(folder: Path) -> str:
    """The name of the profile whose run is in a folder, where this process looks for runs from now on.

    Raises
    ------
    ConfigError
        For a folder that is not where a run's is.
    """
    if folder.parent.name != "processed" or not (folder / "tables").is_dir():
        raise ConfigError(f"{folder} is no run: a run's folder is DATA/processed/NAME, with tables in it")
    os.environ["SONGREC_DATA"] = str(folder.parents[1])
    return folder.name
