"""Use and entitlements over the API: what host products report and ask, in the organisation that they act for."""

from collections import Counter
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request

from billing.api import usage_serializers as bodies
from billing.entitlements import check
from billing.errors.usage import FeatureUnknown, MeterUnknown
from billing.selectors import usage as selectors
from billing.services.usage import usage_record
from billing.usage_reports import Report, Verdict
from portal.kit import limits
from portal.kit.api import endpoint, json, whole
from portal.kit.api.parameters import text
from rbac.api.inside import InsideView


class UsageEventsView(InsideView):
    """Reporting use."""

    access = "usage:create"
    limit = limits.AUTHZ  # Host products call it all day, as they do checks.

    @endpoint(body=bodies.UsageEventsBody, reply=bodies.UsageResultsReply, idempotent=False)
    def post(self, request: Request) -> HttpResponse:
        """Report up to 1,000 events of use. Each is judged by itself, and the keys make sending them again harmless.

        Events may be 28 days old and five minutes ahead. What was counted before is a `duplicate`; another event under a
        known key is `refused`, as is what cannot be read.
        """
        sent: Any = self.sent["items"]
        results = usage_record(
            actor=self.actor, organisation_id=self.here(), reports=[Report.of(item) for item in sent]
        )
        numbers = Counter(one.verdict for one in results)
        return json(
            {
                "items": [bodies.result_body(one) for one in results],
                "counted": numbers[Verdict.COUNTED],
                "duplicates": numbers[Verdict.DUPLICATE],
                "refused": numbers[Verdict.REFUSED],
            }
        )


class EntitlementCheckView(InsideView):
    """One question."""

    access = "entitlement:check"
    limit = limits.AUTHZ

    @endpoint(body=bodies.WishBody, reply=bodies.AnswerReply, errors=(FeatureUnknown,), idempotent=False)
    def post(self, request: Request) -> HttpResponse:
        """Ask whether the plan allows to use so much more of a feature. Counts nothing: report the use afterwards."""
        (answer,) = check(self.here(), [bodies.wish_of(self.sent)])
        return json(bodies.answer_body(answer))


class EntitlementBatchView(InsideView):
    """Many questions."""

    access = "entitlement:check"
    limit = limits.AUTHZ

    @endpoint(body=bodies.WishesBody, reply=bodies.AnswersReply, errors=(FeatureUnknown,), idempotent=False)
    def post(self, request: Request) -> HttpResponse:
        """Ask up to 100 questions at one moment. One about a feature that does not exist refuses them all."""
        items: Any = self.sent["items"]
        found = check(self.here(), [bodies.wish_of(item) for item in items])
        return json({"items": [bodies.answer_body(answer) for answer in found]})


class QuotasView(InsideView):
    """The plan's features and their use."""

    access = "usage:read"

    @endpoint(items=bodies.QuotaReply)
    def get(self, request: Request) -> HttpResponse:
        """List what the plan gives, with what is used of it in the running period. There are few: one page."""
        self.here()
        return self.listed([bodies.quota_body(one) for one in selectors.quotas_here(self.actor)], None)


class UsageDaysView(InsideView):
    """Use by day."""

    access = "usage:read"

    @endpoint(
        query=(
            text("meter", _("The code of a meter."), example="api_calls"),
            whole("days", _("How many days, today included."), low=1, high=366, default=30),
        ),
        reply=bodies.UsageDaysReply,
        errors=(MeterUnknown,),
    )
    def get(self, request: Request) -> HttpResponse:
        """Read the use of a meter on each of the last days (UTC), the oldest first."""
        self.here()
        meter = selectors.meter_named(self.asked["meter"] or "")
        days = selectors.days_here(self.actor, meter, self.asked["days"])
        return json({"meter": meter.code, "items": [bodies.day_body(one) for one in days]})
