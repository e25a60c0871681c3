"""Links for a new password: mailed, good once, for an hour, replaced by a newer one; the token is nowhere else."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.errors import Deactivated, LinkGone
from accounts.models import Link, User
from accounts.services import links
from portal.kit import clock, context, crypto, errors, logs
from portal.kit.context import Context
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.accounts.helpers import NEW_PASSWORD, denials, events, footprint, sealed, sign_in, text_of
from tests.factories import PASSWORD, World, actor_of, person, signed_in

Browser = Callable[[User], Client]


def _mailed(user: User) -> str:
    """The token in the newest mail to a person."""
    mail = OutboundMessage.objects.filter(person_id=user.pk).order_by("-id")[0]
    found = re.search(r"^(\S+)/password/(\S+)$", mail.text, re.MULTILINE)
    assert found, mail.text
    return found.group(2)


def _made(world: World, user: User) -> str:
    with context.acting(actor_of(world.admin)):
        links.password_link_make(actor=actor_of(world.admin), user=user)
    return _mailed(user)


def _choose(client: Client, token: str, new: str = NEW_PASSWORD, repeat: str | None = None) -> Any:
    assert client.get(f"/password/{token}").status_code == 302
    return client.post("/password", {"new": new, "repeat": new if repeat is None else repeat})


def test_the_link_is_mailed_and_its_token_stands_nowhere_else(world: World, browser_of: Browser) -> None:
    response = browser_of(world.admin).post(f"/platform/people/{world.clerk.pk}/link")
    assert (response.status_code, response["Location"]) == (302, f"/platform/people/{world.clerk.pk}")
    token = _mailed(world.clerk)
    assert len(token) >= 43
    (mail,) = OutboundMessage.objects.all()
    assert (mail.address, mail.subject) == (world.clerk.email, "Choose a new password")
    (link,) = Link.objects.all()
    assert bytes(link.digest) == crypto.digest(token)
    assert (link.user_id, link.made_by, link.used_at) == (world.clerk.pk, world.admin.pk, None)
    assert link.expires_at - link.created_at == timedelta(minutes=60)
    (event,) = events("accounts.password.linked")
    assert (event.actor_id, event.target_id) == (world.admin.pk, world.clerk.pk)
    told = str(vars(event)) + str(sealed(event)) + str(response.headers) + str(response.cookies)
    assert token not in told


def test_a_forged_host_does_not_reach_the_mail(world: World, browser_of: Browser, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.STEWARD_PUBLIC_URL = "https://steward.example.com"
    browser_of(world.admin).post(f"/platform/people/{world.clerk.pk}/link", headers={"Host": "evil.example.org"})
    (mail,) = OutboundMessage.objects.all()
    assert "https://steward.example.com/password/" in mail.text
    assert "evil" not in mail.text


def test_password_and_sessions_stay_until_the_link_is_used(world: World) -> None:
    client = signed_in(world.clerk)
    _made(world, world.clerk)
    assert client.get("/api/v1/auth/session").status_code == 200
    assert sign_in(Client(), world.clerk.username, PASSWORD).status_code == 302


def test_using_it_sets_the_password_ends_every_session_and_signs_nobody_in(world: World) -> None:
    former = signed_in(world.clerk)
    token = _made(world, world.clerk)
    client = Client()
    response = _choose(client, token)
    assert (response.status_code, response["Location"]) == (302, "/sign-in")
    assert "Your password is set" in text_of(client.get("/sign-in"))
    assert former.get("/api/v1/auth/session").status_code == 401
    assert client.get("/api/v1/auth/session").status_code == 401
    assert sign_in(Client(), world.clerk.username, PASSWORD).status_code == 422
    assert sign_in(Client(), world.clerk.username, NEW_PASSWORD)["Location"] == "/"
    (event,) = events("accounts.password.reset")
    assert (event.actor_id, event.target_id, event.data) == (world.clerk.pk, world.clerk.pk, {"sessions_ended": 1})
    assert NEW_PASSWORD not in str(vars(event))
    assert OutboundMessage.objects.filter(subject="Your password was changed").count() == 1


def test_it_also_takes_the_place_of_a_temporary_password(world: World) -> None:
    user = person("Newcomer", must_change_password=True)
    _choose(Client(), _made(world, user))
    user.refresh_from_db()
    assert user.must_change_password is False
    assert user.password_changed_at is not None
    assert events("accounts.password.reset")[0].changes["must_change_password"] == [True, False]


def test_it_works_once(world: World) -> None:
    token = _made(world, world.clerk)
    client = Client()
    assert _choose(client, token).status_code == 302
    for reply in (client.get(f"/password/{token}"), Client().get(f"/password/{token}")):
        assert reply.status_code == 410
        assert "does not work any more" in text_of(reply)
    with pytest.raises(LinkGone), context.use(Context()):
        links.password_link_use(token=token, new="another-long-password-of-mine")
    assert sign_in(Client(), world.clerk.username, NEW_PASSWORD).status_code == 302


def test_looking_at_it_spends_nothing(world: World) -> None:
    token = _made(world, world.clerk)
    for _ in range(3):
        client = Client()
        assert client.get(f"/password/{token}").status_code == 302
        assert client.get("/password").status_code == 200
    assert _choose(Client(), token).status_code == 302


def test_an_hour_later_it_is_dead(world: World) -> None:
    token = _made(world, world.clerk)
    client = Client()
    client.get(f"/password/{token}")
    before = footprint(world.clerk)
    with clock.at(clock.now() + timedelta(minutes=60, seconds=1)):
        assert Client().get(f"/password/{token}").status_code == 410
        assert client.post("/password", {"new": NEW_PASSWORD, "repeat": NEW_PASSWORD}).status_code == 410
    assert footprint(world.clerk) == before


def test_a_newer_one_replaces_it(world: World) -> None:
    first = _made(world, world.clerk)
    second = _made(world, world.clerk)
    assert Client().get(f"/password/{first}").status_code == 410
    assert _choose(Client(), second).status_code == 302
    assert Link.objects.filter(user=world.clerk).count() == 1


def test_the_database_itself_keeps_one_open_link_a_person(world: World) -> None:
    _made(world, world.clerk)
    with context.system("a test"), writing(), pytest.raises(IntegrityError), transaction.atomic():
        Link.objects.create(
            digest=b"x" * 32, user=world.clerk, kind=Link.Kind.PASSWORD, expires_at=clock.now() + timedelta(hours=1)
        )


def test_of_two_who_use_it_at_once_one_wins(own_database: dict[str, str], world: World) -> None:
    token = _made(world, world.clerk)
    gate = threading.Barrier(2)
    outcome: list[str] = []

    def use(new: str) -> None:
        try:
            gate.wait(20)
            with context.use(Context()):
                links.password_link_use(token=token, new=new)
            outcome.append(new)
        except LinkGone:
            outcome.append("gone")
        finally:
            connection.close()

    threads = [threading.Thread(target=use, args=(f"the-long-password-number-{n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    (winner,) = [new for new in outcome if new != "gone"]
    assert sorted(outcome) == sorted(["gone", winner])
    world.clerk.refresh_from_db()
    assert world.clerk.check_password(winner)
    assert len(events("accounts.password.reset")) == 1


@pytest.mark.parametrize(
    ("new", "repeat", "says"),
    [
        ("short", None, "at least 15 characters"),
        ("x" * 129, None, "at most 128 characters"),
        ("1q2w3e4r5t6y7u8i9o0p", None, "too common"),
        (NEW_PASSWORD, "something else", "not the same as the new password"),
    ],
)
def test_a_weak_password_is_refused_with_its_reason_and_spends_nothing(
    world: World, new: str, repeat: str | None, says: str
) -> None:
    token = _made(world, world.clerk)
    before = footprint(world.clerk)
    client = Client()
    response = _choose(client, token, new, repeat)
    assert response.status_code == 422
    assert says in text_of(response)
    assert new not in response.content.decode() or len(new) < 6
    assert footprint(world.clerk) == before
    assert not events("accounts.password.reset")
    assert client.post("/password", {"new": NEW_PASSWORD, "repeat": NEW_PASSWORD}).status_code == 302


def test_neither_address_nor_form_can_be_kept_or_passed_on(world: World) -> None:
    token = _made(world, world.clerk)
    client = Client()
    way = client.get(f"/password/{token}")
    assert (way["Location"], way["Referrer-Policy"], way["Cache-Control"]) == ("/password", "no-referrer", "no-store")
    cookie = way.cookies["password_link"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["max-age"]) == (
        True,
        "Lax",
        "/password",
        3600,
    )
    page = client.get("/password")
    assert page["Cache-Control"] == "no-store"
    assert token not in page.content.decode()
    assert client.post("/password", {"new": NEW_PASSWORD, "repeat": NEW_PASSWORD}).cookies["password_link"].value == ""


def test_the_log_has_the_route_and_not_the_token(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[dict[str, Any]] = []

    class Output:
        def put(self, fields: dict[str, Any]) -> None:
            lines.append(fields)

    monkeypatch.setattr(logs, "_output", Output())
    monkeypatch.setattr(logs._access, "level", 10)
    token = _made(world, world.clerk)
    Client().get(f"/password/{token}")
    Client().get("/password/nonsense")
    assert token not in str(lines)
    assert "nonsense" not in str(lines)


@pytest.mark.parametrize("token", ["nonsense", "x" * 400, "%00", "..", "a%2Fb"])
def test_a_made_up_token_opens_nothing(world: World, token: str) -> None:
    assert Client().get(f"/password/{token}").status_code in {404, 410}
    assert Client().get("/password").status_code == 410
    assert Client().post("/password", {"new": NEW_PASSWORD, "repeat": NEW_PASSWORD}).status_code == 410
    assert not events("accounts.password.reset")


def test_an_inactive_person_gets_none_and_uses_none(world: World) -> None:
    idle = person("Idle", is_active=False)
    with context.acting(actor_of(world.admin)), pytest.raises(Deactivated):
        links.password_link_make(actor=actor_of(world.admin), user=idle)
    token = _made(world, world.clerk)
    with context.system("a test"), writing():
        User.objects.filter(pk=world.clerk.pk).update(is_active=False)
    assert Client().get(f"/password/{token}").status_code == 410
    assert not OutboundMessage.objects.filter(person_id=idle.pk).exists()


@pytest.mark.parametrize(("target", "status", "reason"), [("root", 403, "accounts.root_protected"), ("admin", 409, "")])
def test_neither_root_nor_oneself_is_sent_one(
    world: World, browser_of: Browser, target: str, status: int, reason: str
) -> None:
    user = getattr(world, target)
    response = browser_of(world.admin).post(f"/platform/people/{user.pk}/link")
    assert response.status_code == status
    assert denials() == ([reason] if reason else [])
    assert Link.objects.count() == OutboundMessage.objects.count() == 0


@pytest.mark.parametrize("who", ["manager", "clerk", "stranger"])
def test_who_lacks_the_right_sends_none(world: World, browser_of: Browser, who: str) -> None:
    victim = person("Victim")
    assert browser_of(getattr(world, who)).post(f"/platform/people/{victim.pk}/link").status_code == 403
    actor = actor_of(getattr(world, who))
    with context.acting(actor), pytest.raises(errors.Forbidden):
        links.password_link_make(actor=actor, user=victim)
    assert Link.objects.count() == OutboundMessage.objects.count() == 0
    assert not events("accounts.password.linked")
