"""Errors: test clocks."""

from django.utils.translation import gettext_lazy as _

from portal.kit import errors


class NoSandbox(errors.Conflict):
    """The time of real money is not moved."""

    code = "billing.no_sandbox"
    title = _("This customer is no sandbox")
    default_detail = _("Only a sandbox has a test clock. Make a sandbox customer for another organisation.")


class ClockThere(errors.Conflict):
    """One clock is enough, and stays."""

    code = "billing.clock_there"
    title = _("This customer has a test clock already")
    default_detail = _("Move that one forward; what was agreed is dated by it.")


class ClockMoving(errors.Conflict):
    """The clock is on its way to another moment."""

    code = "billing.clock_moving"
    title = _("The test clock is moving")
    default_detail = _("Wait until it has arrived, then move it on.")


class ClockBack(errors.Invalid):
    """Never back, and no further at once than a job does in a while."""

    code = "billing.clock_back"
    title = _("The test clock cannot go there")
    default_detail = _("Name a moment after its present one, and at most two years ahead.")
