"""Signing in with a passkey: alone, after the password, to confirm; and what it counts for."""

import json
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.conf import settings as configured
from django.core.management import call_command
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import Passkey, PasskeyChallenge, PendingSignIn, Session, TotpDevice, User
from accounts.services import passkeys
from accounts.services.users import user_deactivate
from portal.kit import clock, context
from portal.kit.context import Context
from portal.kit.mode import state
from portal.kit.mode.services import window_create
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.accounts.authenticator import ORIGIN, Authenticator
from tests.accounts.factor_helpers import begun, enrolled, send_code, session_of, set_session
from tests.accounts.helpers import events, sign_in, text_of
from tests.factories import PASSWORD, World, actor_of, person, signed_in

Browser = Callable[[User], Client]
SIGN_IN, OPTIONS = "/sign-in/passkey", "/sign-in/passkey/options"
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(autouse=True)
def _address(settings: Settings) -> None:
    settings.STEWARD_PUBLIC_URL = ORIGIN


def key_for(user: User, **kind: Any) -> Authenticator:
    """A device with a passkey of `user`."""
    device, actor = Authenticator(**kind), actor_of(user)
    with context.acting(actor):
        answer = device.create(passkeys.registration_begin(actor=actor, session_id=user.pk))
        passkeys.passkey_add(actor=actor, session_id=user.pk, answer=answer, name="Phone")
    return device


def asked(client: Client, path: str = OPTIONS) -> dict[str, Any]:
    """The question that the server hands to the browser."""
    reply = client.post(path)
    assert reply.status_code == 200, reply.content
    found: dict[str, Any] = json.loads(reply.content)
    return found


def tried(client: Client, device: Authenticator, **wrong: Any) -> Any:
    """Sign in by the passkey alone; the reply."""
    return client.post(SIGN_IN, {"answer": device.get(asked(client), **wrong)})


def is_signed_in(client: Client) -> bool:
    """Whether the browser has a session."""
    return bool(client.get("/api/v1/auth/session").status_code == 200)


# --- without a password ---


def test_a_passkey_that_makes_sure_who_holds_it_is_both_factors(world: World) -> None:
    device, client = key_for(world.clerk), Client()
    reply = client.post(SIGN_IN, {"answer": device.get(asked(client)), "next": "/me/security"})
    assert (reply.status_code, reply["Location"]) == (302, "/me/security")
    session = session_of(client)
    assert (session.user_id, session.method) == (world.clerk.pk, "passkey")
    assert session.second_factor_at is not None
    assert reply.cookies["passkey_question"].value == ""
    (event,) = events("accounts.session.started")
    assert event.data == {"method": "passkey", "second_factor": True}
    assert client.get("/me/security").status_code == 200


def test_the_question_names_nobody_and_its_cookie_is_kept_from_scripts_and_other_sites(world: World) -> None:
    key_for(world.clerk)
    reply = Client().post(OPTIONS)
    options, cookie = json.loads(reply.content), reply.cookies["passkey_question"]
    assert (options["rpId"], options["allowCredentials"]) == ("steward.example.com", [])
    assert options["userVerification"] == "required"
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["max-age"]) == (True, "Strict", SIGN_IN, 300)
    assert cookie.value not in reply.content.decode()


WRONG: list[dict[str, Any]] = [
    {"origin": "https://evil.example.org"},
    {"rp_id": "evil.example.org"},
    {"challenge": "bm90IHRoZSBjaGFsbGVuZ2U"},
    {"type": "webauthn.create"},
    {"key": OTHER_KEY},
    {"cross_origin": True},
    {"user_handle": b"somebody else"},
    {"user_handle": None},
    {"count": 0},
]


