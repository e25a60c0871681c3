"""Reads about roles for a while, broken glass and separated duties."""

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from django.apps import apps
from django.db.models import Model, Q, QuerySet

from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.errors import NotFound
from rbac import access_selectors, duties
from rbac.elevation_rules import decided_by, role_for_a_while, seen_by
from rbac.models import INSTALLATION, DutyRule, Elevation, GlassBreak, Role, Scope
from rbac.previews import names_of

CHOICES = 500  # Organisations that a form offers.


def elevations(actor: Actor) -> QuerySet[Elevation]:
    """The requests where `actor` stands: every one for whom may decide there, one's own for everybody else."""
    rows = _here(actor)
    return rows if can(actor, decided_by(actor.organisation_id)) else rows.filter(Q(user=actor.id))


def elevation(actor: Actor, elevation_id: UUID) -> Elevation:
    """One of them, also for whom may decide on the part that it is about; `NotFound` otherwise."""
    found = _here(actor).filter(pk=elevation_id).first()
    if found is None:
        raise NotFound
    if found.user_id != actor.id and not may_decide(actor, found):
        raise NotFound
    return found


def may_decide(actor: Actor, row: Elevation) -> bool:
    """Whether `actor` may decide where the request is about; not whether it could give that role."""
    if can(actor, decided_by(actor.organisation_id)):
        return True
    scope = Scope.objects.filter(pk=row.scope_id).first()
    if scope is None or scope.pk == INSTALLATION:
        return False
    return bool(can(actor, decided_by(scope.pk), access_selectors.object_of(scope)))


def _here(actor: Actor) -> QuerySet[Elevation]:
    rows = Elevation.objects.visible_to(actor, seen_by(actor.organisation_id))
    rows = rows.filter(Q(organisation=actor.organisation_id))
    return rows.select_related("user", "role", "decided_by", "ended_by", "organisation")


def in_state(rows: QuerySet[Elevation], state: str) -> QuerySet[Elevation]:
    """Narrowed to a state as it is told: what is late is over, also before a job has written that down."""
    now = clock.now()
    late = {
        "asked": Q(state="asked", expires_at__lte=now),
        "approved": Q(state="approved", until__lte=now),
    }
    if state in late:
        return rows.filter(state=state).exclude(late[state])
    if state == "expired":
        return rows.filter(Q(state="expired") | late["asked"])
    if state == "ended":
        return rows.filter(Q(state="ended") | late["approved"])
    return rows.filter(state=state)


def roles_to_ask(actor: Actor) -> list[Role]:
    """The roles that can be asked for where `actor` stands, highest first."""
    if actor.organisation_id is None:
        rows = list(Role.objects.visible_to(actor, seen_by(None)).filter(catalogue="platform"))
    else:
        rows = list(access_selectors.roles_here(actor))
    return sorted(
        (role for role in rows if role_for_a_while(role)),
        key=lambda role: (role.application_id is not None, role.catalogue != Role.CUSTOM, -role.rank, role.label),
    )


def places_to_ask(actor: Actor) -> list[tuple[Scope, str]]:
    """Where they can be asked for."""
    if actor.organisation_id is not None:
        return access_selectors.places_here(actor)
    return [(scope, "") for scope in Scope.objects.filter(pk=INSTALLATION)]


def glass_breaks(actor: Actor) -> QuerySet[GlassBreak]:
    """Every time that somebody broke the glass, for whom may do it; inside an organisation those there (`audit:read`)."""
    code = "break_glass:execute" if actor.organisation_id is None else "audit:read"
    rows = GlassBreak.objects.visible_to(actor, code)
    return rows.select_related("user", "organisation", "ended_by", "reviewed_by")


def glass_break(actor: Actor, glass_id: UUID) -> GlassBreak:
    """One of them, as the installation sees it; `NotFound` otherwise."""
    return glass_break_here(replace(actor, organisation_id=None), glass_id)


def glass_break_here(actor: Actor, glass_id: UUID) -> GlassBreak:
    """One of those that `actor` sees where it stands; `NotFound` otherwise."""
    found = glass_breaks(actor).filter(pk=glass_id).first()
    if found is None:
        raise NotFound
    return found


def in_stage(rows: QuerySet[GlassBreak], stage: str) -> QuerySet[GlassBreak]:
    """Narrowed to what has become of it."""
    live = Q(ended_at=None, expires_at__gt=clock.now())
    if stage == "live":
        return rows.filter(live)
    rows = rows.exclude(live)
    if stage == "unnoted":
        return rows.filter(noted_at=None)
    return rows.filter(noted_at__isnull=False, reviewed_at__isnull=stage == "unreviewed")


def organisations_to_enter(actor: Actor, key: UUID | None = None) -> Sequence[Model]:
    """The organisations in which the glass can be broken, by name; with `key` only that one."""
    rows = apps.get_model("accounts", "Organisation").objects.visible_to(actor, "break_glass:execute")
    rows = rows.exclude(state="closed") if key is None else rows.exclude(state="closed").filter(pk=key)
    return list(rows.order_by("name", "id")[:CHOICES])


def rules_seen_by(organisation_id: UUID | None) -> str:
    """The right of whom may see the rules: who sees the people they are about."""
    return "role:admin" if organisation_id is None else access_selectors.SEEN_BY


def duty_rules(actor: Actor) -> QuerySet[DutyRule]:
    """The rules where `actor` stands."""
    rows = DutyRule.objects.visible_to(actor, rules_seen_by(actor.organisation_id))
    return rows.filter(Q(organisation=actor.organisation_id))


def duty_rule(actor: Actor, rule_id: UUID) -> DutyRule:
    """One of them; `NotFound` for that of another organisation."""
    found = duty_rules(actor).filter(pk=rule_id).first()
    if found is None:
        raise NotFound
    return found


def duty_conflicts(actor: Actor, rules: Sequence[DutyRule] | None = None) -> list[duties.Conflict]:
    """Who holds now what the active rules separate where `actor` stands; two queries."""
    found = list(duty_rules(actor)) if rules is None else list(rules)
    active = [rule for rule in found if rule.is_active]
    return duties.conflicts_of(active, actor.organisation_id or INSTALLATION)


def names(conflicts: Sequence[duties.Conflict]) -> dict[UUID, str]:
    """Whose conflicts these are."""
    return names_of({found.person_id for found in conflicts})


def duty_codes(actor: Actor) -> list[str]:
    """The codes that a rule can name where `actor` stands."""
    return access_selectors.codes_in(actor.organisation_id)


def duty_roles(actor: Actor) -> list[Role]:
    """The roles that a rule can name where `actor` stands."""
    if actor.organisation_id is None:
        return list(Role.objects.visible_to(actor, "role:admin").filter(catalogue="platform").order_by("-rank"))
    return sorted(access_selectors.roles_here(actor), key=lambda role: (role.catalogue != Role.CUSTOM, -role.rank))
