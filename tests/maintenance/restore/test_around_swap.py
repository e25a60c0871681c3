"""Around the swap: nobody writes what would be lost, nothing becomes unreadable, and web processes go on."""

import http.client
import threading
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from audit import personal
from audit import selectors as trail
from audit.models import Event
from maintenance import runner
from maintenance.errors import RestoreFailed
from maintenance.models import Restore
from maintenance.restore import exchange, logins
from maintenance.services import restore_windows, restores
from portal.kit import clock, context
from portal.kit.mode import gate, services, state
from portal.kit.models import MaintenanceWindow
from tests.audit.support import told_of, unsaved
from tests.browser.server import Web
from tests.factories import World, actor_of, signed_in
from tests.maintenance.conftest import fresh
from tests.maintenance.restore.conftest import MakeBackup, left_by
from tests.waiting import wait_for


def in_place(world: World, backup_id: str) -> Restore:
    """Restore in place; the row as it is in the database that is the live one then."""
    actor = actor_of(world.admin)
    with context.acting(actor):
        restore = restores.restore_request(
            actor=actor, backup_id=backup_id, mode=Restore.Mode.IN_PLACE, confirm=logins.live_name()
        )
    assert restore.run_id is not None
    runner.execute(restore.run_id)
    connection.close_if_unusable_or_obsolete()
    return Restore.objects.get(pk=restore.pk)


def changing(world: World) -> int:
    """What somebody who is no administrator is answered who changes something."""
    return signed_in(world.clerk).post("/me/theme", {"theme": "dark"}).status_code


# --- Maintenance ---


def test_changes_are_refused_from_the_safety_backup_to_the_swap_and_taken_afterwards(
    live: str, world: World, make_backup: MakeBackup, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = make_backup()
    seen: dict[str, Any] = {}
    settle, backed_up = exchange.settle, restores.restore_save

    def saved(*, restore: Restore, **values: Any) -> None:
        if "safety_backup_id" in values:
            seen["backup"] = changing(world)
        backed_up(restore=restore, **values)

    def last(incoming: str, live: str) -> dict[str, Any]:
        seen["swap"], seen["window"] = changing(world), state.in_force()
        seen["held"] = gate.run_waits(kind="person", actor_id=world.admin.pk, label=str(world.admin), schedule="")
        return settle(incoming, live)

    with monkeypatch.context() as patch:
        patch.setattr(restores, "restore_save", saved)
        patch.setattr(exchange, "settle", last)
        restore = in_place(world, manifest.id)
    assert restore.state == "swapped", restore.error
    assert (seen["backup"], seen["swap"], seen["held"]) == (503, 503, False)
    assert not seen["window"].closed
    assert seen["window"].ends_at <= clock.now() + restore_windows.LONGEST
    assert state.in_force() is None
    assert changing(world) != 503
    # The former database still has the maintenance; it is over when that one becomes the live one again.
    actor = actor_of(world.admin)
    with context.acting(actor):
        back = restores.restore_back_request(actor=actor, restore=restore, confirm=live)
    runner.execute(back)
    connection.close_if_unusable_or_obsolete()
    assert fresh(back).state == "succeeded", fresh(back).error
    assert MaintenanceWindow.objects.get().ended_at is not None
    assert state.in_force() is None
    assert changing(world) != 503


@pytest.mark.parametrize("error", [RestoreFailed("No."), runner.Cancelled()], ids=["failed", "cancelled"])
def test_a_restore_that_fails_or_is_cancelled_before_the_swap_opens_the_portal_again(
    live: str, world: World, make_backup: MakeBackup, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    manifest = make_backup()

    def refuse(incoming: str, live: str) -> None:
        assert state.in_force() is not None
        raise error

    monkeypatch.setattr(exchange, "settle", refuse)
    restore = in_place(world, manifest.id)
    assert restore.state == ("cancelled" if isinstance(error, runner.Cancelled) else "failed")
    assert state.in_force() is None
    assert changing(world) != 503
    codes = ("kit.maintenance.entered", "kit.maintenance.left")
    assert [Event.objects.filter(code=code).count() for code in codes] == [1, 1]


def test_maintenance_of_an_administrator_stays_and_a_planned_one_comes_on_time(world: World) -> None:
    actor, restore, now = actor_of(world.root), Restore(), clock.now()
    with context.acting(actor):
        own = services.window_create(actor=actor, kind="closed", reason="New disks")
    assert not restore_windows.window_begin(restore=restore)
    restore_windows.window_end(restore=restore)
    own.refresh_from_db()
    assert own.ended_at is None
    soon = now + restore_windows.LONGEST / 2
    with context.acting(actor):
        services.window_end(actor=actor, window=own)
        services.window_create(actor=actor, kind="closed", reason="More disks", starts_at=soon)
    assert restore_windows.window_begin(restore=restore)
    assert restore_windows.window_begin(restore=restore), "A second attempt finds its own."
    begun = MaintenanceWindow.objects.get(reason__startswith="restore ")
    assert (begun.kind, begun.ends_at, begun.ended_at) == ("read_only", soon, None)
    restore_windows.window_end(restore=restore)
    begun.refresh_from_db()
    assert begun.ended_at is not None


# --- The trail ---


def test_what_a_process_seals_with_a_key_from_before_the_swap_can_be_read_after_it(
    live: str, world: World, make_backup: MakeBackup
) -> None:
    manifest = make_backup()
    late = unsaved("Nora Quist")
    told_of(late)
    remembered = dict(personal._cache)
    assert late.pk in remembered
    assert in_place(world, manifest.id).state == "swapped"
    personal._cache.update(remembered)  # As in every other process, for a minute.
    event_id = told_of(late)
    personal.forget_everything()
    with context.system("a test") as current:
        assert trail.event(current.actor, event_id).target_label == "Nora Quist"


# --- A web process ---


class _Asking:
    """Asks a web process again and again, from a thread; what it answered, 0 for a connection that broke."""

    def __init__(self, port: int, token: str) -> None:
        self.port, self.token = port, token
        self.answers: list[int] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask, daemon=True)

    def once(self) -> tuple[int, str]:
        """Status and address to go to."""
        asked = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            asked.request("GET", "/", headers={"Cookie": f"{django_settings.SESSION_COOKIE_NAME}={self.token}"})
            reply = asked.getresponse()
            return reply.status, reply.getheader("Location", "")
        except OSError:
            return 0, ""
        finally:
            asked.close()

    def _ask(self) -> None:
        while not self._stop.wait(0.02):
            self.answers.append(self.once()[0])

    def __enter__(self) -> "_Asking":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        self._thread.join()


def test_a_web_process_answers_with_the_restored_data_after_the_swap(
    live: str, environment: dict[str, str], world: World, make_backup: MakeBackup
) -> None:
    manifest = make_backup()
    token = str(signed_in(world.admin).cookies[django_settings.SESSION_COOKIE_NAME].value)
    web = Web(environment)
    try:
        with _Asking(web.port, token) as asking:
            wait_for(lambda: 200 in asking.answers, what="a page")
            restore = in_place(world, manifest.id)
            assert restore.state == "swapped", restore.error
            # The session is not in the restored database: that the same process says so proves what it reads.
            wait_for(lambda: asking.once()[1].startswith("/sign-in"), what="an answer from the restored data")
        assert not web.ended
        assert set(asking.answers) <= {200, 302, 303, 503}, "During the swap, please wait; never anything else."
        assert asking.once()[0] in {302, 303}
    finally:
        web.stop()
    assert left_by(live) == [restore.old_database]
