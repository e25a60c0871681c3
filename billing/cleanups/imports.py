"""What is let go of imports: uploaded files."""

from django.utils.translation import gettext_lazy as _

from billing.services.customer_imports import KEEP
from portal.kit.registry import Cleanup, cleanups

cleanups.add(
    Cleanup(
        "billing.abandoned_imports",
        _("Uploaded customers"),
        _("Checked files of customers, imported or not, two days after they were uploaded. What was imported stays."),
        table="billing_customer_import",
        column="created_at",
        keep=KEEP,
        permission="cleanup:execute",
        sample=(("created_at", _("Uploaded")), ("filename", _("File")), ("state", _("State"))),
        max_share=100,  # Nearly all of them are drafts that nobody came back for.
    )
)
