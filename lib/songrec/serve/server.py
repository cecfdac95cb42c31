"""Starting the service: threads, workers, signals."""

import os
import shutil
import sys
import tempfile
from typing import Any

from songrec.errors import ConfigError
from songrec.serve.settings import ServiceSettings

FACTORY = "songrec.serve.server:worker"


def serve(settings: ServiceSettings) -> None:
    """Serve until it is told to stop (SIGTERM, SIGINT): requests under way are answered first.

    Raises
    ------
    ConfigError
        For several workers without Redis.
    DataError
        When the run cannot be served.
    """
    if settings.workers > 1 and not settings.redis:
        raise ConfigError(
            f"{settings.workers} workers share block list and versions through Redis: give --redis URL, "
            "or --workers 1"
        )
    import uvicorn

    from songrec.serve.guard import log_to_stderr

    how: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "access_log": False,
        "log_level": "warning",
    }
    how |= {"timeout_graceful_shutdown": 30, "timeout_keep_alive": 60, "server_header": False}
    if settings.workers == 1:
        log_to_stderr()
        uvicorn.run(_application(settings), **how)
        return
    folder = tempfile.mkdtemp(prefix="songrec-metrics-")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder
    settings.to_environment()
    try:
        uvicorn.run(FACTORY, factory=True, workers=settings.workers, **how)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def worker() -> Any:
    """The application of one worker of several, by the settings in the environment."""
    from songrec.serve.guard import log_to_stderr

    log_to_stderr()
    return _application(ServiceSettings.from_environment())


def _application(settings: ServiceSettings) -> Any:
    from songrec.kernels.threads import one_thread_for_good
    from songrec.serve.app import create_app
    from songrec.serve.guard import log
    from songrec.serve.serving import Serving

    one_thread_for_good()  # requests share the cores, not the parts of one
    sys.setswitchinterval(0.001)  # seconds that the event loop waits for a thread that scores
    serving = Serving(settings)
    told = {"at": f"{settings.host}:{settings.port}", "version": serving.versions.roles.live.name}
    told |= {"why": serving.why, "workers": settings.workers}
    if not settings.redis:
        told["redis"] = "none: one worker, as several share block list and versions through it"
    log.info("serving", extra={"told": told})
    return create_app(settings, serving)
