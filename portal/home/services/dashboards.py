"""What people do with dashboards. Only the owner changes one; whoever sees it may clone it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from portal.home import board_selectors as selectors
from portal.home import layouts
from portal.home.models import Dashboard, DashboardVersion, HomeChoice
from portal.home.models.boards import NAME_LIMIT
from portal.kit import clock, errors
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import diff, record
from portal.kit.services import writing
from portal.kit.widgets import realm_of

READ = "dashboard:read"
SHARE = "dashboard:share"
MOST = 50  # Dashboards of one person in one place.
VERSIONS = 30  # Kept of each dashboard; the oldest goes when one more comes.
_FIELDS = ("name", "layout", "sharing", "role_ids")


def dashboard_create(
    *,
    actor: Actor,
    name: str,
    layout: object,
    sharing: str = "nobody",
    role_ids: object = (),
) -> Dashboard:
    """Keep an arrangement under a name. Event `home.dashboard.created`.

    `Invalid` for a name that one has already or a layout that there cannot be, `Forbidden` for sharing without the right
    to, `Conflict` when there are too many.
    """
    authorise(actor, READ)
    shared = _shared(actor, sharing, role_ids)
    row = Dashboard(
        organisation_id=actor.organisation_id,
        owner_id=_person(actor),
        name=_name(name),
        layout=layouts.cleaned(layout, realm_of(actor)),
        **shared,
    )
    if selectors.own(actor).count() >= MOST:
        raise errors.Conflict(
            _("You have %(most)s dashboards, as many as there can be. Delete one first.") % {"most": MOST}
        )
    with writing():
        _store(row)
        _keep(row)
        record("home.dashboard.created", target=row, changes={name: (None, getattr(row, name)) for name in _FIELDS})
    return row


def dashboard_update(*, actor: Actor, row: Dashboard, values: Mapping[str, Any]) -> Dashboard:
    """Change `name`, `layout`, `sharing` or `role_ids` of one's own dashboard; what is not named stays.

    Event `home.dashboard.changed`, none when all is as it was. Another name or layout is a new version. `Forbidden` for
    somebody else's, and for sharing it without the right to.
    """
    authorise(actor, READ)
    _own(actor, row)
    clean: dict[str, Any] = {}
    if "name" in values:
        clean["name"] = _name(str(values["name"]))
    if "layout" in values:
        clean["layout"] = layouts.cleaned(values["layout"], realm_of(actor))
    if "sharing" in values or "role_ids" in values:
        sharing = str(values.get("sharing", row.sharing))
        clean |= _shared(actor, sharing, values.get("role_ids", row.role_ids if sharing == row.sharing else ()))
    with writing():
        held = Dashboard.objects.select_for_update().filter(pk=row.pk).first()
        if held is None:
            raise errors.NotFound
        return _changed(held, clean, "home.dashboard.changed")


def dashboard_revert(*, actor: Actor, row: Dashboard, number: int) -> Dashboard:
    """Make one's own dashboard what it was in a version, as a new version. Event `home.dashboard.reverted`.

    `NotFound` for a version that is not kept. Its name stays as it is; widgets that are gone by now stay away.
    """
    authorise(actor, READ)
    _own(actor, row)
    kept = row.versions.filter(number=number).first()
    if kept is None:
        raise errors.NotFound
    with writing():
        held = Dashboard.objects.select_for_update().get(pk=row.pk)
        values = {"layout": layouts.readable(kept.layout, realm_of(actor))}
        return _changed(held, values, "home.dashboard.reverted", data={"version": number})


def dashboard_clone(*, actor: Actor, row: Dashboard, name: str = "") -> Dashboard:
    """An own copy of a dashboard that one sees, shared with nobody. Event `home.dashboard.created`."""
    wanted = name or free_name(actor, _("Copy of %(name)s") % {"name": row.name})
    return dashboard_create(actor=actor, name=wanted, layout=layouts.readable(row.layout, realm_of(actor)))


def dashboard_delete(*, actor: Actor, row: Dashboard) -> None:
    """Delete one's own dashboard with its versions; whose home it was begins with that of its role again.
    Event `home.dashboard.deleted`."""
    authorise(actor, READ)
    _own(actor, row)
    with writing():
        record("home.dashboard.deleted", target=row, data={"version": row.version})
        Dashboard.objects.filter(pk=row.pk).delete()


def home_choose(*, actor: Actor, row: Dashboard | None) -> None:
    """Begin with a dashboard that one sees, or (None) with that of one's role. No event: it is nobody else's business."""
    authorise(actor, READ)
    _remember(actor, dashboard=row)


def steps_put_away(*, actor: Actor, away: bool = True) -> None:
    """Show the first steps no more where one stands, or again. No event."""
    authorise(actor, READ)
    _remember(actor, steps_away_at=clock.now() if away else None)


def free_name(actor: Actor, wanted: str) -> str:
    """`wanted`, or with a number behind it, such that one has no dashboard of that name yet."""
    taken = {name.lower() for name in selectors.own(actor).values_list("name", flat=True)}
    base = wanted[: NAME_LIMIT - 4].strip()
    names = [base, *(f"{base} {number}" for number in range(2, MOST + 2))]
    return next(name for name in names if name.lower() not in taken)


def _remember(actor: Actor, **values: Any) -> None:
    with writing():
        # Nobody stands nowhere: without an organisation it is the installation's.
        mine = HomeChoice.objects.filter(Q(organisation_id=actor.organisation_id))
        mine.update_or_create(
            person_id=_person(actor),
            defaults=values,
            create_defaults={**values, "organisation_id": actor.organisation_id},
        )


def _changed(row: Dashboard, values: Mapping[str, Any], code: str, data: Mapping[str, Any] | None = None) -> Dashboard:
    changes = diff(row, values)
    if not changes:
        return row
    for field, (_before, after) in changes.items():
        setattr(row, field, after)
    row.updated_at = clock.now()
    arranged = bool({"name", "layout"} & set(changes))
    row.version += arranged
    _store(row)
    if arranged:
        _keep(row)
    record(code, target=row, changes=changes, data={"version": row.version, **(data or {})})
    return row


def _keep(row: Dashboard) -> None:
    DashboardVersion.objects.create(
        dashboard=row, number=row.version, name=row.name, layout=row.layout, saved_at=row.updated_at
    )
    DashboardVersion.objects.filter(dashboard=row, number__lte=row.version - VERSIONS).delete()


def _store(row: Dashboard) -> None:
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if "home_dashboard_name" not in str(error):
            raise errors.Conflict from error
        raise errors.Invalid(fields={"name": [_("You have a dashboard of this name already.")]}) from error


def _own(actor: Actor, row: Dashboard) -> None:
    if row.owner_id != _person(actor) or row.organisation_id != actor.organisation_id:
        raise errors.Forbidden(_("Only who made a dashboard changes it. Clone it to have one of your own."))


def _shared(actor: Actor, sharing: str, role_ids: object) -> dict[str, Any]:
    """Who else sees it; sharing at all takes the right to."""
    if sharing not in Dashboard.Sharing.values:
        raise errors.Invalid(fields={"sharing": [_("Choose with whom to share it.")]})
    if sharing == Dashboard.Sharing.NOBODY:
        return {"sharing": sharing, "role_ids": []}
    authorise(actor, SHARE)
    if sharing == Dashboard.Sharing.EVERYBODY:
        return {"sharing": sharing, "role_ids": []}
    known = {role.pk for role in selectors.roles(actor)}
    wanted = list(role_ids) if isinstance(role_ids, list | tuple) else []
    if not wanted or not set(wanted) <= known:
        raise errors.Invalid(fields={"role_ids": [_("Choose one or more of the roles there are here.")]})
    return {"sharing": sharing, "role_ids": sorted(set(wanted))}


def _name(text: str) -> str:
    name = " ".join(text.replace("\0", "").split())
    if not name or len(name) > NAME_LIMIT or not name.isprintable():
        raise errors.Invalid(fields={"name": [_("Give a name of 1 to %(limit)s characters.") % {"limit": NAME_LIMIT}]})
    return name


def _person(actor: Actor) -> UUID:
    if actor.id is None:
        raise errors.Forbidden
    return actor.id
