"""Whom nobody may touch: the root administrator, who ranks above, oneself, the last administrator."""

import select
import threading
import time
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.models import User
from accounts.services import roles as role_services
from accounts.services import roots, users
from portal.kit import context, errors
from portal.kit.context import Context
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from rbac.errors import LastAdministrator
from rbac.models import Binding, Role
from rbac.selectors import holders_of
from tests.accounts.helpers import denials, events, footprint, roles, sign_in, text_of
from tests.factories import World, actor_of, person

Browser = Callable[[User], Client]
VALUES = {"name": "Somebody Else", "username": "somebody", "email": "somebody@example.org"}
ATTACKS = [
    ("edit", VALUES),
    ("deactivate", {"reason": "revolt"}),
    ("activate", {}),
    ("password", {}),
    ("role", {"do": "take", "role": "super_admin"}),
    ("role", {"do": "give", "role": "user"}),
]


@pytest.mark.parametrize(("path", "values"), ATTACKS)
def test_nobody_else_touches_the_root_administrator(
    world: World, browser_of: Browser, path: str, values: dict[str, str]
) -> None:
    rival = person("Rival", role="super_admin")
    before = footprint(world.root)
    response = browser_of(rival).post(f"/platform/people/{world.root.pk}/{path}", values)
    assert response.status_code == 403
    assert "root administrator cannot be changed" in text_of(response)
    assert footprint(world.root)[:-5] == before[:-5]
    assert roles(world.root) == ["super_admin"]
    assert OutboundMessage.objects.count() == 0
    assert denials() == ["accounts.root_protected"]


def test_even_the_form_for_the_root_administrator_is_closed(world: World, browser_of: Browser) -> None:
    assert browser_of(world.admin).get(f"/platform/people/{world.root.pk}/edit").status_code == 403
    assert denials() == ["accounts.root_protected"]


def test_root_edits_itself_but_cannot_give_itself_up(world: World, browser_of: Browser) -> None:
    person("Second", role="super_admin")
    client = browser_of(world.root)
    url = f"/platform/people/{world.root.pk}"
    assert client.post(f"{url}/edit", VALUES | {"username": "root"}).status_code == 302
    before = footprint(world.root)
    assert client.post(f"{url}/deactivate").status_code == 409
    assert client.post(f"{url}/password").status_code == 409
    assert client.post(f"{url}/role", {"do": "take", "role": "super_admin"}).status_code == 403
    assert footprint(world.root) == before


def test_the_database_itself_keeps_root_active_and_single(world: World) -> None:
    with context.system("a test"), writing():
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(pk=world.root.pk).update(is_active=False)
        with pytest.raises(IntegrityError), transaction.atomic():
            User.objects.filter(pk=world.clerk.pk).update(is_root=True)


@pytest.mark.parametrize(("path", "values"), ATTACKS[:4])
def test_who_ranks_above_is_out_of_reach(world: World, browser_of: Browser, path: str, values: dict[str, str]) -> None:
    boss = person("Boss", role="super_admin")
    before = footprint(boss)
    response = browser_of(world.admin).post(f"/platform/people/{boss.pk}/{path}", values)
    assert response.status_code == 403
    assert "ranks above you" in text_of(response)
    assert footprint(boss)[:-5] == before[:-5]
    assert denials() == ["accounts.outranked"]


def test_a_manager_cannot_edit_an_administrator(world: World, browser_of: Browser) -> None:
    before = footprint(world.admin)
    client = browser_of(world.manager)
    assert client.get(f"/platform/people/{world.admin.pk}/edit").status_code == 403
    assert client.post(f"/platform/people/{world.admin.pk}/edit", VALUES).status_code == 403
    assert footprint(world.admin)[:-5] == before[:-5]
    assert denials() == ["accounts.outranked"] * 2


