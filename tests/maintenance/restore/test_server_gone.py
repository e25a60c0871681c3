"""The server itself stops in the middle of a restore: on a server of the test's own."""

import signal
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from psycopg import conninfo
from pytest_django import Settings

from maintenance.backup.manifest import Manifest
from maintenance.errors import NoDatabaseRights
from maintenance.restore import databases, logins
from portal.embedded import servers
from portal.embedded.servers import Servers
from portal.kit.errors import StewardError
from tests.maintenance.restore.conftest import MakeBackup
from tests.maintenance.restore.test_pipeline import _users, restored
from tests.waiting import wait_for

pytestmark = pytest.mark.kill


@pytest.fixture
def manifest(make_backup: MakeBackup) -> Manifest:
    """A backup, made while the suite's server is in use."""
    return make_backup()


@pytest.fixture
def own_server(manifest: Manifest, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Servers]:
    """A PostgreSQL that the test may break; restores work on it instead of the suite's."""
    with tempfile.TemporaryDirectory(prefix="steward-server-", ignore_cleanup_errors=True) as made:
        Path(made).chmod(0o755)
        running = servers.start(Path(made), say=lambda line: None, fsync=False, redis=False)
        try:
            settings.DATABASE_ADMIN_URL = running.admin_url
            settings.STEWARD_OWNER_DATABASE = _at(settings.STEWARD_OWNER_DATABASE, running.database_owner_url)
            portal = _at(django_settings.DATABASES["default"], running.database_url)
            monkeypatch.setattr(logins, "portal", lambda name: {**portal, "NAME": name})
            yield running
        finally:
            running.stop()


def _at(login: dict[str, Any], url: str) -> dict[str, Any]:
    parts = conninfo.conninfo_to_dict(url)
    return {**login, "HOST": parts["host"], "PORT": str(parts["port"]), "PASSWORD": parts["password"]}


def _answers() -> bool:
    with suppress(NoDatabaseRights), logins.as_admin():
        return True
    return False


def test_a_server_that_stops_at_once_in_the_load_leaves_the_live_data_and_a_retry_works(
    live: str, manifest: Manifest, own_server: Servers
) -> None:
    restored(manifest.id, live, live)  # What is live on that server.
    process = own_server._servers["postgres"].process
    assert process is not None

    def stop(step: str, done: int, total: int) -> None:
        if step == "Build indexes and constraints" and process.poll() is None:
            process.send_signal(signal.SIGQUIT)  # What PostgreSQL calls an immediate shutdown.
            process.wait(20)

    with pytest.raises(StewardError) as caught:
        restored(manifest.id, live, tick=stop)
    assert "The live database was not touched" in str(caught.value.detail)
    wait_for(_answers, what="the server", tick=own_server.check)
    assert _users(live) == 5
    with logins.as_admin() as admin:
        (left,) = databases.listed(admin, live)
        databases.drop(admin, left.name, live=live)
    assert _users(restored(manifest.id, live)[0]) == 5
