"""Deleting one's own account: with a time to think again, never the last who is needed, and for good. And consents."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from pytest_django import Settings

from accounts import jobs as account_jobs
from accounts.models import Consent, Organisation, Session, User
from accounts.services import erasure, privacy
from accounts.services.memberships import membership_add, roles_by_code
from accounts.services.organisations import organisation_close, organisation_create
from audit.models import PersonalKey
from portal.kit import clock, context, errors, registry
from portal.kit.context import Actor
from portal.kit.errors import Conflict
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from rbac.errors import LastOwner
from tests.accounts.helpers import denials, events, footprint, sign_in, text_of
from tests.factories import PASSWORD, World, actor_of, person, signed_in

Browser = Callable[[User], Client]
PAGE, DELETE, LEAVING = "/me/privacy", "/me/privacy/delete", "/me/leaving"
GRACE = timedelta(days=14)
SYSTEM = Actor("system", None, "system")


class _Run:
    """A run of the hourly job, without a fence."""

    cursor = None
    args: dict[str, Any] = {}

    def __init__(self) -> None:
        self.lines: list[str] = []

    def log(self, text: str) -> None:
        """Kept, for who asks."""
        self.lines.append(text)

    def batch(self) -> Any:
        """As the runner's."""
        return writing()


def _hour() -> dict[str, Any]:
    """What the worker does every hour."""
    with context.system("the hourly job"):
        return dict(account_jobs.erase_leaving(_Run()))  # type: ignore[arg-type]  # as much of a run as it asks for


def _ask(client: Client, user: User) -> Any:
    return client.post(DELETE, {"confirm_word": user.username})


def _company(owner: User, *members: User, slug: str = "orchard", role: str = "viewer") -> Organisation:
    with context.system("a test") as current:
        organisation = organisation_create(actor=current.actor, name="Orchard", slug=slug, owner=owner)
        for member in members:
            membership_add(actor=current.actor, organisation=organisation, user=member, role=roles_by_code()[role])
    return organisation


def _subjects(user: User) -> list[str]:
    return list(OutboundMessage.objects.filter(person_id=user.pk).order_by("pk").values_list("subject", flat=True))


def test_who_asks_is_signed_out_elsewhere_and_told_by_mail(world: World, browser_of: Browser) -> None:
    elsewhere, client = browser_of(world.clerk), browser_of(world.clerk)
    assert _ask(client, world.clerk)["Location"] == LEAVING
    world.clerk.refresh_from_db()
    assert world.clerk.leaving_at is not None
    assert GRACE - timedelta(minutes=1) < world.clerk.leaving_at - clock.now() <= GRACE
    assert Session.objects.filter(user=world.clerk).count() == 1
    assert elsewhere.get("/me")["Location"].startswith("/sign-in")
    (event,) = events("accounts.deletion.asked")
    assert (event.target_id, event.data) == (world.clerk.pk, {"days": 14, "sessions_ended": 1})
    (mail,) = OutboundMessage.objects.filter(person_id=world.clerk.pk)
    assert mail.subject == "Your account will be deleted"
    assert LEAVING in mail.text


def test_meanwhile_nothing_answers_but_the_way_back(world: World, browser_of: Browser) -> None:
    client = browser_of(world.clerk)
    _ask(client, world.clerk)
    again = Client()
    assert sign_in(again, world.clerk.username, PASSWORD).status_code == 302
    for page in ("/", "/me", PAGE, "/me/preferences", "/me/password?x=1", "/platform/people"):
        reply = again.get(page)
        if not page.startswith("/me/password"):
            assert reply["Location"] == LEAVING, page
    assert again.post("/me", {"name": "Other", "username": "other"})["Location"] == LEAVING
    refused = again.get("/api/v1/users/me/permissions")
    assert (refused.status_code, refused.json()["code"]) == (403, "kit.leaving")
    assert "Keep my account" in text_of(again.get(LEAVING))
    assert again.post("/sign-out")["Location"] == "/sign-in"


