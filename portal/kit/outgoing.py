"""Calls to addresses that other people chose: one POST that cannot be led into our own network.

The name is resolved once, every address found is judged, and the connection goes to one of just those addresses; the
name serves for TLS and `Host` only. So a name that answers differently the second time (DNS rebinding) changes nothing.
No redirect is followed, no proxy of the environment is asked, time and size are bounded. Call it in no transaction.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.kit import clock, errors

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Sequence[str]]
TIMEOUT_SECONDS = 10.0
ANSWER_BYTES = 16_384  # No more of an answer is read; what follows is left where it is.
URL_LIMIT = 500
# Addresses of the translation of RFC 6052 carry an IPv4 address in their last bits, as mapped ones do: that one is judged.
_NAT64 = ip_network("64:ff9b::/96")
_NEVER: tuple[IPv4Network | IPv6Network, ...] = (
    ip_network("100.64.0.0/10"),  # Carriers' own networks; the metadata services of some clouds.
    ip_network("192.88.99.0/24"),  # Relays of 6to4, which nobody should run any more; 6to4 and Teredo themselves:
    ip_network("2002::/16"),
    ip_network("2001::/32"),
    ip_network("fec0::/10"),  # Site-local of old.
    ip_network("::/96"),  # IPv4-compatible of old.
)


class AddressForbidden(errors.Invalid):
    """An address that leads into our own network, or is none."""

    code = "kit.address_forbidden"
    title = _("Nothing may be sent there")
    default_detail = _("Name an address of the public internet that begins with https://.")


class NotAnswered(Exception):
    """The other side was not reached, or did not answer in time. `told` says how, on one line, and names no address."""

    def __init__(self, told: str) -> None:
        super().__init__(told)
        self.told = told


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side said: status, how its body begins (text), and after how many milliseconds."""

    status: int
    excerpt: str
    millis: int


def checked_url(url: str) -> SplitResult:
    """The parts of an address that may be called; `AddressForbidden`. Numeric hosts are judged at once, names when they
    are resolved."""
    text = url.strip()
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise AddressForbidden(_("That is no address of a web server. Correct it.")) from None
    host = (parts.hostname or "").rstrip(".")
    if len(text) > URL_LIMIT or not text.isascii() or not text.isprintable() or " " in text or not host or "%" in host:
        raise AddressForbidden(_("That is no address of a web server. Correct it."))
    if parts.username is not None or parts.password is not None:
        raise AddressForbidden(_("Leave name and password out of the address; the signature proves who calls."))
    if parts.fragment:
        raise AddressForbidden(_("Leave out what stands behind #; it is never sent."))
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_allowed_name(host)):
        raise AddressForbidden
    if port is not None and port not in {80, 443} and port < 1024:
        raise AddressForbidden(_("Ports below 1024 but 443 belong to other services. Choose another."))
    literal = _literal(host)
    if literal is not None and not _is_allowed(host, literal):
        raise AddressForbidden(_("That address is not one of the public internet."))
    if literal is None and not _is_allowed_name(host) and (host.replace(".", "").isdigit() or "." not in host):
        raise AddressForbidden(_("Name the server in full, such as hooks.example.com."))
    return parts


def is_public(address: Address) -> bool:
    """Whether an address is one of the public internet, also in what it stands for."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        if address in _NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    if any(address in network for network in _NEVER if network.version == address.version):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def resolve(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as the machine's resolver knows them."""
    return [str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    timeout: float = TIMEOUT_SECONDS,
    resolver: Resolve = resolve,
    context: ssl.SSLContext | None = None,
) -> Answer:
    """Send `body` and tell the answer, whatever its status; `NotAnswered`, `AddressForbidden`.

    `timeout` (seconds) bounds all of it after the name is resolved, also for one who answers a byte a second.
    """
    parts = checked_url(url)
    host = (parts.hostname or "").rstrip(".")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    addresses = _addresses(host, port, resolver)
    started = clock.steady()
    connection = _Pinned(host, port, addresses, timeout=timeout, tls=_tls(parts.scheme, context))
    alarm = threading.Timer(timeout, connection.cut)
    alarm.daemon = True
    alarm.start()
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body=body, headers=dict(headers))
        reply = connection.getresponse()
        excerpt = reply.read(ANSWER_BYTES).decode("utf-8", "replace")
        return Answer(reply.status, excerpt, int((clock.steady() - started) * 1000))
    except (OSError, HTTPException, ValueError) as error:
        raise NotAnswered(_told(error, cut=connection.is_cut, timeout=timeout)) from error
    finally:
        alarm.cancel()
        connection.close()


