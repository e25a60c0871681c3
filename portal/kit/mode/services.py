"""Beginning, planning, changing and ending maintenance."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.kit import clock, errors
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.mode import state
from portal.kit.models import MaintenanceWindow
from portal.kit.plain import invalid
from portal.kit.record import diff, record
from portal.kit.services import writing

PERMISSION = "installation:admin"
FURTHEST = timedelta(days=366)
ENTRIES = 50  # Most people or networks on a list.


class MaintenanceOverlaps(errors.Conflict):
    """Another time of maintenance lies within."""

    code = "kit.maintenance_overlaps"
    title = gettext_lazy("There is maintenance at that time already")
    default_detail = gettext_lazy("End or change the other one first, or choose another time. Nothing was changed.")


class MaintenanceOver(errors.Conflict):
    """It has ended."""

    code = "kit.maintenance_over"
    title = gettext_lazy("That maintenance is over")
    default_detail = gettext_lazy("Nothing is left to change. Load the page again to see what is in force.")


def window_create(
    *,
    actor: Actor,
    kind: str,
    reason: str,
    message: str = "",
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    people: Iterable[UUID] = (),
    addresses: Iterable[str] = (),
) -> MaintenanceWindow:
    """Begin maintenance now, or plan it for `starts_at`.

    Events `kit.maintenance.entered` and `kit.maintenance.planned`. Errors: `Forbidden`, `Invalid` with fields,
    `MaintenanceOverlaps`. Every process goes by it within two seconds.
    """
    authorise(actor, PERMISSION)
    now = clock.now()
    window = MaintenanceWindow(
        kind=kind,
        reason=reason.strip(),
        message=message.strip(),
        starts_at=now if starts_at is None or starts_at < now else starts_at,
        ends_at=ends_at,
        people=_people(people),
        addresses=_networks(addresses),
        entered_by_id=actor.id if actor.kind == "person" else None,
    )
    _validate(window, now)
    with writing():
        _save(window, force_insert=True)
        changes = {name: (None, getattr(window, name)) for name in _RECORDED}
        code = "kit.maintenance.planned" if window.starts_at > now else "kit.maintenance.entered"
        record(code, target=window, changes=changes, reason=window.reason)
        _forget()
    return window


_RECORDED = ("kind", "message", "starts_at", "ends_at", "people", "addresses")


def window_update(*, actor: Actor, window: MaintenanceWindow, values: dict[str, Any]) -> MaintenanceWindow:
    """Change kind, message, times or lists of maintenance that is not over. Event `kit.maintenance.changed`.

    The beginning of one that has begun stays. Errors: `Forbidden`, `Invalid`, `MaintenanceOver`, `MaintenanceOverlaps`.
    """
    authorise(actor, PERMISSION, window)
    now = clock.now()
    wanted = {name: value for name, value in values.items() if name in _RECORDED}
    if "people" in wanted:
        wanted["people"] = _people(wanted["people"])
    if "addresses" in wanted:
        wanted["addresses"] = _networks(wanted["addresses"])
    with writing():
        window = _locked(window, now)
        if window.starts_at <= now:
            wanted.pop("starts_at", None)
        changes = diff(window, wanted)
        if not changes:
            return window
        for name, value in wanted.items():
            setattr(window, name, value)
        _validate(window, now)
        _save(window, update_fields=list(changes))
        record("kit.maintenance.changed", target=window, changes=changes)
        _forget()
    return window


def window_end(*, actor: Actor, window: MaintenanceWindow) -> MaintenanceWindow:
    """End maintenance now, or call off what is planned. Events `kit.maintenance.left`, `kit.maintenance.cancelled`.

    Errors: `Forbidden`, `MaintenanceOver`. What ends by itself at its time leaves no event: nobody does it.
    """
    authorise(actor, PERMISSION, window)
    now = clock.now()
    with writing():
        window = _locked(window, now)
        begun = window.starts_at <= now
        window.ended_at = now if begun else window.starts_at
        window.save(update_fields=["ended_at"])
        code = "kit.maintenance.left" if begun else "kit.maintenance.cancelled"
        record(code, target=window, changes={"ended_at": (None, window.ended_at)})
        _forget()
    return window


def _locked(window: MaintenanceWindow, now: datetime) -> MaintenanceWindow:
    found = MaintenanceWindow.objects.get_queryset().select_for_update().filter(pk=window.pk).first()
    if found is None:
        raise errors.NotFound
    if found.ended_at is not None or (found.ends_at is not None and found.ends_at <= now):
        raise MaintenanceOver
    return found


def _forget() -> None:
    # Now for what follows in this transaction, and after it for what was read by others meanwhile.
    state.forget()
    transaction.on_commit(state.forget)


def _people(ids: Iterable[UUID]) -> list[str]:
    wanted = sorted({str(one) for one in ids})
    if len(wanted) > ENTRIES:
        raise errors.Invalid(fields={"people": [_("At most %(n)d people.") % {"n": ENTRIES}]})
    known = get_user_model()._default_manager.filter(pk__in=wanted).count()
    if known != len(wanted):
        raise errors.Invalid(fields={"people": [_("One of these people does not exist.")]})
    return wanted


def _networks(addresses: Iterable[str]) -> list[str]:
    written = [address.strip() for address in addresses if address.strip()]
    if len(written) > ENTRIES:
        raise errors.Invalid(fields={"addresses": [_("At most %(n)d addresses.") % {"n": ENTRIES}]})
    try:
        return sorted({str(ip_network(address, strict=False)) for address in written})
    except ValueError:
        text = _("Write addresses like 192.0.2.7, or networks like 192.0.2.0/24.")
        raise errors.Invalid(fields={"addresses": [text]}) from None


def _validate(window: MaintenanceWindow, now: datetime) -> None:
    wrong: dict[str, list[str]] = {}
    if not window.reason:
        wrong["reason"] = [_("Say why; it stands in the trail.")]
    if window.starts_at > now + FURTHEST:
        wrong["starts_at"] = [_("It has to begin within a year.")]
    if window.ends_at is not None and window.ends_at <= max(window.starts_at, now):
        wrong["ends_at"] = [_("It has to end after it starts, and later than now.")]
    try:
        window.clean_fields(exclude={field.name for field in window._meta.fields} - {"kind", "reason", "message"})
    except ValidationError as error:
        wrong = {**invalid(error).fields, **wrong}
    if wrong:
        raise errors.Invalid(fields=wrong)


def _save(window: MaintenanceWindow, **how: Any) -> None:
    try:
        # A savepoint: the refusal must not end the transaction that answers with a page.
        with transaction.atomic():
            window.save(**how)
    except IntegrityError as error:
        raise MaintenanceOverlaps from error
