"""Known browsers: the first sign-in from a new one is told of, once, and the cookie proves nothing."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import Device, User
from maintenance import cleaning
from maintenance.services import runs
from portal.kit import clock, context, crypto
from portal.kit.models import Notice, OutboundMessage
from tests.accounts.factor_helpers import begun, code_of, enrolled, send_code
from tests.accounts.helpers import events, sign_in, worked
from tests.accounts.tokens import tokens_of
from tests.factories import World, actor_of

DEVICE, COOKIE = settings.STEWARD_DEVICE_COOKIE, settings.SESSION_COOKIE_NAME
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def mails(user: User) -> list[OutboundMessage]:
    """What a person was told of new browsers."""
    return list(OutboundMessage.objects.filter(person_id=user.pk, subject="New sign-in to your account"))


def notices(user: User) -> int:
    """How many notices of new browsers a person has."""
    return Notice.objects.filter(person_id=user.pk, url="/me/sessions").count()


def test_the_very_first_sign_in_tells_nobody_and_leaves_a_cookie_that_knows_the_browser(world: World) -> None:
    client = Client()
    reply = sign_in(client, world.clerk.username)
    cookie = reply.cookies[DEVICE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Lax", "/")
    assert cookie["max-age"] == 400 * 86_400
    device = Device.objects.get(user=world.clerk)
    assert bytes(device.digest) == crypto.digest(f"{world.clerk.pk}:browser:{cookie.value}")
    assert (mails(world.clerk), notices(world.clerk), events("accounts.device.added")) == ([], 0, [])


def test_a_second_browser_is_told_of_by_mail_and_notice_and_a_known_one_never_again(world: World) -> None:
    known, other = Client(), Client()
    sign_in(known, world.clerk.username)
    sign_in(other, world.clerk.username, headers={"User-Agent": FIREFOX})
    (mail,) = mails(world.clerk)
    assert "Firefox on Linux" in mail.text
    assert "127.0.0.1" in mail.text
    assert f"{settings.STEWARD_PUBLIC_URL}/me/sessions" in mail.text
    assert notices(world.clerk) == 1
    (event,) = events("accounts.device.added")
    assert (event.actor_id, event.target_id) == (world.clerk.pk, world.clerk.pk)
    for client in (known, other):
        client.post("/sign-out")
        assert sign_in(client, world.clerk.username).status_code == 302
    assert (len(mails(world.clerk)), Device.objects.count()) == (1, 2)


def test_a_wrong_password_makes_no_browser_known(world: World) -> None:
    client = Client()
    sign_in(client, world.clerk.username)
    reply = sign_in(Client(), world.clerk.username, "wrong")
    assert DEVICE not in reply.cookies
    assert (Device.objects.count(), mails(world.clerk)) == (1, [])


def test_with_a_second_factor_a_browser_is_known_only_after_it(world: World) -> None:
    sign_in(Client(), world.clerk.username)
    enrolled(world.clerk)
    client = begun(world.clerk)
    assert (DEVICE in client.cookies, mails(world.clerk)) == (False, [])
    assert send_code(client, code_of(world.clerk)).status_code == 302
    assert DEVICE in client.cookies
    assert len(mails(world.clerk)) == 1


def test_a_browser_that_two_people_share_is_known_to_each_by_itself(world: World) -> None:
    client = Client()
    sign_in(client, world.clerk.username)
    kept = client.cookies[DEVICE].value
    sign_in(Client(), world.manager.username)
    client.post("/sign-out")
    sign_in(client, world.manager.username)
    assert client.cookies[DEVICE].value == kept
    assert (len(mails(world.manager)), mails(world.clerk)) == (1, [])
    digests = {bytes(device.digest) for device in Device.objects.all()}
    assert len(digests) == 3, "what one person's row holds must not tell of another's"


@pytest.mark.parametrize("value", ["x", "x" * 5000, "é" * 43, "' OR 1=1 --", "x" * 42])
def test_a_cookie_that_is_none_of_ours_is_replaced(world: World, value: str) -> None:
    client = Client()
    client.cookies[DEVICE] = value
    assert sign_in(client, world.clerk.username).status_code == 302
    assert client.cookies[DEVICE].value != value
    assert Device.objects.count() == 1


def test_the_cookie_of_a_known_browser_lets_nobody_in(world: World) -> None:
    client = Client()
    sign_in(client, world.clerk.username)
    other = Client()
    other.cookies[DEVICE] = client.cookies[DEVICE].value
    other.cookies[COOKIE] = client.cookies[DEVICE].value
    assert other.get("/api/v1/auth/session").status_code == 401
    assert sign_in(other, world.clerk.username, "wrong").status_code == 422


def test_a_new_client_of_the_api_is_told_of_and_the_same_one_is_not(world: World) -> None:
    sign_in(Client(), world.clerk.username)
    tokens_of(world.clerk, label="Backup script")
    assert len(mails(world.clerk)) == 1
    tokens_of(world.clerk, label="Backup script")
    assert len(mails(world.clerk)) == 1
    tokens_of(world.clerk, label="Another")
    assert len(mails(world.clerk)) == 2


def test_a_browser_is_forgotten_after_400_days(world: World) -> None:
    client = Client()
    sign_in(client, world.clerk.username)
    admin, args = actor_of(world.admin), {"cleanup": "accounts.devices"}
    for days, left in ((399, 1), (401, 0)):
        with clock.at(clock.now() + timedelta(days=days)):
            with context.acting(admin):
                run_id = runs.run_enqueue(cleaning.JOB, actor=admin, args=args)
            assert worked(run_id).state == "succeeded"
        assert Device.objects.count() == left


def test_each_sign_in_moves_on_how_long_a_browser_stays_known(world: World) -> None:
    client = Client()
    sign_in(client, world.clerk.username)
    with clock.at(clock.now() + timedelta(days=3)):
        client.post("/sign-out")
        sign_in(client, world.clerk.username)
    device = Device.objects.get()
    assert device.seen_at - device.created_at >= timedelta(days=3)
