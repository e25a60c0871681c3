"""Reads of the roof."""

from datetime import date, datetime, time, timedelta
from uuid import UUID

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.utils import timezone

from accounts.organisation_selectors import organisations
from audit.models import Event
from portal.kit import clock, ids
from portal.kit.context import Actor


def organisation_id_of(actor: Actor, slug: str) -> UUID | None:
    """The organisation of a short name, None when there is none that `actor` may see."""
    return organisations(actor).filter(slug=slug).values_list("pk", flat=True).first()


def sign_ins_per_day(actor: Actor, days: int) -> list[tuple[date, int]]:
    """How often people signed in on each of the last `days`, today last; one query over that time alone."""
    today = timezone.localdate(clock.now())
    first = today - timedelta(days=days - 1)
    start = timezone.make_aware(datetime.combine(first, time.min))
    rows = (
        Event.objects.visible_to(actor, "audit:read")
        .filter(code="accounts.session.started", id__gte=ids.first_of(start))
        .order_by()
        .annotate(day=TruncDate("occurred_at"))
        .values_list("day")
        .annotate(number=Count("id"))
    )
    found = dict(rows)
    return [(day, found.get(day, 0)) for day in (first + timedelta(days=place) for place in range(days))]