def test_who_thinks_again_keeps_everything(world: World, browser_of: Browser) -> None:
    client = browser_of(world.clerk)
    before = footprint(world.clerk)[:-5]
    _ask(client, world.clerk)
    assert client.post(LEAVING)["Location"] == PAGE
    world.clerk.refresh_from_db()
    assert footprint(world.clerk)[:-5] == before
    assert len(events("accounts.deletion.cancelled")) == 1
    assert _subjects(world.clerk) == ["Your account will be deleted", "Your account stays"]
    assert client.get("/").status_code == 200
    assert client.get(LEAVING)["Location"] == PAGE
    client.post(LEAVING)
    assert len(events("accounts.deletion.cancelled")) == 1
    with clock.at(clock.now() + GRACE + timedelta(days=1)):
        assert _hour() == {"erased": 0, "held": 0, "warned": 0}


def test_two_days_before_there_is_one_more_mail(world: World, browser_of: Browser) -> None:
    _ask(browser_of(world.clerk), world.clerk)
    now = clock.now()
    with clock.at(now + GRACE - timedelta(days=2, hours=1)):
        assert _hour()["warned"] == 0
    for hours, warned in ((47, 1), (46, 0), (1, 0)):
        with clock.at(now + GRACE - timedelta(hours=hours)):
            assert _hour() == {"erased": 0, "held": 0, "warned": warned}
    assert _subjects(world.clerk) == ["Your account will be deleted", "Your account is deleted in two days"]


def test_when_the_time_is_over_the_person_is_erased(world: World, browser_of: Browser) -> None:
    organisation = _company(world.admin, world.clerk)
    _ask(browser_of(world.clerk), world.clerk)
    with clock.at(clock.now() + GRACE + timedelta(minutes=1)):
        assert _hour() == {"erased": 1, "held": 0, "warned": 0}
        assert _hour() == {"erased": 0, "held": 0, "warned": 0}
    world.clerk.refresh_from_db()
    assert world.clerk.erased_at is not None
    assert (world.clerk.leaving_at, world.clerk.is_active) == (None, False)
    assert world.clerk.username.startswith("erased-")
    assert not organisation.memberships.filter(user=world.clerk).exists()
    (done,) = events("accounts.deletion.done")
    (erased,) = events("accounts.user.anonymised")
    assert done.target_id == erased.target_id == world.clerk.pk
    assert (erased.actor_kind, erased.reason) == ("system", "the person asked for it")
    assert PersonalKey.objects.get(pk=world.clerk.pk).sealed is None
    assert _subjects(world.clerk) == []


@pytest.mark.parametrize("word", ["", "clerk", "DELETE"])
def test_nothing_happens_unless_the_user_name_was_typed(world: World, browser_of: Browser, word: str) -> None:
    client = browser_of(world.clerk)
    before = footprint(world.clerk)
    reply = client.post(DELETE, {"confirm_word": word})
    assert reply.status_code == 422
    assert "Type" in text_of(reply)
    assert footprint(world.clerk) == before
    assert events("accounts.deletion.asked") == []


def test_who_proved_long_ago_who_it_is_proves_it_again_first(world: World, browser_of: Browser) -> None:
    client = browser_of(world.clerk)
    with context.system("a test"), writing():
        world.clerk.sessions.update(confirmed_at=clock.now() - timedelta(minutes=11))
    assert _ask(client, world.clerk)["Location"].startswith("/confirm?next=")
    world.clerk.refresh_from_db()
    assert world.clerk.leaving_at is None


def test_asking_twice_is_a_conflict(world: World) -> None:
    with context.acting(actor_of(world.clerk)):
        privacy.deletion_ask(actor=actor_of(world.clerk), session_id=None)
        with pytest.raises(Conflict):
            privacy.deletion_ask(actor=actor_of(world.clerk), session_id=None)
    assert len(events("accounts.deletion.asked")) == 1


def test_the_root_administrator_stays(world: World, browser_of: Browser) -> None:
    client = browser_of(world.root)
    assert "root administrator stays" in text_of(client.get(PAGE))
    before = footprint(world.root)
    assert _ask(client, world.root).status_code == 403
    assert footprint(world.root) == before
    assert denials() == ["accounts.root_protected"]
    with context.system("a test"), writing(), pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=world.root.pk).update(leaving_at=clock.now())


