"""Reads about host products, their modules, and who uses them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

from django.apps import apps
from django.db.models import Count, Max, Prefetch, QuerySet, Sum

from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.errors import NotFound
from rbac.models import Application, Module, ModuleSwitch, Permission, Resource, ResourceType, RunTally

SEEN_BY = "module:read"
DAYS = 30  # Who ran or changed something of a module within so many days uses it.


def applications(actor: Actor) -> QuerySet[Application]:
    """The host products (`module:read` on the installation)."""
    return Application.objects.visible_to(actor, SEEN_BY)


def application(actor: Actor, code: str) -> Application:
    """One of them; `NotFound` for none."""
    found = applications(actor).filter(code=code).first()
    if found is None:
        raise NotFound
    return found


def host_types(actor: Actor, product: Application) -> QuerySet[ResourceType]:
    """The types of a host product."""
    return ResourceType.objects.visible_to(actor, SEEN_BY).filter(application=product)


def modules(actor: Actor) -> QuerySet[Module]:
    """Every module (`module:read` on the installation), with its product, its permissions and its types, in the order
    of the products."""
    return _with_parts(Module.objects.visible_to(actor, SEEN_BY))


def _with_parts(rows: QuerySet[Module]) -> QuerySet[Module]:
    parts = (
        Prefetch("permissions", Permission.objects.order_by("code")),
        Prefetch("types", ResourceType.objects.order_by("position", "id")),
    )
    rows = rows.select_related("application").prefetch_related(*parts)
    return rows.order_by("application__created_at", "position", "id")


def modules_here(actor: Actor) -> list[tuple[Module, bool]]:
    """Every module, and whether the organisation that `actor` stands in has it (`module:read`); four queries."""
    if actor.organisation_id is None or not can(actor, SEEN_BY):
        raise NotFound
    switched = dict(
        ModuleSwitch.objects.filter(organisation_id=actor.organisation_id).values_list("module_id", "is_on")
    )
    return [(row, switched.get(row.pk, row.on_by_default)) for row in _with_parts(Module.objects.all())]


def module_here(actor: Actor, module_id: UUID) -> tuple[Module, bool]:
    """One of them, and whether the organisation has it; `NotFound` for none."""
    for row, is_on in modules_here(actor):
        if row.pk == module_id:
            return row, is_on
    raise NotFound


@dataclass
class Use:
    """How one organisation uses a module: runs and changed resources of `DAYS` days, and the last day of a run."""

    organisation_id: UUID
    label: str = ""
    slug: str = ""
    runs: int = 0
    resources: int = 0
    last: date | None = None


@dataclass
class Adoption:
    """Who has a module and who uses it. `uses` are those who do, who run most first."""

    module: Module
    has: int
    uses: list[Use] = field(default_factory=list)

    @property
    def runs(self) -> int:
        """Runs of all of them."""
        return sum(one.runs for one in self.uses)

    @property
    def resources(self) -> int:
        """Changed resources of all of them."""
        return sum(one.resources for one in self.uses)


def adoption(actor: Actor) -> list[Adoption]:
    """Of every module who has it and who uses it (`module:read` on the installation); a fixed number of queries."""
    rows = list(modules(actor))
    organisations = apps.get_model("accounts", "Organisation")._default_manager
    total = organisations.count()
    switched: dict[tuple[UUID, bool], int] = {
        (one["module_id"], one["is_on"]): one["n"]
        for one in ModuleSwitch.objects.values("module_id", "is_on").annotate(n=Count("pk"))
    }
    uses = _uses([kind.pk for row in rows for kind in row.types.all()])
    names = {
        key: (name, slug)
        for key, name, slug in organisations.filter(pk__in={organisation for organisation, _type in uses}).values_list(
            "pk", "name", "slug"
        )
    }
    return [_adopted(row, total, switched, uses, names) for row in rows]


def _adopted(
    row: Module,
    total: int,
    switched: dict[tuple[UUID, bool], int],
    uses: dict[tuple[UUID, UUID], Use],
    names: dict[UUID, tuple[str, str]],
) -> Adoption:
    own = {kind.pk for kind in row.types.all()}
    found: dict[UUID, Use] = {}
    for (organisation_id, kind), use in uses.items():
        if kind in own:
            name, slug = names.get(organisation_id, ("", ""))
            one = found.setdefault(organisation_id, Use(organisation_id, name, slug))
            one.runs += use.runs
            one.resources += use.resources
            one.last = max((day for day in (one.last, use.last) if day is not None), default=None)
    has = total - switched.get((row.pk, False), 0) if row.on_by_default else switched.get((row.pk, True), 0)
    return Adoption(row, has, sorted(found.values(), key=lambda one: (-one.runs, -one.resources, one.label)))


def _uses(types: Sequence[UUID]) -> dict[tuple[UUID, UUID], Use]:
    """What each organisation did with each type; two queries."""
    now = clock.now()
    since = now - timedelta(days=DAYS)
    found: dict[tuple[UUID, UUID], Use] = {}
    tallies = RunTally.objects.filter(day__gte=since.date(), type__in=types)
    for one in tallies.values("organisation_id", "type_id").annotate(runs=Sum("started"), last=Max("day")):
        key = one["organisation_id"], one["type_id"]
        found[key] = Use(key[0], runs=one["runs"], last=one["last"])
    changed = Resource.objects.filter(updated_at__gte=since, type__in=types)
    for organisation_id, kind, number in changed.values_list("organisation_id", "type_id").annotate(n=Count("pk")):
        found.setdefault((organisation_id, kind), Use(organisation_id)).resources = number
    return found