def test_nobody_deactivates_oneself(world: World, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    response = client.post(f"/platform/people/{world.admin.pk}/deactivate")
    assert response.status_code == 409
    assert "You cannot do that to yourself" in text_of(response)
    world.admin.refresh_from_db()
    assert world.admin.is_active
    assert not events("accounts.user.deactivated")


def test_refused_buttons_say_why(world: World, browser_of: Browser) -> None:
    boss = person("Boss", role="super_admin")
    pages = {
        world.root: "The root administrator cannot be changed by others.",
        boss: "This person ranks above you.",
        world.admin: "You cannot deactivate yourself.",
    }
    client = browser_of(world.admin)
    for user, reason in pages.items():
        body = client.get(f"/platform/people/{user.pk}").content.decode()
        assert reason in body
        assert f'action="/platform/people/{user.pk}/deactivate"' not in body
    body = client.get(f"/platform/people/{world.clerk.pk}").content.decode()
    assert 'aria-disabled="true"' not in body
    assert f'action="/platform/people/{world.clerk.pk}/deactivate"' in body


@pytest.fixture
def last(db: None) -> User:
    """The only super administrator of an installation that has no root administrator."""
    return person("Last", role="super_admin")


def test_the_last_super_administrator_can_be_neither_demoted_nor_deactivated(last: User) -> None:
    with context.system("a test") as current, pytest.raises(LastAdministrator):
        users.user_deactivate(actor=current.actor, user=last)
    other = person("Other", role="super_admin")
    role = Role.objects.get(catalogue="platform", code="super_admin")
    with context.acting(actor_of(last)):
        role_services.role_take(actor=actor_of(last), user=other, role=role)
        with pytest.raises(LastAdministrator):
            role_services.role_take(actor=actor_of(last), user=last, role=role)
    last.refresh_from_db()
    assert last.is_active
    assert holders_of("super_admin") == [last.pk]
    assert not events("accounts.user.deactivated")


def test_the_page_tells_why_the_last_super_administrator_keeps_the_role(last: User, browser_of: Browser) -> None:
    client = browser_of(last)
    body = client.get(f"/platform/people/{last.pk}").content.decode()
    assert "The last administrator stays." in body
    response = client.post(f"/platform/people/{last.pk}/role", {"do": "take", "role": "super_admin"})
    assert response.status_code == 409
    assert "The last administrator stays" in text_of(response)
    assert roles(last) == ["super_admin"]


def test_two_administrators_who_deactivate_each_other_at_once_leave_one(own_database: dict[str, str]) -> None:
    first, second = person("First", role="super_admin"), person("Second", role="super_admin")
    outcome: list[BaseException | None] = []

    def rival() -> None:
        try:
            with context.use(Context(actor=actor_of(second))):
                users.user_deactivate(actor=actor_of(second), user=first)
            outcome.append(None)
        except errors.StewardError as error:
            outcome.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=rival)
    with context.use(Context(actor=actor_of(first))), writing():
        users.user_deactivate(actor=actor_of(first), user=second)
        thread.start()
        _wait_for_a_blocked_transaction()
    thread.join(20)
    (refusal,) = outcome
    assert isinstance(refusal, LastAdministrator)
    assert holders_of("super_admin") == [first.pk]
    assert [event.target_id for event in events("accounts.user.deactivated")] == [second.pk]


def _wait_for_a_blocked_transaction() -> None:
    """Until the other transaction waits for a lock of ours; a deadline instead of a guess."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            # Not pg_stat_activity: within one transaction it shows what it showed first.
            cursor.execute(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            if cursor.fetchone()[0]:
                return
        select.select([], [], [], 0.02)
    raise AssertionError("the other transaction never waited: the two do not exclude each other")


def test_first_start_makes_one_root_administrator_whose_password_must_change(db: None) -> None:
    with context.system("first start") as current:
        root, password = roots.root_ensure(actor=current.actor, username="Admin", email="root@steward.invalid")
        again, none = roots.root_ensure(actor=current.actor, username="other", email="other@steward.invalid")
    assert password is not None
    assert (again.pk, none) == (root.pk, None)
    assert User.objects.filter(is_root=True).count() == 1
    assert roles(root) == ["super_admin"]
    assert sign_in(Client(), "admin", password)["Location"] == "/me/password"
    (event,) = events("accounts.root.created")
    assert (event.severity, event.actor_kind) == ("warning", "system")
    assert password not in str(vars(event))


def test_recovery_from_the_host_ends_sessions_mails_and_rings(world: World, browser_of: Browser) -> None:
    thief = browser_of(world.root)
    with context.system("root recover") as current, writing():
        Binding.objects.filter(user=world.root).delete()
        recovered, password, _taken = roots.root_recover(actor=current.actor)
    assert recovered.pk == world.root.pk
    assert thief.get("/api/v1/auth/session").status_code == 401
    assert sign_in(Client(), world.root.username, password)["Location"] == "/me/password"
    assert roles(world.root) == ["super_admin"]
    (event,) = events("accounts.root.recovered")
    assert event.severity == "critical"
    (mail,) = OutboundMessage.objects.filter(subject="The root administrator was recovered from the host")
    assert password not in mail.text


def test_only_the_host_recovers(world: World) -> None:
    for actor in (actor_of(world.root), actor_of(world.admin)):
        with context.acting(actor), pytest.raises(errors.Forbidden):
            roots.root_recover(actor=actor)
    assert not events("accounts.root.recovered")
