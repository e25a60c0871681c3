"""Asking people how they like it: one question, at most once in the quiet time, which one may put away."""

from django.utils.translation import gettext as _

from accounts.errors import SurveyNotDue
from accounts.models import SurveyAnswer, User
from accounts.models.surveys import COMMENT_LIMIT
from accounts.organisation_selectors import here
from accounts.services.guards import person_id
from accounts.survey_selectors import asked_again, kind_next
from portal.kit import clock, errors
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import record
from portal.kit.services import writing

RANGES = {"nps": range(11), "csat": range(1, 6)}


def survey_answer(*, actor: Actor, kind: str, score: int, comment: str = "") -> SurveyAnswer:
    """Keep one's answer to the question that one is asked, for the organisation that one stands in.

    NPS 0 to 10, CSAT 1 to 5. `SurveyNotDue` for whom nobody asks that now, `Invalid` names what is wrong. Event
    `accounts.survey.answered`, without the comment.
    """
    if score not in RANGES.get(kind, ()):
        raise errors.Invalid(fields={"score": [_("Choose one of the offered numbers.")]})
    if len(comment) > COMMENT_LIMIT or "\0" in comment:
        raise errors.Invalid(fields={"comment": [_("Write at most %(n)s characters.") % {"n": COMMENT_LIMIT}]})
    with writing():
        answer = _told(actor, kind, score, comment.strip())
        record("accounts.survey.answered", target=answer, data={"kind": kind, "score": score})
    return answer


def survey_dismiss(*, actor: Actor, kind: str) -> SurveyAnswer:
    """Put the question away for the quiet time; counts in no figure. `SurveyNotDue`. Event `accounts.survey.dismissed`."""
    with writing():
        answer = _told(actor, kind, None, "")
        record("accounts.survey.dismissed", target=answer, data={"kind": kind})
    return answer


def _told(actor: Actor, kind: str, score: int | None, comment: str) -> SurveyAnswer:
    authorise(actor, "organisation:read")
    organisation = here(actor, "organisation:read")
    # Locked, so that a form that is sent twice counts once.
    user = User.objects.select_for_update().get(pk=person_id(actor))
    if not asked_again(user) or kind_next(actor) != kind:
        raise SurveyNotDue
    user.surveyed_at = clock.now()
    user.save(update_fields=["surveyed_at"])
    return SurveyAnswer.objects.create(
        organisation=organisation, user=user, kind=kind, score=score, comment=comment, answered_at=user.surveyed_at
    )