@pytest.mark.parametrize("wrong", WRONG, ids="-".join)
def test_a_wrong_answer_signs_nobody_in_and_is_on_record(world: World, wrong: dict[str, Any]) -> None:
    device, client = key_for(world.clerk, count=5), Client()
    reply = tried(client, device, **wrong)
    assert (reply.status_code, reply["Location"]) == (302, "/sign-in?next=%2F")
    assert "was not accepted" in text_of(client.get("/sign-in"))
    assert not is_signed_in(client)
    (event,) = events("accounts.passkey.refused")
    assert (event.outcome, event.data) == ("denied", {"purpose": "sign_in"})
    assert event.reason in {"answer", "of_another", "count"}
    assert len(events("accounts.passkey.cloned")) == ("count" in wrong)
    assert not Session.objects.exists()


def test_one_that_does_not_make_sure_who_holds_it_is_no_sign_in(world: World) -> None:
    device, client = key_for(world.clerk, verifies=False), Client()
    tried(client, device)
    assert not is_signed_in(client)


def test_one_that_nobody_has_signs_nobody_in(world: World) -> None:
    device, client = Authenticator(), Client()
    device.user_handle = world.root.pk.bytes
    tried(client, device)
    assert not is_signed_in(client)
    assert events("accounts.passkey.refused")[0].reason == "unknown"


def test_the_passkey_of_another_does_not_open_an_account(world: World) -> None:
    device, client = key_for(world.stranger), Client()
    tried(client, device, user_handle=world.root.pk.bytes)
    assert not is_signed_in(client)
    (event,) = events("accounts.passkey.refused")
    assert (event.reason, event.target_id) == ("of_another", world.stranger.pk)


@pytest.mark.parametrize("answer", ["", "{", "[]", "null", "{}", "x" * 30_000, "\x00"])
def test_what_is_no_answer_signs_nobody_in(world: World, answer: str) -> None:
    client = Client()
    asked(client)
    assert client.post(SIGN_IN, {"answer": answer}).status_code == 302
    assert not is_signed_in(client)


def test_an_answer_is_good_once_in_its_own_browser_and_for_five_minutes(world: World) -> None:
    device, client, other = key_for(world.clerk, count=None), Client(), Client()
    answer = device.get(asked(client))
    asked(other)
    other.post(SIGN_IN, {"answer": answer})
    assert not is_signed_in(other), "the answer was stolen"
    client.post(SIGN_IN, {"answer": answer})
    assert is_signed_in(client)
    again = Client()
    again.cookies["passkey_question"] = "made-up"
    again.post(SIGN_IN, {"answer": answer})
    assert not is_signed_in(again), "the answer was used before"
    late = Client()
    answer = device.get(asked(late))
    with clock.at(clock.now() + timedelta(minutes=5, seconds=1)):
        late.post(SIGN_IN, {"answer": answer})
    assert not is_signed_in(late)


