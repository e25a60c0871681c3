"""The question that people are asked, and what they answered, as pages show them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Organisation, SurveyAnswer
from accounts.services.surveys import RANGES
from portal.kit import charts

QUESTIONS: Mapping[str, tuple[Promise, Promise, Promise]] = {
    "nps": (
        gettext_lazy("How likely are you to recommend us to a colleague?"),
        gettext_lazy("Not at all"),
        gettext_lazy("Very likely"),
    ),
    "csat": (
        gettext_lazy("How satisfied are you with what you can do here?"),
        gettext_lazy("Not at all"),
        gettext_lazy("Very satisfied"),
    ),
}


def question_of(kind: str, organisation: Organisation) -> dict[str, Any] | None:
    """What `_survey.html` shows of a question; None for none."""
    if not kind:
        return None
    title, low, high = QUESTIONS[kind]
    return {
        "kind": kind,
        "title": title,
        "low": low,
        "high": high,
        "scores": list(RANGES[kind]),
        "url": reverse("accounts:survey", args=[organisation.slug]),
    }


def answer_row(answer: SurveyAnswer) -> dict[str, Any]:
    """One answer: by which organisation, to which question, how, and when."""
    return {
        "id": str(answer.pk),
        "organisation": answer.organisation.name,
        "url": reverse("accounts:organisation", args=[answer.organisation_id]),
        "kind": answer.get_kind_display(),
        "score": _("%(score)s of %(most)s") % {"score": answer.score, "most": RANGES[answer.kind][-1]},
        "tone": tone_of(answer),
        "comment": answer.comment,
        "when": answer.answered_at,
    }


def tone_of(answer: SurveyAnswer) -> str:
    """Good, in between, or bad: promoters, passives and detractors of NPS; 4 and 5, 3, less of CSAT."""
    good, fair = (9, 7) if answer.kind == SurveyAnswer.Kind.NPS else (4, 3)
    score = answer.score or 0
    return "ok" if score >= good else "warn" if score >= fair else "bad"


def spread(scores: Iterable[tuple[str, int]]) -> list[dict[str, Any]]:
    """Bars of how often each number was given, for each question."""
    counted = Counter(scores)
    return [
        {
            "title": title,
            "sum": sum(number for (one, _score), number in counted.items() if one == kind),
            "chart": charts.bars(
                [charts.Point(str(score), counted[kind, score], str(score)) for score in RANGES[kind]],
                title=str(title),
                unit=_("answers"),
            ),
        }
        for kind, title in zip(SurveyAnswer.Kind.values, SurveyAnswer.Kind.labels, strict=True)
    ]
