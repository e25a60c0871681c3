"""A copy of one's own data: whole, one's own, one at a time, for seven days."""

import json
import threading
import zipfile
from collections.abc import Callable, Mapping
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts import jobs as account_jobs
from accounts import own_files
from accounts.errors import OwnExportUnderWay
from accounts.models import OwnExport, User
from accounts.services import erasure, own_data, users
from accounts.services.links import password_link_make
from accounts.services.sessions import session_refused
from audit.selectors.persons import events_about, events_by
from maintenance.models import JobRun
from portal.kit import clock, context
from portal.kit.models import Notice, OutboundMessage
from portal.kit.services import writing
from tests.accounts.helpers import events, text_of, worked
from tests.factories import World, actor_of, person, signed_in

Browser = Callable[[User], Client]
PAGE, COPY = "/me/privacy", "/me/privacy/copy"
pytestmark = pytest.mark.usefixtures("quiet_broker", "folder")


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    """Where the copies lie, of the test's own."""
    settings.STEWARD_VAR, settings.MEDIA_ROOT = tmp_path, tmp_path / "uploads"
    return tmp_path / "own-data"


def _asked(client: Client) -> OwnExport:
    assert client.post(COPY)["Location"] == PAGE
    return OwnExport.objects.latest("pk")


def _written(client: Client) -> OwnExport:
    export = _asked(client)
    assert export.run_id is not None
    run = worked(export.run_id)
    assert run.state == JobRun.State.SUCCEEDED, run.log
    export.refresh_from_db()
    return export


def _archive(response: Any) -> zipfile.ZipFile:
    return zipfile.ZipFile(BytesIO(b"".join(response.streaming_content)))


