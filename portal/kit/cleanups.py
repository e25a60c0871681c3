"""What the common floor lets go of."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Cleanup, cleanups
from portal.kit.requests import KEEP

PERMISSION = "cleanup:execute"

cleanups.add(
    Cleanup(
        "kit.kept_requests",
        _("Replies of API calls"),
        _("Replies kept for callers who send the same call again, after a day. What the calls have done stays."),
        table="kit_kept_request",
        column="created_at",
        keep=KEEP,
        permission=PERMISSION,
        sample=(("created_at", _("Called")), ("status", _("Status"))),
    )
)
cleanups.add(
    Cleanup(
        "kit.notices",
        _("Old notifications"),
        _(
            "What people were told behind the bell, 90 days after it was written, read or not. What happened stays in the trail."
        ),
        table="kit_notice",
        column="created_at",
        keep=timedelta(days=90),
        permission=PERMISSION,
        sample=(("created_at", _("Written")), ("category", _("Kind")), ("title", _("Title"))),
    )
)
