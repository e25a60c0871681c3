"""A small TCP proxy before PostgreSQL that can cut the line just after a COMMIT has gone through to the server."""

import contextlib
import select
import socket
import threading


class Proxy:
    """Passes everything on. While `armed`, the first COMMIT reaches the server, and its answer reaches nobody."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._server.getsockname()[1]
        self.armed = threading.Event()
        self.cut = threading.Event()
        self._stopped = False
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._stopped = True
        self._server.close()

    def _accept(self) -> None:
        while not self._stopped:
            with contextlib.suppress(OSError):
                client, _ = self._server.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(("127.0.0.1", self._target)) as server, contextlib.suppress(OSError):
            while True:
                ready, _, _ = select.select([client, server], [], [])
                for one in ready:
                    data = one.recv(1 << 16)
                    if not data:
                        return
                    if one is client and self.armed.is_set() and b"COMMIT" in data:
                        self.armed.clear()
                        server.sendall(data)
                        server.recv(1)  # The server has answered, so the commit is done.
                        self.cut.set()
                        return
                    (server if one is client else client).sendall(data)
