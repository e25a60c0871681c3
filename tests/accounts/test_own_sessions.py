"""Where one is signed in: the page, the calls, and the end of one, all others, or all."""

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import Session, User
from accounts.presenters.sessions import method_words
from portal.kit import clock, context, crypto, ids
from portal.kit.services import writing
from tests.accounts.helpers import events, text_of, view_by
from tests.accounts.tokens import call, opens, tokens_of
from tests.factories import World, signed_in

COOKIE = settings.SESSION_COOKIE_NAME
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
OWN = "/api/v1/users/me/sessions"


def session_of(client: Client) -> Session:
    """The session of a browser."""
    return Session.objects.get(digest=crypto.digest(client.cookies[COOKIE].value))


def told(client: Client, **values: Any) -> Client:
    """The same browser, of which the row of its session says something else."""
    with context.system("a test"), writing():
        Session.objects.filter(pk=session_of(client).pk).update(**values)
    return client


def alive(client: Client) -> bool:
    """Whether the browser is still signed in."""
    return bool(client.get("/api/v1/auth/session").status_code == 200)


def looked_at(user: User, by: User) -> Client:
    """A browser in which somebody looks as `user`, and may change things."""
    return told(signed_in(user), **view_by(by))


# --- the page ---


def test_the_page_tells_of_every_browser_and_client_of_ones_own_and_of_nobody_elses(world: World) -> None:
    here = signed_in(world.clerk)
    told(signed_in(world.clerk), agent=FIREFOX, address="192.0.2.7", method="password+totp")
    tokens_of(world.clerk, label="Backup script")
    told(signed_in(world.manager), address="198.51.100.9")
    text = text_of(here.get("/me/sessions"))
    for words in ("This browser", "Firefox on Linux", "192.0.2.7", "password and authenticator app", "Backup script"):
        assert words in text
    assert text.count("API client") == 1
    assert text.count("End session") == 2
    assert "198.51.100.9" not in text


def test_an_expired_session_is_none_any_more(world: World) -> None:
    here, gone = signed_in(world.clerk), signed_in(world.clerk)
    told(gone, expires_at=clock.now())
    assert len(here.get(OWN).json()["items"]) == 1
    assert here.delete(f"{OWN}/{session_of(gone).pk}").status_code == 404
    assert events("accounts.session.ended") == []


def test_one_session_is_ended_and_the_others_go_on(world: World) -> None:
    here, there, elsewhere = (signed_in(world.clerk) for _ in range(3))
    reply = here.post("/me/sessions", {"do": "end", "session": str(session_of(there).pk)}, follow=True)
    assert "1 session ended." in text_of(reply)
    assert [alive(one) for one in (here, there, elsewhere)] == [True, False, True]
    (event,) = events("accounts.session.ended")
    assert (event.actor_id, event.target_id, event.data) == (world.clerk.pk, world.clerk.pk, {"sessions_ended": 1})


def test_all_others_are_ended_with_their_tokens(world: World) -> None:
    here, there = signed_in(world.clerk), signed_in(world.clerk)
    token = tokens_of(world.clerk)["access_token"]
    assert here.post("/me/sessions", {"do": "others"}).status_code == 302
    assert (alive(here), alive(there), opens(token)) == (True, False, 401)


def test_all_are_ended_with_this_one(world: World) -> None:
    here, there, other = signed_in(world.clerk), signed_in(world.clerk), signed_in(world.manager)
    reply = here.post("/me/sessions", {"do": "all"})
    assert (reply.status_code, reply["Location"]) == (302, "/sign-in")
    assert reply.cookies[COOKIE].value == ""
    assert not Session.objects.filter(user=world.clerk).exists()
    assert (alive(there), alive(other)) == (False, True)
    (event,) = events("accounts.session.ended")
    assert event.data == {"sessions_ended": 2}


@pytest.mark.parametrize(
    "sent",
    [{}, {"do": "everything"}, {"do": "end"}, {"do": "end", "session": "' OR 1=1 --"}, {"do": "end", "session": ""}],
)
def test_what_the_page_does_not_know_ends_nothing(world: World, sent: dict[str, str]) -> None:
    here, there = signed_in(world.clerk), signed_in(world.clerk)
    assert here.post("/me/sessions", sent).status_code in {302, 400, 404}
    assert (alive(here), alive(there)) == (True, True)
    assert events("accounts.session.ended") == []


def test_nobody_elses_session_can_be_named(world: World) -> None:
    here, theirs = signed_in(world.admin), signed_in(world.clerk)
    key = session_of(theirs).pk
    assert "had ended already" in text_of(here.post("/me/sessions", {"do": "end", "session": str(key)}, follow=True))
    assert here.get(f"{OWN}/{key}").status_code == 404
    assert here.delete(f"{OWN}/{key}").status_code == 404
    assert alive(theirs)
    assert events("accounts.session.ended") == []


