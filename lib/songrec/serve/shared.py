"""What workers share, and what is kept in memory: Redis by URL, else this process and a file."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from songrec.errors import DataError
from songrec.files import replacing
from songrec.serve.metrics import Metrics
from songrec.serve.recommender import Ranked

PAUSE = 1.0
"""Seconds for which a Redis that did not answer is not asked again."""

PATIENCE = 0.1
"""Seconds that an answer of Redis may take."""

LISTENERS, EACH = 5_000, 4
"""Listeners of whom a process remembers lists, and lists of each: some 2.4 kB a list."""

FRESH = 3_600
"""Seconds for which Redis keeps a list."""


class UnreachableError(DataError):
    """What workers share cannot be changed now."""


class Redis:
    """Redis, which may go away and come back: nothing waits for it for long.

    Parameters
    ----------
    url : str
        As `redis://host:port/0`.
    prefix : str
        Of all keys.
    metrics : Metrics
        Told whether it answers.
    """

    def __init__(self, url: str, prefix: str, metrics: Metrics):
        import redis
        from redis.backoff import NoBackoff
        from redis.retry import Retry

        self._client = redis.Redis.from_url(
            url, socket_timeout=PATIENCE, socket_connect_timeout=PATIENCE, retry=Retry(NoBackoff(), 0)
        )
        self._errors = (redis.RedisError, OSError)
        self._prefix, self._metrics, self._asleep = prefix, metrics, 0.0
        self.up = False
        metrics.redis_up.set(0)

    def ask(self, command: Callable[[Any], Any], default: Any = None) -> Any:
        """What a command gives; `default`, at once, while Redis does not answer."""
        if time.monotonic() < self._asleep:
            return default
        try:
            found = command(self._client)
        except self._errors:
            self._asleep = time.monotonic() + PAUSE
            self._tell(False)
            self._metrics.redis_errors.inc()
            with suppress(*self._errors):
                self._client.connection_pool.disconnect()
            return default
        if not self.up:
            self._tell(True)
        return found

    def _tell(self, up: bool) -> None:
        self.up = up
        self._metrics.redis_up.set(int(up))

    def key(self, *parts: str) -> str:
        return ":".join([self._prefix, *parts])

    # What is shared

    def read(self, name: str) -> Any:
        """What was last written under a name; None for nothing, or when it cannot be read now."""
        found = self.ask(lambda client: client.get(self.key(name)))
        return orjson.loads(found) if found else None

    def write(self, name: str, value: Any) -> None:
        """Keep a value; `UnreachableError` where that cannot be done."""
        text = orjson.dumps(value)
        if not self.ask(lambda client: client.set(self.key(name), text)):
            raise UnreachableError("Redis does not answer, so nothing was changed: try again once it does")

    def restore(self, name: str, value: Any) -> None:
        """Keep a value where there is none: Redis may have come back empty."""
        text = orjson.dumps(value)
        self.ask(lambda client: client.set(self.key(name), text, nx=True))

    def ping(self) -> None:
        self.ask(lambda client: client.ping())


class OneFile:
    """What `Redis` shares, for one worker: kept in a file, so that it outlives the process."""

    def __init__(self, folder: Path):
        self.folder = folder

    def read(self, name: str) -> Any:
        try:
            return orjson.loads((self.folder / f"{name}.json").read_bytes())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise DataError(f"cannot read {self.folder / name}.json: {error}. Delete it") from error

    def write(self, name: str, value: Any) -> None:
        with replacing(self.folder / f"{name}.json") as temporary:
            temporary.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2))

    restore = write

    def ping(self) -> None:
        """There is nobody to ask."""


class Lists:
    """The model's lists of the listeners who asked last: in memory, and beyond it in Redis."""

    def __init__(self, metrics: Metrics, redis: Redis | None = None, size: int = LISTENERS):
        self._metrics, self._redis, self._size = metrics, redis, size
        self._kept: OrderedDict[str, dict[tuple[str, str], Ranked]] = OrderedDict()
        self._lock = threading.Lock()

    def remembered(self, version: str, user: str) -> Callable[[str, Callable[[], Ranked]], Ranked]:
        """For `SongRecommender.recommend`: lists by a version, of a user or (empty) of a history alone."""

        def look(key: str, make: Callable[[], Ranked]) -> Ranked:
            owner, place = user or key, (version, key)
            with self._lock:
                mine = self._kept.get(owner, {})
                if found := mine.get(place):
                    self._kept.move_to_end(owner)
            self._metrics.cache.labels("memory", "hit" if found else "miss").inc()
            if not found:
                found = self._beyond(user, place, make) if self._redis and user else make()
                self._keep(owner, place, found)
            return found

        return look

    def forget(self, user: str) -> None:
        """Drop what is remembered of a user, here and in Redis."""
        with self._lock:
            self._kept.pop(user, None)
        if self._redis:
            self._redis.ask(lambda client: client.delete(self._key(user)))

    def _keep(self, owner: str, place: tuple[str, str], found: Ranked) -> None:
        with self._lock:
            mine = self._kept.setdefault(owner, {})
            if len(mine) >= EACH:
                del mine[next(iter(mine))]
            mine[place] = found
            if len(self._kept) > self._size:
                self._kept.popitem(last=False)

    def _beyond(self, user: str, place: tuple[str, str], make: Callable[[], Ranked]) -> Ranked:
        """From Redis, and into it."""
        field = ".".join(place)
        packed = self._redis.ask(lambda client: client.hget(self._key(user), field))
        self._metrics.cache.labels("redis", "hit" if packed else "miss").inc()
        if packed:
            n = len(packed) // 12
            return np.frombuffer(packed[: 4 * n], np.int32), np.frombuffer(packed[4 * n :], np.float64)
        found = make()
        packed = found[0].astype(np.int32).tobytes() + found[1].astype(np.float64).tobytes()
        self._redis.ask(
            lambda client: (
                client.pipeline(transaction=False)
                .hset(self._key(user), field, packed)
                .expire(self._key(user), FRESH)
                .execute()
            )
        )
        return found

    def _key(self, user: str) -> str:
        return self._redis.key("lists", blake2b(user.encode("utf-8", "replace"), digest_size=12).hexdigest())
