"""Signing in with a password and a second factor: two steps, and nothing in between."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from accounts.lockout import ACCOUNT_LIMIT, factor_slots
from accounts.models import PendingSignIn, Session, SignInCounter, User
from accounts.services.users import user_unlock
from portal.kit import clock, context, crypto
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.accounts.factor_helpers import COOKIE, PENDING, begun, code_of, enrolled, send_code, wrong_code
from tests.accounts.helpers import events, sign_in, text_of
from tests.factories import PASSWORD, World, actor_of, signed_in

HERE, ELSEWHERE = "203.0.113.7", "198.51.100.9"


@pytest.fixture
def mira(world: World) -> User:
    """The clerk, with an authenticator app."""
    enrolled(world.clerk)
    return world.clerk


def test_the_password_alone_opens_nothing(mira: User) -> None:
    client = begun(mira)
    assert COOKIE not in client.cookies
    assert not Session.objects.exists()
    for url in ("/", "/me/password", "/me/security", "/platform/people", "/confirm"):
        assert client.get(url)["Location"].startswith("/sign-in"), url
    assert client.get("/api/v1/auth/session").status_code == 401
    # Not in the place of a session's cookie either, nor as a key.
    client.cookies[COOKIE] = client.cookies[PENDING].value
    assert client.get("/api/v1/auth/session").status_code == 401
    bearer = {"Authorization": f"Bearer {client.cookies[PENDING].value}"}
    assert Client().get("/api/v1/auth/session", headers=bearer).status_code == 401
    assert not events("accounts.session.started")
    assert [event.target_id for event in events("accounts.sign_in.begun")] == [mira.pk]


def test_the_cookie_between_the_steps_is_a_token_that_only_the_browser_has(mira: User) -> None:
    client = begun(mira)
    cookie = client.cookies[PENDING]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["max-age"]) == (True, "Lax", "/", 600)
    pending = PendingSignIn.objects.get()
    assert bytes(pending.digest) == crypto.digest(cookie.value)
    assert (pending.user_id, str(pending.address)) == (mira.pk, HERE)


def test_the_code_of_the_app_opens_a_session_that_says_so(mira: User) -> None:
    client = begun(mira, next="/platform/people?q=a")
    assert "authenticator app" in text_of(client.get("/sign-in/code"))
    reply = send_code(client, code_of(mira))
    assert (reply.status_code, reply["Location"]) == (302, "/platform/people?q=a")
    assert reply.cookies[PENDING].value == ""
    session = Session.objects.get()
    assert (session.method, session.second_factor_at, session.confirmed_at) == (
        "password+totp",
        session.created_at,
        session.created_at,
    )
    assert client.get("/api/v1/auth/session").json()["id"] == str(mira.pk)
    assert not PendingSignIn.objects.exists()
    (event,) = events("accounts.session.started")
    assert (event.actor_id, event.data) == (mira.pk, {"method": "password+totp", "second_factor": True})


def test_blanks_in_a_code_do_no_harm(mira: User) -> None:
    code = code_of(mira)
    assert send_code(begun(mira), f" {code[:3]} {code[3:]} ").status_code == 302


@pytest.mark.parametrize("steps", [-2, 2, 100])
def test_a_code_of_another_time_is_refused(mira: User, steps: int) -> None:
    client = begun(mira)
    with clock.at(clock.now()):
        assert send_code(client, code_of(mira, steps)).status_code == 422
    assert not Session.objects.exists()


@pytest.mark.parametrize("steps", [0, 1])
def test_a_clock_that_is_a_little_off_is_forgiven(mira: User, steps: int) -> None:
    assert send_code(begun(mira), code_of(mira, steps)).status_code == 302


def test_a_code_works_once(mira: User) -> None:
    code = code_of(mira)
    assert send_code(begun(mira), code).status_code == 302
    again = begun(mira)
    assert send_code(again, code).status_code == 422
    assert Session.objects.count() == 1
    assert [event.target_id for event in events("accounts.factor.refused")] == [mira.pk]
    # Nor does one that is older than the last one taken.
    assert send_code(again, code_of(mira, -1)).status_code == 422


def test_somebody_elses_code_is_refused(mira: User, world: World) -> None:
    codes = enrolled(world.manager)
    client = begun(mira)
    assert send_code(client, code_of(world.manager)).status_code == 422
    assert send_code(client, codes[0], "recovery").status_code == 422
    assert not Session.objects.exists()


@pytest.mark.parametrize(
    "code", ["12345", "1234567", "abcdef", "١٢٣٤٥٦", "-12345", "12345\u00b2", "0x1234", "1e5   ", "x" * 100]
)
def test_what_is_no_code_is_refused_like_a_wrong_one(mira: User, code: str) -> None:
    reply = send_code(begun(mira), code)
    assert reply.status_code == 422
    assert "wrong, was used already, or codes are locked" in text_of(reply)
    assert not Session.objects.exists()


@pytest.mark.parametrize("code", ["", "   ", "1" * 101, "123\x00456"])
def test_what_cannot_be_read_is_not_even_counted(mira: User, code: str) -> None:
    assert send_code(begun(mira), code).status_code == 422
    assert not SignInCounter.objects.filter(slot__startswith="factor").exists()
    assert not Session.objects.exists()


def test_a_code_is_never_shown_again_or_recorded(mira: User) -> None:
    reply = send_code(begun(mira), "987123")
    assert "987123" not in reply.content.decode()
    (event,) = events("accounts.factor.refused")
    assert (event.outcome, event.data) == ("denied", {"kind": "totp", "where": "sign-in"})
    assert "987123" not in str(vars(event))


def test_after_five_wrong_codes_the_password_is_asked_for_again(mira: User) -> None:
    client = begun(mira)
    for _ in range(4):
        assert send_code(client, wrong_code(mira)).status_code == 422
    reply = send_code(client, wrong_code(mira))
    assert (reply.status_code, reply["Location"]) == (302, "/sign-in")
    assert not PendingSignIn.objects.exists()
    assert send_code(client, code_of(mira))["Location"] == "/sign-in"
    assert not Session.objects.exists()


def test_a_pending_sign_in_lasts_ten_minutes(mira: User) -> None:
    client = begun(mira)
    with clock.at(clock.now() + timedelta(minutes=10, seconds=1)):
        assert client.get("/sign-in/code")["Location"] == "/sign-in"
        assert send_code(client, code_of(mira))["Location"] == "/sign-in"
    assert not Session.objects.exists()


def test_without_a_pending_sign_in_the_page_leads_back(db: None) -> None:
    for value in ("", "x" * 43, "é" * 43, "x" * 5000):
        client = Client()
        client.cookies[PENDING] = value
        assert client.get("/sign-in/code")["Location"] == "/sign-in"
        assert send_code(client, "123456")["Location"] == "/sign-in"


def test_the_form_of_the_code_needs_its_token(mira: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies[PENDING] = begun(mira).cookies[PENDING].value
    assert send_code(client, code_of(mira)).status_code == 403
    assert not Session.objects.exists()


def test_what_ends_the_sessions_of_a_person_ends_its_pending_sign_ins(mira: User, world: World) -> None:
    client = begun(mira)
    signed_in(world.admin).post(f"/platform/people/{mira.pk}/password")
    assert send_code(client, code_of(mira))["Location"] == "/sign-in"
    assert not Session.objects.filter(user=mira).exists()


def test_an_inactive_person_sees_just_the_page_that_says_so(mira: User) -> None:
    with context.system("a test"), writing():
        User.objects.filter(pk=mira.pk).update(is_active=False)
    client = begun(mira)
    send_code(client, code_of(mira))
    assert client.get("/")["Location"] == "/inactive"


def test_a_one_time_password_is_changed_after_the_code_not_before(mira: User) -> None:
    with context.system("a test"), writing():
        User.objects.filter(pk=mira.pk).update(must_change_password=True)
    client = begun(mira, next="/platform/people")
    assert send_code(client, code_of(mira))["Location"] == "/me/password?next=%2Fplatform%2Fpeople"


# --- locks ---


def _fail(user: User, times: int, address: str = HERE) -> None:
    client = begun(user, address=address)
    for _ in range(times):
        if PENDING not in client.cookies or not client.cookies[PENDING].value:
            client = begun(user, address=address)
        send_code(client, wrong_code(user))


def test_five_wrong_codes_lock_the_codes_and_say_no_more_than_before(mira: User) -> None:
    client = begun(mira)
    wrong = text_of(send_code(client, wrong_code(mira)))
    _fail(mira, 4)
    client = begun(mira)  # The password is still right, and says nothing of the lock.
    locked = send_code(client, code_of(mira))
    assert locked.status_code == 422
    assert text_of(locked) == wrong
    assert not Session.objects.exists()
    (event,) = events("accounts.session.locked")
    assert (event.target_id, event.data) == (mira.pk, {"slot": "factor", "minutes": 1, "failures": 5})
    with clock.at(clock.now() + timedelta(seconds=61)):
        assert send_code(begun(mira), code_of(mira)).status_code == 302


def test_a_lock_of_the_codes_tells_the_owner_that_the_password_is_known(mira: User) -> None:
    with context.system("a test"), writing():
        OutboundMessage.objects.all().delete()
    _fail(mira, 7)
    (mail,) = OutboundMessage.objects.all()
    assert mail.subject == "Somebody who knows your password failed at your second factor"
    assert mail.person_id == mira.pk


def test_a_right_password_does_not_forget_wrong_codes(mira: User) -> None:
    for _ in range(5):
        send_code(begun(mira), wrong_code(mira))
    assert SignInCounter.objects.get(slot=factor_slots(mira.pk, HERE)[0][0]).locked_until is not None


def test_a_failure_during_a_lock_extends_nothing(mira: User) -> None:
    _fail(mira, 5)
    slot = SignInCounter.objects.get(slot=factor_slots(mira.pk, HERE)[0][0])
    send_code(begun(mira), wrong_code(mira))
    assert SignInCounter.objects.get(pk=slot.pk).locked_until == slot.locked_until
    assert SignInCounter.objects.get(pk=slot.pk).failures == slot.failures


def test_codes_are_locked_where_they_failed_and_far_later_everywhere(mira: User) -> None:
    _fail(mira, 5, ELSEWHERE)
    assert send_code(begun(mira, address=ELSEWHERE), code_of(mira)).status_code == 422
    with context.system("a test"), writing():
        slot = factor_slots(mira.pk, ELSEWHERE)[1][0]
        SignInCounter.objects.filter(slot=slot).update(failures=ACCOUNT_LIMIT - 1)
    _fail(mira, 1, "192.0.2.14")
    assert send_code(begun(mira), code_of(mira)).status_code == 422
    assert not Session.objects.exists()


def test_the_whole_sign_in_resets_the_counts_and_the_password_alone_does_not(mira: User) -> None:
    for _ in range(3):
        sign_in(Client(REMOTE_ADDR=HERE), mira.username, "wrong")
    client = begun(mira)
    send_code(client, wrong_code(mira))
    mine = SignInCounter.objects.filter(slot__contains=str(mira.pk))
    assert mine.count() == 4
    send_code(client, code_of(mira))
    assert mine.count() == 0
    # The address keeps what it has failed at.
    assert SignInCounter.objects.get(slot=f"address:{HERE}").failures == 4


def test_an_administrator_unlocks_codes_too(mira: User, world: World) -> None:
    _fail(mira, 5)
    page = signed_in(world.admin).get(f"/platform/people/{mira.pk}")
    assert "Locked for 1 minute" in text_of(page)
    with context.acting(actor_of(world.admin)):
        assert user_unlock(actor=actor_of(world.admin), user=mira)
    assert send_code(begun(mira), code_of(mira)).status_code == 302


# --- races ---


def test_of_many_requests_with_one_code_one_gets_in(own_database: dict[str, str], world: World) -> None:
    enrolled(world.clerk)
    browsers = [begun(world.clerk) for _ in range(4)]
    code = code_of(world.clerk)

    def send(client: Client) -> int:
        try:
            return int(send_code(client, code).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(send, browsers)) == [302, 422, 422, 422]
    assert Session.objects.count() == 1
    assert len(events("accounts.session.started")) == 1


def test_of_many_requests_with_one_pending_sign_in_and_codes_of_two_steps_one_gets_in(
    own_database: dict[str, str], world: World
) -> None:
    enrolled(world.clerk)
    pending = begun(world.clerk).cookies[PENDING].value
    codes = [code_of(world.clerk), code_of(world.clerk, 1)]

    def send(code: str) -> str:
        client = Client(REMOTE_ADDR=HERE)
        client.cookies[PENDING] = pending
        try:
            return str(send_code(client, code)["Location"])
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(send, codes)) == ["/", "/sign-in"]
    assert Session.objects.count() == 1


def test_of_fifty_parallel_codes_no_more_are_looked_at_than_one_after_the_other(
    own_database: dict[str, str], world: World
) -> None:
    enrolled(world.clerk)
    browsers = [begun(world.clerk) for _ in range(10)] * 5
    wrong = wrong_code(world.clerk)

    def send(client: Client) -> int:
        try:
            return int(send_code(client, wrong).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, browsers)) <= {422, 302}
    slot = SignInCounter.objects.get(slot=factor_slots(world.clerk.pk, HERE)[0][0])
    assert slot.failures == 5
    assert not Session.objects.exists()
    # However many browsers wait with the right password: during the lock nothing is looked at.
    assert sign_in(Client(REMOTE_ADDR=HERE), world.clerk.username, PASSWORD).status_code == 302
