"""Erasing a person: nothing that names it is left, what it did stays told, and nobody who must stay goes."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.errors import Erased
from accounts.models import Invitation, Link, Membership, Organisation, Session, User
from accounts.services import bulk, erasure, links, passwords, users
from accounts.services import roles as role_services
from accounts.services.invitations import invitations_create
from accounts.services.memberships import membership_add, roles_by_code
from accounts.services.organisations import organisation_create
from audit import personal
from audit.models import Event, PersonalKey
from audit.selectors import told
from portal.kit import context, errors
from portal.kit.models import Note, OutboundMessage
from portal.kit.notes import note_add
from rbac.errors import LastAdministrator, LastOwner
from rbac.models import Role
from tests.accounts.helpers import denials, events, footprint, roles, sign_in, text_of
from tests.factories import PASSWORD, World, actor_of, person, signed_in

Browser = Callable[[User], Client]


def _erase(by: User, user: User, **more: Any) -> User:
    with context.acting(actor_of(by)):
        return erasure.user_anonymise(actor=actor_of(by), user=user, **more)


@pytest.fixture
def ada(world: World) -> User:
    """Somebody with everything that hangs on a person."""
    user = person("Ada Lovelace", role="user", username="ada", email="ada@example.org")
    signed_in(user)
    with context.acting(actor_of(world.admin)):
        admin = actor_of(world.admin)
        users.user_update(actor=admin, user=user, values={"name": "Ada King"})
        links.password_link_make(actor=admin, user=user)
        note_add(actor=admin, target=user, code="user:update", text="Prefers to be called Ada.")
    sign_in(Client(), "ada", "wrong")
    user.refresh_from_db()
    return user


def test_nothing_that_names_the_person_is_left(world: World, ada: User) -> None:
    former = {"ada", "ada@example.org", "Ada King", "Ada Lovelace"}
    _erase(world.admin, ada, reason="asked for it")
    ada.refresh_from_db()
    row = {str(getattr(ada, field.attname)) for field in User._meta.concrete_fields}
    assert not former & row
    assert (ada.is_active, ada.has_usable_password(), ada.last_seen_at, ada.must_change_password) == (
        False,
        False,
        None,
        False,
    )
    assert ada.erased_at is not None
    assert not Session.objects.filter(user=ada).exists()
    assert not Link.objects.filter(user=ada).exists()
    assert not OutboundMessage.objects.filter(person_id=ada.pk).exists()
    assert not Note.objects.filter(object_id=ada.pk).exists()
    assert roles(ada) == []
    (event,) = events("accounts.user.anonymised")
    assert (event.actor_id, event.target_id, event.reason) == (world.admin.pk, ada.pk, "asked for it")
    assert event.changes == {"is_active": [True, False]}
    assert event.data == {"sessions_ended": 1, "keys_revoked": 0, "memberships": 0, "roles": 1, "invitations": 0}


def test_the_trail_keeps_its_rows_and_forgets_the_name(world: World, ada: User) -> None:
    before = list(Event.objects.filter(target_id=ada.pk).order_by("id").values_list("id", "personal", "changes"))
    _erase(world.admin, ada)
    after = list(Event.objects.filter(target_id=ada.pk).order_by("id").values_list("id", "personal", "changes"))
    assert after[: len(before)] == before
    rows = told(Event.objects.filter(target_id=ada.pk).order_by("id"))
    assert {row.target_label for row in rows} == {f"erased person {ada.pk.hex[-8:]}"}
    assert all(row.erased for row in rows)
    assert not any("Ada" in str(row.raw_changes) for row in rows)
    key = PersonalKey.objects.get(pk=ada.pk)
    assert key.sealed is None
    assert key.destroyed_at is not None


def test_a_process_that_knew_the_key_forgets_it_and_none_is_made_again(world: World, ada: User) -> None:
    assert personal.keys_for({ada.pk})
    _erase(world.admin, ada)
    with context.acting(actor_of(world.admin)), pytest.raises(Erased):
        users.user_activate(actor=actor_of(world.admin), user=ada)
    assert PersonalKey.objects.get(pk=ada.pk).sealed is None
    assert all(row.erased for row in told(Event.objects.filter(target_id=ada.pk)))


def test_somebody_whom_the_trail_never_named_is_erased_there_too(world: World) -> None:
    assert not PersonalKey.objects.filter(pk=world.stranger.pk).exists()
    _erase(world.admin, world.stranger)
    assert PersonalKey.objects.get(pk=world.stranger.pk).sealed is None


def test_user_name_and_address_are_free_again(world: World, ada: User) -> None:
    _erase(world.admin, ada)
    with context.acting(actor_of(world.admin)):
        again, _password = users.user_create(
            actor=actor_of(world.admin), name="Ada Lovelace", username="ada", email="ada@example.org"
        )
    assert again.pk != ada.pk
    assert sign_in(Client(), "ada@example.org", PASSWORD).status_code == 422


def test_two_are_erased_side_by_side(world: World) -> None:
    first, second = person(), person()
    _erase(world.admin, first)
    _erase(world.admin, second)
    assert User.objects.exclude(erased_at=None).count() == 2


def test_an_erased_person_neither_comes_in_nor_comes_back(world: World, ada: User) -> None:
    client = signed_in(ada)
    _erase(world.admin, ada)
    assert client.get("/api/v1/auth/session").status_code == 401
    assert sign_in(Client(), "ada", PASSWORD).status_code == 422
    admin, role = actor_of(world.admin), Role.objects.get(catalogue="platform", code="user")
    ada.refresh_from_db()
    before = footprint(ada)
    acts: list[Callable[[], object]] = [
        lambda: users.user_activate(actor=admin, user=ada),
        lambda: users.user_update(actor=admin, user=ada, values={"name": "Ada"}),
        lambda: passwords.password_issue(actor=admin, user=ada),
        lambda: erasure.user_anonymise(actor=admin, user=ada),
        lambda: role_services.role_give(actor=actor_of(world.root), user=ada, role=role),
    ]
    with context.acting(admin):
        for act in acts:
            with pytest.raises(Erased):
                act()
        with pytest.raises(errors.Conflict):
            links.password_link_make(actor=admin, user=ada)
        outcome = bulk.users_activate_bulk(actor=admin, ids=[ada.pk])
    assert outcome.skipped == ((ada.pk, "This person was erased"),)
    assert footprint(ada) == before


def test_the_page_erases_only_when_the_user_name_was_typed(world: World, ada: User, browser_of: Browser) -> None:
    client = browser_of(world.admin)
    url = f"/platform/people/{ada.pk}"
    assert 'data-word="ada"' in client.get(url).content.decode()
    before = footprint(ada)
    for word in ("", "Ada", "ada@example.org"):
        response = client.post(f"{url}/erase", {"confirm_word": word})
        assert response.status_code == 422
        assert "type the user name" in text_of(response)
    assert footprint(ada) == before
    assert not events("accounts.user.anonymised")
    assert client.post(f"{url}/erase", {"confirm_word": "ada", "reason": "left"})["Location"] == url
    page = text_of(client.get(url))
    assert f"Erased person {ada.pk.hex[-8:]}" in page
    assert "Ada" not in page
    assert "Deactivate" not in page


@pytest.mark.parametrize("who", ["admin", "manager", "clerk", "stranger"])
def test_nobody_erases_the_root_administrator(world: World, browser_of: Browser, who: str) -> None:
    before = footprint(world.root)[:-5]
    url = f"/platform/people/{world.root.pk}/erase"
    assert browser_of(getattr(world, who)).post(url, {"confirm_word": world.root.username}).status_code == 403
    assert footprint(world.root)[:-5] == before
    assert len(denials()) == 1


def test_not_even_the_host_erases_the_root_administrator(world: World) -> None:
    person("Second", role="super_admin")
    with context.system("a test") as current, pytest.raises(errors.Forbidden):
        erasure.user_anonymise(actor=current.actor, user=world.root)
    assert not events("accounts.user.anonymised")


def test_neither_oneself_nor_who_ranks_above_nor_the_last_administrator_goes(world: World) -> None:
    boss = person("Boss", role="super_admin")
    with pytest.raises(errors.Forbidden):
        _erase(world.admin, boss)
    with pytest.raises(errors.Conflict):
        _erase(world.admin, world.admin)
    with pytest.raises(errors.Forbidden):
        _erase(world.manager, world.clerk)
    for user in (boss, world.admin, world.clerk):
        user.refresh_from_db()
        assert user.erased_at is None
    assert not events("accounts.user.anonymised")


def test_the_last_super_administrator_is_not_erased(db: None) -> None:
    last = person("Last", role="super_admin")
    with context.system("a test") as current, pytest.raises(LastAdministrator):
        erasure.user_anonymise(actor=current.actor, user=last)
    last.refresh_from_db()
    assert (last.erased_at, roles(last)) == (None, ["super_admin"])


def _company(owner: User, *members: User) -> Organisation:
    roles_there = roles_by_code()
    with context.system("a test") as current:
        organisation = organisation_create(actor=current.actor, name="Orchard", slug="orchard", owner=owner)
        for member in members:
            membership_add(actor=current.actor, organisation=organisation, user=member, role=roles_there["viewer"])
    return organisation


def test_an_erased_person_leaves_its_organisations_whose_own_trail_tells_so(world: World, ada: User) -> None:
    organisation = _company(world.clerk, ada)
    with context.system("a test") as current:
        invitations_create(
            actor=current.actor,
            organisation=organisation,
            addresses=["ada@example.com"],
            role=roles_by_code()["viewer"],
        )
        users.user_update(actor=current.actor, user=ada, values={"email": "ada@example.com"})
    _erase(world.admin, ada)
    assert list(Membership.objects.values_list("user_id", flat=True)) == [world.clerk.pk]
    assert not Invitation.objects.exists()
    (event,) = events("accounts.membership.removed")
    assert event.organisation_id == organisation.pk
    assert events("accounts.user.anonymised")[0].data["memberships"] == 1


def test_the_last_owner_of_an_organisation_is_neither_erased_nor_deactivated(world: World) -> None:
    _company(world.clerk, world.stranger)
    admin = actor_of(world.admin)
    with context.acting(admin):
        with pytest.raises(LastOwner):
            erasure.user_anonymise(actor=admin, user=world.clerk)
        with pytest.raises(LastOwner):
            users.user_deactivate(actor=admin, user=world.clerk)
        outcome = bulk.users_deactivate_bulk(actor=admin, ids=[world.clerk.pk, world.stranger.pk])
    assert outcome.done == (world.stranger.pk,)
    assert dict(outcome.skipped) == {world.clerk.pk: "The last owner stays"}
    world.clerk.refresh_from_db()
    assert (world.clerk.is_active, world.clerk.erased_at) == (True, None)


def test_of_two_owners_named_together_the_second_stays(world: World) -> None:
    second = person("Second")
    organisation = _company(world.clerk)
    with context.system("a test") as current:
        membership_add(actor=current.actor, organisation=organisation, user=second, role=roles_by_code()["owner"])
        outcome = bulk.users_deactivate_bulk(actor=current.actor, ids=[world.clerk.pk, second.pk])
    assert outcome.done == (world.clerk.pk,)
    assert dict(outcome.skipped) == {second.pk: "The last owner stays"}
