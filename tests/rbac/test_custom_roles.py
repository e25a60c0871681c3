"""Own roles of an organisation, and what nobody can do with them."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from audit.models import Event
from portal.kit import context, errors
from portal.kit.context import Actor
from rbac import services
from rbac.errors import (
    CannotDelegate,
    InheritsHigher,
    OwnRoleUpwards,
    RoleCycle,
    RoleInUse,
    RoleNameTaken,
    SuperiorTouched,
    TooManyRoles,
)
from rbac.models import Binding, Role, RolePermission
from rbac.services import RoleDraft, custom_roles
from tests.accounts.organisation_world import House, join, make_house, traces
from tests.factories import World, actor_of
from tests.rbac.roles_world import bind, held, make_role, make_team, ready

pytestmark = pytest.mark.django_db


def _create(actor: Actor, house: House, label: str = "Dock master", **values: object) -> Role:
    with context.acting(actor) as current:
        draft = RoleDraft(label=label, **values)  # type: ignore[arg-type]
        return services.role_create(actor=current.actor, organisation_id=house.id, draft=draft)


def _update(actor: Actor, role: Role, **values: object) -> Role:
    with context.acting(actor) as current:
        draft = replace(services.draft_of(role=role), **values)  # type: ignore[arg-type]
        return services.role_update(actor=current.actor, role=role, draft=draft)


def _delete(actor: Actor, role: Role) -> None:
    with context.acting(actor) as current:
        services.role_delete(actor=current.actor, role=role)


def _rights(role: Role) -> dict[str, str]:
    return dict(RolePermission.objects.filter(role=role).values_list("permission__code", "effect"))


def _refused(error: type[Exception], act: Callable[[], object]) -> None:
    """`act` is refused by that error, and every role, right, event and mail is as it was."""
    before = (
        traces(),
        list(Role.objects.order_by("pk").values()),
        list(RolePermission.objects.order_by("pk").values()),
    )
    with pytest.raises(error):
        act()
    now = (traces(), list(Role.objects.order_by("pk").values()), list(RolePermission.objects.order_by("pk").values()))
    assert now == before


def test_an_administrator_makes_a_role_of_rights_and_the_trail_says_which() -> None:
    house = make_house()
    made = _create(house.inside(house.admin), house, rights={"member:create": "allow", "audit:read": "deny"})
    assert (made.catalogue, made.code, made.rank, made.organisation_id) == ("custom", "dock-master", 10, house.id)
    assert _rights(made) == {"member:create": "allow", "audit:read": "deny"}
    event = Event.objects.get(code="rbac.role.created", target_id=made.pk)
    assert event.changes["permissions"][1] == ["!audit:read", "member:create"]
    assert event.organisation_id == house.id


def test_a_role_is_copied_with_what_it_inherits() -> None:
    house = make_house()
    with context.acting(house.inside(house.owner)) as current:
        copy = services.role_copy(
            actor=current.actor, organisation_id=house.id, source=ready("editor"), label="Second editor"
        )
    assert {"apikey:create", "member:read"} <= _rights(copy).keys()
    assert (copy.rank, copy.inherits) == (20, None)


def test_an_edit_is_recorded_with_before_and_after_and_once() -> None:
    house = make_house()
    role = make_role(house, "member:read")
    for _ in range(2):
        _update(house.inside(house.admin), role, label="Watch", rights={"member:read": "allow", "audit:read": "allow"})
    event = Event.objects.get(code="rbac.role.updated", target_id=role.pk)
    assert event.changes["permissions"] == [["member:read"], ["audit:read", "member:read"]]
    assert event.changes["label"][1] == "Watch"


def test_whoever_holds_the_role_has_its_new_rights_and_not_the_old_ones() -> None:
    house = make_house()
    role = make_role(house, "member:create")
    bind(house, house.viewer, role)
    assert "member:create" in held(house.viewer, house)
    _update(house.inside(house.admin), role, rights={"audit:read": "allow"})
    assert "audit:read" in held(house.viewer, house)
    assert "member:create" not in held(house.viewer, house)


@pytest.mark.parametrize("who", ["editor", "viewer"])
def test_it_takes_the_right_to_make_change_or_delete_roles(who: str) -> None:
    house = make_house()
    role, actor = make_role(house, "member:read"), house.inside(getattr(house, who))
    _refused(errors.Forbidden, lambda: _create(actor, house))
    _refused(errors.Forbidden, lambda: _update(actor, role, label="Mine"))
    _refused(errors.Forbidden, lambda: _delete(actor, role))


def test_a_role_of_another_organisation_is_not_there() -> None:
    house, other = make_house(), make_house("Other")
    role = make_role(other, "member:read")
    owner = house.inside(house.owner)
    _refused(errors.NotFound, lambda: _update(owner, role, label="Mine"))
    _refused(errors.NotFound, lambda: _delete(owner, role))
    _refused(errors.Invalid, lambda: _create(owner, house, inherits=role, rank=20))
    _refused(errors.NotFound, lambda: _create(owner, other))


def test_a_ready_made_role_is_never_changed_by_an_organisation() -> None:
    house = make_house()
    owner = house.inside(house.owner)
    for role in (ready("viewer"), ready("admin", "product"), ready("user", "platform")):
        _refused(
            errors.NotFound,
            lambda role=role: _update(owner, role, label="Mine"),  # type: ignore[misc]
        )
        _refused(errors.NotFound, lambda role=role: _delete(owner, role))  # type: ignore[misc]


@pytest.mark.parametrize(
    "draft",
    [
        {"label": ""},
        {"label": "a" * 81},
        {"label": "\N{RIGHT-TO-LEFT OVERRIDE}nimda"},
        {"description": "a" * 301},
        {"code": "Not a code!"},
        {"rank": 11},
        {"rank": 1000},
        {"rights": {"no:such": "allow"}},
        {"rights": {"user:admin": "allow"}},
        {"rights": {"member:read": "perhaps"}},
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_made(draft: dict[str, object]) -> None:
    house = make_house()
    values = {"label": "Dock master", **draft}
    _refused(errors.Invalid, lambda: _create(house.inside(house.owner), house, **values))  # type: ignore[arg-type]


# --- attacks, each beside what is allowed ---


def test_nobody_puts_a_right_that_they_lack_into_a_role() -> None:
    house = make_house()
    admin = house.inside(house.admin)
    _refused(CannotDelegate, lambda: _create(admin, house, rights={"organisation:delete": "allow"}))
    role = make_role(house, "member:read")
    _refused(CannotDelegate, lambda: _update(admin, role, rights={"organisation:delete": "allow"}))
    owner = house.inside(house.owner)
    assert "organisation:delete" in _rights(_update(owner, role, rights={"organisation:delete": "allow"}))


def test_nobody_edits_a_role_that_says_more_than_they_hold_even_to_rename_it() -> None:
    house = make_house()
    role = make_role(house, "organisation:delete")
    _refused(CannotDelegate, lambda: _update(house.inside(house.admin), role, label="Mine"))
    _refused(CannotDelegate, lambda: _delete(house.inside(house.admin), role))
    assert _update(house.inside(house.owner), role, label="Harbour master").label == "Harbour master"


def test_nobody_makes_a_role_that_ranks_above_them() -> None:
    house = make_house()
    admin = house.inside(house.admin)
    _refused(CannotDelegate, lambda: _create(admin, house, rank=40))
    role = make_role(house)
    _refused(CannotDelegate, lambda: _update(admin, role, rank=40))
    assert _create(admin, house, rank=30).rank == 30
    assert _update(house.inside(house.owner), role, rank=40).rank == 40


def test_a_low_role_does_not_inherit_a_high_one() -> None:
    house = make_house()
    owner = house.inside(house.owner)
    _refused(InheritsHigher, lambda: _create(owner, house, rank=10, inherits=ready("admin")))
    low, middle = make_role(house, rank=10), make_role(house, rank=10)
    _update(owner, low, inherits=middle)
    _refused(InheritsHigher, lambda: _update(owner, middle, rank=30))
    assert _create(owner, house, "Deputy", rank=30, inherits=ready("admin")).inherits == ready("admin")


def test_nobody_gains_by_a_role_that_inherits_what_they_lack() -> None:
    house = make_house()
    admin = house.inside(house.admin)
    strong = make_role(house, "organisation:delete", rank=30)
    _refused(CannotDelegate, lambda: _create(admin, house, rank=30, inherits=strong))
    weak = make_role(house, "member:read", rank=30)
    _refused(CannotDelegate, lambda: _update(admin, weak, inherits=strong))
    assert _update(house.inside(house.owner), weak, inherits=strong).inherits == strong


def test_nobody_adds_to_a_role_that_they_hold_directly_by_a_team_or_by_inheritance() -> None:
    house = make_house()
    admin, second = house.inside(house.admin), join(house.organisation, "admin")
    direct, by_team, below = (make_role(house, "member:read") for _ in range(3))
    above = make_role(house, inherits=below)
    bind(house, house.admin, direct)
    bind(house, house.admin, above)
    bind(house, None, by_team, team=make_team(house, house.admin))
    grown = {"member:read": "allow", "audit:read": "allow"}
    _refused(OwnRoleUpwards, lambda: _update(admin, direct, rank=20))
    for role in (direct, by_team, below):
        _refused(OwnRoleUpwards, lambda role=role: _update(admin, role, rights=grown))  # type: ignore[misc]
        assert _rights(_update(house.inside(second), role, rights=grown)) == grown


def test_nobody_lifts_a_denial_from_a_role_that_they_hold() -> None:
    house = make_house()
    role = make_role(house, rights={"audit:export": "deny"})
    bind(house, house.admin, role)
    _refused(CannotDelegate, lambda: _update(house.inside(house.admin), role, rights={}))
    assert _rights(_update(house.inside(house.owner), role, rights={})) == {}


def test_a_role_is_not_made_to_take_from_somebody_above() -> None:
    house = make_house()
    role = make_role(house, "audit:read", "member:read")
    bind(house, house.owner, role)
    admin = house.inside(house.admin)
    _refused(SuperiorTouched, lambda: _update(admin, role, rights={"member:read": "allow"}))
    denying = {"audit:read": "allow", "member:read": "deny"}
    _refused(SuperiorTouched, lambda: _update(admin, role, rights=denying))
    everybody = make_role(house, "member:read")
    bind(house, None, everybody, everyone=True)
    _refused(SuperiorTouched, lambda: _update(admin, everybody, rights={"member:read": "deny"}))
    assert _rights(_update(admin, everybody, rights={})) == {}
    assert _rights(_update(house.inside(house.owner), role, rights={})) == {}


def test_an_own_role_never_looks_like_a_ready_made_one() -> None:
    house = make_house()
    owner = house.inside(house.owner)
    _refused(RoleNameTaken, lambda: _create(owner, house, "Harbour master", code="owner"))
    _refused(RoleNameTaken, lambda: _create(owner, house, "Chief", code="super_admin"))
    _refused(RoleNameTaken, lambda: _create(owner, house, "OWNER", code="harbour-master"))
    made = _create(owner, house, "Harbour master", code="harbour-master")
    _refused(RoleNameTaken, lambda: _create(owner, house, "Other", code="harbour-master"))
    _refused(RoleNameTaken, lambda: _create(owner, house, "harbour MASTER", code="other"))
    bind(house, house.viewer, made)
    assert "organisation:delete" not in held(house.viewer, house)


def test_an_organisation_has_two_hundred_own_roles_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    house, other = make_house(), make_house("Other")
    owner = house.inside(house.owner)
    monkeypatch.setattr(custom_roles, "MOST_ROLES", 2)
    first = _create(owner, house, "First")
    _create(owner, house, "Second")
    _refused(TooManyRoles, lambda: _create(owner, house, "Third"))
    _create(other.inside(other.owner), other, "First")
    _delete(owner, first)
    _create(owner, house, "Third")


def test_a_role_does_not_inherit_itself_in_any_number_of_steps() -> None:
    house = make_house()
    owner = house.inside(house.owner)
    first, second, third = (make_role(house) for _ in range(3))
    _refused(RoleCycle, lambda: _update(owner, first, inherits=first))
    _update(owner, first, inherits=second)
    _update(owner, second, inherits=third)
    _refused(RoleCycle, lambda: _update(owner, third, inherits=first))
    assert _update(owner, third, inherits=ready("viewer")).inherits == ready("viewer")


def test_a_role_goes_only_when_nobody_holds_or_inherits_it() -> None:
    house = make_house()
    owner = house.inside(house.owner)
    role = make_role(house, "member:read")
    binding = bind(house, house.viewer, role)
    _refused(RoleInUse, lambda: _delete(owner, role))
    with context.acting(owner) as current:
        services.access_take(actor=current.actor, binding=binding)
        heir = make_role(house, inherits=role)
        with pytest.raises(RoleInUse):
            services.role_delete(actor=current.actor, role=role)
        services.role_delete(actor=current.actor, role=heir)
        services.role_delete(actor=current.actor, role=role, reason="tidy")
    assert not Role.objects.filter(pk__in=[role.pk, heir.pk]).exists()
    event = Event.objects.get(code="rbac.role.deleted", target_id=role.pk)
    assert (event.reason, event.changes["permissions"][0]) == ("tidy", ["member:read"])
    assert Binding.objects.filter(role_id=role.pk).count() == 0


def test_a_key_makes_no_role_wider_than_itself() -> None:
    house = make_house()
    key = replace(house.inside(house.owner), scopes=frozenset({"role:create", "member:read"}))
    _refused(CannotDelegate, lambda: _create(key, house, rights={"audit:read": "allow"}))
    assert _rights(_create(key, house, rights={"member:read": "allow"})) == {"member:read": "allow"}


def test_staff_makes_roles_from_outside_and_other_staff_does_not(world: World) -> None:
    house = make_house()
    _refused(errors.Forbidden, lambda: _create(actor_of(world.manager), house))
    assert _create(actor_of(world.admin), house, rights={"organisation:delete": "allow"}).organisation_id == house.id
