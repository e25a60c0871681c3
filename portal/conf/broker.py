"""The way to Redis, made safe against what is no message of ours.

Whatever lies in the queue that is not a Celery message (something else wrote there, an older version, a cut-off write)
makes kombu raise in the consumer's event loop, and the worker ends with "Unrecoverable error". Nothing is lost with a
message, which only tells of a row, so it is dropped with a line in the log.

A Redis that is full refuses what the consumer writes when it takes its place at the queue. It tries again for as long
as it takes, a second apart.
"""

import logging
import time
from typing import Any

from kombu.transport import TRANSPORT_ALIASES, redis
from redis.exceptions import ResponseError

log = logging.getLogger("steward.worker")
REFUSED_SECONDS = 1.0  # Between tries; Celery itself makes five in a second, each with a line in the log.


class Channel(redis.Channel):
    """Kombu's channel, that drops what it cannot read."""

    def _brpop_read(self, **options: Any) -> Any:
        try:
            return super()._brpop_read(**options)  # type: ignore[misc]  # a private method, not in kombu's types
        except (ValueError, KeyError, TypeError, AttributeError):
            log.exception("Something in the broker's queue is not a message of Steward. It is dropped.")
            return True

    def _queue_bind(self, *args: Any) -> None:
        try:
            super()._queue_bind(*args)  # type: ignore[misc]  # as above
        except ResponseError:
            time.sleep(REFUSED_SECONDS)
            raise


class Transport(redis.Transport):
    """Kombu's transport with that channel."""

    Channel = Channel


def use() -> None:
    """Have every address that begins with redis:// or rediss:// lead here."""
    for scheme in ("redis", "rediss"):
        TRANSPORT_ALIASES[scheme] = f"{__name__}:Transport"
