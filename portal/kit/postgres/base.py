"""The database backend of Steward: psycopg 3, persistent connections, checked without asking the server."""

import select
from typing import Any

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's wrapper; only the health check differs."""

    def is_usable(self) -> bool:
        """Whether the server has neither closed the connection nor sent something unasked.

        Django's own check is a `SELECT 1`, a round trip before each request. A server that went away has sent its
        FIN or a final error message, so an idle socket that is readable is a dead one; a host that vanished without
        a word is found by the query itself, as it is with `SELECT 1` just before the host vanishes.
        """
        connection: Any = self.connection
        if connection is None or connection.closed or connection.broken:
            return False
        poll = select.poll()
        poll.register(connection.fileno(), select.POLLIN | select.POLLERR | select.POLLHUP)
        return not poll.poll(0)
