"""Errors: who buys and who sells."""

from django.utils.translation import gettext_lazy as _

from portal.kit import errors


class NoLegalEntity(errors.Conflict):
    """Nobody sells yet."""

    code = "billing.no_legal_entity"
    title = _("Nobody sells here yet")
    default_detail = _("Name a legal entity under Platform, Billing, Legal entities first; then make customers.")


class CustomerExists(errors.Conflict):
    """The organisation is a customer already."""

    code = "billing.customer_exists"
    title = _("This organisation is a customer already")
    default_detail = _("Open its page among the customers and change it there.")


class EntityInUse(errors.Conflict):
    """The legal entity cannot be archived now."""

    code = "billing.entity_in_use"
    title = _("This legal entity is still needed")
    default_detail = _("Make another legal entity the default first; then archive this one.")


class EntityArchived(errors.Conflict):
    """Nothing new is sold by an archived entity."""

    code = "billing.entity_archived"
    title = _("This legal entity is archived")
    default_detail = _("Bring it back first, or choose another one.")


class TooManyKept(errors.Conflict):
    """More contacts or numbers than anybody needs."""

    code = "billing.too_many_kept"
    title = _("There are too many of these")
    default_detail = _("Take one away before you add another.")


class ImportUnreadable(errors.Invalid):
    """No CSV of customers: a heading or a line is not right; nothing of it was kept."""

    code = "billing.import_unreadable"
    title = _("That file cannot be read")
    default_detail = _("Send a CSV file in UTF-8 whose first line names the columns external_id and organisation.")


class ImportGone(errors.Conflict):
    """The checked file is not there any more, or holds no row that could go in."""

    code = "billing.import_gone"
    title = _("There is nothing to import")
    default_detail = _(
        "Uploaded files are kept for two days. Upload the file again; rows that are in already stay as they are."
    )
