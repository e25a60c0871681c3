"""What people answered, over the API."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from accounts import survey_selectors as selectors
from accounts.models import SurveyAnswer
from portal.kit import paging
from portal.kit.api import ApiView, Reply, endpoint


class SurveyAnswerReply(Reply):
    """One answer. Whose it was is told to nobody."""

    id = serializers.UUIDField()
    organisation_id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=SurveyAnswer.Kind.values, help_text="nps: 0 to 10; csat: 1 to 5.")
    score = serializers.IntegerField()
    comment = serializers.CharField(allow_blank=True)
    answered_at = serializers.DateTimeField()
    example = {
        "id": "01890000-0000-7000-8000-000000000001",
        "organisation_id": "01890000-0000-7000-8000-000000000002",
        "kind": "nps",
        "score": 9,
        "comment": "Quick and clear",
        "answered_at": "2026-01-31T08:30:00Z",
    }


class SurveyAnswersView(ApiView):
    """What people answered when they were asked how they like it."""

    access = selectors.READ

    @endpoint(items=SurveyAnswerReply)
    def get(self, request: Request) -> HttpResponse:
        """List the answers, newest first; questions that were put away are none."""
        page = paging.keyset(selectors.answers(self.actor), self.asked["cursor"], size=self.asked["limit"])
        return self.listed((_body(row) for row in page.items), page.next)


class SurveyAnswerView(ApiView):
    """One answer."""

    access = selectors.READ

    @endpoint(reply=SurveyAnswerReply)
    def get(self, request: Request, answer_id: UUID) -> HttpResponse:
        """Read one answer."""
        return self.single(_body(selectors.answer(self.actor, answer_id)))


def _body(answer: SurveyAnswer) -> dict[str, Any]:
    return {
        "id": answer.pk,
        "organisation_id": answer.organisation_id,
        "kind": answer.kind,
        "score": answer.score,
        "comment": answer.comment,
        "answered_at": answer.answered_at,
    }
