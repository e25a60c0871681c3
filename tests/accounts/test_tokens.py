"""Access and refresh tokens: each refresh once, a second use ends them all, and nothing but the API is opened by one."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import tokens
from accounts.models import Session, Token
from accounts.services.sessions import sessions_revoke
from maintenance import cleaning
from maintenance.services import runs
from portal.kit import clock, context
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.accounts.helpers import events, worked
from tests.accounts.organisation_world import make_house
from tests.accounts.tokens import call, opens, refresh, tokens_of
from tests.factories import World, actor_of, signed_in

COOKIE = settings.SESSION_COOKIE_NAME


# --- the next pair ---


def test_a_refresh_token_buys_one_new_pair_and_the_old_one_is_void(world: World) -> None:
    first = tokens_of(world.clerk)
    second = refresh(first["refresh_token"])
    assert second.status_code == 200
    assert set(second.json()) == {"access_token", "refresh_token", "expires_in", "refresh_expires_at"}
    assert (opens(first["access_token"]), opens(second.json()["access_token"])) == (401, 200)
    assert Session.objects.count() == 1
    assert Token.objects.filter(used_at=None).count() == 2


def test_a_spent_refresh_token_ends_the_whole_sign_in_whoever_comes_with_it(world: World) -> None:
    first = tokens_of(world.clerk, label="Laptop")
    second = refresh(first["refresh_token"]).json()
    third = refresh(second["refresh_token"]).json()
    elsewhere = tokens_of(world.clerk)
    again = refresh(first["refresh_token"])
    assert (again.status_code, again.json()["code"]) == (401, "accounts.refresh_refused")
    assert opens(third["access_token"]) == 401
    assert refresh(third["refresh_token"]).status_code == 401
    assert opens(elsewhere["access_token"]) == 200
    (event,) = events("accounts.token.reused")
    assert (event.outcome, event.target_id) == ("denied", world.clerk.pk)
    mail = OutboundMessage.objects.latest("created_at")
    assert (mail.person_id, mail.subject) == (world.clerk.pk, "A client of yours was signed out")
    assert "Laptop" in mail.text
    assert first["refresh_token"] not in mail.text + str(vars(event))


def test_the_same_call_sent_twice_is_a_second_use(world: World) -> None:
    first = tokens_of(world.clerk)["refresh_token"]
    assert [refresh(first).status_code for _ in range(2)] == [200, 401]
    assert not Session.objects.exists()


def test_of_two_parallel_refreshes_one_gets_a_pair_and_none_keeps_it(
    own_database: dict[str, str], world: World
) -> None:
    first = tokens_of(world.clerk)["refresh_token"]
    gate = Barrier(2)

    def ask(_number: int) -> int:
        try:
            gate.wait(10)
            return int(refresh(first).status_code)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(ask, range(2))) == [200, 401]
    assert (Session.objects.count(), Token.objects.count()) == (0, 0)
    assert len(events("accounts.token.reused")) == 1


def test_an_access_token_ends_after_a_quarter_of_an_hour_and_a_refresh_token_with_its_session(world: World) -> None:
    found, start = tokens_of(world.stranger), clock.now()
    with clock.at(start + timedelta(minutes=14)):
        assert opens(found["access_token"]) == 200
    with clock.at(start + timedelta(minutes=15, seconds=1)):
        assert opens(found["access_token"]) == 401
    with clock.at(start + settings.SESSION_ABSOLUTE + timedelta(seconds=1)):
        assert refresh(found["refresh_token"]).status_code == 401
    assert events("accounts.token.reused") == []
    with clock.at(start + settings.SESSION_ABSOLUTE - timedelta(minutes=5)):
        last = refresh(found["refresh_token"]).json()
        assert last["expires_in"] <= 300


def test_a_client_of_staff_ends_at_the_absolute_end_of_staff(world: World) -> None:
    found, start = tokens_of(world.admin), clock.now()
    with clock.at(start + settings.SESSION_ABSOLUTE_STAFF - timedelta(minutes=1)):
        found = refresh(found["refresh_token"]).json()
    with clock.at(start + settings.SESSION_ABSOLUTE_STAFF + timedelta(minutes=1)):
        assert opens(found["access_token"]) == 401
        assert refresh(found["refresh_token"]).status_code == 401


@pytest.mark.parametrize(
    "given", ["x", "st_rt_", "st_rt_" + "x" * 49, "st_at_" + "x" * 49, "\N{SNOWMAN}" * 60, "' OR 1=1 --", "x" * 300]
)
def test_a_made_up_refresh_token_buys_nothing_and_ends_nothing(world: World, given: str) -> None:
    found = tokens_of(world.clerk)
    assert refresh(given).status_code == 401
    assert refresh(found["access_token"]).status_code == 401
    assert opens(found["access_token"]) == 200


@pytest.mark.parametrize("body", [{}, {"refresh_token": None}, {"refresh_token": "x" * 301}, {"refresh_token": ["x"]}])
def test_a_refresh_without_a_token_is_refused_by_its_field(world: World, body: dict[str, Any]) -> None:
    assert call("post", "auth/refresh", body).status_code == 422


def test_the_database_keeps_one_live_pair_and_ends_tokens_with_their_session(world: World) -> None:
    tokens_of(world.clerk)
    token = Token.objects.get(kind="refresh")
    for values in ({"kind": "refresh", "used_at": None}, {"kind": "access", "used_at": clock.now()}, {"kind": "other"}):
        row = {"session": token.session, "digest": b"x" * 32, "expires_at": token.expires_at, "kind": "refresh"}
        with pytest.raises(IntegrityError), transaction.atomic(), context.system("a test"), writing():
            Token.objects.create(**{**row, **values})
    with context.system("a test"), writing(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM accounts_session")
    assert not Token.objects.exists()


def test_the_clean_up_of_expired_sessions_takes_their_tokens_along(world: World) -> None:
    tokens_of(world.clerk)
    admin, args = actor_of(world.admin), {"cleanup": "accounts.expired_sessions"}
    with clock.at(clock.now() + timedelta(days=20)):
        with context.acting(admin):
            run_id = runs.run_enqueue(cleaning.JOB, actor=admin, args=args)
        assert worked(run_id).state == "succeeded"
    assert (Session.objects.count(), Token.objects.count()) == (0, 0)


# --- what a token opens ---


def test_a_call_with_a_token_makes_the_one_query_of_its_identity(world: World) -> None:
    token = tokens_of(world.manager)["access_token"]
    opens(token)
    with CaptureQueriesContext(connection) as captured:
        assert opens(token) == 200
    asked = [query["sql"] for query in captured if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    assert len(asked) == 1
    assert "accounts_token" in asked[0]


def test_a_token_names_an_organisation_and_answers_in_it(world: World) -> None:
    house, other = make_house("Harbour"), make_house("Zanzibar")
    token = tokens_of(house.owner)["access_token"]
    path = f"organisations/{house.id}/members"
    assert call("get", path, token=token, organisation=house.id).status_code == 200
    assert call("get", path, token=token, organisation=other.id).status_code == 404
    assert call("get", path, token=token).status_code == 403


@pytest.mark.parametrize("path", ["/", "/me/sessions", "/platform/people", "/admin/"])
def test_a_token_opens_no_page(world: World, path: str) -> None:
    token = tokens_of(world.admin)["access_token"]
    reply = Client().get(path, headers={"Authorization": f"Bearer {token}"})
    assert reply.status_code == 302
    cookie = Client()
    cookie.cookies[COOKIE] = token
    assert cookie.get("/me/sessions").status_code == 302
    assert cookie.get("/api/v1/auth/session").status_code == 401


def test_with_a_cookie_and_a_token_the_token_counts_alone(world: World) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.cookies = signed_in(world.admin).cookies
    token = tokens_of(world.clerk)["access_token"]
    assert call("get", "auth/session", token=token, client=browser).json()["id"] == str(world.clerk.pk)
    assert call("get", "users", token=token, client=browser).status_code == 403
    for rubbish in ("st_at_nonsense", "", "x" * 5000):
        reply = call("get", "auth/session", client=browser, authorization=f"Bearer {rubbish}")
        assert reply.status_code == 401, "the cookie must not step in for a token that is none"


def test_with_a_token_no_form_token_is_asked_for_and_with_a_cookie_it_is(world: World) -> None:
    token = tokens_of(world.clerk)["access_token"]
    assert call("patch", "users/me/preferences", {"theme": "dark"}, token=token).status_code == 200
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = signed_in(world.clerk).cookies
    assert call("patch", "users/me/preferences", {"theme": "light"}, client=strict).status_code == 403
    page = {"Authorization": f"Bearer {token}"}
    assert strict.post("/me/theme", {"theme": "light"}, headers=page).status_code == 403
    world.clerk.refresh_from_db()
    assert world.clerk.preferences["theme"] == "dark"


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "bearer st_at_",
        "Basic YWRtaW46YWRtaW4=",
        "Token x",
        "Bearer st_at_" + "x" * 49,
        "Bearer st_at_" + "x" * 100_000,
        "Bearer \N{SNOWMAN}",
        "Bearer a b c",
        "st_at_" + "x" * 49,
    ],
)
def test_an_authorization_that_is_none_lets_nobody_in(world: World, header: str) -> None:
    with CaptureQueriesContext(connection) as captured:
        reply = Client().get("/api/v1/auth/session", headers={"Authorization": header})
    assert (reply.status_code, reply.json()["code"]) == (401, "kit.unauthenticated")
    assert reply["WWW-Authenticate"].startswith("Bearer")
    assert len(captured) == 0


def test_an_altered_token_is_refused_without_a_question_to_the_database(world: World) -> None:
    token = tokens_of(world.clerk)["access_token"]
    swapped = token[:10] + token[10:12][::-1] + token[12:]
    altered = token[:-1] + ("a" if token[-1] != "a" else "b")
    for given in {swapped, altered} - {token}:
        with CaptureQueriesContext(connection) as captured:
            assert opens(given) == 401
        assert len(captured) == 0
    whole = tokens.make(tokens.ACCESS)  # Rightly formed, and nobody's.
    assert opens(whole) == 401


def test_a_refresh_token_opens_nothing_itself(world: World) -> None:
    assert opens(tokens_of(world.clerk)["refresh_token"]) == 401


def test_an_administrator_ends_a_client_and_its_next_call_is_refused(world: World) -> None:
    found = tokens_of(world.clerk)
    with context.acting(actor_of(world.admin)):
        assert sessions_revoke(actor=actor_of(world.admin), user=world.clerk) == 1
    assert opens(found["access_token"]) == 401
    assert refresh(found["refresh_token"]).status_code == 401
    (event,) = events("accounts.session.revoked")
    assert event.data["sessions_ended"] == 1
