"""What the common floor lets go of."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Cleanup, Orphans, cleanups
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
        category="activity-logs",
        floor=KEEP,  # Whoever sends a call again relies on it.
        max_share=100,
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
        category="activity-logs",
        max_share=100,
    )
)
cleanups.add(
    Cleanup(
        "kit.sent_mails",
        _("Mails that went out"),
        _("Texts of mails 30 days after they were written, sent or given up. That they were sent stays in the trail."),
        table="kit_outbound_message",
        column="created_at",
        keep=timedelta(days=30),
        permission=PERMISSION,
        sample=(("created_at", _("Written")), ("category", _("Kind")), ("state", _("State"))),
        category="execution-logs",
        max_share=100,
    )
)
cleanups.add(
    Cleanup(
        "kit.orphaned_notes",
        _("Notes of what is gone"),
        _(
            "Notes on people, organisations and other things that no longer exist, a day after they were written at least."
        ),
        table="kit_note",
        column="created_at",
        keep=timedelta(days=1),
        permission=PERMISSION,
        sample=(("created_at", _("Written")), ("object_kind", _("Was about"))),
        category="orphaned-data",
        how=Orphans(kind="object_kind", subject="object_id"),
    )
)
