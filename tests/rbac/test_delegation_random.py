"""Random worlds and sequences of calls: nobody ever gains a right that the granter lacked at that place and moment.

What everybody holds is computed here by a plain reading of the rows, apart from the engine and from the rule it tests.
"""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from accounts.models import User
from portal.kit import clock, context, errors, tenancy
from portal.kit.services import writing
from rbac import services
from rbac.errors import CannotDelegate
from rbac.holders import Holder, people_of
from rbac.models import Binding, Role, RolePermission, Scope, ScopePath, Team
from rbac.services import RoleDraft
from tests.accounts.organisation_world import House, join, make_house
from tests.rbac.roles_world import bind, make_role, make_team, make_workspace, scope_of

pytestmark = pytest.mark.django_db
CODES = ("member:read", "member:create", "audit:read", "role:assign", "organisation:delete", "product/project:read")
OVER_PRODUCTS = "member:admin"
Held = dict[tuple[UUID, UUID], set[str]]  # (person, scope) to codes that are allowed there and not denied.


class Plain:
    """Who holds what, read row by row."""

    def __init__(self, house: House) -> None:
        self.people = [row.pk for row in User.objects.filter(memberships__organisation=house.organisation)]
        self.scopes = list(Scope.objects.filter(organisation_id=house.id).values_list("pk", flat=True))
        self.above: dict[UUID, set[UUID]] = {key: set() for key in self.scopes}
        for path in ScopePath.objects.filter(descendant__in=self.scopes):
            self.above[path.descendant_id].add(path.ancestor_id)
        self.roles = {role.pk: role for role in Role.objects.all()}
        self.stated: dict[UUID, list[tuple[str, str]]] = {}
        for row in RolePermission.objects.select_related("permission"):
            self.stated.setdefault(row.role_id, []).append((row.permission.code, row.effect))
        self.rows = [
            (row, set(people_of(Holder.of(row), house.id)))
            for row in Binding.objects.select_related("team").filter(scope__organisation_id=house.id)
        ]

    def says(self, role_id: UUID) -> Iterator[tuple[str, str]]:
        """What a role and those that it inherits say."""
        step: UUID | None = role_id
        while step is not None:
            yield from self.stated.get(step, ())
            step = self.roles[step].inherits_id

    def held(self, *, lasting: bool = False) -> Held:
        """What each person holds on each scope; with `lasting`, only what has no end."""
        found: Held = {}
        for person in self.people:
            for scope in self.scopes:
                allowed, denied = set(), set()
                for row, people in self.rows:
                    if person not in people or row.scope_id not in self.above[scope]:
                        continue
                    for code, effect in self.says(row.role_id):
                        if row.effect == "deny" or effect == "deny":
                            denied.add(code)
                        elif not (lasting and row.expires_at is not None):
                            allowed.add(code)
                found[person, scope] = allowed - denied
        return found

    def is_owner(self, person: UUID, house: House) -> bool:
        """Whether nothing in the organisation is beyond the person."""
        return any(
            row.user_id == person and row.scope_id == house.id and self.roles[row.role_id].code == "owner"
            for row, _people in self.rows
        )


