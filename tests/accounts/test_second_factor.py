"""Setting up, replacing and removing an authenticator app; the page of one's own security."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.factor_selectors import factors_of, totp_new, totp_of
from accounts.models import PendingSignIn, RecoveryCode, Session, TotpDevice, User
from accounts.services.factors import factors_remove_all
from portal.kit import clock, context, crypto
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.accounts.factor_helpers import (
    COOKIE,
    begun,
    code_at,
    code_of,
    enrolled,
    send_code,
    session_of,
    set_session,
    shown_codes,
    wrong_code,
)
from tests.accounts.helpers import events, text_of
from tests.factories import World, signed_in

APP = "/me/second-factor/app"
LONG_AGO = timedelta(minutes=11)
Browser = Callable[[User], Client]


def _begin(client: Client) -> Any:
    return client.post(APP, {"do": "begin"})


def _shown(user: User, steps: int = 0) -> str:
    device = totp_new(user.pk)
    assert device is not None
    return code_at(device.seed(), clock.now(), steps)


def _set_up(client: Client, user: User) -> Any:
    assert _begin(client)["Location"] == APP
    with clock.at(clock.now()):  # The step before, so that the present one is still good for signing in.
        return client.post(APP, {"code": _shown(user, -1)})


def test_an_app_is_scanned_proved_and_taken_into_use(world: World) -> None:
    client = signed_in(world.clerk, second_factor=False)
    former = client.cookies[COOKIE].value
    assert "Set up an authenticator app" in text_of(client.get("/me/second-factor"))
    reply = _set_up(client, world.clerk)
    assert reply.status_code == 200
    assert len(shown_codes(reply)) == 10
    assert (reply["Cache-Control"], reply["Referrer-Policy"]) == ("no-store", "same-origin")
    state = factors_of(world.clerk.pk)
    assert (state.has_totp, state.recovery_codes, state.lasting) == (True, 10, 1)
    # The session has proved it, and goes on under another token.
    session = session_of(client)
    assert session.second_factor_at is not None
    assert client.cookies[COOKIE].value != former
    client.cookies[COOKIE] = former
    assert client.get("/api/v1/auth/session").status_code == 401
    assert [event.data for event in events("accounts.factor.added")] == [{"kind": "totp"}]
    assert [event.target_id for event in events("accounts.recovery_codes.made")] == [world.clerk.pk]
    subjects = set(OutboundMessage.objects.values_list("subject", flat=True))
    assert subjects == {"A second factor was set up", "New recovery codes were made"}


def test_the_page_shows_what_the_app_needs_and_nobody_keeps_it(world: World) -> None:
    client = signed_in(world.clerk)
    _begin(client)
    page = client.get(APP)
    assert (page.status_code, page["Cache-Control"]) == (200, "no-store")
    body = page.content.decode()
    assert re.search(r"<svg[^>]*viewBox", body)
    uri = re.search(r'href="(otpauth://totp/[^"]+)"', body)
    assert uri
    assert "issuer=Steward" in uri.group(1)
    assert f":{world.clerk.username}?" in uri.group(1)
    key = re.search(r'id="seed-key"[^>]*>\s*([A-Z2-7 ]+?)\s*<', body)
    assert key
    assert [len(group) for group in key.group(1).split()] == [4] * 8
    device = TotpDevice.objects.get()
    assert key.group(1).replace(" ", "") in uri.group(1)
    assert bytes(device.sealed).find(device.seed()) == -1


def test_a_sealed_seed_opens_in_its_own_row_only(world: World) -> None:
    enrolled(world.clerk)
    enrolled(world.manager)
    with context.system("a test"), writing():
        mine, theirs = TotpDevice.objects.get(user=world.clerk), TotpDevice.objects.get(user=world.manager)
        TotpDevice.objects.filter(pk=mine.pk).update(sealed=theirs.sealed, key_id=theirs.key_id)
    with pytest.raises(crypto.CannotDecrypt):
        TotpDevice.objects.get(pk=mine.pk).seed()


def test_an_app_that_was_not_proved_counts_for_nothing(world: World) -> None:
    client = signed_in(world.clerk)
    _begin(client)
    reply = client.post(APP, {"code": "000000" if _shown(world.clerk) != "000000" else "000001"})
    assert reply.status_code == 422
    assert "That is not the code that the app shows now" in text_of(reply)
    assert factors_of(world.clerk.pk).lasting == 0
    assert not RecoveryCode.objects.exists()
    assert not OutboundMessage.objects.exists()
    assert not events("accounts.factor.added")
    with clock.at(clock.now() + timedelta(minutes=5)):
        assert client.post(APP, {"code": _shown(world.clerk)}).status_code == 200


def test_a_code_that_took_the_app_into_use_does_not_sign_in_as_well(world: World) -> None:
    client = signed_in(world.clerk)
    _begin(client)
    code = _shown(world.clerk)
    client.post(APP, {"code": code})
    assert send_code(begun(world.clerk), code).status_code == 422


def test_a_picture_that_was_shown_an_hour_ago_is_not_taken_any_more(world: World) -> None:
    client = signed_in(world.clerk)
    _begin(client)
    device = TotpDevice.objects.get()
    with clock.at(clock.now() + timedelta(hours=1, seconds=1)):
        client = signed_in(world.clerk)
        assert client.get(APP)["Location"] == "/me/second-factor"
        reply = client.post(APP, {"code": code_at(device.seed(), clock.now())})
        assert reply["Location"] == "/me/second-factor"
        assert "This was begun too long ago. Begin again" in text_of(client.get("/me/second-factor"))
    assert factors_of(world.clerk.pk).lasting == 0
    assert not events("accounts.factor.added")


def test_beginning_again_makes_another_key(world: World) -> None:
    client = signed_in(world.clerk)
    _begin(client)
    first = TotpDevice.objects.get().seed()
    _begin(client)
    assert TotpDevice.objects.get().seed() != first


def test_replacing_the_app_keeps_the_codes_and_ends_the_former_one(world: World) -> None:
    enrolled(world.clerk)
    client = signed_in(world.clerk)
    former = totp_of(world.clerk.pk)
    assert former is not None
    seed = former.seed()
    reply = _set_up(client, world.clerk)
    assert reply["Location"] == "/me/security"
    assert TotpDevice.objects.count() == 1
    assert RecoveryCode.objects.count() == 10
    assert send_code(begun(world.clerk), code_at(seed, clock.now())).status_code == 422
    assert send_code(begun(world.clerk), code_of(world.clerk)).status_code == 302
    assert len(events("accounts.factor.replaced")) == 1
    assert OutboundMessage.objects.filter(subject="Your authenticator app was replaced").count() == 1


def test_until_the_new_app_is_proved_the_former_one_goes_on(world: World) -> None:
    enrolled(world.clerk)
    _begin(signed_in(world.clerk))
    assert send_code(begun(world.clerk), code_of(world.clerk)).status_code == 302


def test_removing_the_app_takes_its_codes_along_and_is_told(world: World) -> None:
    enrolled(world.stranger)
    client = signed_in(world.stranger)
    assert "Remove the authenticator app?" in text_of(client.get("/me/security"))
    assert client.post(f"{APP}/remove")["Location"] == "/me/security"
    assert factors_of(world.stranger.pk).lasting == 0
    assert not RecoveryCode.objects.exists()
    assert [event.data for event in events("accounts.factor.removed")] == [{"kind": "totp"}]
    assert OutboundMessage.objects.filter(subject="A second factor was removed").count() == 1
    assert client.post(f"{APP}/remove")["Location"] == "/me/security"  # Nothing is left: told, not done again.
    assert len(events("accounts.factor.removed")) == 1


def test_whose_roles_need_a_second_factor_keeps_the_last_one(world: World) -> None:
    enrolled(world.clerk)
    client = signed_in(world.clerk)
    page = client.get("/me/security").content.decode()
    assert "Your roles need a second factor. Set up another one first." in page
    assert f"{APP}/remove" not in page
    client.post(f"{APP}/remove")
    assert factors_of(world.clerk.pk).has_totp
    assert not events("accounts.factor.removed")


# --- who may, and from which session ---


@pytest.mark.parametrize(
    ("path", "values"),
    [(APP, {"do": "begin"}), (APP, {"code": "123456"}), (f"{APP}/remove", {}), ("/me/recovery-codes", {})],
)
def test_who_has_not_just_proved_who_it_is_confirms_it_first(world: World, path: str, values: dict[str, str]) -> None:
    enrolled(world.stranger)
    client = signed_in(world.stranger)
    set_session(client, confirmed_at=clock.now() - LONG_AGO)
    reply = client.post(path, values)
    assert reply["Location"].startswith("/confirm?next=")
    assert not TotpDevice.objects.filter(confirmed=False).exists()
    assert factors_of(world.stranger.pk).lasting == 1


@pytest.mark.parametrize("path", [APP, f"{APP}/remove", "/me/recovery-codes"])
def test_a_session_that_proved_no_second_factor_changes_none(world: World, path: str) -> None:
    early = signed_in(world.stranger, second_factor=False)  # Signed in with the password alone, just now.
    enrolled(world.stranger)
    set_session(early, confirmed_at=clock.now())
    assert early.post(path, {"do": "begin"})["Location"] == "/confirm?next=%2Fme%2Fsecurity"
    state = factors_of(world.stranger.pk)
    assert (state.has_totp, state.recovery_codes) == (True, 10)
    assert not TotpDevice.objects.filter(confirmed=False).exists()


def test_what_other_sessions_confirmed_before_a_change_is_not_enough_after_it(world: World) -> None:
    here, there = signed_in(world.stranger), signed_in(world.stranger)
    _set_up(here, world.stranger)
    assert there.get("/me/security").status_code == 200
    reply = there.post("/me/recovery-codes")
    assert reply["Location"].startswith("/confirm?next=")
    assert len(events("accounts.recovery_codes.made")) == 1


def test_taking_everything_away_begins_the_grace_anew_where_it_is_needed(world: World) -> None:
    for user in (world.clerk, world.stranger):
        enrolled(user)
    begun(world.clerk)
    later = clock.now() + timedelta(days=30)
    with clock.at(later), context.system("a lost device"), writing():
        for user in (world.clerk, world.stranger):
            assert factors_remove_all(user=user) == 1
    assert not TotpDevice.objects.exists()
    assert not RecoveryCode.objects.exists()
    assert not PendingSignIn.objects.exists()
    assert factors_of(world.clerk.pk).due_at == later + timedelta(days=7)
    assert factors_of(world.stranger.pk).due_at is None


def test_the_database_itself_keeps_one_app_in_use(world: World) -> None:
    enrolled(world.clerk)
    first = TotpDevice.objects.get()
    with context.system("a test"), writing():
        for values in ({"confirmed": True, "confirmed_at": clock.now()}, {"confirmed": True, "confirmed_at": None}):
            with pytest.raises(IntegrityError), transaction.atomic():
                TotpDevice.objects.create(
                    user=world.clerk, name="x", key_id=first.key_id, sealed=first.sealed, **values
                )


# --- the page ---


def test_the_page_of_ones_security_tells_what_there_is(world: World) -> None:
    client = signed_in(world.stranger)
    page = text_of(client.get("/me/security"))
    assert "Codes of six digits on your phone" in page
    assert "Recovery codes" not in page
    enrolled(world.stranger)
    page = text_of(client.get("/me/security"))
    assert "10 of ten are left" in page
    assert "You have few recovery codes left" not in page
    with context.system("a test"), writing():
        keep = list(RecoveryCode.objects.values_list("pk", flat=True)[:3])
        RecoveryCode.objects.exclude(pk__in=keep).update(used_at=clock.now())
    page = text_of(client.get("/me/security"))
    assert "3 of ten are left" in page
    assert "You have few recovery codes left" in page


def test_a_wrong_code_on_the_way_in_does_not_touch_the_app(world: World) -> None:
    enrolled(world.clerk)
    before = TotpDevice.objects.values().get()
    send_code(begun(world.clerk), wrong_code(world.clerk))
    assert TotpDevice.objects.values().get() == before
    assert not Session.objects.filter(user=world.clerk).exists()
