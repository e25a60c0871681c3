"""What is kept about people: use and what a plan entitles to."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import PersonalData, personal_data

personal_data.add(
    PersonalData(
        "billing_usage",
        _("Reported use"),
        _("Values that host products report for meters of distinct things, such as ids of their users."),
        _("Single events 90 days, distinct values by the hour thirteen months; sums stay and name nobody."),
        ("billing.UsageEvent", "billing.UsageDistinct"),
        withheld=_("The ids are those of the host product, which alone knows whom they mean."),
    )
)
