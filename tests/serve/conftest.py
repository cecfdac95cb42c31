"""What the tests of the service share."""

import pytest

from songrec.extras import missing


@pytest.fixture(scope="session")
def extra() -> None:
    """The test needs the extra `serve`."""
    if line := missing("serve"):
        pytest.skip("the service " + line)


@pytest.fixture(scope="module")
def asking(extra, tmp_path_factory):
    """A client of a service on item-KNN, with EASE and user-KNN to go over to."""
    from served import make_run, served

    with served(make_run(tmp_path_factory.mktemp("run"), ["ItemKNN", "EASE", "UserKNN"])) as asking:
        yield asking


@pytest.fixture
def redis_server(extra):
    """A real Redis, stopped at the end."""
    from served import RedisServer

    if not RedisServer.installed():
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    server = RedisServer()
    server.start()
    yield server
    server.stop()
