"""Two days of requests for the pages of the activity: busy by day, quiet by night, a few that were refused or failed."""

import math
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from accounts.models import Organisation, User
from audit.models import Activity
from audit.services.activity import activity_write
from portal.kit import clock
from portal.kit.activity import Seen, channel_of
from portal.kit.context import Actor
from tests.factories import actor_of

HOURS = 46
# Route, method, milliseconds, status.
ROUTES = (
    ("", "GET", 31, 200),
    ("platform/people", "GET", 46, 200),
    ("platform/people/<uuid:key>", "GET", 38, 200),
    ("platform/audit", "GET", 52, 200),
    ("platform/people/<uuid:person_id>/edit", "POST", 64, 302),
    ("api/v1/users", "GET", 4.2, 200),
    ("api/v1/auth/session", "GET", 1.3, 200),
    ("api/v1/organisations/<uuid:organisation_id>/members", "GET", 6.8, 200),
    ("platform/jobs", "GET", 27, 200),
    ("sign-in", "POST", 240, 302),
    ("platform/audit/exports", "POST", 1420, 302),
    ("admin/<path:object_id>/change/", "GET", 88, 200),
    ("platform/people", "GET", 9, 403),
    ("api/v1/users/<uuid:person_id>", "GET", 3.1, 404),
    ("platform/people/import/<uuid:import_id>/confirm", "POST", 2310, 503),
)


def requests_told(people: Sequence[User], organisation: Organisation, member: User) -> UUID:
    """Write them; returns the id of the newest one that named a person."""
    now, seen = clock.now(), []
    for hour in range(HOURS):
        moment = now - timedelta(hours=hour, minutes=3)
        busy = round(6 + 30 * max(0.0, math.sin((moment.hour - 6) / 12 * math.pi)))
        for place in range(busy):
            route, method, took, status = ROUTES[(hour * 7 + place * 5) % len(ROUTES)]
            if place % 6 == 0:
                route, method, took, status = "o/<slug:slug>/members", "GET", 41, 200
            who = actor_of(people[(hour + place) % len(people)])
            if place % 6 == 0:
                who = Actor("person", member.pk, member.name, organisation.pk)
            elif route == "sign-in":
                who = Actor("anonymous", None, "anonymous")
            seen.append(
                Seen(
                    moment - timedelta(seconds=place * 83 % 3400),
                    channel_of(route),
                    method,
                    route,
                    who.id if "<uuid" in route else None,
                    status,
                    took * (0.8 + place % 7 / 12) / 1000,
                    900 + place * 613 % 41_000,
                    who,
                    None,
                    "192.0.2.0/24" if place % 3 else "2001:db8:1::/48",
                    f"{hour:08x}{place:024x}",
                )
            )
    activity_write(seen=seen)
    newest = Activity.objects.filter(actor_kind="person").order_by("-id").values_list("id", flat=True)[0]
    found: UUID = newest
    return found
