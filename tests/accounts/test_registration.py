"""Registration: the address first, then the account with an organisation of its own; silent, single-use, raced."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from accounts import addresses
from accounts.errors import LinkGone, RegistrationClosed
from accounts.models import Consent, Membership, Organisation, Registration, User
from accounts.services import registrations
from accounts.services.asks import registration_ask
from accounts.services.organisations import organisation_put
from audit.models import Event
from portal.kit import clock, context, crypto, errors
from portal.kit.context import Context
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.accounts.helpers import events, sealed, sign_in, text_of
from tests.accounts.organisation_world import role_of
from tests.accounts.registration_world import (
    ADDRESS,
    PASSWORD,
    account,
    answered,
    begun,
    kept,
    mails,
    opened,
    token_to,
    traces,
)
from tests.factories import World, person, signed_in

pytestmark = pytest.mark.usefixtures("quiet_broker")


def _complete(token: str, **values: str) -> tuple[User, Organisation]:
    given = account(**values)
    with context.use(Context()):
        return registrations.registration_complete(
            token=token,
            name=given["name"],
            username=given["username"],
            password=given["new"],
            organisation=given["organisation"],
        )


@pytest.mark.django_db
def test_a_stranger_proves_the_address_and_becomes_owner_of_an_organisation() -> None:
    token = begun()
    (mail,) = mails(ADDRESS)
    assert (mail.subject, mail.person_id) == ("Create your account", None)
    client = opened(token)
    page = client.get("/register/account")
    assert ADDRESS in text_of(page)
    assert token not in page.content.decode()
    reply = client.post("/register/account", account())
    assert (reply.status_code, reply["Location"]) == (302, "/o/harbour-works/")
    assert client.get("/o/harbour-works/").status_code == 200, "signed in at once"
    user, made = User.objects.get(username="nina"), Organisation.objects.get(slug="harbour-works")
    assert (user.email, user.name, user.must_change_password, user.kind) == (ADDRESS, "Nina Okafor", False, "person")
    assert user.email_verified_at is not None
    assert role_of(user, made) == ["owner"]
    assert sign_in(Client(), ADDRESS, PASSWORD).status_code == 302
    codes = list(Event.objects.order_by("id").values_list("code", flat=True))
    told = [code for code in codes if code.startswith(("accounts.", "rbac.binding"))]
    assert told[:7] == [
        "accounts.registration.begun",
        "accounts.user.created",
        "accounts.registration.completed",
        "accounts.organisation.created",
        "accounts.membership.added",
        "rbac.binding.granted",
        "accounts.session.started",
    ]
    begun_event = events("accounts.registration.begun")[0]
    assert ADDRESS not in str(vars(begun_event)), "an address is personal"
    assert ADDRESS in str(sealed(begun_event))
    assert token not in str(sealed(begun_event)) + str(mail.subject)


@pytest.mark.django_db
def test_who_makes_an_account_agrees_to_the_texts_that_the_page_names(settings: Settings) -> None:
    settings.STEWARD_TERMS_URL, settings.STEWARD_TERMS_VERSION = "https://example.com/terms", "2026-01"
    client, token = Client(), begun()
    client.get(f"/register/{token}")
    assert "https://example.com/terms" in client.get("/register/account").content.decode()
    assert client.post("/register/account", account()).status_code == 302
    person = User.objects.get(username="nina")
    assert list(Consent.objects.values_list("user_id", "kind", "version")) == [(person.pk, "terms", "2026-01")]
    (event,) = Event.objects.filter(code="accounts.consent.given")
    assert (event.actor_id, event.data) == (person.pk, {"kind": "terms", "version": "2026-01"})


def test_a_former_session_of_the_browser_ends_and_the_new_one_is_the_new_persons(world: World) -> None:
    client = signed_in(world.clerk)
    former = client.cookies["steward"].value
    client.get(f"/register/{begun()}")
    client.post("/register/account", account())
    assert client.cookies["steward"].value != former
    assert client.get("/api/v1/auth/session").json()["label"] == "Nina Okafor"
    other = Client()
    other.cookies["steward"] = former
    assert other.get("/api/v1/auth/session").status_code == 401


@pytest.mark.django_db
def test_an_address_that_somebody_has_gets_the_same_answer_and_its_owner_is_told(world: World) -> None:
    answers = []
    for email in (ADDRESS, world.clerk.email.upper()):
        client = Client()
        reply = client.post("/register", {"email": email})
        answers.append((reply.status_code, reply["Location"], text_of(client.get("/register/sent"))))
    answered()
    assert answers[0] == answers[1]
    (told,) = mails(world.clerk.email)
    assert (told.subject, told.person_id) == ("You have an account already", world.clerk.pk)
    assert "/register/" not in told.text
    assert Registration.objects.filter(email__iexact=world.clerk.email).count() == 0
    assert [event.outcome for event in events("accounts.registration.begun")] == ["ok", "denied"]


@pytest.mark.django_db
def test_the_page_does_the_same_work_for_every_address(world: World) -> None:
    statements = []
    Client().post("/register", {"email": "first@example.org"})
    for email in (ADDRESS, world.clerk.email, person("Idle", is_active=False).email):
        with CaptureQueriesContext(connection) as caught:
            Client().post("/register", {"email": email})
        statements.append([query["sql"].split(" ")[:3] for query in caught if "SAVEPOINT" not in query["sql"]])
        assert "accounts_user" not in str([query["sql"] for query in caught])
    assert [found for found in statements if found != statements[0]] == []


@pytest.mark.django_db
def test_a_newer_link_kills_the_older_one_and_one_works_once() -> None:
    first, second = begun(), begun(ADDRESS.upper())
    assert Client().get(f"/register/{first}").status_code == 410
    assert Registration.objects.count() == 1
    client = opened(second)
    assert client.post("/register/account", account()).status_code == 302
    before = traces()
    for page in (Client().get(f"/register/{second}"), client.get("/register/account"), Client().get("/register/x")):
        assert page.status_code == 410
        assert "does not work any more" in text_of(page)
    with pytest.raises(LinkGone):
        _complete(second, username="other")
    assert traces() == before


@pytest.mark.django_db
def test_looking_spends_nothing_and_a_day_later_it_is_dead() -> None:
    token = begun()
    for _ in range(3):
        assert opened(token).get("/register/account").status_code == 200
    before = traces()
    with clock.at(clock.now() + timedelta(hours=24, seconds=1)):
        assert Client().get(f"/register/{token}").status_code == 410
        with pytest.raises(LinkGone):
            _complete(token)
    assert traces() == before


@pytest.mark.django_db
def test_an_account_that_was_made_meanwhile_kills_the_link() -> None:
    token = begun()
    person("Made by an administrator", email=ADDRESS)
    with pytest.raises(LinkGone):
        _complete(token)
    assert User.objects.filter(email=ADDRESS).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "field", "says"),
    [
        ({"name": ""}, "name", "required"),
        ({"name": "\u202enamreG"}, "name", "invisible"),
        ({"username": "Not A Handle!"}, "username", "lower-case"),
        ({"username": "taken"}, "username", "has this already"),
        ({"organisation": "   "}, "organisation", "required"),
        ({"organisation": "Two\u2028lines"}, "organisation", "invisible"),
        ({"organisation": "x" * 121}, "organisation", "120"),
        ({"new": "short"}, "new", "at least 15"),
        ({"new": "nina.okafor@example.com"}, "new", "name or address"),
        ({"repeat": "another one"}, "repeat", "not the same"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_made(
    wrong: dict[str, str], field: str, says: str
) -> None:
    person("Taken", username="taken")
    token = begun()
    client = opened(token)
    before = (traces(), Organisation.objects.count(), Membership.objects.count())
    reply = client.post("/register/account", account(**wrong))
    assert reply.status_code == 422
    assert f'id="id_{field}_error"' in reply.content.decode()
    assert says in text_of(reply)
    assert (traces(), Organisation.objects.count(), Membership.objects.count()) == before
    assert client.post("/register/account", account()).status_code == 302, "the link was spent by a refusal"


@pytest.mark.django_db
def test_fields_that_nobody_offers_are_not_believed() -> None:
    given = account() | {"is_root": "1", "email": "evil@example.org", "kind": "service", "role": "super_admin"}
    opened(begun()).post("/register/account", given)
    user = User.objects.get(username="nina")
    assert (user.email, user.is_root, user.kind) == (ADDRESS, False, "person")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Harbour Works", "harbour-works-2"),
        ("Admin", "admin-2"),
        ("Zürich & Söhne GmbH", "zurich-sohne-gmbh"),
        ("株式会社", "organisation"),
        ("-- ! --", "organisation"),
        ("x" * 120, "x" * 30),
    ],
)
def test_the_short_name_is_made_of_the_name_and_free(name: str, expected: str) -> None:
    with context.system("a test") as current, writing():
        organisation_put(name="Taken", slug="harbour-works")
        assert current.actor.kind == "system"
    _user, made = _complete(begun(), organisation=name)
    assert (made.name, made.slug) == (name, expected)


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["invite-only", "off"])
def test_where_registration_is_closed_nothing_opens(settings: Settings, mode: str) -> None:
    token = begun()
    settings.STEWARD_REGISTRATION = mode
    before, noted = traces(), kept()
    page = Client().get("/register")
    assert page.status_code == 403
    assert "Registration is closed" in text_of(page)
    assert "Create one" not in text_of(Client().get("/sign-in"))
    assert Client().post("/register", {"email": "late@example.org"}).status_code == 403
    assert Client().get(f"/register/{token}").status_code == 403
    with pytest.raises(RegistrationClosed):
        _complete(token)
    with pytest.raises(RegistrationClosed), context.use(Context()):
        registration_ask(email="late@example.org")
    with context.system("a test"):
        registrations.registration_begin(text="late@example.org")
    assert (traces(), kept()) == (before, noted)


@pytest.mark.django_db
def test_five_mails_an_hour_go_to_an_address() -> None:
    for email in [ADDRESS] * 4 + [f" {ADDRESS.upper()} "] * 4:
        Client().post("/register", {"email": email})
        answered()
    assert len(mails(ADDRESS)) == 5
    assert Registration.objects.count() == 1
    assert opened(token_to(ADDRESS)).get("/register/account").status_code == 200


@pytest.mark.django_db
def test_no_host_of_the_request_gets_into_the_mail(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.STEWARD_PUBLIC_URL = "https://steward.example.com"
    headers = {"Host": "evil.example.org", "X-Forwarded-Host": "evil.example.org"}
    Client().post("/register", {"email": ADDRESS}, headers=headers)
    answered()
    assert set(re.findall(r"https?://[^/\s]+", mails(ADDRESS)[0].text)) == {"https://steward.example.com"}


# --- addresses that are not what they seem ---


@pytest.mark.django_db
@pytest.mark.parametrize(
    "email",
    [
        "аda@example.org",  # Cyrillic a
        "ada@еxample.org",  # Cyrillic e among Latin letters
        "ada@аррӏе.com",  # All Cyrillic, all like Latin
        "ada@xn--80ak6aa92e.com",  # The same, as DNS has it
        "ada@gοogle.com",  # Greek o
        "ada\u200b@example.org",
        "ada@straße.example",  # DNS would make ss of it: another domain
        "a\r\nBcc:b@example.org",
        "ada@example.org\nX-Header: 1",
        "ada@@example.org",
        "ada",
        f"{'a' * 250}@example.org",
        "@example.org",
        "ada@",
        "ada@exa mple.org",
    ],
)
def test_an_address_that_misleads_or_is_none_is_refused_with_a_sentence(email: str) -> None:
    reply = Client().post("/register", {"email": email})
    assert reply.status_code == 422
    assert 'id="id_email_error"' in reply.content.decode()
    assert (kept(), OutboundMessage.objects.count()) == ((0, 0), 0)
    with context.system("a test"):
        registrations.registration_begin(text=email)
    assert OutboundMessage.objects.count() == 0, "the worker looks again"


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        (" Ada@Example.ORG ", "Ada@example.org"),
        ("\uff41\uff44\uff41\uff20example.org", "ada@example.org"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
        ("ada@XN--BCHER-KVA.example", "ada@xn--bcher-kva.example"),
        ("ada+anything@example.org", "ada+anything@example.org"),
        ("\u212aelvin@example.org", "Kelvin@example.org"),
        ("ada@москва.example", "ada@xn--80adxhks.example"),
        ("ada@東京ビル.example", "ada@xn--qdk5b965kx5v.example"),
        ("no address", "no address"),
    ],
)
def test_every_address_has_one_form(written: str, canonical: str) -> None:
    assert addresses.canonical(written) == canonical
    assert addresses.canonical(canonical) == canonical
    assert not addresses.looks_like_another(canonical)


@pytest.mark.django_db
def test_two_spellings_of_one_address_are_one_account() -> None:
    assert Client().post("/register", {"email": "ada@bücher.example"}).status_code == 302
    answered()
    _complete(token_to("ada@xn--bcher-kva.example"))
    Client().post("/register", {"email": "ADA@xn--bcher-kva.example"})
    answered()
    assert mails("ada@xn--bcher-kva.example")[-1].subject == "You have an account already"
    assert sign_in(Client(), "Ada@BÜCHER.example", PASSWORD).status_code == 302


# --- races ---


def _race(*calls: Callable[[], object]) -> list[str]:
    gate = threading.Barrier(len(calls))
    outcome: list[str] = []

    def run(call: Callable[[], object]) -> None:
        try:
            gate.wait(20)
            call()
            outcome.append("done")
        except errors.StewardError as error:
            outcome.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return sorted(outcome)


def test_a_link_used_twice_at_once_makes_one_account(own_database: dict[str, str]) -> None:
    token = begun()
    found = _race(*(lambda n=n: _complete(token, username=f"nina{n}", organisation=f"House {n}") for n in range(3)))
    assert found == ["LinkGone", "LinkGone", "done"]
    assert User.objects.filter(email=ADDRESS).count() == 1
    assert Organisation.objects.count() == 1
    assert len(events("accounts.registration.completed")) == 1


def test_of_two_who_want_one_user_name_at_once_one_gets_it_and_the_other_may_choose_again(
    own_database: dict[str, str],
) -> None:
    tokens = [begun(f"nina{n}@example.org") for n in range(2)]
    found = _race(*(lambda t=t: _complete(t, username="nina") for t in tokens))
    assert found == ["Invalid", "done"]
    assert User.objects.filter(username="nina").count() == 1
    assert Organisation.objects.count() == 1, "the refused one left an organisation"
    (left,) = Registration.objects.filter(used_at=None)
    token = next(token for token in tokens if crypto.digest(token) == bytes(left.digest))
    user, made = _complete(token, username="nina2")
    assert (user.username, made.slug) == ("nina2", "harbour-works-2")


def test_two_who_begin_with_one_address_at_once_leave_one_open_link(own_database: dict[str, str]) -> None:
    def begin() -> None:
        with context.system("a test"):
            registrations.registration_begin(text=ADDRESS)

    assert _race(begin, begin, begin) == ["done"] * 3
    assert Registration.objects.count() == 1
    assert len(mails(ADDRESS)) == 3
    digest = bytes(Registration.objects.get().digest)
    assert digest in [crypto.digest(mail.text.split("/register/")[1].split()[0]) for mail in mails(ADDRESS)]


@pytest.mark.django_db
def test_the_database_itself_keeps_one_open_registration_an_address() -> None:
    begun()
    with context.system("a test"), writing(), pytest.raises(IntegrityError), transaction.atomic():
        Registration.objects.create(email=ADDRESS.upper(), digest=b"x" * 32, expires_at=clock.now())
