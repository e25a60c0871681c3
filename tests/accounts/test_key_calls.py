"""Calling the API with a key: who is behind it, where it works, and everything that lets nobody in."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import keys
from accounts.models import Key, User
from accounts.services.keys import key_revoke
from accounts.services.memberships import membership_suspend
from accounts.services.organisations import organisation_suspend
from accounts.services.users import user_deactivate
from portal.kit import clock, context, limits
from portal.kit.services import writing
from rbac import services as rbac
from rbac.models import Role
from tests.accounts.helpers import events
from tests.accounts.key_world import call, make_key, make_service, row
from tests.accounts.organisation_world import House, join, make_house
from tests.factories import World, actor_of, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


@pytest.fixture
def other(world: World) -> House:
    return make_house("Meadow")


def code_of(reply: Any) -> tuple[int, str]:
    found = reply.json()
    return found["status"], found["code"]


NOBODY = (401, "kit.unauthenticated")


def test_a_key_is_its_owner_to_the_api_at_the_price_of_one_query(world: World) -> None:
    _key, secret = make_key(world.manager)
    call(secret)
    with CaptureQueriesContext(connection) as caught:
        reply = call(secret)
    assert reply.status_code == 200
    assert reply.json()["id"] == str(world.manager.pk)
    assert [query["sql"][:30] for query in caught if "SAVEPOINT" not in query["sql"]] != []
    assert sum("SAVEPOINT" not in query["sql"] for query in caught) == 1


def test_a_key_opens_no_page(world: World) -> None:
    _key, secret = make_key(world.manager)
    reply = Client().get("/platform/people", headers={"Authorization": f"Bearer {secret}"})
    assert (reply.status_code, reply["Location"].split("?")[0]) == (302, "/sign-in")


def test_what_lets_nobody_in_is_one_and_the_same_answer(world: World, house: House) -> None:
    _key, secret = make_key(world.manager)
    revoked, revoked_secret = make_key(world.manager, name="Revoked")
    with context.acting(actor_of(world.manager)):
        key_revoke(actor=actor_of(world.manager), key=revoked)
    expired, expired_secret = make_key(world.manager, name="Expired")
    with context.system("a test"), writing():
        Key.objects.filter(pk=expired.pk).update(expires_at=expired.created_at)
    unknown = keys.secret_new()
    other_end = secret[:16] + keys.secret_new()[16:40]
    altered = other_end[:40] + keys.checksum(other_end[:40])
    for wrong in (unknown, altered, revoked_secret, expired_secret, secret[:-1], secret + "x", "sk_live_", "sk_live_é"):
        reply = call(wrong)
        assert code_of(reply) == NOBODY, wrong[:12]
        assert reply["WWW-Authenticate"].startswith("Bearer")
    assert call(secret).status_code == 200


def test_a_mistyped_secret_costs_no_query(world: World) -> None:
    _key, secret = make_key(world.manager)
    swapped = secret[:20] + secret[21] + secret[20] + secret[22:]
    wrong = swapped if swapped != secret else secret[:20] + ("a" if secret[20] != "a" else "b") + secret[21:]
    with CaptureQueriesContext(connection) as caught:
        assert code_of(call(wrong)) == NOBODY
    assert [query for query in caught if "accounts_key" in query["sql"]] == []


def test_scopes_cut_what_the_owner_may_and_a_lost_role_cuts_the_scopes(world: World) -> None:
    clerk = person("Cleo", role="manager")
    _key, secret = make_key(clerk, scopes=["user:read", "audit:read"])
    assert call(secret, "/api/v1/users").status_code == 200
    assert code_of(call(secret, "/api/v1/organisations")) == (403, "kit.forbidden"), "held, and outside of the scopes"
    assert call(secret, "/api/v1/users/me/permissions").json()["permissions"] == ["audit:read", "user:read"]

    with context.system("a test") as current:
        rbac.binding_revoke(
            actor=current.actor, person_id=clerk.pk, role=Role.objects.get(catalogue="platform", code="manager")
        )

    assert code_of(call(secret, "/api/v1/users")) == (403, "kit.forbidden")
    assert call(secret, "/api/v1/users/me/permissions").json()["permissions"] == []


def test_an_inactive_owner_is_told_so_at_its_next_call(world: World) -> None:
    owner = person("Ola", role="manager")
    _key, secret = make_key(owner)
    assert call(secret, "/api/v1/users").status_code == 200
    with context.acting(actor_of(world.root)):
        user_deactivate(actor=actor_of(world.root), user=owner)
    assert code_of(call(secret, "/api/v1/users")) == (403, "kit.account_inactive")


def test_a_key_of_an_organisation_works_there_and_nowhere_else(house: House, other: House) -> None:
    _key, secret = make_key(house.editor, house)
    here, there = f"/api/v1/organisations/{house.id}", f"/api/v1/organisations/{other.id}"
    assert call(secret, here).status_code == 200
    assert call(secret, here, **{"Steward-Organisation": str(house.id)}).status_code == 200
    assert code_of(call(secret, there)) == (404, "kit.not_found")
    for named in (str(other.id), "nonsense", house.organisation.slug):
        assert code_of(call(secret, here, **{"Steward-Organisation": named})) == (404, "kit.not_found"), named
    assert call(secret, f"{here}/members").status_code == 200


def test_a_key_of_the_installation_may_name_an_organisation_of_its_owner(world: World, house: House) -> None:
    join(house.organisation, "viewer", world.manager)
    _key, secret = make_key(world.manager)
    members = f"/api/v1/organisations/{house.id}/members"
    assert call(secret, members, **{"Steward-Organisation": str(house.id)}).status_code == 200
    stranger = make_house("Quarry")
    assert code_of(call(secret, members, **{"Steward-Organisation": str(stranger.id)})) == (404, "kit.not_found")


def test_a_suspended_member_and_a_suspended_organisation_are_shut_out(house: House, world: World) -> None:
    _key, secret = make_key(house.editor, house)
    _second, of_admin = make_key(house.admin, house)
    path = f"/api/v1/organisations/{house.id}"
    with context.acting(house.inside(house.owner)):
        membership_suspend(actor=house.inside(house.owner), membership=house.membership(house.editor))
    assert code_of(call(secret, path)) == NOBODY
    with context.acting(actor_of(world.root)):
        organisation_suspend(actor=actor_of(world.root), organisation=house.organisation)
    assert code_of(call(of_admin, path)) == (403, "accounts.organisation_suspended")


@pytest.mark.parametrize(
    ("bound", "address", "allowed"),
    [
        (["192.0.2.0/24"], "192.0.2.200", True),
        (["192.0.2.0/24"], "192.0.3.1", False),
        (["198.51.100.7", "2001:db8::/32"], "2001:db8::5", True),
        (["198.51.100.7"], "2001:db8::5", False),
        (["198.51.100.7"], "::ffff:198.51.100.7", True),
        (["0.0.0.0/0"], "2001:db8::5", False),
    ],
)
def test_a_key_that_is_bound_to_networks_works_from_there_alone(
    world: World, bound: list[str], address: str, allowed: bool
) -> None:
    key, secret = make_key(world.manager, addresses=bound)
    reply = call(secret, address=address)
    if allowed:
        assert reply.status_code == 200
        assert events("accounts.key.refused") == []
        return
    assert code_of(reply) == (403, "accounts.key_address_refused")
    call(secret, address=address)
    (refused,) = events("accounts.key.refused")
    assert (refused.target_id, refused.reason, refused.outcome) == (key.pk, "address", "denied")
    assert (refused.actor_kind, refused.actor_id) == ("key", key.pk)
    with clock.at(clock.now() + timedelta(minutes=1, seconds=1)):
        call(secret, address=address)
    assert len(events("accounts.key.refused")) == 2


def test_a_forwarded_address_is_not_believed(world: World) -> None:
    _key, secret = make_key(world.manager, addresses=["192.0.2.0/24"])
    reply = call(secret, address="198.51.100.1", **{"X-Forwarded-For": "192.0.2.1"})
    assert code_of(reply) == (403, "accounts.key_address_refused")


def test_the_trail_names_the_key_that_acted_on_behalf_of_its_owner(house: House) -> None:
    key, secret = make_key(house.admin, house, name="Renamer")
    path = f"/api/v1/organisations/{house.id}"
    assert call(secret, path, "PATCH", {"name": "Harbour Works"}).status_code == 200
    (event,) = events("accounts.organisation.updated")
    assert (event.actor_kind, event.actor_id, event.behalf_id) == ("key", key.pk, house.admin.pk)
    assert (event.session_id, event.organisation_id) == (key.pk, house.id)


def test_a_refused_call_of_a_key_is_in_the_trail_under_its_name(house: House) -> None:
    key, secret = make_key(house.editor, house, scopes=["organisation:read"])
    reply = call(secret, f"/api/v1/organisations/{house.id}", "PATCH", {"name": "Mine"})
    assert code_of(reply) == (403, "kit.forbidden")
    (denied,) = events("kit.access.denied")
    assert (denied.actor_kind, denied.actor_id, denied.behalf_id) == ("key", key.pk, house.editor.pk)
    house.organisation.refresh_from_db()
    assert house.organisation.name == "Harbour"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/api/v1/users/me/keys", None),
        ("POST", "/api/v1/users/me/keys", {"name": "More", "scopes": None, "expires_at": "2030-01-01T00:00:00Z"}),
        ("GET", "/api/v1/users/me/preferences", None),
        ("PATCH", "/api/v1/users/me/preferences", {"theme": "dark"}),
    ],
)
def test_what_is_a_persons_own_is_nothing_for_its_keys(world: World, method: str, path: str, body: object) -> None:
    _key, secret = make_key(world.manager)
    before = Key.objects.count()
    assert code_of(call(secret, path, method, body)) == (403, "kit.not_by_key")
    assert Key.objects.count() == before
    assert User.objects.get(pk=world.manager.pk).preferences == {}


def test_a_key_enters_the_platform_and_that_is_noted_once_an_hour(world: World) -> None:
    key, secret = make_key(world.admin)
    for _ in range(2):
        assert call(secret, "/api/v1/users").status_code == 200
    (event,) = events("accounts.session.entered_platform")
    assert (event.actor_kind, event.actor_id, event.behalf_id) == ("key", key.pk, world.admin.pk)
    assert row(key).platform_at is not None


def test_a_key_goes_on_under_a_new_secret_key_and_without_the_old_one_when_it_was_used(world: World) -> None:
    def under(secret_key: str, *fallbacks: str) -> int:
        django_settings.SECRET_KEY, django_settings.SECRET_KEY_FALLBACKS = secret_key, list(fallbacks)
        return int(call(secret).status_code)

    first, second = django_settings.SECRET_KEY, "another-secret-key-of-more-than-32-characters"
    used, secret = make_key(world.manager)
    idle, idle_secret = make_key(world.manager, name="Idle")
    before = bytes(row(used).digest)
    try:
        assert under(second) == 401, "without the key it was made under, nothing fits"
        assert under(second, first) == 200
        assert bytes(row(used).digest) != before
        assert under(second) == 200
        assert call(idle_secret).status_code == 401, "it was not used while the former key still verified"
        assert bytes(row(idle).digest) == keys.digests_of(idle_secret)[0] or under(first) == 401
    finally:
        django_settings.SECRET_KEY, django_settings.SECRET_KEY_FALLBACKS = first, []


def test_guesses_behind_one_beginning_are_not_looked_at_any_more(world: World, settings: Any) -> None:
    settings.STEWARD_RATE_LIMITS, settings.STEWARD_WEB_WORKERS = True, 1
    limits.limiter.cache_clear()
    key, secret = make_key(world.manager)
    try:
        seen = []
        for _ in range(12):
            body = key.prefix + keys.secret_new()[16:40]
            seen.append(call(body + keys.checksum(body), address="192.0.2.77").status_code)
        assert seen[:10] == [401] * 10
        assert set(seen[10:]) == {429}
        assert call(secret, address="192.0.2.77").status_code == 429, "the same network waits"
        assert call(secret, address="192.0.2.78").status_code == 200, "nobody else does"
    finally:
        limits.limiter.cache_clear()
    (refused,) = events("accounts.key.refused")
    assert (refused.reason, refused.actor_kind) == ("secret", "anonymous")


def test_each_key_has_calls_of_its_own_and_may_have_fewer(world: World, settings: Any) -> None:
    settings.STEWARD_RATE_LIMITS, settings.STEWARD_RATE_API, settings.STEWARD_WEB_WORKERS = True, 6, 1
    limits.limiter.cache_clear()
    _first, few = make_key(world.manager, name="Few", rate_limit=2)
    _second, many = make_key(world.manager, name="Many")
    try:
        assert [call(few).status_code for _ in range(3)] == [200, 200, 429]
        told = call(many)
        assert (told.status_code, told["RateLimit-Limit"]) == (200, "6")
    finally:
        limits.limiter.cache_clear()


def test_a_test_key_says_that_it_is_one(world: World) -> None:
    key, secret = make_key(world.manager, live=False)
    assert secret.startswith("sk_test_")
    assert key.prefix.startswith("sk_test_")
    assert call(secret).status_code == 200


def test_a_service_account_calls_with_its_role(house: House) -> None:
    service = make_service(house)
    key, secret = make_key(house.owner, house, service=service)
    assert call(secret).json()["label"] == "Deployment robot"
    assert call(secret, f"/api/v1/organisations/{house.id}/members").status_code == 200
    reply = call(secret, f"/api/v1/organisations/{house.id}", "PATCH", {"name": "Mine"})
    assert code_of(reply) == (403, "kit.forbidden")
    denied = events("kit.access.denied")[-1]
    assert (denied.actor_id, denied.behalf_id) == (key.pk, service.user_id)