def _tls(scheme: str, context: ssl.SSLContext | None) -> ssl.SSLContext | None:
    if scheme != "https":
        return None
    return context or ssl.create_default_context()


def _addresses(host: str, port: int, resolver: Resolve) -> list[Address]:
    """Every address of a host, all of them judged: one bad one among good ones is a trap, not a choice."""
    literal = _literal(host)
    if literal is not None:
        return [literal]  # `checked_url` has judged it.
    try:
        found = [ip_address(text.partition("%")[0]) for text in resolver(host, port)]
    except (OSError, ValueError, UnicodeError) as error:
        raise NotAnswered("The name of the server cannot be resolved.") from error
    if not found:
        raise NotAnswered("The name of the server has no address.")
    if not all(_is_allowed(host, address) for address in found):
        raise AddressForbidden(_("The name of that server leads to an address that is not of the public internet."))
    return list(dict.fromkeys(found))


class _Pinned(HTTPConnection):
    """A connection to addresses that were judged, whatever the name says by now."""

    def __init__(
        self, host: str, port: int, addresses: Sequence[Address], *, timeout: float, tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(host, port, timeout=timeout)
        self._addresses, self._tls = addresses, tls
        if tls is not None:
            self.default_port = 443  # So that `Host` names no port that goes without saying.
        self.is_cut = False
        self.sock: Any = None

    def connect(self) -> None:
        """To the first of the addresses that answers."""
        self.sock = self._first()
        if self._tls is not None:
            # The handshake comes after, so that `cut` has hold of the socket while the other side takes its time.
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host, do_handshake_on_connect=False)
            self.sock.do_handshake()

    def _first(self) -> socket.socket:
        failed = OSError("no address")
        for address in self._addresses:
            if self.is_cut:
                break
            try:
                return socket.create_connection((str(address), self.port), self.timeout)
            except OSError as error:
                failed = error
        raise failed

    def cut(self) -> None:
        """Hang up from another thread: the time is over."""
        self.is_cut = True
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


def _told(error: Exception, *, cut: bool, timeout: float) -> str:
    """What went wrong. Never the text of the error: it may hold addresses of our own network."""
    if cut or isinstance(error, TimeoutError):
        return f"No answer within {timeout:g} s."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"Its certificate cannot be trusted ({error.verify_message})."
    if isinstance(error, ssl.SSLError):
        return f"No secure connection ({error.reason or 'TLS'})."
    if isinstance(error, ConnectionRefusedError):
        return "The connection was refused."
    if isinstance(error, ConnectionError | HTTPException):
        return "The connection broke, or the answer was no HTTP."
    return f"It cannot be reached ({type(error).__name__})."


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_allowed(host: str, address: Address) -> bool:
    if is_public(address) or _is_allowed_name(host):
        return True
    return any(address in network for network in _networks() if network.version == address.version)


def _is_allowed_name(host: str) -> bool:
    """Whether the settings allow a server by its name or number, for development."""
    literal = _literal(host)
    if literal is not None:
        return any(literal in network for network in _networks() if network.version == literal.version)
    return host.lower() in {word.lower() for word in settings.STEWARD_OUTGOING_ALLOW}


def _networks() -> list[IPv4Network | IPv6Network]:
    found = []
    for word in settings.STEWARD_OUTGOING_ALLOW:
        with suppress(ValueError):
            found.append(ip_network(word, strict=False))
    return found
