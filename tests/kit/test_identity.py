"""Who is behind a request: hostile cookies, one query, a session that is seen, and the organisation that it names."""

import os
from collections.abc import Callable

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from accounts.models import Membership, Organisation, Session, User
from portal.kit import context
from portal.kit.services import writing
from tests.factories import World

BrowserOf = Callable[[User], Client]
READ = "/api/v1/auth/session"


@pytest.mark.django_db
@pytest.mark.parametrize("cookie", ["", "x", "x" * 39, "x" * 61, "x" * 8000, "ü" * 45, "' OR 1=1 --" * 4])
def test_a_cookie_that_cannot_be_a_session_lets_nobody_in(routed: Client, settings: Settings, cookie: str) -> None:
    routed.cookies[settings.SESSION_COOKIE_NAME] = cookie

    with CaptureQueriesContext(connection) as queries:
        assert routed.get("/test/nothing").status_code == 200
        assert routed.get(READ).status_code == 401

    assert len(queries) <= 2 * (40 <= len(cookie) <= 60)


@pytest.mark.django_db
def test_anonymous_requests_make_no_query(routed: Client) -> None:
    with CaptureQueriesContext(connection) as queries:
        routed.get("/test/nothing")
        routed.get("/api/v1/test/told")

    assert len(queries) == 0


@pytest.mark.django_db
def test_a_warm_signed_in_read_is_one_query(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.manager)
    browser.get(READ)

    with CaptureQueriesContext(connection) as queries:
        reply = browser.get(READ)

    assert reply.json() == {"id": str(world.manager.pk), "label": "Manager", "may_read_people": True}
    assert len(queries) == 1


def test_a_session_is_seen_again_after_a_minute(
    own_database: dict[str, str], world: World, browser_of: BrowserOf
) -> None:
    browser = browser_of(world.manager)
    with context.system("a test"), writing():
        Session.objects.filter(user=world.manager).update(seen_at="2020-01-01T00:00:00Z")

    assert browser.get(READ).status_code == 200

    assert Session.objects.get(user=world.manager).seen_at.year > 2020


def test_a_session_that_another_request_is_just_marking_as_seen_is_not_waited_for(
    own_database: dict[str, str], world: World, browser_of: BrowserOf
) -> None:
    browser = browser_of(world.manager)
    with context.system("a test"), writing():
        Session.objects.filter(user=world.manager).update(seen_at="2020-01-01T00:00:00Z")
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '1s'")
    name = connection.settings_dict["NAME"]

    with psycopg.connect(os.environ["STEWARD_TEST_ADMIN_URL"], dbname=name) as other:
        other.execute("UPDATE accounts_session SET seen_at = seen_at")
        assert browser.get(READ).status_code == 200
        other.rollback()

    assert Session.objects.get(user=world.manager).seen_at.year == 2020
    assert browser.get(READ).status_code == 200
    assert Session.objects.get(user=world.manager).seen_at.year > 2020


# --- The organisation that a request names ---


@pytest.fixture
def organisation(world: World) -> Organisation:
    """An organisation that the manager is a member of and the clerk is not."""
    with context.system("a test"), writing():
        made = Organisation.objects.create(slug="measured", name="Measured")
        Membership.objects.create(organisation=made, user=world.manager)
    return made


def test_row_level_security_sees_the_organisation_that_the_request_names(
    own_database: dict[str, str], world: World, organisation: Organisation, routed: Client, browser_of: BrowserOf
) -> None:
    browser = browser_of(world.manager)

    named = browser.get("/test/tenant", headers={"Steward-Organisation": str(organisation.pk)})
    unnamed = browser.get("/test/tenant")

    assert named.json() == {"organisation": str(organisation.pk)}
    assert unnamed.json() == {"organisation": ""}


@pytest.mark.django_db
def test_an_organisation_of_others_is_not_found(
    world: World, organisation: Organisation, browser_of: BrowserOf
) -> None:
    for named in (str(organisation.pk), str(world.clerk.pk), "no-id", ""):
        assert browser_of(world.clerk).get(READ, headers={"Steward-Organisation": named}).status_code == 404
    assert (
        browser_of(world.manager).get(READ, headers={"Steward-Organisation": str(organisation.pk)}).status_code == 200
    )


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["membership", "organisation"])
def test_a_suspended_membership_or_a_closed_organisation_is_not_found(
    world: World, organisation: Organisation, browser_of: BrowserOf, change: str
) -> None:
    browser = browser_of(world.manager)
    with context.system("a test"), writing():
        if change == "membership":
            Membership.objects.filter(user=world.manager).update(state=Membership.State.SUSPENDED)
        else:
            Organisation.objects.filter(pk=organisation.pk).update(state=Organisation.State.CLOSED)

    assert browser.get(READ, headers={"Steward-Organisation": str(organisation.pk)}).status_code == 404
