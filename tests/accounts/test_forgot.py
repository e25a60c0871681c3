"""Forgotten passwords: silent about who exists, capped, host-proof, and a link that signs nobody in."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from accounts.models import Ask, Link, User
from accounts.services import allowances
from accounts.services.asks import ask_answer, password_ask
from maintenance import cleaning
from maintenance.models import JobRun
from portal.kit import clock, context, registry
from portal.kit.context import Context
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.accounts.factor_helpers import enrolled
from tests.accounts.helpers import NEW_PASSWORD, events, footprint, sealed, sign_in, text_of
from tests.accounts.registration_world import answered, begun, forgot, mails, opened, token_to
from tests.factories import PASSWORD, World, actor_of, person, signed_in

Browser = Callable[[User], Client]
pytestmark = pytest.mark.usefixtures("quiet_broker")


def _service(**values: Any) -> User:
    return person("Robot", kind="service", email="", password="!", **values)


def test_a_link_comes_by_mail_sets_the_password_and_signs_nobody_in(world: World) -> None:
    former = signed_in(world.clerk)
    client = Client()
    reply = forgot(world.clerk.username, client)
    assert (reply.status_code, reply["Location"]) == (302, "/forgot/sent")
    (mail,) = mails(world.clerk.email)
    assert (mail.subject, mail.category) == ("Choose a new password", "security")
    token = token_to(world.clerk.email)
    assert former.get("/api/v1/auth/session").status_code == 200, "asking ends nothing"
    assert sign_in(Client(), world.clerk.username, PASSWORD).status_code == 302
    browser = opened(token, "password")
    assert browser.post("/password", {"new": NEW_PASSWORD, "repeat": NEW_PASSWORD})["Location"] == "/sign-in"
    assert former.get("/api/v1/auth/session").status_code == 401
    assert browser.get("/api/v1/auth/session").status_code == 401
    assert sign_in(Client(), world.clerk.username, NEW_PASSWORD).status_code == 302
    (asked,) = events("accounts.password.forgotten")
    assert (asked.target_id, asked.actor_id, asked.outcome) == (world.clerk.pk, None, "ok")
    assert token not in str(vars(asked)) + str(sealed(asked))


def test_the_address_works_in_any_case_and_spelling(world: World) -> None:
    for written in (world.clerk.email.upper(), f"  {world.clerk.email} ", world.clerk.email.replace("@", "\uff20")):
        forgot(written)
    assert len(mails(world.clerk.email)) == 3
    assert Link.objects.filter(user=world.clerk).count() == 1, "a newer link kills the older one"


@pytest.mark.parametrize("who", ["root", "idle", "robot", "nobody", "erased"])
def test_whoever_cannot_have_one_gets_none_and_the_same_answer(world: World, who: str) -> None:
    known: dict[str, Callable[[], User]] = {
        "root": lambda: world.root,
        "idle": lambda: person("Idle", is_active=False),
        "robot": _service,
        "erased": lambda: person("Gone", is_active=False, erased_at=clock.now()),
    }
    user = known[who]() if who in known else None
    client, other = Client(), Client()
    refused = forgot((user.email or user.username) if user else "nobody@example.org", client)
    sent = forgot(world.clerk.email, other)
    assert (refused.status_code, refused["Location"]) == (sent.status_code, sent["Location"])
    assert text_of(client.get("/forgot/sent")) == text_of(other.get("/forgot/sent"))
    assert [mail.address for mail in OutboundMessage.objects.all()] == [world.clerk.email]
    assert Link.objects.exclude(user=world.clerk).count() == 0
    denied = events("accounts.password.forgotten")[0]
    # A service account is nobody to a page that people use: it is not even looked up.
    found = user.pk if user and user.kind == User.Kind.PERSON else None
    assert (denied.outcome, denied.target_id) == ("denied", found)
    assert "nobody@example.org" not in str(vars(denied)) + str(sealed(denied)), "people type passwords there"


def test_the_page_does_the_same_work_for_everybody(world: World) -> None:
    idle, robot = person("Idle", is_active=False), _service()
    asked = (world.clerk.email, "nobody@example.org", world.clerk.username, "x" * 254, idle.email, robot.username)
    statements = []
    Client().post("/forgot", {"identifier": "the first one reads what the process keeps"})
    for identifier in asked:
        client = Client()
        client.get("/forgot")
        with CaptureQueriesContext(connection) as caught:
            client.post("/forgot", {"identifier": identifier})
        statements.append([query["sql"].split(" ")[:3] for query in caught if "SAVEPOINT" not in query["sql"]])
        assert "accounts_user" not in str([query["sql"] for query in caught]), "the page looked somebody up"
    assert [found for found in statements if found != statements[0]] == []
    assert len(statements[0]) > 3


def test_what_was_typed_is_sealed_and_goes_with_the_answer(world: World) -> None:
    Client().post("/forgot", {"identifier": "my-secret-password-in-the-wrong-field"})
    (ask,) = Ask.objects.all()
    assert b"secret" not in bytes(ask.sealed)
    assert "secret" not in str(vars(JobRun.objects.get(name="accounts.answer_ask")))
    assert answered() == 1
    assert Ask.objects.count() == 0
    with context.system("a test"):
        assert ask_answer(ask_id=ask.pk) is False, "a run that comes again does nothing"
    assert OutboundMessage.objects.count() == 0


def test_five_mails_an_hour_go_to_one_mailbox_and_nobody_hears_of_the_sixth(world: World) -> None:
    replies = [forgot(world.clerk.email) for _ in range(4)] + [forgot(world.clerk.username) for _ in range(4)]
    assert {(reply.status_code, reply["Location"]) for reply in replies} == {(302, "/forgot/sent")}
    assert len(mails(world.clerk.email)) == allowances.PER_HOUR
    newest = token_to(world.clerk.email)
    assert opened(newest, "password").get("/password").status_code == 200, "the last link that was mailed works"
    with clock.at(clock.now() + timedelta(minutes=61)):
        forgot(world.clerk.email)
    assert len(mails(world.clerk.email)) == allowances.PER_HOUR + 1


def test_of_many_that_ask_at_once_five_are_let_through(own_database: dict[str, str], world: World) -> None:
    gate = threading.Barrier(12)
    allowed: list[bool] = []

    def ask() -> None:
        try:
            gate.wait(20)
            with context.use(Context()):
                allowed.append(allowances.mail_allowed(to="one@example.org"))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(allowed) == [False] * 7 + [True] * 5


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example.org"},
        {"X-Forwarded-Host": "evil.example.org", "X-Forwarded-Proto": "https"},
        {"X-Forwarded-For": "203.0.113.9", "Forwarded": "host=evil.example.org"},
        {"Origin": "https://evil.example.org", "Referer": "https://evil.example.org/forgot"},
    ],
)
def test_no_header_of_the_request_gets_into_the_mail(world: World, settings: Settings, headers: dict[str, str]) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.STEWARD_PUBLIC_URL = "https://steward.example.com"
    forgot(world.clerk.email, headers=headers)
    (mail,) = mails(world.clerk.email)
    assert "https://steward.example.com/password/" in mail.text
    assert "evil" not in mail.text


def test_a_host_that_is_not_ours_is_refused_before_anything_happens(world: World) -> None:
    reply = Client().post("/forgot", {"identifier": world.clerk.email}, headers={"Host": "evil.example.org"})
    assert reply.status_code == 400
    assert (Ask.objects.count(), JobRun.objects.count()) == (0, 0)


def test_a_link_dies_with_the_address_it_was_mailed_to(world: World) -> None:
    forgot(world.clerk.email)
    token = token_to(world.clerk.email)
    with context.system("a test"), writing():
        User.objects.filter(pk=world.clerk.pk).update(email="elsewhere@example.org")
    before = footprint(world.clerk)
    assert Client().get(f"/password/{token}").status_code == 410
    assert footprint(world.clerk) == before


def test_using_it_verifies_the_address_and_leaves_a_verified_one_alone(world: World) -> None:
    fresh = person("Fresh", email_verified_at=None)
    for user in (fresh, world.clerk):
        forgot(user.email)
        opened(token_to(user.email), "password").post("/password", {"new": NEW_PASSWORD, "repeat": NEW_PASSWORD})
    fresh.refresh_from_db()
    assert fresh.email_verified_at is not None
    assert [event.target_id for event in events("accounts.address.verified")] == [fresh.pk]


@pytest.mark.parametrize("identifier", ["", "   ", "x" * 255, "a\x00b", "\r\nBcc: all@example.org"])
def test_what_names_nobody_sends_nothing(world: World, identifier: str) -> None:
    reply = forgot(identifier)
    assert reply.status_code in {302, 422}
    assert (OutboundMessage.objects.count(), Ask.objects.count()) == (0, 0)


def test_the_service_is_as_quiet_as_the_page(world: World) -> None:
    with context.use(Context()):
        for identifier in (world.clerk.email, "nobody@example.org"):
            assert password_ask(identifier=identifier) is None  # type: ignore[func-returns-value]
    assert Ask.objects.count() == 2


def test_a_second_factor_stays_and_is_asked_for_with_the_new_password(world: World) -> None:
    enrolled(world.clerk)
    forgot(world.clerk.email)
    opened(token_to(world.clerk.email), "password").post("/password", {"new": NEW_PASSWORD, "repeat": NEW_PASSWORD})
    client = Client()
    assert sign_in(client, world.clerk.username, NEW_PASSWORD)["Location"] == "/sign-in/code"
    assert client.get("/api/v1/auth/session").status_code == 401


def test_links_of_a_restored_backup_open_nothing(world: World) -> None:
    forgot(world.clerk.email)
    token, registering = token_to(world.clerk.email), begun()
    signed_in(world.manager).post("/me/email/change", {"email": "manager@elsewhere.example.org"})
    change = token_to("manager@elsewhere.example.org")
    Client().post("/forgot", {"identifier": world.clerk.email})
    (care,) = [care for care in registry.aftercare if care.name == "accounts.links"]
    with context.system("a test"), writing(), connection.cursor() as cursor:
        for again in (False, True):
            gone = care.before(_Restored(cursor), None)
            assert (gone == 0) is again, "both runs of it have to end alike"
    for path in (f"/password/{token}", f"/register/{registering}", f"/email/{change}"):
        assert Client().get(path).status_code == 410
    assert Ask.objects.count() == 0


class _Restored:
    """The connection to a restored database, as aftercare gets it."""

    def __init__(self, cursor: Any) -> None:
        self._cursor = cursor

    def execute(self, statement: str) -> Any:
        """Run it; what it returns knows how many rows it met."""
        self._cursor.execute(statement)
        return self._cursor


@pytest.mark.parametrize(
    ("name", "days"),
    [
        ("accounts.links", 8),
        ("accounts.registrations", 9),
        ("accounts.address_changes", 32),
        ("accounts.asks", 2),
        ("accounts.mail_allowances", 2),
    ],
)
def test_what_is_over_goes_and_what_is_not_stays(world: World, name: str, days: int) -> None:
    begun()
    signed_in(world.manager).post("/me/email/change", {"email": "manager@elsewhere.example.org"})
    Client().post("/forgot", {"identifier": world.clerk.email})
    with context.acting(actor_of(world.admin)):
        assert cleaning.preview(actor=actor_of(world.admin), name=name).count == 0
        with clock.at(clock.now() + timedelta(days=days)):
            assert cleaning.preview(actor=actor_of(world.admin), name=name).count > 0