class Dice:
    """A random world and random calls in it."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)  # noqa: S311 - dice, not secrets
        self.house = make_house()
        house = self.house
        self.people = [house.owner, house.admin, house.editor, house.viewer, join(house.organisation, "admin")]
        self.scopes = [scope_of(house), *(Scope.objects.get(pk=make_workspace(house).pk) for _ in range(2))]
        self.teams = [make_team(house, *self.dice.sample(self.people, 2)) for _ in range(2)]
        for _ in range(3):
            make_role(house, *self.dice.sample(CODES, 2), rank=self.dice.choice((10, 30)))
        for _ in range(10):
            self._seeded()

    def _seeded(self) -> None:
        whole = self.dice.random() < 0.3
        who = self.dice.choice([person for person in self.people if not whole or person != self.house.owner])
        values: dict[str, Any] = {"scope_id": self.house.id if whole else self.dice.choice(self.scopes[1:]).pk}
        if self.dice.random() < 0.5:
            values["effect"] = "deny"
        if self.dice.random() < 0.3:
            values["expires_at"] = clock.now() + timedelta(days=3)
        with transaction.atomic():
            role = self.dice.choice(self.roles())
            if not Binding.objects.filter(user=who, role=role, scope_id=values["scope_id"]).exists():
                bind(self.house, who, role, **values)

    def roles(self) -> list[Role]:
        """The roles that the organisation made."""
        return list(Role.objects.filter(organisation_id=self.house.id).order_by("pk"))

    def holder(self) -> Holder:
        """Somebody: most often a person."""
        chosen = self.dice.random()
        if chosen < 0.6:
            return Holder(person_id=self.dice.choice(self.people).pk)
        return Holder(team=Team.objects.get(pk=self.dice.choice(self.teams).pk)) if chosen < 0.85 else Holder()

    def call(self, who: User) -> str:
        """One call of a service as `who`; its name. Refusals are raised."""
        act = self.dice.choice(["give", "give", "give", "take", "limit", "edit", "edit", "make", "delete"])
        with context.acting(self.house.inside(who)) as current, transaction.atomic():
            getattr(self, f"_{act}")(current.actor)
        return act

    def _give(self, actor: context.Actor) -> None:
        ready = Role.objects.filter(catalogue__in=["organisation", "product"])
        end = clock.now() + timedelta(days=self.dice.randint(1, 9)) if self.dice.random() < 0.5 else None
        services.access_give(
            actor=actor,
            holder=self.holder(),
            role=self.dice.choice([*self.roles(), *self.roles(), *ready.order_by("pk")]),
            scope=self.dice.choice(self.scopes),
            effect=self.dice.choice(["allow", "allow", "deny"]),
            expires_at=end,
        )

    def _binding(self) -> Binding:
        rows = Binding.objects.select_related("role", "scope", "team").filter(scope__organisation_id=self.house.id)
        return self.dice.choice(list(rows.order_by("pk")))

    def _take(self, actor: context.Actor) -> None:
        services.access_take(actor=actor, binding=self._binding())

    def _limit(self, actor: context.Actor) -> None:
        end = self.dice.choice([None, clock.now() + timedelta(days=self.dice.randint(1, 9))])
        services.access_limit(actor=actor, binding=self._binding(), expires_at=end)

    def _rights(self) -> dict[str, str]:
        count = self.dice.randint(0, 3)
        return {code: self.dice.choice(["allow", "allow", "deny"]) for code in self.dice.sample(CODES, count)}

    def _edit(self, actor: context.Actor) -> None:
        role = self.dice.choice(self.roles())
        below = self.dice.choice([None, *self.roles()])
        draft = replace(services.draft_of(role=role), rights=self._rights(), inherits=below)
        services.role_update(actor=actor, role=role, draft=draft)

    def _make(self, actor: context.Actor) -> None:
        draft = RoleDraft(
            label=f"Made {self.dice.random()}", rank=self.dice.choice((10, 30, 40)), rights=self._rights()
        )
        services.role_create(actor=actor, organisation_id=self.house.id, draft=draft)

    def _delete(self, actor: context.Actor) -> None:
        services.role_delete(actor=actor, role=self.dice.choice(self.roles()))


def _gains(before: Held, after: Held) -> Iterator[tuple[UUID, UUID, str]]:
    for (person, scope), codes in after.items():
        for code in codes - before[person, scope]:
            yield person, scope, code


@pytest.mark.parametrize("seed", range(12))
def test_nobody_ever_gains_a_right_that_the_granter_lacked(seed: int) -> None:
    world = Dice(seed)
    done: Counter[str] = Counter()
    for _ in range(40):
        who = world.dice.choice(world.people)
        plain = Plain(world.house)
        now, lasting = plain.held(), plain.held(lasting=True)
        owns = plain.is_owner(who.pk, world.house)
        try:
            done[world.call(who)] += 1
        except errors.StewardError:
            done["refused"] += 1
            assert Plain(world.house).held() == now, f"seed {seed}: a refused call changed what people hold"
            continue
        changed = Plain(world.house)
        for when, before, after in (
            ("now", now, changed.held()),
            ("for good", lasting, changed.held(lasting=True)),
        ):
            for person, scope, code in _gains(before, after):
                own = before[who.pk, scope] | (set(CODES) if owns else set())
                product = "/" in code and OVER_PRODUCTS in own
                assert code in own or product, f"seed {seed}: {person} gained {code} {when} at {scope} from {who}"
    assert done["refused"] > 3, done
    assert sum(done.values()) - done["refused"] > 3, done


BEYOND_A_VIEWER = ("member:create", "audit:read", "role:create", "apikey:admin")


def _given(house: House, giver: User, role: Role, scope: Scope, expires_at: datetime | None) -> Binding:
    """The role for somebody who has just joined as a viewer."""
    with context.acting(house.inside(giver)) as current, transaction.atomic():
        return services.access_give(
            actor=current.actor,
            holder=Holder(person_id=join(house.organisation, "viewer").pk),
            role=role,
            scope=scope,
            expires_at=expires_at,
        )


@pytest.mark.parametrize("seed", range(6))
def test_what_one_is_denied_on_a_part_is_given_on_other_parts_only(seed: int) -> None:
    world = Dice(seed)
    house, dice = world.house, world.dice
    giver = join(house.organisation, "admin")
    whole, *parts = world.scopes
    dice.shuffle(parts)
    code = dice.choice(BEYOND_A_VIEWER)
    role = make_role(house, *{code, dice.choice(BEYOND_A_VIEWER)})
    bind(house, giver, make_role(house, code), scope_id=parts[0].pk, effect="deny")
    for refused in (whole, parts[0]):
        with pytest.raises(CannotDelegate):
            _given(house, giver, role, refused, None)
    assert _given(house, giver, role, parts[1], None).scope_id == parts[1].pk


@pytest.mark.parametrize("seed", range(6))
def test_what_one_has_for_a_while_or_on_a_condition_is_not_given_for_longer_or_at_all(seed: int) -> None:
    world = Dice(seed)
    house, dice = world.house, world.dice
    giver, scope = join(house.organisation, "viewer"), dice.choice(world.scopes)
    code, end = dice.choice(BEYOND_A_VIEWER), clock.now() + timedelta(days=dice.randint(2, 9))
    role = make_role(house, code)
    bind(house, giver, make_role(house, "role:assign"))
    bound = bind(house, giver, make_role(house, code), expires_at=end)
    for later in (None, end + timedelta(seconds=1)):
        with pytest.raises(CannotDelegate):
            _given(house, giver, role, scope, later)
    assert _given(house, giver, role, scope, end).expires_at == end
    with context.system("a test"), writing(), tenancy.within(house.id):
        Binding.objects.filter(pk=bound.pk).update(conditions={"second_factor": {"within_minutes": 5}})
    with pytest.raises(CannotDelegate):
        _given(house, giver, role, scope, end)