def test_the_last_super_administrator_stays(db: None, browser_of: Browser) -> None:
    last = person("Last", role="super_admin")
    client = browser_of(last)
    assert "last administrator stays" in text_of(client.get(PAGE))
    assert _ask(client, last).status_code == 409
    last.refresh_from_db()
    assert last.leaving_at is None


def test_the_last_owner_is_shown_the_way_out_and_goes_when_it_is_done(world: World, browser_of: Browser) -> None:
    organisation = _company(world.clerk, world.stranger)
    client = browser_of(world.clerk)
    page = client.get(PAGE).content.decode()
    assert "You are its only owner." in page
    assert "/o/orchard/settings" in page
    assert "Delete my account" not in page
    before = footprint(world.clerk)
    assert _ask(client, world.clerk).status_code == 409
    assert footprint(world.clerk) == before
    with context.system("a test") as current:
        organisation_close(actor=current.actor, organisation=organisation)
    assert "Delete my account" in client.get(PAGE).content.decode()
    assert _ask(client, world.clerk)["Location"] == LEAVING
    with clock.at(clock.now() + GRACE + timedelta(minutes=1)):
        assert _hour()["erased"] == 1


def test_one_of_two_owners_may_go(world: World, browser_of: Browser) -> None:
    _company(world.clerk, world.stranger, role="owner")
    assert _ask(browser_of(world.clerk), world.clerk)["Location"] == LEAVING


def test_who_becomes_the_last_owner_meanwhile_is_held_back_and_told(world: World, browser_of: Browser) -> None:
    _ask(browser_of(world.clerk), world.clerk)
    _company(world.clerk)
    now = clock.now()
    with clock.at(now + GRACE + timedelta(minutes=1)):
        assert _hour() == {"erased": 0, "held": 1, "warned": 0}
        assert _hour() == {"erased": 0, "held": 0, "warned": 0}
    with clock.at(now + GRACE + timedelta(days=1, minutes=30)):
        assert _hour() == {"erased": 0, "held": 1, "warned": 0}
    world.clerk.refresh_from_db()
    assert (world.clerk.erased_at, world.clerk.is_active) == (None, True)
    assert world.clerk.leaving_at is not None
    assert world.clerk.leaving_at > now + GRACE
    assert events("accounts.deletion.done") == []
    assert _subjects(world.clerk) == ["Your account will be deleted", "Your account could not be deleted yet"]
    with context.acting(actor_of(world.admin)), pytest.raises(LastOwner):
        erasure.user_anonymise(actor=actor_of(world.admin), user=world.clerk)


def test_the_page_lists_what_goes_and_what_stays(world: World, browser_of: Browser) -> None:
    _company(world.admin, world.manager)
    page = text_of(browser_of(world.manager).get(PAGE))
    for words in ("You leave 1 organisation", "Orchard", "You lose your roles", "Manager", "What stays", "14 days"):
        assert words in page


def test_nobody_asks_in_anothers_name(world: World, browser_of: Browser) -> None:
    client = browser_of(world.stranger)
    client.post(DELETE, {"confirm_word": world.stranger.username, "user": str(world.admin.pk)})
    for user in (world.admin, world.clerk):
        user.refresh_from_db()
        assert user.leaving_at is None
    with pytest.raises(errors.Forbidden), context.system("a test"):
        privacy.deletion_ask(actor=SYSTEM, session_id=None)


def test_a_service_account_does_not_leave(world: World) -> None:
    with context.system("a test"), writing(), pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=world.clerk.pk).update(kind="service", leaving_at=clock.now())


def test_the_gate_costs_no_further_query(world: World, browser_of: Browser) -> None:
    client = browser_of(world.clerk)
    _ask(client, world.clerk)
    with connection.execute_wrapper(_no_query):
        assert client.get("/")["Location"] == LEAVING


def _no_query(execute: Any, sql: str, *rest: Any) -> Any:
    raise AssertionError(f"asked the database: {sql}")


