"""Events: use and what a plan entitles to."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, Field, events, fields

events.add(Event("billing.usage.recorded", _("Use was reported"), "billing"))
events.add(Event("billing.quota.reached", _("A part of the limit is used: {target}"), "billing", "notice"))

for name in ("feature", "percent", "period_start", "used", "limit"):
    fields.add(Field("billing.QuotaAlert", name, "public"))
