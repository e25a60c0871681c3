"""Calls to addresses of others: what leads into our own network is refused, whatever the name says and when."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django.fixtures import Settings

from portal.kit import clock
from portal.kit.outgoing import ANSWER_BYTES, AddressForbidden, NotAnswered, checked_url, is_public, post

HOST = "hooks.example.com"
Seen = list[dict[str, Any]]


class Receiver(BaseHTTPRequestHandler):
    """Answers as its server says, and notes what came."""

    server: Any

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append({"path": self.path, "headers": dict(self.headers), "body": body})
        self.server.answer(self)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Any]:
    """A web server of this machine; `answer` writes its reply."""
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    server.seen, server.sni = [], []
    server.answer = _ok
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def _ok(handler: BaseHTTPRequestHandler) -> None:
    _reply(handler, 204)


def _reply(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def _to(*addresses: str) -> Callable[[str, int], Sequence[str]]:
    return lambda host, port: addresses


@pytest.fixture
def tls(receiver: Any, tmp_path: Path) -> ssl.SSLContext:
    """Make the receiver speak TLS as `HOST`; what a client has to trust."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(clock.now() - timedelta(days=1))
        .not_valid_after(clock.now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, secret = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, secret)
    serving.sni_callback = lambda sock, name, context: receiver.sni.append(name)
    receiver.socket = serving.wrap_socket(receiver.socket, server_side=True)
    return ssl.create_default_context(cafile=str(certificate))


@pytest.mark.parametrize(
    "text",
    [
        *("127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200"),
        *("0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.2.1", "198.18.0.1", "192.88.99.1"),  # noqa: S104 - judged, not bound
        *("::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b::7f00:1"),
        *("64:ff9b:1::1", "2002:7f00:1::1", "2002:c000:204::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2"),
    ],
)
def test_no_address_of_ours_is_public_in_any_writing(text: str) -> None:
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8"])
def test_the_public_internet_is_public(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "url",
    [
        *("http://hooks.example.com/", "ftp://hooks.example.com/", "hooks.example.com", "", "https://", "https:///x"),
        *("https://user:secret@hooks.example.com/", "https://hooks.example.com/#part", "https://hooks.example.com:22/"),
        *("https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest", "https://2130706433/"),
        *(
            "https://127.1/",
            "https://0177.0.0.1/",
            "https://localhost/",
            "https://intranet/",
            "https://[fe80::1%25eth0]/",
        ),
        *("https://hooks.example.com:99999/", "https://hooks.example.com/a b", "https://hooks.example.com/\r\nHost: x"),
        *("https://bücher.example/", f"https://hooks.example.com/{'x' * 500}", "https://10.0.0.1:8443/"),
    ],
)
def test_what_is_no_public_address_is_refused_when_it_is_written(url: str) -> None:
    with pytest.raises(AddressForbidden) as caught:
        checked_url(url)
    assert str(caught.value.detail)


@pytest.mark.parametrize(
    "found", [("10.0.0.1",), ("8.8.8.8", "127.0.0.1"), ("::ffff:169.254.169.254",), ("fe80::1%eth0",)]
)
def test_a_name_that_leads_inside_is_never_called(receiver: Any, found: tuple[str, ...]) -> None:
    with pytest.raises(AddressForbidden):
        post(f"https://{HOST}:{receiver.server_port}/", b"{}", {}, resolver=_to(*found))
    assert receiver.seen == []


def test_a_name_is_asked_for_once_and_what_it_says_later_changes_nothing(
    receiver: Any, tls: ssl.SSLContext, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STEWARD_OUTGOING_ALLOW = ["127.0.0.0/8"]
    asked: list[str] = []
    called: list[Any] = []

    def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    connect = socket.create_connection

    def connected(address: tuple[str, int], timeout: float) -> socket.socket:
        called.append(address)
        return connect(address, timeout)

    monkeypatch.setattr("portal.kit.outgoing.socket.create_connection", connected)
    answer = post(
        f"https://{HOST}:{receiver.server_port}/in?a=1", b"{}", {"webhook-id": "m1"}, resolver=rebinding, context=tls
    )
    (seen,) = receiver.seen
    assert (answer.status, asked, receiver.sni) == (204, [HOST], [HOST])
    assert called == [("127.0.0.1", receiver.server_port)]
    assert (seen["path"], seen["body"], seen["headers"]["webhook-id"]) == ("/in?a=1", b"{}", "m1")
    assert seen["headers"]["Host"] == f"{HOST}:{receiver.server_port}"


def test_a_certificate_of_another_name_is_not_trusted(receiver: Any, tls: ssl.SSLContext, settings: Settings) -> None:
    settings.STEWARD_OUTGOING_ALLOW = ["127.0.0.0/8"]
    url = f"https://other.example.com:{receiver.server_port}/"
    for trusted in (tls, None):
        with pytest.raises(NotAnswered) as caught:
            post(url, b"{}", {}, resolver=_to("127.0.0.1"), context=trusted)
        assert "certificate" in caught.value.told
    assert receiver.seen == []


@pytest.fixture
def open_url(receiver: Any, settings: Settings) -> str:
    """The receiver's address, allowed by the settings."""
    settings.STEWARD_OUTGOING_ALLOW = ["127.0.0.1"]
    return f"http://127.0.0.1:{receiver.server_port}/hook"


def test_a_redirect_is_told_and_not_followed(receiver: Any, open_url: str) -> None:
    receiver.answer = lambda handler: _reply(handler, 307, Location="http://169.254.169.254/latest")
    assert post(open_url, b"{}", {}).status == 307
    assert len(receiver.seen) == 1


def test_of_a_long_answer_the_beginning_is_read(receiver: Any, open_url: str) -> None:
    receiver.answer = lambda handler: _reply(handler, 500, b"x" * (ANSWER_BYTES * 4))
    answer = post(open_url, b"{}", {})
    assert (answer.status, len(answer.excerpt)) == (500, ANSWER_BYTES)


def test_who_answers_a_byte_at_a_time_is_hung_up_on(receiver: Any, open_url: str) -> None:
    hung_up = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        try:
            for _ in range(10_000):
                handler.wfile.write(b"H")
                handler.wfile.flush()
                if hung_up.wait(0.02):
                    break
        except OSError:
            hung_up.set()

    receiver.answer = drip
    with pytest.raises(NotAnswered) as caught:
        post(open_url, b"{}", {}, timeout=0.3)
    assert caught.value.told == "No answer within 0.3 s."
    assert hung_up.wait(10)


def test_nobody_there_and_no_name_are_told_without_addresses(settings: Settings) -> None:
    settings.STEWARD_OUTGOING_ALLOW = ["127.0.0.1"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(NotAnswered) as caught:
            post(url, b"{}", {})
    assert caught.value.told == "The connection was refused."

    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(-2, "Name or service not known")

    for resolver in (unknown, _to()):
        with pytest.raises(NotAnswered) as caught:
            post(f"https://{HOST}/", b"{}", {}, resolver=resolver)
        assert "127" not in caught.value.told