def test_of_two_requests_with_one_answer_one_signs_in(own_database: dict[str, str], world: World) -> None:
    device = key_for(world.clerk, count=None)
    with context.use(Context()):
        answer = device.get(passkeys.sign_in_options(holder="cookie"))
    gate, outcome = threading.Barrier(4), []

    def use() -> None:
        try:
            gate.wait(20)
            with context.use(Context()):
                outcome.append(passkeys.passkey_sign_in(holder="cookie", answer=answer))
        finally:
            connection.close()

    threads = [threading.Thread(target=use) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(user is not None for user in outcome) == [False, False, False, True]
    assert len(events("accounts.passkey.refused")) == 3


def test_somebody_inactive_sees_just_that(world: World) -> None:
    device, client = key_for(world.clerk), Client()
    with context.acting(actor_of(world.admin)):
        user_deactivate(actor=actor_of(world.admin), user=world.clerk)
    assert tried(client, device).status_code == 302
    assert client.get("/")["Location"] == "/inactive"


def test_a_temporary_password_has_to_be_changed_all_the_same(world: World) -> None:
    device, client = key_for(world.clerk), Client()
    with context.system("a test"), writing():
        User.objects.filter(pk=world.clerk.pk).update(must_change_password=True)
    assert tried(client, device)["Location"] == "/me/password"


def test_the_sign_in_page_offers_it_and_works_without_it(world: World) -> None:
    page = Client().get("/sign-in").content.decode()
    assert "Sign in with a passkey" in page
    assert 'autocomplete="username webauthn"' in page
    assert re.search(r"kit/passkeys[^\"]*\.js", page)
    assert sign_in(Client(), world.stranger.username, PASSWORD).status_code == 302


# --- after the password ---


def test_it_is_the_second_factor_after_the_password(world: World) -> None:
    device = key_for(world.clerk, verifies=False)
    client = begun(world.clerk)
    assert not is_signed_in(client)
    assert "Use your passkey or security key now" in text_of(client.get("/sign-in/code"))
    options = asked(client, "/sign-in/code/passkey")
    assert [one["transports"] for one in options["allowCredentials"]] == [["usb"]]
    assert send_code(client, device.get(options), "passkey").status_code == 302
    session = session_of(client)
    assert (session.method, session.second_factor_at is not None) == ("password+passkey", True)
    assert PendingSignIn.objects.count() == PasskeyChallenge.objects.count() == 0


@pytest.mark.parametrize("wrong", WRONG[:7], ids="-".join)
def test_a_wrong_one_after_the_password_is_counted_like_a_wrong_code(world: World, wrong: dict[str, Any]) -> None:
    device = key_for(world.clerk, count=5)
    client = begun(world.clerk)
    reply = send_code(client, device.get(asked(client, "/sign-in/code/passkey"), **wrong), "passkey")
    assert reply.status_code == 422
    assert "was not accepted" in text_of(reply)
    assert not is_signed_in(client)
    assert events("accounts.factor.refused")[0].data == {"kind": "passkey", "where": "sign-in"}
    assert PendingSignIn.objects.get().tries == 1


def test_the_question_of_ones_own_page_does_not_serve_another(world: World) -> None:
    mine, theirs = key_for(world.clerk), key_for(world.stranger)
    client, other = begun(world.clerk), begun(world.stranger)
    answer = theirs.get(asked(other, "/sign-in/code/passkey"))
    assert send_code(client, answer, "passkey").status_code == 422
    answer = theirs.get(asked(client, "/sign-in/code/passkey"))
    assert send_code(client, answer, "passkey").status_code == 422
    assert not is_signed_in(client)
    assert send_code(client, mine.get(asked(client, "/sign-in/code/passkey")), "passkey").status_code == 302


def test_nobody_is_asked_without_a_pending_sign_in(world: World) -> None:
    key_for(world.clerk)
    reply = Client().post("/sign-in/code/passkey")
    assert reply.status_code == 401
    assert "allowCredentials" not in reply.content.decode()
    enrolled(world.stranger)
    reply = begun(world.stranger).post("/sign-in/code/passkey")
    assert (reply.status_code, PasskeyChallenge.objects.count()) == (409, 0)


def test_a_recovery_code_helps_whom_the_passkey_left(world: World, browser_of: Browser) -> None:
    device, actor = Authenticator(), actor_of(world.clerk)
    with context.acting(actor):
        answer = device.create(passkeys.registration_begin(actor=actor, session_id=world.clerk.pk))
        _passkey, codes = passkeys.passkey_add(actor=actor, session_id=world.clerk.pk, answer=answer, name="Phone")
    client = begun(world.clerk)
    assert send_code(client, codes[3], "recovery").status_code == 302
    assert is_signed_in(client)


# --- confirming, and the duty ---


def test_it_confirms_before_a_dangerous_act(world: World) -> None:
    device = key_for(world.clerk)
    client = signed_in(world.clerk)
    set_session(client, confirmed_at=clock.now() - timedelta(hours=1))
    former = session_of(client).digest
    assert "Confirm" in text_of(client.get("/confirm?next=/me/passkeys"))
    options = asked(client, "/confirm/passkey")
    reply = client.post("/confirm", {"with": "passkey", "code": device.get(options), "next": "/me/passkeys"})
    assert (reply.status_code, reply["Location"]) == (302, "/me/passkeys")
    session = session_of(client)
    assert clock.now() - session.confirmed_at < timedelta(minutes=1)
    assert bytes(session.digest) != bytes(former), "the token rotates"
    assert events("accounts.session.confirmed")[0].data == {"kind": "passkey"}


def test_a_wrong_one_confirms_nothing(world: World) -> None:
    device = key_for(world.clerk)
    client = signed_in(world.clerk)
    long_ago = clock.now() - timedelta(hours=1)
    set_session(client, confirmed_at=long_ago)
    answer = device.get(asked(client, "/confirm/passkey"), key=OTHER_KEY)
    assert client.post("/confirm", {"with": "passkey", "code": answer}).status_code == 422
    assert session_of(client).confirmed_at == long_ago


def test_it_is_the_second_factor_that_the_roles_need(world: World) -> None:
    client = signed_in(world.manager, second_factor=False)
    with context.system("a test"), writing():
        User.objects.filter(pk=world.manager.pk).update(factor_due_at=clock.now() - timedelta(minutes=1))
    assert client.get("/platform/people")["Location"] == "/me/second-factor"
    assert "passkey" in text_of(client.get("/me/second-factor"))
    assert client.get("/me/passkeys").status_code == 200
    device = Authenticator()
    answer = device.create(asked(client, "/me/passkeys/options"))
    assert client.post("/me/passkeys/add", {"answer": answer, "name": "Phone"}).status_code == 200
    assert client.get("/platform/people").status_code == 200


def test_another_session_has_to_prove_it_before_it_changes_anything(world: World) -> None:
    here, there = signed_in(world.clerk), signed_in(world.clerk, second_factor=False)
    device = Authenticator()
    answer = device.create(asked(here, "/me/passkeys/options"))
    here.post("/me/passkeys/add", {"answer": answer, "name": "Phone"})
    for path in ("/me/passkeys/options", f"/me/passkeys/{Passkey.objects.get().pk}/remove"):
        assert there.post(path)["Location"].startswith("/confirm?")
    assert Passkey.objects.count() == 1


# --- the last resort ---


def test_root_recover_takes_every_second_factor_and_says_so(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    device = key_for(world.root)
    enrolled(world.root)
    call_command("root", "recover")
    said = capsys.readouterr().out
    assert "Second factors and passkeys removed: 2" in said
    password = re.search(r"one-time password (\S+) ", said)
    assert password
    assert not Passkey.objects.exists()
    assert not TotpDevice.objects.exists()
    client = Client()
    tried(client, device)
    assert not is_signed_in(client)
    assert sign_in(client, world.root.username, password[1])["Location"] == "/me/password"
    assert events("accounts.root.recovered")[0].data["factors_removed"] == 2
    mail = OutboundMessage.objects.get(person_id=world.root.pk, subject__startswith="The root administrator")
    assert "second factors and passkeys were removed" in mail.text
    world.root.refresh_from_db()
    assert world.root.factor_due_at is not None
    assert world.root.factor_due_at > clock.now(), "the grace begins anew"


def test_a_name_of_the_cookie_is_no_session(world: World) -> None:
    client = Client()
    asked(client)
    client.cookies[configured.SESSION_COOKIE_NAME] = client.cookies["passkey_question"].value
    assert not is_signed_in(client)
    assert person().sessions.count() == 0


def test_while_the_portal_is_closed_an_administrator_comes_in_by_each_road(world: World) -> None:
    device = key_for(world.admin)
    with context.acting(actor_of(world.root)):
        ends = clock.now() + timedelta(hours=1)
        window_create(actor=actor_of(world.root), kind="closed", reason="New disks", message="Back soon.", ends_at=ends)
    state.forget()
    alone, after = Client(), begun(world.admin)
    assert tried(alone, device).status_code == 302
    assert is_signed_in(alone)
    assert send_code(after, device.get(asked(after, "/sign-in/code/passkey")), "passkey").status_code == 302
    assert is_signed_in(after)
