"""Errors: documents."""

from django.utils.translation import gettext_lazy as _

from portal.kit import errors


class InvoiceFinal(errors.Conflict):
    """A final document was to be changed, deleted or finalised again."""

    code = "billing.invoice_final"
    title = _("This invoice is final")
    default_detail = _("A final invoice stays as it is. Issue a credit note, or void it while nothing is paid.")


class InvoiceEmpty(errors.Conflict):
    """A draft without lines was to be finalised."""

    code = "billing.invoice_empty"
    title = _("This invoice has no lines")
    default_detail = _("Add at least one line, then finalise it.")


class InvoiceMove(errors.Conflict):
    """A move that its state does not have."""

    code = "billing.invoice_move"
    title = _("The invoice's state does not allow that")
    default_detail = _("Load the page again and look at its present state. Nothing was changed.")


class InvoiceSettled(errors.Conflict):
    """Something of it was paid or credited, so it cannot be void."""

    code = "billing.invoice_settled"
    title = _("Something of this invoice is settled")
    default_detail = _("Issue a credit note instead: an invoice is void only while nothing of it was paid or credited.")


class MoreThanDue(errors.Conflict):
    """More was to be settled than is due, or more taken back than was paid."""

    code = "billing.more_than_due"
    title = _("That is more than is due")
    default_detail = _("Load the invoice again and give at most what is due on it.")


class MoreThanLeft(errors.Conflict):
    """A credit note above what is left of a line or of the invoice."""

    code = "billing.more_than_left"
    title = _("That is more than is left to credit")
    default_detail = _("Give at most what earlier credit notes left of each line.")


class DocumentKeyConflict(errors.Conflict):
    """The same key came with another content."""

    code = "billing.document_key_conflict"
    title = _("This key was used for something else")
    default_detail = _("Use a new key for a new document or settlement; the first one stands.")


class LinesInvalid(errors.Invalid):
    """Lines that cannot stand on a document."""

    code = "billing.lines_invalid"
    title = _("These lines cannot be invoiced")
    default_detail = _("Give each line a key of its own, a description and a whole amount in minor units.")


class CouponsInvalid(errors.Invalid):
    """Coupons that cannot be applied together, or at all."""

    code = "billing.coupons_invalid"
    title = _("These coupons cannot be applied")
    default_detail = _("Give each coupon once, with a percentage up to 100 or an amount above 0, never both.")


class NotElectronic(errors.Conflict):
    """A document that has no electronic form."""

    code = "billing.not_electronic"
    title = _("This document has no electronic form")
    default_detail = _("Take its PDF: a draft, or a line with several taxes, has no place in the standard EN 16931.")


class LinkEnded(errors.NotFound):
    """A payment link that is unknown, revoked or over; told alike."""

    code = "billing.link_ended"
    title = _("This link does not work any more")
    default_detail = _("Ask whoever sent it to you for a new one.")
