"""What the roof holds about people."""

from django.utils.translation import gettext_lazy as _

from portal.kit.personal import rows_of
from portal.kit.registry import PersonalData, personal_data

personal_data.add(
    PersonalData(
        "dashboards",
        _("Dashboards"),
        _("How the person arranges its home page, with whom that is shared, and with which dashboard it begins."),
        _("As long as the account."),
        ("home.Dashboard", "home.DashboardVersion", "home.HomeChoice"),
        rows_of("home.Dashboard", "owner_id", "name", "layout", "sharing", "created_at", "updated_at"),
    )
)
