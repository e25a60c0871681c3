"""Errors of the record."""

from django.utils.translation import gettext_lazy as _

from portal.kit.errors import StewardError


class FilterMalformed(StewardError):
    """A filter in the address has a value that cannot be one; `fields` names it."""

    code = "audit.filter_malformed"
    status = 400
    title = _("That filter cannot be understood")
    default_detail = _("Correct the named values, or clear the filters and choose again.")
