"""Telling the owners of keys that end soon, by mail and behind the bell, 30 and 7 days before."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q
from django.utils.translation import ngettext

from accounts.models import Key, User
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.notices import tell
from portal.kit.notify import notify
from portal.kit.record import record
from portal.kit.services import writing
from rbac import selectors as rbac

DAYS = (30, 7)  # policy.md: warn at 30 days; once more when it is near.
BATCH = 200


def keys_warn(*, actor: Actor) -> int:
    """Tell of up to `BATCH` keys that end within 30 or 7 days and were not told of; returns how many.

    Of a key whose whole life is shorter than that only the nearer one is told, of one that was rotated none. That of a
    service account is told to who made it, or to the owners of its organisation. Event `accounts.key.warned` for each.
    """
    authorise(actor, "job:admin")
    now = clock.now()
    due = Q()
    for days in DAYS:
        span = timedelta(days=days)
        untold = Q(warned_days=None) | Q(warned_days__gt=days)
        due |= untold & Q(expires_at__lte=now + span, expires_at__gt=F("created_at") + span)
    with writing():
        rows = Key.objects.select_for_update(of=("self",), skip_locked=True).select_related("owner", "organisation")
        found = list(
            rows.filter(due, expires_at__gt=now, replaced_by=None, owner__is_active=True).order_by("pk")[:BATCH]
        )
        for key in found:
            left = max(1, -(-(key.expires_at - now) // timedelta(days=1)))
            key.warned_days = next(days for days in reversed(DAYS) if left <= days)
            key.save(update_fields=["warned_days"])
            record("accounts.key.warned", target=key, data={"days": left})
            _tell(key, left)
    return len(found)


def _tell(key: Key, days: int) -> None:
    people = _whom(key)
    where = f"/o/{key.organisation.slug}/keys/{key.pk}" if key.organisation is not None else f"/me/keys/{key.pk}"
    title = ngettext(
        "The API key “%(key)s” ends in %(days)d day", "The API key “%(key)s” ends in %(days)d days", days
    ) % {"key": key.name, "days": days}
    tell([user.pk for user in people], category="security", title=title, text=str(key), url=where, tone="warn")
    for user in people:
        values = {
            "user": user,
            "key": key.name,
            "begins": key.prefix,
            "owner": str(key.owner),
            "organisation": key.organisation.name if key.organisation is not None else "",
            "days": days,
            "url": f"{settings.STEWARD_PUBLIC_URL}{where}",
        }
        notify(user.pk, "security", "key_ending", values)


def _whom(key: Key) -> list[User]:
    if key.owner.kind == User.Kind.PERSON:
        return [key.owner]
    makers = User.objects.filter(is_active=True, kind=User.Kind.PERSON)
    maker = makers.filter(pk=key.created_by).first() if key.created_by is not None else None
    if maker is not None and key.organisation_id is not None and rbac.roles_of(maker.pk, key.organisation_id):
        return [maker]
    owners: list[UUID] = rbac.holders_of("owner", key.organisation_id) if key.organisation_id is not None else []
    return list(User.objects.filter(pk__in=owners, kind=User.Kind.PERSON).order_by("pk"))
