"""What the record lets go of. The trail itself is not cleaned: its partitions are archived."""

from datetime import timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Cleanup, Files, Partitions, cleanups

cleanups.add(
    Cleanup(
        "audit.expired_exports",
        _("Expired exports"),
        _("Exports of the audit trail a day after they were asked for. The job that removes their files runs hourly."),
        table="audit_export",
        column="expires_at",
        keep=timedelta(0),
        permission="cleanup:execute",
        sample=(("created_at", _("Asked for")), ("format", _("Format")), ("rows", _("Events"))),
        max_share=100,
    )
)
cleanups.add(
    Cleanup(
        "audit.export_files",
        _("Files of exports"),
        _("Files that exports of the audit trail left behind, two days after they were written."),
        keep=timedelta(hours=48),
        permission="cleanup:execute",
        how=Files(lambda: settings.STEWARD_VAR / "exports"),
        floor=timedelta(hours=25),  # An export may be fetched for 24 hours.
        max_share=100,
    )
)
cleanups.add(
    Cleanup(
        "audit.activity",
        _("Activity of pages and endpoints"),
        _("Which page or endpoint was asked for by whom, and its sums by the hour. Whole days go, 30 days later."),
        table="audit_activity",
        column="occurred_at",
        keep=timedelta(days=30),
        permission="cleanup:execute",
        category="activity-logs",
        how=Partitions("audit_activity_drop"),
        floor=timedelta(days=1),
        max_share=100,  # By day: after a month without traffic all of them may be old.
    )
)
