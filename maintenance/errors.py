"""Errors of upkeep."""

from django.utils.translation import gettext_lazy as _

from portal.kit import errors


class NotRunning(errors.Conflict):
    """The run is finished already."""

    code = "maintenance.not_running"
    title = _("This job is finished already")
    default_detail = _("Nothing is left to cancel. Load the page again to see how it ended.")


class NotRetryable(errors.Conflict):
    """Only a failed or cancelled run can be queued again."""

    code = "maintenance.not_retryable"
    title = _("This job cannot be started again")
    default_detail = _("Only a failed or cancelled job can. Load the page again to see its present state.")


class PreviewStale(errors.Conflict):
    """The clean-up was confirmed with a preview that is old or of another filter."""

    code = "maintenance.preview_stale"
    title = _("This preview is no longer valid")
    default_detail = _("Look at a new preview and confirm that one. Nothing was deleted.")