def _part(archive: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(archive.read(f"data/{name}.json"))
    return found


@pytest.fixture
def ada(world: World) -> User:
    """Somebody about whom there is something of everything."""
    user = person("Ada Lovelace", role="user", username="ada", email="ada@example.org")
    with context.acting(actor_of(world.admin)):
        admin = actor_of(world.admin)
        users.user_update(actor=admin, user=user, values={"name": "Ada King"})
        password_link_make(actor=admin, user=user)
    user.refresh_from_db()
    return user


def test_the_copy_holds_everything_and_says_what_it_is(world: World, ada: User) -> None:
    client = signed_in(ada)
    client.patch("/api/v1/users/me/preferences", '{"theme": "dark"}', content_type="application/json")
    export = _written(client)
    archive = _archive(client.get(f"{COPY}/{export.pk}"))
    (account,) = _part(archive, "account")
    assert (account["username"], account["email"], account["name"]) == ("ada", "ada@example.org", "Ada King")
    assert account["preferences"] == {"theme": "dark"}
    assert [role["role__code"] for role in _part(archive, "roles")] == ["user"]
    assert _part(archive, "links")[0]["kind"] == "password"
    assert _part(archive, "mails")[0]["address"] == "ada@example.org"
    (session,) = _part(archive, "sessions")
    assert session["kind"] == "browser"
    assert {one["what"] for one in _part(archive, "events_by_you")} >= {"accounts.session.started"}
    page = archive.read("index.html").decode()
    assert page.startswith("<!DOCTYPE html>")
    for words in ("Ada King", "data/account.json", "Exports of the audit trail"):
        assert words in page
    assert archive.testzip() is None


def test_no_secret_and_nobody_elses_name_is_in_it(world: World, ada: User) -> None:
    client = signed_in(ada)
    with context.acting(actor_of(ada)):
        session_refused(user=ada)
    export = _written(client)
    archive = _archive(client.get(f"{COPY}/{export.pk}"))
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert "argon2" not in everything
    assert "/password/" not in everything
    assert "digest" not in everything
    for other in (world.admin, world.root, world.clerk):
        assert other.email not in everything
        assert other.username not in everything
    (told,) = [one for one in _part(archive, "events_about_you") if one["what"] == "accounts.user.updated"]
    assert told["changes"] == {"name": ["Ada Lovelace", "Ada King"]}
    assert (told["by"], told["by_id"]) == ("person", str(world.admin.pk))
    assert "address" not in told


def test_of_what_one_did_to_others_their_part_stays_sealed(world: World, ada: User) -> None:
    with context.acting(actor_of(world.admin)):
        done = [one for one in events_by(world.admin.pk) if one["what"] == "accounts.user.updated"]
        suffered = [one for one in events_about(ada.pk) if one["what"] == "accounts.user.updated"]
    assert [one["changes"] for one in done] == [{}]
    assert [one["changes"] for one in suffered] == [{"name": ["Ada Lovelace", "Ada King"]}]


def test_the_person_is_told_when_it_is_ready(world: World, browser_of: Browser) -> None:
    client = browser_of(world.stranger)
    page = client.get(PAGE)
    assert "Make a copy" in text_of(page)
    export = _asked(client)
    assert "Being written" in text_of(client.get(PAGE))
    assert "Being written" in client.get(PAGE, headers={"HX-Request": "true"}).content.decode()
    assert not Notice.objects.filter(person=world.stranger).exists()
    assert export.run_id is not None
    worked(export.run_id)
    assert "Download" in text_of(client.get(PAGE))
    (notice,) = Notice.objects.filter(person=world.stranger)
    assert notice.url == PAGE
    (mail,) = OutboundMessage.objects.filter(person_id=world.stranger.pk)
    assert "/me/privacy" in mail.text
    assert str(export.pk) not in mail.text
    codes = ("accounts.export_of_self.asked", "accounts.export_of_self.written")
    assert [len(events(code)) for code in codes] == [1, 1]
    assert {event.target_id for code in codes for event in events(code)} == {world.stranger.pk}


def test_another_persons_copy_is_told_like_none(world: World, browser_of: Browser) -> None:
    export = _written(browser_of(world.clerk))
    for user in (world.root, world.admin, world.stranger):
        assert browser_of(user).get(f"{COPY}/{export.pk}").status_code == 404
    assert Client().get(f"{COPY}/{export.pk}")["Location"].startswith("/sign-in")
    assert events("accounts.export_of_self.downloaded") == []


def test_a_download_is_on_record_and_kept_by_nobody_on_the_way(world: World, browser_of: Browser) -> None:
    client = browser_of(world.clerk)
    export = _written(client)
    reply: Any = client.get(f"{COPY}/{export.pk}")
    assert reply["Cache-Control"] == "no-store"
    assert reply["Content-Disposition"].startswith("attachment; filename=")
    assert int(reply["Content-Length"]) == export.size == len(b"".join(reply.streaming_content))
    (event,) = events("accounts.export_of_self.downloaded")
    assert (event.target_id, event.data) == (world.clerk.pk, {"sha256": export.sha256})


def test_who_proved_long_ago_who_it_is_proves_it_again_first(world: World, browser_of: Browser) -> None:
    client = browser_of(world.clerk)
    export = _written(client)
    with context.system("a test"), writing():
        world.clerk.sessions.update(confirmed_at=clock.now() - timedelta(minutes=11))
    for reply in (client.get(f"{COPY}/{export.pk}"), client.post(COPY)):
        assert reply["Location"].startswith("/confirm?next=")
    assert OwnExport.objects.count() == 1


def test_there_is_one_at_a_time_and_a_new_one_takes_the_place_of_the_former(
    world: World, browser_of: Browser, folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    client = browser_of(world.clerk)
    first = _asked(client)
    refused = client.post(COPY)
    assert refused.status_code == 409
    assert "being written already" in text_of(refused)
    assert OwnExport.objects.count() == 1
    assert first.run_id is not None
    worked(first.run_id)
    assert len(list(folder.iterdir())) == 1
    with django_capture_on_commit_callbacks(execute=True):
        second = _asked(client)
    assert list(OwnExport.objects.values_list("pk", flat=True)) == [second.pk]
    assert list(folder.iterdir()) == []
    assert len(events("accounts.export_of_self.removed")) == 1


def test_two_who_ask_at_once_get_one(own_database: dict[str, str], world: World) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def ask() -> None:
        try:
            with context.acting(actor_of(world.clerk)):
                start.wait()
                own_data.own_export_ask(actor=actor_of(world.clerk))
            outcomes.append("asked")
        except OwnExportUnderWay:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["asked", "refused"]
    assert OwnExport.objects.count() == JobRun.objects.filter(name=own_data.JOB).count() == 1


def test_after_seven_days_it_is_gone(
    world: World, browser_of: Browser, folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    export = _written(browser_of(world.clerk))
    (folder / "litter.zip").write_bytes(b"x")
    with clock.at(clock.now() + timedelta(days=7, seconds=1)):
        assert signed_in(world.clerk).get(f"{COPY}/{export.pk}").status_code == 404
        with django_capture_on_commit_callbacks(execute=True), context.system("a test"):
            assert own_data.own_exports_tidy() == 1
    assert not OwnExport.objects.exists()
    assert list(folder.iterdir()) == []


def test_one_whose_run_was_lost_blocks_nobody_for_longer_than_a_day(world: World, browser_of: Browser) -> None:
    lost = _asked(browser_of(world.clerk))
    with clock.at(clock.now() + timedelta(days=1, minutes=1)):
        found = _asked(signed_in(world.clerk))
    assert found.pk != lost.pk
    assert list(OwnExport.objects.values_list("pk", flat=True)) == [found.pk]


def test_a_file_that_was_changed_is_not_handed_out(world: World, browser_of: Browser) -> None:
    client = browser_of(world.clerk)
    export = _written(client)
    with (own_files.folder() / export.file).open("ab") as file:
        file.write(b"more")
    assert client.get(f"{COPY}/{export.pk}").status_code == 404
    own_files.remove(export.file)
    assert client.get(f"{COPY}/{export.pk}").status_code == 404


def test_a_failure_keeps_nothing_half_written_and_the_next_attempt_begins_anew(
    world: World, browser_of: Browser, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser_of(world.clerk)
    export = _asked(client)
    assert export.run_id is not None

    def fail(*args: Any) -> int:
        raise OSError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(own_data, "_part", fail)
        assert worked(export.run_id).state == JobRun.State.QUEUED  # Its second attempt waits.
    export.refresh_from_db()
    assert (export.state, list(folder.iterdir())) == ("failed", [])
    assert "could not be written" in text_of(client.get(PAGE))
    with context.system("a test"), writing():
        JobRun.objects.filter(pk=export.run_id).update(run_at=clock.now())
    assert worked(export.run_id).state == JobRun.State.SUCCEEDED
    export.refresh_from_db()
    assert export.state == "ready"
    with context.system("a test"):
        assert own_data.own_export_write(run=_Run(export.pk)) == {"written": False}


class _Run:
    """A run that comes a second time."""

    def __init__(self, export_id: UUID) -> None:
        self.id = export_id
        self.args: Mapping[str, Any] = {"export_id": str(export_id)}
        self.cursor: Any = None

    def phase(self, text: str) -> None:
        """Said to nobody."""

    log = phase

    def progress(self, done: int, total: int | None) -> None:
        """Told to nobody."""

    def batch(self) -> Any:
        """As the runner's, without a fence."""
        return writing()


def test_who_is_erased_takes_the_copy_along(
    world: World, browser_of: Browser, folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    _written(browser_of(world.clerk))
    with django_capture_on_commit_callbacks(execute=True), context.acting(actor_of(world.admin)):
        erasure.user_anonymise(actor=actor_of(world.admin), user=world.clerk)
    assert not OwnExport.objects.exists()
    assert list(folder.iterdir()) == []


def test_the_hourly_tidying_is_a_job(world: World, folder: Path) -> None:
    with context.system("a test"):
        assert account_jobs.tidy_own_data(_Run(world.clerk.pk)) == {"copies": 0, "pictures": 0}


def test_asking_is_limited(world: World, browser_of: Browser, settings: Settings) -> None:
    settings.STEWARD_RATE_LIMITS, settings.STEWARD_RATE_SENSITIVE = True, 1
    client = browser_of(world.clerk)
    found = {client.post(COPY).status_code for _number in range(4)}
    assert 429 in found
