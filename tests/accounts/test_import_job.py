"""Importing people: the confirmed step, all or none, once."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import PeopleImport, User
from accounts.services import imports, users
from maintenance.models import JobRun
from portal.kit import clock, context, errors
from portal.kit.context import Context
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.accounts.helpers import (
    HEADER,
    THREE,
    confirmed,
    denials,
    events,
    sealed,
    text_of,
    upload,
    uploaded,
    worked,
)
from tests.factories import World, actor_of, person

Browser = Callable[[User], Client]
pytestmark = pytest.mark.usefixtures("quiet_broker")


def test_confirmed_rows_go_in_with_one_event_each_and_nobody_can_sign_in_yet(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    found = uploaded(client, THREE + "Bad,bad name,bad@example.org\n")
    run = worked(confirmed(client, found))
    assert (run.state, run.result, run.done, run.total) == ("succeeded", {"created": 3}, 3, 3)
    made = User.objects.filter(username__in=["ada", "grace", "alan"])
    assert made.count() == 3
    assert not any(user.has_usable_password() for user in made)
    assert all(user.must_change_password for user in made)
    created = events("accounts.user.created")
    assert {event.target_id for event in created} == {user.pk for user in made}
    assert {event.actor_id for event in created} == {world.admin.pk}
    assert {event.source for event in created} == {"job"}
    assert sorted(sealed(event)["changes"]["username"][1] for event in created) == ["ada", "alan", "grace"]
    (asked,) = events("accounts.import.confirmed")
    assert (asked.data["rows"], asked.actor_id) == (3, world.admin.pk)
    assert asked.id < created[0].id
    assert asked.request_id == created[0].request_id
    assert not OutboundMessage.objects.exists()


def test_confirming_twice_leads_to_one_run_and_running_twice_to_one_of_each(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    found = uploaded(client, THREE)
    run_id = confirmed(client, found)
    assert confirmed(client, found) == run_id
    worked(run_id)
    assert confirmed(client, found) == run_id
    assert client.get(f"/platform/people/import/{found.pk}")["Location"] == f"/platform/jobs/{run_id}"
    worked(run_id)
    with context.use(Context(actor=actor_of(world.admin), source="job")):
        assert imports.import_apply(actor=actor_of(world.admin), import_id=found.pk) == 3
    assert JobRun.objects.count() == 1
    assert len(events("accounts.user.created")) == 3
    assert len(events("accounts.import.confirmed")) == 1


def test_a_name_taken_meanwhile_keeps_everybody_out_and_says_which_line(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    found = uploaded(client, THREE)
    run_id = confirmed(client, found)
    person("Rival", username="somebody", email="GRACE@example.org")
    run = worked(run_id)
    assert run.state == "failed"
    assert run.error.startswith("Line 3 cannot go in any more")
    assert not User.objects.filter(username__in=["ada", "grace", "alan"]).exists()
    assert not events("accounts.user.created")


def test_a_name_taken_in_the_last_moment_is_seen_by_the_database(
    world: World, browser_of: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = browser_of(world.admin)
    run_id = confirmed(client, uploaded(client, THREE))
    person("Rival", username="alan", email="rival@example.org")
    monkeypatch.setattr(imports, "_still_good", lambda rows: None)
    run = worked(run_id)
    assert run.state == "failed"
    assert "created meanwhile" in run.error
    assert not User.objects.filter(username__in=["ada", "grace"]).exists()
    assert not events("accounts.user.created")


def test_a_right_lost_between_confirming_and_running_stops_it(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    run_id = confirmed(client, uploaded(client, THREE))
    with context.system("a test") as current:
        users.user_deactivate(actor=current.actor, user=world.admin)
    assert worked(run_id).state == "failed"
    assert not User.objects.filter(username="ada").exists()


def test_an_import_older_than_two_days_is_gone(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    found = uploaded(client, THREE)
    with context.system("a test"), writing():
        PeopleImport.objects.filter(pk=found.pk).update(created_at=clock.now() - timedelta(hours=49))
    response = client.post(f"/platform/people/import/{found.pk}/confirm")
    assert response.status_code == 409
    assert "expired" in text_of(response)
    assert not JobRun.objects.exists()


def test_an_import_without_a_good_row_or_without_a_confirmation_puts_nobody_in(
    world: World, browser_of: Browser
) -> None:
    client = browser_of(world.admin)
    empty = uploaded(client, HEADER + "=x,x,x@example.org\n")
    assert client.post(f"/platform/people/import/{empty.pk}/confirm").status_code == 409
    waiting = uploaded(client, THREE)
    with context.use(Context(actor=actor_of(world.admin), source="job")), pytest.raises(errors.Conflict):
        imports.import_apply(actor=actor_of(world.admin), import_id=waiting.pk)
    assert not events("accounts.user.created")


def test_who_may_not_create_people_can_do_none_of_it(world: World, browser_of: Browser) -> None:
    found = uploaded(browser_of(world.admin), THREE)
    manager = browser_of(world.manager)
    url = f"/platform/people/import/{found.pk}"
    answers = [
        upload(manager, THREE),
        manager.get(url),
        manager.get(f"{url}/refused.csv"),
        manager.post(f"{url}/confirm"),
    ]
    assert [answer.status_code for answer in answers] == [403] * 4
    assert denials() == ["kit.forbidden"] * 4
    assert PeopleImport.objects.count() == 1
    assert not JobRun.objects.exists()


def test_the_number_of_statements_grows_with_thousands_and_not_withpeople_rows(
    world: World, browser_of: Browser
) -> None:
    client = browser_of(world.admin)

    def statements(first: int, number: int) -> int:
        rows = "".join(f"Person {n},p{n},p{n}@example.org\n" for n in range(first, first + number))
        found = uploaded(client, HEADER + rows)
        confirmed(client, found)
        with (
            context.use(Context(actor=actor_of(world.admin), source="job")),
            CaptureQueriesContext(connection) as captured,
        ):
            imports.import_apply(actor=actor_of(world.admin), import_id=found.pk)
        return len(captured)

    statements(0, 1)
    assert statements(10, 5) == statements(100, 900)
