"""The doctor names what is wrong, and is content with what is right."""

import http.server
import threading
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import OperationalError
from pytest_django import Settings

from portal.kit import doctor, registry
from tests.browser.server import free_port


@pytest.fixture
def silent_port(settings: Settings) -> None:
    """The portal's port, at which nobody answers."""
    settings.PORT = free_port()


@pytest.fixture
def stranger(settings: Settings) -> Iterator[None]:
    """Something else answers at the portal's port."""

    class Other(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *_args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Other)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    settings.PORT = server.server_address[1]
    yield
    server.shutdown()
    thread.join()
    server.server_close()


def _found() -> dict[str, doctor.Finding]:
    return {finding.about: finding for finding in doctor.examine()}


@pytest.mark.usefixtures("silent_port")
def test_a_sound_machine_has_nothing_wrong(db: None) -> None:
    found = _found()
    assert found["database"].level == "good"
    assert found["database"].detail.startswith("PostgreSQL")
    assert found["STEWARD_VAR"].level == "good"
    assert {check.name for check in registry.health} <= set(found)
    assert found["web"].level == "warning"
    assert "make up" in found["web"].detail


@pytest.mark.usefixtures("silent_port")
def test_without_a_database_it_still_says_what_it_can_and_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> str:
        raise OperationalError("connection refused")

    broken = registry.HealthCheck("database", "Database", away, vital=True)
    probes = [broken if check.name == "database" else check for check in registry.health]
    monkeypatch.setattr(registry, "health", probes)
    out = StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("steward", "doctor", stdout=out)

    assert ended.value.code == 1
    assert "WRONG  database: OperationalError: connection refused" in out.getvalue()
    assert "memory: " in out.getvalue()
    assert "migrations" not in out.getvalue()


@pytest.mark.usefixtures("stranger")
def test_something_else_at_the_port_is_named(db: None) -> None:
    assert _found()["web"].level == "bad"
    assert "set PORT" in _found()["web"].detail


@pytest.mark.usefixtures("silent_port")
def test_a_folder_that_cannot_be_written_to_is_named(db: None, settings: Settings, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    settings.STEWARD_TEMP_PATH = blocked

    finding = _found()["STEWARD_TEMP_PATH"]

    assert finding.level == "bad"
    assert str(blocked) in finding.detail
