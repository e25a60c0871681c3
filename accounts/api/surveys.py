"""What people answered, over the API."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.request import Request

from accounts import survey_selectors as selectors
from accounts.errors import SurveyNotDue
from accounts.models import SurveyAnswer
from accounts.models.surveys import COMMENT_LIMIT
from accounts.services.surveys import survey_answer, survey_dismiss
from portal.kit import errors, paging
from portal.kit.api import ApiView, Body, Reply, endpoint, json


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


class QuestionReply(Reply):
    """The question that one is asked now."""

    kind = serializers.ChoiceField(choices=SurveyAnswer.Kind.values, help_text="nps: 0 to 10; csat: 1 to 5.")
    example = {"kind": "nps"}


class OwnAnswerBody(Body):
    """One's answer; without a score the question is put away for 90 days."""

    kind = serializers.ChoiceField(choices=SurveyAnswer.Kind.values, help_text="The question that one is asked.")
    score = serializers.IntegerField(required=False, min_value=0, max_value=10)
    comment = serializers.CharField(required=False, allow_blank=True, max_length=COMMENT_LIMIT)
    example = {"kind": "nps", "score": 9, "comment": "Quick and clear"}


class OwnSurveyView(ApiView):
    """How one likes it oneself, asked at most once in 90 days."""

    access = "organisation:read"

    def _inside(self, organisation_id: UUID) -> None:
        if self.actor.organisation_id != organisation_id:
            raise errors.NotFound

    @endpoint(reply=QuestionReply)
    def get(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Read which question one is asked now; 404 while there is none."""
        self._inside(organisation_id)
        kind = selectors.question_due(self.actor)
        if not kind:
            raise errors.NotFound
        return json({"kind": kind})

    @endpoint(body=OwnAnswerBody, status=204, errors=(SurveyNotDue,))
    def post(self, request: Request, organisation_id: UUID) -> HttpResponse:
        """Answer the question, or put it away."""
        self._inside(organisation_id)
        given: Any = self.sent
        if "score" in given:
            comment = given.get("comment", "")
            survey_answer(actor=self.actor, kind=given["kind"], score=given["score"], comment=comment)
        else:
            survey_dismiss(actor=self.actor, kind=given["kind"])
        return HttpResponse(status=204)


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
