"""What the service counts, for Prometheus."""

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest, multiprocess

SECONDS = (0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
SHARES = tuple(place / 10 for place in range(11))


class Metrics:
    """One process's; those of several, where the variable PROMETHEUS_MULTIPROC_DIR names a folder."""

    def __init__(self):
        self.registry = CollectorRegistry()
        here = {"registry": self.registry}
        lately = {**here, "multiprocess_mode": "livemax"}
        self.requests = Counter(
            "songrec_requests", "Requests by route and status", ["route", "status"], **here
        )
        self.seconds = Histogram(
            "songrec_request_seconds",
            "Time to the last byte of an answer",
            ["route"],
            buckets=SECONDS,
            **here,
        )
        self.lists = Counter(
            "songrec_lists", "Lists by the rung that answered and the version", ["rung", "version"], **here
        )
        self.items = Counter(
            "songrec_items",
            "Songs in lists by their version and rung",
            ["version", "rung"],
            **here,
        )
        self.short = Counter("songrec_short_lists", "Lists with fewer songs than asked for", **here)
        self.cache = Counter("songrec_cache", "Looks into a cache", ["layer", "outcome"], **here)
        self.redis_up = Gauge(
            "songrec_redis_up",
            "1 while Redis answers, 0 while it does not; -1: none is used",
            registry=self.registry,
            multiprocess_mode="livemin",
        )
        self.redis_errors = Counter("songrec_redis_errors", "Commands that Redis did not answer", **here)
        self.registry_up = Gauge(
            "songrec_registry_up",
            "1 while the registry says which version is live, 0 while it does not; -1: none is asked",
            registry=self.registry,
            multiprocess_mode="livemin",
        )
        self.registry_refused = Counter(
            "songrec_registry_refused", "Versions that were to go live and could not be served", **here
        )
        self.version = Gauge("songrec_version", "1 for the version in a role", ["role", "version"], **lately)
        self.blocked = Gauge(
            "songrec_blocked_songs", "Songs that the block list keeps out of lists", **lately
        )
        self.waiting = Gauge("songrec_waiting", "Requests that wait for a thread, or have one", **lately)
        self.overlap = Histogram(
            "songrec_shadow_overlap_at_10",
            "Share of the first ten songs that the shadowed version has as well",
            buckets=SHARES,
            **here,
        )
        self.shadow_seconds = Histogram(
            "songrec_shadow_seconds", "Time of a list of the shadowed version", buckets=SECONDS, **here
        )
        self.shadow_dropped = Counter(
            "songrec_shadow_dropped", "Lists that were not shadowed, for load", **here
        )
        self.redis_up.set(-1)
        self.registry_up.set(-1)

    def text(self) -> bytes:
        """All of them, in Prometheus' text format."""
        if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            return generate_latest(self.registry)
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry)
        return generate_latest(registry)
