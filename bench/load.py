"""The load generator: `wrk` where it is installed (`apt-get install wrk`), else a small one of our own.

It shares the processors with the servers, so it must be light; which one was used stands above the table.
"""

import json
import re
import select
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Load:
    """Result of one burst: requests per second and latencies in milliseconds."""

    rate: float
    p50: float
    p99: float
    requests: int


def tool() -> str:
    """The name of the generator that `run` uses."""
    return "wrk" if shutil.which("wrk") else "bench.load (install wrk for a lighter one)"


def run(
    url: str,
    *,
    connections: int,
    seconds: float,
    headers: Mapping[str, str] = MappingProxyType({}),
    body: str = "",
) -> Load:
    """Keep `connections` busy for `seconds`; with a `body` (JSON) by POST. Raises RuntimeError when a reply was not 200 or a
    connection broke."""
    if shutil.which("wrk"):
        return _wrk(url, connections, seconds, headers, body)
    told = subprocess.run(
        [sys.executable, "-m", "bench.load", url, str(connections), str(seconds), json.dumps(dict(headers)), body],
        check=False,
        capture_output=True,
        text=True,
    )
    if told.returncode:
        raise RuntimeError(told.stderr.strip().rpartition("\n")[2])
    return Load(**json.loads(told.stdout))


_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


def _wrk(url: str, connections: int, seconds: float, headers: Mapping[str, str], body: str) -> Load:
    if body:
        with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
            script.write(f'wrk.method = "POST"\nwrk.body = {json.dumps(body)}\n')
            script.flush()
            headers = {**headers, "Content-Type": "application/json"}
            return _measured(url, connections, seconds, headers, ["-s", script.name])
    return _measured(url, connections, seconds, headers, [])


def _measured(url: str, connections: int, seconds: float, headers: Mapping[str, str], more: list[str]) -> Load:
    command = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "--latency", *more]
    for name, value in headers.items():
        command += ["-H", f"{name}: {value}"]
    out = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in out or "Socket errors" in out:
        raise RuntimeError(f"{url} did not answer 200 every time:\n{out}")

    def latency(percent: int) -> float:
        found = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", out)
        return float(found[1]) * _UNITS[found[2]] if found else 0.0

    rate, count = re.search(r"Requests/sec:\s+([\d.]+)", out), re.search(r"(\d+) requests in", out)
    if rate is None or count is None:
        raise RuntimeError(f"wrk said something unknown:\n{out}")
    return Load(float(rate[1]), latency(50), latency(99), int(count[1]))


def _generate(url: str, connections: int, seconds: float, headers: Mapping[str, str], body: str = "") -> Load:
    """One request after the other on each of many connections, in one thread."""
    place = urlsplit(url)
    data = body.encode()
    lines = [
        f"{'POST' if data else 'GET'} {place.path} HTTP/1.1",
        f"Host: {place.netloc}",
        *(f"{name}: {value}" for name, value in headers.items()),
        *(["Content-Type: application/json", f"Content-Length: {len(data)}"] if data else []),
    ]
    request = ("\r\n".join(lines) + "\r\n\r\n").encode() + data
    poll = select.epoll()
    sockets: dict[int, socket.socket] = {}
    sent: dict[int, float] = {}
    rest: dict[int, bytes] = {}
    for _ in range(connections):
        one = socket.create_connection((place.hostname or "", place.port or 80))
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sockets[one.fileno()], rest[one.fileno()] = one, b""
        poll.register(one.fileno(), select.EPOLLIN)
    began = time.perf_counter()
    for number, one in sockets.items():
        sent[number] = time.perf_counter()
        one.sendall(request)
    latencies: list[float] = []
    while (now := time.perf_counter()) - began < seconds:
        for number, _event in poll.poll(1):
            data = rest[number] + sockets[number].recv(65536)
            if not _whole(data):
                rest[number] = data
                continue
            if not data.startswith(b"HTTP/1.1 200 "):
                raise RuntimeError(f"{url} answered {data[:200]!r}")
            rest[number] = b""
            now = time.perf_counter()
            latencies.append(now - sent[number])
            sent[number] = now
            sockets[number].sendall(request)
    elapsed = now - began
    latencies.sort()
    return Load(
        rate=len(latencies) / elapsed,
        p50=latencies[len(latencies) // 2] * 1000,
        p99=latencies[len(latencies) * 99 // 100] * 1000,
        requests=len(latencies),
    )


def _whole(data: bytes) -> bool:
    """Whether a reply has arrived with its body; raises on a connection that was closed."""
    if not data:
        raise RuntimeError("The server closed a connection.")
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return False
    if b"transfer-encoding: chunked" in data[:end].lower():
        return data.endswith(b"0\r\n\r\n")
    found = re.search(rb"(?i)content-length: (\d+)", data[:end])
    return len(data) >= end + 4 + (int(found[1]) if found else 0)


if __name__ == "__main__":
    result = _generate(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), json.loads(sys.argv[4]), sys.argv[5])
    print(json.dumps(result.__dict__))
