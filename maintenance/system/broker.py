"""What Redis tells about itself."""

import contextlib
from dataclasses import dataclass
from typing import Any

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from portal.kit import health


@dataclass(frozen=True)
class Broker:
    """Bytes and seconds. `most_bytes` is its limit, None for none; `hit_rate` is of reads that found a key."""

    version: str
    up_seconds: int
    used_bytes: int
    most_bytes: int | None
    keys: int
    clients: int
    hit_rate: float | None
    evicted: int


def broker() -> Broker | None:
    """The state of Redis, None where none is configured. Raises what its client raises when it is away."""
    if not settings.REDIS_URL:
        return None
    client: Any = redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=health.REDIS_SECONDS,
        socket_connect_timeout=health.REDIS_SECONDS,
        retry=Retry(NoBackoff(), 0),
    )
    try:
        told: dict[str, Any] = client.info()
        keys = int(client.dbsize())
    finally:
        with contextlib.suppress(redis.RedisError):
            client.close()
    hits, misses = int(told["keyspace_hits"]), int(told["keyspace_misses"])
    return Broker(
        version=str(told["redis_version"]),
        up_seconds=int(told["uptime_in_seconds"]),
        used_bytes=int(told["used_memory"]),
        most_bytes=int(told.get("maxmemory", 0)) or None,
        keys=keys,
        clients=int(told["connected_clients"]),
        hit_rate=hits / (hits + misses) if hits + misses else None,
        evicted=int(told["evicted_keys"]),
    )