class _Live:
    """The live database beside a restored one: who leaves there."""

    def __init__(self, leaving: dict[User, Any]) -> None:
        self._rows = [(user.pk, due) for user, due in leaving.items()]

    def execute(self, sql: str) -> Any:
        """Its one question."""
        assert "leaving_at" in sql
        return self

    def fetchall(self) -> list[Any]:
        """The rows."""
        return self._rows


def test_after_a_restore_who_called_it_off_stays_and_who_asked_since_goes(world: World) -> None:
    due = clock.now() + GRACE
    with context.system("a test"), writing():
        User.objects.filter(pk=world.clerk.pk).update(leaving_at=due, leaving_warned_at=clock.now())
        with connection.cursor() as restored:
            assert registry.aftercare.get("accounts.leaving").before(restored, None) == 0
            world.clerk.refresh_from_db()
            assert world.clerk.leaving_at == due
            registry.aftercare.get("accounts.leaving").before(restored, _Live({world.manager: due, world.root: due}))
    for user, expected in ((world.clerk, None), (world.manager, due), (world.root, None)):
        user.refresh_from_db()
        assert (user.leaving_at, user.leaving_warned_at) == (expected, None)


@pytest.fixture
def terms(settings: Settings) -> None:
    """An installation with terms of use and a privacy policy."""
    settings.STEWARD_TERMS_URL, settings.STEWARD_TERMS_VERSION = "https://example.com/terms", "2026-01"
    settings.STEWARD_PRIVACY_URL, settings.STEWARD_PRIVACY_VERSION = "https://example.com/privacy", "3"


def test_without_texts_nobody_is_asked_to_agree(world: World, browser_of: Browser) -> None:
    assert "You were not asked to agree to anything." in text_of(browser_of(world.clerk).get(PAGE))
    with context.acting(actor_of(world.clerk)):
        assert privacy.consents_give_own(actor=actor_of(world.clerk)) == []


@pytest.mark.usefixtures("terms")
def test_a_consent_is_noted_with_version_time_and_address(
    world: World, browser_of: Browser, settings: Settings
) -> None:
    client = browser_of(world.clerk)
    assert "I agree" in text_of(client.get(PAGE))
    client.post(PAGE, {"do": "consent"}, REMOTE_ADDR="198.51.100.7")
    client.post(PAGE, {"do": "consent"})
    found = list(Consent.objects.filter(user=world.clerk).order_by("kind").values_list("kind", "version", "address"))
    assert found == [("privacy", "3", "198.51.100.7"), ("terms", "2026-01", "198.51.100.7")]
    assert [event.data for event in events("accounts.consent.given")] == [
        {"kind": "terms", "version": "2026-01"},
        {"kind": "privacy", "version": "3"},
    ]
    page = text_of(client.get(PAGE))
    assert "Version 2026-01" in page
    assert "I agree" not in page
    settings.STEWARD_TERMS_VERSION = "2026-07"
    assert "I agree" in text_of(client.get(PAGE))
    client.post(PAGE, {"do": "consent"})
    assert Consent.objects.filter(user=world.clerk).count() == 3


@pytest.mark.usefixtures("terms")
def test_of_an_erased_person_the_consent_stays_without_its_address(world: World, browser_of: Browser) -> None:
    browser_of(world.clerk).post(PAGE, {"do": "consent"})
    with context.acting(actor_of(world.admin)):
        erasure.user_anonymise(actor=actor_of(world.admin), user=world.clerk)
    assert set(Consent.objects.filter(user=world.clerk).values_list("address", flat=True)) == {None}


def test_what_the_page_does_not_know_is_a_bad_request(world: World, browser_of: Browser) -> None:
    assert browser_of(world.clerk).post(PAGE, {"do": "whatever"}).status_code == 400


def test_the_files_of_the_installation_are_not_touched_by_asking(
    world: World, settings: Settings, tmp_path: Path
) -> None:
    settings.STEWARD_VAR = tmp_path
    _ask(signed_in(world.clerk), world.clerk)
    assert list(tmp_path.iterdir()) == []
