"""Use: an organisation's own against its limits, and for staff that of all."""

from django.http import HttpRequest, HttpResponse

from billing.presenters.usage import event_rows, meter_panels, meter_rows, quota_rows, top_rows
from billing.selectors import usage as selectors
from portal.kit.views import PageView


class OwnUsageView(PageView):
    """What an organisation uses, against the limits of its plan, and day by day."""

    access = selectors.READ
    template_name = "billing/own_usage.html"

    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        """The page."""
        found = selectors.quotas_here(self.actor)
        period = found[0].period if found else None
        return self.page(
            {
                "quotas": quota_rows(found),
                "period_end": period.end if period else None,
                "meters": meter_panels(self.actor, selectors.meters_here(self.actor)),
            }
        )


class UsageView(PageView):
    """What comes in for each meter, from whom, and single events by their key."""

    access = selectors.READ
    template_name = "billing/usage.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page; `key` looks up events."""
        key = request.GET.get("key", "").strip()[:120]
        return self.page(
            {
                "meters": meter_rows(selectors.meter_uses(self.actor)),
                "organisations": top_rows(selectors.top_organisations(self.actor)),
                "key": key,
                "events": event_rows(selectors.events_with_key(self.actor, key)) if key else [],
            }
        )
