"""A lost device: one administrator asks, another approves, the person can stop it; never one alone."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.errors import RecoveryGone, SecondPersonNeeded
from accounts.models import Link, Passkey, Recovery, Session, User
from accounts.services import recoveries
from accounts.services.erasure import user_anonymise
from portal.kit import clock, context, crypto
from portal.kit.context import Context
from portal.kit.errors import Forbidden
from portal.kit.models import Notice, OutboundMessage
from portal.kit.services import writing
from tests.accounts.helpers import denials, events, footprint, sealed, sign_in, text_of
from tests.accounts.recovery_world import REASON, carrier
from tests.factories import PASSWORD, World, actor_of, person, signed_in

Browser = Callable[[User], Client]


@pytest.fixture
def second(world: World) -> User:
    """Another administrator."""
    return person("Second", role="admin")


@pytest.fixture
def loser(world: World) -> User:
    """Who lost the device."""
    return carrier()


def asked(by: User, user: User) -> Recovery:
    """A recovery that waits."""
    with context.acting(actor_of(by)):
        return recoveries.recovery_ask(actor=actor_of(by), user=user, reason=REASON)


def mailed(user: User) -> str:
    """The token of the link that stops it."""
    mail = OutboundMessage.objects.get(person_id=user.pk, subject="Somebody says that you lost a device")
    found = re.search(r"^\S+/recovery/(\S+)$", mail.text, re.MULTILINE)
    assert found, mail.text
    return found.group(1)


def kept(user: User) -> tuple[Any, ...]:
    """What must be as it was while nobody approved."""
    user.refresh_from_db()
    held = list(Passkey.objects.filter(user=user).values_list("pk", flat=True))
    return user.password, held, Session.objects.filter(user=user).count(), Link.objects.filter(user=user).count()


# --- asking ---


def test_asking_tells_the_person_and_the_others_and_changes_nothing(
    world: World, second: User, loser: User, browser_of: Browser
) -> None:
    signed_in(loser)
    before = kept(loser)
    reply = browser_of(world.admin).post(f"/platform/people/{loser.pk}/recovery", {"reason": REASON})
    recovery = Recovery.objects.get()
    assert (reply.status_code, reply["Location"]) == (302, f"/platform/recoveries/{recovery.pk}")
    assert (recovery.user_id, recovery.asked_by_id, recovery.state) == (loser.pk, world.admin.pk, "waiting")
    assert recovery.expires_at - recovery.asked_at == timedelta(hours=72)
    assert kept(loser) == before
    token = mailed(loser)
    assert bytes(recovery.digest) == crypto.digest(token)
    (event,) = events("accounts.recovery.asked")
    assert (event.actor_id, event.target_id) == (world.admin.pk, recovery.pk)
    assert token not in str(vars(event)) + str(sealed(event)) + str(reply.headers)
    assert REASON not in str(vars(event))
    told = Notice.objects.filter(url=f"/platform/recoveries/{recovery.pk}")
    assert {second.pk, world.root.pk} <= {notice.person_id for notice in told}
    assert world.admin.pk not in {notice.person_id for notice in told}


def test_a_forged_host_does_not_reach_the_mail(
    world: World, loser: User, browser_of: Browser, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    settings.STEWARD_PUBLIC_URL = "https://steward.example.com"
    where = f"/platform/people/{loser.pk}/recovery"
    browser_of(world.admin).post(where, {"reason": REASON}, headers={"Host": "evil.example.org"})
    mail = OutboundMessage.objects.get(person_id=loser.pk)
    assert "https://steward.example.com/recovery/" in mail.text
    assert "evil" not in mail.text


@pytest.mark.parametrize("reason", ["", "   ", "x" * 301, "a\nb", "\x00", "\u202eno"])
def test_a_reason_is_needed(world: World, loser: User, browser_of: Browser, reason: str) -> None:
    before = footprint(loser)
    reply = browser_of(world.admin).post(f"/platform/people/{loser.pk}/recovery", {"reason": reason})
    assert reply.status_code == 422
    assert 'aria-invalid="true"' in reply.content.decode()
    assert (footprint(loser), Recovery.objects.count()) == (before, 0)


def test_who_has_nothing_to_lose_is_not_recovered(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    where = f"/platform/people/{world.clerk.pk}/recovery"
    assert "no second factor to remove" in text_of(client.get(where))
    assert client.post(where, {"reason": REASON}).status_code == 409
    idle = carrier("Idle", is_active=False)
    assert client.post(f"/platform/people/{idle.pk}/recovery", {"reason": REASON}).status_code == 409
    assert Recovery.objects.count() == OutboundMessage.objects.count() == 0


def test_one_waits_at_a_time(world: World, second: User, loser: User, browser_of: Browser) -> None:
    asked(world.admin, loser)
    reply = browser_of(second).post(f"/platform/people/{loser.pk}/recovery", {"reason": REASON})
    assert reply.status_code == 409
    assert Recovery.objects.count() == 1
    assert OutboundMessage.objects.filter(person_id=loser.pk).count() == 1


@pytest.mark.parametrize(
    ("target", "status", "reason"),
    [("root", 403, "accounts.root_protected"), ("boss", 403, "accounts.outranked"), ("oneself", 409, "")],
)
def test_root_who_ranks_above_and_oneself_are_out_of_reach(
    world: World, browser_of: Browser, target: str, status: int, reason: str
) -> None:
    user = {"root": world.root, "oneself": world.admin}.get(target) or carrier("Boss", role="super_admin")
    reply = browser_of(world.admin).post(f"/platform/people/{user.pk}/recovery", {"reason": REASON})
    assert reply.status_code == status
    assert denials() == ([reason] if reason else [])
    assert Recovery.objects.count() == OutboundMessage.objects.count() == 0


@pytest.mark.parametrize("who", ["manager", "clerk", "stranger"])
def test_who_lacks_the_right_neither_asks_nor_decides(world: World, loser: User, browser_of: Browser, who: str) -> None:
    recovery = asked(world.admin, loser)
    client, before = browser_of(getattr(world, who)), kept(loser)
    for path, values in (
        (f"/platform/people/{loser.pk}/recovery", {"reason": REASON}),
        (f"/platform/recoveries/{recovery.pk}/approve", {}),
        (f"/platform/recoveries/{recovery.pk}/refuse", {}),
    ):
        assert client.post(path, values).status_code == 403
    assert client.get("/platform/recoveries").status_code == 403
    actor = actor_of(getattr(world, who))
    for act in (recoveries.recovery_approve, recoveries.recovery_refuse):
        with pytest.raises(Forbidden), context.acting(actor):
            act(actor=actor, recovery=recovery)
    recovery.refresh_from_db()
    assert (recovery.state, kept(loser)) == ("waiting", before)


@pytest.mark.parametrize("act", ["ask", "approve"])
def test_who_has_not_confirmed_is_asked_first(
    world: World, second: User, loser: User, browser_of: Browser, act: str
) -> None:
    path = f"/platform/people/{loser.pk}/recovery"
    if act == "approve":
        path = f"/platform/recoveries/{asked(world.admin, loser).pk}/approve"
    client, before = browser_of(second), kept(loser)
    with context.system("a test"), writing():
        second.sessions.update(confirmed_at=clock.now() - timedelta(minutes=11))
    reply = client.post(path, {"reason": REASON})
    assert (reply.status_code, reply["Location"].startswith("/confirm?")) == (302, True)
    assert kept(loser) == before
    assert Recovery.objects.filter(state="waiting").count() == (act == "approve")


# --- approving ---


def test_another_administrator_approves_and_the_way_is_free(
    world: World, second: User, loser: User, browser_of: Browser
) -> None:
    recovery, former = asked(world.admin, loser), signed_in(loser)
    reply = browser_of(second).post(f"/platform/recoveries/{recovery.pk}/approve")
    assert reply.status_code == 302
    recovery.refresh_from_db()
    assert (recovery.state, recovery.approved_by_id) == ("approved", second.pk)
    loser.refresh_from_db()
    assert not Passkey.objects.filter(user=loser).exists()
    assert not loser.has_usable_password()
    assert former.get("/api/v1/auth/session").status_code == 401
    assert sign_in(Client(), loser.username, PASSWORD).status_code == 422
    (event,) = events("accounts.recovery.approved")
    assert (event.actor_id, event.data) == (second.pk, {"factors_removed": 1, "sessions_ended": 1})
    subjects = set(OutboundMessage.objects.filter(person_id=loser.pk).values_list("subject", flat=True))
    assert {"Your second factors were removed", "Choose a new password"} <= subjects
    assert Link.objects.filter(user=loser, used_at=None).count() == 1
    assert Notice.objects.filter(person_id=world.admin.pk, title__contains="is approved").exists()
    assert Client().get(f"/recovery/{mailed(loser)}").status_code == 410


def test_who_asked_does_not_approve(world: World, loser: User, browser_of: Browser) -> None:
    recovery, client, before = asked(world.admin, loser), browser_of(world.admin), kept(loser)
    page = client.get(f"/platform/recoveries/{recovery.pk}")
    assert "Another administrator has to approve it" in text_of(page)
    assert client.post(f"/platform/recoveries/{recovery.pk}/approve").status_code == 403
    assert denials() == ["accounts.second_person_needed"]
    assert kept(loser) == before
    recovery.refresh_from_db()
    assert recovery.state == "waiting"


def test_whom_it_is_about_does_not_approve(world: World, second: User, browser_of: Browser) -> None:
    loser = carrier("Careless", role="admin")
    recovery = asked(second, loser)
    assert browser_of(loser).post(f"/platform/recoveries/{recovery.pk}/approve").status_code == 403
    assert denials() == ["accounts.second_person_needed"]
    assert Passkey.objects.filter(user=loser).exists()


def test_who_ranks_below_does_not_approve(world: World, second: User, browser_of: Browser) -> None:
    boss = carrier("Boss", role="super_admin")
    recovery = asked(world.root, boss)
    assert browser_of(second).post(f"/platform/recoveries/{recovery.pk}/approve").status_code == 403
    assert denials() == ["accounts.outranked"]
    assert Passkey.objects.filter(user=boss).exists()


def test_after_72_hours_nobody_approves_and_it_can_be_asked_anew(
    world: World, second: User, loser: User, browser_of: Browser
) -> None:
    recovery, before = asked(world.admin, loser), kept(loser)
    with clock.at(clock.now() + timedelta(hours=72, seconds=1)):
        client = browser_of(second)
        assert client.post(f"/platform/recoveries/{recovery.pk}/approve").status_code == 410
        assert client.post(f"/platform/recoveries/{recovery.pk}/refuse").status_code == 410
        assert Client().get(f"/recovery/{mailed(loser)}").status_code == 410
        assert "Expired" in text_of(client.get(f"/platform/recoveries/{recovery.pk}"))
        assert kept(loser)[:2] == before[:2]
        asked(second, loser)
    recovery.refresh_from_db()
    assert recovery.state == "expired"
    assert events("accounts.recovery.cancelled")[0].reason == "expired"
    assert Recovery.objects.filter(state="waiting").count() == 1


def test_what_is_decided_stays_decided(world: World, second: User, loser: User, browser_of: Browser) -> None:
    recovery, client, before = asked(world.admin, loser), browser_of(second), kept(loser)
    assert client.post(f"/platform/recoveries/{recovery.pk}/refuse", {"reason": "Not them"}).status_code == 302
    assert client.post(f"/platform/recoveries/{recovery.pk}/approve").status_code == 410
    assert kept(loser) == before
    (event,) = events("accounts.recovery.refused")
    assert (event.actor_id, event.reason) == (second.pk, "Not them")
    assert not events("accounts.recovery.approved")
    assert OutboundMessage.objects.filter(person_id=loser.pk, subject="Your recovery was refused").count() == 1


def test_who_asked_may_take_it_back(world: World, loser: User, browser_of: Browser) -> None:
    recovery = asked(world.admin, loser)
    assert browser_of(world.admin).post(f"/platform/recoveries/{recovery.pk}/refuse").status_code == 302
    assert Recovery.objects.get().state == "refused"


def test_of_two_who_approve_at_once_one_does(own_database: dict[str, str], world: World) -> None:
    loser = carrier()
    recovery = asked(world.admin, loser)
    approvers = [person(f"Approver {number}", role="admin") for number in range(3)]
    gate, outcome = threading.Barrier(3), []

    def approve(user: User) -> None:
        try:
            gate.wait(20)
            with context.acting(actor_of(user)):
                recoveries.recovery_approve(actor=actor_of(user), recovery=recovery)
            outcome.append("approved")
        except RecoveryGone:
            outcome.append("gone")
        finally:
            connection.close()

    threads = [threading.Thread(target=approve, args=(user,)) for user in approvers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcome) == ["approved", "gone", "gone"]
    assert len(events("accounts.recovery.approved")) == 1
    assert Link.objects.filter(user=loser).count() == 1


def test_of_an_approval_and_an_objection_at_once_one_counts(own_database: dict[str, str], world: World) -> None:
    loser, second = carrier(), person("Second", role="admin")
    recovery = asked(world.admin, loser)
    token, gate, outcome = mailed(loser), threading.Barrier(2), []

    def approve() -> None:
        with context.acting(actor_of(second)):
            recoveries.recovery_approve(actor=actor_of(second), recovery=recovery)

    def object_to_it() -> None:
        with context.use(Context()):
            recoveries.recovery_object(token=token)

    def run(act: Callable[[], None], name: str) -> None:
        try:
            gate.wait(20)
            act()
            outcome.append(name)
        except RecoveryGone:
            outcome.append("gone")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in ((approve, "approved"), (object_to_it, "cancelled"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    (winner,) = [name for name in outcome if name != "gone"]
    assert len(outcome) == 2
    recovery.refresh_from_db()
    assert recovery.state == winner
    assert Passkey.objects.filter(user=loser).exists() is (winner == "cancelled")


# --- objecting ---


def test_the_person_stops_it_without_signing_in(world: World, second: User, loser: User, browser_of: Browser) -> None:
    recovery, before = asked(world.admin, loser), kept(loser)
    token, client = mailed(loser), Client()
    way = client.get(f"/recovery/{token}")
    assert (way.status_code, way["Location"], way["Referrer-Policy"]) == (302, "/recovery", "no-referrer")
    page = client.get("/recovery")
    assert "Did you lose a device?" in text_of(page)
    assert (page["Cache-Control"], token in page.content.decode()) == ("no-store", False)
    done = client.post("/recovery")
    assert "The recovery is stopped" in text_of(done)
    assert done.cookies["recovery_link"].value == ""
    recovery.refresh_from_db()
    assert (recovery.state, kept(loser)) == ("cancelled", before)
    (event,) = events("accounts.recovery.cancelled")
    assert event.actor_id == loser.pk
    assert Notice.objects.filter(person_id=world.admin.pk, title__contains="stopped the recovery").exists()
    assert client.get("/api/v1/auth/session").status_code == 401
    assert browser_of(second).post(f"/platform/recoveries/{recovery.pk}/approve").status_code == 410


def test_looking_stops_nothing(world: World, loser: User) -> None:
    recovery = asked(world.admin, loser)
    for _ in range(2):
        client = Client()
        assert client.get(f"/recovery/{mailed(loser)}").status_code == 302
        assert client.get("/recovery").status_code == 200
    recovery.refresh_from_db()
    assert recovery.state == "waiting"


@pytest.mark.parametrize("token", ["nonsense", "x" * 400, "%00", ".."])
def test_a_made_up_link_stops_nothing(world: World, loser: User, token: str) -> None:
    asked(world.admin, loser)
    assert Client().get(f"/recovery/{token}").status_code in {404, 410}
    assert Client().get("/recovery").status_code == Client().post("/recovery").status_code == 410
    assert Recovery.objects.get().state == "waiting"


# --- the database itself ---


def test_the_database_itself_wants_two_people_and_one_open_recovery(world: World, second: User, loser: User) -> None:
    recovery = asked(world.admin, loser)
    ended = {"state": "approved", "ended_at": clock.now()}
    with context.system("a test"), writing():
        for wrong in (
            {**ended, "approved_by": world.admin},
            {**ended, "approved_by": loser},
            {**ended, "approved_by": None},
            {"asked_by": loser},
            {"state": "refused"},
            {"state": "nonsense", "ended_at": clock.now()},
            {"reason": ""},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                Recovery.objects.filter(pk=recovery.pk).update(**wrong)
        with pytest.raises(IntegrityError), transaction.atomic():
            Recovery.objects.create(user=loser, reason="-", asked_by=second, expires_at=clock.now(), digest=b"x" * 32)


def test_the_service_wants_a_second_person_too(world: World, loser: User) -> None:
    recovery = asked(world.admin, loser)
    with pytest.raises(SecondPersonNeeded), context.acting(actor_of(world.admin)):
        recoveries.recovery_approve(actor=actor_of(world.admin), recovery=recovery)


def test_an_erased_person_leaves_neither_passkeys_nor_recoveries(
    world: World, loser: User, browser_of: Browser
) -> None:
    token = (asked(world.admin, loser), mailed(loser))[1]
    with context.acting(actor_of(world.admin)):
        user_anonymise(actor=actor_of(world.admin), user=loser)
    assert not Passkey.objects.exists()
    assert not Recovery.objects.exists()
    assert Client().get(f"/recovery/{token}").status_code == 410
