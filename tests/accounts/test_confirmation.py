"""Confirming who one is before a dangerous act: when it is asked, what is taken, what a refusal leaves."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.lockout import factor_slots, slots
from accounts.models import Session, SignInCounter, User
from portal.kit import clock, context
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from rbac.models import Binding
from tests.accounts.factor_helpers import COOKIE, code_of, enrolled, session_of, set_session, wrong_code
from tests.accounts.helpers import events, footprint, text_of, view_by
from tests.factories import PASSWORD, World, person, signed_in

LONG_AGO = timedelta(minutes=10, seconds=1)
HERE = "127.0.0.1"  # Where the clients of the tests come from.


def _stale(user: User, *, second_factor: bool = True) -> Client:
    """A browser that signed in a while ago."""
    client = signed_in(user, second_factor=second_factor)
    set_session(client, confirmed_at=clock.now() - LONG_AGO)
    return client


def _confirm(client: Client, value: str, kind: str = "password", **data: str) -> Any:
    name = "password" if kind == "password" else "code"
    return client.post("/confirm", {name: value, "with": kind, **data})


def test_the_gate_leads_to_the_page_and_the_page_back(world: World) -> None:
    client = _stale(world.admin)
    where = f"/platform/people/{world.clerk.pk}"
    before = footprint(world.clerk)
    reply = client.post(f"{where}/erase", headers={"Referer": f"http://testserver{where}?tab=access"})
    assert reply["Location"] == f"/confirm?next={where.replace('/', '%2F')}%3Ftab%3Daccess"
    assert footprint(world.clerk) == before
    page = client.get(reply["Location"])
    assert f'name="next" value="{where}?tab=access"' in page.content.decode()
    done = _confirm(client, PASSWORD, next=f"{where}?tab=access")
    assert (done.status_code, done["Location"]) == (302, f"{where}?tab=access")
    assert client.post(f"{where}/link").status_code == 302
    assert OutboundMessage.objects.filter(subject="Choose a new password").count() == 1


def test_a_fragment_is_led_there_with_its_page(world: World) -> None:
    client = _stale(world.admin)
    reply = client.post(
        f"/platform/people/{world.clerk.pk}/link",
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/platform/people?q=a"},
    )
    assert (reply.status_code, reply["HX-Redirect"]) == (204, "/confirm?next=%2Fplatform%2Fpeople%3Fq%3Da")


def test_confirming_gives_the_session_another_token_and_ten_minutes(world: World) -> None:
    client = _stale(world.clerk, second_factor=False)
    former = client.cookies[COOKIE].value
    session = session_of(client)
    assert _confirm(client, PASSWORD)["Location"] == "/"
    assert client.cookies[COOKIE].value != former
    again = session_of(client)
    assert again.pk == session.pk
    assert again.confirmed_at > session.confirmed_at
    assert again.second_factor_at is None  # A password is no second factor.
    client.cookies[COOKIE] = former
    assert client.get("/api/v1/auth/session").status_code == 401
    (event,) = events("accounts.session.confirmed")
    assert (event.actor_id, event.target_id, event.data) == (world.clerk.pk, world.clerk.pk, {"kind": "password"})


def test_ten_minutes_later_it_is_asked_again(world: World) -> None:
    client = signed_in(world.admin)
    path = f"/platform/people/{world.clerk.pk}/link"
    start = session_of(client).confirmed_at
    with clock.at(start + timedelta(minutes=10)):
        assert client.post(path)["Location"] == f"/platform/people/{world.clerk.pk}"
    with clock.at(start + LONG_AGO):
        assert client.post(path)["Location"].startswith("/confirm")


def test_who_has_a_second_factor_confirms_with_it_and_not_with_the_password(world: World) -> None:
    codes = enrolled(world.clerk)
    client = _stale(world.clerk, second_factor=False)
    page = text_of(client.get("/confirm"))
    assert "Code of the authenticator app" in page
    assert "Use a recovery code" in page
    assert _confirm(client, PASSWORD).status_code == 422
    assert session_of(client).confirmed_at < clock.now() - timedelta(minutes=10)
    assert _confirm(client, code_of(world.clerk), "totp").status_code == 302
    assert session_of(client).second_factor_at is not None
    other = _stale(world.clerk, second_factor=False)
    assert _confirm(other, codes[0], "recovery").status_code == 302
    assert "You used a recovery code; 9 are left." in text_of(other.get("/"))


def test_who_has_none_confirms_with_the_password_only(world: World) -> None:
    client = _stale(world.clerk)
    for kind in ("totp", "recovery", "passkey"):
        # The kind is not theirs: the form is that of the password, and its field is empty.
        assert client.post("/confirm", {"code": "123456", "with": kind}).status_code == 422
    assert not events("accounts.session.confirmed")


def test_a_code_that_signed_in_does_not_confirm_as_well(world: World) -> None:
    enrolled(world.clerk)
    client = _stale(world.clerk)
    code = code_of(world.clerk)
    assert _confirm(client, code, "totp").status_code == 302
    assert _confirm(client, code, "totp").status_code == 422


def test_a_wrong_password_is_counted_and_recorded_and_changes_nothing(world: World) -> None:
    client = _stale(world.clerk)
    before = Session.objects.values().get()
    reply = _confirm(client, "not the password")
    assert reply.status_code == 422
    assert "not the password" not in reply.content.decode()
    assert Session.objects.values().get() == before
    assert SignInCounter.objects.get(slot=slots(str(world.clerk.pk), HERE)[0][0]).failures == 1
    (event,) = events("accounts.session.doubted")
    assert (event.outcome, event.actor_id, event.target_id) == ("denied", world.clerk.pk, world.clerk.pk)


def test_five_wrong_ones_lock_and_say_no_more_than_before(world: World) -> None:
    client = _stale(world.clerk)
    wrong = [text_of(_confirm(client, "wrong")) for _ in range(5)]
    locked = _confirm(client, PASSWORD)
    assert locked.status_code == 422
    assert {*wrong, text_of(locked)} == {wrong[0]}
    with clock.at(clock.now() + timedelta(seconds=61)):
        assert _confirm(client, PASSWORD).status_code == 302


def test_wrong_codes_count_with_those_of_signing_in(world: World) -> None:
    enrolled(world.clerk)
    client = _stale(world.clerk)
    for _ in range(5):
        assert _confirm(client, wrong_code(world.clerk), "totp").status_code == 422
    assert SignInCounter.objects.get(slot=factor_slots(world.clerk.pk, HERE)[0][0]).failures == 5
    assert _confirm(client, code_of(world.clerk), "totp").status_code == 422
    assert {event.data["where"] for event in events("accounts.factor.refused")} == {"confirmation"}


@pytest.mark.parametrize(
    "wanted",
    ["https://evil.example/", "//evil.example/", r"/\evil.example/", "javascript:alert(1)", "/sign-out", "/confirm"],
)
def test_next_never_leads_off_the_site(world: World, wanted: str) -> None:
    client = _stale(world.clerk)
    assert f'value="{wanted}"' not in client.get("/confirm", {"next": wanted}).content.decode()
    assert _confirm(client, PASSWORD, next=wanted)["Location"] == "/"


def test_nobody_confirms_as_somebody_else(world: World) -> None:
    client = _stale(world.clerk)
    set_session(client, **view_by(world.admin))
    assert client.get("/confirm").status_code == 403
    assert _confirm(client, PASSWORD).status_code == 403
    assert not events("accounts.session.confirmed")


def test_a_session_that_ended_meanwhile_is_not_confirmed(world: World) -> None:
    client = _stale(world.clerk)
    with context.system("a test"), writing():
        Session.objects.all().delete()
    assert _confirm(client, PASSWORD)["Location"].startswith("/sign-in")
    assert not events("accounts.session.confirmed")


def test_the_form_needs_its_token(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies[COOKIE] = _stale(world.clerk).cookies[COOKIE].value
    assert _confirm(client, PASSWORD).status_code == 403


def test_of_two_confirmations_at_once_with_one_code_one_passes(own_database: dict[str, str], world: World) -> None:
    enrolled(world.clerk)
    browsers = [_stale(world.clerk), _stale(world.clerk)]
    code = code_of(world.clerk)

    def send(client: Client) -> int:
        try:
            return int(_confirm(client, code, "totp").status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(send, browsers)) == [302, 422]
    assert len(events("accounts.session.confirmed")) == 1


# --- what asks for it ---


def _dangerous(world: World) -> list[tuple[str, dict[str, Any]]]:
    one = f"/platform/people/{world.clerk.pk}"
    return [
        (f"{one}/password", {}),
        (f"{one}/link", {}),
        (f"{one}/erase", {"confirm_word": world.clerk.username}),
        (f"{one}/role", {"do": "give", "role": "manager"}),
        ("/platform/maintenance", {"kind": "closed", "reason": "x", "message": "y"}),
    ]


@pytest.mark.parametrize("place", range(5))
def test_a_dangerous_act_waits_for_a_confirmation(world: World, place: int) -> None:
    path, values = _dangerous(world)[place]
    client = _stale(world.root)
    before = (footprint(world.clerk), Binding.objects.count())
    reply = client.post(path, values)
    assert reply.status_code == 302, path
    assert reply["Location"].startswith("/confirm?next="), path
    assert (footprint(world.clerk), Binding.objects.count()) == before


def test_over_the_api_it_is_a_problem_that_says_so(world: World) -> None:
    client = _stale(world.root)
    before = footprint(world.clerk)
    reply = client.post(f"/api/v1/users/{world.clerk.pk}/reset-password", content_type="application/json")
    assert (reply.status_code, reply.json()["code"]) == (403, "kit.confirmation_required")
    assert footprint(world.clerk) == before


def test_harmless_acts_ask_for_nothing(world: World) -> None:
    other, moment = person("Other"), clock.now()
    client = _stale(world.root)
    assert client.get(f"/platform/people/{other.pk}").status_code == 200
    assert client.post(f"/platform/people/{other.pk}/deactivate").status_code == 302
    other.refresh_from_db()
    assert not other.is_active
    assert isinstance(moment, datetime)
