"""Making, rotating and revoking keys: who may, within what, and what is left when it is refused."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import keys
from accounts.errors import Deactivated, KeyOfAnother, KeyOver, KeysTooMany, Outranked, RootProtected
from accounts.models import Key, User
from accounts.services import keys as services
from accounts.services.keys import key_create, key_revoke, key_rotate
from accounts.services.memberships import membership_leave
from audit.models import Event
from portal.kit import clock, context, errors
from portal.kit.context import Actor
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from rbac.errors import CannotDelegate
from tests.accounts.helpers import events
from tests.accounts.key_world import MONTH, call, make_key, make_service, row
from tests.accounts.organisation_world import House, join, make_house
from tests.factories import World, actor_of, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


@pytest.fixture
def other(world: World) -> House:
    return make_house("Meadow")


def kept() -> tuple[Any, ...]:
    """What a refusal leaves as it is."""
    told = Event.objects.exclude(code="kit.access.denied").count()
    return list(Key.objects.order_by("pk").values()), OutboundMessage.objects.count(), told


def by(actor: Actor, act: Callable[..., Any], **values: Any) -> Any:
    with context.acting(actor):
        return act(actor=actor, **values)


# --- the secret ---


def test_a_secret_is_long_random_and_carries_its_checksum() -> None:
    made = {keys.secret_new(live=bool(number % 2)) for number in range(200)}
    assert len({secret[8:40] for secret in made}) == 200
    assert all(re.fullmatch(r"sk_(live|test)_[0-9A-Za-z]{38}", secret) and keys.is_whole(secret) for secret in made)


def test_any_one_wrong_character_and_any_swap_is_noticed() -> None:
    secret = keys.secret_new()
    for place in range(8, len(secret)):
        other = "A" if secret[place] != "A" else "B"
        assert not keys.is_whole(secret[:place] + other + secret[place + 1 :])
        if place + 1 < len(secret) and secret[place] != secret[place + 1]:
            swapped = secret[:place] + secret[place + 1] + secret[place] + secret[place + 2 :]
            assert not keys.is_whole(swapped)
    for text in ("", "sk_live_", secret.lower(), secret.replace("live", "prod"), f" {secret}", f"{secret}\n"):
        assert not keys.is_whole(text) or text == secret


def test_the_database_holds_a_keyed_hash_and_the_beginning_alone(world: World) -> None:
    key, secret = make_key(world.manager)
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_key::text FROM accounts_key WHERE id = %s", [key.pk])
        text = cursor.fetchone()[0]
    assert secret[16:] not in text
    assert secret[:16] in text
    assert len(bytes(key.digest)) == 32
    for place in Event.objects.values_list("data", "changes", "target_label"):
        assert secret[16:] not in str(place)
    assert [mail for mail in OutboundMessage.objects.all() if secret[16:] in mail.text + mail.subject] == []


# --- making one ---


def test_making_a_key_is_on_record_and_told_to_its_owner(house: House) -> None:
    key, _secret = make_key(house.editor, house, scopes=["organisation:read"], addresses=["192.0.2.9/24"])
    (event,) = events("accounts.key.created")
    assert (event.target_id, event.organisation_id, event.actor_id) == (key.pk, house.id, house.editor.pk)
    assert event.changes["scopes"] == [None, ["organisation:read"]]
    assert event.changes["addresses"] == [None, ["192.0.2.0/24"]]
    (mail,) = OutboundMessage.objects.filter(person_id=house.editor.pk)
    assert key.prefix in mail.text


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("name", {"name": " "}),
        ("name", {"name": "x" * 81}),
        ("name", {"name": "Deploy\u202eyolpeD"}),
        ("expires_at", {"lasts": timedelta(days=366)}),
        ("expires_at", {"lasts": timedelta(0)}),
        ("expires_at", {"lasts": timedelta(days=-1)}),
        ("addresses", {"addresses": ["192.0.2.0/33"]}),
        ("addresses", {"addresses": ["example.com"]}),
        ("addresses", {"addresses": [f"192.0.2.{n}" for n in range(21)]}),
        ("rate_limit", {"rate_limit": 0}),
        ("rate_limit", {"rate_limit": 1_000_000}),
        ("scopes", {"scopes": []}),
        ("scopes", {"scopes": ["user:admin"]}),
        ("scopes", {"scopes": ["no:such"]}),
        ("scopes", {"scopes": ["user:read", "key:admin"]}),
    ],
)
def test_what_a_key_cannot_be_is_named_and_none_is_made(world: World, field: str, values: dict[str, Any]) -> None:
    before = kept()
    with pytest.raises(errors.Invalid) as refusal:
        make_key(world.manager, **values)
    assert list(refusal.value.fields) == [field]
    assert kept() == before


def test_whoever_holds_nothing_where_the_key_shall_work_makes_none(world: World, house: House, other: House) -> None:
    before = kept()
    for user, place in ((world.stranger, None), (house.viewer, house), (house.owner, None)):
        with pytest.raises(errors.Forbidden):
            make_key(user, place)
    values = {"name": "Elsewhere", "scopes": None, "expires_at": clock.now() + MONTH}
    with pytest.raises(errors.NotFound):
        by(house.inside(house.owner), key_create, organisation_id=other.id, **values)
    with pytest.raises(errors.Forbidden):
        by(actor_of(house.owner), key_create, organisation_id=other.id, **values)
    assert kept() == before


def test_a_key_with_chosen_permissions_gives_no_more_than_those(house: House) -> None:
    actor = house.inside(house.admin)
    narrow = Actor("person", actor.id, actor.label, house.id, scopes=frozenset({"apikey:create", "member:read"}))
    before = kept()
    values = {"name": "Child", "expires_at": clock.now() + MONTH, "organisation_id": house.id}
    with pytest.raises(CannotDelegate):
        by(narrow, key_create, scopes=None, **values)
    with pytest.raises(errors.Invalid):
        by(narrow, key_create, scopes=["organisation:update"], **values)
    assert kept() == before
    made, _secret = by(narrow, key_create, scopes=["member:read"], **values)
    assert made.scopes == ["member:read"]


def test_nobody_gives_a_service_account_more_than_they_hold(house: House) -> None:
    mighty = make_service(house, "admin")
    weak = make_service(house, "viewer", handle="weak")
    before = kept()
    with pytest.raises(errors.Forbidden):
        make_key(house.editor, house, service=weak)
    with pytest.raises(errors.Invalid):
        make_key(house.admin, house, service=weak, scopes=["member:create"])
    assert kept() == before
    assert make_key(house.admin, house, service=weak)[0].owner_id == weak.user_id
    assert make_key(house.admin, house, service=mighty, scopes=["member:create"])[0].scopes == ["member:create"]


def test_a_service_account_of_another_organisation_gets_no_key(house: House, other: House) -> None:
    theirs = make_service(other)
    before = kept()
    with pytest.raises(errors.NotFound):
        make_key(house.owner, house, service=theirs)
    assert kept() == before


def test_there_are_only_so_many_live_keys(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "LIVE_LIMIT", 2)
    first, _secret = make_key(house.editor, house)
    make_key(house.editor, house)
    before = kept()
    with pytest.raises(KeysTooMany):
        make_key(house.editor, house)
    assert kept() == before
    by(house.inside(house.editor), key_revoke, key=first)
    make_key(house.editor, house)


def test_an_inactive_owner_gets_no_key(house: House) -> None:
    service = make_service(house)
    with context.system("a test"), writing():
        User.objects.filter(pk=service.user_id).update(is_active=False)
    before = kept()
    with pytest.raises((Deactivated, errors.Invalid)):
        make_key(house.owner, house, service=service)
    assert kept() == before


@pytest.mark.parametrize(
    "values",
    [
        {"expires_at": "created_at + interval '366 days'"},
        {"expires_at": "created_at - interval '1 second'"},
        {"revoked_at": "now() - interval '1 day'"},
        {"prefix": "'sk_live_'"},
        {"prefix": "'pk_live_abcdefgh'"},
        {"rate_limit": "0"},
    ],
)
def test_the_database_refuses_a_key_that_cannot_be(world: World, values: dict[str, str]) -> None:
    key, _secret = make_key(world.manager)
    changes = ", ".join(f"{name} = {value}" for name, value in values.items())
    with (
        pytest.raises(IntegrityError),
        transaction.atomic(),
        context.system("a test"),
        writing(),
        connection.cursor() as cursor,
    ):
        cursor.execute(f"UPDATE accounts_key SET {changes} WHERE id = %s", [key.pk])


# --- rotating ---


def test_a_rotated_key_goes_on_for_a_day_beside_the_new_one(house: House) -> None:
    old, secret = make_key(house.editor, house, scopes=["organisation:read"], addresses=["127.0.0.0/8"])
    path = f"/api/v1/organisations/{house.id}"
    new, fresh = by(house.inside(house.editor), key_rotate, key=old)
    assert fresh != secret
    assert (new.name, new.scopes, new.addresses, new.organisation_id) == (old.name, old.scopes, old.addresses, house.id)
    assert timedelta(days=29) < new.expires_at - clock.now() <= MONTH
    assert [call(one, path).status_code for one in (secret, fresh)] == [200, 200]
    with clock.at(clock.now() + timedelta(hours=24, seconds=1)):
        assert [call(one, path).status_code for one in (secret, fresh)] == [401, 200]
    (event,) = events("accounts.key.rotated")
    assert (event.target_id, event.data["new_key"]) == (old.pk, str(new.pk))
    with pytest.raises(KeyOver):
        by(house.inside(house.editor), key_rotate, key=row(old))


def test_a_key_that_ends_within_the_day_is_not_made_longer_by_a_rotation(world: World) -> None:
    key, _secret = make_key(world.manager, lasts=timedelta(hours=2))
    before = key.expires_at
    by(actor_of(world.manager), key_rotate, key=key)
    assert row(key).expires_at == before


def test_nobody_gets_the_new_secret_of_somebody_elses_key(house: House, world: World) -> None:
    key, _secret = make_key(house.editor, house)
    staffs, _secret = make_key(world.manager)
    before = kept()
    for actor, target in (
        (house.inside(house.owner), key),
        (house.inside(house.viewer), key),
        (actor_of(world.root), staffs),
    ):
        with pytest.raises((KeyOfAnother, errors.Forbidden)):
            by(actor, key_rotate, key=target)
    assert kept() == before


def test_the_key_of_a_service_account_is_rotated_by_who_may_make_it(house: House) -> None:
    service = make_service(house)
    key, _secret = make_key(house.owner, house, service=service)
    with pytest.raises(errors.Forbidden):
        by(house.inside(house.editor), key_rotate, key=key)
    new, _fresh = by(house.inside(house.admin), key_rotate, key=key)
    assert (new.owner_id, new.created_by) == (service.user_id, house.admin.pk)


# --- revoking ---


def test_a_revoked_key_is_refused_at_its_next_call(house: House) -> None:
    key, secret = make_key(house.editor, house)
    assert call(secret).status_code == 200
    by(house.inside(house.admin), key_revoke, key=key, reason="Found in a log")
    assert call(secret).status_code == 401
    (event,) = events("accounts.key.revoked")
    assert (event.target_id, event.reason, event.actor_id) == (key.pk, "Found in a log", house.admin.pk)
    assert OutboundMessage.objects.filter(person_id=house.editor.pk).count() == 2
    by(house.inside(house.admin), key_revoke, key=row(key))
    assert len(events("accounts.key.revoked")) == 1


def test_who_may_not_revoke_leaves_the_key_alone(house: House, other: House, world: World) -> None:
    key, secret = make_key(house.owner, house)
    roots, _secret = make_key(world.root)
    before = kept()
    for actor, target, error in (
        (house.inside(house.editor), key, errors.Forbidden),
        (house.inside(house.admin), key, Outranked),
        (other.inside(other.owner), key, errors.NotFound),
        (actor_of(world.admin), key, errors.Forbidden),
        (actor_of(person("Sven", role="super_admin")), roots, RootProtected),
    ):
        with pytest.raises(error):
            by(actor, key_revoke, key=target)
    assert kept()[:1] == before[:1]
    assert call(secret, f"/api/v1/organisations/{house.id}").status_code == 200


def test_staff_revokes_any_key_on_the_page_of_its_owner(house: House, world: World, browser_of: Any) -> None:
    key, secret = make_key(house.editor, house)
    page = f"/platform/people/{house.editor.pk}?tab=keys"
    assert browser_of(world.admin).get(page).status_code == 403
    root = browser_of(world.root)
    assert key.prefix in root.get(page).content.decode()
    assert root.post(page, {"do": "revoke", "key": str(make_key(world.root)[0].pk)}).status_code == 404
    assert root.post(page, {"do": "revoke", "key": str(key.pk)}).status_code == 302
    assert call(secret).status_code == 401


def test_who_leaves_takes_no_open_key_back_in(house: House) -> None:
    key, secret = make_key(house.editor, house)
    path = f"/api/v1/organisations/{house.id}"
    by(actor_of(house.editor), membership_leave, organisation_id=house.id)
    assert call(secret, path).status_code == 401
    join(house.organisation, "editor", house.editor)
    assert call(secret, path).status_code == 401
    assert row(key).revoked_at is not None
