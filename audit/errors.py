"""Errors of the record."""

from django.utils.translation import gettext_lazy as _

from portal.kit.errors import Conflict, StewardError


class FilterMalformed(StewardError):
    """A filter in the address has a value that cannot be one; `fields` names it."""

    code = "audit.filter_malformed"
    status = 400
    title = _("That filter cannot be understood")
    default_detail = _("Correct the named values, or clear the filters and choose again.")


class ExportGone(StewardError):
    """The file of an export has expired, was stopped, or holds personal data that were erased since."""

    code = "audit.export_gone"
    status = 410
    title = _("This export is gone")
    default_detail = _("Files are kept for a day, and not beyond the erasure of a person. Ask for the export again.")


class ExportsUnderWay(Conflict):
    """The person has as many exports under way as one may have."""

    code = "audit.exports_under_way"
    title = _("Your earlier exports are still being written")
    default_detail = _("Wait until one of them is ready, or cancel one.")


class ExportNotWritten(StewardError):
    """The disk took no more of an export; what was written of it is removed."""

    code = "audit.export_not_written"
    status = 507
    title = _("The export could not be written")
    default_detail = _(
        "The disk of this installation is full or cannot be written to. Nothing half written is kept. "
        "Narrow the export, or ask your administrator to make room."
    )