def test_whoever_looks_as_somebody_else_neither_sees_nor_ends_its_sessions(world: World) -> None:
    looking, theirs = looked_at(world.clerk, world.admin), signed_in(world.clerk)
    for reply in (
        looking.get("/me/sessions"),
        looking.post("/me/sessions", {"do": "others"}),
        looking.get(OWN),
        looking.delete(OWN),
        looking.delete(f"{OWN}/{session_of(theirs).pk}"),
    ):
        assert reply.status_code == 403
    assert alive(theirs)


def test_the_person_sees_who_looks_as_it_and_ends_that(world: World) -> None:
    here, looking = signed_in(world.clerk), looked_at(world.clerk, world.admin)
    assert f"{world.admin} looks at the console as this person" in text_of(here.get("/me/sessions"))
    assert here.delete(f"{OWN}/{session_of(looking).pk}").status_code == 204
    assert not alive(looking)


# --- the calls ---


def test_the_list_names_the_calling_session_and_never_its_token(world: World) -> None:
    here = told(signed_in(world.clerk), agent=FIREFOX)
    token = tokens_of(world.clerk, label="Script")["access_token"]
    items = {item["kind"]: item for item in here.get(OWN).json()["items"]}
    assert (items["browser"]["current"], items["token"]["current"]) == (True, False)
    assert (items["browser"]["device"], items["token"]["label"]) == ("Firefox on Linux", "Script")
    assert items["browser"]["second_factor"] is True
    assert items["token"]["second_factor"] is False
    again = call("get", "users/me/sessions", token=token).json()["items"]
    assert {item["kind"]: item["current"] for item in again} == {"browser": False, "token": True}
    assert here.cookies[COOKIE].value not in json.dumps(again)


def test_the_list_comes_in_pages(world: World) -> None:
    here = signed_in(world.clerk)
    for _ in range(4):
        signed_in(world.clerk)
    first = here.get(OWN, {"limit": 3}).json()
    rest = here.get(OWN, {"limit": 3, "cursor": first["next_cursor"]}).json()
    assert (len(first["items"]), len(rest["items"]), rest["next_cursor"]) == (3, 2, None)
    assert here.get(OWN, {"cursor": "nonsense"}).status_code == 400


def test_all_others_are_ended_by_one_call(world: World) -> None:
    here, there = signed_in(world.clerk), signed_in(world.clerk)
    assert here.delete(OWN).json() == {"ended": 1}
    assert here.delete(OWN).json() == {"ended": 0}
    assert (alive(here), alive(there)) == (True, False)
    assert len(events("accounts.session.ended")) == 1


def test_a_client_ends_itself(world: World) -> None:
    found = tokens_of(world.clerk)["access_token"]
    key = call("get", "users/me/sessions", token=found).json()["items"][0]["id"]
    assert call("delete", f"users/me/sessions/{key}", token=found).status_code == 204
    assert opens(found) == 401


def test_an_administrator_ends_all_sessions_of_a_person_but_not_of_root(world: World) -> None:
    admin, clerk, root = signed_in(world.admin), signed_in(world.clerk), signed_in(world.root)
    assert admin.delete(f"/api/v1/users/{world.clerk.pk}/sessions").json() == {"ended": 1}
    assert admin.delete(f"/api/v1/users/{world.root.pk}/sessions").status_code == 403
    assert admin.delete(f"/api/v1/users/{world.root.pk}/sessions/{session_of(root).pk}").status_code == 403
    assert (alive(clerk), alive(root)) == (False, True)
    assert [event.target_id for event in events("accounts.session.revoked")] == [world.clerk.pk]


def test_an_administrator_cannot_name_the_session_of_one_person_under_another(world: World) -> None:
    admin, clerk = signed_in(world.admin), signed_in(world.clerk)
    for method in (admin.get, admin.delete):
        assert method(f"/api/v1/users/{world.stranger.pk}/sessions/{session_of(clerk).pk}").status_code == 404
        assert method(f"/api/v1/users/{ids.uuid7()}/sessions").status_code == 404
    assert alive(clerk)


def test_the_page_of_a_person_tells_of_clients_and_how_each_session_was_proved(world: World) -> None:
    tokens_of(world.clerk, label="Backup script")
    told(signed_in(world.clerk), method="password+recovery", agent=FIREFOX)
    text = text_of(signed_in(world.admin).get(f"/platform/people/{world.clerk.pk}?tab=sessions"))
    for words in ("Backup script", "API client", "Firefox on Linux", "password and recovery code", "no second factor"):
        assert words in text


def test_what_a_session_was_proved_with_is_said_in_words() -> None:
    assert method_words("password") == "password"
    assert method_words("password+totp") == "password and authenticator app"
    assert method_words("something") == "something"
    assert method_words("") == ""


def test_ending_sessions_needs_somebody_who_acts(world: World) -> None:
    here = signed_in(world.clerk)
    assert Client().get("/me/sessions").status_code == 302
    assert Client().delete(OWN).status_code == 401
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = here.cookies
    assert strict.post("/me/sessions", {"do": "all"}).status_code == 403
    assert strict.delete(OWN).status_code == 403
    assert alive(here)
