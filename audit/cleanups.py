"""What the record lets go of. The trail itself is not cleaned: its partitions are archived."""

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Cleanup, cleanups

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
    )
)
