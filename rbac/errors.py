"""Errors of roles and bindings."""

from django.utils.translation import gettext_lazy as _

from portal.kit import errors


class CannotDelegate(errors.Forbidden):
    """A role holds more than the granter does, or ranks above."""

    code = "rbac.cannot_delegate"
    title = _("You cannot give what you do not hold")
    default_detail = _("This role ranks above yours or includes rights that you lack. Ask somebody who holds it.")


class LastAdministrator(errors.Conflict):
    """The last super administrator would go."""

    code = "rbac.last_administrator"
    title = _("The last administrator stays")
    default_detail = _("Make another active person super administrator first; then this one can go.")


class LastOwner(errors.Conflict):
    """The last active owner of an organisation would go."""

    code = "rbac.last_owner"
    title = _("The last owner stays")
    default_detail = _("Make another active member an owner of the organisation first; then this one can go.")


class RoleElsewhere(errors.Invalid):
    """A role of the installation was given in an organisation, or the other way round."""

    code = "rbac.role_elsewhere"
    title = _("That role does not exist here")
    default_detail = _("Choose one of the roles that this organisation or this installation has.")


class OwnerForever(errors.Invalid):
    """Ownership that ends by itself would leave an organisation without an owner."""

    code = "rbac.owner_forever"
    title = _("An owner has no end date")
    default_detail = _("Leave the end empty, or give the role of an administrator for a time.")
