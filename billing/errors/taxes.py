"""Errors: taxes."""

from django.utils.translation import gettext_lazy as _

from portal.kit import errors


class TaxRateMissing(errors.Conflict):
    """A document needs a rate that its legal entity does not have."""

    code = "billing.tax_rate_missing"
    title = _("A rate of tax is missing")
    default_detail = _(
        "The legal entity has no rate in force for this customer and day. Add it on the page of the legal entity."
    )


class TaxRateInForce(errors.Conflict):
    """A rate that documents may have been made with stays as it was."""

    code = "billing.tax_rate_in_force"
    title = _("This rate has been in force already")
    default_detail = _("End it on a day to come, and add the new rate from that day on with the same code.")


class TaxRateOverlaps(errors.Conflict):
    """Two rates of one code at the same time."""

    code = "billing.tax_rate_overlaps"
    title = _("Another rate of this code is in force then")
    default_detail = _("End the other one first, or begin this one on the day on which the other ends.")
