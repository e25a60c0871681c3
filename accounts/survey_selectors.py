"""Whom to ask how they like it, and what was answered."""

from hashlib import sha256
from uuid import UUID

from django.db.models import QuerySet

from accounts.models import SurveyAnswer, User
from accounts.settings import SURVEY_QUIET, SURVEY_SETTLED, SURVEY_SHARE
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.errors import NotFound

READ = "survey:read"
PARTS = 100


def asked_again(user: User) -> bool:
    """Whether the person is asked now: one of those who are asked at all, not new, and left alone for long enough."""
    now = clock.now()
    return (
        user.kind == User.Kind.PERSON
        and drawn(user.pk) < SURVEY_SHARE.value()
        and user.created_at <= now - SURVEY_SETTLED.value()
        and (user.surveyed_at is None or user.surveyed_at <= now - SURVEY_QUIET.value())
    )


def drawn(person_id: UUID) -> int:
    """A person's lot from 0 to 99, always the same: a share that grows keeps those who were asked before."""
    return int.from_bytes(sha256(person_id.bytes).digest()[:4]) % PARTS


def kind_next(actor: Actor) -> str:
    """Which of the two questions comes next for who acts: they take turns, recommendation first. `NotFound` outside of
    any organisation."""
    if actor.organisation_id is None or actor.id is None:
        raise NotFound
    rows = SurveyAnswer.objects.visible_to(actor, "organisation:read").filter(
        organisation_id=actor.organisation_id, user_id=actor.id
    )
    last = rows.order_by("-answered_at", "-id").values_list("kind", flat=True).first()
    return "csat" if last == "nps" else "nps"


def question_due(actor: Actor) -> str:
    """The kind of the question that who acts is asked in this organisation; empty for none. One query, two where due."""
    user = User.objects.filter(pk=actor.id).first() if actor.id is not None and actor.kind == "person" else None
    return kind_next(actor) if user is not None and asked_again(user) else ""


def answers(actor: Actor) -> QuerySet[SurveyAnswer]:
    """What was answered, for staff (`survey:read`); what was put away is no answer."""
    rows: QuerySet[SurveyAnswer] = SurveyAnswer.objects.visible_to(actor, READ).filter(score__isnull=False)
    return rows.select_related("organisation")


def answer(actor: Actor, answer_id: UUID) -> SurveyAnswer:
    """One answer that `actor` may see; `NotFound` otherwise."""
    found = answers(actor).filter(pk=answer_id).first()
    if found is None:
        raise NotFound
    return found
