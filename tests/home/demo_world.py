"""The demonstration for tests: a story in which people sign in seldom, told step by step, and what it comes to."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Count
from django.db.models.functions import TruncDate

from accounts import demo_story
from accounts.models import Invitation, Key, KeyUse, Membership, SurveyAnswer, User
from accounts.services.demo import demo_people_steps
from audit.models import ActivityDay, Event
from portal.kit import context
from portal.kit.services import writing
from rbac.models import Binding, Elevation, GlassBreak, Review, Run, TeamMember

NOW = datetime(2026, 3, 18, 10, 0, tzinfo=UTC)
TODAY = demo_story.MONTHS  # The step after the months of the people.
# What may be there afterwards: marks that only ever count up.
MARKS = {"rbac.Stamp", "kit.Tally", "rbac.RunTally", "audit.PersonalKey"}


def shorten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few sign in, and few have a picture: the rest of the story is as it is."""
    monkeypatch.setattr(
        demo_story, "signs_in", lambda number, day, weekday: demo_story.chance(number, day, below=200) == 0
    )
    monkeypatch.setattr(demo_story, "PICTURED", 60)


def tell(steps: Sequence[int], until: datetime = NOW) -> None:
    """Tell these steps of the people's story."""
    found = demo_people_steps()
    for number in steps:
        with context.system("a test") as current, writing():
            found[number].tell(current.actor, until)


def facts() -> list[Any]:
    """What was told of people, without what is different at every load (ids and secrets)."""
    who = "user__username"
    told = Event.objects.filter(code__regex=r"^(accounts|rbac|kit\.note)\.")
    days = told.annotate(day=TruncDate("occurred_at", tzinfo=UTC)).values_list("code", "day").annotate(n=Count("id"))
    found: list[Any] = [
        User.objects.values_list("username", "is_active", "created_at", "last_seen_at"),
        Membership.objects.values_list("organisation__slug", who, "state", "joined_at"),
        Binding.objects.values_list(who, "role__code", "expires_at", "effect"),
        TeamMember.objects.values_list("team__slug", who),
        Invitation.objects.values_list("email", "accepted_at", "revoked_at"),
        Key.objects.values_list("name", "owner__username", "expires_at"),
        KeyUse.objects.values_list("key__name", "day", "calls", "failed"),
        SurveyAnswer.objects.values_list(who, "kind", "score", "comment", "answered_at"),
        ActivityDay.objects.values_list("day", "people", "people_month", "api_calls"),
        Elevation.objects.values_list(who, "state", "asked_at", "until"),
        GlassBreak.objects.values_list(who, "started_at", "verdict"),
        Review.objects.values_list("name", "state"),
        Run.objects.values_list("external_id", "state", "started_at", "finished_at"),
        days,
    ]
    return [sorted(map(repr, rows)) for rows in found]


def rows() -> dict[str, int]:
    """How many rows each table of people, rights and the kit has."""
    rooms = {"accounts", "rbac", "kit"}
    models = [model for model in apps.get_models() if model._meta.app_label in rooms and model._meta.managed]
    return {model._meta.label: model._base_manager.count() for model in models if model._meta.label not in MARKS}
