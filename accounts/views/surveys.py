"""The question how people like it: answered by them, read by staff."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import survey_selectors as selectors
from accounts.presenters.surveys import answer_row, spread
from accounts.services.surveys import survey_answer, survey_dismiss
from accounts.settings import SURVEY_QUIET
from portal.kit import clock, errors, paging
from portal.kit.kpis import Span, kpis, written
from portal.kit.views import PageView

DAYS = 90


class SurveyView(PageView):
    """Answer the question of an organisation's first page, or put it away."""

    access = "organisation:read"

    def post(self, request: HttpRequest, slug: str) -> HttpResponse:
        """Keep what was pressed; back to where the question stood."""
        kind, sent = request.POST.get("kind", ""), request.POST.get("score", "")
        try:
            if request.POST.get("do") == "dismiss":
                survey_dismiss(actor=self.actor, kind=kind)
                days = SURVEY_QUIET.value().days
                messages.info(request, _("You will not be asked for the next %(days)d days.") % {"days": days})
            else:
                score = int(sent) if sent.isascii() and sent.isdigit() and len(sent) <= 2 else -1
                survey_answer(actor=self.actor, kind=kind, score=score, comment=request.POST.get("comment", ""))
                messages.success(request, _("Thank you. Your answer helps us to become better."))
        except errors.Invalid as error:
            messages.error(request, " ".join(text for texts in error.fields.values() for text in texts))
        return redirect("accounts:organisation_home", slug)


class SurveyAnswersView(PageView):
    """What people answered: the two figures of the last 90 days, how often each number came, and the newest answers."""

    access = "survey:read"
    template_name = "accounts/surveys.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page, with a place in the answers."""
        now = clock.now()
        span = Span(now - timedelta(days=DAYS), now, "")
        rows = selectors.answers(self.actor)
        page = paging.keyset(rows, paging.parse(request.GET.get("cursor", "")))
        presented = {row["id"]: row for row in map(answer_row, page.items)}
        recent = rows.filter(answered_at__gte=span.start).values_list("kind", "score")
        figures = [(kpi, kpi.read(span)) for kpi in (kpis.get("nps"), kpis.get("csat"))]
        return self.page(
            {
                "quiet_days": SURVEY_QUIET.value().days,
                "cards": [
                    {"kpi": kpi, "value": written(kpi, figure, ""), "bare": figure.value is None}
                    for kpi, figure in figures
                ],
                "charts": spread((kind, score) for kind, score in recent if score is not None),
                "answers": paging.shown(request, page, lambda item: presented[str(item.pk)]),
            }
        )
