"""What waits for somebody's word on rights: requests for a role, and items of access reviews."""

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import ngettext

from portal.kit.widgets import EVERYWHERE, Place, Task, Waiting, tasks
from rbac.elevated import to_review, waiting


def elevations(place: Place) -> Iterator[Waiting]:
    """Requests of others for a role for a while."""
    number = waiting(place.actor)
    if number:
        text = ngettext("%(n)s request for a role waits for you", "%(n)s requests for a role wait for you", number)
        yield Waiting(
            text % {"n": number}, _url(place, "elevations") + "?state=asked", number, tone="warn", icon="clock"
        )


def reviews(place: Place) -> Iterator[Waiting]:
    """Items of running access reviews."""
    number = to_review(place.actor)
    if number:
        text = ngettext("%(n)s right is for you to review", "%(n)s rights are for you to review", number)
        yield Waiting(text % {"n": number}, _url(place, "reviews_mine"), number, icon="check-circle")


def _url(place: Place, name: str) -> str:
    return reverse(f"rbac:{name}", args=[place.slug]) if place.slug else reverse(f"rbac:platform_{name}")


tasks.add(Task("rbac.elevations", "", elevations, EVERYWHERE))
tasks.add(Task("rbac.reviews", "", reviews, EVERYWHERE))
