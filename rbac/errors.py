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
