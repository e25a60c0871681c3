"""Passkeys: made for one's own account, renamed, removed; every wrong answer is refused and leaves nothing."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from accounts import authenticators
from accounts.errors import PasskeysFull, PasskeysUnavailable
from accounts.models import Passkey, PasskeyChallenge, RecoveryCode, User
from accounts.services import passkeys
from portal.kit import clock, context
from portal.kit.context import Context
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.accounts.authenticator import ORIGIN, Authenticator
from tests.accounts.factor_helpers import shown_codes
from tests.accounts.helpers import events, sealed, text_of
from tests.accounts.recovery_world import key_of
from tests.factories import World, actor_of, person

Browser = Callable[[User], Client]
ADD, OPTIONS = "/me/passkeys/add", "/me/passkeys/options"


@pytest.fixture(autouse=True)
def _address(settings: Settings) -> None:
    settings.STEWARD_PUBLIC_URL = ORIGIN


def asked(client: Client, path: str = OPTIONS) -> dict[str, Any]:
    """The question that the server hands to the browser."""
    reply = client.post(path)
    assert reply.status_code == 200, reply.content
    found: dict[str, Any] = json.loads(reply.content)
    return found


def added(client: Client, device: Authenticator, name: str = "Blue key", **wrong: Any) -> Any:
    """Add a passkey of `device`; the reply."""
    return client.post(ADD, {"answer": device.create(asked(client), **wrong), "name": name})


def kept() -> tuple[int, int, int]:
    """What a refusal must not add to."""
    return Passkey.objects.count(), OutboundMessage.objects.count(), len(events("accounts.passkey.added"))


# --- adding ---


def test_a_passkey_is_added_told_and_mailed(world: World, browser_of: Browser) -> None:
    device = Authenticator(count=7)
    reply = added(browser_of(world.clerk), device)
    assert len(shown_codes(reply)) == 10, "a first second factor comes with recovery codes"
    (passkey,) = Passkey.objects.all()
    assert (passkey.user_id, passkey.name, passkey.sign_count) == (world.clerk.pk, "Blue key", 7)
    assert bytes(passkey.credential_id) == device.credential_id
    assert (passkey.transports, passkey.syncs, passkey.backed_up, passkey.aaguid) == ("usb", True, True, None)
    (event,) = events("accounts.passkey.added")
    assert (event.actor_id, event.target_id) == (world.clerk.pk, passkey.pk)
    assert "Blue key" in str(sealed(event))
    assert "Blue key" not in str(vars(event))
    mail = OutboundMessage.objects.get(person_id=world.clerk.pk, subject="A passkey was added to your account")
    assert "Blue key" in mail.text


def test_the_question_names_this_installation_and_the_person_by_no_name_of_its_own(
    world: World, browser_of: Browser
) -> None:
    client = browser_of(world.clerk)
    device = Authenticator()
    added(client, device)
    options = asked(client)
    assert options["rp"] == {"name": "Steward", "id": "steward.example.com"}
    assert options["attestation"] == "none"
    assert options["authenticatorSelection"]["userVerification"] == "preferred"
    assert [one["id"] for one in options["excludeCredentials"]] == [
        json.loads(device.create(options))["id"],
    ], "a device that has one shall not make another"


def test_the_host_header_decides_nothing(world: World, browser_of: Browser, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    client = browser_of(world.clerk)
    reply = client.post(OPTIONS, headers={"Host": "evil.example.org"})
    assert json.loads(reply.content)["rp"]["id"] == "steward.example.com"


WRONG = [
    {"origin": "https://evil.example.org"},
    {"origin": "http://steward.example.com"},
    {"origin": "https://steward.example.com:8443"},
    {"rp_id": "evil.example.org"},
    {"challenge": "bm90IHRoZSBjaGFsbGVuZ2U"},
]


@pytest.mark.parametrize("wrong", WRONG, ids="-".join)
def test_an_answer_that_was_made_for_something_else_adds_nothing(
    world: World, browser_of: Browser, wrong: dict[str, Any]
) -> None:
    client, before = browser_of(world.clerk), kept()
    reply = added(client, Authenticator(), **wrong)
    assert reply.status_code == 422
    assert "was not accepted" in text_of(reply)
    assert kept() == before
    (event,) = events("accounts.passkey.refused")
    assert (event.outcome, event.reason, event.data) == ("denied", "answer", {"purpose": "register"})


@pytest.mark.parametrize("answer", ["", "{", "[]", "null", '"text"', "{}", '{"id": 1}', "x" * 30_000, "\x00", "☃"])
def test_what_is_no_answer_adds_nothing(world: World, browser_of: Browser, answer: str) -> None:
    client, before = browser_of(world.clerk), kept()
    asked(client)
    assert client.post(ADD, {"answer": answer, "name": "Blue key"}).status_code == 422
    assert kept() == before


@pytest.mark.parametrize("field", ["clientDataJSON", "attestationObject"])
@pytest.mark.parametrize("value", ["", "AAAA", "!!!", 5, None, "oWF4" * 500])
def test_broken_parts_of_an_answer_add_nothing(world: World, browser_of: Browser, field: str, value: Any) -> None:
    client, before = browser_of(world.clerk), kept()
    answer = json.loads(Authenticator().create(asked(client)))
    answer["response"][field] = value
    assert client.post(ADD, {"answer": json.dumps(answer), "name": "Blue key"}).status_code == 422
    assert kept() == before


def test_a_question_is_good_once(world: World, browser_of: Browser) -> None:
    client, device = browser_of(world.clerk), Authenticator()
    answer = device.create(asked(client))
    assert client.post(ADD, {"answer": answer, "name": "One"}).status_code == 200
    assert client.post(ADD, {"answer": answer, "name": "Two"}).status_code == 422
    assert events("accounts.passkey.refused")[-1].reason == "challenge"
    assert Passkey.objects.count() == 1


def test_a_wrong_answer_uses_the_question_up(world: World, browser_of: Browser) -> None:
    client, device = browser_of(world.clerk), Authenticator()
    options = asked(client)
    wrong = device.create(options, origin="https://evil.example.org")
    assert client.post(ADD, {"answer": wrong, "name": "One"}).status_code == 422
    assert PasskeyChallenge.objects.count() == 0
    assert client.post(ADD, {"answer": device.create(options), "name": "One"}).status_code == 422
    assert Passkey.objects.count() == 0


def test_a_question_lives_for_five_minutes(world: World, browser_of: Browser) -> None:
    client, device = browser_of(world.clerk), Authenticator()
    options = asked(client)
    with clock.at(clock.now() + timedelta(minutes=5, seconds=1)):
        reply = client.post(ADD, {"answer": device.create(options), "name": "Late"})
    assert (reply.status_code, Passkey.objects.count()) == (422, 0)


def test_the_question_of_another_session_does_not_count(world: World, browser_of: Browser) -> None:
    one, other = browser_of(world.clerk), browser_of(world.clerk)
    answer = Authenticator().create(asked(one))
    assert other.post(ADD, {"answer": answer, "name": "Stolen"}).status_code == 422
    stranger = browser_of(world.stranger)
    asked(stranger)
    assert stranger.post(ADD, {"answer": answer, "name": "Stolen"}).status_code == 422
    assert Passkey.objects.count() == 0


def test_a_credential_has_one_owner(world: World, browser_of: Browser) -> None:
    device = Authenticator()
    added(browser_of(world.clerk), device)
    reply = added(browser_of(world.stranger), device)
    assert reply.status_code == 422
    assert [one.user_id for one in Passkey.objects.all()] == [world.clerk.pk]
    assert "clerk" not in text_of(reply).lower()


def test_nobody_has_more_than_twenty(world: World, browser_of: Browser) -> None:
    client = browser_of(world.clerk)
    answer = Authenticator().create(asked(client))
    for number in range(passkeys.LIMIT):
        key_of(world.clerk, f"Key {number}")
    before = kept()
    assert client.post(ADD, {"answer": answer, "name": "21"}).status_code == 409
    assert client.post(OPTIONS).status_code == 409
    assert kept() == before
    assert "as many as you may" in text_of(client.get("/me/passkeys"))


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\nb", "\u202eyek", "\x00"])
def test_a_name_that_cannot_be_shown_is_refused(world: World, browser_of: Browser, name: str) -> None:
    client, before = browser_of(world.clerk), kept()
    assert added(client, Authenticator(), name).status_code == 422
    assert kept() == before


# --- renaming and removing ---


def test_it_is_renamed_and_removed_by_its_person(world: World, browser_of: Browser) -> None:
    client = browser_of(world.stranger)
    added(client, Authenticator())
    passkey = Passkey.objects.get()
    assert client.post(f"/me/passkeys/{passkey.pk}/rename", {"name": "Red key"}).status_code == 302
    passkey.refresh_from_db()
    assert passkey.name == "Red key"
    assert client.post(f"/me/passkeys/{passkey.pk}/rename", {"name": "Red key"}).status_code == 302
    assert len(events("accounts.passkey.renamed")) == 1, "the same name is no change"
    assert client.post(f"/me/passkeys/{passkey.pk}/rename", {"name": "a\nb"}).status_code == 422
    assert client.post(f"/me/passkeys/{passkey.pk}/remove").status_code == 302
    assert not Passkey.objects.exists()
    (event,) = events("accounts.passkey.removed")
    assert (event.actor_id, event.target_id) == (world.stranger.pk, passkey.pk)
    assert OutboundMessage.objects.order_by("-id")[0].subject == "A passkey was removed from your account"


def test_the_only_one_stays_while_the_roles_need_a_second_factor(world: World, browser_of: Browser) -> None:
    client = browser_of(world.clerk)  # Who holds a role of the installation.
    added(client, Authenticator())
    passkey, before = Passkey.objects.get(), kept()
    reply = client.post(f"/me/passkeys/{passkey.pk}/remove")
    assert reply.status_code == 409
    assert "Your roles need a second factor" in text_of(reply)
    assert kept() == before
    added(client, Authenticator(), "Spare")
    assert client.post(f"/me/passkeys/{passkey.pk}/remove").status_code == 302
    assert [one.name for one in Passkey.objects.all()] == ["Spare"]


def test_recovery_codes_go_with_the_last_second_factor(world: World, browser_of: Browser) -> None:
    client = browser_of(world.stranger)
    added(client, Authenticator())
    assert RecoveryCode.objects.filter(user=world.stranger).count() == 10
    client.post(f"/me/passkeys/{Passkey.objects.get().pk}/remove")
    assert not RecoveryCode.objects.exists()


@pytest.mark.parametrize("act", ["rename", "remove"])
def test_nobody_reaches_the_passkey_of_another(world: World, browser_of: Browser, act: str) -> None:
    added(browser_of(world.clerk), Authenticator())
    passkey, before = Passkey.objects.get(), kept()
    for who in (world.root, world.stranger):
        assert browser_of(who).post(f"/me/passkeys/{passkey.pk}/{act}", {"name": "Mine"}).status_code == 404
    passkey.refresh_from_db()
    assert (passkey.name, kept()) == ("Blue key", before)


@pytest.mark.parametrize("path", [OPTIONS, ADD, "/me/passkeys/01890000-0000-7000-8000-000000000000/remove"])
def test_who_has_not_confirmed_is_asked_first(world: World, browser_of: Browser, path: str) -> None:
    client = browser_of(world.clerk)
    with context.system("a test"), writing():
        world.clerk.sessions.update(confirmed_at=clock.now() - timedelta(minutes=11))
    reply = client.post(path, headers={"Referer": "http://testserver/me/passkeys"})
    assert (reply.status_code, reply["Location"]) == (302, "/confirm?next=%2Fme%2Fpasskeys")
    assert PasskeyChallenge.objects.count() == 0


# --- the address of the installation ---


@pytest.mark.parametrize(
    ("url", "party"),
    [
        ("https://steward.example.com", ("steward.example.com", "https://steward.example.com")),
        ("https://Steward.Example.com:443", ("steward.example.com", "https://steward.example.com")),
        ("https://steward.example.com:8443", ("steward.example.com", "https://steward.example.com:8443")),
        ("http://127.0.0.1:8000", ("localhost", "http://localhost:8000")),
        ("http://[::1]:8000", ("localhost", "http://localhost:8000")),
        ("http://localhost:8000", ("localhost", "http://localhost:8000")),
        ("http://192.0.2.7:8000", None),
        ("", None),
    ],
)
def test_the_relying_party_comes_from_the_address_of_the_installation(
    settings: Settings, url: str, party: tuple[str, str] | None
) -> None:
    settings.STEWARD_PUBLIC_URL = url
    found = authenticators.relying_party()
    assert ((found.id, found.origin) if found else None) == party


def test_where_the_address_is_a_number_no_passkey_is_made(
    world: World, browser_of: Browser, settings: Settings
) -> None:
    settings.STEWARD_PUBLIC_URL = "http://192.0.2.7:8000"
    client = browser_of(world.clerk)
    assert "Passkeys cannot be made here" in text_of(client.get("/me/passkeys"))
    reply = client.post(OPTIONS)
    assert reply.status_code == 409
    assert "host name" in json.loads(reply.content)["detail"]
    with pytest.raises(PasskeysUnavailable), context.acting(actor_of(world.clerk)):
        passkeys.sign_in_options(holder="a")


# --- a passkey as a second factor ---


def enrolled(user: User, client: Client, **kind: Any) -> Authenticator:
    """A device with a passkey of `user`, added in its browser."""
    device = Authenticator(**kind)
    assert added(client, device).status_code in {200, 302}
    return device


def proved(user: User, device: Authenticator, *, asks: User | None = None, **wrong: Any) -> bool:
    """Whether `device` proves itself to a question for `asks`, answered for `user`."""
    with context.use(Context()), writing():
        options = passkeys.factor_options(holder="pending", user=asks or user)
        return passkeys.factor_used(user=user, answer=device.get(options, **wrong))


def test_it_proves_itself_and_the_use_is_noted(world: World, browser_of: Browser) -> None:
    device = enrolled(world.clerk, browser_of(world.clerk), verifies=False)
    assert proved(world.clerk, device)
    passkey = Passkey.objects.get()
    assert passkey.sign_count == 1
    assert passkey.last_used_at is not None


def test_one_that_does_not_count_its_uses_works_all_the_same(world: World, browser_of: Browser) -> None:
    device = enrolled(world.clerk, browser_of(world.clerk), count=None)
    assert [proved(world.clerk, device) for _ in range(3)] == [True] * 3


OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
WRONG_PROOFS: list[dict[str, Any]] = [
    *WRONG,
    {"type": "webauthn.create"},
    {"key": OTHER_KEY},
    {"cross_origin": True},
    {"user_handle": b"somebody else"},
]


@pytest.mark.parametrize("wrong", WRONG_PROOFS, ids="-".join)
def test_a_wrong_answer_proves_nothing(world: World, browser_of: Browser, wrong: dict[str, Any]) -> None:
    device = enrolled(world.clerk, browser_of(world.clerk))
    assert proved(world.clerk, device, **wrong) is False
    assert Passkey.objects.get().last_used_at is None


def test_the_passkey_of_another_proves_nothing(world: World, browser_of: Browser) -> None:
    mine = enrolled(world.clerk, browser_of(world.clerk))
    theirs = enrolled(world.stranger, browser_of(world.stranger))
    assert proved(world.clerk, theirs, user_handle=None) is False
    assert proved(world.stranger, theirs, asks=world.clerk) is False, "the question was asked of somebody else"
    assert proved(world.clerk, mine)


def test_a_count_that_falls_is_refused_and_alarms(world: World, browser_of: Browser) -> None:
    device = enrolled(world.clerk, browser_of(world.clerk), count=5)
    assert proved(world.clerk, device)
    for count in (6, 1):
        assert proved(world.clerk, device, count=count) is False
    cloned = events("accounts.passkey.cloned")
    assert [event.data for event in cloned] == [
        {"purpose": "second_factor", "count": count, "known": 6} for count in (6, 1)
    ]
    assert {event.outcome for event in cloned} == {"denied"}
    assert Passkey.objects.get().sign_count == 6
    assert OutboundMessage.objects.filter(subject="A copy of your passkey may be in use").count() == 2
    assert proved(world.clerk, device, count=7)


def test_a_proof_is_good_once(world: World, browser_of: Browser) -> None:
    device = enrolled(world.clerk, browser_of(world.clerk), count=None)
    with context.use(Context()), writing():
        answer = device.get(passkeys.factor_options(holder="pending", user=world.clerk))
        assert passkeys.factor_used(user=world.clerk, answer=answer) is True
        assert passkeys.factor_used(user=world.clerk, answer=answer) is False


def test_who_has_none_is_asked_for_none(world: World) -> None:
    with pytest.raises(PasskeysUnavailable), context.acting(actor_of(world.clerk)):
        passkeys.factor_options(holder="pending", user=world.clerk)


def test_of_two_requests_with_one_proof_one_passes(own_database: dict[str, str], world: World) -> None:
    device = Authenticator(count=None)
    actor, session = actor_of(world.clerk), world.clerk.pk
    with context.acting(actor):
        answer = device.create(passkeys.registration_begin(actor=actor, session_id=session))
        passkeys.passkey_add(actor=actor, session_id=session, answer=answer, name="Key")
        proof = device.get(passkeys.factor_options(holder="pending", user=world.clerk))
    gate, outcome = threading.Barrier(4), []

    def use() -> None:
        try:
            gate.wait(20)
            with context.use(Context()), writing():
                outcome.append(passkeys.factor_used(user=world.clerk, answer=proof))
        finally:
            connection.close()

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcome) == [False, False, False, True]


def test_two_devices_at_once_do_not_pass_the_limit(own_database: dict[str, str], world: World) -> None:
    actor = actor_of(world.clerk)
    for number in range(passkeys.LIMIT - 1):
        key_of(world.clerk, f"Key {number}")
    sessions = [person().pk for _ in range(2)]  # Any id serves: it only binds question and answer.
    with context.acting(actor):
        answers = [Authenticator().create(passkeys.registration_begin(actor=actor, session_id=s)) for s in sessions]
    gate, outcome = threading.Barrier(2), []

    def add(place: int) -> None:
        try:
            gate.wait(20)
            with context.acting(actor):
                passkeys.passkey_add(actor=actor, session_id=sessions[place], answer=answers[place], name="Key")
            outcome.append("added")
        except PasskeysFull:
            outcome.append("full")
        finally:
            connection.close()

    threads = [threading.Thread(target=add, args=(place,)) for place in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcome) == ["added", "full"]
    assert Passkey.objects.filter(user=world.clerk).count() == passkeys.LIMIT
